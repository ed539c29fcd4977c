"""What waits for somebody's hand: help that failed, hand-overs, reviews; found on one page and ended by the deed, not by a click."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.intake.clockwork import PRINTED
from services.intake.domain import case as c
from services.intake.domain import case_commands as ask
from services.intake.domain import case_decisions as d
from services.intake.domain import casework as w
from services.intake.domain import clocks as k
from services.intake.domain.standing import CaseIsClosed, CaseIsWithdrawn, PersonOfCaseIsErased
from services.intake.domain.urgency import Need
from shared.kernel import SHREDDED
from shared.service import To
from shared.testing.given import Given
from shared.testing.waiting import until
from tests.intake.conftest import Desk
from tests.intake.test_case_decisions import ACCEPTED, AT, REPORTED
from tests.intake.test_pages import Browser

HELP = k.started(PRINTED, "help", "normal", None, AT)
RUNNING = replace(REPORTED, clocks=(HELP,))
TAKEN = replace(ACCEPTED, stopped=(k.Ended("help", "x"),))
LATER = AT + timedelta(days=9)


def _closed(outcome: str, state: str = "closed") -> ask.NoteReferral:
    return ask.NoteReferral("f1", "org", "medical", state, LATER, outcome)


def _kinds(*events: Any) -> list[str]:
    return [type(event).__name__ for event in events]


@pytest.mark.parametrize(
    ("outcome", "state"), [("could_not_get_help", "closed"), ("no_capacity", "closed"), ("consent_withdrawn", "revoked")]
)
def test_help_that_came_to_nothing_is_somebodys_task_and_its_time_runs_again(outcome: str, state: str) -> None:
    failed = Given(d.CASE, RUNNING, TAKEN).when(_closed(outcome, state))
    assert _kinds(*failed.events) == ["ReferralNoted", "HelpFailed", "TaskAdded"]
    assert [(t.kind, t.why, t.done) for t in failed.state.tasks] == [("help_failed", ("medical", outcome), False)]
    sought = Given(d.CASE, RUNNING, TAKEN, *failed.events).when(w.SeekHelpAgain("medical", PRINTED, LATER))
    (clock,) = k.open_clocks(sought.state.clocks)
    assert (clock.name, clock.started_at) == ("help", LATER)
    assert clock.due > LATER + timedelta(days=5)
    told = (RUNNING, TAKEN, *failed.events, *sought.events)
    Given(d.CASE, *told).when(w.SeekHelpAgain("medical", PRINTED, LATER)).then()
    taken_again = Given(d.CASE, *told).when(ask.NoteReferral("f2", "other", "medical", "accepted", LATER)).state
    assert [t.done for t in taken_again.tasks] == [True]
    assert k.open_clocks(taken_again.clocks) == ()
    Given(d.CASE, *told[:-1], c.TaskFinished("c1", failed.state.tasks[0].task_id, LATER)).when(
        w.SeekHelpAgain("medical", PRINTED, LATER)
    ).then()


def test_another_need_that_is_taken_leaves_the_time_of_the_failed_one_running() -> None:
    two = replace(RUNNING, needs=(*RUNNING.needs, Need("housing", ("given",))))
    failed = Given(d.CASE, two, TAKEN).when(_closed("no_capacity"))
    told = (two, TAKEN, *failed.events, *Given(d.CASE, two, TAKEN, *failed.events).when(w.SeekHelpAgain("medical", PRINTED, LATER)).events)
    other = Given(d.CASE, *told).when(ask.NoteReferral("f2", "other", "housing", "accepted", LATER)).state
    assert [one.name for one in k.open_clocks(other.clocks)] == ["help"]
    removed = c.CaseFactsChanged("c1", "p1", "p1", LATER, "caseworker", ("needs",), ("housing",), "high", {})
    assert "HelpFailed" not in _kinds(*Given(d.CASE, two, TAKEN, removed).when(_closed("no_capacity")).events)


@pytest.mark.parametrize("outcome", ["got_help", "referred_elsewhere", "no_longer_interested", "not_eligible"])
def test_what_settles_a_need_asks_for_no_other_help(outcome: str) -> None:
    assert "HelpFailed" not in _kinds(*Given(d.CASE, RUNNING, TAKEN).when(_closed(outcome)).events)


def test_an_offer_that_nobody_took_has_failed_nobody() -> None:
    assert _kinds(*Given(d.CASE, RUNNING).when(_closed("no_capacity")).events) == ["ReferralNoted"]


def test_a_clock_that_was_taken_out_of_the_rules_stops_and_the_others_are_computed_anew() -> None:
    papers = replace(HELP, name="tea")
    changed = replace(PRINTED, version=3)
    again = Given(d.CASE, replace(REPORTED, clocks=(HELP, papers))).when(k.RecomputeClocks(changed, "clocks", LATER))
    assert [(one.name, one.rules, one.stopped_at) for one in again.state.clocks] == [("tea", 0, LATER), ("help", 3, None)]
    assert [ended.name for ended in again.events[0].stopped] == ["tea"]


def test_a_task_with_a_deed_of_its_own_is_not_clicked_away() -> None:
    asked = Given(d.CASE, RUNNING).when(w.AskHandOver("h1", "better_placed", "helpers", None, PRINTED, AT))
    (task,) = asked.state.tasks
    assert (task.kind, task.why) == ("answer_hand_over", ("helpers",))
    Given(d.CASE, RUNNING, *asked.events).when(ask.FinishTask(task.task_id, AT)).refused(d.TaskEndsWithItsDeed)
    answered = Given(d.CASE, RUNNING, *asked.events).when(w.AnswerHandOver("h1", False, "no_capacity", AT)).state
    assert [(one.done, one.outcome) for one in answered.tasks] == [(True, "declined")]


def test_whoever_told_it_is_forgotten_alone_and_never_the_person() -> None:
    Given(d.CASE, replace(REPORTED, reporter_id=REPORTED.person_id)).when(ask.ForgetReporter(AT)).refused(d.ReporterIsThePerson)
    told = replace(REPORTED, reporter_id="r9", reporter=c.Reporter("李四", "13900139000"))
    gone = Given(d.CASE, told).when(ask.ForgetReporter(AT))
    assert gone.events == (c.ReporterForgotten("c1", "r9", AT),)
    assert gone.state.report is not None
    assert gone.state.report.reporter is None
    Given(d.CASE, told, *gone.events).when(ask.ForgetReporter(AT)).then()


def _shared(consent_id: str, *, above: bool = False, urgency: str = "critical", before: tuple[Any, ...] = ()) -> Any:
    summary = c.ConsentSummary(consent_id, True, "emergency", AT, ("referral",), ("charity",))
    danger = replace(REPORTED, urgency=urgency)
    return Given(d.CASE, danger, *before).when(ask.NoteEmergency(summary, LATER, above, AT))


def test_an_emergency_is_for_danger_one_at_a_time_and_after_a_no_from_above() -> None:
    _shared("k1", urgency="high").refused(d.NobodyIsInDanger)
    first = _shared("k1")
    assert _kinds(*first.events) == ["ConsentNoted", "TaskAdded"]
    _shared("k2", above=True, before=first.events).refused(d.EmergencyIsSharedAlready)
    ended = (*first.events, c.ConsentNoted("c1", first.events[0].consent, False, LATER))
    _shared("k2", before=ended).refused(d.EmergencyNeedsSuperior)
    assert _shared("k2", above=True, before=ended).events
    for outcome, refused in (("not_upheld", True), ("upheld", False)):
        reviewed = (*ended, c.TaskFinished("c1", "k1:review", LATER, outcome))
        said = _shared("k2", before=reviewed)
        assert said.refused(d.EmergencyNeedsSuperior) if refused else said.events


def test_an_emergency_is_of_a_living_case_and_of_nobody_who_is_forgotten() -> None:
    first = _shared("k1").events
    for ended, refused in (
        (c.CaseClosed("c1", "p1", AT, "needs_met"), CaseIsClosed), (c.CaseWithdrawn("c1", "p1", AT, "asked"), CaseIsWithdrawn),
    ):  # fmt: skip
        _shared("k1", before=(ended,)).refused(refused)
    forgotten = replace(REPORTED, urgency="critical", told=SHREDDED)
    summary = c.ConsentSummary("k1", True, "emergency", AT, ("referral",), ("charity",))
    Given(d.CASE, forgotten).when(ask.NoteEmergency(summary, LATER, True, AT)).refused(PersonOfCaseIsErased)
    assert first


def test_a_review_that_was_clicked_away_before_outcomes_were_kept_is_still_to_be_given() -> None:
    first = _shared("k1").events
    clicked = (*first, c.TaskFinished("c1", "k1:review", AT))  # as stores hold it
    _shared("k2", above=True, before=clicked).refused(d.EmergencyIsSharedAlready)
    over = (*clicked, c.ConsentNoted("c1", first[0].consent, False, LATER))
    assert _shared("k2", before=over).events, "whether it was upheld nobody knows, and nobody is held to it"
    danger = replace(REPORTED, urgency="critical")
    told = Given(d.CASE, danger, *clicked).when(ask.FinishTask("k1:review", LATER, "not_upheld"))
    assert [one.outcome for one in told.events] == ["not_upheld"]
    Given(d.CASE, danger, *clicked, *told.events).when(ask.FinishTask("k1:review", LATER, "not_upheld")).then()


def test_whoever_helps_with_the_same_need_goes_on_when_another_gives_up() -> None:
    second = c.ReferralNoted("c1", "f2", "other", "medical", "accepted", AT)
    told = Given(d.CASE, RUNNING, TAKEN, second).when(_closed("no_capacity"))
    assert _kinds(*told.events) == ["ReferralNoted"]
    assert told.state.taken == (("f2", "medical"),)
    unit = w.unit_of(told.state.work, "medical")
    assert (unit.state, unit.outcome) == ("open", None), "the need is served, by the other"
    alone = Given(d.CASE, RUNNING, TAKEN).when(_closed("no_capacity")).state
    assert w.unit_of(alone.work, "medical").outcome == "no_capacity"


async def test_failed_help_is_on_the_page_of_tasks_and_its_clock_runs(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]

    async def noted(referral: str, state: str, outcome: str = "") -> None:
        note = ask.NoteReferral(referral, "helpers", "medical", state, desk.now, outcome)
        await desk.room.execute(To("case", case, note), actor="test")

    async def running() -> list[str]:
        rows = await desk.sql("select clock from clock_list where case_id = $1 and stopped_at is null order by clock", case)
        return [row["clock"] for row in rows if row["clock"] == "help"]

    await noted("f1", "accepted")
    assert await running() == []
    await noted("f1", "closed", "could_not_get_help")
    await until(running, ["help"])
    (task,) = (await desk.get("/tasks?kind=help_failed")).json()["items"]
    assert (task["case_id"], task["why"], task["operator"]) == (case, ["medical", "could_not_get_help"], "operator")
    for language, word in (("zh", "帮助未成"), ("en", "Help came to nothing")):
        page = await Browser(desk, "caseworker", language).open("/intake/tasks")
        assert word in page
        assert f'href="/intake/cases/{case}"' in page
        assert "张三丰" not in page
    assert f'href="/intake/cases/{case}"' in await Browser(desk, "operator").open("/intake/tasks"), "their own case"
    assert f'href="/intake/cases/{case}"' not in await Browser(desk, "caseworker").open("/intake/tasks?whose=mine")
    assert f'href="/intake/cases/{case}"' not in await Browser(desk, "caseworker").open("/intake/tasks?district=440103")
    assert f'href="/intake/cases/{case}"' not in await Browser(desk, "caseworker").open("/intake/tasks?kind=call_back")
    await noted("f2", "accepted")
    assert (await desk.get("/tasks?kind=help_failed")).json()["items"] == []
    assert await running() == []
    await Browser(desk, "charity").open("/intake/tasks", 403)
    assert (await desk.get("/tasks", who="charity")).status_code == 403


async def test_who_is_asked_to_take_a_case_over_finds_it_and_sees_it_once_it_is_theirs(desk: Desk, full_report: dict[str, Any]) -> None:
    agreed, silent = full_report, {**full_report, "source_ref": "2", "consent": None}
    for report, status in ((agreed, 200), (silent, 404)):
        case = (await desk.reported(report))["case_id"]
        at = f"/cases/{case}"
        asked = await desk.post(f"{at}/hand-overs", {"reason": "better_placed", "to_org": "helpers"})
        (task,) = [one for one in (await desk.get("/tasks?kind=answer_hand_over")).json()["items"] if one["case_id"] == case]
        assert task["why"] == ["helpers"]
        assert task["due_at"]
        finish = f"{at}/tasks/{task['task_id']}/finish"
        assert (await desk.post(finish)).json()["type"] == "urn:kapok:problem:TaskEndsWithItsDeed"
        assert (await desk.get(at, who="charity", org="helpers")).status_code == 404, "it is not theirs yet"
        (found,) = (await desk.get("/hand-overs", who="charity", org="helpers")).json()["items"]
        assert (found["request_id"], found["case_id"], found["to_org"]) == (asked.json()["request_id"], case, "helpers")
        assert (found["reason"], found["answer_by"]) == ("better_placed", task["due_at"])
        assert (await desk.get("/hand-overs")).json()["items"] == [found]
        assert (await desk.get("/hand-overs?district=440104")).json()["items"] == []
        for org in ("others", "440104", "440106"):
            assert (await desk.get("/hand-overs", who="charity", org=org)).json()["items"] == [], "it is not their business"
        taken = await desk.post(f"{at}/hand-overs/{asked.json()['request_id']}/accept", who="charity", org="helpers")
        assert taken.status_code == 200
        seen = await desk.get(at, who="charity", org="helpers")
        assert seen.status_code == status, "with a consent to be referred alone"
        assert (await desk.get(at, who="charity", org="others")).status_code == 404
        if status == 200:
            assert seen.json()["masked"] is True
    assert (await desk.get("/tasks?kind=answer_hand_over")).json()["items"] == []
    assert (await desk.get("/hand-overs", who="charity", org="helpers")).json()["items"] == []
    assert (await desk.get("/hand-overs", who="finance")).status_code == 403
    at = f"/cases/{case}/hand-overs"
    assert (await desk.post(at, {"reason": "lives_there", "to_district": "440104"})).status_code == 201
    assert [one["to_district"] for one in (await desk.get("/hand-overs?district=440104")).json()["items"]] == ["440104"]
    assert (await desk.get("/hand-overs", who="charity", org="440104")).json()["items"] == [], "a district is no organisation"
    street = (await desk.reported({**full_report, "source_ref": "3"}))["case_id"]
    assert (await desk.post(f"/cases/{street}/hand-overs", {"reason": "lives_there", "to_district": "440104007"})).status_code == 201
    page = (await desk.get("/hand-overs?district=440104&limit=1")).json()
    rest = (await desk.get(f"/hand-overs?district=440104&limit=1&cursor={page['next']}")).json()
    assert {one["case_id"] for one in page["items"] + rest["items"]} == {case, street}
    assert rest["next"] is None
    assert (await desk.get("/hand-overs?district=440107")).json()["items"] == []


async def test_an_emergency_is_shared_once_and_after_a_no_by_the_government_side_alone(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported({**full_report, "danger_now": True, "consent": None}))["case_id"]
    share, body = f"/cases/{case}/emergency-share", {"reason": "昏迷，联系不上家属"}
    told = await asyncio.gather(*[desk.post(share, body) for _ in range(4)])
    assert sorted(answer.status_code for answer in told) == [201, 409, 409, 409], "of many clicks at once one shares"
    first = next(answer.json()["consent_id"] for answer in told if answer.status_code == 201)
    assert {answer.json()["type"] for answer in told if answer.status_code == 409} == {"urn:kapok:problem:EmergencyIsSharedAlready"}

    async def waits() -> list[str]:
        return [one["kind"] for one in (await desk.get("/tasks?kind=review_emergency")).json()["items"]]

    await until(waits, ["review_emergency"])
    assert (await desk.post(f"/cases/{case}/tasks/{first}:review/finish")).status_code == 409
    assert (await desk.post(f"/consents/{first}/review", {"upheld": False}, who="auditor")).status_code == 200
    await until(waits, [])
    assert (await desk.post(share, body)).json()["type"] == "urn:kapok:problem:EmergencyNeedsSuperior"
    assert (await desk.post(share, body, who="gov")).status_code == 201
    kept = await desk.reported({**full_report, "source_ref": "9", "danger_now": True, "consent": None})
    assert (
        await desk.post(f"/persons/{kept['person_id']}/erasure", {"reason": "law", "kept_until": "2030-01-01"}, who="admin")
    ).status_code == 200
    refused = await desk.post(f"/cases/{kept['case_id']}/emergency-share", body, who="gov")
    assert refused.status_code in (404, 409), "nothing goes out about whoever is kept for the law alone"
    shared = await desk.sql("select case_id from consent_list where how = 'emergency'")
    assert kept["case_id"] not in {row["case_id"] for row in shared}


async def test_a_caller_who_asks_for_it_is_forgotten_and_the_person_stays(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    at = f"/cases/{case}"
    shown = (await desk.get(at, X_Access_Reason="test")).json()
    assert shown["reporter"]["name"] == "李四"
    before = await _keys(desk)
    assert (await desk.post(f"{at}/reporter/erasure")).status_code == 403
    assert (await desk.post(f"{at}/reporter/erasure", who="gov")).status_code == 200
    shown = (await desk.get(at, X_Access_Reason="test")).json()
    assert (shown["reporter"], shown["person"]["name"]) == (None, "张三丰")
    assert await _keys(desk) == before - 1
    own = await desk.reported(
        {**full_report, "source_ref": "self", "reporter": {"relation": "self", "name": "张三丰", "phone": "13800138000"}}
    )
    refused = await desk.post(f"/cases/{own['case_id']}/reporter/erasure", who="gov")
    assert refused.json()["type"] == "urn:kapok:problem:ReporterIsThePerson"


async def _keys(desk: Desk) -> int:
    return int((await desk.sql("select count(*) as n from subject_keys where wrapped is not null"))[0]["n"])


async def test_bills_and_schools_are_the_word_of_those_who_have_them(desk: Desk) -> None:
    report = {"channel": "web", "received_at": "2026-11-23T09:12:00+08:00", "narrative": "医药费交不起", "school": {"stage": "primary"}}
    refused = await desk.client.post("/intake/v1/reports", json=report)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/school")


async def test_what_is_late_comes_first_then_what_is_urgent(desk: Desk, full_report: dict[str, Any]) -> None:
    cases = {}
    for name, more in (("calm", {}), ("danger", {"danger_now": True}), ("late", {})):
        body = {
            "channel": "hotline",
            "received_at": full_report["received_at"],
            "source_ref": name,
            "source": "12345",
            "needs": ["education"],
        }
        cases[name] = (await desk.reported({**body, **more}))["case_id"]
        due = "2026-11-23T12:00:00+08:00" if name == "late" else None
        await desk.post(f"/cases/{cases[name]}/tasks", {"kind": "look_in", "due_at": due})
    desk.turn(days=1)
    listed = (await desk.get("/tasks?kind=look_in")).json()
    assert [one["case_id"] for one in listed["items"]] == [cases["late"], cases["danger"], cases["calm"]]
    assert listed["counts"] == [{"kind": "look_in", "open": 3, "late": 1}]


async def test_a_review_that_says_nothing_ends_nothing_and_an_opposite_one_is_refused(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported({**full_report, "danger_now": True, "consent": None}))["case_id"]
    blank = await desk.post(f"/cases/{case}/emergency-share", {"reason": "      "})
    assert (blank.status_code, blank.json()["errors"][0]["pointer"]) == (422, "/reason")
    share = (await desk.post(f"/cases/{case}/emergency-share", {"reason": "昏迷，联系不上家属"})).json()["consent_id"]
    auditor = Browser(desk, "auditor")
    await auditor.open("/intake/looks")
    for act in ({}, {"act": "nonsense"}):
        await auditor.send("/intake/looks", {"consent": share, **act}, 422)
    assert (await desk.get(f"/consents/{share}")).json()["reviewed"] is None
    for _ in range(2):
        assert (await desk.post(f"/consents/{share}/review", {"upheld": True}, who="auditor")).status_code == 200
    refused = await desk.post(f"/consents/{share}/review", {"upheld": False}, who="gov")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kapok:problem:ReviewedOtherwise")


async def test_nobody_is_asked_to_take_a_case_to_nowhere(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    at = f"/cases/{case}/hand-overs"
    strange = await desk.post(at, {"reason": "lives_there", "to_district": "999999"})
    assert (strange.status_code, strange.json()["errors"][0]["pointer"]) == (422, "/to_district")
    own = (await desk.get(f"/cases/{case}")).json()["residence_code"]
    assert (await desk.post(at, {"reason": "lives_there", "to_district": own})).json()["type"] == "urn:kapok:problem:HandOverGoesNowhere"


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"monthly_income_fen": -5}, "monthly_income_fen must be a whole number"), ({"household_size": 1.5}, "household_size must be"),
        ({"event_on": "x"}, "event_on must be a day"), ({"event_on": "0001-01-01"}, "event_on must be a day"), ({"age": 400}, "age must be"),
        (
            {"medical_total_year_fen": 100, "medical_self_paid_year_fen": 101},
            "medical_self_paid_year_fen must not be more than medical_total_year_fen",
        ),
    ],
)  # fmt: skip
async def test_a_fact_of_a_known_kind_is_of_its_kind(desk: Desk, full_report: dict[str, Any], facts: dict[str, Any], rule: str) -> None:
    case = (await desk.reported(full_report))["case_id"]
    refused = await desk.post(f"/cases/{case}/facts", {"facts": facts})
    assert refused.status_code == 422
    assert rule in refused.text
    good = {"monthly_income_fen": 5, "household_size": 2, "event_on": "2026-11-01", "age": 40, "monthly_rent_fen": None}
    assert (await desk.post(f"/cases/{case}/facts", {"facts": good})).status_code == 200


async def test_no_part_of_a_medical_bill_is_above_it_whichever_is_told_last(desk: Desk, full_report: dict[str, Any]) -> None:
    wrong = {**full_report, "facts": {"medical_total_year_fen": 100, "medical_reimbursed_year_fen": 101}}
    answer = await desk.post("/reports", wrong)
    told = answer.json()["errors"][0]
    assert (answer.status_code, told["pointer"]) == (422, "/facts")
    assert "medical_reimbursed_year_fen must not be more than medical_total_year_fen" in told["detail"]
    case = (await desk.reported({**full_report, "facts": {"medical_total_year_fen": 100}}))["case_id"]
    refused = await desk.post(f"/cases/{case}/facts", {"facts": {"medical_self_paid_year_fen": 101}})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kapok:problem:PartIsAboveTheBill")
    assert (await desk.post(f"/cases/{case}/facts", {"facts": {"medical_self_paid_year_fen": 100}})).status_code == 200
