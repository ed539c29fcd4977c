# One verb each; continuous integration calls the same verbs.
# `make run` and `make test` do all the set-up a fresh machine needs.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

.PHONY: run test check bench kafka docs lock environment test-environment

run: environment
	@exec $(BIN)/python -m services.cli run $(ARGS)

test: test-environment
	@$(BIN)/python -m pytest $(ARGS)

check: test-environment
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache && $(BIN)/python -m pytest -q tests/architecture

bench: test-environment
	@PYTHON=$(PYTHON) sh deploy/environment.sh bench && $(BIN)/python -m bench $(ARGS)

kafka: test-environment
	@exec $(BIN)/python -m services.cli kafka $(ARGS)

docs: environment
	@$(BIN)/python -m services.cli docs

lock: environment
	@for name in boot run test bench; do .boot/bin/uv pip compile -q --upgrade --universal --generate-hashes --python-version 3.11 --no-header requirements/$$name.in -o requirements/$$name.txt; done

environment:
	@PYTHON=$(PYTHON) sh deploy/environment.sh run

test-environment: environment
	@PYTHON=$(PYTHON) sh deploy/environment.sh test && sh deploy/test_environment.sh
