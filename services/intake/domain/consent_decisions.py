"""Every yes and no about a consent."""

from __future__ import annotations

from datetime import datetime

from services.intake.domain.consent import Consent, ConsentGiven, ConsentWithdrawn, ExpireConsent, GiveConsent, WithdrawConsent, evolve
from shared.kernel import Decider, Rejected


class ConsentIsUnknown(Rejected):
    """There is no such consent."""


def give(command: GiveConsent, state: Consent) -> tuple[ConsentGiven, ...]:
    """A consent is given once; a copy that comes after its withdrawal revives nothing."""
    if state.given is not None:
        return ()
    return (
        ConsentGiven(
            command.consent_id, command.case_id, command.person_id, command.purposes, command.recipients, command.how, command.at,
            command.expires_on, command.expires_at,
        ),
    )  # fmt: skip


def withdraw(command: WithdrawConsent, state: Consent) -> tuple[ConsentWithdrawn, ...]:
    return _end(state, command.at, command.reason)


def expire(command: ExpireConsent, state: Consent) -> tuple[ConsentWithdrawn, ...]:
    if state.given is not None and (state.given.expires_at is None or state.given.expires_at > command.at):
        return ()
    return _end(state, command.at, "expired")


def _end(state: Consent, at: datetime, reason: str) -> tuple[ConsentWithdrawn, ...]:
    if state.given is None:
        raise ConsentIsUnknown
    if state.status == "withdrawn":
        return ()
    g = state.given
    return (ConsentWithdrawn(g.consent_id, g.case_id, g.person_id, g.purposes, g.recipients, at, reason),)


def decide(command: GiveConsent | WithdrawConsent | ExpireConsent, state: Consent) -> tuple[ConsentGiven | ConsentWithdrawn, ...]:
    match command:
        case GiveConsent():
            return give(command, state)
        case WithdrawConsent():
            return withdraw(command, state)
        case ExpireConsent():
            return expire(command, state)


CONSENT = Decider(
    noun="consent", absent=Consent(), decide=decide, evolve=evolve, commands=(GiveConsent, WithdrawConsent, ExpireConsent),
    events=(ConsentGiven, ConsentWithdrawn),
)  # fmt: skip
