"""What nobody will ask for any more goes, in small steps and by one process; what may still be asked for stays."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx

from shared.bus import KEEP_SECONDS
from shared.bus.postgres import PostgresBus
from shared.clock import new_id
from shared.errors import NotNow
from shared.housekeeping import Housekeeping
from shared.idempotency import Answers, Kept
from shared.leader import lock_key
from shared.testing import Database
from shared.testing.bus_suite import message
from shared.testing.counter import Counter, unopened
from shared.testing.waiting import until
from tests.shared.bakery import BAKERY

TOPICS = ("bakery.events", "bakery.parked")


def keeping(shop: Counter, bus: PostgresBus, *, first_seconds: float = 0.05, round_seconds: float = 0.05) -> Housekeeping:
    return Housekeeping(
        shop.store, Answers(shop.store), bus, TOPICS, first_seconds=first_seconds, round_seconds=round_seconds, breath_seconds=0.0
    )


async def _remembered(shop: Counter, count: int, days: float) -> list[str]:
    ids = [new_id() for _ in range(count)]
    await shop.value(
        "with done as (insert into inbox (event, reaction, at) select e, 'bake', now() - make_interval(secs => $2) from unnest($1::uuid[]) e) "
        "select 1",
        ids, days * 24 * 3600,
    )  # fmt: skip
    return ids


async def _parked(shop: Counter, event: str, *, redriven: bool = False) -> None:
    await shop.value(
        "insert into parked (event, topic, partition, place, key, value, reason, first_at, redriven_at) "
        "values ($1, 'oven.events', 0, (select count(*) from parked), 'k', '', 'planted', now() - interval '1 year', "
        "case when $2 then now() - interval '90 days' end)",
        event, redriven,
    )  # fmt: skip


async def _ids(shop: Counter) -> set[str]:
    async with shop.store.reading() as connection:
        return {row["event"] for row in await connection.fetch("select event::text from inbox")}


async def test_answers_go_after_two_days_and_not_before(shop: Counter, bus: PostgresBus) -> None:
    answers = Answers(shop.store)
    for key, hours in (("fresh", 0), ("yesterday", 47), ("old", 49), ("never ended", 49)):
        assert await answers.begin("c", key, "f") == "mine"
        if key != "never ended":
            await answers.end("c", key, Kept(200, "application/json", b"{}"))
        await shop.value("update idempotency set at = now() - make_interval(hours => $2) where key = $1", key, hours)
    house = keeping(shop, bus)
    await house.tidy()
    assert house.answers == 2
    assert isinstance(await answers.begin("c", "yesterday", "f"), Kept)
    assert await answers.begin("c", "old", "f") == "mine"


async def test_answers_go_in_small_steps(shop: Counter) -> None:
    await shop.value(
        "with done as (insert into idempotency (client, key, fingerprint, at) select 'c', n::text, 'f', now() - interval '3 days' "
        "from generate_series(1, 1200) n) select 1"
    )
    answers = Answers(shop.store)
    assert [await answers.prune() for _ in range(4)] == [500, 500, 200, 0]


async def test_ids_stay_for_twice_as_long_as_messages(shop: Counter, bus: PostgresBus) -> None:
    days = KEEP_SECONDS / 24 / 3600
    old, young = await _remembered(shop, 3000, 2 * days + 1), await _remembered(shop, 3000, 2 * days - 1)
    house = keeping(shop, bus)
    await house.tidy()
    assert house.ids == len(old)
    assert await _ids(shop) == set(young)


async def test_ids_of_a_parked_message_stay_until_it_is_redriven(shop: Counter, bus: PostgresBus) -> None:
    waiting, redriven, other = await _remembered(shop, 3, 400)
    await _parked(shop, waiting.upper())
    await _parked(shop, redriven, redriven=True)
    await keeping(shop, bus).tidy()
    assert await _ids(shop) == {waiting}
    assert await shop.value("select count(*) from parked") == 2
    assert other not in await _ids(shop)


async def test_old_messages_of_our_topics_go_and_no_others(shop: Counter, bus: PostgresBus) -> None:
    publisher = bus.publisher("bakery")
    await publisher.open()
    await publisher.publish([message(topic, "k", n) for topic in (*TOPICS, "oven.events") for n in range(5)])
    await publisher.close()
    pool = await bus._opened()
    await pool.execute("update parcels set published_at = now() - make_interval(secs => $1)", KEEP_SECONDS + 60.0)
    house = keeping(shop, bus)
    await house.tidy()
    assert house.messages == 10
    assert [row["topic"] for row in await pool.fetch("select distinct topic from parcels")] == ["oven.events"]


async def test_one_process_keeps_house_and_another_takes_over(shop: Counter, second: Counter, bus: PostgresBus) -> None:
    house, other = keeping(shop, bus), keeping(second, bus)
    runs = [asyncio.create_task(house.run())]
    await _remembered(shop, 5, 400)
    await until(lambda: house.ids, 5)
    runs.append(asyncio.create_task(other.run()))
    for n in range(2, 12):
        await asyncio.sleep(0.05)
        await _remembered(shop, 5, 400)
        await until(lambda: house.ids + other.ids, 5 * n)
    assert other.ids == 0
    house.stop.set()
    await runs[0]
    await _remembered(shop, 5, 400)
    await until(lambda: other.ids, 5)
    other.stop.set()
    await runs[1]


async def test_a_bus_that_is_away_stops_neither_the_loop_nor_the_rest(shop: Counter, bus: PostgresBus) -> None:
    class Away(PostgresBus):
        async def prune(self, topics: object, keep_seconds: float) -> int:
            raise NotNow("planted")

    await _remembered(shop, 5, 400)
    house = keeping(shop, Away(bus.dsn))
    run = asyncio.create_task(house.run())
    await until(lambda: (house.ids, house.last_failure), (5, "planted"))
    await _remembered(shop, 5, 400)
    await until(lambda: house.ids, 10)
    house.stop.set()
    await run


async def test_a_service_at_work_keeps_house(database: Database, bus: PostgresBus) -> None:
    async with httpx.AsyncClient() as http:
        opened = unopened(replace(BAKERY, listeners=(), reactions=()), await database(), bus, http)
        await opened.open()
        opened.housekeeping._first = 0.05
        opened.work()
        key = lock_key("bakery:housekeeping")
        held = "select count(*) from pg_locks where locktype = 'advisory' and ((classid::bigint << 32) | objid::bigint) = $1 and granted"
        async with opened.room.store.reading() as connection:
            await until(lambda: connection.fetchval(held, key), 1)
        await opened.close()
