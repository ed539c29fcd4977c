"""The columns of a table: which field of a report a header means, and how its cells are read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, convert

from services.intake.desk import QUESTIONS
from services.intake.files.cells import cell_reader
from services.intake.files.lines import Unreadable

_FACT = re.compile(r"facts\.[a-z][a-z0-9_]{0,59}")
_OF_QUESTIONS = {"flag": "flag", "yuan": "fen", "number": "whole", "day": "day", "choices": "list", "code": "text"}
_COLUMNS_MAX = 200


class _Known(Struct, frozen=True):
    kinds: dict[str, list[str]]
    names: dict[str, list[str]]
    words: dict[str, dict[str, Any]]


class Column(Struct, frozen=True):
    """One column: the field as a path into the report, and the reader of its cells (raises `WrongCell`)."""

    field: str
    path: tuple[str, ...]
    read: Callable[[str], Any]


_KNOWN = convert(yaml.safe_load((Path(__file__).parent / "columns.yaml").read_text("utf-8")), _Known)
KINDS: Mapping[str, str] = {field: kind for kind, fields in _KNOWN.kinds.items() for field in fields}


def _folded(header: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", header)).lower()


_FIELDS = {_folded(name): field for field, names in _KNOWN.names.items() for name in (field, *names)} | {_folded(f): f for f in KINDS}


def column(header: str) -> Column | None:
    """The column that this header means: a field's dotted name, or what the country's systems call it; None for any other."""
    field = _FIELDS.get(_folded(header), header.strip())
    kind = KINDS.get(field) or _kind_of_money(field) or _kind_of_fact(field)
    if kind is None:
        return None
    target = field.removesuffix("_yuan") + "_fen" if kind == "yuan" else field
    read = cell_reader(kind, _KNOWN.words.get(target, {}), _KNOWN.words["flag"])
    return Column(field, tuple(target.split(".")), read)


def _kind_of_money(field: str) -> str | None:
    if not field.endswith("_yuan"):
        return None
    of_fen = field.removesuffix("_yuan") + "_fen"
    return "yuan" if KINDS.get(of_fen) == "fen" or _FACT.fullmatch(of_fen) else None


def _kind_of_fact(field: str) -> str | None:
    if not _FACT.fullmatch(field):
        return None
    question = QUESTIONS.get(field.removeprefix("facts."))
    if question is None:
        return "fact"
    if question.kind == "choice":
        return "whole" if question.codes[0].isdigit() else "code"
    return _OF_QUESTIONS[question.kind]


def columns_of(headers: Sequence[str]) -> list[Column | None]:
    """The columns of a table in their order; None where a header is empty.

    Raises `Unreadable` naming the columns that mean nothing to us or stand twice; a header is not repeated, for a table without
    headers has a person's data there.
    """
    if len(headers) > _COLUMNS_MAX:
        raise Unreadable(f"the table has more than {_COLUMNS_MAX} columns")
    found = [column(header) if header.strip() else None for header in headers]
    if not any(found):
        raise Unreadable("the first row names no field of a report; it must hold the names of the columns")
    unknown = [str(at) for at, (one, header) in enumerate(zip(found, headers, strict=True), 1) if one is None and header.strip()]
    if unknown:
        raise Unreadable(f"these columns have names that we do not know: number {', '.join(unknown)}")
    seen: dict[tuple[str, ...], int] = {}
    for at, one in enumerate(found, 1):
        if one is not None and seen.setdefault(one.path, at) != at:
            raise Unreadable(f"columns {seen[one.path]} and {at} are the same field: {one.field}")
    return found


def known_names() -> dict[str, list[str]]:
    """Every field that a column may hold, with what else it may be called."""
    return {**{field: [] for field in KINDS}, **_KNOWN.names}
