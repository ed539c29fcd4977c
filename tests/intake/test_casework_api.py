"""Casework through the door: clocks and typhoons, conflicts, needs as units, hand-overs, grievances, help before papers, papers."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

import pytest

from services.intake.clockwork import adopt, recompute_some
from shared.testing.waiting import until
from tests.intake.conftest import Desk

JPEG = b"\xff\xd8\xff\xe0" + b"a bill" * 40


@pytest.fixture
async def case(desk: Desk, full_report: dict[str, Any]) -> str:
    return str((await desk.reported(full_report))["case_id"])


async def _work_off(desk: Desk) -> None:
    while await desk.opened.schedule.work_off():
        pass


def _clock(shown: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in shown["clocks"] if one["clock"] == name)


async def test_a_case_shows_its_clocks_in_words_and_from_outside_it_has_to_be_signed(desk: Desk, case: str) -> None:
    shown = (await desk.get(f"/cases/{case}")).json()
    assert {one["clock"]: one["light"] for one in shown["clocks"]} == {"first_contact": "green", "help": "green"}
    assert _clock(shown, "help")["due_at"] == "2026-11-30T09:12:00+08:00"
    web = await desk.reported({"channel": "web", "received_at": "2026-11-23T09:30:00+08:00", "narrative": "我想问一下怎么办证"})
    clocks = {one["clock"] for one in (await desk.get(f"/cases/{web['case_id']}")).json()["clocks"]}
    assert {"first_contact", "sign"} < clocks
    assert len(clocks & {"help", "consult"}) == 1
    signed = await desk.post(f"/cases/{web['case_id']}/sign")
    assert signed.json()["version"] == 2
    assert _clock((await desk.get(f"/cases/{web['case_id']}")).json(), "sign")["kept"] is True


async def test_nothing_is_lost_while_the_service_is_down_and_each_breach_is_told_once(desk: Desk, case: str) -> None:
    desk.turn(days=9)
    await _work_off(desk)
    await _work_off(desk)
    events = [item["event"] for item in (await desk.get(f"/cases/{case}/history")).json()["items"]]
    assert Counter(events)["ClockBreached"] == 2
    assert Counter(events)["FirstContactMissed"] == 1
    assert "ClockWarned" not in events
    red = (await desk.get("/clocks?light=red")).json()["items"]
    assert {(one["case_id"], one["clock"]) for one in red} == {(case, "first_contact"), (case, "help")}
    assert [(one["case_id"], one["overdue"]) for one in (await desk.get("/cases?overdue=true")).json()["items"]] == [(case, True)]
    await desk.post(f"/cases/{case}/first-contact")
    assert [(one["case_id"], one["overdue"]) for one in (await desk.get("/cases?overdue=true")).json()["items"]] == [(case, True)]
    await desk.post(f"/cases/{case}/close", {"reason": "no_need"})
    assert (await desk.get("/cases?overdue=true")).json()["items"] == []
    assert (await desk.sql("select count(*) as n from deadlines where name = 'clock'"))[0]["n"] == 0


async def test_a_typhoon_moves_the_clocks_where_work_stops_once_and_nowhere_else(
    desk: Desk, case: str, full_report: dict[str, Any]
) -> None:
    person = {**full_report["person"], "residence_code": "440115105", "id_number": "440103199909098888", "birth_date": None, "sex": "male"}
    person = {key: value for key, value in person.items() if value is not None}
    other = (await desk.reported({**full_report, "source_ref": "other", "person": person}))["case_id"]
    stop = {"stop_id": "ragasa", "first": "2026-11-24", "last": "2026-11-25", "districts": ["440115"], "source": "穗府令 2026-11"}
    assert (await desk.post("/calendar/stops", stop)).status_code == 403
    declared = await desk.post("/calendar/stops", stop, who="gov")
    assert (declared.status_code, declared.json()["version"]) == (201, 1)
    assert (await desk.post("/calendar/stops", stop, who="gov")).json()["version"] == 1
    assert (await desk.post("/calendar/stops", {**stop, "last": "2026-12-31"}, who="gov")).status_code == 409

    async def moved() -> bool:
        await recompute_some(desk.room)
        return bool(_clock((await desk.get(f"/cases/{other}")).json(), "help")["due_at"] == "2026-12-02T09:12:00+08:00")

    await until(moved)
    assert await recompute_some(desk.room) == 0
    assert _clock((await desk.get(f"/cases/{case}")).json(), "help")["due_at"] == "2026-11-30T09:12:00+08:00"
    for one, times in ((other, 1), (case, 0)):
        items = (await desk.get(f"/cases/{one}/history")).json()["items"]
        assert [item["event"] for item in items].count("ClocksRecomputed") == times
    fresh = (await desk.reported({**full_report, "source_ref": "fresh", "person": {**person, "phone": "13800138001"}}))["case_id"]
    assert _clock((await desk.get(f"/cases/{fresh}")).json(), "help")["due_at"] == "2026-12-02T09:12:00+08:00"
    lifted = await desk.post("/calendar/stops/ragasa/lift", {"last": "2026-11-24"}, who="gov")
    assert lifted.json()["version"] == 2
    assert (await desk.post("/calendar/stops/nobody/lift", {"last": "2026-11-24"}, who="gov")).status_code == 404
    days = {"worked": ["2026-11-28"], "source": "国办发明电"}
    assert (await desk.post("/calendar/days", days, who="admin")).json()["version"] == 3

    async def everywhere() -> bool:
        await recompute_some(desk.room)
        return bool(_clock((await desk.get(f"/cases/{case}")).json(), "help")["due_at"] == "2026-11-28T09:12:00+08:00")

    await until(everywhere)
    told = (await desk.get("/calendar")).json()
    assert told["days"] == [{"day": "2026-11-28", "worked": True}]
    assert all(clock["source"] for clock in told["clocks"])


async def test_other_lengths_in_a_new_version_of_the_program_are_a_change_of_rules(desk: Desk, case: str) -> None:
    async def noted() -> bool:
        return bool(await desk.sql("select 1 from clock_mark"))

    await until(noted)
    assert (await desk.get("/calendar")).json()["version"] == 0
    await desk.sql("update clock_mark set mark = 'that of an earlier program'")
    await adopt(desk.room)
    await adopt(desk.room)
    assert (await desk.get("/calendar")).json()["version"] == 1

    async def computed() -> bool:
        await recompute_some(desk.room)
        return bool(_clock((await desk.get(f"/cases/{case}")).json(), "help")["rules"] == 1)

    await until(computed)


async def test_the_clocks_table_can_be_grown_anew_and_is_the_same(desk: Desk, case: str) -> None:
    await desk.post(f"/cases/{case}/provisional")
    desk.turn(days=5)
    await _work_off(desk)
    await desk.post(f"/cases/{case}/visits", {"outcome": "seen", "at": "2026-11-23T10:05:00+08:00"})
    stop = {"stop_id": "ragasa", "first": "2026-12-01", "last": "2026-12-02", "source": "穗府令"}
    await desk.post("/calendar/stops", stop, who="gov")
    while await recompute_some(desk.room):
        pass
    for name in ("clocks", "cases"):
        answer = await desk.client.post(f"/ops/v1/projections/intake.{name}/rebuild", headers=desk.headers("ops"))
        assert answer.status_code == 200, answer.text
        assert set(answer.json()["differing_rows"].values()) == {0}


async def test_two_edits_that_did_not_know_of_each_other_are_shown_until_a_person_decides(desk: Desk, case: str) -> None:
    at = f"/cases/{case}"
    seen = (await desk.get(at)).json()["version"]
    desk.turn(hours=3)
    early = {"happened_at": "2026-11-23T10:30:00+08:00"}
    one = await desk.post(f"{at}/facts", {"facts": {"monthly_income_fen": 100}, "base_version": seen}, who="caseworker")
    assert "conflicts" not in one.json()
    other = await desk.post(f"{at}/facts", {"facts": {"monthly_income_fen": 900}, **early}, who="operator")
    assert other.json()["conflicts"] == ["facts.monthly_income_fen"]
    shown = (await desk.get(at)).json()
    [conflict] = shown["conflicts"]
    assert [(value["value"], value["author"]) for value in conflict["values"]] == [(900, "operator"), (100, "caseworker")]
    assert "monthly_income_fen" not in shown["facts"]
    for wrong in (-5, 1.5, "x"):
        refused = await desk.post(f"{at}/conflicts/facts.monthly_income_fen/resolve", {"value": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/value")
    settled = await desk.post(f"{at}/conflicts/facts.monthly_income_fen/resolve", {"edit_id": conflict["values"][1]["edit_id"]})
    assert "conflicts" not in settled.json()
    assert (await desk.get(at)).json()["facts"]["monthly_income_fen"] == 100
    changes = [change for item in (await desk.get(f"{at}/history")).json()["items"] for change in item["changes"]]
    income = [(one["from"], one["to"]) for one in changes if one["field"] == "facts.monthly_income_fen"]
    assert sorted(income, key=str) == sorted([(None, 250000), (250000, 100), (100, None), (None, 100)], key=str)
    again = await desk.post(f"{at}/conflicts/facts.monthly_income_fen/resolve", {"value": 5})
    assert (again.status_code, again.json()["type"]) == (409, "urn:kapok:problem:ConflictIsUnknown")
    future = await desk.post(f"{at}/facts", {"facts": {"age": 1}, "happened_at": "2026-11-24T10:00:00+08:00"})
    assert (future.status_code, future.json()["errors"][0]["pointer"]) == (422, "/happened_at")


async def test_what_is_sent_late_stands_where_it_happened_and_as_of_answers_what_was_known(desk: Desk, case: str) -> None:
    at = f"/cases/{case}"
    desk.turn(hours=2)
    await desk.post(f"{at}/notes", {"text": "now"})
    await desk.post(f"{at}/visits", {"outcome": "seen", "at": "2026-11-23T10:05:00+08:00"})
    items = (await desk.get(f"{at}/history")).json()["items"]
    assert [item["event"] for item in items] == ["CaseReported", "VisitRecorded", "NoteAdded"]
    assert items[1]["happened_at"] < items[1]["recorded_at"]
    known = (await desk.get(f"{at}?as_of=2026-11-23T11:00:00%2B08:00")).json()
    assert known["urgency"]["contacted_at"] is None
    assert (await desk.get(at)).json()["urgency"]["contacted_at"] == "2026-11-23T10:05:00+08:00"
    assert (await desk.post(f"{at}/first-contact", {"at": "2026-11-23T09:59:00+08:00"})).status_code == 200
    assert (await desk.get(at)).json()["urgency"]["contacted_at"] == "2026-11-23T09:59:00+08:00"


async def test_needs_are_units_and_when_all_are_settled_a_person_is_asked_to_close(desk: Desk, case: str) -> None:
    at = f"/cases/{case}"
    codes = [need["code"] for need in (await desk.get(at)).json()["needs"]]
    assert (await desk.post(f"{at}/needs/housing", {"priority": "urgent"})).status_code == 409
    await desk.post(f"{at}/needs/{codes[0]}", {"priority": "urgent", "outcome": "no_capacity"})
    for code in codes[1:]:
        await desk.post(f"{at}/needs/{code}", {"outcome": "got_help"})
    assert [t["kind"] for t in (await desk.get(f"{at}/tasks")).json()["items"]] == ["first_contact"]
    await desk.post(f"{at}/needs/{codes[0]}", {"outcome": "referred_elsewhere"})
    assert "propose_closing" in [t["kind"] for t in (await desk.get(f"{at}/tasks")).json()["items"]]
    changes = [change for item in (await desk.get(f"{at}/history")).json()["items"] for change in item["changes"]]
    assert {"field": f"needs.{codes[0]}.outcome", "from": "no_capacity", "to": "referred_elsewhere"} in changes
    first = (await desk.get(at)).json()["needs"][0]
    assert (first["priority"], first["state"], first["outcome"], first["by"]) == ("urgent", "done", "referred_elsewhere", "operator")


async def test_a_hand_over_is_asked_for_and_answered_by_the_side_that_receives(desk: Desk, case: str) -> None:
    at = f"/cases/{case}"
    asked = await desk.post(f"{at}/hand-overs", {"reason": "better_placed", "to_org": "helpers"})
    request = asked.json()["request_id"]
    assert (await desk.post(f"{at}/hand-overs", {"reason": "better_placed", "to_org": "others"})).status_code == 409
    stranger = await desk.post(f"{at}/hand-overs/{request}/accept", who="charity", org="others")
    assert stranger.status_code == 404
    declined = await desk.post(f"{at}/hand-overs/{request}/decline", {"reason": "no_capacity"}, who="charity", org="helpers")
    assert declined.status_code == 200
    assert (await desk.post(f"{at}/hand-overs/{request}/accept", who="charity", org="helpers")).status_code == 409
    again = (await desk.post(f"{at}/hand-overs", {"reason": "lives_there", "to_district": "440104"})).json()["request_id"]
    assert (await desk.post(f"{at}/hand-overs/{again}/accept", who="gov")).status_code == 200
    shown = (await desk.get(at)).json()
    assert [one["state"] for one in shown["hand_overs"]] == ["declined", "accepted"]
    assert [i["district"] for i in (await desk.get("/cases?district=440104")).json()["items"]] == ["440104"]
    assert (await desk.post(f"{at}/hand-overs/nobody/accept", who="gov")).json()["type"] == "urn:kapok:problem:HandOverIsUnknown"


async def test_a_grievance_about_a_closing_opens_the_case_again_and_an_appeal_needs_an_answer(desk: Desk, case: str) -> None:
    at = f"/cases/{case}"
    await desk.post(f"{at}/close", {"reason": "not_eligible"}, who="gov")
    raised = (await desk.post(f"{at}/grievances", {"decision": "closing", "text": "我不同意"})).json()["grievance_id"]
    assert _clock((await desk.get(at)).json(), "complaint")["due_at"] == "2026-11-25T10:00:00+08:00"
    early = await desk.post(f"{at}/grievances", {"decision": "closing", "appeal_of": raised})
    assert early.json()["type"] == "urn:kapok:problem:GrievanceIsNotAnswered"
    assert (await desk.post(f"{at}/grievances/{raised}/answer", {"outcome": "upheld"}, who="caseworker")).status_code == 403
    assert (await desk.post(f"{at}/grievances/{raised}/answer", {"outcome": "upheld"}, who="gov")).status_code == 403
    answered = await desk.post(f"{at}/grievances/{raised}/answer", {"outcome": "upheld"}, who="admin")
    assert answered.json()["status"] == "open"
    assert (await desk.post(f"{at}/grievances", {"decision": "closing", "appeal_of": raised})).status_code == 201
    assert "我不同意" not in str([tuple(row) for row in await desk.sql("select * from events")])


async def test_help_before_the_papers_lapses_by_itself(desk: Desk, case: str) -> None:
    at = f"/cases/{case}"
    assert (await desk.post(f"{at}/provisional/papers")).status_code == 409
    assert (await desk.post(f"{at}/provisional")).status_code == 200
    assert (await desk.get(at)).json()["provisional"]["papers_due"] == "2026-12-07T10:00:00+08:00"
    assert (await desk.get(at)).json()["facts"]["papers_missing"] is True, "which caps what is given at once"
    desk.turn(days=14)
    await _work_off(desk)
    shown = (await desk.get(at)).json()
    assert shown["provisional"]["state"] == "lapsed"
    assert _clock(shown, "papers")["light"] == "stopped"
    assert (await desk.post(f"{at}/provisional")).status_code == 200
    assert (await desk.post(f"{at}/provisional/papers")).status_code == 200
    assert (await desk.get(at)).json()["provisional"]["state"] == "complete"
    assert (await desk.get(at)).json()["facts"]["papers_missing"] is False


async def test_a_paper_is_known_by_its_bytes_kept_once_and_shown_with_a_reason(desk: Desk, case: str) -> None:
    at = f"/cases/{case}/papers"
    content = base64.b64encode(JPEG).decode()
    kept = await desk.post(at, {"kind": "bill", "content": content})
    assert (kept.status_code, kept.json()["media"]) == (201, "image/jpeg")
    assert (await desk.post(at, {"kind": "bill", "content": content})).json() == kept.json()
    paper = kept.json()["paper_id"]
    assert (await desk.get(f"{at}/{paper}")).json()["content"] is None
    assert (await desk.get(f"{at}/{paper}", X_Access_Reason="check")).json()["content"] == content
    assert (await desk.get(f"{at}/nobody")).status_code == 404
    for wrong in (base64.b64encode(b"<script>alert(1)</script>").decode(), base64.b64encode(JPEG + b"0" * 700_000).decode(), "abcde"):
        assert (await desk.post(at, {"content": wrong})).status_code == 422
    assert content not in str(await desk.sql("select data from events"))
    person = (await desk.get(f"/cases/{case}")).json()["person_id"]
    await desk.post(f"/persons/{person}/erasure", {"reason": "asked"}, who="admin")
    gone = (await desk.get(f"{at}/{paper}", X_Access_Reason="check")).json()
    assert (gone["content"], gone["erased"]) == (None, True)
    assert (await desk.post(at, {"content": base64.b64encode(JPEG + b"2").decode()})).status_code == 409


async def test_a_new_telephone_is_the_persons_too(desk: Desk, case: str) -> None:
    said = await desk.post(f"/cases/{case}/contact-details", {"phone": "13900000001", "contact_by": "phone"})
    assert said.status_code == 200
    shown = (await desk.get(f"/cases/{case}", X_Access_Reason="call")).json()
    assert (shown["person"]["phone"], shown["contact_by"], shown["reach"]["phone"]) == ("13900000001", "phone", "13900000001")
    assert "13900000001" not in str((await desk.get(f"/cases/{case}")).json())
    assert "13900000001" not in str([tuple(row) for row in await desk.sql("select * from events")])
    found = await desk.post("/persons/search", {"phone": "13900000001", "reason": "call"})
    assert [one["person_id"] for one in found.json()["items"]] == [shown["person_id"]]
    assert (await desk.post(f"/cases/{case}/contact-details", {})).status_code == 422


async def test_what_only_a_hospital_a_school_or_a_partner_says_is_checked_and_kept_and_diagnoses_never_travel(desk: Desk) -> None:
    bill = {
        "number": "ZY-1", "issued_on": "2026-11-20", "total_fen": 500, "reimbursed_fen": 200, "self_paid_fen": 300,
        "items": [{"code": "A1", "amount_fen": 500}],
    }  # fmt: skip
    report = {
        "channel": "hospital", "received_at": "2026-11-23T09:12:00+08:00", "needs": ["medical"],
        "hospital": {"hospital_code": "H1", "bills": [bill], "diagnoses": ["N18.5", "S72.000"]},
        "school": {"stage": "primary", "grade": 3, "fees_year_fen": 100, "school_code": "4401060001"},
        "partner": {"reference": "P-7", "progress": True},
    }  # fmt: skip
    case = (await desk.reported(report, who="caseworker"))["case_id"]
    seen = (await desk.get(f"/cases/{case}", X_Access_Reason="check")).json()
    assert (seen["facts"]["bill_self_paid_fen"], seen["facts"]["diagnoses"], seen["facts"]["student"]) == (
        300,
        ["N18.5", "S72.000"],
        "school",
    )
    assert seen["told"]["special"]["hospital"]["bills"][0]["items"] == [{"code": "A1", "amount_fen": 500}]
    assert seen["told"]["special"]["partner"] == {"reference": "P-7", "progress": True}
    masked = (await desk.get(f"/cases/{case}")).json()
    assert "diagnoses" not in masked["facts"]
    assert masked["facts"]["bill_total_fen"] == 500
    for wrong, pointer in (
        ({**bill, "self_paid_fen": 1}, "/hospital/bills/0/self_paid_fen"), ({**bill, "reimbursed_fen": 900}, "/hospital/bills/0/reimbursed_fen"),
        ({**bill, "items": [{"code": "A1", "amount_fen": 1}]}, "/hospital/bills/0/items"),
    ):  # fmt: skip
        refused = await desk.post("/reports", {**report, "hospital": {"bills": [wrong]}}, who="caseworker")
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    odd = await desk.post("/reports", {**report, "hospital": {"diagnoses": ["kidney"]}}, who="caseworker")
    assert odd.json()["errors"][0]["pointer"] == "/hospital/diagnoses/0"


async def test_differing_words_are_masked_where_they_may_not_travel(desk: Desk, case: str) -> None:
    desk.turn(hours=3)
    for words, who in (("住在表哥张四家", "operator"), ("住在同事李五家", "gov")):
        body = {"facts": {"lives_with": words}, "happened_at": "2026-11-23T10:30:00+08:00"}
        assert (await desk.post(f"/cases/{case}/facts", body, who=who)).status_code == 200
    masked = (await desk.get(f"/cases/{case}")).json()
    assert [one["field"] for one in masked["conflicts"]] == ["facts.lives_with"]
    history = (await desk.get(f"/cases/{case}/history")).json()
    for shown in (masked, history):
        assert "张四" not in str(shown)
        assert "李五" not in str(shown)
    full = (await desk.get(f"/cases/{case}", X_Access_Reason="visit")).json()
    assert {one["value"] for one in full["conflicts"][0]["values"]} == {"住在表哥张四家", "住在同事李五家"}
