"""The page of visits on a telephone: a visit is saved without a signal and sent when there is one, once, with its own time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Literal, cast

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, expect

from shared.testing.browser import Eyes, looking
from shared.web.session import SESSION
from tests.intake.conftest import Desk
from tests.shared.frame_app import served

pytestmark = pytest.mark.browser
# A page of a real picture: the smallest PNG there is.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f000501017f9c3b9d140000000049454e44ae426082"
)


@pytest.fixture
async def base(desk: Desk) -> AsyncIterator[str]:
    desk.now = datetime.now(UTC)  # the telephone's clock and ours must agree
    async with served(cast(FastAPI, desk.house)) as address:
        yield address


async def _logged_in(desk: Desk, eyes: Eyes, base: str) -> None:
    token = desk.headers("caseworker")["authorization"].removeprefix("Bearer ")
    await eyes.context.add_cookies([{"name": SESSION, "value": token, "url": base}])


async def _visits(desk: Desk, case_id: str) -> list[dict[str, Any]]:
    items = (await desk.get(f"/cases/{case_id}/history", X_Access_Reason="test")).json()["items"]
    return [item for item in items if item["event"] == "VisitRecorded"]


async def _fills_in(eyes: Eyes, note: str) -> None:
    page = eyes.page
    await page.fill("#note", note)
    await page.check("#verified")
    await page.fill("#income_yuan", "1,200")
    await page.set_input_files("#photo", {"name": "paper.png", "mimeType": "image/png", "buffer": PNG})
    await page.click("[data-save-button]")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_visit_without_a_signal_is_kept_and_sent_once_with_its_own_time(
    desk: Desk, base: str, browser: Browser, full_report: dict[str, Any], language: Literal["zh", "en"]
) -> None:
    case = (await desk.reported({**full_report, "received_at": desk.now.isoformat(), "consent": None}))["case_id"]
    async with looking(browser, "telephone", language=language) as eyes:
        page = eyes.page
        eyes.watch.allowed.append("ERR_INTERNET_DISCONNECTED")
        await _logged_in(desk, eyes, base)
        await page.goto(f"{base}/intake/visits")
        await eyes.check()
        assert await eyes.small_targets() == []
        await eyes.context.set_offline(True)
        await _fills_in(eyes, "门口说的话")
        await expect(page.locator("#visit-waiting [data-count]")).to_have_text("1")
        await expect(page.locator("#note")).to_have_value("")
        assert await _visits(desk, case) == []
        await eyes.shot(f"visits-off-line-{language}")
        await asyncio.sleep(1.5)
        desk.now = datetime.now(UTC)
        await eyes.context.set_offline(False)
        await expect(page.locator("#visit-waiting")).to_be_hidden()
        [seen] = await _visits(desk, case)
        assert seen["happened_at"] < seen["recorded_at"]
        assert seen["data"]["note"] == "门口说的话"
        shown = (await desk.get(f"/cases/{case}")).json()
        assert (shown["status"], shown["facts"]["monthly_income_fen"], len(shown["papers"])) == ("verified", 120_000, 1)
        await page.reload()
        await expect(page.locator("#visit-waiting")).to_be_hidden()
        await _fills_in(eyes, "第二次")
        await expect(page.locator("#visit-said")).to_have_text({"zh": "已保存。", "en": "Saved."}[language])
        assert len(await _visits(desk, case)) == 2
        await eyes.check()


async def test_what_is_not_accepted_says_why_and_loses_nothing(
    desk: Desk, base: str, browser: Browser, full_report: dict[str, Any]
) -> None:
    case = (await desk.reported({**full_report, "received_at": desk.now.isoformat(), "consent": None}))["case_id"]
    async with looking(browser, "telephone") as eyes:
        page = eyes.page
        eyes.watch.allowed += ["409", "422"]
        await _logged_in(desk, eyes, base)
        await page.goto(f"{base}/intake/visits")
        await page.fill("#note", "门开着")
        await page.fill("#household_size", "many")
        await page.click("[data-save-button]")
        await expect(page.locator("#visit-said")).to_contain_text("整数")
        await expect(page.locator("#note")).to_have_value("门开着")
        await desk.post(f"/cases/{case}/close", {"reason": "no_need"})
        await page.fill("#household_size", "")
        await page.click("[data-save-button]")
        await expect(page.locator("#visit-said")).to_contain_text("已办结")
        await expect(page.locator("#note")).to_have_value("门开着")


async def test_without_a_script_the_form_simply_posts(desk: Desk, base: str, browser: Browser, full_report: dict[str, Any]) -> None:
    case = (await desk.reported({**full_report, "received_at": desk.now.isoformat(), "consent": None}))["case_id"]
    async with looking(browser, "telephone", script=False) as eyes:
        await _logged_in(desk, eyes, base)
        await eyes.page.goto(f"{base}/intake/visits")
        await _fills_in(eyes, "没有脚本")
        await eyes.page.wait_for_url("**/intake/visits?done=*")
        assert len(await _visits(desk, case)) == 1
        assert (await desk.get(f"/cases/{case}")).json()["status"] == "verified"
