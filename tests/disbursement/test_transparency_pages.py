"""The public pages of money in a real browser: charts with their tables, search, and a receipt, in both languages and at both widths."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal, cast

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, expect

from shared.testing.browser import looking
from tests.disbursement.conftest import Desk
from tests.disbursement.test_pages import BOTH
from tests.shared.frame_app import served

pytestmark = pytest.mark.browser
Language = Literal["zh", "en"]


@pytest.fixture
async def base(desk: Desk) -> AsyncIterator[str]:
    async with served(cast(FastAPI, desk.house)) as address:
        yield address


async def two_months(desk: Desk) -> dict[str, Any]:
    """Money and goods of two months; answers the receipt of an earmarked gift and of one without a word."""
    await desk.funded(100_000, "rain", name=BOTH)
    gift = {"donation_ref": "gift", "kind": "cash", "fund_id": "rain", "amount_fen": 2_000_000}
    free = (await desk.post("/donations", gift)).json()["receipt"]
    desk.turn(seconds=1)
    marked = {**gift, "donation_ref": "marked", "earmark": {"programme": "TEMP-URGENT", "district": "440106"}}
    word = (await desk.post("/donations", marked)).json()["receipt"]
    stock = [{"sku": "rice", "quantity": 40, "value_fen": 600_000}]
    await desk.post("/donations", {"donation_ref": "store", "kind": "goods", "items": stock})
    for n in range(6):
        await desk.paid(f"case-{n}", 150_000, fund_id="rain")
        await desk.paid(f"case-w{n}", 80_000, fund_id="rain", district="440103001", programme="MICRO-WISH")
    for n in range(5):
        await desk.approved(await desk.granted(f"case-g{n}", items=[{"sku": "rice", "quantity": 4}], district="440111002"))
    desk.next_month()
    for n in range(7):
        await desk.paid(f"case-s{n}", 60_000, fund_id="rain", district="440103001")
    for n in range(5):
        await desk.paid(f"case-few{n}", 70_000, fund_id="rain", district="440117001" if n % 2 else "440118001")
    desk.next_month()
    return {"free": free, "word": word}


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_where_the_money_went_is_seen_and_read(desk: Desk, base: str, browser: Browser, language: Language) -> None:
    receipts = await two_months(desk)
    for width in ("telephone", "desk"):
        async with looking(browser, width, language=language) as eyes:
            await eyes.page.goto(f"{base}/disbursement/public")
            await eyes.check()
            assert await eyes.small_targets() == []
            await eyes.shot(f"public-{width}-{language}")
            assert await eyes.page.locator("svg.chart[role=img]").count() == 4
            assert await eyes.page.locator("svg.chart > title, svg.chart > desc").count() == 8
            await eyes.page.goto(f"{base}/disbursement/public/entries?month=2026-12&kind=payout&district=440103")
            await eyes.check()
            assert await eyes.small_targets() == []
            await eyes.shot(f"entries-{width}-{language}")
            await expect(eyes.page.locator("main")).to_contain_text("4,200.00")
            for name, number in receipts.items():
                await eyes.page.goto(f"{base}/disbursement/public")
                await eyes.page.fill("#number", number.lower())
                await eyes.page.keyboard.press("Enter")
                await expect(eyes.page.locator("h2").first).to_have_text(number)
                await eyes.check()
                assert await eyes.small_targets() == []
                await eyes.shot(f"receipt-{name}-{width}-{language}")


async def test_what_is_not_found_is_said_plainly(desk: Desk, base: str, browser: Browser) -> None:
    await desk.funded(100_000)
    async with looking(browser, "telephone", language="en") as eyes:
        eyes.watch.allowed += ["404", "422"]
        await eyes.page.goto(f"{base}/disbursement/public/receipt?number=KPK-202611-FFFFFFFF")
        await expect(eyes.page.locator("[role=status]")).to_contain_text("We know no receipt KPK-202611-FFFFFFFF.")
        await eyes.check()
        await eyes.page.goto(f"{base}/disbursement/public/entries?kind=payout")
        await expect(eyes.page.locator("#month-error")).to_contain_text("With a kind, say the month too.")
        await eyes.check()
        await eyes.page.goto(f"{base}/disbursement/public/entries?number=nobody")
        await expect(eyes.page.locator("main")).to_contain_text("No entry fits.")
        await eyes.page.goto(f"{base}/disbursement/public")
        await expect(eyes.page.locator("main")).to_contain_text("The first month is told when it is over.")
        await eyes.check()
