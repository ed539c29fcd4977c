"""Places by points in a real browser: the rule before, the order after, and one's own number by keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from shared.clock import SHANGHAI, new_id
from shared.testing.waiting import until
from tests.journeys.visitors import LANGUAGES, PERSON, STORY, City, Language, Visitor, open_city, visiting

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


async def _ranked(city: City, key: str, *, appeals: bool = True) -> str:
    """Four people for two places, and the number of the last of them; with an appeal that was upheld and put this one up."""
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
    if not appeals:
        return str(number)
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


async def _case(city: City) -> str:
    """The number of a case that matching knows."""
    report = {
        "channel": "hotline", "source": "12345", "source_ref": new_id(), "received_at": datetime.now(UTC).isoformat(), "narrative": STORY,
        "person": {**PERSON, "residence_code": "440106011"}, "needs": ["employment"],
    }  # fmt: skip
    case = str((await city.doors.told("operator", "/intake/v1/reports", report))["case_id"])

    async def assessed() -> bool:
        return (await city.doors.ask("caseworker", "GET", f"/matching/v1/cases/{case}/assessment")).status_code == 200

    await until(assessed, seconds=20)
    return case


async def _announced(visitor: Visitor, key: str) -> None:
    """The order by its days, with one word wrong first, all by keyboard; answers once applications are open."""
    page = visitor.page
    await visitor.opens("/matching/announce")
    await visitor.looks("announce")
    await page.select_option("#scheme", "residence-permit")
    await page.select_option("#group", "general")
    for field, text in (("#year", "2026"), ("#quota", "many"), ("#minimum", "20"), ("#source", "S1")):
        await visitor.types(field, text)
    for n, step in enumerate(("points", "item:skill", "applied_at", "number"), 1):
        await page.select_option(f"#step_{n}", step)
    now = datetime.now(SHANGHAI)
    await page.fill("#opens_at", f"{now:%Y-%m-%dT%H:%M}")
    await page.fill("#closes_at", f"{now + timedelta(days=9):%Y-%m-%dT%H:%M}")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-errors]")).to_be_focused()
    await visitor.looks("announce-wrong", *_MEANT)
    await visitor.presses("[data-errors] a", "Enter")
    await expect(page.locator("#quota")).to_be_focused()
    await expect(page.locator("#closes_at")).to_have_value(f"{now + timedelta(days=9):%Y-%m-%dT%H:%M}")
    await visitor.types("#quota", "1")
    await page.locator("[name=id]").evaluate("(e, key) => e.value = key", key)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[role=status]")).to_be_visible()
    await visitor.looks("office")
    await visitor.presses(".confirm summary", "Enter")
    await visitor.presses(".confirm button", "Enter")
    await expect(page.locator("[role=status]")).to_be_visible()


async def _handed_in(visitor: Visitor, key: str, case: str) -> str:
    """The points first, then the application; its number."""
    page = visitor.page
    await visitor.opens(f"/matching/allocations/{key}")
    await visitor.presses("main a.button", "Enter")
    await visitor.looks("apply")
    await visitor.types("#case", "0")
    await page.select_option("#education", "bachelor_or_above")
    await visitor.types("#tax_2025", "120,000")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-errors]")).to_be_focused()
    await visitor.looks("apply-wrong")
    await visitor.types("#case", case)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[role=status] strong")).to_have_text("80")
    await visitor.looks("apply-counted")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[role=status] code")).to_be_visible()
    await visitor.looks("applied", *_MEANT)
    assert "?" not in page.url
    return str(await page.locator("[role=status] code").inner_text())


@pytest.mark.timeout(180)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_office_announces_places_and_a_desk_applies_for_somebody(browser: Browser, city: City, language: Language) -> None:
    case, key = await _case(city), f"announced-{language}"
    async with visiting(browser, city, language) as visitor:
        visitor.eyes.watch.allowed += ["422", "409"]
        await visitor.is_now("gov")
        await _announced(visitor, key)
        await visitor.is_now("operator")
        number = await _handed_in(visitor, key, case)
        assert (await city.doors.read("gov", f"{_AT}/{key}/applications/{number}"))["points"] == 80
        await visitor.is_now("gov")
        await visitor.opens(f"/matching/allocations/{key}/office")
        await visitor.presses(".confirm summary", "Enter")
        await visitor.presses(".confirm button", "Enter")
        await expect(visitor.page.locator("[data-errors]")).to_be_focused()
        await visitor.looks("office-too-early")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_applicant_appeals_and_somebody_else_decides(browser: Browser, city: City, language: Language) -> None:
    key = f"appealed-{language}"
    number = await _ranked(city, key, appeals=False)
    async with visiting(browser, city, language) as visitor:
        visitor.eyes.watch.allowed += ["422", "409"]
        page = visitor.page
        await visitor.opens(f"/matching/allocations/{key}")
        await visitor.types("#number", number)
        await page.keyboard.press("Enter")
        await expect(page.locator("[role=status]")).to_contain_text(number)
        await visitor.presses("details summary", "Enter")
        await visitor.presses("form[action$=appeal] button", "Enter")
        await expect(page.locator("[data-errors]")).to_be_focused()
        await visitor.looks("appeal-wrong", *_MEANT)
        await visitor.presses("#reason-proof_overlooked, #reason")
        await page.locator("#reason-proof_overlooked").check()
        await visitor.presses("form[action$=appeal] button", "Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        assert number not in page.url
        await visitor.looks("appeal-made", *_MEANT)
        await visitor.is_now("admin")
        await visitor.opens(f"/matching/allocations/{key}/office")
        await visitor.looks("office-appeals", *_MEANT)
        await page.locator("a[href$='/appeals/1']").press("Enter")
        await page.locator("[name=upheld][value=yes]").check()
        await page.select_option("#education", "high_school_or_secondary_vocational")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("[data-errors]")).to_be_focused()
        await visitor.looks("appeal-no-better", *_MEANT)
        await page.select_option("#education", "bachelor_or_above")
        await page.select_option("#skill", "intermediate_title_or_above")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await visitor.is_now("gov")
        await visitor.opens(f"/matching/allocations/{key}/office")
        await visitor.presses(".confirm summary", "Enter")
        await visitor.looks("office-again", *_MEANT)
        await visitor.presses(".confirm button", "Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await visitor.opens(f"/matching/allocations/{key}/appeals/1")
        await visitor.looks("appeal-upheld", *_MEANT)
    own = await city.doors.read("gov", f"{_AT}/{key}/applications/{number}")
    assert own["outcome"] == "admitted"
