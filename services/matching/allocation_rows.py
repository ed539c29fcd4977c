"""From what happened to allocations and applications to the rows of their lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec

from services.matching.domain import allocation as al
from services.matching.domain import application as ap
from services.matching.tables import allocation_list, allocation_publications, application_list
from shared.envelope import Envelope
from shared.schedule import deadlines
from shared.service import Change, Projection, Put, RowChange

_UNRANKED = {"rank": None, "ranked_points": None, "outcome": None, "decided_by": None, "missing": None, "moved_up": False, "publication": 0}


def _planned(e: Envelope) -> Iterable[RowChange]:
    p: al.Plan = e.data.plan
    yield Put(
        allocation_list,
        {
            "id": p.allocation_id,
            "scheme": p.scheme,
            "year": p.year,
            "district": p.district,
            "group": p.group,
            "quota": p.quota,
            "minimum": p.minimum,
            "order": [msgspec.to_builtins(key) for key in p.order],
            "points_on": p.points_on,
            "opens_at": p.opens_at,
            "closes_at": p.closes_at,
            "appeal_days": p.appeal_days,
            "source": p.source,
            "take_days": p.take_days,
            "status": "planned",
            "publication": 0,
            "published_at": None,
            "appeals_until": None,
            "changed_at": e.data.at,
        },
    )


def _status(status: str) -> Any:
    def rows(e: Envelope) -> Iterable[RowChange]:
        yield Change(allocation_list, {"id": e.data.allocation_id}, {"status": status, "changed_at": e.data.at})

    return rows


def _published(e: Envelope) -> Iterable[RowChange]:
    r: al.RankingPublished = e.data
    key = r.plan.allocation_id
    values = {"status": "ranked", "publication": r.publication, "published_at": r.at, "appeals_until": r.appeals_until, "changed_at": r.at}
    yield Change(allocation_list, {"id": key}, values)
    counts = msgspec.structs.asdict(r.counts)
    moved = [msgspec.to_builtins(one) for one in r.moved]
    yield Put(allocation_publications, {"allocation_id": key, "publication": r.publication, **counts, "moved": moved, "at": r.at})
    for one in r.entries:
        row = {
            "rank": one.rank, "ranked_points": one.application.points, "outcome": one.outcome, "decided_by": one.decided_by,
            "missing": one.missing, "moved_up": False, "publication": r.publication, "duplicate_of": None,
        }  # fmt: skip
        yield Change(application_list, {"allocation_id": key, "number": one.application.number}, row)
    for twice in r.duplicates:
        yield _of_key(key, twice.number, outcome="duplicate", decided_by=twice.reason, duplicate_of=twice.of)


def _of_key(allocation_id: str, number: str, **values: Any) -> Change:
    return Change(application_list, {"allocation_id": allocation_id, "number": number}, values)


def _of(e: Envelope, number: str, **values: Any) -> Change:
    return _of_key(e.data.allocation_id, number, **values)


def _made(e: Envelope) -> Iterable[RowChange]:
    a: ap.ApplicationMade = e.data
    row = {
        "allocation_id": a.allocation_id, "number": a.number, "person_id": a.person_id, "points": a.points, "items": dict(a.items),
        "applied_at": a.at, "withdrawn": False,
    }  # fmt: skip
    yield Put(application_list, {**row, **_UNRANKED})


def _withdrawn(e: Envelope) -> Iterable[RowChange]:
    yield _of(e, e.data.number, withdrawn=True)


def _recounted(e: Envelope) -> Iterable[RowChange]:
    yield _of(e, e.data.number, points=e.data.points, items=dict(e.data.items))


def _left(e: Envelope) -> Iterable[RowChange]:
    yield _of(e, e.data.number, outcome="left")


def _returned(e: Envelope) -> Iterable[RowChange]:
    r: al.ApplicationReturned = e.data
    yield _of(e, r.number, outcome=r.outcome, decided_by="returned", duplicate_of=None)
    if r.outcome != "returned":
        yield _of(e, r.number, rank=r.rank, ranked_points=r.application.points, missing=r.missing, publication=r.publication)
    for number in r.others:
        yield _of(e, number, duplicate_of=r.number)


def _given_up(e: Envelope) -> Iterable[RowChange]:
    g: al.PlaceGivenUp = e.data
    yield _of(e, g.number, outcome="lapsed" if g.reason == "not_taken" else "left")
    if g.next is not None:
        yield _of(e, g.next, outcome="admitted", moved_up=True, missing=0)
        yield from _to_be_taken(e, f":{g.next}")


def _finished(e: Envelope) -> Iterable[RowChange]:
    yield from _status("final")(e)
    yield from _to_be_taken(e, "")


def _lapsed(e: Envelope) -> Iterable[RowChange]:
    done: al.PlacesLapsed = e.data
    for one in done.places:
        yield _of(e, one.number, outcome="lapsed")
        if one.next is not None:
            yield _of(e, one.next, outcome="admitted", moved_up=True, missing=0)
    if any(one.next for one in done.places):
        yield from _to_be_taken(e, f":{done.take_until.isoformat()}")


def _to_be_taken(e: Envelope, whose: str) -> Iterable[RowChange]:
    """A moment after the end, as the end itself is still in time; one end for all to whom the same was told."""
    done: al.PlaceGivenUp | al.AllocationFinished | al.PlacesLapsed = e.data
    if done.take_until is not None:
        key, due = done.allocation_id, done.take_until + timedelta(seconds=1)
        facts = {"days": str(done.take_days)}
        yield Put(deadlines, {"id": f"places:{key}{whose}", "name": "places_lapse", "stream_id": key, "due_at": due, "facts": facts})


def _taken(e: Envelope) -> Iterable[RowChange]:
    yield _of(e, e.data.number, outcome="taken")


ALLOCATIONS = Projection(
    "allocations",
    (allocation_list, application_list, allocation_publications),
    {
        al.AllocationPlanned: _planned,
        al.AllocationOpened: _status("open"),
        al.AllocationClosed: _status("closed"),
        al.AllocationFinished: _finished,
        al.RankingPublished: _published,
        al.ApplicationLeft: _left,
        al.ApplicationReturned: _returned,
        al.PlaceGivenUp: _given_up,
        al.PlacesLapsed: _lapsed,
        al.PlaceTaken: _taken,
        ap.ApplicationMade: _made,
        ap.ApplicationWithdrawn: _withdrawn,
        ap.ApplicationRecounted: _recounted,
    },
)
