"""Casework through the door: steps, lists, masking, history, clocks, consent, contact, erasure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from services.intake.domain.case_commands import NoteReferral
from shared.bus import Bus
from shared.clock import new_id
from shared.envelope import Message
from shared.service import To
from shared.testing.alone import NOW
from shared.testing.waiting import until
from tests.intake.conftest import Desk


@pytest.fixture
async def case(desk: Desk, full_report: dict[str, Any]) -> dict[str, Any]:
    return await desk.reported(full_report)


async def test_a_case_lives_through_its_steps(desk: Desk, case: dict[str, Any]) -> None:
    at = f"/cases/{case['case_id']}"
    assert (await desk.post(f"{at}/visits", {"outcome": "seen", "note": "家里很冷"})).status_code == 201
    assert (await desk.post(f"{at}/verify", {"method": "visit"})).json()["status"] == "verified"
    version = (await desk.post(f"{at}/verify", {"method": "visit"})).json()["version"]
    assert version == 3
    assert (await desk.post(f"{at}/notes", {"text": "复查"})).status_code == 201
    assert (await desk.post(f"{at}/needs", {"add": ["housing"], "remove": ["disability"]})).status_code == 200
    task = (await desk.post(f"{at}/tasks", {"kind": "call_back", "text": "周五致电"})).json()["task_id"]
    assert (await desk.post(f"{at}/tasks/{task}/finish")).status_code == 200
    assert (await desk.post(f"{at}/transfer", {"reason": "lives_there", "to_district": "440104"})).status_code == 200
    assert (await desk.post(f"{at}/close", {"reason": "needs_met"})).json()["status"] == "closed"
    refused = await desk.post(f"{at}/verify", {})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kapok:problem:CaseIsClosed")
    assert (await desk.post(f"{at}/reopen")).json()["status"] == "open"
    assert (await desk.post(f"{at}/withdraw")).json()["status"] == "withdrawn"
    assert (await desk.post(f"{at}/reopen")).json()["type"] == "urn:kapok:problem:CaseIsWithdrawn"
    consents = (await desk.get(at)).json()["consents"]
    assert [c["reason"] for c in consents] == ["case_withdrawn"]


async def test_an_unknown_case_is_not_found_by_any_call(desk: Desk) -> None:
    for call in ("verify", "reopen", "withdraw"):
        assert (await desk.post(f"/cases/nobody/{call}", {})).status_code == 404, call
    assert (await desk.get("/cases/nobody")).status_code == 404
    assert (await desk.get("/cases/nobody/tasks")).status_code == 404
    assert (await desk.get("/cases/nobody/history")).status_code == 404


async def test_cases_are_listed_by_what_is_known_of_them(desk: Desk, case: dict[str, Any]) -> None:
    other = await desk.reported({"channel": "web", "received_at": "2026-11-23T09:30:00+08:00", "needs": ["housing"]})
    for query, expected in (
        ("", [other, case]), ("?status=open&limit=1", [other]), ("?district=440106", [case]), ("?district=440106011", [case]),
        ("?urgency=high", [case]), ("?need=housing", [other]), ("?overdue=true", []),
    ):  # fmt: skip
        items = (await desk.get(f"/cases{query}")).json()["items"]
        assert [i["case_id"] for i in items] == [e["case_id"] for e in expected], query
    first = (await desk.get("/cases?limit=1")).json()
    second = (await desk.get(f"/cases?limit=1&cursor={first['next']}")).json()
    assert [i["case_id"] for i in second["items"]] == [case["case_id"]]
    assert second["next"] is None
    assert (await desk.get("/cases", who="charity", org="nobody")).status_code == 403


async def test_personal_data_are_masked_until_a_reason_is_given(desk: Desk, case: dict[str, Any]) -> None:
    at = f"/cases/{case['case_id']}"
    masked = (await desk.get(at)).json()
    assert masked["person"]["name"] == "张**"
    assert masked["person"]["phone"] == "138****8000"
    assert masked["person"]["id_number"] == "440106********0023"
    assert "尿毒症" not in str(masked)
    looks = await desk.sql("select count(*) as n from look_list")
    full = (await desk.get(at, X_Access_Reason="call back")).json()
    assert full["person"]["phone"] == "13800138000"
    assert full["told"]["narrative"].startswith("我妈妈")
    assert (await desk.sql("select count(*) as n from look_list"))[0]["n"] == looks[0]["n"] + 1
    auditor = (await desk.get(at, who="auditor", X_Access_Reason="audit")).json()
    assert auditor["masked"] is True
    assert (await desk.get(at, who="charity", org="other")).status_code == 404


async def test_history_says_who_changed_what_from_what_to_what(desk: Desk, case: dict[str, Any]) -> None:
    at = f"/cases/{case['case_id']}"
    await desk.post(f"{at}/needs", {"add": ["housing"]}, who="caseworker")
    items = (await desk.get(f"{at}/history")).json()["items"]
    assert [i["event"] for i in items] == ["CaseReported", "CaseFactsChanged"]
    change = next(c for c in items[1]["changes"] if c["field"] == "needs")
    assert (items[1]["by"], change["from"], change["to"]) == ("caseworker", ["medical", "disability"], ["medical", "disability", "housing"])
    assert items[0]["data"]["told"] == "***"


async def test_a_case_can_be_seen_as_it_was(desk: Desk, case: dict[str, Any]) -> None:
    at = f"/cases/{case['case_id']}"
    desk.turn(hours=1)
    await desk.post(f"{at}/verify", {})
    before = (await desk.get(f"{at}?as_of=2026-11-23T10:30:00%2B08:00")).json()
    assert (before["status"], (await desk.get(at)).json()["status"]) == ("open", "verified")
    assert (await desk.get(f"{at}?as_of=2026-11-23T09:30:00%2B08:00")).status_code == 404


async def test_a_clock_that_runs_out_is_seen_and_said(desk: Desk, case: dict[str, Any]) -> None:
    tasks = (await desk.get(f"/cases/{case['case_id']}/tasks")).json()["items"]
    assert [(t["kind"], t["overdue"], t["done_at"]) for t in tasks] == [("first_contact", False, None)]
    desk.turn(hours=30)
    await desk.opened.schedule.work_off()
    assert [i["case_id"] for i in (await desk.get("/cases?overdue=true")).json()["items"]] == [case["case_id"]]
    assert (await desk.get(f"/cases/{case['case_id']}/tasks")).json()["items"][0]["overdue"] is True
    await desk.post(f"/cases/{case['case_id']}/first-contact", {"how": "phone"})
    assert (await desk.get("/cases?overdue=true")).json()["items"] == []
    assert (await desk.sql("select count(*) as n from deadlines where id like '%first_contact%'"))[0]["n"] == 0


async def test_a_consent_ends_on_its_last_day(desk: Desk, case: dict[str, Any]) -> None:
    body = {"purposes": ["contact"], "recipients": ["charity"], "how": "signed", "expires_on": "2026-11-25"}
    receipt = (await desk.post(f"/cases/{case['case_id']}/consents", body)).json()
    assert receipt["status"] == "given"
    desk.turn(days=2, hours=13)
    await desk.post(f"/cases/{case['case_id']}/first-contact", {})
    await desk.opened.schedule.work_off()
    rows = await desk.sql("select reason from consent_list where consent_id = $1", receipt["consent_id"])
    assert rows[0]["reason"] is None
    desk.turn(hours=2)
    await desk.opened.schedule.work_off()
    rows = await desk.sql("select reason from consent_list where consent_id = $1", receipt["consent_id"])
    assert rows[0]["reason"] == "expired"


async def test_contact_data_are_for_services_and_the_accepted_charity_under_consent(desk: Desk, case: dict[str, Any]) -> None:
    at = f"/cases/{case['case_id']}/contact"
    payee = (await desk.get(f"{at}?purpose=payment", who="service")).json()
    assert (payee["account_number"], payee["id_number"]) == ("6222020000000000000", "440106195512240023")
    reach = (await desk.get(f"{at}?purpose=referral", who="service")).json()
    assert "account_number" not in reach
    assert reach["phone"] == "13800138000"
    assert (await desk.get(f"{at}?purpose=statistics", who="service")).status_code == 403
    assert (await desk.get(f"{at}?purpose=referral", who="operator")).status_code == 403
    assert (await desk.get(f"{at}?purpose=referral", who="charity", org="helpers")).status_code == 404
    await _accepted(desk, case["case_id"])
    assert (await desk.get(f"{at}?purpose=referral", who="charity", org="helpers")).json()["name"] == "张三丰"
    assert (await desk.get(f"{at}?purpose=payment", who="charity", org="helpers")).status_code == 403
    batch = await desk.post("/contacts:batch", {"purpose": "payment", "case_ids": [case["case_id"], "nobody"]}, who="service")
    assert [i["case_id"] for i in batch.json()["items"]] == [case["case_id"]]
    assert batch.json()["without_consent"] == ["nobody"]
    consent = (await desk.get(f"/cases/{case['case_id']}")).json()["consents"][0]["consent_id"]
    assert (await desk.post(f"/consents/{consent}/withdraw")).json()["status"] == "withdrawn"
    assert (await desk.get(f"{at}?purpose=payment", who="service")).status_code == 403
    assert (await desk.post("/consents/nobody/withdraw")).status_code == 404


async def test_a_payment_run_asks_the_store_as_often_for_many_cases_as_for_one(
    desk: Desk, full_report: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = ["440106195512240023", "11010519491231002X", "440524188001010014"]
    people = [{**full_report["person"], "id_number": number, "phone": f"1380013800{at}"} for at, number in enumerate(numbers)]
    reports = [{**full_report, "source_ref": f"run-{at}", "person": one} for at, one in enumerate(people)]
    case_ids = [(await desk.reported(report))["case_id"] for report in reports]
    asked, store = list[int](), desk.room.store
    load_after = store.load_after

    async def counted(versions: Mapping[str, int]) -> Any:
        asked.append(len(versions))
        return await load_after(versions)

    monkeypatch.setattr(store, "load_after", counted)
    often = list[int]()
    for ids in (case_ids[:1], case_ids):
        asked.clear()
        answer = await desk.post("/contacts:batch", {"purpose": "payment", "case_ids": ids}, who="service")
        assert [item["id_number"] for item in answer.json()["items"]] == numbers[: len(ids)]
        often.append(len(asked))
    assert often[0] == often[1]


async def _accepted(desk: Desk, case_id: str) -> None:
    await desk.room.execute(To("case", case_id, NoteReferral("r1", "helpers", "medical", "accepted", NOW)), actor="matching")


async def test_people_are_searched_with_a_reason_and_the_search_is_recorded(desk: Desk, case: dict[str, Any]) -> None:
    assert (await desk.post("/persons/search", {"phone": "13800138000"})).status_code == 422
    assert (await desk.post("/persons/search", {"name": "张三丰", "reason": "call"})).status_code == 422
    for body in ({"phone": "+86 138-0013-8000"}, {"id_number": "44010619551224 0023"}, {"name": "张三丰", "birth_date": "1955-12-24"}):
        found = (await desk.post("/persons/search", {**body, "reason": "call"})).json()["items"]
        assert [(p["person_id"], p["person"]["name"]) for p in found] == [(case["person_id"], "张**")]
        assert found[0]["cases"][0]["case_id"] == case["case_id"]
    assert (await desk.post("/persons/search", {"phone": "1", "reason": "call"})).json()["items"] == []
    assert (await desk.sql("select count(*) as n from look_list where purpose = 'search'"))[0]["n"] == 4


async def test_an_erased_person_cannot_be_read_or_found_again(desk: Desk, case: dict[str, Any], full_report: dict[str, Any]) -> None:
    assert (await desk.post(f"/persons/{case['person_id']}/erasure", {})).status_code == 403
    receipt = (await desk.post(f"/persons/{case['person_id']}/erasure", {"reason": "asked"}, who="admin")).json()
    assert receipt["cases"] == [case["case_id"]]
    assert (await desk.post(f"/persons/{case['person_id']}/erasure", {}, who="admin")).status_code == 200
    seen = (await desk.get(f"/cases/{case['case_id']}", X_Access_Reason="look")).json()
    assert (seen["person"], seen["told"], seen["erased"]) == (None, None, True)
    assert (await desk.get(f"/cases/{case['case_id']}/history", X_Access_Reason="look")).json()["items"][0]["data"]["told"] == "erased"
    assert (await desk.post("/persons/search", {"phone": "13800138000", "reason": "x"})).json()["items"] == []
    assert (await desk.post(f"/cases/{case['case_id']}/notes", {"text": "again"})).status_code == 409
    copy = await desk.reported(full_report)
    assert copy["case_id"] == case["case_id"]
    fresh = await desk.reported({**full_report, "source_ref": "new"})
    assert fresh["person_id"] != case["person_id"]
    third = await desk.reported({**full_report, "source_ref": "newer"})
    assert third["person_id"] == fresh["person_id"]
    assert (await desk.post("/persons/nobody/erasure", {}, who="admin")).status_code == 404


async def test_facts_learnt_later_are_kept_with_their_source(desk: Desk, case: dict[str, Any]) -> None:
    at = f"/cases/{case['case_id']}"
    answer = await desk.post(
        f"{at}/facts", {"facts": {"monthly_income_fen": 100, "student": None}, "source": "visit", "hukou_code": "360102"}
    )
    assert answer.json()["version"] == 2
    facts = (await desk.get(at)).json()["facts"]
    assert (facts["monthly_income_fen"], facts["local_hukou"], "student" in facts) == (100, False, False)
    assert (await desk.post(f"{at}/facts", {"facts": {"monthly_income_fen": 100}})).json()["version"] == 2


async def test_a_reader_who_wants_a_version_gets_it_or_is_told_to_wait(desk: Desk, case: dict[str, Any]) -> None:
    assert (await desk.get(f"/cases/{case['case_id']}?at_least=1")).status_code == 200
    assert (await desk.get(f"/cases/{case['case_id']}?at_least=9")).status_code == 503


async def test_what_matching_and_disbursement_say_reaches_the_case(desk: Desk, case: dict[str, Any]) -> None:
    assert desk.house.environment is not None
    bus: Bus = desk.house.environment.bus
    await _said(
        bus, "matching.referral_accepted.v1", {"referral_id": "r1", "case_id": case["case_id"], "org_id": "helpers", "need": "medical"}
    )

    async def status() -> str:
        return str((await desk.get(f"/cases/{case['case_id']}")).json()["status"])

    await until(status, "in_service")
    assert (await desk.post(f"/cases/{case['case_id']}/close", {"reason": "needs_met"})).json()["type"].endswith("CaseHasHelpUnderWay")


async def _said(bus: Bus, kind: str, data: dict[str, Any]) -> None:
    publisher = bus.publisher("matching")
    await publisher.open()
    await bus.provide({"matching.events": 12})
    key = f"matching.referral-{data['referral_id']}"
    await publisher.publish([Message(new_id(), kind, "matching.events", key, msgspec.json.encode(data), NOW, "story")])
    await publisher.close()
