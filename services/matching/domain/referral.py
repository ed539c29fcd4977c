"""A referral: one provider, one need of one case.

absent --OfferReferral--> offered --AcceptReferral--> accepted --ScheduleReferral--> scheduled --Attend--> attended | unattended
offered --DeclineReferral | LapseReferral | RevokeReferral--> declined | lapsed | revoked (the next provider is asked, unless revoked)
accepted | scheduled | attended | unattended --StartService--> in_service --ServeReferral--> served --CloseReferral--> closed
accepted .. in_service --FailGrant--> in_service without a grant: back to the provider, who may grant anew
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from services.matching.domain.asking import About, Ask, Grant
from services.matching.domain.rulebook import Limit

DECLINE_REASONS = (
    "no_capacity", "not_eligible", "out_of_area", "missing_document", "lack_of_resources", "additional_assessment_required", "other",
)  # fmt: skip
CLOSING_REASONS = (
    "got_help", "referred_elsewhere", "could_not_contact", "not_eligible", "no_capacity", "could_not_get_help", "no_longer_interested",
)  # fmt: skip


class OfferReferral(Struct, frozen=True, gc=False):
    """`fund_id` where the provider accepts by itself; `amount_fen`, `kind` and `limits` are what the programme would give."""

    about: About
    ask: Ask
    due_at: datetime
    at: datetime
    kind: str = ""
    amount_fen: int = 0
    limits: tuple[Limit, ...] = ()
    fund_id: str | None = None


class AcceptReferral(Struct, frozen=True, gc=False):
    grant: Grant | None
    at: datetime


class DeclineReferral(Struct, frozen=True, gc=False):
    reason: str
    at: datetime


class LapseReferral(Struct, frozen=True, gc=False):
    at: datetime


class RevokeReferral(Struct, frozen=True, gc=False):
    """By consequence of a withdrawal: what cannot be revoked any more stays as it is, without complaint."""

    reason: str
    at: datetime


class ScheduleReferral(Struct, frozen=True, gc=False):
    appointment_at: datetime
    at: datetime


class AttendReferral(Struct, frozen=True, gc=False):
    came: bool
    at: datetime


class StartService(Struct, frozen=True, gc=False):
    at: datetime


class ServeReferral(Struct, frozen=True, gc=False):
    """`closes` when the help itself has arrived (money settled, goods issued)."""

    at: datetime
    closes: bool = False


class CloseReferral(Struct, frozen=True, gc=False):
    reason: str
    at: datetime


class FailGrant(Struct, frozen=True, gc=False):
    reason: str
    at: datetime


class ReferralOffered(Struct, frozen=True, gc=False):
    about: About
    ask: Ask
    due_at: datetime
    at: datetime
    kind: str = ""
    amount_fen: int = 0
    limits: tuple[Limit, ...] = ()
    fund_id: str | None = None


class ReferralAccepted(Struct, frozen=True, gc=False):
    about: About
    grant: Grant | None
    at: datetime
    again: bool = False


class ReferralDeclined(Struct, frozen=True, gc=False):
    about: About
    reason: str
    at: datetime
    next: Ask | None = None


class ReferralLapsed(Struct, frozen=True, gc=False):
    about: About
    at: datetime
    next: Ask | None = None


class ReferralRevoked(Struct, frozen=True, gc=False):
    about: About
    reason: str
    at: datetime


class ReferralScheduled(Struct, frozen=True, gc=False):
    about: About
    appointment_at: datetime
    at: datetime


class ReferralAttended(Struct, frozen=True, gc=False):
    about: About
    came: bool
    at: datetime


class ServiceStarted(Struct, frozen=True, gc=False):
    about: About
    at: datetime


class ReferralServed(Struct, frozen=True, gc=False):
    """`closes`: served and closed at once, because the help has arrived."""

    about: About
    at: datetime
    closes: bool = False


class ReferralClosed(Struct, frozen=True, gc=False):
    """`used`: the place was used (served before); `granted`: a grant stands that has not arrived."""

    about: About
    reason: str
    at: datetime
    used: bool = False
    granted: bool = False


class GrantNotKept(Struct, frozen=True, gc=False):
    about: About
    reason: str
    at: datetime
    next: Ask | None = None


class Referral(Struct, frozen=True, gc=False):
    status: str = "absent"
    offer: ReferralOffered | None = None
    grant: Grant | None = None
    grant_failed: str | None = None
    appointment_at: datetime | None = None
    reason: str | None = None


ABSENT = Referral()
COMMANDS = (
    OfferReferral, AcceptReferral, DeclineReferral, LapseReferral, RevokeReferral, ScheduleReferral, AttendReferral, StartService,
    ServeReferral, CloseReferral, FailGrant,
)  # fmt: skip
EVENTS = (
    ReferralOffered, ReferralAccepted, ReferralDeclined, ReferralLapsed, ReferralRevoked, ReferralScheduled, ReferralAttended,
    ServiceStarted, ReferralServed, ReferralClosed, GrantNotKept,
)  # fmt: skip


def evolve(state: Referral, event: Any) -> Referral:
    to = msgspec.structs.replace
    match event:
        case ReferralOffered():
            return Referral("offered", event)
        case ReferralAccepted():
            return to(state, status="in_service" if event.again else "accepted", grant=event.grant, grant_failed=None)
        case ReferralServed():
            return to(state, status="closed", reason="got_help") if event.closes else to(state, status="served")
        case ReferralDeclined():
            return to(state, status="declined", reason=event.reason)
        case ReferralLapsed():
            return to(state, status="lapsed")
        case ReferralRevoked():
            return to(state, status="revoked", reason=event.reason)
        case ReferralScheduled():
            return to(state, status="scheduled", appointment_at=event.appointment_at)
        case ReferralAttended():
            return to(state, status="attended" if event.came else "unattended")
        case ServiceStarted():
            return to(state, status="in_service")
        case ReferralClosed():
            return to(state, status="closed", reason=event.reason)
        case GrantNotKept():
            return to(state, status="in_service", grant=None, grant_failed=event.reason)
    raise AssertionError(f"{type(event).__name__} is no event of a referral")
