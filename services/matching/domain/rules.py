"""The rules of relief as values: dated parameters, conditions, amounts, programmes, and what is in force on a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Literal, get_args

from msgspec import Struct

SPECIAL = "special_circumstances"
Need = Literal[
    "medical", "emergency", "livelihood", "employment", "education", "housing", "disability", "elderly_care", "child_welfare",
    "mental_health", "integration",
]  # fmt: skip
NEEDS: tuple[str, ...] = get_args(Need)
ALWAYS, NEVER = date(1, 1, 1), date(9999, 12, 31)


class Dated(Struct, frozen=True):
    """One value of a parameter from a day on, with the source that says so, and a note on it in both languages."""

    valid_from: date
    value: Fraction
    source: str
    note: str = ""
    note_zh: str = ""


class Number(Struct, frozen=True):
    """A literal, a parameter, or a parameter times another."""

    literal: Fraction | None = None
    parameter: str | None = None
    times: str | None = None


class Condition(Struct, frozen=True):
    """One fact held against one threshold; `among` for codes, `number` for numbers, neither for yes-or-no."""

    id: str
    zh: str
    en: str
    fact: str
    comparison: str
    source: str
    valid_from: date
    valid_until: date = NEVER
    number: Number | None = None
    among: tuple[str, ...] = ()


class Group(Struct, frozen=True):
    """Conditions of which any or all must hold."""

    mode: str
    members: tuple[Condition | Group, ...]


class Amount(Struct, frozen=True):
    """What is given: `flat` the cap, `share` a share of a fact, never under `floor` and never over `cap`; `nothing` where it is a status.

    `difference` is what each of the household lacks to the cap, for all of them; where they lack nothing (one of them is
    listed alone), the cap for one. `special_cap` stands in for `cap` when the fact `special_when` is true;
    `unless_unknown` gives the cap where the fact is not known. `by_place` names a parameter with a value for each rural
    district: whoever is registered there gets the higher of both.
    """

    form: str
    cap: Number
    fact: str = ""
    share: Number = Number(literal=Fraction(1))
    floor: Number = Number(literal=Fraction(0))
    special_cap: Number | None = None
    unless_unknown: bool = False
    by_place: str = ""
    special_when: str = SPECIAL


class Programme(Struct, frozen=True):
    """One programme of relief; `order` is precedence (government first, then charity), `scope` and `period` whose cap it is.

    `group` and `group_cap` name a cap that several programmes share per household and calendar year.
    """

    code: str
    zh: str
    en: str
    funder: str
    order: int
    kind: str
    needs: tuple[str, ...]
    scope: str
    period: str
    source: str
    valid_from: date
    parameters: Mapping[str, tuple[Dated, ...]]
    conditions: tuple[Condition | Group, ...]
    amount: Amount
    group: str = ""
    group_cap: Number | None = None
    excludes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Found(Struct, frozen=True):
    """A number as it stands in force: value, since when, and who says so."""

    value: Fraction
    valid_from: date
    source: str

    @property
    def plain(self) -> int | float:
        return int(self.value) if self.value.denominator == 1 else float(self.value)


class Rule(Struct, frozen=True):
    """A condition in force, its threshold found."""

    id: str
    fact: str
    comparison: str
    threshold: Any
    source: str
    valid_from: date
    zh: str
    en: str


class Rules(Struct, frozen=True):
    """A group in force."""

    mode: str
    members: tuple[Rule | Rules, ...]


class InForce(Struct, frozen=True):
    """A programme as it stands in one period; `programme.valid_from` has passed and every number is found."""

    programme: Programme
    rules: tuple[Rule | Rules, ...]
    share: Fraction
    floor_fen: int
    cap_fen: int
    special_cap_fen: int
    group_cap_fen: int | None
    cap_at: Mapping[str, int] = {}


def _latest(series: tuple[Dated, ...], on: date) -> Dated | None:
    best = None
    for one in series:
        if one.valid_from <= on and (best is None or one.valid_from > best.valid_from):
            best = one
    return best


def find(number: Number, on: date, own: Mapping[str, tuple[Dated, ...]], city: Mapping[str, tuple[Dated, ...]]) -> Found | None:
    """What a number is on a day; None before its first value."""
    if number.literal is not None:
        return Found(number.literal, ALWAYS, "")
    found: Found | None = None
    for name in (number.parameter, number.times):
        if name is None:
            continue
        one = _latest(own.get(name) or city.get(name) or (), on)
        if one is None:
            return None
        if found is None:
            found = Found(one.value, one.valid_from, one.source)
        else:
            found = Found(found.value * one.value, max(found.valid_from, one.valid_from), f"{found.source}; {one.source}")
    return found


class NotInForce(Exception):
    """A number of this programme has no value on this day."""


class Period:
    """The view of one day on the parameters of one programme and the city."""

    __slots__ = ("city", "on", "programme")

    def __init__(self, programme: Programme, city: Mapping[str, tuple[Dated, ...]], on: date) -> None:
        self.programme, self.city, self.on = programme, city, on

    def number(self, number: Number) -> Found:
        found = find(number, self.on, self.programme.parameters, self.city)
        if found is None:
            raise NotInForce
        return found

    def places(self, name: str) -> Mapping[str, int]:
        """The values of a parameter by place, of those places that have one on this day."""
        found = {key.partition(":")[2]: _latest(series, self.on) for key, series in self.city.items() if key.startswith(f"{name}:")}
        return {place: int(one.value) for place, one in found.items() if one is not None}

    def rule(self, one: Condition | Group) -> Rule | Rules | None:
        if isinstance(one, Group):
            members = tuple([m for m in map(self.rule, one.members) if m is not None])
            return Rules(one.mode, members) if members else None
        if not one.valid_from <= self.on < one.valid_until:
            return None
        if one.number is None:
            threshold: Any = one.among if one.among else one.comparison == "is_true"
            return Rule(one.id, one.fact, one.comparison, threshold, one.source, one.valid_from, one.zh, one.en)
        found = self.number(one.number)
        since = max(one.valid_from, found.valid_from)
        return Rule(one.id, one.fact, one.comparison, found.plain, found.source or one.source, since, one.zh, one.en)


def in_force(programme: Programme, city: Mapping[str, tuple[Dated, ...]], on: date) -> InForce | None:
    """The programme with its numbers of this day; None where it is not in force."""
    if on < programme.valid_from:
        return None
    at, amount = Period(programme, city, on), programme.amount
    try:
        cap = at.number(amount.cap)
        return InForce(
            programme,
            tuple([r for r in map(at.rule, programme.conditions) if r is not None]),
            at.number(amount.share).value,
            int(at.number(amount.floor).value),
            int(cap.value),
            int(at.number(amount.special_cap).value if amount.special_cap else cap.value),
            None if programme.group_cap is None else int(at.number(programme.group_cap).value),
            at.places(amount.by_place) if amount.by_place else {},
        )
    except NotInForce:
        return None


def days_of_change(programmes: tuple[Programme, ...], city: Mapping[str, tuple[Dated, ...]]) -> tuple[date, ...]:
    """Every day on which some number, condition or programme begins or ends, in order."""
    days = {ALWAYS}
    for series in city.values():
        days.update(one.valid_from for one in series)
    for programme in programmes:
        days.add(programme.valid_from)
        for series in programme.parameters.values():
            days.update(one.valid_from for one in series)
        for rule in _leaves(programme.conditions):
            days.update((rule.valid_from, rule.valid_until))
    return tuple(sorted(days))


def _leaves(conditions: tuple[Condition | Group, ...]) -> tuple[Condition, ...]:
    found: tuple[Condition, ...] = ()
    for one in conditions:
        found += _leaves(one.members) if isinstance(one, Group) else (one,)
    return found


leaves = _leaves
