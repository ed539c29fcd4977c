"""Which number may be set: one that the rules have, from a day that no other value of it has, vouched for by a source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from services.matching.domain.parameters import ABSENT, COMMANDS, EVENTS, Parameters, ParameterSet, SetParameter, evolve
from services.matching.domain.rulebook import Rulebook
from services.matching.domain.rules import Dated
from shared.kernel import Decider, Rejected


class ParameterIsUnknown(Rejected):
    """No rule has a number of this name."""


class ParameterHasNoSource(Rejected):
    """A number needs a source that vouches for it."""


class ParameterIsNoNumber(Rejected):
    """A number of the rules is zero or more, written in digits."""


class ParameterStandsFromThisDay(Rejected):
    """There is a value from this day already; say that yours corrects it, or take another day."""


class NothingToCorrect(Rejected):
    """No value stands from this day that could be corrected."""


def _series(base: Rulebook, command: SetParameter) -> tuple[Dated, ...] | None:
    """The values of the rule files; None where they have no such number."""
    if command.programme is None:
        return base.city.get(command.name)
    programme = base.by_code.get(command.programme)
    return None if programme is None else programme.parameters.get(command.name)


def _standing(series: tuple[Dated, ...], state: Parameters, command: SetParameter) -> Mapping[date, Fraction]:
    ours = {one.valid_from: one.value for one in state.values if (one.programme, one.name) == (command.programme, command.name)}
    return {one.valid_from: one.value for one in series} | ours


def _value(text: str) -> Fraction:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ParameterIsNoNumber from None
    if value < 0:
        raise ParameterIsNoNumber
    return value


def in_decimals(value: Fraction) -> str:
    """A value as decimal text; it was typed as such and has at most nine places."""
    whole, rest = divmod(value * 10**9, 10**9)
    digits = f"{int(rest):09}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def set_parameter(command: SetParameter, state: Parameters, base: Rulebook) -> tuple[ParameterSet, ...]:
    c, series = command, _series(base, command)
    if series is None:
        raise ParameterIsUnknown(programme=c.programme, name=c.name)
    if not c.source.strip():
        raise ParameterHasNoSource
    value, standing = _value(c.value), _standing(series, state, c)
    before = standing.get(c.valid_from)
    if before == value:
        return ()
    if before is not None and not c.corrects:
        raise ParameterStandsFromThisDay(valid_from=c.valid_from.isoformat(), value=in_decimals(before))
    if before is None and c.corrects:
        raise NothingToCorrect(valid_from=c.valid_from.isoformat())
    until = min((day for day in standing if day > c.valid_from), default=None)
    instead_of = None if before is None else in_decimals(before)
    return (ParameterSet(state.count + 1, c.programme, c.name, c.valid_from, until, in_decimals(value), c.source, c.at, instead_of),)


def parameters(base: Rulebook) -> Decider[Parameters]:
    """The decider of what may be set beside the values of these rule files."""

    def decide(command: Any, state: Parameters) -> tuple[Any, ...]:
        match command:
            case SetParameter():
                return set_parameter(command, state, base)
        raise AssertionError(f"{type(command).__name__} is no command to the parameters")

    return Decider("parameters", ABSENT, decide, evolve, COMMANDS, EVENTS)
