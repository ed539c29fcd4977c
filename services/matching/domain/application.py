"""One application for a place of a yearly quota: made with its points, perhaps counted anew, perhaps withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct


class Apply(Struct, frozen=True):
    """`items` are the points by item as they were counted at the door; `verdict` is what the conditions of the scheme say."""

    allocation_id: str
    number: str
    person_id: str
    points: int
    items: Mapping[str, int]
    verdict: str
    at: datetime


class WithdrawApplication(Struct, frozen=True):
    at: datetime


class RecountApplication(Struct, frozen=True):
    """What an appeal corrected."""

    points: int
    items: Mapping[str, int]
    appeal: int
    at: datetime


class ApplicationMade(Struct, frozen=True):
    allocation_id: str
    number: str
    person_id: str
    points: int
    items: Mapping[str, int]
    at: datetime


class ApplicationWithdrawn(Struct, frozen=True):
    allocation_id: str
    number: str
    at: datetime


class ApplicationRecounted(Struct, frozen=True):
    allocation_id: str
    number: str
    points: int
    items: Mapping[str, int]
    appeal: int
    at: datetime


class Applied(Struct, frozen=True):
    """`status` is absent, applied or withdrawn."""

    status: Literal["absent", "applied", "withdrawn"] = "absent"
    allocation_id: str = ""
    number: str = ""
    person_id: str = ""
    points: int = 0
    items: Mapping[str, int] = {}
    applied_at: datetime | None = None


ABSENT = Applied()
COMMANDS = (Apply, WithdrawApplication, RecountApplication)
EVENTS = (ApplicationMade, ApplicationWithdrawn, ApplicationRecounted)


def evolve(state: Applied, event: Any) -> Applied:
    match event:
        case ApplicationMade():
            e = event
            return Applied("applied", e.allocation_id, e.number, e.person_id, e.points, e.items, e.at)
        case ApplicationWithdrawn():
            return Applied("withdrawn", state.allocation_id, state.number, state.person_id, state.points, state.items, state.applied_at)
        case ApplicationRecounted():
            return Applied(
                state.status, state.allocation_id, state.number, state.person_id, event.points, event.items, state.applied_at
            )  # fmt: skip
    raise AssertionError(f"{type(event).__name__} is no event of an application")
