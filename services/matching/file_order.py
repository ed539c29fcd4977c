"""What is asked of the process that reads a file of facts, and what it answers: both sides know these words, one of them the columns."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from services.matching.domain.changing import NewValue, Sums

FAULTS_MAX = 100


class Told(Struct, frozen=True):
    """A number as text; the values that stand come before the one that is tried."""

    programme: str | None
    name: str
    valid_from: date
    value: str
    source: str


class Order(Struct, frozen=True):
    """Numbers that stand beside the rule files, and those that are tried on the rows of the file."""

    standing: tuple[Told, ...]
    tried: tuple[Told, ...]


class Fault(Struct, frozen=True, gc=False):
    """A cell (row 1 is the first after the names), or with row 0 a column, and the rule that it breaks; never its value."""

    row: int
    field: str
    rule: str


class PlaceSums(Struct, frozen=True, gc=False):
    programme: str
    district: str
    sums: Sums


class Reply(Struct, frozen=True):
    """Either why the file cannot be read, or its faults, or what was counted."""

    unreadable: str = ""
    faults: tuple[Fault, ...] = ()
    cases: int = 0
    affected: int = 0
    sums: tuple[PlaceSums, ...] = ()


def told(value: NewValue) -> Told:
    """A value in words that the other process reads back without loss."""
    return Told(value.programme, value.name, value.valid_from, str(value.value), value.source)
