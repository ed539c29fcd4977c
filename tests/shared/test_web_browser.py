"""The frame in a real browser: both widths, both languages, light and dark, and by keyboard alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from shared.testing.browser import Eyes, Width, looking
from tests.shared.frame_app import served, small_app

pytestmark = pytest.mark.browser
NAMES = ("home", "login", "gallery", "help", "accessibility", "ops", "missing")
PATHS = {name: f"/{name}" for name in NAMES} | {"home": "/"}


@pytest.fixture(scope="module")
async def base() -> AsyncIterator[str]:
    async with served(small_app()) as address:
        yield address


async def _walk(eyes: Eyes, base: str, mark: str) -> None:
    eyes.watch.allowed.append("404")
    for name in ("home", "login", "gallery"):
        await eyes.page.goto(base + PATHS[name])
        await eyes.page.wait_for_load_state("networkidle")
        await eyes.shot(f"{name}-{mark}")
        await eyes.check()
    await eyes.log_in(base, "ops")
    for name in ("help", "accessibility", "ops", "missing"):
        await eyes.page.goto(base + PATHS[name])
        await eyes.shot(f"{name}-{mark}")
        await eyes.check()


@pytest.mark.parametrize("width", ["telephone", "desk"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("dark", [False, True])
async def test_every_page_of_the_frame_is_sound(browser: Browser, base: str, width: Width, language: str, dark: bool) -> None:
    async with looking(browser, width, language="zh" if language == "zh" else "en", dark=dark) as eyes:
        await _walk(eyes, base, f"{width}-{language}-{'dark' if dark else 'light'}")


async def test_everything_can_be_hit_with_a_thumb(browser: Browser, base: str) -> None:
    async with looking(browser, "telephone") as eyes:
        await eyes.log_in(base, "ops")
        for path in ("/", "/login", "/ops"):
            await eyes.page.goto(base + path)
            assert await eyes.small_targets() == []


async def test_the_numbers_come_by_themselves(browser: Browser, base: str) -> None:
    async with looking(browser) as eyes:
        await eyes.page.goto(base)
        await eyes.page.wait_for_selector("#flow")


async def test_an_answer_for_a_part_that_has_left_the_page_breaks_nothing(browser: Browser, base: str) -> None:
    async with looking(browser) as eyes:
        await eyes.page.goto(base)
        await eyes.page.evaluate("document.dispatchEvent(new CustomEvent('htmx:before:request', {bubbles: true}))")
        await eyes.page.wait_for_load_state("networkidle")
        eyes.watch.check()


async def test_log_in_and_out_work_without_script(browser: Browser, base: str) -> None:
    async with looking(browser, script=False) as eyes:
        await eyes.page.goto(f"{base}/ops")
        assert "/login?next=" in eyes.page.url
        await eyes.page.locator('button[value="ops"]').click()
        assert eyes.page.url == f"{base}/ops"
        await eyes.page.locator("header form button").click()
        assert eyes.page.url == f"{base}/"


async def test_the_language_switch_stays_on_the_page(browser: Browser, base: str) -> None:
    async with looking(browser) as eyes:
        await eyes.page.goto(f"{base}/help?from=here")
        await eyes.page.get_by_text("English", exact=True).click()
        assert eyes.page.url == f"{base}/help?from=here"
        assert await eyes.page.locator("html").get_attribute("lang") == "en"


async def test_the_keys_do_what_the_help_says(browser: Browser, base: str) -> None:
    async with looking(browser) as eyes:
        await eyes.page.goto(f"{base}/accessibility")
        await eyes.page.keyboard.press("?")
        await eyes.page.wait_for_url("**/help")
        await eyes.page.goto(f"{base}/gallery")
        await eyes.page.locator("h1").click()
        await eyes.page.keyboard.press("j")
        await eyes.page.keyboard.press("j")
        assert await eyes.page.evaluate("document.activeElement.textContent") == "荔湾区"
        await eyes.page.keyboard.press("k")
        assert await eyes.page.evaluate("document.activeElement.textContent") == "天河区"
        await eyes.page.keyboard.press("/")
        assert await eyes.page.evaluate("document.activeElement.id") == "q"
        await eyes.page.goto(f"{base}/login?next=/help")
        await eyes.page.fill("#client_id", "operator")
        await eyes.page.fill("#client_secret", "demo")
        await eyes.page.keyboard.press("Control+Enter")
        await eyes.page.wait_for_url("**/help")


async def test_the_first_tab_leads_past_the_navigation(browser: Browser, base: str) -> None:
    async with looking(browser) as eyes:
        await eyes.page.goto(base)
        await eyes.page.keyboard.press("Tab")
        await eyes.page.keyboard.press("Enter")
        assert await eyes.page.evaluate("document.activeElement.id") == "main"
