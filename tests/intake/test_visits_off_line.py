"""Visits without a signal, in a real browser: the page opens again, what waits is sealed, and only who wrote it opens and sends it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from shared.testing.browser import chromium_path, looking
from shared.testing.waiting import until
from shared.web.session import SESSION
from tests.intake import visiting
from tests.intake.conftest import Desk
from tests.intake.test_visits_browser import PNG
from tests.intake.visiting import NO_SIGNAL, NOTE, kept_here, log_in, notes, one_waits, opened, save, visits, waiting

pytestmark = pytest.mark.browser
base, case = pytest.fixture(visiting.base), pytest.fixture(visiting.case)


@asynccontextmanager
async def _telephone(browser: Browser, folder: Path) -> AsyncIterator[tuple[BrowserContext, Page]]:
    """A browser that keeps what it keeps in this folder, and can be closed and opened again."""
    context = await browser.browser_type.launch_persistent_context(
        str(folder), executable_path=chromium_path(), args=["--no-first-run", "--disable-gpu", "--disable-background-networking"],
        viewport={"width": 390, "height": 844}, locale="zh-CN", timezone_id="Asia/Shanghai",
    )  # fmt: skip
    context.set_default_timeout(10_000)
    try:
        yield context, context.pages[0]
    finally:
        await context.close()


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_page_opens_again_without_a_signal_and_keeps_what_is_written(
    desk: Desk, base: str, case: str, browser: Browser, language: Literal["zh", "en"]
) -> None:
    async with looking(browser, "telephone", language=language) as eyes:
        eyes.watch.allowed.append(NO_SIGNAL)
        await log_in(desk, eyes.context, base)
        await opened(eyes.page, base)
        await eyes.context.set_offline(True)
        await eyes.page.reload()
        await expect(eyes.page.locator("html")).to_have_attribute("lang", "zh-CN" if language == "zh" else "en")
        await expect(eyes.page.locator("#case option")).to_have_count(1)
        await eyes.page.set_input_files("#photo", {"name": "paper.png", "mimeType": "image/png", "buffer": PNG})
        await save(eyes.page, NOTE)
        await expect(waiting(eyes.page)).to_have_text("1")
        await eyes.check()
        assert await eyes.small_targets() == []
        await eyes.shot(f"visits-empty-{language}")
        other = eyes.page.locator("header a[hreflang]")
        await other.click()
        await expect(eyes.page.locator("html")).to_have_attribute("lang", "en" if language == "zh" else "zh-CN")
        await expect(waiting(eyes.page)).to_have_text("1")
        assert await visits(desk, case) == []
        desk.now = datetime.now(UTC)
        await eyes.context.set_offline(False)
        await expect(eyes.page.locator("#visit-waiting")).to_be_hidden()
        [seen] = await visits(desk, case)
        assert seen["data"]["note"] == NOTE
        assert seen["happened_at"] < seen["recorded_at"]
        assert len((await desk.get(f"/cases/{case}")).json()["papers"]) == 1


async def test_a_closed_browser_keeps_it_sealed_and_sends_in_order_once_it_has_a_signal(
    desk: Desk, base: str, case: str, browser: Browser, tmp_path: Path
) -> None:
    async with _telephone(browser, tmp_path) as (context, page):
        await log_in(desk, context, base)
        await opened(page, base)
        await context.set_offline(True)
        await save(page, f"{NOTE} 1")
        await expect(waiting(page)).to_have_text("1")
    async with _telephone(browser, tmp_path) as (context, page):
        await context.set_offline(True)
        await page.goto(f"{base}/intake/visits")
        await expect(waiting(page)).to_have_text("1")
        await expect(page.locator("#visit-waiting [data-sealed]")).to_be_visible()
        await expect(page.locator("#visit-waiting li")).to_have_count(0)
        await save(page, f"{NOTE} 2")
        await expect(waiting(page)).to_have_text("2")
        await save(page, f"{NOTE} 3")
        await expect(waiting(page)).to_have_text("3")
        assert NOTE not in await kept_here(page)
        desk.now = datetime.now(UTC)
        await context.set_offline(False)
        await expect(page.locator("#visit-waiting")).to_be_hidden()
    sent = await visits(desk, case)
    by_time = sorted(sent, key=lambda one: str(one["happened_at"]))
    assert [one["data"]["note"][-1] for one in by_time] == ["1", "2", "3"]
    assert len({one["happened_at"] for one in sent}) == 3
    assert [one["version"] for one in by_time] == sorted(one["version"] for one in sent), "sent in the order in which they happened"


async def test_nothing_in_the_browser_tells_what_was_written_and_no_key_can_be_taken_out(
    desk: Desk, base: str, case: str, browser: Browser
) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed.append(NO_SIGNAL)
        await log_in(desk, eyes.context, base)
        await opened(eyes.page, base)
        await eyes.page.reload()  # through the worker
        await expect(eyes.page.locator("#visit-whose")).to_be_visible()
        label = await eyes.page.locator("#case option").inner_text()
        await eyes.context.set_offline(True)
        await eyes.page.set_input_files("#photo", {"name": "paper.png", "mimeType": "image/png", "buffer": PNG})
        await save(eyes.page, NOTE, income_yuan="1,234")
        await expect(waiting(eyes.page)).to_have_text("1")
        kept = await kept_here(eyes.page)
        kept, _, cached = kept.partition("cache /")
        cached = f"cache /{cached}"
        for told in (NOTE, "1,234", case, label, "IHDR"):
            assert told not in kept, told
            assert told not in cached, told
        assert "income_yuan" not in kept, "nor which questions were answered"
        assert "cache /intake/visits/empty/zh" in cached
        assert "caseworker" not in cached
        assert 'name="form_token"' not in cached
        assert re.findall(r"key \w+ \w+", kept) == ["key secret false"], "the key of the list; the other is only ever held wrapped"


async def test_another_person_at_the_telephone_opens_nothing_and_sends_nothing(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        page = await one_waits(eyes, desk, base)
        await eyes.context.clear_cookies()  # the log-in has ended
        await eyes.context.set_offline(False)
        await expect(page.locator("#visit-said")).to_contain_text("重新登录")
        await expect(page.locator("#visit-waiting [data-sealed]")).to_be_visible()
        assert await page.locator("#visit-waiting li").count() == 0
        await log_in(desk, eyes.context, base, "operator")
        await page.goto(f"{base}/intake/visits")
        await expect(page.locator("#visit-waiting [data-others-count]")).to_have_text("1")
        await expect(waiting(page)).to_have_text("0")
        await page.click("[data-send]")
        opened = await page.evaluate(
            """async () => { const kept = await import("/intake/static/keeping.js"); const told = await (await fetch("/intake/visits/key")).json();
            const value = Uint8Array.from(atob(told.key), (one) => one.charCodeAt(0)), [record] = await kept.waiting();
            const me = await kept.unlocked(told.who, value), taken = await crypto.subtle.exportKey("pkcs8", me.key).catch((fault) => fault.name);
            const n = await kept.keep(told.who, { ref: "a", fields: [] }), own = (await kept.waiting()).find((one) => one.n === n);
            await kept.forget(n);
            return [(await kept.opened(own, me)).ref, await kept.opened({ ...own, ref: "b" }, me), taken, await kept.opened(record, me), await kept.unlocked(record.who, value)
            .then((me) => kept.opened(record, me))]; }"""
        )
        assert opened[:2] == ["a", None], "a record opens at its own place"
        assert opened[2:] == ["InvalidAccessError", None, None], "neither with their own value nor with theirs at another's place"
        assert await visits(desk, case) == []
        await eyes.check()


async def test_the_same_person_sends_it_after_the_next_log_in(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        page = await one_waits(eyes, desk, base)
        await eyes.context.set_offline(False)
        await eyes.context.clear_cookies()
        await log_in(desk, eyes.context, base)
        await page.goto(f"{base}/intake/visits")
        await until(lambda: notes(desk, case), [NOTE])
        await expect(page.locator("#visit-waiting")).to_be_hidden()


async def test_after_a_log_out_nobody_is_at_the_empty_form(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed += [NO_SIGNAL, "404"]  # of a room alone there is no first page
        page = eyes.page
        await log_in(desk, eyes.context, base)
        await opened(page, base)
        await page.goto(f"{base}/intake/desk")
        await page.click("form[action='/logout'] button")
        await page.wait_for_url(f"{base}/")
        await eyes.context.set_offline(True)
        await page.goto(f"{base}/intake/visits")
        await expect(page.locator("#visit-said")).to_contain_text("没有人登录")
        await expect(page.locator("[data-save-button]")).to_be_disabled()
        await expect(page.locator("#visit-whose")).to_be_hidden()
        assert await page.locator("#case option").count() == 0
        await eyes.check()


async def test_without_a_script_the_page_says_that_it_keeps_nothing(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone", script=False) as eyes:
        await log_in(desk, eyes.context, base)
        await eyes.page.goto(f"{base}/intake/visits")
        await expect(eyes.page.locator("noscript p")).to_contain_text("不保存任何内容")
        await expect(eyes.page.locator("#visit-about")).to_be_hidden()


async def test_the_value_that_opens_is_told_to_its_person_alone(desk: Desk) -> None:
    async def told(who: str | None) -> Any:
        cookie = {"cookie": f"{SESSION}={desk.headers(who)['authorization'].removeprefix('Bearer ')}"} if who else {}
        return await desk.client.get("/intake/visits/key", headers=cookie)

    one, again, other = (await told("caseworker")), (await told("caseworker")), (await told("operator"))
    assert one.headers["cache-control"] == "no-store"
    assert (one.json()["key"], one.json()["who"]) == (again.json()["key"], again.json()["who"])
    assert one.json()["key"] != other.json()["key"]
    assert (await told(None)).status_code in (303, 401)
    assert (await told("charity")).status_code == 403
