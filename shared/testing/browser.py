"""A real Chromium for tests of pages: two sizes, Guangzhou's clock, and no patience with errors or requests to the outside."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # no types
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

WIDTHS = {"telephone": (390, 844), "desk": (1280, 900)}
Width = Literal["telephone", "desk"]
_FLAGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
]
_INSIDE = {"127.0.0.1", "localhost", "::1"}


def chromium_path() -> str | None:
    """Where Chromium is: `KAPOK_CHROMIUM`, else the first known name on the path."""
    given = os.environ.get("KAPOK_CHROMIUM")
    return given or next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)


def chinese_font() -> bool:
    """Whether any font here has Chinese glyphs; without one every character is a box and no other check notices."""
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S607 - wherever fontconfig is installed
    return bool(listed.stdout.strip())


def missing() -> str:
    """Why browser tests cannot run here; empty when they can."""
    if chromium_path() is None:
        return "Chromium is missing (KAPOK_CHROMIUM, or chromium on the path)"
    return "" if chinese_font() else "a font with Chinese glyphs is missing (fonts-wqy-microhei)"


@dataclass
class Watch:
    """Everything a page did that it should not have done."""

    troubles: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda fault: self.troubles.append(f"page error: {fault}"))
        page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme in ("http", "https", "ws", "wss") and where.hostname not in _INSIDE:
            self.troubles.append(f"request to the outside: {where.hostname}")

    def check(self) -> None:
        """Fails with everything seen so far; `allowed` are parts of messages a test expects (a 404 it provokes)."""
        seen = [one for one in self.troubles if not any(part in one for part in self.allowed)]
        self.troubles.clear()
        assert not seen, "\n".join(seen)


class Eyes:
    """One browser page and what a person would look for on it."""

    def __init__(self, page: Page, context: BrowserContext, watch: Watch) -> None:
        self.page, self.context, self.watch = page, context, watch

    async def log_in(self, base: str, client: str) -> None:
        """Log in as one of the demo clients, through the log-in page."""
        await self.page.goto(f"{base}/login")
        button = self.page.locator(f'button[name="demo"][value="{client}"]')
        if await button.count():
            await button.click()
        else:
            await self.page.fill("#client_id", client)
            await self.page.fill("#client_secret", "demo")
            await self.page.locator("form[data-save] button[type=submit]").click()
        await self.page.wait_for_load_state()

    async def check(self) -> None:
        """Nothing failed, axe finds nothing, nothing is wider than the window, Chinese is drawn."""
        self.watch.check()
        found = await self.axe()
        assert not found, f"{self.page.url}\n" + "\n".join(found)
        wide = await self.page.evaluate(
            """() => { const w = document.documentElement.clientWidth; if (document.documentElement.scrollWidth <= w) return [];
            return [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > w + 1)
            .map(e => e.outerHTML.slice(0, 100)).slice(-5).concat('wider than the window'); }"""
        )
        assert not wide, f"{self.page.url}: {wide}"
        await self.check_glyphs()

    async def axe(self) -> list[str]:
        """What axe holds against the page (WCAG 2.2 AA and best practice), one line each."""
        if not await self.page.evaluate("'axe' in window"):
            # Evaluated by the driver, not as a script element: the page's own policy stays as it is.
            await self.page.evaluate(AXE_SCRIPT)
        result: dict[str, Any] = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{v['id']}: {v['help']}: {n['html'][:160]}" for v in result["violations"] for n in v["nodes"]]

    async def check_glyphs(self) -> None:
        """Two Chinese characters that look different must be drawn differently, else they are boxes."""
        same = await self.page.evaluate(
            """() => { const draw = (text) => { const c = document.createElement('canvas'); c.width = c.height = 40;
            const x = c.getContext('2d'); x.font = '32px ' + getComputedStyle(document.body).fontFamily; x.fillText(text, 2, 32);
            return c.toDataURL(); }; return draw('木') === draw('棉'); }"""
        )
        assert not same, "Chinese characters are drawn as boxes"

    async def small_targets(self) -> list[str]:
        """Buttons, fields and links outside of text that are lower than 44 px; for the telephone."""
        found: list[str] = await self.page.evaluate(
            """() => [...document.querySelectorAll(`button, input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select,
            summary, label.choice, nav a, header a, footer a`)].filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5
            && !e.closest('.skip')).map(e => e.outerHTML.slice(0, 120))"""
        )
        return found

    async def shot(self, name: str) -> None:
        """A picture of the whole page into the folder `KAPOK_SHOTS`, when that is set."""
        folder = os.environ.get("KAPOK_SHOTS")
        if folder:
            await self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser itself; raises when it is missing (ask `missing()` first)."""
    path = chromium_path()
    assert path is not None, missing()
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=path, args=_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def looking(
    browser: Browser, width: Width = "desk", *, language: Literal["zh", "en"] = "zh", dark: bool = False, script: bool = True
) -> AsyncIterator[Eyes]:
    """A fresh visitor at a telephone or a desk; whatever went wrong unseen fails at the end."""
    size = WIDTHS[width]
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="zh-CN" if language == "zh" else "en-GB", timezone_id="Asia/Shanghai",
        color_scheme="dark" if dark else "light", java_script_enabled=script, has_touch=width == "telephone",
        reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(10_000)
    page, watch = await context.new_page(), Watch()
    watch.on(page)
    try:
        yield Eyes(page, context, watch)
        watch.check()
    finally:
        await context.close()
