"""Clocks: when they turn yellow and red, what they count in, who is told once, and what a change of rules moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.intake.clockwork import CLOCKS, PRINTED
from services.intake.domain import case as c
from services.intake.domain import case_commands as ask
from services.intake.domain import case_decisions as d
from services.intake.domain import casework as w
from services.intake.domain import casework_decisions as working
from services.intake.domain import clocks as k
from services.intake.domain import working_time as t
from shared.testing.given import Given
from tests.intake.test_case_decisions import AT, REPORTED

HIGH = k.started(PRINTED, "first_contact", "high", "440106", AT)
HELP = k.started(PRINTED, "help", "high", "440106", AT)
RUNNING = replace(REPORTED, clocks=(HIGH, HELP))
TYPHOON = t.Stop("ragasa", date(2026, 11, 24), date(2026, 11, 25), (), "typhoon", "notice")


def stopped_by(*stops: t.Stop, version: int = 1) -> k.Rules:
    return replace(PRINTED, version=version, time=t.WorkingTime(stops))


@pytest.mark.parametrize(
    ("clock", "level", "at", "due"),
    [
        ("first_contact", "critical", "2026-11-27T23:30+08:00", "2026-11-28T01:30+08:00"),
        ("first_contact", "high", "2026-11-27T10:00+08:00", "2026-11-28T10:00+08:00"),
        ("first_contact", "normal", "2026-11-27T10:00+08:00", "2026-12-01T10:00+08:00"),
        ("first_contact", "none", "2026-11-27T10:00+08:00", "2026-12-04T10:00+08:00"),
        ("first_contact", "normal", "2026-02-13T10:00+08:00", "2026-02-24T10:00+08:00"),
        ("sign", "high", "2026-10-09T16:00+08:00", "2026-10-10T16:00+08:00"),  # a Saturday that is worked
        ("consult", "none", "2026-11-23T10:00+08:00", "2026-11-25T10:00+08:00"),
        ("help", "critical", "2026-09-29T10:00+08:00", "2026-10-12T10:00+08:00"),
        ("complaint", "normal", "2026-11-23T10:00+08:00", "2026-11-25T10:00+08:00"),
        ("papers", "high", "2026-11-23T10:00+08:00", "2026-12-07T10:00+08:00"),
    ],
)
def test_clocks_run_in_hours_or_in_working_days(clock: str, level: str, at: str, due: str) -> None:
    start = datetime.fromisoformat(at)
    assert k.started(PRINTED, clock, level, "440106", start).due == datetime.fromisoformat(due)
    assert k.started(PRINTED, clock, level, None, start.astimezone(UTC)).due == datetime.fromisoformat(due)


def test_every_clock_of_the_data_is_yellow_before_red_and_tells_where_it_is_from() -> None:
    assert set(CLOCKS) == {"first_contact", "sign", "consult", "help", "complaint", "papers"}
    for name, rule in CLOCKS.items():
        assert rule.source
        assert [rung.kind for rung in rule.ladder][:2] == ["yellow", "red"]
        for level in ("critical", "high", "normal", "none"):
            running = k.started(PRINTED, name, level, None, AT)
            instants = [mark.at for mark in running.marks]
            assert AT < instants[0] < instants[1] == running.due
            assert instants == sorted(instants)


def test_work_that_stops_is_not_counted_where_it_stops_and_hours_run_on() -> None:
    everywhere, elsewhere = stopped_by(TYPHOON), stopped_by(replace(TYPHOON, districts=("440115",)))
    assert k.started(everywhere, "help", "high", "440106", AT).due == HELP.due + timedelta(days=2)
    assert k.started(elsewhere, "help", "high", "440106011", AT).due == HELP.due
    assert k.started(elsewhere, "help", "high", "440115105", AT).due == HELP.due + timedelta(days=2)
    assert k.started(everywhere, "first_contact", "high", "440106", AT).due == HIGH.due


def test_a_make_up_day_that_is_announced_later_counts() -> None:
    saturday = replace(PRINTED, version=1, time=t.WorkingTime((), {date(2026, 11, 28): True}))
    assert k.started(saturday, "help", "high", None, AT).due == datetime(2026, 11, 28, 2, tzinfo=UTC)


def test_each_mark_is_told_once_and_a_passed_clock_is_not_warned_of() -> None:
    yellow = Given(d.CASE, RUNNING).when(k.TellClock("first_contact", AT + timedelta(hours=13)))
    assert [(type(e).__name__, e.to) for e in yellow.events] == [("ClockWarned", "operator")]
    again = Given(d.CASE, RUNNING, *yellow.events)
    again.when(k.TellClock("first_contact", AT + timedelta(hours=14))).then()
    late = again.when(k.TellClock("first_contact", AT + timedelta(hours=60)))
    assert [(type(e).__name__, getattr(e, "to", "")) for e in late.events] == [
        ("ClockBreached", "supervisor"), ("FirstContactMissed", ""), ("ClockEscalated", "gov"), ("ClockEscalated", "city"),
    ]  # fmt: skip
    assert late.events[-1].next is None
    down = Given(d.CASE, RUNNING).when(k.TellClock("first_contact", AT + timedelta(hours=25)))
    assert [type(e).__name__ for e in down.events] == ["ClockBreached", "FirstContactMissed"]
    Given(d.CASE, RUNNING, *down.events).when(k.TellClock("first_contact", AT + timedelta(hours=26))).then()


def test_a_clock_stops_with_what_it_waits_for_and_is_silent_from_then_on() -> None:
    called = Given(d.CASE, RUNNING).when(ask.RecordFirstContact(AT, "phone"))
    assert [ended.name for ended in called.events[0].stopped] == ["first_contact"]
    Given(d.CASE, RUNNING, *called.events).when(k.TellClock("first_contact", AT + timedelta(days=9))).then()
    helped = Given(d.CASE, RUNNING).when(ask.NoteReferral("f1", "org", "medical", "accepted", AT))
    assert [ended.name for ended in helped.events[0].stopped] == ["help"]
    closed = Given(d.CASE, RUNNING).when(ask.CloseCase(AT, "died"))
    assert k.open_clocks(closed.state.clocks) == ()


def test_nobody_at_home_is_no_contact() -> None:
    seen = Given(d.CASE, RUNNING).when(ask.RecordVisit("v1", AT, "not_home"))
    assert seen.state.contacted_at is None
    assert {one.name for one in k.open_clocks(seen.state.clocks)} == {"first_contact", "help"}


def test_a_change_of_rules_moves_every_open_clock_once_and_nothing_is_told_again() -> None:
    told = Given(d.CASE, RUNNING).when(k.TellClock("first_contact", AT + timedelta(hours=25))).events
    rules = stopped_by(TYPHOON)
    moved = Given(d.CASE, RUNNING, *told).when(k.RecomputeClocks(rules, "stop", AT + timedelta(hours=26)))
    state = moved.state
    assert {one.name: one.due for one in state.clocks} == {"first_contact": HIGH.due, "help": HELP.due + timedelta(days=2)}
    Given(d.CASE, RUNNING, *told, *moved.events).when(k.RecomputeClocks(rules, "stop", AT)).then()
    after = Given(d.CASE, RUNNING, *told, *moved.events).when(k.TellClock("first_contact", AT + timedelta(hours=27)))
    assert after.events == ()


def test_a_stop_is_declared_once_lifted_and_bounded() -> None:
    declared = t.StopDeclared(TYPHOON, AT, 1)
    Given(t.CALENDAR).when(t.DeclareStop(TYPHOON, AT)).then(declared)
    Given(t.CALENDAR, declared).when(t.DeclareStop(TYPHOON, AT)).then()
    Given(t.CALENDAR, declared).when(t.DeclareStop(replace(TYPHOON, districts=("440106",)), AT)).refused(t.StopDiffersFromFirst)
    Given(t.CALENDAR).when(t.DeclareStop(replace(TYPHOON, last=date(2027, 1, 1)), AT)).refused(t.StopIsTooLong)
    Given(t.CALENDAR).when(t.DeclareStop(replace(TYPHOON, last=date(2026, 11, 23)), AT)).refused(t.StopIsTooLong)
    lifted = Given(t.CALENDAR, declared).when(t.LiftStop("ragasa", date(2026, 11, 24), AT))
    works = lifted.state.time.works_in("440106")
    assert (works(date(2026, 11, 24)), works(date(2026, 11, 25)), lifted.state.version) == (False, True, 2)
    Given(t.CALENDAR).when(t.LiftStop("nobody", date(2026, 11, 24), AT)).refused(t.StopIsUnknown)
    Given(t.CALENDAR).when(t.AnnounceDays({date(2026, 11, 24): True}, "n", AT)).then()


def test_help_before_the_papers_lapses_by_itself_unless_they_come() -> None:
    given_help = Given(d.CASE, RUNNING).when(w.GiveProvisionalHelp(PRINTED, AT))
    due = datetime(2026, 12, 7, 2, tzinfo=UTC)
    assert given_help.events[0].papers_due == due
    lapsed = Given(d.CASE, RUNNING, *given_help.events).when(k.TellClock("papers", due))
    assert [type(e).__name__ for e in lapsed.events] == ["ClockBreached", "ProvisionalHelpLapsed"]
    assert lapsed.state.work.provisional.state == "lapsed"
    Given(d.CASE, RUNNING, *given_help.events, *lapsed.events).when(w.CompletePapers(due)).refused(working.ProvisionalHelpHasLapsed)
    came = Given(d.CASE, RUNNING, *given_help.events).when(w.CompletePapers(AT))
    Given(d.CASE, RUNNING, *given_help.events, *came.events).when(k.TellClock("papers", due)).then()
    quiet = replace(RUNNING, urgency="normal")
    Given(d.CASE, quiet).when(w.GiveProvisionalHelp(PRINTED, AT)).refused(working.CaseIsNotUrgent)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=8), st.lists(st.integers(0, 5), max_size=4))
def test_however_often_somebody_looks_and_whatever_changes_each_mark_is_told_at_most_once(hours: list[int], stops: list[int]) -> None:
    state, told = d.CASE.evolve(c.Case(), RUNNING), []
    for step, hour in enumerate(sorted(hours)):
        if step < len(stops):
            stop = replace(TYPHOON, stop_id=str(step), first=date(2026, 11, 24) + timedelta(days=stops[step]), last=date(2026, 12, 1))
            for event in d.CASE.decide(k.RecomputeClocks(stopped_by(stop, version=step + 1), "stop", AT), state):
                state = d.CASE.evolve(state, event)
        for clock in ("first_contact", "help"):
            for event in d.CASE.decide(k.TellClock(clock, AT + timedelta(hours=hour)), state):
                state = d.CASE.evolve(state, event)
                told.append((type(event).__name__, getattr(event, "clock", ""), getattr(event, "to", "")))
    assert len(told) == len(set(told))
    last = AT + timedelta(hours=max(hours))
    if last >= HIGH.due:
        assert ("ClockBreached", "first_contact", "supervisor") in told
