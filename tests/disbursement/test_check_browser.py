"""The chain checked by anybody in a real browser: it holds at ten thousand entries, and each planted fault is named."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Literal, cast

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, Page, Route, expect

from services.disbursement.domain.chain import Publish
from shared.service import To
from shared.testing.browser import Eyes, looking
from tests.disbursement.conftest import Desk
from tests.shared.frame_app import served

pytestmark = pytest.mark.browser
MANY, AT_ONCE = 10_000, 1_000


@pytest.fixture
async def base(desk: Desk) -> AsyncIterator[str]:
    async with served(cast(FastAPI, desk.house)) as address:
        yield address


async def published(desk: Desk, count: int) -> None:
    for start in range(0, count, AT_ONCE):
        some = range(start, min(start + AT_ONCE, count))
        entries = [To("chain", "public", Publish(f"entry-{n}", "donation", "善款", "", "", "2026-11", 100 + n)) for n in some]
        await desk.room.execute(*entries, actor="test")


async def checked(eyes: Eyes, base: str) -> str:
    """What the page says at the end."""
    await eyes.page.goto(f"{base}/disbursement/public/check")
    await eyes.page.click("#check-start")
    await expect(eyes.page.locator("#check-start")).to_be_enabled(timeout=60_000)
    return str(await eyes.page.inner_text("#check-said"))


async def faults(page: Page) -> list[str]:
    return await page.locator("#check-faults li").all_inner_texts()


async def test_ten_thousand_entries_are_checked(desk: Desk, base: str, browser: Browser) -> None:
    await published(desk, MANY)
    async with looking(browser, language="en") as eyes:
        assert await checked(eyes, base) == "All 10000 entries hold together, under the signed head."


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_page_says_what_holds_and_remembers_the_head(
    desk: Desk, base: str, browser: Browser, language: Literal["zh", "en"]
) -> None:
    await published(desk, 3)
    said = {"zh": ("全部 3 笔", "上次核对的 3 笔"), "en": ("All 3 entries hold", "the 3 entries of your last check")}[language]
    async with looking(browser, "telephone", language=language) as eyes:
        first = await checked(eyes, base)
        await eyes.check()
        assert await eyes.small_targets() == []
        await eyes.shot(f"check-{language}")
        again = await checked(eyes, base)
        assert (said[0] in first, said[1] in first, said[1] in again) == (True, False, True), (first, again)


PLANTED: list[tuple[str, Any, str]] = [
    ("entries", lambda found: found["items"][1].update(amount_fen=1), "Entry 4 is not what its hash says: something in it was changed."),
    ("entries", lambda found: found["items"].pop(0), "The head covers 5 entries, and there are 4: the chain was cut short."),
    ("entries", lambda found: found["items"].pop(2), "Entry 3 says that it is number 4: an entry was dropped, put in, or moved."),
    ("entries", lambda found: found["items"][1].update(previous="1" * 64), "Entry 4 does not stand on the one before it."),
    ("heads", lambda found: found["items"][0].update(root="1" * 64), "The signed head is not the head of these entries."),
    ("heads", lambda found: found["items"][0].update(signature="1" * 128), "The head is not signed by any published key."),
]


@pytest.mark.parametrize(("address", "plant", "said"), PLANTED)
async def test_a_planted_fault_is_named(desk: Desk, base: str, browser: Browser, address: str, plant: Any, said: str) -> None:
    await published(desk, 5)

    async def bent(route: Route) -> None:
        found = await (await route.fetch()).json()
        plant(found)
        await route.fulfill(content_type="application/json", body=json.dumps(found))

    async with looking(browser, language="en") as eyes:
        await eyes.page.route(f"**/public/{address}*", bent)
        assert "Faults found" in await checked(eyes, base)
        assert said in await faults(eyes.page)


async def test_what_was_rolled_back_does_not_fit_the_head_that_the_browser_kept(desk: Desk, base: str, browser: Browser) -> None:
    await published(desk, 5)
    async with looking(browser, language="en") as eyes:
        await checked(eyes, base)
        await eyes.page.evaluate("localStorage.setItem('kapok-public-head', JSON.stringify({size: 9, root: '1'.repeat(64)}))")
        await checked(eyes, base)
        [said] = await faults(eyes.page)
        assert said.startswith("The head over 9 entries that this browser kept is not how this chain begins")


async def test_without_a_script_the_page_tells_of_the_verifier(desk: Desk, base: str, browser: Browser) -> None:
    async with looking(browser, language="en", script=False) as eyes:
        await eyes.page.goto(f"{base}/disbursement/public/check")
        assert await eyes.page.locator("#check-start").is_hidden()
        await expect(eyes.page.locator("noscript p")).to_contain_text("runs no script here")
        await expect(eyes.page.locator("code.long")).to_contain_text(f"kapok_verify.py --url {base}")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_public_page_leads_to_the_check(desk: Desk, base: str, browser: Browser, language: Literal["zh", "en"]) -> None:
    await published(desk, 3)
    async with looking(browser, "telephone", language=language) as eyes:
        await eyes.page.goto(f"{base}/disbursement/public")
        await eyes.check()
        assert await eyes.small_targets() == []
        await eyes.shot(f"public-{language}")
        await eyes.page.click('a[href="/disbursement/public/check"]')
        await expect(eyes.page.locator("#check-start")).to_be_visible()
