"""A referral: one provider, one need of one case.

absent --DraftReferral--> drafted --OfferReferral--> offered
absent --OfferReferral--> offered --AcceptReferral--> accepted --ScheduleReferral--> scheduled --Attend--> attended | unattended
offered --DeclineReferral | LapseReferral | RevokeReferral--> declined | lapsed | revoked (the next provider is asked, unless revoked)
accepted | scheduled | attended | unattended --StartService--> in_service --ServeReferral--> served --CloseReferral--> closed
accepted .. in_service --FailGrant--> in_service without a grant: back to the provider, who may grant anew
closed | revoked --ReopenReferral--> as it was, and offered to the same provider under another id; accepted .. in_service --HandOut-->
the same, but done in an outside system until it --HandBack--> comes back with what it says. Tries to reach a person are NoteContact.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct

from services.matching.domain.asking import About, Ask, Grant
from services.matching.domain.rulebook import Limit

DeclineReason = Literal[
    "no_capacity", "not_eligible", "out_of_area", "missing_document", "lack_of_resources", "additional_assessment_required", "other",
]  # fmt: skip
DECLINE_REASONS: tuple[DeclineReason, ...] = get_args(DeclineReason)
ClosingReason = Literal[
    "got_help", "referred_elsewhere", "could_not_contact", "not_eligible", "no_capacity", "could_not_get_help", "no_longer_interested",
]  # fmt: skip
CLOSING_REASONS: tuple[ClosingReason, ...] = get_args(ClosingReason)


ContactOutcome = Literal["reached", "no_answer", "wrong_number", "left_message", "refused_to_talk"]
CONTACT_OUTCOMES: tuple[ContactOutcome, ...] = get_args(ContactOutcome)
ContactChannel = Literal["telephone", "message", "visit", "other"]
CONTACT_CHANNELS: tuple[ContactChannel, ...] = get_args(ContactChannel)
# Before somebody counts as not to be reached: tries, and on how many different days. ASSUMPTION
CONTACT_TRIES_LEAST, CONTACT_DAYS_LEAST = 3, 2


class DraftReferral(Struct, frozen=True, gc=False):
    """Prepared by a person and shown to nobody outside until it is offered."""

    about: About
    at: datetime


class RemindReferral(Struct, frozen=True, gc=False):
    """Half the time to answer is over."""

    at: datetime


class NoteContact(Struct, frozen=True, gc=False):
    """A try to reach the person; `day` is the day of it in Guangzhou."""

    channel: str
    outcome: str
    day: date
    at: datetime


class HandOut(Struct, frozen=True, gc=False):
    """The work goes on in an outside system under its `reference`; without a word until `due_at` it comes back."""

    system: str
    reference: str
    due_at: datetime
    at: datetime


class HandBack(Struct, frozen=True, gc=False):
    """The outside system gives it back; `outcome`: done, not_done or silent."""

    outcome: str
    at: datetime


class ReopenReferral(Struct, frozen=True, gc=False):
    """What was closed without help, or taken back, goes on after all as the referral `as_id`."""

    as_id: str
    at: datetime


class OfferReferral(Struct, frozen=True, gc=False):
    """`fund_id` where the provider accepts by itself; `why` it is this one; `amount_fen`, `kind` and `limits` are what the programme would give."""

    about: About
    ask: Ask
    due_at: datetime
    at: datetime
    kind: str = ""
    amount_fen: int = 0
    limits: tuple[Limit, ...] = ()
    fund_id: str | None = None
    why: tuple[str, ...] = ()


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


class ReferralDrafted(Struct, frozen=True, gc=False):
    about: About
    at: datetime


class DraftDiscarded(Struct, frozen=True, gc=False):
    about: About
    reason: str
    at: datetime


class ReferralReminded(Struct, frozen=True, gc=False):
    about: About
    due_at: datetime
    at: datetime


class ContactNoted(Struct, frozen=True, gc=False):
    """`tries` in a row have reached nobody."""

    about: About
    status: str
    channel: str
    outcome: str
    tries: int
    day: date
    at: datetime


class ReferralHandedOut(Struct, frozen=True, gc=False):
    about: About
    status: str
    system: str
    reference: str
    due_at: datetime
    at: datetime


class ReferralHandedBack(Struct, frozen=True, gc=False):
    about: About
    status: str
    system: str
    outcome: str
    at: datetime


class ReferralReopened(Struct, frozen=True, gc=False):
    about: About
    as_id: str
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
    why: tuple[str, ...] = ()


class ReferralAccepted(Struct, frozen=True, gc=False):
    about: About
    grant: Grant | None
    at: datetime
    again: bool = False
    group: str | None = None


class ReferralDeclined(Struct, frozen=True, gc=False):
    about: About
    reason: str
    at: datetime
    next: Ask | None = None
    group: str | None = None


class ReferralLapsed(Struct, frozen=True, gc=False):
    about: About
    at: datetime
    next: Ask | None = None
    group: str | None = None


class ReferralRevoked(Struct, frozen=True, gc=False):
    about: About
    reason: str
    at: datetime
    group: str | None = None


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
    drafted: About | None = None
    tried: tuple[date, ...] = ()
    outside: str | None = None
    reopened_as: str | None = None

    @property
    def about(self) -> About | None:
        return self.offer.about if self.offer is not None else self.drafted


ABSENT = Referral()
COMMANDS = (
    OfferReferral, AcceptReferral, DeclineReferral, LapseReferral, RevokeReferral, ScheduleReferral, AttendReferral, StartService,
    ServeReferral, CloseReferral, FailGrant, DraftReferral, RemindReferral, NoteContact, HandOut, HandBack, ReopenReferral,
)  # fmt: skip
EVENTS = (
    ReferralOffered, ReferralAccepted, ReferralDeclined, ReferralLapsed, ReferralRevoked, ReferralScheduled, ReferralAttended,
    ServiceStarted, ReferralServed, ReferralClosed, GrantNotKept, ReferralDrafted, ReferralReminded, ContactNoted, ReferralHandedOut,
    ReferralHandedBack, ReferralReopened, DraftDiscarded,
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
        case ReferralDrafted():
            return Referral("drafted", drafted=event.about)
        case DraftDiscarded():
            return Referral("revoked", reason=event.reason)
        case ReferralReminded():
            return state
        case ContactNoted():
            return to(state, tried=() if event.outcome == "reached" else (*state.tried, event.day))
        case ReferralHandedOut():
            return to(state, outside=event.system)
        case ReferralHandedBack():
            return to(state, outside=None)
        case ReferralReopened():
            return to(state, reopened_as=event.as_id)
    raise AssertionError(f"{type(event).__name__} is no event of a referral")
