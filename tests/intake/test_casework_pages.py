"""Casework on the pages, as a browser without script uses them: deadlines, conflicts, as it was, hand-overs, grievances, progress."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.intake.conftest import Desk
from tests.intake.test_pages import Browser


@pytest.fixture(params=["zh", "en"])
async def worker(desk: Desk, request: pytest.FixtureRequest) -> Browser:
    return Browser(desk, "caseworker", request.param)


async def test_a_case_shows_deadlines_and_every_step_of_casework_is_a_button(
    desk: Desk, worker: Browser, full_report: dict[str, Any]
) -> None:
    case = (await desk.reported({**full_report, "channel": "web"}))["case_id"]
    at = f"/intake/cases/{case}"
    await worker.open(at)
    for step in (
        {"act": "sign"}, {"act": "set_need", "need": "medical", "priority": "urgent", "outcome": "no_capacity"},
        {"act": "ask_hand_over", "to_district": "440104", "reason": "lives_there"}, {"act": "give_provisional"}, {"act": "papers_complete"},
        {"act": "raise", "decision": "refusal", "text": "不同意"}, {"act": "reach", "phone": "13900000002"},
    ):  # fmt: skip
        await worker.send(at, step)
    request = re.findall(r'name="request" value="([^"]+)"', worker.text)[0]
    decline = {"act": "hand_over_decline", "request": request, "reason": "no_capacity"}
    await worker.send(at, decline, 403)
    other = Browser(desk, "gov")
    await other.open(at)
    await other.send(at, {**decline, "reason": "nonsense"}, 422)
    await other.send(at, decline)
    await other.send(at, {"act": "hand_over_accept", "request": request}, 409)
    await worker.open(at)
    await worker.send(at, {"act": "set_need", "need": "medical", "outcome": "nonsense", "priority": "high"}, 422)
    state = (await desk.get(f"/cases/{case}")).json()
    assert next((n["code"], n["priority"], n["outcome"]) for n in state["needs"]) == ("medical", "urgent", "no_capacity")
    assert state["provisional"]["state"] == "complete"
    assert [(one["state"], one["why"]) for one in state["hand_overs"]] == [("declined", "no_capacity")]


async def test_what_is_too_long_is_asked_for_anew_and_nothing_of_it_is_cut_off(
    desk: Desk, worker: Browser, full_report: dict[str, Any]
) -> None:
    case = (await desk.reported(full_report))["case_id"]
    await desk.post(f"/cases/{case}/grievances", {"decision": "refusal", "text": "不同意"})
    grievance = (await desk.get(f"/cases/{case}")).json()["grievances"][0]["grievance_id"]
    above, at = Browser(desk, "gov", worker.client.headers["accept-language"]), f"/intake/cases/{case}"
    await above.open(at)
    answered = {"act": "answer_grievance", "grievance": grievance, "outcome": "upheld"}
    for step, field, most in (
        ({"act": "note"}, "text", 20_000), ({"act": "raise", "decision": "refusal"}, "text", 20_000), (answered, "answer", 20_000),
        ({"act": "reach"}, "address", 500), ({"act": "reach"}, "phone", 40), ({"act": "emergency_share"}, "why", 2000),
        ({"act": "ask_hand_over", "reason": "lives_there"}, "to_org", 64),
    ):  # fmt: skip
        before = (await desk.get(f"/cases/{case}")).json()["version"]
        page = await above.send(at, {**step, field: "长" * (most + 1)}, 422)
        assert f"{most:,}" in page, step
        assert "长" * (most + 1) in page or step["act"] == "emergency_share", "what was typed stays on the page"
        assert (await desk.get(f"/cases/{case}")).json()["version"] == before
    await above.send(at, {"act": "note", "text": f"  {'长' * 20_000} "})
    await above.open("/intake/visits")
    page = await above.send("/intake/visits", {"case": case, "outcome": "seen", "note": "长" * 20_001}, 422)
    assert "长" * 20_001 in page
    wrong = await above.send(at, {"act": "ask_hand_over", "reason": "lives_there", "to_district": "999999"}, 422)
    assert 'href="#to_district"' in wrong, "what is wrong is named, whatever it is"


async def test_differing_words_stand_on_the_page_with_both_authors_and_one_is_chosen(
    desk: Desk, worker: Browser, full_report: dict[str, Any]
) -> None:
    case = (await desk.reported(full_report))["case_id"]
    desk.turn(hours=3)
    for value, who in ((100_000, "operator"), (900_000, "gov")):
        body = {"facts": {"monthly_income_fen": value}, "happened_at": "2026-11-23T10:30:00+08:00"}
        await desk.post(f"/cases/{case}/facts", body, who=who)
    at = f"/intake/cases/{case}"
    page = await worker.open(at)
    assert "1,000.00" in page
    assert "9,000.00" in page
    edits = re.findall(r'name="edit" value="([^"]+)"', page)
    assert len(edits) == 2
    page = await worker.send(at, {"act": "resolve", "field": "facts.monthly_income_fen", "edit": edits[0]})
    assert 'name="edit"' not in page


async def test_a_case_is_seen_as_it_was_and_nothing_is_done_there(desk: Desk, worker: Browser, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    desk.turn(hours=3)
    await desk.post(f"/cases/{case}/verify", {})
    at = f"/intake/cases/{case}"
    was = await worker.open(f"{at}?as_of=2026-11-23T11:00")
    now = await worker.open(at)
    assert 'value="2026-11-23T11:00"' in was
    assert 'name="act" value="note"' not in was
    assert 'name="act" value="note"' in now
    assert "→" in now
    await worker.open(f"{at}?as_of=nonsense")
    await worker.open(f"{at}?as_of=2026-11-23T09:00", 404)


async def test_a_citizen_sees_dates_what_is_due_and_can_say_no(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    await desk.post(f"/cases/{case}/provisional")
    citizen = Browser(desk, None, "en")
    await citizen.open("/intake/progress")
    own = {"case_id": case, "last_four": "0023"}
    seen = html.unescape(await citizen.send("/intake/progress", own, 200))
    for words in ("The hotline will call you", "24 November 2026, 09:12", "30 November 2026, 09:12", "7 December 2026, 10:00"):
        assert words in seen
    seen = await citizen.send("/intake/progress", {**own, "act": "raise", "text": "I do not agree"}, 200)
    assert "25 November 2026, 10:00" in seen
    await citizen.send("/intake/progress", {**own, "act": "raise", "text": "I do not agree"}, 200)
    [grievance] = (await desk.get(f"/cases/{case}")).json()["grievances"]
    await desk.post(f"/cases/{case}/grievances/{grievance['grievance_id']}/answer", {"outcome": "partly"}, who="gov")
    assert "Partly upheld" in await citizen.send("/intake/progress", own, 200)


async def test_a_visit_sent_twice_is_one_and_what_is_wrong_comes_back_filled_in(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    desk.turn(hours=3)
    worker = Browser(desk, "caseworker", "en")
    await worker.open("/intake/visits")
    visit = {"case": case, "outcome": "seen", "note": "cold room", "verified": "yes", "happened_at": "2026-11-23T11:00:00+08:00"}
    first = worker.text
    await worker.send("/intake/visits", visit)
    worker.text = first
    await worker.send("/intake/visits", visit)
    events = [item["event"] for item in (await desk.get(f"/cases/{case}/history")).json()["items"]]
    assert events == ["CaseReported", "VisitRecorded", "CaseVerified"]
    for wrong in ({"household_size": "70"}, {"outcome": "dancing"}, {"happened_at": "2027-01-01T00:00:00+08:00"}, {"happened_at": "soon"}):
        worker.text = first
        back = await worker.send("/intake/visits", {**visit, "ref": "next", **wrong}, 422)
        assert "cold room" in back
    worker.text = first
    await worker.send("/intake/visits", {**visit, "case": "nobody"}, 404)


async def test_a_grievance_is_read_and_answered_by_somebody_above_who_did_not_decide(
    desk: Desk, worker: Browser, full_report: dict[str, Any]
) -> None:
    case = (await desk.reported(full_report))["case_id"]
    at = f"/intake/cases/{case}"
    await worker.open(at)
    await worker.send(at, {"act": "close", "reason": "not_eligible"})
    page = await worker.send(at, {"act": "raise", "decision": "closing", "text": "材料都交了为什么结案"})
    assert 'value="answer_grievance"' not in page, "whoever decides does not answer"
    (raised,) = (await desk.get(f"/cases/{case}")).json()["grievances"]
    said = {"act": "answer_grievance", "grievance": raised["grievance_id"], "outcome": "upheld", "answer": "重新办理"}
    await worker.send(at, said, 403)
    above = Browser(desk, "gov", "en")
    assert "材料都交了" not in await above.open(at), "what somebody said is read with a reason"
    assert "材料都交了" in await above.send(at, {"act": "look", "reason": "grievance"}, 200)
    await above.send(at, {**said, "outcome": "nonsense"}, 422)
    assert "Upheld" in await above.send(at, said)
    assert (await desk.get(f"/cases/{case}")).json()["status"] != "closed", "a closing that falls opens the case again"
    await above.send(at, {**said, "outcome": "rejected"}, 409)


async def test_a_consent_is_asked_now_and_answered_later(desk: Desk, worker: Browser, full_report: dict[str, Any]) -> None:
    report = {key: value for key, value in full_report.items() if key != "consent"}
    case = (await desk.reported(report))["case_id"]
    at = f"/intake/cases/{case}"
    await worker.open(at)
    page = await worker.send(at, {"act": "ask_consent"})
    asked = re.findall(r'name="consent" value="([^"]+)"', page)[0]
    assert 'value="ask_consent"' not in page, "somebody was asked already"
    assert 'value="consent_agreed"' not in await worker.send(at, {"act": "consent_refused", "consent": asked})
    assert (await desk.get(f"/cases/{case}")).json()["consents"] == []
    page = await worker.send(at, {"act": "ask_consent"})
    again = re.findall(r'name="consent" value="([^"]+)"', page)[0]
    await worker.send(at, {"act": "consent_agreed", "consent": again})
    (given,) = (await desk.get(f"/cases/{case}")).json()["consents"]
    assert given["read_by"] == "caseworker"
    await worker.send(at, {"act": "consent_agreed", "consent": "nobody"}, 404)


async def test_in_danger_what_saves_a_life_is_shared_with_a_reason_and_shown_as_such(desk: Desk, full_report: dict[str, Any]) -> None:
    report = {key: value for key, value in full_report.items() if key != "consent"}
    calm, danger = (
        report,
        {**report, "source_ref": "danger", "narrative": "我奶奶摔在地上起不来，叫不醒了，家里就她一个人，门反锁着，快来人"},
    )
    worker = Browser(desk, "operator", "en")
    quiet = (await desk.reported(calm))["case_id"]
    if (await desk.get(f"/cases/{quiet}")).json()["urgency"]["level"] != "critical":
        assert 'value="emergency_share"' not in await worker.open(f"/intake/cases/{quiet}")
        await worker.send(f"/intake/cases/{quiet}", {"act": "emergency_share", "why": "nobody answers"}, 409)
    case = (await desk.reported(danger))["case_id"]
    assert (await desk.get(f"/cases/{case}")).json()["urgency"]["level"] == "critical"
    at = f"/intake/cases/{case}"
    assert 'value="emergency_share"' in await worker.open(at)
    assert 'href="#why"' in await worker.send(at, {"act": "emergency_share", "why": " "}, 422)
    page = await worker.send(at, {"act": "emergency_share", "why": "she does not answer and the door is locked"})
    assert "Shared in an emergency" in page
    assert "she does not answer" not in page
    assert "she does not answer" in await Browser(desk, "auditor", "en").open("/intake/looks")


async def test_whoever_speaks_up_again_after_an_answer_appeals_against_it(desk: Desk, full_report: dict[str, Any]) -> None:
    case = (await desk.reported(full_report))["case_id"]
    at, citizen = f"/intake/cases/{case}", Browser(desk, None, "zh")
    says = {"case_id": case, "last_four": "8000", "act": "raise", "text": "不同意"}

    async def grievances() -> list[dict[str, Any]]:
        return list((await desk.get(f"/cases/{case}")).json()["grievances"])

    await citizen.open("/intake/progress")
    too_long = await citizen.send("/intake/progress", {**says, "text": "长" * 4001}, 422)
    assert "长" * 4001 in too_long
    assert await grievances() == []
    await citizen.send("/intake/progress", says, 200)
    (first,) = await grievances()
    answer = await desk.post(f"/cases/{case}/grievances/{first['grievance_id']}/answer", {"outcome": "rejected"}, who="gov")
    assert answer.status_code == 200
    await citizen.send("/intake/progress", says, 200)
    _, second = await grievances()
    assert (second["appeal_of"], second["outcome"]) == (first["grievance_id"], None)
    await desk.post(f"/cases/{case}/grievances/{second['grievance_id']}/answer", {"outcome": "partly"}, who="admin")
    for language, word in (("zh", "申诉复核"), ("en", "Appeal")):
        worker = Browser(desk, "caseworker", language)
        assert word in await worker.open(at)
        assert f'<option value="{second["grievance_id"]}">' in worker.text
    await worker.send(at, {"act": "raise", "decision": "refusal", "text": "还是不服", "appeal_of": second["grievance_id"]})
    assert [one["appeal_of"] for one in await grievances()][-1] == second["grievance_id"]
