"""Labelled narratives as files: tab-separated, one a line, with a header."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from services.intake.domain.model import NEEDS
from services.intake.domain.urgency import LEVELS

CORPUS = Path(__file__).parents[2] / "services" / "intake" / "triage" / "corpus"
COLUMNS = ("text", "needs", "urgency", "voice", "language", "note")
# What decides which features a text has, or which of them are weighed: a change here asks for new weights.
_CODE = (
    "concepts", "features", "first_characters", "ideas_in_other_words", "ideas_of_danger", "ideas_of_hardship", "introductions", "lexicon",
    "model", "plain_writing", "signs_of_danger", "stripping", "triage",
)  # fmt: skip


class NotACorpus(Exception):
    """A sentence naming the file, the line and the rule."""


class Labelled(Struct, frozen=True):
    """One narrative and what a careful reader says of it by the labelling guide."""

    text: str
    needs: frozenset[str]
    urgency: str
    voice: str
    language: str


def read(file: Path) -> list[Labelled]:
    """The narratives of one file; raises `NotACorpus`."""
    found = []
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"text", "needs", "urgency"} <= set(rows.fieldnames or ()):
            raise NotACorpus(f"{file.name}: the first line names the columns {', '.join(COLUMNS)}, tabs between them.")
        for number, row in enumerate(rows, 2):
            needs = frozenset((row["needs"] or "").split())
            if not row["text"] or row["urgency"] not in LEVELS or not needs <= set(NEEDS):
                raise NotACorpus(f"{file.name}, line {number}: a text, known needs with blanks between, and one of {', '.join(LEVELS)}.")
            if (row["urgency"] == "none") != (not needs):
                raise NotACorpus(f"{file.name}, line {number}: `none` has no need, and every other urgency has one.")
            found.append(Labelled(row["text"], needs, row["urgency"], row.get("voice") or "?", row.get("language") or "?"))
    return found


def part(name: str, corpus: Path = CORPUS) -> list[Labelled]:
    """`training`, `held_back` or `final`, in the order of the files."""
    return [one for file in sorted((corpus / name).glob("*.tsv")) for one in read(file)]


def _mark(files: Iterable[Path]) -> str:
    seen = hashlib.sha256()
    for file in files:
        seen.update(file.name.encode() + b"\0" + file.read_bytes())
    return seen.hexdigest()[:16]


def corpus_mark(corpus: Path = CORPUS) -> str:
    """Of everything that is learnt from."""
    return _mark(sorted((corpus / "training").glob("*.tsv")))


def code_mark() -> str:
    """Of the code that says what the features are."""
    domain = CORPUS.parents[1] / "domain"
    return _mark([domain / f"{name}.py" for name in _CODE])
