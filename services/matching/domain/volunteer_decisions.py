"""Who can be asked to volunteer, and that no day has more than its hours."""

from __future__ import annotations

from typing import Any

from services.matching.domain.volunteer import (
    ABSENT,
    COMMANDS,
    ERASED,
    EVENTS,
    ConfirmActive,
    CreditHours,
    HoursCredited,
    LeaveVolunteer,
    PauseVolunteer,
    RegisterVolunteer,
    ResumeVolunteer,
    Volunteer,
    VolunteerLeft,
    VolunteerPaused,
    VolunteerRegistered,
    VolunteerResumed,
    evolve,
)
from services.matching.domain.volunteering import DAY_MINUTES
from shared.kernel import Decider, Rejected


class VolunteerIsUnknown(Rejected):
    """There is no such volunteer."""


class VolunteerIsNotActive(Rejected):
    """This volunteer has paused or left and cannot be asked now."""


class VolunteerHasLeft(Rejected):
    """This volunteer has left; register them anew first."""


class VolunteerWasErased(Rejected):
    """This volunteer asked to be forgotten."""


class DayHasNoMoreHours(Rejected):
    """With this the verified hours of the volunteer on this day would come to more than 24, over all engagements."""


def register(command: RegisterVolunteer, state: Volunteer) -> tuple[Any, ...]:
    c, r = command, state.registered
    if state.status == ERASED:
        raise VolunteerWasErased
    status = "paused" if state.status == "paused" else "active"
    told = (c.external_ref, c.skills, c.districts, c.times, c.languages, status)
    if r is not None and (r.external_ref, r.skills, r.districts, r.times, r.languages, state.status) == told:
        return ()
    return (VolunteerRegistered(c.volunteer_id, *told, c.at),)


def _known(state: Volunteer) -> str:
    if state.registered is None:
        raise VolunteerIsUnknown
    return state.registered.volunteer_id


def pause(command: PauseVolunteer, state: Volunteer) -> tuple[Any, ...]:
    volunteer_id = _present(state)
    return () if state.status == "paused" else (VolunteerPaused(volunteer_id, command.at),)


def resume(command: ResumeVolunteer, state: Volunteer) -> tuple[Any, ...]:
    volunteer_id = _present(state)
    return () if state.status == "active" else (VolunteerResumed(volunteer_id, command.at),)


def _present(state: Volunteer) -> str:
    volunteer_id = _known(state)
    if state.status in ("left", ERASED):
        raise VolunteerHasLeft
    return volunteer_id


def leave(command: LeaveVolunteer, state: Volunteer) -> tuple[Any, ...]:
    """Who has left can still ask to be forgotten."""
    volunteer_id = _known(state)
    if state.status == ERASED or (state.status == "left" and command.reason != ERASED):
        return ()
    return (VolunteerLeft(volunteer_id, command.reason, command.at),)


def confirm_active(_: ConfirmActive, state: Volunteer) -> tuple[Any, ...]:
    _known(state)
    if state.status != "active":
        raise VolunteerIsNotActive
    return ()


def credit(command: CreditHours, state: Volunteer) -> tuple[Any, ...]:
    """What was done before somebody left still counts."""
    c, volunteer_id = command, _known(state)
    key = (c.engagement_id, c.day)
    if state.minutes.get(key) == c.minutes:
        return ()
    elsewhere = sum([minutes for other, minutes in state.minutes.items() if other[1] == c.day and other != key])
    if elsewhere + c.minutes > DAY_MINUTES:
        raise DayHasNoMoreHours(day=c.day.isoformat())
    return (HoursCredited(volunteer_id, c.engagement_id, c.org_id, c.district, c.day, c.minutes, c.entry, c.at),)


def decide(command: Any, state: Volunteer) -> tuple[Any, ...]:
    match command:
        case RegisterVolunteer():
            return register(command, state)
        case PauseVolunteer():
            return pause(command, state)
        case ResumeVolunteer():
            return resume(command, state)
        case LeaveVolunteer():
            return leave(command, state)
        case ConfirmActive():
            return confirm_active(command, state)
        case CreditHours():
            return credit(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to a volunteer")


VOLUNTEER = Decider("volunteer", ABSENT, decide, evolve, COMMANDS, EVENTS)
