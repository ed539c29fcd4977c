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
