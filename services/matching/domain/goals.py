"""The yearly goals of a Charity City: figures that the city reports, with their sources, held against what is aimed at.

absent --SetFigure--> reported; a figure is followed by another of the same name, never taken away
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal, get_args

from msgspec import Struct

from shared.kernel import Decider, Rejected

FigureName = Literal[
    "residents", "organisations", "volunteers", "volunteer_hours", "charity_plazas", "donations_fen", "staff", "active_people",
    "facts_due", "facts_published",
]  # fmt: skip
FIGURES: tuple[FigureName, ...] = get_args(FigureName)
_BASIS = 10_000


class SetFigure(Struct, frozen=True, gc=False):
    """A count, or fen, of one year; `source` says who vouches for it."""

    year: int
    figure: str
    value: int
    source: str
    at: datetime


class FigureSet(Struct, frozen=True, gc=False):
    year: int
    figure: str
    value: int
    source: str
    at: datetime


class FigureIsUnknown(Rejected):
    """No goal of the city rests on a figure of this name."""


class FigureIsNoCount(Rejected):
    """A figure is a whole number of zero or more."""


class FigureHasNoSource(Rejected):
    """A figure needs a source that vouches for it."""


class Figure(Struct, frozen=True, gc=False):
    value: int
    source: str


class Figures(Struct, frozen=True):
    known: Mapping[str, Figure] = {}


class Goal(Struct, frozen=True, gc=False):
    """One goal: what is aimed at and what is, both in the same unit (`count`, `per_10000` or `basis_points`).

    `is_now` is None while a figure is missing; `met` is None then too, and `missing` names the figures.
    """

    name: str
    unit: str
    aim: int
    is_now: Fraction | None
    met: bool | None
    missing: tuple[str, ...] = ()


COMMANDS = (SetFigure,)
EVENTS = (FigureSet,)
ABSENT = Figures()
# Name, unit, aim, the figure, what it is divided by, and the factor of the unit. Source of every aim: S1, goals of 2017.
_AIMS: tuple[tuple[str, str, int, str, str, int], ...] = (
    ("charity_plazas", "count", 200, "charity_plazas", "", 1),
    ("volunteers_share", "basis_points", 1_500, "volunteers", "residents", _BASIS),
    ("organisations_per_10000", "per_10000", 85, "organisations", "residents", 10 * _BASIS),
    ("staff_share", "basis_points", 250, "staff", "active_people", _BASIS),
    ("publicity", "basis_points", 10_000, "facts_published", "facts_due", _BASIS),
)
AIMS_SOURCE = "S1"


def evolve(state: Figures, event: Any) -> Figures:
    match event:
        case FigureSet():
            return Figures({**state.known, event.figure: Figure(event.value, event.source)})
    raise AssertionError(f"{type(event).__name__} is no event of the figures")


def set_figure(command: SetFigure, state: Figures) -> tuple[FigureSet, ...]:
    c = command
    if c.figure not in FIGURES:
        raise FigureIsUnknown(figure=c.figure)
    if c.value < 0:
        raise FigureIsNoCount
    if not c.source.strip():
        raise FigureHasNoSource
    return () if state.known.get(c.figure) == Figure(c.value, c.source) else (FigureSet(c.year, c.figure, c.value, c.source, c.at),)


def decide(command: Any, state: Figures) -> tuple[Any, ...]:
    match command:
        case SetFigure():
            return set_figure(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to the figures")


GOALS = Decider("goals", ABSENT, decide, evolve, COMMANDS, EVENTS)


def _held(name: str, unit: str, aim: int, now: Fraction | None, missing: tuple[str, ...], above: bool = False) -> Goal:
    return Goal(name, unit, aim, now, None if now is None else now > aim if above else now >= aim, missing)


def goals(of: Figures, before: Figures) -> tuple[Goal, ...]:
    """Every goal of a year held against its figures; `before` are those of the year before, for what should grow.

    `organisations_per_10000` is told in tenths. More than 200 plazas are aimed at; every other aim is a least.
    """
    found = []
    for name, unit, aim, figure, by, factor in _AIMS:
        needed = (figure, by) if by else (figure,)
        missing = tuple([one for one in needed if one not in of.known or (one == by and of.known[one].value == 0)])
        now = None if missing else Fraction(of.known[figure].value * factor, of.known[by].value if by else 1)
        found.append(_held(name, unit, aim, now, missing, above=name == "charity_plazas"))
    now_given, given_before = of.known.get("donations_fen"), before.known.get("donations_fen")
    grown = None
    if now_given is not None and given_before is not None and given_before.value > 0:
        grown = Fraction((now_given.value - given_before.value) * _BASIS, given_before.value)
    missing = () if grown is not None else tuple(["donations_fen"] if now_given is None else ["donations_fen_before"])
    return (*found, _held("donations_growth", "basis_points", 500, grown, missing))
