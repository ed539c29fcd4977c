"""The documents say what is there: generated parts are current, links and commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.documents import ROOT, documents

DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "DECISIONS.md", *sorted((ROOT / "services").glob("*/README.md"))]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_generated_parts_are_current() -> None:
    stale = [named(path) for path, text in documents().items() if path.read_text("utf-8") != text]
    assert not stale, f"{stale} are not as the code is; run `make docs`"


def test_generated_parts_hold_something() -> None:
    for path, text in documents().items():
        assert not re.search(r"<!-- generated: \w+ -->\n<!-- end -->", text), named(path)


def test_every_room_has_a_readme() -> None:
    assert {path.parent.name for path in DOCUMENTS[3:]} == {"intake", "matching", "disbursement", "notifications"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text("utf-8"))
    assert not [link for link in links if not (path.parent / link).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_verbs_that_are_named_exist(path: Path) -> None:
    makefile, cli = (ROOT / "Makefile").read_text("utf-8"), (ROOT / "services/cli.py").read_text("utf-8")
    text = path.read_text("utf-8")
    for verb in re.findall(r"`make (\w+)", text) + re.findall(r"^make (\w+)", text, re.MULTILINE):
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE), f"make {verb}"
    for verb in re.findall(r"services\.cli (\w+)", text):
        assert f"def {verb}(" in cli or f'@app.command("{verb}")' in cli, verb


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_files_that_are_named_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    for name in re.findall(r"`((?:services|shared|deploy|tests|bench)/[\w/.-]+)`", text):
        assert (ROOT / name.rstrip("/")).exists(), name


def test_the_readme_begins_with_the_two_commands() -> None:
    first = re.findall(r"^make (\w+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert first[:2] == ["run", "test"]
