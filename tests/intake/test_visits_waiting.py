"""What waits on a telephone until it has been taken: refused and mended, written one after the other, lost on the way, too much, older."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Route, expect

from shared.testing.browser import looking
from shared.testing.waiting import until
from tests.intake import visiting
from tests.intake.conftest import Desk
from tests.intake.test_visits_browser import PNG
from tests.intake.visiting import NO_SIGNAL, NOTE, kept_here, log_in, notes, opened, save, visits, waiting

pytestmark = pytest.mark.browser
base, case = pytest.fixture(visiting.base), pytest.fixture(visiting.case)


async def test_what_is_refused_stays_with_its_reason_and_is_mended(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed += [NO_SIGNAL, "422"]
        page = eyes.page
        await log_in(desk, eyes.context, base)
        await opened(page, base)
        await eyes.context.set_offline(True)
        await page.set_input_files("#photo", {"name": "paper.png", "mimeType": "image/png", "buffer": PNG})
        await save(page, "错的", household_size="many")
        await save(page, "对的")
        await expect(waiting(page)).to_have_text("2")
        desk.now = datetime.now(UTC)
        await eyes.context.set_offline(False)
        await expect(waiting(page)).to_have_text("1")
        assert await notes(desk, case) == ["对的"], "a refused one holds up no other"
        await expect(page.locator("#visit-waiting li")).to_contain_text("整数")
        await page.reload()
        await expect(page.locator("#visit-waiting li")).to_contain_text("整数")
        assert await eyes.small_targets() == []
        await eyes.shot("visits-refused")
        await page.locator("#visit-waiting li button").first.click()
        await expect(page.locator("#note")).to_have_value("错的")
        await save(page, "改好的", household_size="3")
        await expect(page.locator("#visit-waiting")).to_be_hidden()
        assert await notes(desk, case) == ["对的", "改好的"]
        mended = next(one for one in await visits(desk, case) if one["data"]["note"] == "改好的")
        other = next(one for one in await visits(desk, case) if one["data"]["note"] == "对的")
        assert mended["happened_at"] < other["happened_at"], "mended, it still happened when it happened"
        shown = (await desk.get(f"/cases/{case}")).json()
        assert (shown["facts"]["household_size"], len(shown["papers"])) == (3, 1), "its photograph stayed"
        await eyes.check()


async def test_the_next_visit_is_written_while_the_former_is_still_being_sealed(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed += [NO_SIGNAL, "422"]
        page = eyes.page
        await page.add_init_script(
            """{ const quick = SubtleCrypto.prototype.encrypt;
            SubtleCrypto.prototype.encrypt = async function (...what) { await new Promise((go) => setTimeout(go, 700)); return quick.apply(this, what); }; }"""
        )
        await log_in(desk, eyes.context, base)
        await opened(page, base)
        await eyes.context.set_offline(True)
        await save(page, "第一家", household_size="many")
        await expect(page.locator("#note")).to_be_disabled()
        await expect(page.locator("#note")).to_have_value("")
        await expect(page.locator("[data-save-button]")).to_be_focused()
        await save(page, "第二家")
        await expect(waiting(page)).to_have_text("2")
        await page.fill("#note", "第三家")
        desk.now = datetime.now(UTC)
        await eyes.context.set_offline(False)
        await until(lambda: notes(desk, case), ["第二家"])
        await page.locator("#visit-waiting li button").first.click()
        await expect(page.locator("#visit-said")).to_contain_text("请先保存")
        await expect(page.locator("#note")).to_have_value("第三家")
        await page.click("[data-save-button]")
        await until(lambda: notes(desk, case), ["第三家", "第二家"])


async def test_an_answer_that_is_lost_is_asked_for_again_and_recorded_once(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed += [NO_SIGNAL, "ERR_FAILED", "ERR_CONNECTION_RESET"]
        page, lost = eyes.page, 0

        async def taken_and_lost(route: Route) -> None:
            nonlocal lost
            if route.request.method != "POST" or lost == 2:
                await route.continue_()
                return
            await route.fetch()
            lost += 1
            await route.abort("connectionreset")

        await log_in(desk, eyes.context, base)
        await opened(page, base)
        await eyes.context.route("**/intake/visits", taken_and_lost)
        await save(page, NOTE)
        await until(lambda: lost, 1)
        await expect(waiting(page)).to_have_text("1")
        assert len(await visits(desk, case)) == lost == 1, "it was taken, and the telephone does not know"
        await page.click("[data-send]")
        await until(lambda: lost, 2)
        await page.click("[data-send]")
        await expect(page.locator("#visit-waiting")).to_be_hidden()
        assert await notes(desk, case) == [NOTE]


async def test_a_full_telephone_says_so_and_loses_nothing(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        eyes.watch.allowed.append(NO_SIGNAL)
        page = eyes.page
        await log_in(desk, eyes.context, base)
        await opened(page, base)
        await eyes.context.set_offline(True)
        await save(page, "先前的")
        await expect(waiting(page)).to_have_text("1")
        await page.evaluate(
            """() => new Promise((done) => { const ask = indexedDB.open("kapok-visits"); ask.onsuccess = () => {
            const store = ask.result.transaction("sealed", "readwrite").objectStore("sealed"), all = store.getAll();
            all.onsuccess = () => { const { n, ...one } = all.result[0]; store.put({ ...one, size: 30_000_000, who: "somebody else" }).onsuccess = done; }; }; })"""
        )
        await save(page, NOTE)
        await expect(page.locator("#visit-said")).to_contain_text("不能再保存")
        await expect(page.locator("#note")).to_have_value(NOTE)
        await eyes.context.set_offline(False)
        await expect(waiting(page)).to_have_text("0")
        assert await notes(desk, case) == ["先前的"]


async def test_what_an_earlier_page_kept_open_is_sealed_and_sent(desk: Desk, base: str, case: str, browser: Browser) -> None:
    async with looking(browser, "telephone") as eyes:
        await log_in(desk, eyes.context, base)
        await eyes.page.goto(f"{base}/login")
        await eyes.page.evaluate(
            """([ref, id, note]) => new Promise((done) => { const ask = indexedDB.open("kapok-visits", 1);
            ask.onupgradeneeded = () => ask.result.createObjectStore("visits", { keyPath: "ref" });
            ask.onsuccess = () => { const work = ask.result.transaction("visits", "readwrite"); work.objectStore("visits").put({ ref, who: "caseworker",
            fields: [["case", id], ["ref", ref], ["outcome", "seen"], ["note", note]], happenedAt: new Date().toISOString(), title: "t", problem: "" });
            work.oncomplete = () => { ask.result.close(); done(); }; }; })""",
            ["a" * 32, case, NOTE],
        )
        await opened(eyes.page, base)
        await until(lambda: notes(desk, case), [NOTE])
        await expect(eyes.page.locator("#visit-waiting")).to_be_hidden()
        assert NOTE not in await kept_here(eyes.page)
