"""What follows from a new number: every stored case of the days it holds for is asked again, portion by portion.

absent --BeginReassessment--> running --NotePortion--> running | done
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from shared.kernel import Decider, Rejected


class BeginReassessment(Struct, frozen=True, gc=False):
    """Cases whose rules are those of a day in [`since`, `until`) may be affected; None: for good."""

    key: str
    programme: str | None
    name: str
    since: date
    until: date | None
    at: datetime


class NotePortion(Struct, frozen=True, gc=False):
    """The cases from the id `begun_after` up to and with `after` were asked again; `last` when there are no more.

    `passed_over` of them could not be asked: somebody must look at the log.
    """

    begun_after: str
    after: str
    looked_at: int
    last: bool
    at: datetime
    passed_over: int = 0


class ReassessmentBegun(Struct, frozen=True, gc=False):
    key: str
    programme: str | None
    name: str
    since: date
    until: date | None
    at: datetime


class PortionDue(Struct, frozen=True, gc=False):
    """The cases after this id are next; `begun_at` is when the number was set."""

    key: str
    after: str
    looked_at: int
    since: date
    until: date | None
    begun_at: datetime
    at: datetime
    passed_over: int = 0


class ReassessmentDone(Struct, frozen=True, gc=False):
    key: str
    looked_at: int
    at: datetime
    passed_over: int = 0


COMMANDS = (BeginReassessment, NotePortion)
EVENTS = (ReassessmentBegun, PortionDue, ReassessmentDone)


class Reassessment(Struct, frozen=True, gc=False):
    """`looked_at` counts the cases asked again so far."""

    begun: ReassessmentBegun | None = None
    after: str = ""
    looked_at: int = 0
    done: bool = False
    passed_over: int = 0


class ReassessmentIsUnknown(Rejected):
    """There is no such reassessment."""


ABSENT = Reassessment()


def evolve(state: Reassessment, event: Any) -> Reassessment:
    match event:
        case ReassessmentBegun():
            return Reassessment(event)
        case PortionDue():
            return msgspec.structs.replace(state, after=event.after, looked_at=event.looked_at, passed_over=event.passed_over)
        case ReassessmentDone():
            return msgspec.structs.replace(state, looked_at=event.looked_at, passed_over=event.passed_over, done=True)
    raise AssertionError(f"{type(event).__name__} is no event of a reassessment")


def begin(command: BeginReassessment, state: Reassessment) -> tuple[Any, ...]:
    c = command
    if state.begun is not None:
        return ()
    begun = ReassessmentBegun(c.key, c.programme, c.name, c.since, c.until, c.at)
    return (begun, PortionDue(c.key, "", 0, c.since, c.until, c.at, c.at))


def note(command: NotePortion, state: Reassessment) -> tuple[Any, ...]:
    """A portion that was noted before is not noted twice."""
    c, begun = command, state.begun
    if begun is None:
        raise ReassessmentIsUnknown
    if state.done or c.begun_after != state.after:
        return ()
    looked_at, passed_over = state.looked_at + c.looked_at, state.passed_over + c.passed_over
    if c.last:
        return (ReassessmentDone(begun.key, looked_at, c.at, passed_over),)
    return (PortionDue(begun.key, c.after, looked_at, begun.since, begun.until, begun.at, c.at, passed_over),)


def decide(command: Any, state: Reassessment) -> tuple[Any, ...]:
    match command:
        case BeginReassessment():
            return begin(command, state)
        case NotePortion():
            return note(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to a reassessment")


REASSESSMENT = Decider("reassessment", ABSENT, decide, evolve, COMMANDS, EVENTS)
