"""How many may confirm, and which hours a host may verify."""

from __future__ import annotations

from typing import Any

from services.matching.domain.engagement import (
    ABSENT,
    COMMANDS,
    EVENTS,
    CloseEngagement,
    ConfirmEngagement,
    DeclineEngagement,
    Engagement,
    EngagementClosed,
    EngagementConfirmed,
    EngagementDeclined,
    EngagementOpened,
    HoursVerified,
    InviteVolunteer,
    OpenEngagement,
    Terms,
    VerifyHours,
    VolunteerInvited,
    evolve,
)
from services.matching.domain.volunteering import DAY_MINUTES
from shared.kernel import Decider, Rejected


class EngagementIsUnknown(Rejected):
    """There is no such engagement."""


class EngagementIsClosed(Rejected):
    """This engagement is closed."""


class EngagementIsFull(Rejected):
    """As many volunteers as are wanted have confirmed."""


class EngagementBelongsToAnother(Rejected):
    """This engagement is of another host."""


class FewerThanConfirmed(Rejected):
    """More volunteers have confirmed already than would be wanted."""


class DaysAreTurned(Rejected):
    """The last day lies before the first."""


class VolunteerIsNotInvited(Rejected):
    """This volunteer has not been invited, or has said no."""


class VolunteerDidNotConfirm(Rejected):
    """Hours are verified only of volunteers who had confirmed."""


class DayHasNotCome(Rejected):
    """Hours of a day are verified on that day or later."""


class DayIsOutside(Rejected):
    """This day lies outside of the days of the engagement."""


class MinutesAreNone(Rejected):
    """A day has 1 to 1440 minutes; only a correction may bring it to 0."""


class HoursAlreadyVerified(Rejected):
    """Other hours have been verified for this day; a correction needs a reason."""


def open_(command: OpenEngagement, state: Engagement) -> tuple[Any, ...]:
    new, before = command.terms, state.terms
    if new.last_day < new.first_day:
        raise DaysAreTurned
    if before is None:
        return (EngagementOpened(new, command.at),)
    if before.org_id != new.org_id:
        raise EngagementBelongsToAnother
    if before == new:
        return ()
    if state.closed:
        raise EngagementIsClosed
    if new.wanted < state.confirmed:
        raise FewerThanConfirmed(confirmed=state.confirmed)
    return (EngagementOpened(new, command.at, state.confirmed),)


def _known(state: Engagement) -> Terms:
    if state.terms is None:
        raise EngagementIsUnknown
    return state.terms


def _open(state: Engagement) -> Terms:
    terms = _known(state)
    if state.closed:
        raise EngagementIsClosed
    return terms


def _status(state: Engagement, volunteer_id: str) -> str:
    member = state.members.get(volunteer_id)
    return "" if member is None else member.status


def invite(command: InviteVolunteer, state: Engagement) -> tuple[Any, ...]:
    """Whoever said no may be asked again."""
    terms = _open(state)
    if _status(state, command.volunteer_id) in ("invited", "confirmed"):
        return ()
    return (VolunteerInvited(terms.engagement_id, command.volunteer_id, command.at),)


def confirm(command: ConfirmEngagement, state: Engagement) -> tuple[Any, ...]:
    terms, status = _open(state), _status(state, command.volunteer_id)
    if status == "confirmed":
        return ()
    if status != "invited":
        raise VolunteerIsNotInvited
    confirmed = state.confirmed
    if confirmed >= terms.wanted:
        raise EngagementIsFull(wanted=terms.wanted)
    t = terms
    return (
        EngagementConfirmed(
            t.engagement_id, command.volunteer_id, t.org_id, t.district, t.need, confirmed + 1, t.wanted, command.at, command.vouched
        ),
    )


def decline(command: DeclineEngagement, state: Engagement) -> tuple[Any, ...]:
    """Before or after having confirmed; then the place is free again."""
    terms, status = _known(state), _status(state, command.volunteer_id)
    if status == "declined":
        return ()
    if status == "":
        raise VolunteerIsNotInvited
    left = state.confirmed - (status == "confirmed")
    return (EngagementDeclined(terms.engagement_id, command.volunteer_id, command.reason, left, command.at),)


def close(command: CloseEngagement, state: Engagement) -> tuple[Any, ...]:
    terms = _known(state)
    return () if state.closed else (EngagementClosed(terms.engagement_id, command.reason, command.at),)


def verify(command: VerifyHours, state: Engagement) -> tuple[Any, ...]:
    c, t = command, _known(state)
    member = state.members.get(c.volunteer_id)
    if member is None or not member.served:
        raise VolunteerDidNotConfirm
    if c.day > c.today:
        raise DayHasNotCome(day=c.day.isoformat())
    known, entries = state.hours.get((c.volunteer_id, c.day), (0, 0))
    if entries and known == c.minutes:
        return ()
    if entries and c.reason is None:
        raise HoursAlreadyVerified(day=c.day.isoformat(), minutes=known)
    if not entries and not t.first_day <= c.day <= t.last_day:
        raise DayIsOutside(first_day=t.first_day.isoformat(), last_day=t.last_day.isoformat())
    if not (0 if entries else 1) <= c.minutes <= DAY_MINUTES:
        raise MinutesAreNone
    return (
        HoursVerified(t.engagement_id, c.volunteer_id, t.org_id, t.district, c.day, c.minutes, entries + 1, c.at, c.reason),
    )  # fmt: skip


def decide(command: Any, state: Engagement) -> tuple[Any, ...]:
    match command:
        case OpenEngagement():
            return open_(command, state)
        case InviteVolunteer():
            return invite(command, state)
        case ConfirmEngagement():
            return confirm(command, state)
        case DeclineEngagement():
            return decline(command, state)
        case CloseEngagement():
            return close(command, state)
        case VerifyHours():
            return verify(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to an engagement")


ENGAGEMENT = Decider("engagement", ABSENT, decide, evolve, COMMANDS, EVENTS)
