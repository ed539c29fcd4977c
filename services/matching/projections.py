"""From what happened to rows that are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from services.matching.domain import referral as r
from services.matching.domain.assessment import CaseAssessed, CaseEnded, SearchEnded
from services.matching.domain.directory import (
    Count,
    NoPlaceFound,
    PlaceHeld,
    PlaceReleased,
    PlacesSet,
    PlaceUsed,
    ServiceAssured,
    ServiceListed,
    ServicePaused,
    ServiceResumed,
)
from services.matching.domain.household import CountedTogether, HelpGranted, HelpReleased, OthersTold
from services.matching.domain.offering import day_in_china
from services.matching.domain.organization import LocationAdded, OrganizationRegistered
from services.matching.domain.reassessment import PortionDue, ReassessmentBegun, ReassessmentDone
from services.matching.tables import (
    assessment_list,
    help_chain,
    location_list,
    organization_list,
    reassessment_counts,
    reassessment_list,
    service_list,
    service_served,
    unmet_needs,
)
from shared.envelope import Envelope
from shared.schedule import deadlines
from shared.service import Add, Change, Drop, Projection, Put, RowChange

plain = msgspec.to_builtins


def _assessed(e: Envelope) -> Iterable[RowChange]:
    a: CaseAssessed = e.data
    yield Put(
        assessment_list,
        {
            "case_id": a.case_id,
            "person_id": a.person_id,
            "household_id": a.household_id,
            "district": a.district,
            "needs": list(a.needs),
            "eligible": [v.programme for v in a.verdicts if v.verdict == "eligible"],
            "rules_on": a.on,
            "rule_version": a.rule_version,
            "at": a.at,
        },
    )


def _reassessed(e: Envelope) -> Iterable[RowChange]:
    a: CaseAssessed = e.data
    if a.changed is not None:
        c = a.changed
        counts = {"affected": 1, "gained": len(c.gained), "lost": len(c.lost), "before_fen": c.before_fen, "after_fen": c.after_fen}
        yield Add(reassessment_counts, {"id": c.reassessment}, counts)


def _reassessment_begun(e: Envelope) -> Iterable[RowChange]:
    b: ReassessmentBegun = e.data
    told = {"id": b.key, "programme": b.programme, "name": b.name, "since": b.since, "until": b.until}
    yield Put(reassessment_list, {**told, "state": "running", "looked_at": 0, "passed_over": 0, "begun_at": b.at, "changed_at": b.at})


def _portion_due(e: Envelope) -> Iterable[RowChange]:
    yield Change(
        reassessment_list, {"id": e.data.key}, {"looked_at": e.data.looked_at, "passed_over": e.data.passed_over, "changed_at": e.data.at}
    )


def _reassessment_done(e: Envelope) -> Iterable[RowChange]:
    yield Change(
        reassessment_list,
        {"id": e.data.key},
        {
            "state": "done",
            "looked_at": e.data.looked_at,
            "passed_over": e.data.passed_over,
            "changed_at": e.data.at,
        },
    )


def _granted(e: Envelope) -> Iterable[RowChange]:
    h: HelpGranted = e.data
    yield Put(
        help_chain,
        {
            "referral_id": h.about.referral_id,
            "household_id": h.about.household_id,
            "case_id": h.about.case_id,
            "org_id": h.about.org_id,
            "programme": h.grant.programme or h.about.programme,
            "need": h.about.need,
            "kind": h.grant.kind,
            "asked_fen": h.asked_fen,
            "amount_fen": h.counted_fen,
            "items": plain(h.grant.items),
            "cut_by": h.cut_by.split(":", 1)[0] if h.cut_by else None,
            "state": "granted",
            "granted_at": h.at,
            "arrived_at": None,
        },
    )
    yield from _told_later(e, h.about.household_id, h.later)


def _told_later(e: Envelope, chain: str, untold: Sequence[str]) -> Iterable[RowChange]:
    """At once, in a unit of its own; each of these rows is another, as the one that is being worked off goes with its unit."""
    if untold:
        row = {"id": f"counting:{chain}:{e.version}", "name": "counting", "stream_id": chain, "due_at": e.data.at, "facts": {}}
        yield Put(deadlines, row)


def _counted_together(e: Envelope) -> Iterable[RowChange]:
    c: CountedTogether | OthersTold = e.data
    yield from _told_later(e, c.household_id, c.left if isinstance(c, OthersTold) else c.later)


def _arrived(e: Envelope) -> Iterable[RowChange]:
    if e.data.closes if type(e.data) is r.ReferralServed else e.data.reason == "got_help":
        yield Change(help_chain, {"referral_id": e.data.about.referral_id}, {"state": "arrived", "arrived_at": e.data.at})


def _help_released(e: Envelope) -> Iterable[RowChange]:
    yield Change(help_chain, {"referral_id": e.data.referral_id}, {"state": "released"})
    yield from _told_later(e, e.data.household_id, e.data.later)


def _unmet(e: Envelope) -> Iterable[RowChange]:
    n: NoPlaceFound = e.data
    yield Put(
        unmet_needs,
        {
            "case_id": n.ask.case_id,
            "need": n.ask.need,
            "district": n.ask.district,
            "reason": n.reason,
            "tried": len(n.ask.tried),
            "since": n.at,
        },
    )


def _unmet_at_the_end(e: Envelope) -> Iterable[RowChange]:
    s: SearchEnded = e.data
    if s.unmet_at is not None:
        told = {"district": s.district, "reason": s.reason, "tried": s.tried, "since": s.unmet_at}
        yield Put(unmet_needs, {"case_id": s.case_id, "need": s.need, **told})


def _case_ended(e: Envelope) -> Iterable[RowChange]:
    c: CaseEnded = e.data
    for need in c.over:
        yield Drop(unmet_needs, {"case_id": c.case_id, "need": need})
    for need in c.unmet:
        told = {"district": c.district, "reason": c.outcome, "tried": 0, "since": c.at}
        yield Put(unmet_needs, {"case_id": c.case_id, "need": need, **told})


def _met(e: Envelope) -> Iterable[RowChange]:
    # The first search of a need cannot have been unmet before.
    ask = e.data.ask
    if ask.rounds > 1 or ask.attempt > 1 or ask.only is not None:
        yield Drop(unmet_needs, {"case_id": ask.case_id, "need": ask.need})


def _listed(e: Envelope) -> Iterable[RowChange]:
    s: ServiceListed = e.data
    one = s.listing
    yield Put(
        service_list,
        {
            "id": one.service_id,
            "organization_id": one.org_id,
            "name": one.name,
            "kind": one.kind,
            "description": one.description,
            "status": "active",
            "needs": list(one.needs),
            "programmes": list(one.programmes),
            "districts": list(one.districts),
            "location_id": one.location_id,
            "standing": plain(one.standing),
            "places": one.places,
            "held": s.held,
            "used": s.used,
            "full": one.places is not None and s.held + s.used >= one.places,
            "capacity_at": s.at,
            "changed_at": s.at,
            "terms": plain(one.terms),
            "eligibility": plain(one.eligibility),
            "languages": list(one.terms.languages),
            "assured_on": s.assured_on or day_in_china(s.at),
        },
    )


def _counted(e: Envelope) -> Iterable[RowChange]:
    c: Count = e.data.count
    if c.places is None and not c.kept and type(e.data) is not PlacesSet:
        return
    full = c.places is not None and c.held + c.used >= c.places
    values: dict[str, Any] = {"held": c.held, "used": c.used, "full": full}
    if type(e.data) is PlacesSet:
        values |= {"places": c.places, "capacity_at": e.data.at}
    yield Change(service_list, {"id": c.service_id}, values)


def _paused(e: Envelope) -> Iterable[RowChange]:
    yield Change(service_list, {"id": e.data.service_id}, {"status": "paused", "changed_at": e.data.at})


def _resumed(e: Envelope) -> Iterable[RowChange]:
    yield Change(service_list, {"id": e.data.service_id}, {"status": "active", "changed_at": e.data.at})


def _assured(e: Envelope) -> Iterable[RowChange]:
    yield Change(service_list, {"id": e.data.service_id}, {"assured_on": day_in_china(e.data.at)})


def _counts_served(e: Envelope) -> Iterable[RowChange]:
    """Whoever was served counts once, in the month of it, whether that was said before the end or by it."""
    if type(e.data) is r.ReferralClosed and (e.data.used or e.data.reason != "got_help"):
        return
    key = {"service_id": e.data.about.service_id, "month": f"{day_in_china(e.data.at):%Y-%m}"}
    yield Add(service_served, key, {"served": 1})


def _registered(e: Envelope) -> Iterable[RowChange]:
    o: OrganizationRegistered = e.data
    row = {"id": o.organization_id, "name": o.name, "kind": o.kind, "description": o.description, "changed_at": o.at}
    yield Put(organization_list, row)


def _located(e: Envelope) -> Iterable[RowChange]:
    x: LocationAdded = e.data
    row = {"id": x.location_id, "organization_id": x.organization_id, "name": x.name, "place_code": x.place_code, "changed_at": x.at}
    yield Put(location_list, row)


ASSESSMENTS = Projection("assessments", (assessment_list,), {CaseAssessed: _assessed})
REASSESSMENTS = Projection(
    "reassessments",
    (reassessment_list, reassessment_counts),
    {
        ReassessmentBegun: _reassessment_begun,
        PortionDue: _portion_due,
        ReassessmentDone: _reassessment_done,
        CaseAssessed: _reassessed,
    },
)
HELP = Projection(
    "help",
    (help_chain,),
    {
        HelpGranted: _granted,
        HelpReleased: _help_released,
        CountedTogether: _counted_together,
        OthersTold: _counted_together,
        r.ReferralServed: _arrived,
        r.ReferralClosed: _arrived,
    },
)
UNMET = Projection("unmet", (unmet_needs,), {NoPlaceFound: _unmet, PlaceHeld: _met, SearchEnded: _unmet_at_the_end, CaseEnded: _case_ended})
SERVICES = Projection(
    "services",
    (service_list,),
    {
        ServiceListed: _listed,
        PlacesSet: _counted,
        PlaceHeld: _counted,
        PlaceReleased: _counted,
        PlaceUsed: _counted,
        ServicePaused: _paused,
        ServiceResumed: _resumed,
        ServiceAssured: _assured,
    },
)
SERVED = Projection("served", (service_served,), {r.ReferralServed: _counts_served, r.ReferralClosed: _counts_served})
ORGANIZATIONS = Projection(
    "organizations", (organization_list, location_list), {OrganizationRegistered: _registered, LocationAdded: _located}
)
