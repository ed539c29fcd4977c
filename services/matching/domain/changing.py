"""Other numbers: the rulebook with values changed, and what that would change for cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.matching.domain.rule_reading import BadValue, NoSource, UnknownParameter
from services.matching.domain.rulebook import Rulebook, rulebook
from services.matching.domain.rules import Dated, Programme


class NewValue(Struct, frozen=True, gc=False):
    """A value of a parameter from a day on, of one programme or (None) of the city; `<name>:<place code>` where it differs by place."""

    programme: str | None
    name: str
    valid_from: date
    value: Fraction
    source: str


class Case(Struct, frozen=True, gc=False):
    """What is held against both rulebooks; `on` is the day whose rules count, `seen_on` that of the report."""

    case_id: str
    district: str
    facts: Mapping[str, Any]
    on: date
    seen_on: date


class Effect(Struct, frozen=True, gc=False):
    """What a change does to one case and programme; fen are 0 where it is not eligible."""

    case_id: str
    district: str
    programme: str
    before: str
    after: str
    before_fen: int
    after_fen: int


def changed(book: Rulebook, values: Sequence[NewValue]) -> Rulebook:
    """The rulebook with these values; one of the same parameter and day takes its place.

    Raises `UnknownParameter`, `NoSource` or `BadValue` with the place of the value in the list.
    """
    programmes, city = dict(book.by_code), dict(book.city)
    for n, one in enumerate(values):
        at = f"values/{n}"
        if not one.source.strip():
            raise NoSource(f"{at}/source")
        if one.value < 0:
            raise BadValue(f"{at}/value")
        if one.programme is None:
            if one.name not in city:
                raise UnknownParameter(f"{at}/name")
            city[one.name] = _with(city[one.name], one)
            continue
        programme = programmes.get(one.programme)
        if programme is None:
            raise UnknownParameter(f"{at}/programme")
        if one.name not in programme.parameters:
            raise UnknownParameter(f"{at}/name")
        own = {**programme.parameters, one.name: _with(programme.parameters[one.name], one)}
        programmes[one.programme] = _of(programme, own)
    return rulebook(tuple([programmes[p.code] for p in book.programmes]), city)


def _of(programme: Programme, parameters: Mapping[str, tuple[Dated, ...]]) -> Programme:
    return replace(programme, parameters=parameters)


def _with(series: tuple[Dated, ...], one: NewValue) -> tuple[Dated, ...]:
    others = [d for d in series if d.valid_from != one.valid_from]
    return tuple(sorted([*others, Dated(one.valid_from, one.value, one.source)], key=lambda d: d.valid_from))


def effects(before: Rulebook, after: Rulebook, cases: Iterable[Case]) -> Iterable[Effect]:
    """Every answer that is not the same under both, case by case; both are asked on the case's own day."""
    for case in cases:
        old = before.verdicts(case.facts, case.on, seen_on=case.seen_on)
        new = after.verdicts(case.facts, case.on, seen_on=case.seen_on)
        if old == new:
            continue
        for was, now in zip(old, new, strict=True):
            if was != now:
                yield Effect(case.case_id, case.district, was.programme, was.verdict, now.verdict, was.amount_fen, now.amount_fen)


class Sums(Struct, frozen=True, gc=False):
    """Of one programme and district: how many gain, lose, get more or less, and what it costs in fen before and after."""

    gain: int = 0
    lose: int = 0
    more: int = 0
    less: int = 0
    asked: int = 0
    before_fen: int = 0
    after_fen: int = 0

    def and_of(self, one: Effect) -> Sums:
        """The sums with one effect more."""
        word = word_of(one)
        counted = {word: getattr(self, word) + 1}
        return replace(self, before_fen=self.before_fen + one.before_fen, after_fen=self.after_fen + one.after_fen, **counted)


def word_of(one: Effect) -> str:
    """Whether somebody gains, loses, gets more or less, or is asked for something else."""
    if one.after == "eligible" != one.before:
        return "gain"
    if one.before == "eligible" != one.after:
        return "lose"
    if one.before == one.after:
        return "more" if one.after_fen > one.before_fen else "less"
    return "asked"  # nobody is eligible before or after, but what is missing has changed
