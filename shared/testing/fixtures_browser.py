"""A browser for a test; where none can start its tests are skipped in plain words, and under CI they fail."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from shared.testing.browser import chromium, missing


def demand_browser(lack: str, *, required: bool) -> None:
    """Skips, or fails where everything is required, when something is lacking."""
    if lack and required:
        pytest.fail(f"pages cannot be tested here: {lack}", pytrace=False)
    if lack:
        pytest.skip(f"NO PAGE TESTED IN A BROWSER HERE: {lack}")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Real Chromium, with a font that has Chinese glyphs."""
    demand_browser(missing(), required=os.environ.get("CI") == "true")
    async with chromium() as opened:
        yield opened
