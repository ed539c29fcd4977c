"""The desk while somebody types: what we understand stands beside, and a call that was promised stays in the list until it is made."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from services.intake.desk_pages import CALL_BACKS, call_back_at
from tests.intake.conftest import Desk
from tests.intake.test_pages import Browser

_STORY = {"narrative": "我妈妈得了尿毒症住院，没钱交医药费", "phone": "13800138000", "consent": "yes"}


@pytest.fixture
def operator(desk: Desk) -> Browser:
    return Browser(desk, "operator")


async def _count(desk: Desk, table: str) -> int:
    return int((await desk.sql(f"select count(*) as n from {table}"))[0]["n"])


async def test_what_we_understand_follows_the_typing_and_stores_nothing(operator: Browser, desk: Desk) -> None:
    await operator.open("/intake/desk")
    hidden = operator.text
    assert 'hx-post="/intake/desk/judged"' in hidden
    judged = await operator.send("/intake/desk/judged", _STORY, 200)
    assert "<mark>尿毒症</mark>" in judged
    assert "<html" not in judged, "only what is renewed"
    assert await _count(desk, "case_list") == await _count(desk, "look_list") == 0


async def test_fields_that_are_not_right_yet_are_left_out(operator: Browser) -> None:
    """Half an identity number is no reason to say nothing about the story."""
    page = await operator.open("/intake/desk")
    judged = await operator.send("/intake/desk/judged", {**_STORY, "id_number": "4401", "income_yuan": "2,", "birth_date": "19"}, 200)
    assert "<mark>尿毒症</mark>" in judged
    operator.text = page
    nothing = await operator.send("/intake/desk/judged", {"name": "张"}, 200)
    assert "<mark>" not in nothing
    assert "写下来电内容" in nothing


async def test_people_who_may_be_the_same_stand_beside(operator: Browser) -> None:
    await operator.open("/intake/desk")
    saved = await operator.send("/intake/desk", _STORY)
    case = re.findall(r'/intake/cases/([\w-]+)"', saved)[0]
    judged = await operator.send("/intake/desk/judged", {"narrative": "还有房租", "phone": "138 0013 8000"}, 200)
    assert f"/intake/cases/{case}" in judged
    assert "电话相同" in judged


async def test_the_judgement_is_for_those_who_take_calls(desk: Desk) -> None:
    for role, status in (("ops", 403), (None, 401)):
        stranger = Browser(desk, role)
        answer = await stranger.client.post("/intake/desk/judged", data=_STORY)
        assert answer.status_code == status
    unasked = await Browser(desk, "operator").client.post("/intake/desk/judged", data=_STORY)
    assert unasked.status_code == 403, "a form that is not from a page of ours"


async def test_a_promised_call_is_one_task_until_it_is_made(operator: Browser, desk: Desk) -> None:
    page = await operator.open("/intake/desk")
    await operator.send("/intake/desk", {**_STORY, "call_back": "1_hour"})
    operator.text = page
    await operator.send("/intake/desk", {**_STORY, "call_back": "1_hour"})
    (task,) = await desk.sql("select task_id, case_id, kind, due_at from task_list")
    assert (task["kind"], task["due_at"]) == ("call_back", desk.now + timedelta(hours=1))
    mine = await operator.open("/intake/desk/mine")
    promised = mine.partition('id="clocks"')[0]
    assert f"/intake/cases/{task['case_id']}" in promised
    assert "已过时" not in promised
    desk.turn(minutes=30)
    assert "还有 30 分钟" in await operator.open("/intake/desk/mine")
    desk.turn(minutes=31)
    assert "已过时" in await operator.open("/intake/desk/mine")
    await operator.open(f"/intake/cases/{task['case_id']}")
    await operator.send(f"/intake/cases/{task['case_id']}", {"act": "finish", "task": task["task_id"]})
    assert "没有约定的回电" in await operator.open("/intake/desk/mine")


async def test_nobody_sees_the_calls_that_others_promised(operator: Browser, desk: Desk) -> None:
    await operator.open("/intake/desk")
    await operator.send("/intake/desk", {**_STORY, "call_back": "15_minutes"})
    assert "没有约定的回电" in await Browser(desk, "caseworker").open("/intake/desk/mine")


async def test_a_word_that_is_no_time_promises_nothing(operator: Browser, desk: Desk) -> None:
    await operator.open("/intake/desk")
    await operator.send("/intake/desk", {**_STORY, "call_back": "some day"})
    assert (await _count(desk, "case_list"), await _count(desk, "task_list")) == (1, 0)


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        (datetime(2026, 3, 1, 15, 59, tzinfo=UTC), datetime(2026, 3, 2, 1, tzinfo=UTC)),
        (datetime(2026, 3, 1, 16, 1, tzinfo=UTC), datetime(2026, 3, 3, 1, tzinfo=UTC)),
    ],
)
def test_tomorrow_is_the_next_morning_in_guangzhou(now: datetime, morning: datetime) -> None:
    assert call_back_at("tomorrow", now) == morning
    assert {when: call_back_at(when, now) - now for when, pause in CALL_BACKS.items() if pause} == {
        when: pause for when, pause in CALL_BACKS.items() if pause
    }
