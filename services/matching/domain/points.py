"""Points for a residence permit: what each item gives, why, and what would add more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import Struct


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the table. `highest` takes the points of the code that is told; `each_in_a_year` gives `each` points for every full
    `per` of a year, at most `year_max` a year and `maximum` in all; `sum_of_years` gives `each` when the `years` before come to `at_least`.
    """

    id: str
    zh: str
    en: str
    rule: Literal["highest", "yes_or_no", "each_in_a_year", "sum_of_years"]
    points: Mapping[str, int] = {}
    each: int = 0
    per: int = 1
    year_max: int = 0
    maximum: int = 0
    years: int = 0
    at_least: int = 0

    @property
    def most(self) -> int:
        return max(self.points.values()) if self.points else self.maximum or self.each


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """A scheme of points; `maximum` is what all items come to, `window_years` how many calendar years count, with the present one."""

    code: str
    zh: str
    en: str
    source: str
    maximum: int
    window_years: int
    items: tuple[Item, ...]


class Applicant(Struct, frozen=True):
    """What somebody shows; None is not told. Donations, whole hours and fen of tax are by calendar year, in Guangzhou."""

    education: str | None = None
    skill: str | None = None
    listed_occupation: bool | None = None
    blood_donation: Mapping[int, int] = {}
    volunteer_service: Mapping[int, int] = {}
    tax: Mapping[int, int] = {}


class Step(Struct, frozen=True):
    """Something that would add points: reach `code`, or `more` of what is counted (donations, hours, fen) by the end of `year`."""

    points: int
    code: str = ""
    more: int = 0
    year: int = 0


class Counted(Struct, frozen=True):
    """The points of one item, what they rest on by year, and every step that would add to them, the smallest first."""

    item: str
    zh: str
    en: str
    points: int
    most: int
    told: bool
    by_year: Mapping[int, int] = {}
    steps: tuple[Step, ...] = ()


class UnknownCode(Exception):
    """A code that the table does not know; `item` is where it was told."""

    def __init__(self, item: str) -> None:
        super().__init__(item)
        self.item = item


def points(table: Table, applicant: Applicant, on: date) -> tuple[Counted, ...]:
    """Every item of the table in its order, as it counts on this day. Raises `UnknownCode`."""
    return tuple([_counted(one, getattr(applicant, one.id), on, table.window_years) for one in table.items])


def _counted(one: Item, told: object, on: date, window: int) -> Counted:
    match told:
        case str() if one.rule == "highest":
            if told not in one.points:
                raise UnknownCode(one.id)
            have = one.points[told]
        case bool() if one.rule == "yes_or_no":
            have = one.each if told else 0
        case dict() if one.rule == "each_in_a_year":
            return _by_year(one, told, on, window)
        case dict() if one.rule == "sum_of_years":
            return _sum(one, told, on)
        case _:
            have = 0
    steps = tuple(sorted([Step(more - have, code) for code, more in one.points.items() if more > have], key=lambda step: step.points))
    if one.rule == "yes_or_no" and not have:
        steps = (Step(one.each),)
    return Counted(one.id, one.zh, one.en, have, one.most, told is not None, {}, steps)


def _by_year(one: Item, told: Mapping[int, int], on: date, window: int) -> Counted:
    given = {year: min(one.year_max, told[year] // one.per * one.each) for year in sorted(told) if on.year - window < year <= on.year}
    have = min(one.maximum, sum(given.values()))
    lacking = one.per - told.get(on.year, 0) % one.per
    room = have < one.maximum and given.get(on.year, 0) < one.year_max
    return Counted(one.id, one.zh, one.en, have, one.most, bool(told), given, (Step(one.each, more=lacking, year=on.year),) if room else ())


def _sum(one: Item, told: Mapping[int, int], on: date) -> Counted:
    paid = {year: told[year] for year in sorted(told) if on.year - one.years <= year < on.year}
    lacking = one.at_least - sum(paid.values())
    have = one.each if lacking <= 0 else 0
    return Counted(one.id, one.zh, one.en, have, one.most, bool(told), paid, () if have else (Step(one.each, more=lacking),))
