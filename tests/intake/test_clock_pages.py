"""The page of clocks as a browser without script uses it: what is overdue, and the days on which work stops."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.clockwork import recompute_some
from shared.testing.waiting import until
from tests.intake.conftest import Desk
from tests.intake.test_pages import Browser

AT = "/intake/clocks"


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_what_is_overdue_is_counted_listed_and_led_to(desk: Desk, full_report: dict[str, Any], language: str) -> None:
    case = await desk.reported(full_report)
    browser = Browser(desk, "gov", language)
    none = "没有这样的期限在计时" if language == "zh" else "No deadline of this kind runs"
    assert none in await browser.open(AT)
    assert case["case_id"] in await browser.open(f"{AT}?light=green")
    desk.turn(days=2)
    await desk.opened.schedule.work_off()
    page = await browser.open(AT)
    assert f'href="/intake/cases/{case["case_id"]}"' in page
    assert ("一到三天" if language == "zh" else "One to three days") in page
    assert case["case_id"] not in await browser.open(f"{AT}?light=red&clock=papers")
    assert case["case_id"] not in await browser.open(f"{AT}?light=red&district=440103")
    assert case["case_id"] in await browser.open(f"{AT}?light=nonsense&clock=nonsense&district=nonsense")
    assert "张三丰" not in page


async def test_a_typhoon_is_declared_moves_the_clocks_there_and_is_lifted(desk: Desk, full_report: dict[str, Any]) -> None:
    case = await desk.reported(full_report)
    browser, due = Browser(desk, "gov", "en"), "select due_at from clock_list where case_id = $1 and clock = 'help'"
    before = (await desk.sql(due, case["case_id"]))[0]["due_at"]
    await browser.open(AT)
    days = {"first": "2026-11-24", "until": "2026-11-25", "source": "Order 7"}
    page = await browser.send(AT, {"act": "stop", **days, "districts": "440106"})
    assert "deadlines run there" in page
    assert "Order 7" in page

    async def moved() -> bool:
        await recompute_some(desk.room)
        return bool((await desk.sql(due, case["case_id"]))[0]["due_at"] > before)

    await until(moved)
    (stop,) = (await desk.get("/calendar", who="gov")).json()["stops"]
    assert stop["districts"] == ["440106"]
    lifted = await browser.send(AT, {"act": "lift", "stop": stop["stop_id"], "last": "2020-01-01"})
    assert 'role="status"' in lifted

    async def as_before() -> bool:
        await recompute_some(desk.room)
        return bool((await desk.sql(due, case["case_id"]))[0]["due_at"] == before)

    await until(as_before)


async def test_days_are_announced_and_what_is_wrong_is_named_beside_its_field(desk: Desk) -> None:
    browser = Browser(desk, "gov", "en")
    await browser.open(AT)
    told = await browser.send(AT, {"act": "days", "free": "2026-12-31 2027-01-04", "worked": "2027-01-09", "days_source": "Notice 3"})
    assert "31 December 2026 is free" in told
    assert "9 January 2027 is worked" in told
    for wrong, field in (
        ({"act": "stop", "first": "soon", "until": "2026-12-01", "source": "x"}, "first"),
        ({"act": "stop", "first": "2026-12-02", "until": "2026-12-01", "source": "x"}, "until"),
        ({"act": "stop", "first": "2026-12-01", "until": "2026-12-01", "source": ""}, "source"),
        ({"act": "stop", "first": "2026-12-01", "until": "2026-12-01", "source": "x", "districts": "110101"}, "districts"),
        ({"act": "days", "free": "", "worked": "", "days_source": "x"}, "free"),
        ({"act": "days", "free": "2026-12-01", "worked": "2026-12-01", "days_source": "x"}, "worked"),
        ({"act": "days", "free": "31.12.", "days_source": "x"}, "free"),
        ({"act": "lift", "stop": "x", "last": ""}, "last"),
    ):
        await browser.open(AT)
        assert f'href="#{field}"' in await browser.send(AT, wrong, 422), wrong
    await browser.open(AT)
    assert "no such stop" in await browser.send(AT, {"act": "lift", "stop": "x", "last": "2026-12-01"}, 409)
    await browser.open(AT)
    long = {"act": "stop", "first": "2026-12-01", "until": "2027-12-01", "source": "x"}
    assert "31 days" in await browser.send(AT, long, 409)


async def test_who_may_look_may_not_declare(desk: Desk) -> None:
    for role in ("operator", "auditor", "ops"):
        browser = Browser(desk, role)
        page = await browser.open(AT)
        assert 'value="stop"' not in page
        await browser.send(AT, {"act": "stop", "first": "2026-12-01", "until": "2026-12-01", "source": "x"}, 403)
    await Browser(desk, "charity").open(AT, 403)
