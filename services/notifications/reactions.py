"""What others said that notifications acts on: messages to people, and withdrawals that travel on."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from services.notifications.domain.correspondence import NoteContact, WriteMessage
from services.notifications.domain.withdrawal import NoteWithdrawal
from shared.envelope import Heard
from shared.service import Reaction, To

LANGUAGES = ("zh", "en")
_REFERRAL = "referral"
_CHARITY = "charity"


class CaseOpened(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    contact_by: str | None = None
    language: str | None = None


class ReferralAccepted(Struct, frozen=True, gc=False):
    case_id: str
    referral_id: str


class PayoutSettled(Struct, frozen=True, gc=False):
    case_id: str
    payout_id: str


class ConsentWithdrawn(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    consent_id: str
    purposes: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()


class SubjectErased(Struct, frozen=True, gc=False):
    person_id: str
    case_ids: tuple[str, ...] = ()


def on_case_opened(heard: Heard) -> Iterable[To]:
    said: CaseOpened = heard.data
    if not said.contact_by:
        return ()
    language = said.language if said.language in LANGUAGES else LANGUAGES[0]
    return (To("message", said.case_id, NoteContact(said.case_id, said.person_id, said.contact_by, language, heard.at)),)


def on_referral_accepted(heard: Heard) -> Iterable[To]:
    said: ReferralAccepted = heard.data
    return (To("message", said.case_id, WriteMessage("accepted", said.referral_id, heard.at)),)


def on_payout_settled(heard: Heard) -> Iterable[To]:
    """Did you receive it?"""
    said: PayoutSettled = heard.data
    return (To("message", said.case_id, WriteMessage("settled", said.payout_id, heard.at)),)


def on_consent_withdrawn(heard: Heard) -> Iterable[To]:
    """Only a consent that let charities hear of the case ends their hearing; one that names nothing covered everything."""
    said: ConsentWithdrawn = heard.data
    shared_for = not said.purposes or _REFERRAL in said.purposes
    shared_with = not said.recipients or _CHARITY in said.recipients
    if not (shared_for and shared_with):
        return ()
    return (To("withdrawal", said.consent_id, NoteWithdrawal(said.person_id, (said.case_id,), False, heard.at)),)


def on_subject_erased(heard: Heard) -> Iterable[To]:
    said: SubjectErased = heard.data
    return (To("withdrawal", said.person_id, NoteWithdrawal(said.person_id, said.case_ids, True, heard.at)),)


REACTIONS = (
    Reaction("intake.case_opened.v1", CaseOpened, on_case_opened),
    Reaction("matching.referral_accepted.v1", ReferralAccepted, on_referral_accepted),
    Reaction("disbursement.payout_settled.v1", PayoutSettled, on_payout_settled),
    Reaction("intake.consent_withdrawn.v1", ConsentWithdrawn, on_consent_withdrawn),
    Reaction("intake.subject_erased.v1", SubjectErased, on_subject_erased),
)
