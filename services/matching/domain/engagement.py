"""An engagement: a host asks for so many volunteers; they are invited, confirm, and the host verifies what they did.

    open --CloseEngagement--> closed;  a volunteer: invited --confirm--> confirmed, invited | confirmed --decline--> declined --invite--> invited

Hours can be verified after the close too. What was verified is never edited: a correction is one more entry, with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

DeclineReason = Literal["no_time", "too_far", "not_suited", "ill", "no_answer", "other"]
DECLINE_REASONS: tuple[DeclineReason, ...] = get_args(DeclineReason)
LEFT = "left"  # said for whoever volunteers no more
CloseReason = Literal["done", "cancelled", "mistake"]
CLOSE_REASONS: tuple[CloseReason, ...] = get_args(CloseReason)
CorrectionReason = Literal["miscounted", "was_absent", "wrong_volunteer", "wrong_day", "was_left_out", "other"]
CORRECTION_REASONS: tuple[CorrectionReason, ...] = get_args(CorrectionReason)


class Terms(Struct, frozen=True):
    """What is asked for: `skills` and `languages` may be none, `times` are parts of a week between `first_day` and `last_day`."""

    engagement_id: str
    org_id: str
    need: str
    skills: tuple[str, ...]
    district: str
    times: tuple[str, ...]
    languages: tuple[str, ...]
    wanted: int
    first_day: date
    last_day: date
    referral_id: str | None = None
    case_id: str | None = None


class OpenEngagement(Struct, frozen=True):
    """Open, or open with other terms."""

    terms: Terms
    at: datetime


class InviteVolunteer(Struct, frozen=True):
    volunteer_id: str
    at: datetime


class ConfirmEngagement(Struct, frozen=True):
    """`vouched`: said by those who match volunteers or by their platform, not by the host alone."""

    volunteer_id: str
    at: datetime
    vouched: bool = True


class DeclineEngagement(Struct, frozen=True):
    volunteer_id: str
    reason: str
    at: datetime


class CloseEngagement(Struct, frozen=True):
    reason: str
    at: datetime


class VerifyHours(Struct, frozen=True):
    """`minutes` of one volunteer on one day, told on `today`; `reason` only where it corrects what was told before."""

    volunteer_id: str
    day: date
    minutes: int
    today: date
    at: datetime
    reason: str | None = None


class EngagementOpened(Struct, frozen=True):
    terms: Terms
    at: datetime
    confirmed: int = 0


class VolunteerInvited(Struct, frozen=True):
    engagement_id: str
    volunteer_id: str
    at: datetime


class EngagementConfirmed(Struct, frozen=True):
    """`confirmed` is how many there are with this one."""

    engagement_id: str
    volunteer_id: str
    org_id: str
    district: str
    need: str
    confirmed: int
    wanted: int
    at: datetime
    vouched: bool = True


class EngagementDeclined(Struct, frozen=True):
    """`confirmed` is how many there are without this one."""

    engagement_id: str
    volunteer_id: str
    reason: str
    confirmed: int
    at: datetime


class EngagementClosed(Struct, frozen=True):
    engagement_id: str
    reason: str
    at: datetime


class HoursVerified(Struct, frozen=True):
    """One more word of the host about this volunteer's day; `entry` counts them from 1, the last one counts."""

    engagement_id: str
    volunteer_id: str
    org_id: str
    district: str
    day: date
    minutes: int
    entry: int
    at: datetime
    reason: str | None = None


class Member(Struct, frozen=True):
    """`status`: invited, confirmed or declined; `served` once they had confirmed."""

    status: str
    served: bool = False


class Engagement(Struct, frozen=True):
    """`hours` by volunteer and day: minutes that count, and how many entries led to them."""

    terms: Terms | None = None
    closed: bool = False
    members: Mapping[str, Member] = {}
    hours: Mapping[tuple[str, date], tuple[int, int]] = {}

    @property
    def confirmed(self) -> int:
        return sum([member.status == "confirmed" for member in self.members.values()])


ABSENT = Engagement()
COMMANDS = (OpenEngagement, InviteVolunteer, ConfirmEngagement, DeclineEngagement, CloseEngagement, VerifyHours)
EVENTS = (EngagementOpened, VolunteerInvited, EngagementConfirmed, EngagementDeclined, EngagementClosed, HoursVerified)


def _with(state: Engagement, volunteer_id: str, status: str) -> Engagement:
    before = state.members.get(volunteer_id)
    served = status == "confirmed" or (before is not None and before.served)
    return replace(state, members={**state.members, volunteer_id: Member(status, served)})


def evolve(state: Engagement, event: Any) -> Engagement:
    match event:
        case EngagementOpened():
            return replace(state, terms=event.terms)
        case VolunteerInvited():
            return _with(state, event.volunteer_id, "invited")
        case EngagementConfirmed():
            return _with(state, event.volunteer_id, "confirmed")
        case EngagementDeclined():
            return _with(state, event.volunteer_id, "declined")
        case EngagementClosed():
            return replace(state, closed=True)
        case HoursVerified():
            return replace(state, hours={**state.hours, (event.volunteer_id, event.day): (event.minutes, event.entry)})
    raise AssertionError(f"{type(event).__name__} is no event of an engagement")
