"""A campaign that raises money for a fund between two days, by an organisation that may; and the reports it owes the public.

absent --Open--> open --donations, reports--> ... --Close--> closed
"""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Decider, Rejected

REGISTERED_YEARS = 1
"""An organisation may raise money in public one year after it was registered: Order 74 of the Ministry of Civil Affairs."""
LONG_MONTHS, EVERY_MONTHS, FINAL_MONTHS = 6, 3, 3
"""A campaign longer than six months reports at least every three months; every campaign in full within three months after its end:
Charity Law and the Information Disclosure Measures."""


class OpenCampaign(Struct, frozen=True, gc=False):
    """`goal_fen` is what it hopes for; `registered_on` and `permit` are those of the organisation's right to raise money."""

    campaign_id: str
    name: str
    org_id: str
    fund_id: str
    project: str
    goal_fen: int
    first_day: date
    last_day: date
    registered_on: date
    permit: str


class NoteGiven(Struct, frozen=True, gc=False):
    """A donation for the campaign; `donor` is the id under which the donor is sealed, `day` the local day it came."""

    donation_id: str
    donor: str
    amount_fen: int
    day: date


class NoteTakenBack(Struct, frozen=True, gc=False):
    """`amount_fen` of a donation goes back, of which `of_fen` had not gone back before."""

    donation_id: str
    amount_fen: int
    of_fen: int


class JoinPool(Struct, frozen=True, gc=False):
    pool_id: str


class LeavePool(Struct, frozen=True, gc=False):
    pool_id: str


class HandIn(Struct, frozen=True, gc=False):
    """A report, for the day on which it is due; `url` is where the public reads it."""

    due: date
    url: str
    day: date
    by: str


class CloseCampaign(Struct, frozen=True, gc=False):
    """Earlier than planned."""

    day: date


class CampaignOpened(Struct, frozen=True, gc=False):
    campaign_id: str
    name: str
    org_id: str
    fund_id: str
    project: str
    goal_fen: int
    first_day: date
    last_day: date
    registered_on: date
    permit: str


class CampaignGiven(Struct, frozen=True, gc=False):
    """`pools` are those that may match it."""

    campaign_id: str
    donation_id: str
    donor: str
    fund_id: str
    amount_fen: int
    day: date
    pools: tuple[str, ...]


class CampaignTakenBack(Struct, frozen=True, gc=False):
    campaign_id: str
    donation_id: str
    fund_id: str
    amount_fen: int
    of_fen: int
    pools: tuple[str, ...]


class PoolJoined(Struct, frozen=True, gc=False):
    campaign_id: str
    pool_id: str


class PoolLeft(Struct, frozen=True, gc=False):
    campaign_id: str
    pool_id: str


class ReportHandedIn(Struct, frozen=True, gc=False):
    campaign_id: str
    due: date
    url: str
    day: date
    by: str


class CampaignClosed(Struct, frozen=True, gc=False):
    campaign_id: str
    day: date


class Campaign(Struct, frozen=True, gc=False):
    """`raised_fen` is what was given less what went back; `ends` the last day on which it takes something."""

    terms: CampaignOpened | None = None
    raised_fen: int = 0
    donations: int = 0
    pools: tuple[str, ...] = ()
    all_pools: tuple[str, ...] = ()
    reports: tuple[date, ...] = ()
    closed_on: date | None = None

    @property
    def ends(self) -> date:
        assert self.terms is not None
        return self.terms.last_day if self.closed_on is None else min(self.closed_on, self.terms.last_day)


class CampaignUnknown(Rejected):
    """There is no such campaign."""


class CampaignOpenedDifferently(Rejected):
    """A campaign with this id was opened with other terms."""


class CampaignHasNoDays(Rejected):
    """A campaign lasts from a day to a later one or the same, and hopes for a sum above zero."""


class CampaignNotQualified(Rejected):
    """Its organisation has not been registered for a year when the campaign begins."""


class CampaignNotRunning(Rejected):
    """The campaign has not begun, or is over."""


class ReportNotDue(Rejected):
    """No report is due on this day."""


class ReportTooEarly(Rejected):
    """The time that this report is about is not over."""


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    year, month = divmod(day.month - 1 + months, 12)
    for of_month in range(day.day, 27, -1):
        try:
            return date(day.year + year, month + 1, of_month)
        except ValueError:
            continue
    return date(day.year + year, month + 1, day.day)


def reports_due(first: date, last: date) -> tuple[date, ...]:
    """The days on which reports are due, in order: every three months of a campaign longer than six, and the final one."""
    days = []
    if last > months_after(first, LONG_MONTHS):
        n = 1
        while (day := months_after(first, EVERY_MONTHS * n)) <= last:
            days.append(day)
            n += 1
    final = months_after(last, FINAL_MONTHS)
    return (*days, final)


def decide(command: Any, state: Campaign) -> tuple[Any, ...]:
    if isinstance(command, OpenCampaign):
        return open_campaign(command, state)
    terms = state.terms
    if terms is None:
        raise CampaignUnknown
    key = terms.campaign_id
    match command:
        case NoteGiven():
            return given(command, state, terms)
        case NoteTakenBack():
            c = command
            return (CampaignTakenBack(key, c.donation_id, terms.fund_id, c.amount_fen, c.of_fen, state.all_pools),)
        case JoinPool():
            return () if command.pool_id in state.all_pools else (PoolJoined(key, command.pool_id),)
        case LeavePool():
            return (PoolLeft(key, command.pool_id),) if command.pool_id in state.pools else ()
        case HandIn():
            return hand_in(command, state, terms)
        case CloseCampaign():
            return () if state.closed_on is not None else (CampaignClosed(key, command.day),)
    raise AssertionError(type(command).__name__)


def open_campaign(command: OpenCampaign, state: Campaign) -> tuple[CampaignOpened, ...]:
    c = command
    asked = CampaignOpened(
        c.campaign_id, c.name, c.org_id, c.fund_id, c.project, c.goal_fen, c.first_day, c.last_day, c.registered_on, c.permit
    )
    if state.terms is not None:
        if state.terms != asked:
            raise CampaignOpenedDifferently(campaign_id=c.campaign_id)
        return ()
    if c.first_day > c.last_day or c.goal_fen <= 0:
        raise CampaignHasNoDays(first_day=c.first_day.isoformat(), last_day=c.last_day.isoformat(), goal_fen=c.goal_fen)
    if months_after(c.registered_on, 12 * REGISTERED_YEARS) > c.first_day:
        raise CampaignNotQualified(registered_on=c.registered_on.isoformat(), first_day=c.first_day.isoformat())
    return (asked,)


def given(command: NoteGiven, state: Campaign, terms: CampaignOpened) -> tuple[CampaignGiven, ...]:
    c = command
    if not terms.first_day <= c.day <= state.ends:
        raise CampaignNotRunning(campaign_id=terms.campaign_id, first_day=terms.first_day.isoformat(), last_day=state.ends.isoformat())
    return (CampaignGiven(terms.campaign_id, c.donation_id, c.donor, terms.fund_id, c.amount_fen, c.day, state.pools),)


def hand_in(command: HandIn, state: Campaign, terms: CampaignOpened) -> tuple[ReportHandedIn, ...]:
    if command.due not in reports_due(terms.first_day, state.ends):
        raise ReportNotDue(due=command.due.isoformat())
    if command.due in state.reports:
        return ()
    begins = state.ends if command.due > state.ends else command.due
    if command.day < begins:
        raise ReportTooEarly(due=command.due.isoformat(), not_before=begins.isoformat())
    return (ReportHandedIn(terms.campaign_id, command.due, command.url, command.day, command.by),)


def evolve(state: Campaign, event: Any) -> Campaign:
    match event:
        case CampaignGiven():
            return replace(state, raised_fen=state.raised_fen + event.amount_fen, donations=state.donations + 1)
        case CampaignTakenBack():
            return replace(state, raised_fen=state.raised_fen - event.amount_fen)
        case PoolJoined():
            return replace(state, pools=(*state.pools, event.pool_id), all_pools=(*state.all_pools, event.pool_id))
        case PoolLeft():
            return replace(state, pools=tuple(p for p in state.pools if p != event.pool_id))
        case ReportHandedIn():
            return replace(state, reports=(*state.reports, event.due))
        case CampaignClosed():
            return replace(state, closed_on=event.day)
    return Campaign(event)


CAMPAIGN = Decider(
    noun="campaign",
    absent=Campaign(),
    decide=decide,
    evolve=evolve,
    commands=(OpenCampaign, NoteGiven, NoteTakenBack, JoinPool, LeavePool, HandIn, CloseCampaign),
    events=(CampaignOpened, CampaignGiven, CampaignTakenBack, PoolJoined, PoolLeft, ReportHandedIn, CampaignClosed),
)
