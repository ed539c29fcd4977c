"""Places by points in a real browser: the rule before, the order after, and one's own number by keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.journeys.visitors import LANGUAGES, City, Language, Visitor, open_city, visiting

pytestmark = [pytest.mark.browser, pytest.mark.journey]
_AT = "/matching/v1/allocations"
_OPEN_SECONDS = 4
_MEANT = ("CSV", "A1B-2C3D-4E5F-6071")  # a kind of file, and how a number looks
_LAST = {"education": "high_school_or_secondary_vocational"}
_SHOWN = (
    {"education": "bachelor_or_above", "skill": "intermediate_title_or_above"},
    {"education": "bachelor_or_above", "skill": "senior_worker_grade_3_or_above"},
    {"education": "bachelor_or_above", "skill": "senior_worker_grade_3_or_above"},
    _LAST,
)


@pytest.fixture(scope="module")
async def city(server: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    async with open_city(server, tmp_path_factory.mktemp("allocations")) as opened:
        yield opened


async def _ranked(city: City, key: str) -> str:
    """Four people for two places, one appeal upheld; the number of whom it put up."""
    tell, opens = city.doors.told, datetime.now(UTC)
    closes = opens + timedelta(seconds=_OPEN_SECONDS)
    plan = {
        "id": key, "scheme": "residence-permit", "year": 2026, "quota": 2, "minimum": 20, "source": "S1", "opens_at": opens.isoformat(),
        "closes_at": closes.isoformat(),
    }  # fmt: skip
    await tell("gov", _AT, plan)
    await tell("gov", f"{_AT}/{key}/open", {})
    number = ""
    for n, shown in enumerate(_SHOWN):
        number = (await tell("operator", f"{_AT}/{key}/applications", {"person_id": f"p{n}", "shown": shown}))["number"]
    await asyncio.sleep(max(0.0, (closes - datetime.now(UTC)).total_seconds()) + 0.1)
    for act in ("close", "rank"):
        await tell("gov", f"{_AT}/{key}/{act}", {})
    await tell("caseworker", f"{_AT}/{key}/appeals", {"number": number, "reason": "proof_overlooked"})
    should = {**_LAST, "education": "bachelor_or_above", "skill": "senior_worker_grade_3_or_above", "listed_occupation": True}
    await tell("admin", f"{_AT}/{key}/appeals/1/decide", {"upheld": True, "shown": should})
    await tell("gov", f"{_AT}/{key}/rank", {})
    return str(number)


async def _finds(visitor: Visitor, key: str, number: str) -> None:
    page = visitor.page
    visitor.eyes.watch.allowed.append("422")
    await visitor.opens("/matching/allocations")
    await visitor.looks("allocations")
    await page.locator(f'a[href$="/{key}"]').click()
    await visitor.looks("allocation", *_MEANT)
    await visitor.types("#number", "0000-0000-0000-0000")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-errors]")).to_be_focused()
    await visitor.presses("[data-errors] a", "Enter")
    await expect(page.locator("#number")).to_be_focused()
    await visitor.types("#number", number.lower())
    await page.keyboard.press("Enter")
    await expect(page.locator("[role=status]")).to_contain_text(number)
    assert number not in page.url
    await visitor.looks("allocation-own", *_MEANT)
    await page.locator("a[href*='show=waiting']").click()
    await expect(page.locator("tbody").first.locator("tr")).to_have_count(1)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_everybody_reads_the_order_and_finds_their_own_number(browser: Browser, city: City, language: Language) -> None:
    number = await _ranked(city, f"places-{language}")
    async with visiting(browser, city, language) as visitor:
        await _finds(visitor, f"places-{language}", number)
