"""Who may look, be paid, answer and try, where somebody might try it on: each rule by what would go wrong without it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from services.intake.domain.case_commands import NoteReferral
from services.intake.domain.facts import code_or_other
from shared.service import To
from shared.testing.alone import NOW
from tests.intake.conftest import Desk
from tests.intake.test_pages import Browser

_STRANGER = {"phone": "13111111111", "account": {"bank": "X", "number": "1111222233334444"}}


async def test_a_form_that_came_first_neither_pays_nor_reaches_whoever_filled_it_in(desk: Desk, full_report: dict[str, Any]) -> None:
    number = full_report["person"]["id_number"]
    form = {**full_report, "channel": "web", "person": {"id_number": number, **_STRANGER}}
    first = await desk.reported(form, who=None)
    known = (await desk.room.state("person", first["person_id"])).claims
    assert (known.phone, known.account_number) == ("13111111111", None), "it may be the only telephone there is"
    told = {key: value for key, value in full_report["person"].items() if key not in ("phone", "account")}
    case = await desk.reported({**full_report, "source_ref": "later", "person": told})
    assert case["person_id"] == first["person_id"]
    known = (await desk.room.state("person", case["person_id"])).claims
    assert (known.phone, known.account_number) == (None, None), "whom we know says how they are reached"
    payee = (await desk.get(f"/cases/{case['case_id']}/contact?purpose=payment", who="service")).json()
    assert payee["account_number"] is None
    again = await desk.reported({**form, "source_ref": "again"}, who=None)
    known = (await desk.room.state("person", again["person_id"])).claims
    assert (known.phone, known.account_number) == (None, None)


async def test_the_past_opens_nothing_that_is_shut_today(desk: Desk, full_report: dict[str, Any]) -> None:
    case = await desk.reported(full_report)
    at = f"/cases/{case['case_id']}"
    refer = NoteReferral("r1", "helpers", "medical", "accepted", NOW)
    await desk.room.execute(To("case", case["case_id"], refer), actor="matching")
    desk.turn(hours=1)
    then = desk.now.isoformat().replace("+00:00", "Z")
    assert (await desk.get(f"{at}?as_of={then}", who="charity", org="helpers")).status_code == 200
    desk.turn(hours=1)
    ended = NoteReferral("r1", "helpers", "medical", "revoked", desk.now)
    await desk.room.execute(To("case", case["case_id"], ended), actor="matching")
    assert (await desk.get(f"{at}?as_of={then}", who="charity", org="helpers")).status_code == 404
    kept = {"reason": "asked", "kept_until": "2030-01-01"}
    assert (await desk.post(f"/persons/{case['person_id']}/erasure", kept, who="admin")).status_code == 200
    shown = (await desk.get(f"{at}?as_of={then}", x_access_reason="look")).json()
    assert (shown["person"], shown["told"], shown["masked"], shown["erased"]) == (None, None, True, True)


async def test_an_organisation_neither_occupies_a_reference_nor_learns_of_others_cases(desk: Desk, full_report: dict[str, Any]) -> None:
    occupied = await desk.reported({**full_report, "narrative": "别的事"}, who="charity", org="helpers")
    assert occupied["possible_duplicates"] == []
    mine = await desk.reported(full_report)
    assert mine["case_id"] != occupied["case_id"]
    probe = await desk.reported({**full_report, "source_ref": "probe"}, who="charity", org="helpers")
    assert probe["possible_duplicates"] == []
    assert (await desk.reported({**full_report, "source_ref": "probe2"}))["possible_duplicates"]


async def test_nobody_answers_their_own_request_closing_or_answer(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    at = f"/cases/{case}"
    asked = (await desk.post(f"{at}/hand-overs", {"reason": "lives_there", "to_district": "440104001"})).json()
    accept = f"{at}/hand-overs/{asked['request_id']}/accept"
    assert (await desk.post(accept)).status_code == 403
    assert (await desk.post(accept, who="gov")).status_code == 200
    assert (await desk.sql("select district from case_list where case_id = $1", case))[0]["district"] == "440104"
    raised = (await desk.post(f"{at}/grievances", {"decision": "refusal"})).json()["grievance_id"]
    answered = await desk.post(f"{at}/grievances/{raised}/answer", {"outcome": "rejected"}, who="gov")
    assert answered.status_code == 200
    appeal = (await desk.post(f"{at}/grievances", {"decision": "refusal", "appeal_of": raised})).json()["grievance_id"]
    answer = f"{at}/grievances/{appeal}/answer"
    assert (await desk.post(answer, {"outcome": "rejected"}, who="gov")).status_code == 403
    assert (await desk.post(answer, {"outcome": "upheld"}, who="admin")).status_code == 200


async def test_four_digits_are_tried_ten_times_and_one_grievance_waits_at_a_time(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    citizen, right = Browser(desk, None), {"case_id": case, "last_four": "8000"}
    await citizen.open("/intake/progress")
    for text in ("不同意", "真的不同意"):
        await citizen.send("/intake/progress", {**right, "act": "raise", "text": text}, 200)
    assert len((await desk.get(f"/cases/{case}")).json()["grievances"]) == 1
    for four in range(10):
        await citizen.send("/intake/progress", {**right, "last_four": f"{four:04}"}, 404)
    await citizen.send("/intake/progress", right, 404)
    desk.turn(hours=1, minutes=1)
    await citizen.send("/intake/progress", right, 200)


async def test_many_tries_at_once_are_counted_one_by_one(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    citizen = Browser(desk, None)
    await citizen.open("/intake/progress")
    token = dict(re.findall(r'name="(form_token)" value="([^"]*)"', citizen.text))
    wrong = [{**token, "case_id": case, "last_four": f"5{four:03}"} for four in range(30)]
    told = await asyncio.gather(*[citizen.client.post("/intake/progress", data=one) for one in wrong])
    assert {answer.status_code for answer in told} == {404}
    looked_at = len(await desk.sql("select 1 from progress_try where case_id = $1", case))
    assert looked_at <= 10, "what was looked at stays; more than ten may all have been sent away"
    for four in range(10 - looked_at):
        await citizen.send("/intake/progress", {"case_id": case, "last_four": f"1{four:03}"}, 404)
    await citizen.send("/intake/progress", {"case_id": case, "last_four": "8000"}, 404)
    desk.turn(hours=2)
    await citizen.send("/intake/progress", {"case_id": case, "last_four": "8000"}, 200)
    assert await desk.sql("select 1 from progress_try where case_id = $1", case) == [], "what counts no more is not kept"


async def test_whoever_was_erased_agrees_to_nothing_any_more(desk: Desk, full_report: dict[str, Any]) -> None:
    case = await desk.reported({key: value for key, value in full_report.items() if key != "consent"})
    at = f"/cases/{case['case_id']}/consents"
    given = {"purposes": ["referral"], "recipients": ["charity"]}
    asked = (await desk.post(f"{at}/ask", given)).json()["consent_id"]
    assert (await desk.post(f"/persons/{case['person_id']}/erasure", who="admin")).status_code == 200
    for path, body in ((at, given), (f"{at}/ask", given), (f"/consents/{asked}/answer", {"agreed": True})):
        refused = await desk.post(path, body)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "PersonOfCaseIsErased"), path


async def test_a_service_is_told_for_the_purpose_of_its_token_alone(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    token = desk.room.service_token("contact")
    headers = {"authorization": f"Bearer {token}"}
    batch = {"purpose": "payment", "case_ids": [case]}
    assert (await desk.client.post("/intake/v1/contacts:batch", json=batch, headers=headers)).status_code == 403
    one = f"/intake/v1/cases/{case}/contact"
    assert (await desk.client.get(f"{one}?purpose=payment", headers=headers)).status_code == 403
    assert (await desk.client.get(f"{one}?purpose=contact", headers=headers)).status_code == 200
    assert (await desk.get(f"/cases/{case}/contact?purpose=payment", who="admin")).status_code == 403
    assert (await desk.get(f"/cases/{case}/contact?purpose=payment", who="admin", x_access_reason="audit")).status_code == 200


async def test_a_consent_is_for_a_living_case_and_for_days_to_come(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    given = {"purposes": ["referral"], "recipients": ["charity"], "how": "read_aloud"}
    at = f"/cases/{case}/consents"
    for field, value in (("at", "2190-01-01T00:00:00Z"), ("expires_on", "2020-01-01")):
        refused = await desk.post(at, {**given, field: value})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{field}")
    asked = (await desk.post(f"{at}/ask", {**given})).json()["consent_id"]
    assert (await desk.post(f"/cases/{case}/withdraw", {"reason": "asked"})).status_code == 200
    assert (await desk.post(at, given)).status_code == 409
    assert (await desk.post(f"{at}/ask", given)).status_code == 409
    assert (await desk.post(f"/consents/{asked}/answer", {"agreed": True})).status_code == 409


async def test_in_an_emergency_nothing_is_published(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    body = {"reason": "nobody answers", "purposes": ["publication"]}
    assert (await desk.post(f"/cases/{case}/emergency-share", body)).status_code == 422


async def test_a_telephone_told_later_is_one_that_can_be_rung(desk: Desk, full_report: dict[str, Any]) -> None:
    case = await desk.reported(full_report)
    at = f"/cases/{case['case_id']}/contact-details"
    wrong = await desk.post(at, {"phone": "call me"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/phone")
    assert (await desk.post(at, {"phone": "+86 139-0013 9000"})).status_code == 200
    assert (await desk.room.state("person", case["person_id"])).claims.phone == "13900139000"
    page = Browser(desk, "operator")
    await page.open(f"/intake/cases/{case['case_id']}")
    assert 'href="#phone"' in await page.send(f"/intake/cases/{case['case_id']}", {"act": "reach", "phone": "call me"}, 422)


async def test_what_was_written_in_a_task_is_read_with_a_reason_and_recorded(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    await desk.post(f"/cases/{case}/tasks", {"kind": "other", "text": "打给邻居李四"})
    assert not any(task["text"] for task in (await desk.get(f"/cases/{case}/tasks")).json()["items"])
    before = len(await desk.sql("select 1 from look_list where purpose = 'tasks'"))
    assert any(task["text"] for task in (await desk.get(f"/cases/{case}/tasks", x_access_reason="call")).json()["items"])
    assert len(await desk.sql("select 1 from look_list where purpose = 'tasks'")) == before + 1


@pytest.mark.parametrize("text", ["13800138000", "440106195512240023", "张三", "a b", "x" * 65, "ref-1234567"])
def test_words_that_may_name_or_reach_somebody_do_not_travel(text: str) -> None:
    assert code_or_other(text) == "other"
    assert code_or_other("12345") == "12345"
    assert code_or_other("bench-17") == "bench-17"
    assert code_or_other("01a21f1f-227e-7818-8895-353721534a61") == "01a21f1f-227e-7818-8895-353721534a61"
