"""What matching promises to say: ids, codes, amounts and states, never who somebody is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from services.matching.domain import referral as r
from services.matching.domain.allocation import RankingPublished
from services.matching.domain.asking import About, Grant, Item
from services.matching.domain.assessment import CaseAssessed, NothingMissing
from services.matching.domain.compiling import Verdict
from services.matching.domain.directory import Count, NoPlaceFound, PlaceHeld, PlaceReleased, PlacesSet, PlaceUsed
from services.matching.domain.engagement import EngagementConfirmed, HoursVerified
from services.matching.domain.parameters import ParameterSet
from shared.envelope import Envelope, Public


class PublicCaseAssessed(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    household_id: str
    rule_version: str
    as_of: date
    verdicts: tuple[Verdict, ...]


class CaseInReach(Struct, frozen=True, gc=False):
    """Programmes that a new number has brought into reach of a case."""

    case_id: str
    programmes: tuple[str, ...]


class ProgrammeChanged(Struct, frozen=True, gc=False):
    """A number of the rules, of one programme or (None) of the city; it holds for events of a day in [`valid_from`, `until`)."""

    programme: str | None
    parameter: str
    valid_from: date
    until: date | None
    value: str
    source: str


class InformationRequested(Struct, frozen=True, gc=False):
    """Facts that would settle what no programme can answer yet; none once nothing is missing any more."""

    case_id: str
    missing: tuple[str, ...]


class PublicGrant(Struct, frozen=True, gc=False, omit_defaults=True):
    """`kind` cash: amount_fen, programme, fund_id; `kind` goods: items, and fund_id where one is meant."""

    kind: str
    amount_fen: int = 0
    programme: str | None = None
    fund_id: str | None = None
    items: tuple[Item, ...] = ()


class PublicReferral(Struct, frozen=True, gc=False, omit_defaults=True):
    """One word about a referral, the same shape for all of them; `state` is where it stands now."""

    referral_id: str
    case_id: str
    person_id: str
    household_id: str
    org_id: str
    service_id: str
    need: str
    programme: str | None
    district: str
    state: str
    reason: str | None = None
    due: datetime | None = None
    grant: PublicGrant | None = None
    attempt: int | None = None


class CapacityChanged(Struct, frozen=True, gc=False):
    service_id: str
    org_id: str
    places: int | None
    held: int
    used: int


class NeedUnmet(Struct, frozen=True, gc=False):
    case_id: str
    need: str
    district: str
    reason: str


class AllocationPublished(Struct, frozen=True, gc=False):
    """How the ranking of one quota ended; `over_quota` are places beyond it, for appeals that were upheld."""

    allocation_id: str
    scheme: str
    year: int
    district: str
    group: str
    publication: int
    quota: int
    applications: int
    admitted: int
    waiting: int
    below_minimum: int
    over_quota: int
    appeals_until: datetime


class PublicEngagementConfirmed(Struct, frozen=True, gc=False):
    """A volunteer said yes; `confirmed` is how many there are now."""

    engagement_id: str
    volunteer_id: str
    org_id: str
    district: str
    need: str
    confirmed: int
    wanted: int


class PublicHoursVerified(Struct, frozen=True, gc=False, omit_defaults=True):
    """Minutes that count now for this volunteer, day and engagement; `entry` above 1 takes the place of the one before."""

    engagement_id: str
    volunteer_id: str
    org_id: str
    district: str
    day: date
    minutes: int
    entry: int
    reason: str | None = None


def on_assessed(e: Envelope) -> tuple[Public, ...]:
    a: CaseAssessed = e.data
    said = Public("matching.case_assessed.v1", PublicCaseAssessed(a.case_id, a.person_id, a.household_id, a.rule_version, a.on, a.verdicts))
    found = [said]
    if a.missing:
        found.append(Public("matching.information_requested.v1", InformationRequested(a.case_id, a.missing)))
    if a.changed is not None and a.changed.gained:
        found.append(Public("matching.case_in_reach.v1", CaseInReach(a.case_id, a.changed.gained)))
    return tuple(found)


def on_parameter_set(e: Envelope) -> tuple[Public, ...]:
    p: ParameterSet = e.data
    return (Public("matching.programme_changed.v1", ProgrammeChanged(p.programme, p.name, p.valid_from, p.until, p.value, p.source)),)


def on_nothing_missing(e: Envelope) -> tuple[Public, ...]:
    return (Public("matching.information_requested.v1", InformationRequested(e.data.case_id, ())),)


def _grant(grant: Grant | None) -> PublicGrant | None:
    return None if grant is None else PublicGrant(grant.kind, grant.amount_fen, grant.programme, grant.fund_id, grant.items)


def _word(
    fact: str, a: About, *, state: str | None = None, reason: str | None = None, due: datetime | None = None,
    grant: Grant | None = None, attempt: int | None = None,
) -> Public:  # fmt: skip
    said = PublicReferral(
        a.referral_id, a.case_id, a.person_id, a.household_id, a.org_id, a.service_id, a.need, a.programme, a.district, state or fact,
        reason, due, _grant(grant), attempt,
    )  # fmt: skip
    return Public(f"matching.referral_{fact}.v1", said)


def on_offered(e: Envelope) -> tuple[Public, ...]:
    return (_word("offered", e.data.about, due=e.data.due_at, attempt=e.data.ask.attempt),)


def on_accepted(e: Envelope) -> tuple[Public, ...]:
    accepted: r.ReferralAccepted = e.data
    return (_word("accepted", accepted.about, grant=accepted.grant),)


def on_declined(e: Envelope) -> tuple[Public, ...]:
    return (_word("declined", e.data.about, reason=e.data.reason),)


def on_lapsed(e: Envelope) -> tuple[Public, ...]:
    return (_word("lapsed", e.data.about),)


def on_revoked(e: Envelope) -> tuple[Public, ...]:
    return (_word("revoked", e.data.about, reason=e.data.reason),)


def on_scheduled(e: Envelope) -> tuple[Public, ...]:
    return (_word("scheduled", e.data.about, due=e.data.appointment_at),)


def on_attended(e: Envelope) -> tuple[Public, ...]:
    return (_word("attended" if e.data.came else "unattended", e.data.about),)


def on_started(e: Envelope) -> tuple[Public, ...]:
    return (_word("started", e.data.about, state="in_service"),)


def on_served(e: Envelope) -> tuple[Public, ...]:
    served: r.ReferralServed = e.data
    word = _word("served", served.about)
    return (word, _word("closed", served.about, reason="got_help")) if served.closes else (word,)


def on_closed(e: Envelope) -> tuple[Public, ...]:
    return (_word("closed", e.data.about, reason=e.data.reason),)


def on_grant_not_kept(e: Envelope) -> tuple[Public, ...]:
    return (_word("grant_failed", e.data.about, state="in_service", reason=e.data.reason),)


def on_reminded(e: Envelope) -> tuple[Public, ...]:
    return (_word("reminded", e.data.about, state="offered", due=e.data.due_at),)


def on_contact(e: Envelope) -> tuple[Public, ...]:
    return (_word("contact_tried", e.data.about, state=e.data.status, reason=e.data.outcome),)


def on_handed_out(e: Envelope) -> tuple[Public, ...]:
    return (_word("handed_out", e.data.about, state=e.data.status, due=e.data.due_at),)


def on_handed_back(e: Envelope) -> tuple[Public, ...]:
    return (_word("handed_back", e.data.about, state=e.data.status, reason=e.data.outcome),)


def on_count(e: Envelope) -> tuple[Public, ...]:
    """Only when places are set, or a service became full or free again."""
    c: Count = e.data.count
    if not c.turned:
        return ()
    return (Public("matching.capacity_changed.v1", CapacityChanged(c.service_id, c.org_id, c.places, c.held, c.used)),)


def on_no_place(e: Envelope) -> tuple[Public, ...]:
    n: NoPlaceFound = e.data
    return (Public("matching.need_unmet.v1", NeedUnmet(n.ask.case_id, n.ask.need, n.ask.district, n.reason)),)


def on_ranking(e: Envelope) -> tuple[Public, ...]:
    published: RankingPublished = e.data
    p, c = published.plan, published.counts
    said = AllocationPublished(
        p.allocation_id, p.scheme, p.year, p.district, p.group, published.publication, p.quota, c.applications, c.admitted, c.waiting,
        c.below_minimum, c.over_quota, published.appeals_until,
    )  # fmt: skip
    return (Public("matching.allocation_published.v1", said),)


def on_engagement_confirmed(e: Envelope) -> tuple[Public, ...]:
    c: EngagementConfirmed = e.data
    said = PublicEngagementConfirmed(c.engagement_id, c.volunteer_id, c.org_id, c.district, c.need, c.confirmed, c.wanted)
    return (Public("matching.engagement_confirmed.v1", said),)


def on_hours_verified(e: Envelope) -> tuple[Public, ...]:
    h: HoursVerified = e.data
    said = PublicHoursVerified(h.engagement_id, h.volunteer_id, h.org_id, h.district, h.day, h.minutes, h.entry, h.reason)
    return (Public("matching.volunteer_hours_verified.v1", said),)


PUBLISH: Mapping[type, Callable[[Envelope], tuple[Public, ...]]] = {
    CaseAssessed: on_assessed,
    NothingMissing: on_nothing_missing,
    ParameterSet: on_parameter_set,
    r.ReferralOffered: on_offered,
    r.ReferralAccepted: on_accepted,
    r.ReferralDeclined: on_declined,
    r.ReferralLapsed: on_lapsed,
    r.ReferralRevoked: on_revoked,
    r.ReferralScheduled: on_scheduled,
    r.ReferralAttended: on_attended,
    r.ServiceStarted: on_started,
    r.ReferralServed: on_served,
    r.ReferralClosed: on_closed,
    r.GrantNotKept: on_grant_not_kept,
    r.ReferralReminded: on_reminded,
    r.ContactNoted: on_contact,
    r.ReferralHandedOut: on_handed_out,
    r.ReferralHandedBack: on_handed_back,
    PlaceHeld: on_count,
    PlaceReleased: on_count,
    PlaceUsed: on_count,
    PlacesSet: on_count,
    NoPlaceFound: on_no_place,
    RankingPublished: on_ranking,
    EngagementConfirmed: on_engagement_confirmed,
    HoursVerified: on_hours_verified,
}
_REFERRAL_WORDS = (
    "offered", "accepted", "declined", "lapsed", "revoked", "scheduled", "attended", "unattended", "started", "served", "closed",
    "grant_failed", "reminded", "contact_tried", "handed_out", "handed_back",
)  # fmt: skip
PUBLIC_TYPES: Mapping[str, Any] = {
    "matching.case_assessed.v1": PublicCaseAssessed,
    "matching.information_requested.v1": InformationRequested,
    "matching.case_in_reach.v1": CaseInReach,
    "matching.programme_changed.v1": ProgrammeChanged,
    **{f"matching.referral_{word}.v1": PublicReferral for word in _REFERRAL_WORDS},
    "matching.capacity_changed.v1": CapacityChanged,
    "matching.need_unmet.v1": NeedUnmet,
    "matching.allocation_published.v1": AllocationPublished,
    "matching.engagement_confirmed.v1": PublicEngagementConfirmed,
    "matching.volunteer_hours_verified.v1": PublicHoursVerified,
}
