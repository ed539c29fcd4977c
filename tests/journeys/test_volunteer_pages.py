"""The pages of volunteering in a real browser, at both widths and in both languages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from shared.clock import local_day
from tests.journeys.visitors import LANGUAGES, City, Language, open_city, visiting

pytestmark = [pytest.mark.browser, pytest.mark.journey]


@pytest.fixture(scope="module")
async def city(server: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    async with open_city(server, tmp_path_factory.mktemp("city")) as opened:
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_host_finds_asks_confirms_and_verifies(city: City, browser: Browser, language: Language) -> None:
    today = local_day(datetime.now(UTC))
    can: dict[str, Any] = {"skills": ["tutoring", "driving"], "times": ["sat_morning"], "languages": ["zh-cmn", "zh-yue"]}
    for number in range(3):
        some = {**can, "districts": ["440106"] if number else [], "languages": can["languages"][: number or 1]}
        await city.doors.told("caseworker", "/matching/v1/volunteers", {"external_ref": f"88-{language}-{number}", **some})
    task: dict[str, Any] = {
        **can, "id": f"task-{language}", "org_id": "gzcs", "need": "education", "district": "440106", "wanted": 2,
        "first_day": today.isoformat(), "last_day": (today + timedelta(days=7)).isoformat(),
    }  # fmt: skip
    await city.doors.told("charity-gzcs", "/matching/v1/engagements", task)
    here = f"/matching/volunteers/task-{language}"
    async with visiting(browser, city, language) as host:
        page = host.page
        await host.is_now("charity-gzcs")
        await host.opens("/matching/volunteers")
        await host.looks("volunteers")
        await host.opens(here)
        await host.looks("engagement")
        await page.locator("ol li form button").first.press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await page.locator("article form:has(input[value=confirm]) button").press("Enter")
        await expect(page.locator("article")).to_contain_text({"zh": "已确认", "en": "confirmed"}[language])
        await host.looks("engagement-confirmed")
        await page.locator("article summary").last.press("Enter")
        host.eyes.watch.allowed.append("status of 422")
        await page.locator("input[name=hours]").fill("25")
        await page.locator("input[name=hours]").press("Enter")
        await expect(page.locator("[role=alert]")).to_be_visible()
        await host.looks("engagement-wrong")
        await page.locator("input[name=hours]").fill("2:30")
        await page.locator("input[name=hours]").press("Enter")
        await expect(page.locator("article table")).to_contain_text("2:30")
        await host.looks("engagement-verified")
        await host.is_now("gov")
        await host.opens("/matching/volunteers")
        await host.looks("volunteers-of-the-city")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_desk_registers_and_finds_a_volunteer(city: City, browser: Browser, language: Language) -> None:
    reference = f"99-{language}"
    async with visiting(browser, city, language) as desk:
        page = desk.page
        desk.eyes.watch.allowed.append("status of 422")
        await desk.is_now("caseworker")
        await desk.opens("/matching/volunteers")
        await page.locator("a[href='/matching/enrolled']").press("Enter")
        await page.locator("a[href='/matching/enrol']").press("Enter")
        await desk.looks("enrol", "iv-20731")
        await desk.types("#external_ref", "13822200001")
        await desk.presses("[name=skills][value=tutoring]")
        await desk.presses("[name=times][value=sat_morning]")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("[data-errors]")).to_be_focused()
        await desk.looks("enrol-wrong", "iv-20731")
        await desk.presses("[data-errors] a", "Enter")
        await expect(page.locator("#external_ref")).to_be_focused()
        await desk.types("#external_ref", reference)
        await expect(page.locator("[name=times][value=sat_morning]")).to_be_checked()
        await desk.presses("[name=languages][value=zh-yue]")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        assert reference not in page.url
        await desk.looks("volunteer")
        await page.locator("a[href$=correct]").press("Enter")
        await desk.looks("volunteer-correct")
        await desk.opens("/matching/enrolled")
        await desk.looks("enrolled")
        await desk.types("#reference", reference)
        await page.keyboard.press("Enter")
        await expect(page.locator("h1 code")).to_have_text(reference)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_host_asks_for_volunteers_and_closes_the_task(city: City, browser: Browser, language: Language) -> None:
    async with visiting(browser, city, language) as desk:
        page = desk.page
        desk.eyes.watch.allowed.append("status of 422")
        await desk.is_now("charity-gzcs")
        await desk.opens("/matching/volunteers")
        await desk.presses("main a.button", "Enter")
        await desk.looks("engage")
        await page.select_option("#need", "education")
        await page.select_option("#district", "440106")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("[data-errors]")).to_be_focused()
        await desk.looks("engage-wrong")
        await desk.types("#wanted", "2")
        today = local_day(datetime.now(UTC))
        await page.fill("#first_day", today.isoformat())
        await page.fill("#last_day", (today + timedelta(days=7)).isoformat())
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await desk.looks("engaged")
        await page.locator(".confirm summary").press("Enter")
        await desk.looks("engaged-close")
        await page.locator(".confirm button").press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await expect(page.locator(".confirm")).to_have_count(0)
