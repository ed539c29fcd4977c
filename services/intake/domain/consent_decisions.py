"""Every yes and no about a consent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.intake.domain import consent as k
from services.intake.domain.consent import Consent, ConsentGiven, ConsentWithdrawn, ExpireConsent, GiveConsent, WithdrawConsent, evolve
from shared.kernel import Decider, Rejected


class ConsentIsUnknown(Rejected):
    """There is no such consent."""


class ConsentIsAnswered(Rejected):
    """This question has been answered already."""


class NothingToReview(Rejected):
    """Only what was shared in an emergency is reviewed."""


class ReviewedOtherwise(Rejected):
    """Somebody has reviewed this already, the other way."""


class ReviewNeedsAnother(Rejected):
    """Whoever shared it cannot review it; somebody else must look."""


def ask(command: k.AskConsent, state: Consent) -> tuple[k.Event, ...]:
    c = command
    if state.status != "absent":
        return ()
    return (k.ConsentAsked(c.consent_id, c.case_id, c.person_id, c.purposes, c.recipients, c.how, c.at),)


def give(command: GiveConsent, state: Consent) -> tuple[k.Event, ...]:
    """A consent is given once; a copy that comes after its withdrawal revives nothing."""
    if state.given is not None:
        return ()
    return (
        ConsentGiven(
            command.consent_id, command.case_id, command.person_id, command.purposes, command.recipients, command.how, command.at,
            command.expires_on, command.expires_at, command.read_by,
        ),
    )  # fmt: skip


def refuse(command: k.RefuseConsent, state: Consent) -> tuple[k.Event, ...]:
    if state.asked is None:
        raise ConsentIsUnknown
    if state.given is not None:
        raise ConsentIsAnswered(status=state.status)
    return () if state.status == "refused" else (k.ConsentRefused(state.asked.consent_id, state.asked.case_id, command.at),)


def share_in_emergency(command: k.ShareInEmergency, state: Consent) -> tuple[k.Event, ...]:
    c = command
    if state.given is not None:
        return ()
    return (
        k.SharedInEmergency(c.consent_id, c.case_id, c.person_id, c.purposes, c.recipients, c.by, c.at, c.expires_at, c.reason, c.above),
    )  # fmt: skip


def review(command: k.ReviewEmergency, state: Consent) -> tuple[k.Event, ...]:
    """Four eyes; what was wrong ends with the review, what has ended is reviewed all the same."""
    if state.given is None or not state.emergency:
        raise NothingToReview
    if state.reviewed and (state.reviewed == "upheld") != command.upheld:
        raise ReviewedOtherwise(reviewed=state.reviewed)
    if state.reviewed:
        return ()
    if command.by == state.given.read_by:
        raise ReviewNeedsAnother
    g = state.given
    reviewed = k.EmergencyReviewed(g.consent_id, g.case_id, command.upheld, command.by, command.at)
    return (reviewed,) if command.upheld else (reviewed, *_end(state, command.at, "not_upheld"))


def notice(command: k.NoticeExpiry, state: Consent) -> tuple[k.Event, ...]:
    g = state.given
    if g is None or state.status != "given" or state.noticed or g.expires_at is None:
        return ()
    return (k.ConsentExpiring(g.consent_id, g.case_id, g.expires_at, command.at),)


def withdraw(command: WithdrawConsent, state: Consent) -> tuple[k.Event, ...]:
    return _end(state, command.at, command.reason)


def expire(command: ExpireConsent, state: Consent) -> tuple[k.Event, ...]:
    if state.given is not None and (state.given.expires_at is None or state.given.expires_at > command.at):
        return ()
    return _end(state, command.at, "expired")


def _end(state: Consent, at: datetime, reason: str) -> tuple[k.Event, ...]:
    if state.given is None:
        raise ConsentIsUnknown
    if state.status == "withdrawn":
        return ()
    g = state.given
    return (ConsentWithdrawn(g.consent_id, g.case_id, g.person_id, g.purposes, g.recipients, at, reason),)


_OBEY: dict[type, Callable[[Any, Consent], tuple[k.Event, ...]]] = {
    k.AskConsent: ask,
    GiveConsent: give,
    k.RefuseConsent: refuse,
    k.ShareInEmergency: share_in_emergency,
    k.ReviewEmergency: review,
    k.NoticeExpiry: notice,
    WithdrawConsent: withdraw,
    ExpireConsent: expire,
}


def decide(command: Any, state: Consent) -> tuple[k.Event, ...]:
    return _OBEY[type(command)](command, state)


CONSENT = Decider(
    noun="consent", absent=Consent(), decide=decide, evolve=evolve, commands=tuple(_OBEY),
    events=(
        k.ConsentAsked, k.ConsentRefused, ConsentGiven, k.SharedInEmergency, k.EmergencyReviewed, k.ConsentExpiring, ConsentWithdrawn,
    ),
)  # fmt: skip
