"""A volunteer: what they can do, where and when, and the minutes that hosts verified.

    active --PauseVolunteer--> paused --ResumeVolunteer--> active;  active | paused --LeaveVolunteer--> left --RegisterVolunteer--> active

Who left with the reason `erased` is known no more: the reference by which their platform knows them cannot be opened again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Shredded

ERASED = "erased"


class RegisterVolunteer(Struct, frozen=True):
    """`external_ref` is the id that the volunteering platform gave, never a name."""

    volunteer_id: str
    external_ref: str
    skills: tuple[str, ...]
    districts: tuple[str, ...]
    times: tuple[str, ...]
    languages: tuple[str, ...]
    at: datetime


class PauseVolunteer(Struct, frozen=True):
    at: datetime


class ResumeVolunteer(Struct, frozen=True):
    at: datetime


class LeaveVolunteer(Struct, frozen=True):
    reason: str
    at: datetime


class ConfirmActive(Struct, frozen=True):
    """Nothing happens where the volunteer can be asked; else it is refused."""


class CreditHours(Struct, frozen=True):
    """The minutes that count now for one day of one engagement; `entry` counts the host's words about that day from 1."""

    engagement_id: str
    org_id: str
    district: str
    day: date
    minutes: int
    entry: int
    at: datetime


class VolunteerRegistered(Struct, frozen=True):
    """Registered, told anew, or back; no districts: the whole city."""

    volunteer_id: str
    external_ref: str | Shredded
    skills: tuple[str, ...]
    districts: tuple[str, ...]
    times: tuple[str, ...]
    languages: tuple[str, ...]
    status: str
    at: datetime


class VolunteerPaused(Struct, frozen=True):
    volunteer_id: str
    at: datetime


class VolunteerResumed(Struct, frozen=True):
    volunteer_id: str
    at: datetime


class VolunteerLeft(Struct, frozen=True):
    volunteer_id: str
    reason: str
    at: datetime


class HoursCredited(Struct, frozen=True):
    """`minutes` take the place of what this engagement had for this day."""

    volunteer_id: str
    engagement_id: str
    org_id: str
    district: str
    day: date
    minutes: int
    entry: int
    at: datetime


class Volunteer(Struct, frozen=True):
    """`status`: nothing, active, paused, left or erased; `minutes` by engagement and day, as last verified."""

    registered: VolunteerRegistered | None = None
    status: str = ""
    minutes: Mapping[tuple[str, date], int] = {}


ABSENT = Volunteer()
COMMANDS = (RegisterVolunteer, PauseVolunteer, ResumeVolunteer, LeaveVolunteer, ConfirmActive, CreditHours)
EVENTS = (VolunteerRegistered, VolunteerPaused, VolunteerResumed, VolunteerLeft, HoursCredited)


def hours_by_year(state: Volunteer, until: date) -> dict[int, int]:
    """Whole hours (minutes of the year / 60, rounded down) by calendar year, of days up to `until`."""
    sums: dict[int, int] = {}
    for (_, day), minutes in state.minutes.items():
        if day <= until:
            sums[day.year] = sums.get(day.year, 0) + minutes
    return {year: sums[year] // 60 for year in sorted(sums)}


def evolve(state: Volunteer, event: Any) -> Volunteer:
    match event:
        case VolunteerRegistered():
            return Volunteer(event, event.status, state.minutes)
        case VolunteerPaused():
            return replace(state, status="paused")
        case VolunteerResumed():
            return replace(state, status="active")
        case VolunteerLeft():
            return replace(state, status=ERASED if event.reason == ERASED else "left")
        case HoursCredited():
            return replace(state, minutes={**state.minutes, (event.engagement_id, event.day): event.minutes})
    raise AssertionError(f"{type(event).__name__} is no event of a volunteer")
