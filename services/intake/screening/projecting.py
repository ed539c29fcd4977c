"""From what happened to a screening to the row it is listed in."""

from __future__ import annotations

from collections.abc import Iterable

from services.intake.domain import screening as s
from services.intake.screening.tables import screening_list
from shared.envelope import Envelope
from shared.schedule import deadlines
from shared.service import Change, Projection, Put, RowChange


def _asked(e: Envelope) -> Iterable[RowChange]:
    a: s.ScreeningAsked = e.data
    yield Put(
        screening_list,
        {
            "screening_id": a.screening_id, "name": a.name, "status": "asked", "as_of": a.as_of, "asked_at": a.at, "ended_at": None,
            "asked_by": e.actor, "version": a.version, "file": a.file, "to": 0, "of": a.size, "reason": None, "field": None,
        },
    )  # fmt: skip


def _begun(e: Envelope) -> Iterable[RowChange]:
    b: s.ScreeningBegun = e.data
    yield Change(screening_list, {"screening_id": b.screening_id}, {"status": "running"})


def _part(e: Envelope) -> Iterable[RowChange]:
    p: s.ScreeningPartDone = e.data
    key = {"screening_id": p.screening_id}
    yield Change(screening_list, key, {"to": p.to, "of": p.of})


def _ended(e: Envelope) -> Iterable[RowChange]:
    d: s.ScreeningEnded = e.data
    values = {"status": d.how, "ended_at": d.at, "reason": d.reason or None, "field": d.field or None}
    yield Change(screening_list, {"screening_id": d.screening_id}, values)
    due = d.at + s.KEPT
    facts = {"due_at": due.isoformat()}
    yield Put(deadlines, {"id": f"signals:{d.screening_id}", "name": "signals", "stream_id": d.screening_id, "due_at": due, "facts": facts})


SCREENINGS = Projection(
    "screenings",
    (screening_list,),
    {s.ScreeningAsked: _asked, s.ScreeningBegun: _begun, s.ScreeningPartDone: _part, s.ScreeningEnded: _ended},
)
