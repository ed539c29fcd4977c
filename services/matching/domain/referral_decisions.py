"""Every yes and no about a referral: one winner, deadlines, re-routing, grants kept and not kept."""

from __future__ import annotations

from typing import Any

from services.matching.domain import referral as r
from services.matching.domain.asking import asked_next, asked_without
from services.matching.domain.referral import ABSENT, COMMANDS, EVENTS, Referral, evolve
from shared.kernel import Decider, Rejected

_UNDER_WAY = frozenset(("accepted", "scheduled", "attended", "unattended", "in_service"))
_FOR_GOOD = frozenset(("got_help", "subject_erased", "taken_by_another"))
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


class ContactNotTriedEnough(Rejected):
    """Somebody counts as not to be reached after three tries on two different days."""


class ReferralIsOutside(Rejected):
    """This referral is being worked on in an outside system."""


class ReferralIsNotOutside(Rejected):
    """This referral is not with an outside system."""


class ReferralCannotBeReopened(Rejected):
    """Only a referral that was closed without help, or taken back, can be opened again."""


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
    return (r.ReferralOffered(c.about, c.ask, c.due_at, c.at, c.kind, c.amount_fen, c.limits, c.fund_id, c.why),)


def accept(command: r.AcceptReferral, state: Referral) -> tuple[Any, ...]:
    """An open offer; or, when a grant was not kept, a new grant for the same referral."""
    offered, grant = _offer(state), command.grant
    if grant is not None and not (grant.amount_fen > 0 if grant.kind == "cash" else any(i.quantity > 0 for i in grant.items)):
        raise GrantIsEmpty
    if state.status == "offered":
        return (r.ReferralAccepted(offered.about, grant, command.at, group=offered.ask.group),)
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
    next_ = asked_next(offered.ask, offered.about.service_id)
    return (r.ReferralDeclined(offered.about, command.reason, command.at, next_, offered.ask.group),)


def lapse(command: r.LapseReferral, state: Referral) -> tuple[Any, ...]:
    if state.status != "offered" or state.offer is None:
        return ()
    ask = state.offer.ask
    return (r.ReferralLapsed(state.offer.about, command.at, asked_next(ask, state.offer.about.service_id), ask.group),)


def revoke(command: r.RevokeReferral, state: Referral) -> tuple[Any, ...]:
    if state.drafted is not None:
        return (r.DraftDiscarded(state.drafted, command.reason, command.at),)
    taken_back = state.status == "offered" or (state.status in _UNDER_WAY and state.grant is None)
    if state.offer is None or not taken_back:
        return ()
    # Whoever is under way has won already: their end is none of the others' business.
    return (r.ReferralRevoked(state.offer.about, command.reason, command.at, state.offer.ask.group if state.status == "offered" else None),)


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
    if state.status == "offered" and offered.ask.group is not None:
        raise ReferralIsNotUnderWay(state=state.status)  # one of several is taken or declined, so that the others hear of it
    if command.reason == "could_not_contact":
        _tried_enough(state)
    granted = state.grant is not None and state.status != "served"
    return (r.ReferralClosed(offered.about, command.reason, command.at, state.status == "served", granted),)


def _tried_enough(state: Referral) -> None:
    if len(state.tried) < r.CONTACT_TRIES_LEAST or len(set(state.tried)) < r.CONTACT_DAYS_LEAST:
        raise ContactNotTriedEnough(tries=len(state.tried), days=len(set(state.tried)))


def draft(command: r.DraftReferral, state: Referral) -> tuple[Any, ...]:
    if state.offer is not None:
        raise ReferralAlreadyOffered(referral_id=command.about.referral_id)
    return () if state.drafted == command.about else (r.ReferralDrafted(command.about, command.at),)


def remind(command: r.RemindReferral, state: Referral) -> tuple[Any, ...]:
    """Whoever has answered needs no reminder."""
    if state.status != "offered" or state.offer is None:
        return ()
    return (r.ReferralReminded(state.offer.about, state.offer.due_at, command.at),)


def _under_way(state: Referral) -> r.ReferralOffered:
    offered = _offer(state)
    if state.status not in _UNDER_WAY:
        raise ReferralIsNotUnderWay(state=state.status)
    return offered


def note_contact(command: r.NoteContact, state: Referral) -> tuple[Any, ...]:
    offered = _under_way(state)
    if command.channel not in r.CONTACT_CHANNELS or command.outcome not in r.CONTACT_OUTCOMES:
        raise ReasonIsUnknown(reason=command.outcome)
    tries = 0 if command.outcome == "reached" else len(state.tried) + 1
    return (r.ContactNoted(offered.about, state.status, command.channel, command.outcome, tries, command.day, command.at),)


def hand_out(command: r.HandOut, state: Referral) -> tuple[Any, ...]:
    c, offered = command, _under_way(state)
    if state.outside == c.system:
        return ()
    if state.outside is not None:
        raise ReferralIsOutside(system=state.outside)
    return (r.ReferralHandedOut(offered.about, state.status, c.system, c.reference, c.due_at, c.at),)


def hand_back(command: r.HandBack, state: Referral) -> tuple[Any, ...]:
    """Silence is told by the schedule, also where somebody was quicker."""
    offered = _offer(state)
    if state.outside is None or state.status not in _UNDER_WAY:
        if command.outcome == "silent":
            return ()
        raise ReferralIsNotOutside
    return (r.ReferralHandedBack(offered.about, state.status, state.outside, command.outcome, command.at),)


def reopen(command: r.ReopenReferral, state: Referral) -> tuple[Any, ...]:
    offered = _offer(state)
    if state.reopened_as is not None or state.status not in ("closed", "revoked") or state.reason in _FOR_GOOD:
        raise ReferralCannotBeReopened(state=state.status)
    return (r.ReferralReopened(offered.about, command.as_id, command.at),)


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
        case r.DraftReferral():
            return draft(command, state)
        case r.RemindReferral():
            return remind(command, state)
        case r.NoteContact():
            return note_contact(command, state)
        case r.HandOut():
            return hand_out(command, state)
        case r.HandBack():
            return hand_back(command, state)
        case r.ReopenReferral():
            return reopen(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to a referral")


REFERRAL = Decider("referral", ABSENT, decide, evolve, COMMANDS, EVENTS)
