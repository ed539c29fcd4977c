"""A message that comes twice when nobody expects it: worked through once, its neighbours too, with or without a row in the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from shared.bus.postgres import PostgresBus
from shared.envelope import Message
from shared.service import Listener, Put
from shared.testing import Database
from shared.testing.counter import Counter
from shared.testing.waiting import until
from tests.shared.bakery import OVEN, placed

_tables = MetaData()
_log = Table(
    "log",
    _tables,
    Column("position", BigInteger, primary_key=True, autoincrement=False, info={"sequence": "log"}),
    Column("event_id", Text, nullable=False, unique=True),
)
REMEMBERS = replace(
    OVEN,
    tables=_tables,
    listeners=(Listener("log", (_log,), ("bakery.*",), dict, lambda h: (Put(_log, {"event_id": h.id}),), known=_log.c.event_id),),
)

FORGETS = replace(OVEN, tables=MetaData(), listeners=())  # only its inbox remembers


class Hearer:
    """The oven on a bus, past the time in which everything is looked up beforehand."""

    def __init__(self, oven: Counter, bus: PostgresBus) -> None:
        self.oven, self.bus, self.publisher = oven, bus, bus.publisher("bakery")
        self.consume = oven.consume(bus)

    async def say(self, *messages: Message) -> None:
        heard = self.consume.heard + len(messages)
        await self.publisher.publish(messages)
        await until(lambda: self.consume.heard >= heard)

    def trusting(self) -> None:
        self.consume._doubt_until = 0.0

    async def worked(self) -> tuple[int, int]:
        """How many messages led to an event, and how many to a row of the listener where there is one."""
        events = await self.oven.value("select count(*) from events")
        rows = await self.oven.value("select count(*) from log") if self.oven.service.listeners else events
        assert await self.oven.value("select count(*) from parked") == 0
        return events, rows


@pytest.fixture(params=[REMEMBERS, FORGETS], ids=["rows remember", "inbox remembers"])
async def hearer(request: pytest.FixtureRequest, database: Database, bus: PostgresBus) -> AsyncIterator[Hearer]:
    oven = await Counter(request.param, await database()).open()
    hearer = Hearer(oven, bus)
    await hearer.consume.open()
    run = asyncio.create_task(hearer.consume.run())
    yield hearer
    hearer.consume.stop.set()
    await run
    await hearer.consume.close()
    await hearer.publisher.close()
    await oven.close()


async def test_what_is_published_again_is_worked_through_once_and_so_are_its_neighbours(hearer: Hearer) -> None:
    said = [placed(str(n)) for n in range(10)]
    await hearer.say(*said)
    hearer.trusting()
    await hearer.say(placed("10"), *said, placed("11"))
    assert await hearer.worked() == (12, 12)


async def test_after_one_came_twice_it_is_looked_up_whether_more_did(hearer: Hearer) -> None:
    said = [placed(str(n)) for n in range(10)]
    await hearer.say(*said)
    hearer.trusting()
    await hearer.say(said[0])
    assert hearer.consume._doubtful()
    before = hearer.consume.duplicates
    await hearer.say(*said)
    assert hearer.consume.duplicates - before == (20 if hearer.oven.service.listeners else 10)
    assert await hearer.worked() == (10, 10)


async def test_in_quiet_nothing_is_asked_of_the_inbox_beforehand(hearer: Hearer) -> None:
    await hearer.say(placed("1"))
    hearer.trusting()
    connection = await hearer.oven.store.connect()
    await connection.execute("alter table parked rename to parked_away")  # whoever looked would stumble
    await hearer.say(placed("2"))
    await connection.execute("alter table parked_away rename to parked")
    assert await hearer.worked() == (2, 2)
    await connection.close()
