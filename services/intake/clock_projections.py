"""From what happened to the clocks that run, each with the one deadline at which it speaks next."""

from __future__ import annotations

from collections.abc import Iterable

from services.intake.domain import case as c
from services.intake.domain import casework as w
from services.intake.domain import clocks as k
from services.intake.domain import working_time as t
from services.intake.tables import clock_change_list, clock_list
from shared.envelope import Envelope
from shared.schedule import deadlines
from shared.service import Change, Drop, Projection, Put, RowChange

EVERYWHERE = "*"


def _deadline(case_id: str, clock: str, following: k.Next | None) -> Iterable[RowChange]:
    if following is not None:
        row = {"id": f"clock:{case_id}:{following.row}", "name": "clock", "stream_id": case_id, "due_at": following.at}
        yield Put(deadlines, {**row, "facts": {"clock": clock}})


def _yellow(running: k.Running) -> k.Mark | None:
    return next((mark for mark in running.marks if mark.kind == "yellow"), None)


def _stopped(e: Envelope) -> Iterable[RowChange]:
    case_id = e.data.case_id
    for ended in getattr(e.data, "stopped", ()):
        yield Change(clock_list, {"case_id": case_id, "clock": ended.name}, {"stopped_at": e.data.at})
        if ended.row:
            yield Drop(deadlines, {"id": f"clock:{case_id}:{ended.row}"})


def _moved(e: Envelope) -> Iterable[RowChange]:
    """Clocks that stop with this event, and those that start."""
    case_id = e.data.case_id
    yield from _stopped(e)
    for running in getattr(e.data, "clocks", ()):
        yellow = _yellow(running)
        yield Put(
            clock_list,
            {
                "case_id": case_id, "clock": running.name, "level": running.level, "started_at": running.started_at,
                "yellow_at": yellow.at if yellow else None, "due_at": running.due, "light": running.light, "told_to": None,
                "rules": running.rules, "breached_at": None, "stopped_at": None,
            },
        )  # fmt: skip
        yield from _deadline(case_id, running.name, running.next())


def _recomputed(e: Envelope) -> Iterable[RowChange]:
    again: k.ClocksRecomputed = e.data
    yield from _stopped(e)
    for row in again.rows:
        yield Drop(deadlines, {"id": f"clock:{again.case_id}:{row}"})
    for running in again.clocks:
        yellow = _yellow(running)
        moved = {"yellow_at": yellow.at if yellow else None, "due_at": running.due, "rules": running.rules}
        yield Change(clock_list, {"case_id": again.case_id, "clock": running.name}, moved)
        yield from _deadline(again.case_id, running.name, running.next())


def _told(e: Envelope) -> Iterable[RowChange]:
    said = e.data
    values = {"light": "yellow" if isinstance(said, k.ClockWarned) else "red", "told_to": said.to}
    if isinstance(said, k.ClockBreached):
        values["breached_at"] = said.at
    yield Change(clock_list, {"case_id": said.case_id, "clock": said.clock}, values)
    yield from _deadline(said.case_id, said.clock, said.next)


def _changed(e: Envelope) -> Iterable[RowChange]:
    districts: tuple[str, ...] = ()
    match e.data:
        case t.StopDeclared():
            kind, districts = "stop", e.data.stop.districts
        case t.StopLifted():
            kind, districts = "lifted", e.data.districts
        case t.DaysAnnounced():
            kind = "days"
        case _:
            kind = "clocks"
    for district in districts or (EVERYWHERE,):
        yield Put(clock_change_list, {"version": e.data.version, "district": district, "kind": kind})


_MOVING = (
    c.CaseReported, c.FirstContactMade, c.CaseVerified, c.VisitRecorded, c.CaseTransferred, c.CaseClosed, c.CaseReopened, c.CaseWithdrawn,
    c.ReferralNoted, w.HandOverAsked, w.HandOverAnswered, w.GrievanceRaised, w.GrievanceAnswered, w.ProvisionalHelpGiven,
    w.PapersCompleted, w.ProvisionalHelpLapsed, w.CaseSigned, w.HelpSoughtAgain,
)  # fmt: skip
CLOCKS = Projection(
    "clocks",
    (clock_list, clock_change_list),
    {
        **dict.fromkeys(_MOVING, _moved),
        **dict.fromkeys((k.ClockWarned, k.ClockBreached, k.ClockEscalated), _told),
        k.ClocksRecomputed: _recomputed,
        **dict.fromkeys(t.CALENDAR.events, _changed),
    },
)
