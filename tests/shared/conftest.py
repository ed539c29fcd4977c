"""Fixtures of the mechanism's tests: the bakery, the oven and the bus between them, on databases of their own."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import structlog

from shared.bus.postgres import PostgresBus
from shared.testing import Database
from shared.testing.counter import Counter
from tests.shared.bakery import BAKERY, OVEN
from tests.shared.door import Client, opened

__all__ = ["Database"]
Lines = Callable[[], list[dict[str, Any]]]


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


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    """A caller at the door of a bakery and an oven."""
    async with opened(database) as caller:
        yield caller


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """What was logged since the last time, line by line."""
    root, settings = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.configure(**settings)
    root.handlers[:], root.level = handlers, level
