"""What the law keeps of a person who asked to be forgotten: whom money was paid to, locked away until its time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from shared.kernel import Decider

KEPT_YEARS = 30
"""Vouchers of accounting are kept for 30 years: Measures for the Administration of Accounting Archives, Order 79 of the Ministry of
Finance and the State Archives Administration, in force 1 January 2016, table of periods."""


class Keep(Struct, frozen=True, gc=False):
    """`until` is when the last payment to the person need no longer be shown."""

    person_id: str
    until: datetime


class EndKeeping(Struct, frozen=True, gc=False):
    now: datetime


class KeptByLaw(Struct, frozen=True, gc=False):
    person_id: str
    until: datetime


class KeepingEnded(Struct, frozen=True, gc=False):
    person_id: str


class Keeping(Struct, frozen=True, gc=False):
    """`until` is None while nothing is kept, or nothing any more."""

    person_id: str = ""
    until: datetime | None = None


def decide(command: Any, state: Keeping) -> tuple[Any, ...]:
    match command:
        case Keep():
            longer = state.until is None or command.until > state.until
            return (KeptByLaw(command.person_id, command.until),) if longer else ()
        case EndKeeping():
            over = state.until is not None and command.now >= state.until
            return (KeepingEnded(state.person_id),) if over else ()
    raise AssertionError(type(command).__name__)


def evolve(state: Keeping, event: Any) -> Keeping:
    return Keeping(event.person_id, event.until) if isinstance(event, KeptByLaw) else Keeping(event.person_id)


def years_later(at: datetime, years: int = KEPT_YEARS) -> datetime:
    """The same day so many years later; of 29 February the first of March."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)


KEEPING = Decider(
    noun="keeping", absent=Keeping(), decide=decide, evolve=evolve, commands=(Keep, EndKeeping), events=(KeptByLaw, KeepingEnded)
)
