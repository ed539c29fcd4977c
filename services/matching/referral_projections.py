"""From what happened to referrals to rows that are read, with the deadlines of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from services.matching.domain import referral as r
from services.matching.tables import referral_list
from shared.envelope import Envelope
from shared.schedule import deadlines
from shared.service import Change, Drop, Projection, Put, RowChange

plain = msgspec.to_builtins


def _offered(e: Envelope) -> Iterable[RowChange]:
    o: r.ReferralOffered = e.data
    a = o.about
    yield Put(
        referral_list,
        {
            "referral_id": a.referral_id,
            "case_id": a.case_id,
            "person_id": a.person_id,
            "household_id": a.household_id,
            "org_id": a.org_id,
            "service_id": a.service_id,
            "need": a.need,
            "programme": a.programme,
            "district": a.district,
            "state": "offered",
            "reason": None,
            "due_at": o.due_at,
            "appointment_at": None,
            "offered_fen": o.amount_fen,
            "kind": o.kind or None,
            "grant": None,
            "grant_failed": None,
            "attempt": o.ask.attempt,
            "reminded_at": None,
            "tries": 0,
            "outside": None,
            "reopened_as": None,
            "why": list(o.why),
            "offered_at": o.at,
            "changed_at": o.at,
        },
    )
    facts = {"due_at": o.due_at.isoformat()}
    key = a.referral_id
    yield Put(deadlines, {"id": f"offer:{key}", "name": "offer_lapses", "stream_id": key, "due_at": o.due_at, "facts": facts})

    half = o.at + (o.due_at - o.at) / 2
    yield Put(deadlines, {"id": f"remind:{key}", "name": "offer_reminds", "stream_id": key, "due_at": half, "facts": {}})


def _drafted(e: Envelope) -> Iterable[RowChange]:
    d: r.ReferralDrafted = e.data
    a = d.about
    none = dict.fromkeys(("reason", "due_at", "appointment_at", "kind", "grant", "grant_failed", "reminded_at", "outside", "reopened_as"))
    told = {
        "referral_id": a.referral_id, "case_id": a.case_id, "person_id": a.person_id, "household_id": a.household_id, "org_id": a.org_id,
        "service_id": a.service_id, "need": a.need, "programme": a.programme, "district": a.district,
    }  # fmt: skip
    yield Put(
        referral_list,
        {**told, **none, "state": "drafted", "offered_fen": 0, "attempt": 1, "tries": 0, "why": [], "offered_at": d.at, "changed_at": d.at},
    )


def _reminded(e: Envelope) -> Iterable[RowChange]:
    yield Change(referral_list, {"referral_id": e.data.about.referral_id}, {"reminded_at": e.data.at})


def _contact(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, tries=e.data.tries)


def _handed_out(e: Envelope) -> Iterable[RowChange]:
    out: r.ReferralHandedOut = e.data
    key = out.about.referral_id
    yield _moved(e, outside=out.system)
    yield Put(deadlines, {"id": f"outside:{key}", "name": "outside_silent", "stream_id": key, "due_at": out.due_at, "facts": {}})


def _handed_back(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, outside=None, reason=f"outside_{e.data.outcome}")
    yield Drop(deadlines, {"id": f"outside:{e.data.about.referral_id}"})


def _reopened(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, reopened_as=e.data.as_id)


def _moved(e: Envelope, **values: Any) -> Change:
    return Change(referral_list, {"referral_id": e.data.about.referral_id}, {**values, "changed_at": e.data.at})


def _answered(e: Envelope) -> Iterable[RowChange]:
    for name in ("offer", "remind", "outside"):
        yield Drop(deadlines, {"id": f"{name}:{e.data.about.referral_id}"})


def _accepted(e: Envelope) -> Iterable[RowChange]:
    a: r.ReferralAccepted = e.data
    grant = None if a.grant is None else plain(a.grant)
    yield _moved(e, state="in_service" if a.again else "accepted", grant=grant, grant_failed=None)
    yield from _answered(e)


def _declined(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, state="declined", reason=e.data.reason)
    yield from _answered(e)


def _lapsed(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, state="lapsed")
    yield from _answered(e)


def _revoked(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, state="revoked", reason=e.data.reason, outside=None)
    yield from _answered(e)


def _scheduled(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, state="scheduled", appointment_at=e.data.appointment_at)


def _attended(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, state="attended" if e.data.came else "unattended")


def _started(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, state="in_service")


def _served(e: Envelope) -> Iterable[RowChange]:
    if not e.data.closes:
        yield _moved(e, state="served", outside=None)
    else:
        yield _moved(e, state="closed", reason="got_help", outside=None)
    yield from _answered(e)


def _closed(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, state="closed", reason=e.data.reason, outside=None)
    yield from _answered(e)


def _not_kept(e: Envelope) -> Iterable[RowChange]:
    yield _moved(e, state="in_service", grant=None, grant_failed=e.data.reason)


REFERRALS = Projection(
    "referrals",
    (referral_list,),
    {
        r.ReferralOffered: _offered,
        r.ReferralAccepted: _accepted,
        r.ReferralDeclined: _declined,
        r.ReferralLapsed: _lapsed,
        r.ReferralRevoked: _revoked,
        r.ReferralScheduled: _scheduled,
        r.ReferralAttended: _attended,
        r.ServiceStarted: _started,
        r.ReferralServed: _served,
        r.ReferralClosed: _closed,
        r.GrantNotKept: _not_kept,
        r.ReferralDrafted: _drafted,
        r.DraftDiscarded: _revoked,
        r.ReferralReminded: _reminded,
        r.ContactNoted: _contact,
        r.ReferralHandedOut: _handed_out,
        r.ReferralHandedBack: _handed_back,
        r.ReferralReopened: _reopened,
    },
)
