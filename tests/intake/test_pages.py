"""Intake's pages as a browser without script uses them."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
import yaml

from services.intake.manifest import INTAKE
from services.intake.reactions import REACTIONS
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
    assert "word:" in checked
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
    assert "尿毒症" in wrong
    assert 'href="#income_yuan"' in await operator.send("/intake/desk", {**_STORY, "income_yuan": "a lot"}, 422)
    assert 'href="#narrative"' in await operator.send("/intake/desk", {"name": "x"}, 422)


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
    assert case["case_id"] not in await operator.open("/intake/visits")
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
