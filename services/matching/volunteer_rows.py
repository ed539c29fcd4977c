"""From what happened to volunteers and engagements to rows that are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.matching.domain import engagement as g
from services.matching.domain import volunteer as v
from services.matching.tables import engagement_list, engagement_members, volunteer_hours, volunteer_list
from shared.envelope import Envelope
from shared.service import Change, Projection, Put, RowChange


def _registered(e: Envelope) -> Iterable[RowChange]:
    r: v.VolunteerRegistered = e.data
    told = {
        "external_ref": r.external_ref if isinstance(r.external_ref, str) else None, "status": r.status, "skills": list(r.skills),
        "districts": list(r.districts), "times": list(r.times), "languages": list(r.languages), "changed_at": r.at,
    }  # fmt: skip
    key = {"volunteer_id": r.volunteer_id}
    # Whoever is told anew keeps their place in the list.
    yield Put(volunteer_list, {**key, **told, "registered_at": r.at}) if e.version == 1 else Change(volunteer_list, key, told)


def _paused(e: Envelope) -> Iterable[RowChange]:
    yield Change(volunteer_list, {"volunteer_id": e.data.volunteer_id}, {"status": "paused", "changed_at": e.data.at})


def _resumed(e: Envelope) -> Iterable[RowChange]:
    yield Change(volunteer_list, {"volunteer_id": e.data.volunteer_id}, {"status": "active", "changed_at": e.data.at})


def _left(e: Envelope) -> Iterable[RowChange]:
    left: v.VolunteerLeft = e.data
    key = {"volunteer_id": left.volunteer_id}
    if left.reason != v.ERASED:
        yield Change(volunteer_list, key, {"status": "left", "changed_at": left.at})
        return
    nothing: dict[str, Any] = {"external_ref": None, "skills": [], "districts": [], "times": [], "languages": []}
    yield Change(volunteer_list, key, {**nothing, "status": v.ERASED, "changed_at": left.at})


def _credited(e: Envelope) -> Iterable[RowChange]:
    h: v.HoursCredited = e.data
    yield Put(
        volunteer_hours,
        {
            "volunteer_id": h.volunteer_id,
            "engagement_id": h.engagement_id,
            "day": h.day,
            "org_id": h.org_id,
            "district": h.district,
            "minutes": h.minutes,
            "entry": h.entry,
            "verified_at": h.at,
        },
    )


def _opened(e: Envelope) -> Iterable[RowChange]:
    t: g.Terms = e.data.terms
    told = {
        "org_id": t.org_id, "need": t.need, "skills": list(t.skills), "district": t.district, "times": list(t.times),
        "languages": list(t.languages), "wanted": t.wanted, "confirmed": e.data.confirmed, "first_day": t.first_day, "last_day": t.last_day,
        "referral_id": t.referral_id, "case_id": t.case_id, "status": "open", "changed_at": e.data.at,
    }  # fmt: skip
    key = {"engagement_id": t.engagement_id}
    yield Put(engagement_list, {**key, **told, "opened_at": e.data.at}) if e.version == 1 else Change(engagement_list, key, told)


def _member(e: Envelope, status: str, reason: str | None = None, *, vouched: bool = False) -> Put:
    key = {"engagement_id": e.data.engagement_id, "volunteer_id": e.data.volunteer_id}
    return Put(engagement_members, {**key, "status": status, "reason": reason, "vouched": vouched, "changed_at": e.data.at})


def _counted(e: Envelope) -> Change:
    told = {"confirmed": e.data.confirmed, "changed_at": e.data.at}
    return Change(engagement_list, {"engagement_id": e.data.engagement_id}, told)


def _invited(e: Envelope) -> Iterable[RowChange]:
    yield _member(e, "invited")


def _confirmed(e: Envelope) -> Iterable[RowChange]:
    yield _member(e, "confirmed", vouched=e.data.vouched)
    yield _counted(e)


def _declined(e: Envelope) -> Iterable[RowChange]:
    yield _member(e, "declined", e.data.reason)
    yield _counted(e)


def _closed(e: Envelope) -> Iterable[RowChange]:
    yield Change(engagement_list, {"engagement_id": e.data.engagement_id}, {"status": "closed", "changed_at": e.data.at})


VOLUNTEERS = Projection(
    "volunteers",
    (volunteer_list,),
    {v.VolunteerRegistered: _registered, v.VolunteerPaused: _paused, v.VolunteerResumed: _resumed, v.VolunteerLeft: _left},
)
HOURS = Projection("volunteer_hours", (volunteer_hours,), {v.HoursCredited: _credited})
ENGAGEMENTS = Projection(
    "engagements",
    (engagement_list, engagement_members),
    {
        g.EngagementOpened: _opened,
        g.VolunteerInvited: _invited,
        g.EngagementConfirmed: _confirmed,
        g.EngagementDeclined: _declined,
        g.EngagementClosed: _closed,
    },
)
