"""The money office in a real browser at both widths and in both languages: raised, matched, explained, moved and given back by two people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.journeys.visitors import FUND, LANGUAGES, City, Language, Visitor, open_city, visiting

pytestmark = [pytest.mark.browser, pytest.mark.journey]
_OTHER = "2026"  # a name in no language: it stands on the page of either
_HINTS = ("rain-2026",)


@pytest.fixture(scope="module")
async def city(server: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    async with open_city(server, tmp_path_factory.mktemp("office")) as opened:
        await opened.doors.told("finance", "/disbursement/v1/funds", {"id": _OTHER, "name": _OTHER})
        yield opened


def _day(days: int) -> str:
    today: date = datetime.now(UTC).date()
    return (today + timedelta(days=days)).isoformat()


async def _opens_a_campaign(staff: Visitor) -> str:
    """The form, wrong and right; then a pool. Answers the campaign's id."""
    page, language = staff.page, staff.language
    key = f"{language}-1"
    await staff.opens("/disbursement/campaigns")
    await staff.looks("office-campaigns", key)
    told = {"#id": key, "#name": "2026-12", "#org_id": "gzcs", "#registered_on": "2015-01-01", "#permit": "53440100-1", "#goal": "x",
            "#first_day": _day(-200), "#last_day": _day(60)}  # fmt: skip
    for selector, text in told.items():
        await page.locator(selector).fill(text)
    await page.locator("main form button[type=submit]").last.press("Enter")
    await expect(page.locator("[role=alert]")).to_be_visible()
    await staff.looks("office-campaign-wrong", key)
    await page.locator("#goal").fill("20,000")
    await page.locator("main form button[type=submit]").last.press("Enter")
    await page.wait_for_url(f"**/disbursement/campaigns/{key}?*")
    await page.locator("details.confirm summary").first.press("Enter")
    await page.locator("#pool_fund").select_option(FUND)
    await page.locator("#amount").fill("100")
    await page.locator("#donation_max_fen").fill("30")
    await page.locator("button[value=pool]").press("Enter")
    await expect(page.locator("[role=status]")).to_be_visible()
    return key


async def _hands_in_a_report(staff: Visitor, key: str) -> None:
    page = staff.page
    await staff.opens(f"/disbursement/campaigns/{key}")
    await staff.looks("office-campaign", key)
    late = await page.locator(".tag-rejected").count()
    assert late == 2, "two reports are late"
    await page.locator("#url").fill("https://example.org/report")
    await page.locator("button[value=report]").press("Enter")
    await expect(page.locator("[role=status]")).to_be_visible()
    await expect(page.locator(".tag-rejected")).to_have_count(1)


async def _proposes(staff: Visitor) -> str:
    """A transfer, wrong and right. Answers its page."""
    page = staff.page
    await staff.opens("/disbursement/transfers")
    await page.locator("#yuan").fill("12.34")
    await page.locator("main form button[type=submit]").last.press("Enter")
    await expect(page.locator("[role=alert]")).to_be_visible()
    await staff.looks("transfers-wrong", _OTHER)
    await page.locator("#from_fund").select_option(FUND)
    await page.locator("#to_fund").select_option(_OTHER)
    await page.locator("#reason").select_option("city_decision")
    await page.locator("main form button[type=submit]").last.press("Enter")
    await page.wait_for_url("**/disbursement/transfers/*-*")
    await staff.looks("transfer", _OTHER)
    await expect(page.locator("button[value=confirm]")).to_have_count(0)
    return page.url.removeprefix(staff.city.at).partition("?")[0]


async def _asks_back(staff: Visitor, donation_id: str) -> str:
    page = staff.page
    path = f"/disbursement/donations/{donation_id}"
    await staff.opens(path)
    await page.locator("#yuan").fill("1000")
    await page.locator("#reason").select_option("given_twice")
    await page.locator("button[value=ask]").press("Enter")
    await expect(page.locator("[role=alert]")).to_be_visible()
    await page.locator("#yuan").fill("10")
    await page.locator("#reason").select_option("given_twice")
    await page.locator("button[value=ask]").press("Enter")
    await expect(page.locator("[role=status]")).to_be_visible()
    await staff.looks("donation")
    return path


@pytest.mark.timeout(180)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_money_office_raises_moves_and_gives_back(city: City, browser: Browser, language: Language) -> None:
    async with visiting(browser, city, language) as staff:
        page = staff.page
        staff.eyes.watch.allowed += ["422", "409"]  # wrong forms and refusals are provoked
        await staff.is_now("finance")
        key = await _opens_a_campaign(staff)
        gift = {"donation_ref": f"{language}-gift", "kind": "cash", "campaign_id": key, "amount_fen": 5_000}
        donation_id = str((await city.doors.told("finance", "/disbursement/v1/donations", gift))["donation_id"])
        await _hands_in_a_report(staff, key)
        await page.locator("a[href^='/disbursement/match-pools/']").press("Enter")
        await staff.looks("match-pool")
        moving = await _proposes(staff)
        refund = await _asks_back(staff, donation_id)
        await staff.opens("/disbursement/donations")
        await staff.looks("donations", _OTHER)
        await staff.opens(f"/disbursement/funds/{FUND}")
        await page.locator("details.confirm summary").press("Enter")
        await page.locator("details.confirm button").press("Enter")
        await expect(page.locator("[role=alert]")).to_be_visible()
        await staff.looks("fund", FUND)
        await staff.is_now("approver")
        await staff.opens("/disbursement/desk")
        await staff.looks("finance-desk", _OTHER)
        await page.locator(f"a[href='{moving}']").press("Enter")
        await page.locator("button[value=confirm]").press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await staff.opens(refund)
        await page.locator("details.confirm summary").first.press("Enter")
        await page.locator("details.confirm button").first.press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await staff.looks("donation-back")
        await staff.opens("/disbursement/desk")
        await expect(page.locator(f"a[href='{moving}']")).to_have_count(0)
        await expect(page.locator(f"a[href='{refund}']")).to_have_count(0)
