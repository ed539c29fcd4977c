"""Visits without a signal, in a real browser: the page opens again, what waits is sealed, and only who wrote it opens and sends it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from shared.testing.browser import Eyes, chromium_path, looking
from shared.testing.waiting import until
from shared.web.session import SESSION
from tests.intake.conftest import Desk
from tests.intake.test_visits_browser import PNG
from tests.shared.frame_app import served

pytestmark = pytest.mark.browser
_NOTE = "门口说的话"
_NO_SIGNAL = "ERR_INTERNET_DISCONNECTED"
# Everything that a page of ours keeps in the browser, as text; bytes as the characters they would be.
_KEPT = """async () => {
  const text = (value) => value instanceof CryptoKey ? `key ${value.type} ${value.extractable}`
    : value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? new TextDecoder().decode(value)
    : value && typeof value === "object" ? Object.entries(value).map(([name, one]) => `${name}=${text(one)}`).join(" ") : String(value);
  const found = [];
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((done) => { const ask = indexedDB.open(name); ask.onsuccess = () => done(ask.result); });
    for (const store of db.objectStoreNames) {
      const all = await new Promise((done) => { const ask = db.transaction(store).objectStore(store).getAll(); ask.onsuccess = () => done(ask.result); });
      found.push(...all.map((one) => `${name}/${store}: ${text(one)}`));
    }
    db.close();
  }
  for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) {
    found.push(`cache ${new URL(request.url).pathname}: ${await (await (await caches.open(name)).match(request)).text()}`);
  }
  return [...found, `local: ${Object.values(localStorage)} ${Object.values(sessionStorage)}`];
}"""
_READY = "navigator.serviceWorker.controller !== null && navigator.serviceWorker.controller.state === 'activated'"


@pytest.fixture
async def base(desk: Desk) -> AsyncIterator[str]:
    desk.now = datetime.now(UTC)  # the telephone's clock and ours must agree
    async with served(cast(FastAPI, desk.house)) as address:
        yield address


@pytest.fixture
async def case(desk: Desk, base: str, full_report: dict[str, Any]) -> str:
    return str((await desk.reported({**full_report, "received_at": desk.now.isoformat(), "consent": None}))["case_id"])


async def _log_in(desk: Desk, context: BrowserContext, base: str, who: str = "caseworker") -> None:
    token = desk.headers(who)["authorization"].removeprefix("Bearer ")
    await context.add_cookies([{"name": SESSION, "value": token, "url": base, "expires": datetime.now(UTC).timestamp() + 36_000}])


async def _visits(desk: Desk, case_id: str) -> list[dict[str, Any]]:
    """Newest first."""
    items = (await desk.get(f"/cases/{case_id}/history", X_Access_Reason="test")).json()["items"]
    return [item for item in items if item["event"] == "VisitRecorded"]


async def _notes(desk: Desk, case_id: str) -> list[str]:
    return sorted(one["data"]["note"] for one in await _visits(desk, case_id))


async def _open(page: Page, base: str) -> None:
    await page.goto(f"{base}/intake/visits")
    await until(lambda: page.evaluate(_READY))
    await expect(page.locator("#visit-whose")).to_be_visible()


async def _save(page: Page, note: str, **fields: str) -> None:
    await page.fill("#note", note)
    for name, text in fields.items():
        await page.fill(f"#{name}", text)
    await page.click("[data-save-button]")


def _waiting(page: Page) -> Any:
    return page.locator("#visit-waiting [data-count]")


async def _kept(page: Page) -> str:
    return "\n".join(await page.evaluate(_KEPT))


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
        eyes.watch.allowed.append(_NO_SIGNAL)
        await _log_in(desk, eyes.context, base)
        await _open(eyes.page, base)
        await eyes.context.set_offline(True)
        await eyes.page.reload()
        await expect(eyes.page.locator("html")).to_have_attribute("lang", "zh-CN" if language == "zh" else "en")
        await expect(eyes.page.locator("#case option")).to_have_count(1)
        await eyes.page.set_input_files("#photo", {"name": "paper.png", "mimeType": "image/png", "buffer": PNG})
        await _save(eyes.page, _NOTE)
        await expect(_waiting(eyes.page)).to_have_text("1")
        await eyes.check()
        assert await eyes.small_targets() == []
        await eyes.shot(f"visits-empty-{language}")
        other = eyes.page.locator("header a[hreflang]")
        await other.click()
        await expect(eyes.page.locator("html")).to_have_attribute("lang", "en" if language == "zh" else "zh-CN")
        await expect(_waiting(eyes.page)).to_have_text("1")
        assert await _visits(desk, case) == []
        desk.now = datetime.now(UTC)
        await eyes.context.set_offline(False)
        await expect(eyes.page.locator("#visit-waiting")).to_be_hidden()
        [seen] = await _visits(desk, case)
        assert seen["data"]["note"] == _NOTE
        assert seen["happened_at"] < seen["recorded_at"]
        assert len((await desk.get(f"/cases/{case}")).json()["papers"]) == 1


async def test_a_closed_browser_keeps_it_sealed_and_sends_in_order_once_it_has_a_signal(
    desk: Desk, base: str, case: str, browser: Browser, tmp_path: Path
) -> None:
    async with _telephone(browser, tmp_path) as (context, page):
        await _log_in(desk, context, base)
        await _open(page, base)
        await context.set_offline(True)
        await _save(page, f"{_NOTE} 1")
        await expect(_waiting(page)).to_have_text("1")
    async with _telephone(browser, tmp_path) as (context, page):
        await context.set_offline(True)
        await page.goto(f"{base}/intake/visits")
        await expect(_waiting(page)).to_have_text("1")
        await expect(page.locator("#visit-waiting [data-sealed]")).to_be_visible()
        await expect(page.locator("#visit-waiting li")).to_have_count(0)
        await _save(page, f"{_NOTE} 2")
        await expect(_waiting(page)).to_have_text("2")
        await _save(page, f"{_NOTE} 3")
        await expect(_waiting(page)).to_have_text("3")
        assert _NOTE not in await _kept(page)
        desk.now = datetime.now(UTC)
        await context.set_offline(False)
        await expect(page.locator("#visit-waiting")).to_be_hidden()
    sent = await _visits(desk, case)
    by_time = sorted(sent, key=lambda one: str(one["happened_at"]))
    assert [one["data"]["note"][-1] for one in by_time] == ["1", "2", "3"]
    assert len({one["happened_at"] for one in sent}) == 3
    assert [one["version"] for one in by_time] == sorted(one["version"] for one in sent), "sent in the order in which they happened"


async def test_nothing_in_the_browser_tells_what_was_written_and_no_key_can_be_taken_out(
    desk: Desk, base: str, case: str, browser: Browser
) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed.append(_NO_SIGNAL)
        await _log_in(desk, eyes.context, base)
        await _open(eyes.page, base)
        await eyes.page.reload()  # through the worker
        await expect(eyes.page.locator("#visit-whose")).to_be_visible()
        label = await eyes.page.locator("#case option").inner_text()
        await eyes.context.set_offline(True)
        await eyes.page.set_input_files("#photo", {"name": "paper.png", "mimeType": "image/png", "buffer": PNG})
        await _save(eyes.page, _NOTE, income_yuan="1,234")
        await expect(_waiting(eyes.page)).to_have_text("1")
        kept = await _kept(eyes.page)
        kept, _, cached = kept.partition("cache /")
        cached = f"cache /{cached}"
        for told in (_NOTE, "1,234", case, label, "IHDR"):
            assert told not in kept, told
            assert told not in cached, told
        assert "income_yuan" not in kept, "nor which questions were answered"
        assert "cache /intake/visits/empty/zh" in cached
        assert "caseworker" not in cached
        assert 'name="form_token"' not in cached
        assert re.findall(r"key \w+ \w+", kept) == ["key secret false"], "the key of the list; the other is only ever held wrapped"


async def _one_waits(eyes: Eyes, desk: Desk, base: str) -> Page:
    """A visit saved without a signal by whoever is logged in; the log-in may end afterwards."""
    eyes.watch.allowed += [_NO_SIGNAL, "401", "403"]
    page = eyes.page
    await _log_in(desk, eyes.context, base)
    await _open(page, base)
    await eyes.context.set_offline(True)
    await _save(page, _NOTE)
    await expect(_waiting(page)).to_have_text("1")
    return page


async def test_another_person_at_the_telephone_opens_nothing_and_sends_nothing(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        page = await _one_waits(eyes, desk, base)
        await eyes.context.clear_cookies()  # the log-in has ended
        await eyes.context.set_offline(False)
        await expect(page.locator("#visit-said")).to_contain_text("重新登录")
        await expect(page.locator("#visit-waiting [data-sealed]")).to_be_visible()
        assert await page.locator("#visit-waiting li").count() == 0
        await _log_in(desk, eyes.context, base, "operator")
        await page.goto(f"{base}/intake/visits")
        await expect(page.locator("#visit-waiting [data-others-count]")).to_have_text("1")
        await expect(_waiting(page)).to_have_text("0")
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
        assert await _visits(desk, case) == []
        await eyes.check()


async def test_the_same_person_sends_it_after_the_next_log_in(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        page = await _one_waits(eyes, desk, base)
        await eyes.context.set_offline(False)
        await eyes.context.clear_cookies()
        await _log_in(desk, eyes.context, base)
        await page.goto(f"{base}/intake/visits")
        await until(lambda: _notes(desk, case), [_NOTE])
        await expect(page.locator("#visit-waiting")).to_be_hidden()


async def test_after_a_log_out_nobody_is_at_the_empty_form(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed += [_NO_SIGNAL, "404"]  # of a room alone there is no first page
        page = eyes.page
        await _log_in(desk, eyes.context, base)
        await _open(page, base)
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


async def test_what_is_refused_stays_with_its_reason_and_is_mended(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed += [_NO_SIGNAL, "422"]
        page = eyes.page
        await _log_in(desk, eyes.context, base)
        await _open(page, base)
        await eyes.context.set_offline(True)
        await page.set_input_files("#photo", {"name": "paper.png", "mimeType": "image/png", "buffer": PNG})
        await _save(page, "错的", household_size="many")
        await _save(page, "对的")
        await expect(_waiting(page)).to_have_text("2")
        desk.now = datetime.now(UTC)
        await eyes.context.set_offline(False)
        await expect(_waiting(page)).to_have_text("1")
        assert await _notes(desk, case) == ["对的"], "a refused one holds up no other"
        await expect(page.locator("#visit-waiting li")).to_contain_text("整数")
        await page.reload()
        await expect(page.locator("#visit-waiting li")).to_contain_text("整数")
        assert await eyes.small_targets() == []
        await eyes.shot("visits-refused")
        await page.locator("#visit-waiting li button").first.click()
        await expect(page.locator("#note")).to_have_value("错的")
        await _save(page, "改好的", household_size="3")
        await expect(page.locator("#visit-waiting")).to_be_hidden()
        assert await _notes(desk, case) == ["对的", "改好的"]
        mended = next(one for one in await _visits(desk, case) if one["data"]["note"] == "改好的")
        other = next(one for one in await _visits(desk, case) if one["data"]["note"] == "对的")
        assert mended["happened_at"] < other["happened_at"], "mended, it still happened when it happened"
        shown = (await desk.get(f"/cases/{case}")).json()
        assert (shown["facts"]["household_size"], len(shown["papers"])) == (3, 1), "its photograph stayed"
        await eyes.check()


async def test_the_next_visit_is_written_while_the_former_is_still_being_sealed(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed += [_NO_SIGNAL, "422"]
        page = eyes.page
        await page.add_init_script(
            """{ const quick = SubtleCrypto.prototype.encrypt;
            SubtleCrypto.prototype.encrypt = async function (...what) { await new Promise((go) => setTimeout(go, 700)); return quick.apply(this, what); }; }"""
        )
        await _log_in(desk, eyes.context, base)
        await _open(page, base)
        await eyes.context.set_offline(True)
        await _save(page, "第一家", household_size="many")
        await expect(page.locator("#note")).to_be_disabled()
        await expect(page.locator("#note")).to_have_value("")
        await expect(page.locator("[data-save-button]")).to_be_focused()
        await _save(page, "第二家")
        await expect(_waiting(page)).to_have_text("2")
        await page.fill("#note", "第三家")
        desk.now = datetime.now(UTC)
        await eyes.context.set_offline(False)
        await until(lambda: _notes(desk, case), ["第二家"])
        await page.locator("#visit-waiting li button").first.click()
        await expect(page.locator("#visit-said")).to_contain_text("请先保存")
        await expect(page.locator("#note")).to_have_value("第三家")
        await page.click("[data-save-button]")
        await until(lambda: _notes(desk, case), ["第三家", "第二家"])


async def test_an_answer_that_is_lost_is_asked_for_again_and_recorded_once(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed += [_NO_SIGNAL, "ERR_FAILED", "ERR_CONNECTION_RESET"]
        page, lost = eyes.page, 0

        async def taken_and_lost(route: Route) -> None:
            nonlocal lost
            if route.request.method != "POST" or lost == 2:
                await route.continue_()
                return
            await route.fetch()
            lost += 1
            await route.abort("connectionreset")

        await _log_in(desk, eyes.context, base)
        await _open(page, base)
        await eyes.context.route("**/intake/visits", taken_and_lost)
        await _save(page, _NOTE)
        await until(lambda: lost, 1)
        await expect(_waiting(page)).to_have_text("1")
        assert len(await _visits(desk, case)) == lost == 1, "it was taken, and the telephone does not know"
        await page.click("[data-send]")
        await until(lambda: lost, 2)
        await page.click("[data-send]")
        await expect(page.locator("#visit-waiting")).to_be_hidden()
        assert await _notes(desk, case) == [_NOTE]


async def test_a_full_telephone_says_so_and_loses_nothing(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed.append(_NO_SIGNAL)
        page = eyes.page
        await _log_in(desk, eyes.context, base)
        await _open(page, base)
        await eyes.context.set_offline(True)
        await _save(page, "先前的")
        await expect(_waiting(page)).to_have_text("1")
        await page.evaluate(
            """() => new Promise((done) => { const ask = indexedDB.open("kapok-visits"); ask.onsuccess = () => {
            const store = ask.result.transaction("sealed", "readwrite").objectStore("sealed"), all = store.getAll();
            all.onsuccess = () => { const { n, ...one } = all.result[0]; store.put({ ...one, size: 30_000_000, who: "somebody else" }).onsuccess = done; }; }; })"""
        )
        await _save(page, _NOTE)
        await expect(page.locator("#visit-said")).to_contain_text("不能再保存")
        await expect(page.locator("#note")).to_have_value(_NOTE)
        await eyes.context.set_offline(False)
        await expect(_waiting(page)).to_have_text("0")
        assert await _notes(desk, case) == ["先前的"]


async def test_what_an_earlier_page_kept_open_is_sealed_and_sent(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        await _log_in(desk, eyes.context, base)
        await eyes.page.goto(f"{base}/login")
        await eyes.page.evaluate(
            """([ref, id, note]) => new Promise((done) => { const ask = indexedDB.open("kapok-visits", 1);
            ask.onupgradeneeded = () => ask.result.createObjectStore("visits", { keyPath: "ref" });
            ask.onsuccess = () => { const work = ask.result.transaction("visits", "readwrite"); work.objectStore("visits").put({ ref, who: "caseworker",
            fields: [["case", id], ["ref", ref], ["outcome", "seen"], ["note", note]], happenedAt: new Date().toISOString(), title: "t", problem: "" });
            work.oncomplete = () => { ask.result.close(); done(); }; }; })""",
            ["a" * 32, case, _NOTE],
        )
        await _open(eyes.page, base)
        await until(lambda: _notes(desk, case), [_NOTE])
        await expect(eyes.page.locator("#visit-waiting")).to_be_hidden()
        assert _NOTE not in await _kept(eyes.page)


async def test_without_a_script_the_page_says_that_it_keeps_nothing(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone", script=False) as eyes:
        await _log_in(desk, eyes.context, base)
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
