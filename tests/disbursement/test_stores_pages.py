"""The page of the stores, as people of each role read and use it, and in a real browser at both widths and in both languages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal, cast

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, expect

from services.disbursement.domain.stock_order import KINDS, REASONS
from shared.testing.browser import looking
from shared.web.words import read_words
from tests.disbursement.conftest import Desk
from tests.disbursement.test_bank_pages import WORDS
from tests.disbursement.test_pages import read
from tests.disbursement.test_stores_api import RICE, given, lots
from tests.shared.frame_app import served


@pytest.fixture
async def base(desk: Desk) -> AsyncIterator[str]:
    async with served(cast(FastAPI, desk.house)) as address:
        yield address


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_and_reason_has_a_word(language: str) -> None:
    wanted = {f"disbursement.stores.kind.{kind}" for kind in KINDS} | {f"disbursement.stores.reason.{reason}" for reason in REASONS}
    assert wanted <= set(read_words(WORDS, language))


async def test_what_lies_where_is_shown_with_what_expires(desk: Desk) -> None:
    await given(
        desk, RICE, {**RICE, "sku": "milk", "place": "west", "expires": "2026-11-24"}, {"sku": "quilt", "quantity": 2, "value_fen": 9_900}
    )
    desk.turn(days=2)
    page = await read(desk, "/disbursement/stores", "auditor")
    for shown in ("east", "west", "No place named", "Expired, no longer given out", "Expires within 30 days", "99.00", "2026-12-03"):
        assert shown in page, shown
    assert 'value="ask"' not in page, "an auditor looks"
    assert 'value="ask"' in await read(desk, "/disbursement/stores", "finance")
    for who in ("operator", "caseworker"):
        await read(desk, "/disbursement/stores", who, status=403)


async def counted(eyes: Any, quantity: str, reason: str = "") -> None:
    page = eyes.page
    await page.check("input[name=kind][value=count]")
    await page.fill("#quantity", quantity)
    if reason:
        await page.select_option("#reason", reason)
    await page.press("button[value=ask]", "Enter")


@pytest.mark.browser
@pytest.mark.parametrize("width", ["desk", "telephone"])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_count_is_said_by_one_and_confirmed_by_another(
    desk: Desk, base: str, browser: Browser, language: Literal["zh", "en"], width: Literal["desk", "telephone"]
) -> None:
    await given(desk, RICE)
    async with looking(browser, width, language=language) as eyes:
        eyes.watch.allowed += ["422", "409"]  # forms without an answer are provoked
        await eyes.log_in(base, "finance")
        await eyes.page.goto(f"{base}/disbursement/stores")
        await eyes.check()
        await counted(eyes, "some")
        await expect(eyes.page.locator("[role=alert]")).to_be_visible()
        await eyes.check()
        assert await eyes.page.input_value("#quantity") == "some"
        await counted(eyes, "8")
        await expect(eyes.page.locator("[role=alert]")).to_be_visible()  # a difference needs a reason
        await counted(eyes, "8", "lost")
        await expect(eyes.page.locator("[role=status]")).to_be_visible()
        await expect(eyes.page.locator("button[value=confirm]")).to_have_count(0)
        await eyes.check()
    async with looking(browser, width, language=language) as eyes:
        await eyes.log_in(base, "approver")
        await eyes.page.goto(f"{base}/disbursement/stores")
        await eyes.check()
        await eyes.page.press("button[value=confirm]", "Enter")
        await expect(eyes.page.locator("[role=status]")).to_be_visible()
    assert (await lots(desk))["rice L1 east"] == (8, 800, 0)
