"""Every yes and no about the clocks of a case: what is told by now, and what a change of rules moves."""

from __future__ import annotations

from msgspec.structs import replace

from services.intake.domain import case as c
from services.intake.domain.casework import ProvisionalHelpLapsed
from services.intake.domain.clocks import (
    ClockBreached,
    ClockEscalated,
    ClocksRecomputed,
    ClockWarned,
    Ended,
    Mark,
    RecomputeClocks,
    Running,
    TellClock,
    after,
    key,
    open_clocks,
    recomputed,
    row_of,
    stopping,
)
from services.intake.domain.standing import known

_SAID = (ClockWarned, ClockBreached, ClockEscalated)


def tell(command: TellClock, state: c.Case) -> tuple[c.Event, ...]:
    """Everybody who is due to be told by now, each once; a clock that ran out while nobody looked is not warned of first."""
    report = known(state)
    running = next((one for one in open_clocks(state.clocks) if one.name == command.clock), None)
    if running is None:
        return ()
    due = [mark for mark in running.marks if mark.at <= command.at and key(mark) not in running.told]
    red = any(mark.kind == "red" for mark in running.marks if mark.at <= command.at)
    events: list[c.Event] = []
    for mark in sorted(due, key=lambda mark: mark.at):
        if red and mark.kind == "yellow":
            continue
        said = _said(report.case_id, running, mark, state, command)
        running = after((running,), said)[0]
        # Only the last word knows when the clock speaks again.
        events = [replace(one, next=None) if isinstance(one, _SAID) else one for one in events]
        events.append(replace(said, next=running.next()))
        if mark.kind == "red":
            events += _consequences(report, state, command)
    if running.name == "papers" and any(isinstance(event, ClockBreached) for event in events):
        # The lapse ends the clock: nobody is told of it after.
        events = [replace(one, next=None) if isinstance(one, _SAID) else one for one in events]
        ended = ProvisionalHelpLapsed(report.case_id, report.person_id, command.at, (Ended(running.name, ""),))
        return (*events, ended)
    return tuple(events)


def _said(case_id: str, running: Running, mark: Mark, state: c.Case, command: TellClock) -> ClockWarned | ClockBreached | ClockEscalated:
    if mark.kind == "red":
        return ClockBreached(case_id, running.name, mark.to, running.due, command.at, state.urgency)
    kind = ClockWarned if mark.kind == "yellow" else ClockEscalated
    return kind(case_id, running.name, mark.to, running.due, command.at)


def _consequences(report: c.CaseReported, state: c.Case, command: TellClock) -> list[c.Event]:
    if command.clock == "first_contact" and state.contacted_at is None and not state.missed:
        return [c.FirstContactMissed(report.case_id, state.urgency, command.at)]
    return []


def recompute(command: RecomputeClocks, state: c.Case) -> tuple[c.Event, ...]:
    """Once for each version of the rules; what was told already is not told again. A clock that was taken out of the rules stops."""
    report = known(state)
    running = [one for one in open_clocks(state.clocks) if one.rules < command.rules.version]
    if not running:
        return ()
    gone = [one.name for one in running if one.name not in command.rules.clocks]
    fresh = tuple([recomputed(command.rules, one, state.district) for one in running if one.name not in gone])
    rows = tuple([row for one in running if one.name not in gone and (row := row_of(one))])
    stopped = stopping(state.clocks, *gone) if gone else ()
    return (ClocksRecomputed(report.case_id, command.rules.version, command.change, command.at, fresh, rows, stopped),)
