"""Open micro-wishes in a real browser at both widths and in both languages, as everybody reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.journeys.visitors import LANGUAGES, City, Language, open_city, visiting

pytestmark = [pytest.mark.browser, pytest.mark.journey]


@pytest.fixture(scope="module")
async def city(server: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    async with open_city(server, tmp_path_factory.mktemp("city")) as opened:
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everybody_reads_what_is_wished_for(city: City, browser: Browser, language: Language) -> None:
    async with visiting(browser, city, language) as anybody:
        page = anybody.page
        await anybody.opens("/disbursement/public/wishes")
        before = await page.locator("tbody tr").count()
        token = await city.doors.token("caseworker")
        wishes: tuple[dict[str, Any], ...] = ({"items": [{"sku": "heater", "quantity": 1}]}, {"amount_fen": 40_000})
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            for number, wish in enumerate(wishes):
                body = {"case_id": f"case-{language}-{number}", "person_id": f"person-{language}-{number}", "district": "440106", **wish}
                said = await http.post(f"{city.at}/disbursement/v1/wishes", json=body, headers={"authorization": f"Bearer {token}"})
                assert said.status_code == 201, said.text
        await anybody.opens("/disbursement/public/wishes")
        await expect(page.locator("tbody tr")).to_have_count(before + 2)
        await anybody.looks("wishes", "heater")
