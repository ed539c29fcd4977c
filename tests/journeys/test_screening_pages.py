"""The page of data screening in a real browser, at both widths and in both languages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.intake.screening import lines
from tests.journeys.visitors import LANGUAGES, PERSON, City, Language, open_city, visiting

pytestmark = [pytest.mark.browser, pytest.mark.journey]
_ROWS = (
    {"id_number": PERSON["id_number"], "name": PERSON["name"], "phone": PERSON["phone"], "category": "dibao", "residence_code": "440106",
     "medical_self_paid_year_fen": 900_000},
    {"id_number": "1", "medical_self_paid_year_fen": 900_000},
)  # fmt: skip


@pytest.fixture(scope="module")
async def city(server: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    async with open_city(server, tmp_path_factory.mktemp("city")) as opened:
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_file_is_screened_and_its_signals_become_cases(city: City, browser: Browser, language: Language) -> None:
    async with visiting(browser, city, language) as staff:
        page = staff.page
        await staff.is_now("gov")
        await staff.opens("/intake/screenings")
        await staff.looks("screenings")
        await page.locator("#file").set_input_files({"name": "residents.csv", "mimeType": "text/csv", "buffer": lines(*_ROWS)})
        await staff.types("#as_of", "")
        await page.locator("#as_of").fill("2026-11-01")
        await page.locator("main form button").first.press("Enter")
        await page.wait_for_url("**/intake/screenings/*")
        done = {"zh": "完成", "en": "Finished"}[language]
        await expect(page.locator("#now .tag")).to_have_text(done, timeout=20_000)
        await page.reload()
        await expect(page.locator("main")).to_contain_text("4,000.00")
        await staff.looks("screening")
        await page.locator("button[value=report]").press("Enter")
        await expect(page.locator("[role=status]")).to_be_visible()
        await staff.looks("screening-reported")
        await page.locator("#to").fill("8000")
        await page.locator("#moved").select_option("medical_dibao")
        await page.locator("button[value=rescore]").press("Enter")
        await expect(page.locator("main [role=status] table")).to_be_visible()
        await staff.looks("screening-rescored")
        await page.locator("button[value=ring]").press("Enter")
        await page.wait_for_url("**/intake/campaigns/*")
        await staff.looks("campaign-of-screening")
