"""A campaign in a real browser: planned, filled, started and watched until it is done; and a call back by keyboard."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from services.run import telephony_simulator
from tests.journeys.visitors import City, Language, Visitor, open_city, visiting

pytestmark = [pytest.mark.browser, pytest.mark.journey]
_NAMES = {"zh": "2026-12", "en": "2026-11"}  # in no language: both stand on the page of either
_WORDS = {"zh": ("已接听", "需要帮助"), "en": ("Answered", "Needs help")}
# The last two digits say how the provider's simulator answers: with a story, well, busy, unclear.
_NUMBERS = {
    "zh": "13800130{0}01\n13800130{0}02，欧阳木兰\n13800130{0}04\n13800130{0}12\n没有号码",
    "en": "13900130{0}01\n13900130{0}02, Ann\n13900130{0}04\n13900130{0}12\nnone",
}


@pytest.fixture(scope="module")
async def city(server: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    with telephony_simulator(SECONDS="0.3") as (url, secret):
        more = {"KAPOK_TELEPHONY_URL": url, "KAPOK_TELEPHONY_SECRET": secret, "KAPOK_CALLING_HOURS": "00:00-24:00"}
        async with open_city(server, tmp_path_factory.mktemp("campaigns"), more) as opened:
            yield opened


async def _plans(staff: Visitor) -> str:
    """The form by keyboard; a wrong field is named and leads there."""
    page, language = staff.page, staff.language
    staff.eyes.watch.allowed.append("422")
    await staff.is_now("gov")
    await staff.opens("/intake/campaigns")
    await staff.looks(f"campaigns-{language}")
    await staff.types("#name", _NAMES[language])
    await staff.types("#lines", "0")
    await staff.types("#from", "00:00")
    await staff.types("#until", "24:00")
    await staff.types("#retries", "0")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-errors]")).to_be_focused()
    await staff.presses("[data-errors] a", "Enter")
    await expect(page.locator("#lines")).to_be_focused()
    await expect(page.locator("#name")).to_have_value(_NAMES[language])
    await staff.types("#lines", "10")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/intake/campaigns/*-*")
    await expect(page.locator("h1")).to_contain_text(_NAMES[language])
    return page.url


async def _watches(staff: Visitor) -> None:
    """People are added, ringing starts, and the numbers come by themselves."""
    page, language = staff.page, staff.language
    await page.locator("#numbers").fill(_NUMBERS[language].format("1"))
    await page.locator("button[value=people]").click()
    await expect(page.locator("[role=status]")).to_contain_text("4")
    await staff.looks(f"campaign-list-{language}")
    await page.locator("main a.button").click()
    await page.locator("button[value=start]").click()
    answered = page.locator("#now tr", has_text=_WORDS[language][0]).first
    await expect(answered).to_contain_text("3", timeout=20_000)
    await staff.waits_for(page.url.removeprefix(staff.city.at), "#now:not([hx-get])")
    await expect(page.locator("#now tr", has_text=_WORDS[language][1]).first).to_contain_text("1")
    await expect(page.locator("button[value=pause]")).to_have_count(0)
    await staff.looks(f"campaign-done-{language}")


async def _calls_back(operator: Visitor) -> None:
    """Who was not understood: the number is shown for a reason, and what came of it is recorded."""
    page, language = operator.page, operator.language
    await operator.is_now("operator")
    await operator.opens("/intake/callbacks")
    await operator.looks(f"callbacks-{language}")
    await operator.presses("tr[data-row] a", "Enter")
    await page.wait_for_url("**/intake/callbacks/*-*")
    assert "0130112" not in await page.content()
    await operator.looks(f"callback-{language}")
    await operator.types("#reason", "call back")
    await page.keyboard.press("Enter")
    await expect(page.locator("dl")).to_contain_text("0130112")
    await operator.presses("[name=outcome]", "ArrowDown")
    await expect(page.locator("[name=outcome][value=no_need]")).to_be_checked()
    await operator.presses("button[value=finish]", "Enter")
    await page.wait_for_url("**/intake/callbacks?done=yes")
    await expect(page.locator("[role=status]")).to_be_visible()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_campaign_is_planned_watched_and_called_back_for(browser: Browser, city: City, language: Language) -> None:
    async with visiting(browser, city, language) as staff:
        await _plans(staff)
        await _watches(staff)
        await _calls_back(staff)
