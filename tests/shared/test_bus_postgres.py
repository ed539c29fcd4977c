"""The PostgreSQL bus, held to what every bus promises."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.bus import Bus
from shared.bus.postgres import PostgresBus
from shared.errors import Malformed
from shared.testing import Database
from shared.testing.bus_suite import BusSuite, Spoil, ids, message, places, read


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

    async def test_what_others_publish_is_heard_again_after_the_listening_connection_was_cut(self, dsn: str, topic: str) -> None:
        bus, other = PostgresBus(dsn, poll_seconds=0.2), PostgresBus(dsn)
        consumer = await self.consuming(bus, topic, "ears")
        watch = await asyncpg.connect(dsn)
        listening = "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen%'"
        await self.published(other, [message(topic, "k", 0)])
        assert len(await read(consumer, 1)) == 1
        await watch.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'"
        )
        await consumer.poll(10, 1)
        assert await watch.fetchval(listening) == 1
        said = await self.published(other, [message(topic, "k", 1)])
        assert ids(await read(consumer, 1)) == said
        await watch.close()
        await consumer.close()
        await bus.close()
        await other.close()

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


async def _aged(dsn: str, topic: str, seconds: float, upto: int) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "update parcels set published_at = now() - make_interval(secs => $2) where topic = $1 and first < $3", topic, seconds, upto
    )
    await connection.close()


async def _left(dsn: str, topic: str) -> int:
    connection = await asyncpg.connect(dsn)
    left = await connection.fetchval("select coalesce(sum(count), 0) from parcels where topic = $1", topic)
    await connection.close()
    return int(left)


class TestPruning:
    """What is old and read goes, in small steps; what a group has not read stays."""

    @pytest.fixture
    async def dsn(self, database: Database) -> str:
        return await database()

    @pytest.fixture
    async def bus(self, dsn: str) -> AsyncIterator[PostgresBus]:
        opened = PostgresBus(dsn, poll_seconds=0.1)
        await opened.provide({"bakery.events": 1, "bakery.parked": 1})
        yield opened
        await opened.close()

    async def said(self, bus: PostgresBus, count: int, topic: str = "bakery.events") -> list[str]:
        publisher = bus.publisher("bakery")
        await publisher.open()
        messages = [message(topic, "k", n) for n in range(count)]
        for one in messages:
            await publisher.publish([one])
        await publisher.close()
        return [m.id for m in messages]

    async def reads(self, bus: PostgresBus, group: str, count: int) -> list[str]:
        consumer = bus.consumer(group, ["bakery.events"], "0")
        await consumer.open()
        found = (await read(consumer, count, commit=False, within_seconds=3))[:count]
        if found:
            await consumer.commit(places(found))
        await consumer.close()
        return ids(found)

    async def test_no_message_goes_that_a_group_has_not_read(self, bus: PostgresBus, dsn: str) -> None:
        said = await self.said(bus, 20)
        await self.reads(bus, "quick", 20)
        await self.reads(bus, "slow", 7)
        await _aged(dsn, "bakery.events", 1000, 20)
        assert await bus.prune(["bakery.events"], 500) == 7
        assert await bus.prune(["bakery.events"], 500) == 0
        assert await self.reads(bus, "slow", 13) == said[7:]
        assert await bus.prune(["bakery.events"], 500) == 13

    async def test_what_is_young_stays_though_everybody_has_read_it(self, bus: PostgresBus, dsn: str) -> None:
        said = await self.said(bus, 10)
        await self.reads(bus, "quick", 10)
        await _aged(dsn, "bakery.events", 1000, 4)
        assert await bus.prune(["bakery.events"], 500) == 4
        assert await self.reads(bus, "a new group", 6) == said[4:]

    async def test_a_parcel_read_by_half_stays_whole(self, bus: PostgresBus, dsn: str) -> None:
        publisher = bus.publisher("bakery")
        await publisher.open()
        await publisher.publish([message("bakery.events", "k", n) for n in range(30)])
        await publisher.close()
        read_half = await self.reads(bus, "half", 5)
        await _aged(dsn, "bakery.events", 1000, 30)
        before = await _left(dsn, "bakery.events")
        await bus.prune(["bakery.events"], 500)
        assert before == 30
        assert await _left(dsn, "bakery.events") >= 25
        assert len(read_half + await self.reads(bus, "half", 25)) == 30

    async def test_where_nobody_reads_age_alone_counts_and_only_topics_that_are_named(self, bus: PostgresBus, dsn: str) -> None:
        for topic in ("bakery.events", "bakery.parked"):
            await self.said(bus, 3, topic)
            await _aged(dsn, topic, 1000, 3)
        assert await bus.prune(["bakery.parked"], 500) == 3
        assert (await _left(dsn, "bakery.events"), await _left(dsn, "bakery.parked")) == (3, 0)

    async def test_much_goes_in_small_steps(self, bus: PostgresBus, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(
            "insert into parcels (topic, first, count, messages, published_at) "
            "select 'bakery.events', n, 1, '[]', now() - interval '1 year' from generate_series(0, 449) n"
        )
        await connection.execute("update topics set next = 450 where name = 'bakery.events'")
        await connection.close()
        assert [await bus.prune(["bakery.events"], 500) for _ in range(4)] == [200, 200, 50, 0]

    async def test_only_groups_that_are_asked_for_are_behind(self, bus: PostgresBus) -> None:
        await self.said(bus, 5)
        await self.reads(bus, "ours", 2)
        await self.reads(bus, "somebody else", 1)
        assert {name: (b.read, b.unread) for name, b in (await bus.behind(["ours", "absent"])).items()} == {"ours": (2, 3)}
