"""Intake's pages as a browser without script uses them."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from services.intake.desk import QUESTIONS
from services.intake.domain import urgency
from services.intake.manifest import INTAKE
from services.intake.reactions import REACTIONS
from services.matching.domain.facts import KINDS, known, to_ask
from shared.web.session import SESSION
from shared.web.words import read_words
from tests.intake.conftest import Desk

_STORY = {
    "narrative": "我妈妈得了尿毒症住院，没钱交医药费",
    "name": "张三丰",
    "phone": "13800138000",
    "residence_code": "440106",
    "consent": "yes",
}


class Browser:
    """Fills in the form of the page it is on."""

    def __init__(self, desk: Desk, role: str | None, language: str = "zh") -> None:
        self.client = httpx.AsyncClient(transport=desk.client._transport, base_url="http://kapok", headers={"accept-language": language})
        if role is not None:
            self.client.cookies.set(SESSION, desk.headers(role)["authorization"].removeprefix("Bearer "))
        self.text = ""

    async def open(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == status, answer.text[:500]
        self.text = answer.text
        return answer.text

    async def send(self, path: str, fields: dict[str, Any], status: int = 303) -> str:
        hidden = dict(re.findall(r'<input type="hidden" name="(form_token|ref|received_at)" value="([^"]*)"', self.text))
        answer = await self.client.post(path, data={**hidden, **fields})
        assert answer.status_code == status, answer.text[:2000]
        if status == 303:
            return await self.open(answer.headers["location"])
        self.text = answer.text
        return answer.text


@pytest.fixture(params=["zh", "en"])
def operator(desk: Desk, request: pytest.FixtureRequest) -> Browser:
    return Browser(desk, "operator", request.param)


async def test_an_operator_takes_a_call(operator: Browser, desk: Desk) -> None:
    await operator.open("/intake/desk")
    await operator.send("/intake/desk", {"act": "search", "q": "13800138000"}, 200)
    assert 'value="13800138000"' in operator.text
    checked = await operator.send("/intake/desk", {**_STORY, "act": "check"}, 200)
    assert "<mark>尿毒症</mark>" in checked
    assert "word:" not in checked
    assert (await desk.sql("select count(*) as n from case_list"))[0]["n"] == 0
    ref = re.findall(r'name="ref" value="([^"]*)"', operator.text)[0]
    saved = await operator.send("/intake/desk", _STORY)
    assert "/intake/cases/" in saved
    assert (await desk.sql("select count(*) as n from case_list"))[0]["n"] == 1
    operator.text = operator.text.replace(re.findall(r'name="ref" value="([^"]*)"', operator.text)[0], ref)
    await operator.send("/intake/desk", _STORY)
    assert (await desk.sql("select count(*) as n from case_list"))[0]["n"] == 1
    found = await operator.send("/intake/desk", {"act": "search", "q": "13800138000"}, 200)
    assert "张**" in found


async def test_nothing_is_lost_when_a_field_is_wrong(operator: Browser) -> None:
    await operator.open("/intake/desk")
    wrong = await operator.send("/intake/desk", {**_STORY, "id_number": "123", "income_yuan": "2,500.5"}, 422)
    assert 'href="#id_number"' in wrong
    assert 'href="#income_yuan"' not in wrong
    assert "尿毒症" in wrong
    assert 'href="#narrative"' in await operator.send("/intake/desk", {"name": "x"}, 422)


async def test_everything_that_is_wrong_with_a_report_is_said_at_once(operator: Browser) -> None:
    await operator.open("/intake/desk")
    told = {
        **_STORY, "id_number": "44010619520307124", "income_yuan": "a lot", "household_size": "0", "disability_grade": "7",
        "account_bank": "ICBC", "self_paid_yuan": "1.234",
    }  # fmt: skip
    wrong = await operator.send("/intake/desk", told, 422)
    fields = ["id_number", "account_number", "household_size", "income_yuan", "self_paid_yuan", "disability_grade"]
    assert re.findall(r'<li><a href="#(\w+)">', wrong) == fields
    only = await operator.send("/intake/desk", {"self_paid_yuan": "1.234"}, 422)
    assert re.findall(r'<li><a href="#(\w+)">', only) == ["self_paid_yuan"]


async def _taken(operator: Browser, desk: Desk, **more: str) -> str:
    """A report taken at the desk; its case."""
    await operator.open("/intake/desk")
    await operator.send("/intake/desk", {**_STORY, **more})
    return str((await desk.sql("select case_id from case_list"))[0]["case_id"])


async def test_the_desks_consent_reaches_everybody_it_names(operator: Browser, desk: Desk) -> None:
    case_id = await _taken(operator, desk, account_bank="ICBC", account_number="6222020000000000000")
    given = await desk.sql("select recipients, purposes from consent_list")
    assert set(given[0]["recipients"]) == {"charity", "hospital", "social_work_station", "community", "volunteer_group"}
    english = "accept-language" in operator.client.headers and operator.client.headers["accept-language"] == "en"
    named = (
        ("charities", "hospitals", "social work stations", "community organisations", "volunteer groups")
        if english
        else ("慈善组织", "医院", "社工站", "社区组织", "志愿者团体")
    )
    read_aloud = re.findall(r"<blockquote>(.*?)</blockquote>", await operator.open("/intake/desk"))[0]
    assert [kind for kind in named if kind not in read_aloud] == []
    shown = await operator.open(f"/intake/cases/{case_id}")
    assert "6222020000000000000" not in shown
    assert "6222020000000000000" in await operator.send(f"/intake/cases/{case_id}", {"act": "look", "reason": "payment"}, 200)


_ASKED = ["cannot_pay", "medical_self_paid_year_fen", "local_hukou", "pension_months", "certificates", "disability_grade", "event_on"]


async def _asked_for(desk: Desk, case_id: str, why: list[str]) -> None:
    answer = await desk.post(f"/cases/{case_id}/tasks", {"kind": "information", "why": why})
    assert answer.status_code == 201, answer.text


async def test_what_is_missing_is_added_on_the_page(operator: Browser, desk: Desk) -> None:
    at = f"/intake/cases/{await _taken(operator, desk)}"
    await _asked_for(desk, at.rpartition("/")[2], _ASKED)
    page = await operator.open(at)
    fields = set(re.findall(r'name="fact_(\w+)"', page))
    assert fields == set(_ASKED)
    wrong = await operator.send(
        at,
        {"act": "facts", "fact_medical_self_paid_year_fen": "1.234", "fact_pension_months": "two", "fact_event_on": "2099-01-01",
         "fact_certificates": ["none", "disability"], "fact_disability_grade": "9", "fact_cannot_pay": "yes"},
        422,
    )  # fmt: skip
    named = re.findall(r'<li><a href="#fact_(\w+)">', wrong)
    assert named == ["pension_months", "event_on", "medical_self_paid_year_fen", "certificates", "disability_grade"]
    assert 'value="1.234"' in wrong
    assert re.search(r'name="fact_cannot_pay" value="yes"[^>]* checked', wrong)
    assert 'href="#missing"' in await operator.send(at, {"act": "facts", "fact_cannot_pay": ""}, 422)
    some = {
        "act": "facts", "fact_medical_self_paid_year_fen": "27,800.5", "fact_pension_months": "30", "fact_certificates": ["none"],
        "fact_disability_grade": "0", "fact_event_on": "2026-11-20", "fact_local_hukou": "no", "fact_cannot_pay": "",
    }  # fmt: skip
    saved = await operator.send(at, some)
    still = "whether the medical costs can be paid" if "Saved." in saved else "是否付不起医疗费"
    assert still in re.findall(r'<p class="notice" role="status">(.*?)</p>', saved, re.DOTALL)[0]
    case = (await desk.get(f"/cases/{at.rpartition('/')[2]}")).json()
    known = {key: case["facts"][key] for key in _ASKED if key in case["facts"]}
    assert known == {
        "medical_self_paid_year_fen": 2_780_050, "pension_months": 30, "certificates": [], "disability_grade": 0, "event_on": "2026-11-20",
        "local_hukou": False,
    }  # fmt: skip


async def test_the_question_is_over_when_nothing_is_missing_any_more(operator: Browser, desk: Desk) -> None:
    case_id = await _taken(operator, desk)
    at = f"/intake/cases/{case_id}"
    await _asked_for(desk, case_id, ["cannot_pay", "age"])
    await operator.open(at)
    left = await operator.send(at, {"act": "facts", "fact_age": "70"})
    assert set(re.findall(r'name="fact_(\w+)"', left)) == {"cannot_pay"}
    done = await operator.send(at, {"act": "facts", "fact_cannot_pay": "yes"})
    assert ("资料已补齐" in done) or ("Everything asked for is there" in done)
    assert 'name="fact_' not in done
    tasks = (await desk.get(f"/cases/{case_id}/tasks")).json()["items"]
    assert [task["done_at"] is not None for task in tasks if task["kind"] == "information"] == [True]


async def test_consent_is_recorded_and_taken_back_on_the_case(operator: Browser, desk: Desk, full_report: dict[str, Any]) -> None:
    case = await desk.reported(full_report)
    at = f"/intake/cases/{case['case_id']}"
    page = await operator.open(at)
    assert 'value="give_consent"' in page, "the consent of the report is narrower than what is read aloud"
    given = {"act": "give_consent", "ref": re.findall(r'name="ref" value="([^"]*)"', page)[0]}
    first = await operator.client.post(at, data={**given, "form_token": re.findall(r'name="form_token" value="([^"]*)"', page)[0]})
    assert first.status_code == 303
    assert 'value="give_consent"' not in await operator.send(at, given)
    assert len(await desk.sql("select 1 from consent_list where withdrawn_at is null")) == 2
    assert 'value="give_consent"' in await operator.send(at, {"act": "withdraw_consent"})
    assert await desk.sql("select 1 from consent_list where withdrawn_at is null") == []
    await operator.send(at, {"act": "withdraw_consent"}, 422)


def test_everything_matching_may_ask_has_a_question_in_both_languages() -> None:
    assert INTAKE.words is not None
    askable = {key for fact in KINDS for key in to_ask(fact, known({}, date(2026, 11, 23)))}
    assert askable == set(QUESTIONS)
    for language in ("zh", "en"):
        words = read_words(INTAKE.words, language)
        assert not [key for key in QUESTIONS if f"intake.fact.{key}" not in words or f"intake.missing.{key}" not in words]
        codes = [f"intake.option.{key}.{code}" for key, question in QUESTIONS.items() for code in question.codes]
        assert not [key for key in codes if key not in words]


def test_every_rule_that_is_no_word_is_told_in_words() -> None:
    assert INTAKE.words is not None
    rules = re.findall(r'"((?:fact|said|given):\w+)"', Path(urgency.__file__).read_text("utf-8"))
    zh = read_words(INTAKE.words, "zh")
    assert rules
    assert not [rule for rule in rules if f"intake.why.{rule.replace(':', '_')}" not in zh]


async def test_a_case_is_worked_on_and_looked_at_with_a_reason(operator: Browser, desk: Desk, full_report: dict[str, Any]) -> None:
    case = await desk.reported(full_report)
    at = f"/intake/cases/{case['case_id']}"
    masked = await operator.open(at)
    assert "张**" in masked
    assert "13800138000" not in masked
    assert "13800138000" in await operator.send(at, {"act": "look", "reason": "call back"}, 200)
    await operator.send(at, {"act": "look", "reason": ""}, 422)
    steps = (
        {"act": "first_contact"}, {"act": "verify", "method": "visit"}, {"act": "note", "text": "复查"}, {"act": "need", "need": "housing"},
        {"act": "close", "reason": "needs_met"}, {"act": "reopen"},
    )  # fmt: skip
    for step in steps:
        await operator.send(at, step)
    await operator.send(at, {"act": "nonsense"}, 422)
    await operator.send(at, {"act": "finish", "task": "nobody"}, 409)
    waits, _, may_be_visited = (await operator.open("/intake/visits")).partition('<form method="post" action="/intake/visits"')
    assert case["case_id"] not in waits
    assert case["case_id"] in may_be_visited
    await operator.open("/intake/cases/nobody", 404)


async def test_a_citizen_sees_the_steps_and_takes_consent_back(desk: Desk, full_report: dict[str, Any]) -> None:
    case = await desk.reported(full_report)
    citizen = Browser(desk, None)
    await citizen.open("/intake/progress")
    await citizen.send("/intake/progress", {"case_id": case["case_id"], "last_four": "9999"}, 404)
    await citizen.send("/intake/progress", {"case_id": "nobody", "last_four": "0023"}, 404)
    seen = await citizen.send("/intake/progress", {"case_id": case["case_id"], "last_four": "8000"}, 200)
    assert "张三丰" not in seen
    await citizen.send("/intake/progress", {"case_id": case["case_id"], "last_four": "0023", "act": "withdraw_consent"}, 200)
    assert (await desk.sql("select reason from consent_list"))[0]["reason"] == "asked"


async def test_a_form_from_elsewhere_is_refused(desk: Desk) -> None:
    browser = Browser(desk, "operator")
    answer = await browser.client.post("/intake/desk", data=_STORY)
    assert answer.status_code == 403


def test_both_languages_have_the_same_words() -> None:
    assert INTAKE.words is not None
    zh, en = read_words(INTAKE.words, "zh"), read_words(INTAKE.words, "en")
    assert set(zh) == set(en)
    assert yaml.safe_load((INTAKE.words / "zh.yaml").read_text("utf-8"))


def test_every_refusal_and_event_has_its_words() -> None:
    assert INTAKE.words is not None
    zh = read_words(INTAKE.words, "zh")
    case = INTAKE.deciders[0]
    assert not [e.__name__ for e in case.events if f"intake.event.{e.__name__}" not in zh]
    assert len({r.name for r in REACTIONS}) == len(REACTIONS)
