"""Every yes and no about a referral: one winner, deadlines, re-routing, grants kept and not kept."""

from __future__ import annotations

from typing import Any

from services.matching.domain import referral as r
from services.matching.domain.asking import asked_next, asked_without
from services.matching.domain.referral import ABSENT, COMMANDS, EVENTS, Referral, evolve
from shared.kernel import Decider, Rejected

_UNDER_WAY = frozenset(("accepted", "scheduled", "attended", "unattended", "in_service"))
_OVER = frozenset(("declined", "lapsed", "revoked", "closed"))


class ReferralIsUnknown(Rejected):
    """There is no such referral."""


class ReferralIsNotOpenToAnswers(Rejected):
    """This offer has been answered, has lapsed or was revoked."""


class ReferralIsNotUnderWay(Rejected):
    """This can only be done while an accepted referral is under way."""


class ReferralIsOver(Rejected):
    """This referral has come to its end."""


class ReferralAlreadyOffered(Rejected):
    """This referral has been offered to somebody before."""


class ReasonIsUnknown(Rejected):
    """This reason is not on the list."""


class GrantIsEmpty(Rejected):
    """A grant needs a sum above zero, or goods with a quantity above zero."""


def _offer(state: Referral) -> r.ReferralOffered:
    if state.offer is None:
        raise ReferralIsUnknown
    return state.offer


def offer(command: r.OfferReferral, state: Referral) -> tuple[Any, ...]:
    c = command
    if state.offer is not None:
        raise ReferralAlreadyOffered(referral_id=c.about.referral_id)
    return (r.ReferralOffered(c.about, c.ask, c.due_at, c.at, c.kind, c.amount_fen, c.limits, c.fund_id),)


def accept(command: r.AcceptReferral, state: Referral) -> tuple[Any, ...]:
    """An open offer; or, when a grant was not kept, a new grant for the same referral."""
    offered, grant = _offer(state), command.grant
    if grant is not None and not (grant.amount_fen > 0 if grant.kind == "cash" else any(i.quantity > 0 for i in grant.items)):
        raise GrantIsEmpty
    if state.status == "offered":
        return (r.ReferralAccepted(offered.about, grant, command.at),)
    if state.status in _UNDER_WAY:
        if grant is None or grant == state.grant:
            return ()
        if state.grant is None:
            return (r.ReferralAccepted(offered.about, grant, command.at, True),)
    raise ReferralIsNotOpenToAnswers(state=state.status)


def decline(command: r.DeclineReferral, state: Referral) -> tuple[Any, ...]:
    offered = _offer(state)
    if command.reason not in r.DECLINE_REASONS:
        raise ReasonIsUnknown(reason=command.reason)
    if state.status == "declined" and state.reason == command.reason:
        return ()
    if state.status != "offered":
        raise ReferralIsNotOpenToAnswers(state=state.status)
    return (r.ReferralDeclined(offered.about, command.reason, command.at, asked_next(offered.ask, offered.about.service_id)),)


def lapse(command: r.LapseReferral, state: Referral) -> tuple[Any, ...]:
    if state.status != "offered" or state.offer is None:
        return ()
    return (r.ReferralLapsed(state.offer.about, command.at, asked_next(state.offer.ask, state.offer.about.service_id)),)


def revoke(command: r.RevokeReferral, state: Referral) -> tuple[Any, ...]:
    taken_back = state.status == "offered" or (state.status in _UNDER_WAY and state.grant is None)
    if state.offer is None or not taken_back:
        return ()
    return (r.ReferralRevoked(state.offer.about, command.reason, command.at),)


def schedule(command: r.ScheduleReferral, state: Referral) -> tuple[Any, ...]:
    offered = _offer(state)
    if state.status == "scheduled" and state.appointment_at == command.appointment_at:
        return ()
    if state.status not in _UNDER_WAY:
        raise ReferralIsNotUnderWay(state=state.status)
    return (r.ReferralScheduled(offered.about, command.appointment_at, command.at),)


def attend(command: r.AttendReferral, state: Referral) -> tuple[Any, ...]:
    offered = _offer(state)
    if state.status == ("attended" if command.came else "unattended"):
        return ()
    if state.status not in _UNDER_WAY:
        raise ReferralIsNotUnderWay(state=state.status)
    return (r.ReferralAttended(offered.about, command.came, command.at),)


def start(command: r.StartService, state: Referral) -> tuple[Any, ...]:
    offered = _offer(state)
    if state.status == "in_service":
        return ()
    if state.status not in _UNDER_WAY:
        raise ReferralIsNotUnderWay(state=state.status)
    return (r.ServiceStarted(offered.about, command.at),)


def serve(command: r.ServeReferral, state: Referral) -> tuple[Any, ...]:
    offered = _offer(state)
    if state.status == "served":
        return (r.ReferralClosed(offered.about, "got_help", command.at, True),) if command.closes else ()
    if state.status == "closed":
        return ()
    if state.status not in _UNDER_WAY:
        raise ReferralIsNotUnderWay(state=state.status)
    return (r.ReferralServed(offered.about, command.at, command.closes),)


def close(command: r.CloseReferral, state: Referral) -> tuple[Any, ...]:
    offered = _offer(state)
    if command.reason not in r.CLOSING_REASONS:
        raise ReasonIsUnknown(reason=command.reason)
    if state.status == "closed" and state.reason == command.reason:
        return ()
    if state.status in _OVER:
        raise ReferralIsOver(state=state.status)
    granted = state.grant is not None and state.status != "served"
    return (r.ReferralClosed(offered.about, command.reason, command.at, state.status == "served", granted),)


def fail_grant(command: r.FailGrant, state: Referral) -> tuple[Any, ...]:
    """Money or goods did not come: the referral goes on without, and the next programme is tried."""
    if state.offer is None or state.grant is None or state.status not in _UNDER_WAY:
        return ()
    about = state.offer.about
    return (r.GrantNotKept(about, command.reason, command.at, asked_without(state.offer.ask, about.programme)),)


def decide(command: Any, state: Referral) -> tuple[Any, ...]:
    match command:
        case r.OfferReferral():
            return offer(command, state)
        case r.AcceptReferral():
            return accept(command, state)
        case r.ServeReferral():
            return serve(command, state)
        case r.DeclineReferral():
            return decline(command, state)
        case r.LapseReferral():
            return lapse(command, state)
        case r.RevokeReferral():
            return revoke(command, state)
        case r.ScheduleReferral():
            return schedule(command, state)
        case r.AttendReferral():
            return attend(command, state)
        case r.StartService():
            return start(command, state)
        case r.CloseReferral():
            return close(command, state)
        case r.FailGrant():
            return fail_grant(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to a referral")


REFERRAL = Decider("referral", ABSENT, decide, evolve, COMMANDS, EVENTS)
