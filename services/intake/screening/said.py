"""What a screening process is told and what it says, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from services.intake.domain.thresholds import Dated


class Order(Struct, frozen=True):
    """Screen this file from where the last recorded part ended: `after` bytes or rows, `rows` lines, `part` parts."""

    path: str
    as_of: date
    thresholds: tuple[Dated, ...]
    after: int = 0
    rows: int = 0
    part: int = 0


class Heading(Struct, frozen=True, tag="heading"):
    format: str
    encoding: str
    unknown: tuple[str, ...]


class Signals(Struct, frozen=True, tag="signals"):
    """(row, threshold, value, id number, reference, name, phone, place); they travel on a pipe and lie nowhere."""

    signals: list[tuple[int, str, int, str, str, str, str, str]]


class PartSaid(Struct, frozen=True, tag="part"):
    part: int
    to: int
    of: int
    rows: int
    faulty: int
    counts: Mapping[str, int]
    steps: Mapping[str, Mapping[str, int]]
    faults: list[tuple[int, str, str]]


class Done(Struct, frozen=True, tag="done"):
    pass


class Failed(Struct, frozen=True, tag="failed"):
    reason: str
    field: str = ""


Said = Heading | Signals | PartSaid | Done | Failed
