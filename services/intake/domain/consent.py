"""A consent: given -> withdrawn | expired. Purposes, kinds of recipients, how it was asked, until when; never a name."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

PURPOSES = ("referral", "payment", "contact", "statistics", "publication")


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


class WithdrawConsent(Struct, frozen=True, gc=False):
    at: datetime
    reason: str = "asked"


class ExpireConsent(Struct, frozen=True, gc=False):
    at: datetime


class ConsentGiven(Struct, frozen=True, gc=False):
    """`expires_at` is the instant after the last day."""

    consent_id: str
    case_id: str
    person_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    how: str
    at: datetime
    expires_on: date | None = None
    expires_at: datetime | None = None


class ConsentWithdrawn(Struct, frozen=True, gc=False):
    """`reason` is asked, case_withdrawn, erased or expired."""

    consent_id: str
    case_id: str
    person_id: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    at: datetime
    reason: str


class Consent(Struct, frozen=True, gc=False):
    """`status` is absent, given or withdrawn (`reason` says whether it ran out)."""

    status: str = "absent"
    given: ConsentGiven | None = None
    reason: str = ""


def evolve(state: Consent, event: ConsentGiven | ConsentWithdrawn) -> Consent:
    match event:
        case ConsentGiven():
            return Consent("given", event)
        case ConsentWithdrawn():
            return Consent("withdrawn", state.given, event.reason)
