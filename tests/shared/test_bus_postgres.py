"""The PostgreSQL bus, held to what every bus promises."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.bus import Bus
from shared.bus.postgres import PostgresBus
from shared.errors import Malformed
from shared.testing.bus_suite import BusSuite, Spoil, ids, message, places, read
from tests.shared.conftest import Database


class TestPostgresBus(BusSuite):
    @pytest.fixture
    async def dsn(self, database: Database) -> str:
        return await database()

    @pytest.fixture
    async def bus(self, dsn: str) -> AsyncIterator[Bus]:
        opened = PostgresBus(dsn, poll_seconds=0.1)
        yield opened
        await opened.close()

    @pytest.fixture
    async def spoil(self, dsn: str, bus: Bus) -> Spoil:
        async def put(topic: str, key: str, value: bytes) -> None:
            connection = await asyncpg.connect(dsn)
            slot = json.dumps([[None, None, key, value.decode(errors="replace")]]).encode()
            await connection.execute(
                "with n as (update topics set next = next + 1 where name = $1 returning next - 1 as place) "
                "insert into parcels (topic, first, count, messages) select $1, place, 1, $2 from n",
                topic, slot,
            )  # fmt: skip
            await connection.close()

        return put

    async def test_what_is_not_json_is_refused_as_a_whole(self, bus: Bus, topic: str) -> None:
        publisher = bus.publisher("bakery")
        await publisher.open()
        with pytest.raises(Malformed):
            await publisher.publish([message(topic, "k", 1), message(topic, "k", 2, b"not json at all")])
        await publisher.close()
        assert (await self.state(bus, topic)).published == 0

    async def test_a_place_within_a_parcel_is_read_on_from(self, bus: Bus, topic: str) -> None:
        said = await self.published(bus, [message(topic, f"k{n}", n) for n in range(30)])
        consumer = await self.consuming(bus, topic, "halves")
        first = await consumer.poll(7, 1)
        await consumer.commit(places(first))
        await consumer.close()
        again = await self.consuming(bus, topic, "halves")
        assert ids(first) + ids(await read(again, 23)) == said
        await again.close()

    async def test_a_broken_parcel_is_a_problem_at_each_of_its_places(self, bus: Bus, topic: str, dsn: str) -> None:
        said = await self.published(bus, [message(topic, "k", 1)])
        connection = await asyncpg.connect(dsn)
        await connection.execute("update topics set next = next + 2 where name = $1", topic)
        await connection.execute("insert into parcels (topic, first, count, messages) values ($1, 1, 2, '{}')", topic)
        await connection.close()
        said += await self.published(bus, [message(topic, "k", 2)])
        consumer = await self.consuming(bus, topic)
        found = await read(consumer, 4)
        await consumer.close()
        assert [one.offset for one in found] == [0, 1, 2, 3]
        assert ids(found) == said
        assert [bool(one.problem) for one in found] == [False, True, True, False]
