"""Fixtures of the mechanism's tests: the bakery, the oven and the bus between them, on databases of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.bus.postgres import PostgresBus
from shared.testing import Database
from shared.testing.counter import Counter
from tests.shared.bakery import BAKERY, OVEN

__all__ = ["Database"]


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


@pytest.fixture
async def oven(database: Database) -> AsyncIterator[Counter]:
    opened = await Counter(OVEN, await database()).open()
    yield opened
    await opened.close()


@pytest.fixture
async def bus(database: Database) -> AsyncIterator[PostgresBus]:
    """The embedded bus with the topics of both."""
    opened = PostgresBus(await database(), poll_seconds=0.05)
    await opened.provide(dict.fromkeys(("bakery.events", "bakery.parked", "oven.events", "oven.parked"), 1))
    yield opened
    await opened.close()
