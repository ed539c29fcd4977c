"""What a supervisor looks after, in a real browser at both widths and in both languages: clocks, the calendar, danger, households, grievances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from shared.clock import local_day
from tests.journeys.visitors import LANGUAGES, City, Language, open_city, visiting

pytestmark = [pytest.mark.browser, pytest.mark.journey]
_DANGER = "我奶奶摔在地上起不来，叫不醒了，家里就她一个人，门反锁着，快来人"


@pytest.fixture(scope="module")
async def city(server: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    async with open_city(server, tmp_path_factory.mktemp("city")) as opened:
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
async def test_clocks_danger_household_and_grievance_are_looked_after(city: City, browser: Browser, language: Language) -> None:
    report = {
        "channel": "hotline",
        "received_at": datetime.now(UTC).isoformat(),
        "narrative": _DANGER,
        "language": "zh",
        "source_ref": f"danger-{language}",
    }
    case = (await city.doors.told("operator", "/intake/v1/reports", report))["case_id"]
    async with visiting(browser, city, language) as staff:
        page = staff.page
        await staff.is_now("gov")
        await staff.opens("/intake/clocks?light=all")
        await staff.looks("clocks")
        await page.locator("details:has([value=stop]) summary").first.press("Enter")
        day = (local_day(datetime.now(UTC)) + timedelta(days=30)).isoformat()
        await page.locator("#first").fill(day)
        await page.locator("#until").fill(day)
        await page.locator("input[name=districts]").first.press("Space")
        await page.locator("#source").fill("2026-17")
        await page.locator("button[value=stop]").press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await staff.looks("clocks-declared", "2026-17")
        await staff.opens(f"/intake/cases/{case}")
        await page.locator("details:has([value=emergency_share]) summary").press("Enter")
        await page.locator("#why").fill("没人应门，本人昏迷" if language == "zh" else "nobody answers, the person is unconscious")
        await staff.looks("case-danger", "rice_10kg")
        await page.locator("button[value=emergency_share]").press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await page.locator("details:has([value=raise]) > summary").press("Enter")
        await page.locator("#says").fill("不同意" if language == "zh" else "I do not agree")
        await page.locator("form:has([value=raise]) button").press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await page.locator("details:has([value=answer_grievance]) > summary").press("Enter")
        await staff.looks("case-grievance", "rice_10kg")
        await page.locator("button[value=answer_grievance]").press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await page.locator("a[href^='/intake/persons/']").first.press("Enter")
        await page.wait_for_url("**/intake/persons/*")
        await page.locator("details:has([value=home_form]) > summary").press("Enter")
        await page.locator("#others").fill("2")
        await page.locator("button[value=home_form]").press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await page.locator("details:has([value=home_join]) > summary").press("Enter")
        await staff.looks("person-household")
