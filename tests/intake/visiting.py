"""Visits without a signal as tests of them begin: the page opened and kept, a log-in, what was saved and what was recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

from fastapi import FastAPI
from playwright.async_api import BrowserContext, Page, expect

from shared.testing.browser import Eyes
from shared.testing.waiting import until
from shared.web.session import SESSION
from tests.intake.conftest import Desk
from tests.shared.frame_app import served

NOTE = "门口说的话"
NO_SIGNAL = "ERR_INTERNET_DISCONNECTED"
# Everything that a page of ours keeps in the browser, as text; bytes as the characters they would be.
KEPT = """async () => {
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
READY = "navigator.serviceWorker.controller !== null && navigator.serviceWorker.controller.state === 'activated'"


async def base(desk: Desk) -> AsyncIterator[str]:
    desk.now = datetime.now(UTC)  # the telephone's clock and ours must agree
    async with served(cast(FastAPI, desk.house)) as address:
        yield address


async def case(desk: Desk, base: str, full_report: dict[str, Any]) -> str:
    return str((await desk.reported({**full_report, "received_at": desk.now.isoformat(), "consent": None}))["case_id"])


async def log_in(desk: Desk, context: BrowserContext, base: str, who: str = "caseworker") -> None:
    token = desk.headers(who)["authorization"].removeprefix("Bearer ")
    await context.add_cookies([{"name": SESSION, "value": token, "url": base, "expires": datetime.now(UTC).timestamp() + 36_000}])


async def visits(desk: Desk, case_id: str) -> list[dict[str, Any]]:
    """Newest first."""
    items = (await desk.get(f"/cases/{case_id}/history", X_Access_Reason="test")).json()["items"]
    return [item for item in items if item["event"] == "VisitRecorded"]


async def notes(desk: Desk, case_id: str) -> list[str]:
    return sorted(one["data"]["note"] for one in await visits(desk, case_id))


async def opened(page: Page, base: str) -> None:
    await page.goto(f"{base}/intake/visits")
    await until(lambda: page.evaluate(READY))
    await expect(page.locator("#visit-whose")).to_be_visible()


async def save(page: Page, note: str, **fields: str) -> None:
    await page.fill("#note", note)
    for name, text in fields.items():
        await page.fill(f"#{name}", text)
    await page.click("[data-save-button]")


def waiting(page: Page) -> Any:
    return page.locator("#visit-waiting [data-count]")


async def kept_here(page: Page) -> str:
    return "\n".join(await page.evaluate(KEPT))


async def one_waits(eyes: Eyes, desk: Desk, base: str) -> Page:
    """A visit saved without a signal by whoever is logged in; the log-in may end afterwards."""
    eyes.watch.allowed += [NO_SIGNAL, "401", "403"]
    page = eyes.page
    await log_in(desk, eyes.context, base)
    await opened(page, base)
    await eyes.context.set_offline(True)
    await save(page, NOTE)
    await expect(waiting(page)).to_have_text("1")
    return page
