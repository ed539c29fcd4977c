"""Reconciling with the bank in a real browser at both widths and in both languages: work by age, taken, and ended by two people."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, expect

from deploy.bank_files import Entry, statement
from tests.journeys.visitors import LANGUAGES, City, Language, open_city, visiting

pytestmark = [pytest.mark.browser, pytest.mark.journey]
_ACCOUNT = "44050100001"


@pytest.fixture(scope="module")
async def city(server: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    payer = {"KAPOK_PAYER_NAME": "广州慈善", "KAPOK_PAYER_ACCOUNT": _ACCOUNT, "KAPOK_PAYER_BANK": "102581000013"}
    async with open_city(server, tmp_path_factory.mktemp("city"), payer) as opened:
        yield opened


async def told(city: City, number: str, opening: int) -> None:
    """A statement with one movement of nobody."""
    content = statement(_ACCOUNT, number, opening, opening - 70_000, [Entry("", 70_000, False)])
    headers = {"authorization": f"Bearer {await city.doors.token('finance')}", "content-type": "application/xml"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        answer = await http.post(f"{city.at}/disbursement/v1/bank-messages", content=content, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_does_not_fit_is_taken_and_ended_by_two_people(city: City, browser: Browser, language: Language) -> None:
    await told(city, f"{language}-1", 5_000_000)
    await told(city, f"{language}-2", 9_000_000)
    async with visiting(browser, city, language) as staff:
        page = staff.page
        staff.eyes.watch.allowed.append("422")  # a form without an answer is provoked
        await staff.is_now("finance")
        await staff.opens("/disbursement/reconciliation")
        await staff.looks("reconciliation", f"{language}-1", f"{language}-2")
        unmatched = page.locator("tbody tr:has-text('700.00') th a").first
        await unmatched.press("Enter")
        here = page.url
        await page.locator("button[value=take]").press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await page.locator("button[value=resolve]").press("Enter")
        await expect(page.locator("[role=alert]")).to_be_visible()
        await staff.looks("work-item-wrong")
        await page.locator("#reason").select_option("asked_back")
        await page.locator("button[value=resolve]").press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await staff.is_now("approver")
        await staff.opens(here.removeprefix(city.at).partition("?")[0])
        await page.locator("#reason").select_option("asked_back")
        await page.locator("button[value=resolve]").press("Enter")
        await expect(page.locator("button[value=resolve]")).to_have_count(0)
        await staff.looks("work-item-ended")
