"""Dated thresholds of a screening: which limit counts on a day, and whether what is known of a resident passes it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

Category = Literal["tekun", "dibao", "edge", "other"]
Measure = Literal[
    "medical_self_paid_year_fen", "income_per_head_month_fen", "income_drop_percent", "months_without_income", "days_without_contact"
]
Op = Literal["gt", "ge", "lt", "le"]


class Limit(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A limit from a day on, with the source it was read in."""

    valid_from: date
    limit: int
    source: str


class Threshold(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A measure against its limits; no categories: everybody. `alone` asks for those who live alone, or for those who do not."""

    code: str
    measure: Measure
    op: Op
    need: str
    categories: tuple[Category, ...]
    limits: tuple[Limit, ...]
    alone: bool | None = None


class Dated(Struct, frozen=True, gc=False):
    """A threshold as it counted on the day of the data: what a screening used, for ever."""

    code: str
    measure: str
    op: str
    need: str
    categories: tuple[str, ...]
    alone: bool | None
    limit: int
    valid_from: date
    source: str


class Resident(Struct, frozen=True, gc=False):
    """What the data say of one resident; None where they say nothing. Money in whole fen."""

    category: str = "other"
    lives_alone: bool = False
    medical_self_paid_year_fen: int | None = None
    income_per_head_month_fen: int | None = None
    income_per_head_month_before_fen: int | None = None
    months_without_income: int | None = None
    last_contact_on: date | None = None


def dated(threshold: Threshold, on: date) -> Dated | None:
    """The threshold with the limit in force on this day; None before the first."""
    in_force = [one for one in threshold.limits if one.valid_from <= on]
    if not in_force:
        return None
    last = max(in_force, key=lambda one: one.valid_from)
    t = threshold
    return Dated(t.code, t.measure, t.op, t.need, tuple(t.categories), t.alone, last.limit, last.valid_from, last.source)


def measured(measure: str, resident: Resident, on: date) -> int | None:
    """The value that is held against the limit; a drop is in whole per cent of the income before, rounded down."""
    match measure:
        case "income_drop_percent":
            before, now = resident.income_per_head_month_before_fen, resident.income_per_head_month_fen
            return None if before is None or now is None or before <= 0 else (before - now) * 100 // before
        case "days_without_contact":
            return None if resident.last_contact_on is None else (on - resident.last_contact_on).days
    value: int | None = getattr(resident, measure)
    return value


def passes(op: str, value: int, limit: int) -> bool:
    return {"gt": value > limit, "ge": value >= limit, "lt": value < limit, "le": value <= limit}[op]


def margin(op: str, value: int, limit: int) -> int:
    """How far beyond the limit, never negative for a signal."""
    return value - limit if op in ("gt", "ge") else limit - value


def signal(threshold: Dated, resident: Resident, on: date) -> int | None:
    """The value that makes a signal of this resident, None when there is none."""
    if threshold.categories and resident.category not in threshold.categories:
        return None
    if threshold.alone is not None and resident.lives_alone is not threshold.alone:
        return None
    value = measured(threshold.measure, resident, on)
    return value if value is not None and passes(threshold.op, value, threshold.limit) else None
