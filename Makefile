# One verb each; continuous integration calls the same verbs.
# `make run` and `make test` do all the set-up a fresh machine needs.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

.PHONY: run test check bench kafka docs lock triage triage-report environment test-environment

run: environment
	@exec $(BIN)/python -m services.cli run $(ARGS)

# Stories that kill processes and wait for clocks run alone; everything else runs in two processes before them.
ALONE := tests/journeys tests/disbursement/test_worst_day.py tests/disbursement/test_bank_crashes.py tests/intake/test_import.py

test: test-environment
ifeq ($(strip $(ARGS)),)
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile $(addprefix --ignore=,$(ALONE))
	@$(BIN)/python -m pytest -q $(ALONE)
else
	@$(BIN)/python -m pytest $(ARGS)
endif

check: test-environment
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache && $(BIN)/python -m pytest -q tests/architecture

bench: test-environment
	@PYTHON=$(PYTHON) sh deploy/environment.sh bench && $(BIN)/python -m bench $(ARGS)

kafka: test-environment
	@exec $(BIN)/python -m services.cli kafka $(ARGS)

docs: environment
	@$(BIN)/python -m services.cli docs

# Learns the weights of triage anew from its corpus; the libraries for it live in an environment of their own.
triage: environment
	@[ -x .triage/bin/python ] || .boot/bin/uv venv -q --python "$$(command -v $(PYTHON))" .triage
	@.boot/bin/uv pip install -q --require-hashes --python .triage/bin/python -r requirements/triage.txt
	@.triage/bin/python -m deploy.triage.build

triage-report: environment
	@$(BIN)/python -m services.cli triage-report $(ARGS)

lock: environment
	@for name in boot run test bench triage; do .boot/bin/uv pip compile -q --upgrade --universal --generate-hashes --python-version 3.11 --no-header requirements/$$name.in -o requirements/$$name.txt; done

environment:
	@PYTHON=$(PYTHON) sh deploy/environment.sh run

test-environment: environment
	@PYTHON=$(PYTHON) sh deploy/environment.sh test && sh deploy/test_environment.sh
