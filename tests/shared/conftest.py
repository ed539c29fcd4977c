"""Fixtures of the mechanism's tests: the bakery and the oven on databases of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.shared.bakery import BAKERY
from tests.shared.counter import Counter

Database = Callable[[], Awaitable[str]]


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[Counter]:
    opened = await Counter(BAKERY, await database(), queue_max=500).open()
    yield opened
    await opened.close()


@pytest.fixture
async def second(shop: Counter) -> AsyncIterator[Counter]:
    """Another process of the same service, as far as the database can tell."""
    opened = await Counter(BAKERY, shop.dsn).open()
    yield opened
    await opened.close()
