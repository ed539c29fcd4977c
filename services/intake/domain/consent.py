"""A consent: asked -> given | refused; given -> withdrawn | expired. Purposes, kinds of recipients, how, by whom, until when; never a name.

Where life is in danger and nobody can be asked, what is needed may be shared without one for a few days: that says so, and is
reviewed by somebody else. It stands here as a consent that was not given but taken: `how` is emergency.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Shredded

EMERGENCY = "emergency"
PURPOSES = ("referral", "payment", "contact", "statistics", "publication")


class AskConsent(Struct, frozen=True, gc=False):
    """Somebody has been asked and will answer later; `how` as in `GiveConsent`."""

    consent_id: str
    case_id: str
    person_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    how: str
    at: datetime


class RefuseConsent(Struct, frozen=True, gc=False):
    """The answer is no."""

    at: datetime


class ShareInEmergency(Struct, frozen=True, gc=False):
    """Share without a consent, with a reason in words, until `expires_at`; whether it may be is the case's to say.

    `above` says that somebody does it who answers for what others decided.
    """

    consent_id: str
    case_id: str
    person_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    reason: str
    by: str
    at: datetime
    expires_at: datetime
    above: bool = False


class ReviewEmergency(Struct, frozen=True, gc=False):
    """Somebody else looked: `upheld`, or it was wrong and ends."""

    upheld: bool
    by: str
    at: datetime


class NoticeExpiry(Struct, frozen=True, gc=False):
    """It runs out soon: time to ask again."""

    at: datetime


class GiveConsent(Struct, frozen=True, gc=False):
    """`how` is read_aloud, signed, click, recorded or representative; `expires_on` is the last day it holds, None: until withdrawn."""

    consent_id: str
    case_id: str
    person_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    how: str
    at: datetime
    expires_on: date | None = None
    expires_at: datetime | None = None
    read_by: str = ""


class WithdrawConsent(Struct, frozen=True, gc=False):
    at: datetime
    reason: str = "asked"


class ExpireConsent(Struct, frozen=True, gc=False):
    at: datetime


class ConsentAsked(Struct, frozen=True, gc=False):
    consent_id: str
    case_id: str
    person_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    how: str
    at: datetime


class ConsentRefused(Struct, frozen=True, gc=False):
    consent_id: str
    case_id: str
    at: datetime


class SharedInEmergency(Struct, frozen=True, gc=False):
    consent_id: str
    case_id: str
    person_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    by: str
    at: datetime
    expires_at: datetime
    reason: str | Shredded
    above: bool = False


class EmergencyReviewed(Struct, frozen=True, gc=False):
    consent_id: str
    case_id: str
    upheld: bool
    by: str
    at: datetime


class ConsentExpiring(Struct, frozen=True, gc=False):
    consent_id: str
    case_id: str
    expires_at: datetime
    at: datetime


class ConsentGiven(Struct, frozen=True, gc=False):
    """`expires_at` is the instant after the last day; `read_by` is who read the text and heard the answer."""

    consent_id: str
    case_id: str
    person_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    how: str
    at: datetime
    expires_on: date | None = None
    expires_at: datetime | None = None
    read_by: str = ""


class ConsentWithdrawn(Struct, frozen=True, gc=False):
    """`reason` is asked, case_withdrawn, erased, expired or not_upheld (an emergency that was none)."""

    consent_id: str
    case_id: str
    person_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    at: datetime
    reason: str


class Consent(Struct, frozen=True, gc=False):
    """`status` is absent, asked, refused, given or withdrawn (`reason` says whether it ran out).

    `emergency` says that nobody was asked, `reviewed` that somebody else has looked at that.
    """

    status: str = "absent"
    given: ConsentGiven | None = None
    reason: str = ""
    asked: ConsentAsked | None = None
    emergency: bool = False
    reviewed: str = ""
    noticed: bool = False


Event = ConsentAsked | ConsentRefused | ConsentGiven | SharedInEmergency | EmergencyReviewed | ConsentExpiring | ConsentWithdrawn


def evolve(state: Consent, event: Event) -> Consent:
    match event:
        case ConsentAsked():
            return replace(state, status="asked", asked=event)
        case ConsentRefused():
            return replace(state, status="refused")
        case ConsentGiven():
            return replace(state, status="given", given=event)
        case SharedInEmergency():
            e = event
            taken = ConsentGiven(e.consent_id, e.case_id, e.person_id, e.purposes, e.recipients, EMERGENCY, e.at, None, e.expires_at, e.by)
            return replace(state, status="given", given=taken, emergency=True)
        case EmergencyReviewed():
            return replace(state, reviewed="upheld" if event.upheld else "not_upheld")
        case ConsentExpiring():
            return replace(state, noticed=True)
        case ConsentWithdrawn():
            return replace(state, status="withdrawn", reason=event.reason)
