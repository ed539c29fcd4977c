"""The numbers of the rules that were set while we run: dated, sourced, and never taken away, only followed or corrected.

Every assessment rests on this stream; the rule files are what it begins from.
"""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Any

from msgspec import Struct

from services.matching.domain.changing import NewValue

CITY = "city"


class SetParameter(Struct, frozen=True, gc=False):
    """A value from a day on, of a programme or (None) of the city; `value` is decimal text, `corrects` replaces one of the same day."""

    programme: str | None
    name: str
    valid_from: date
    value: str
    source: str
    at: datetime
    corrects: bool = False


class ParameterSet(Struct, frozen=True, gc=False):
    """`number` counts the values set; it holds for events before `until` (None: for good); `instead_of` is what it corrects."""

    number: int
    programme: str | None
    name: str
    valid_from: date
    until: date | None
    value: str
    source: str
    at: datetime
    instead_of: str | None = None


COMMANDS = (SetParameter,)
EVENTS = (ParameterSet,)


class Parameters(Struct, frozen=True):
    """What was set so far, in the order it was said; a correction stands in place of what it corrects."""

    values: tuple[NewValue, ...] = ()
    count: int = 0


ABSENT = Parameters()


def evolve(state: Parameters, event: Any) -> Parameters:
    match event:
        case ParameterSet():
            new = NewValue(event.programme, event.name, event.valid_from, Fraction(event.value), event.source)
            same = (new.programme, new.name, new.valid_from)
            others = [one for one in state.values if (one.programme, one.name, one.valid_from) != same]
            return Parameters((*others, new), event.number)
    raise AssertionError(f"{type(event).__name__} is no event of the parameters")
