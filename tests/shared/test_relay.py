"""Publishing from memory what this process committed, and from the table whatever might stand before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.bus.postgres import PostgresBus
from shared.errors import Malformed
from shared.parcel import packed
from shared.relay import Order, Relay
from shared.store.commit import Commit
from shared.testing.bus_suite import message, read
from shared.testing.counter import Counter
from shared.testing.waiting import until
from tests.shared.bakery import place

TOPIC = "bakery.events"
_POST = "insert into outbox (topic, count, at, messages) values ($1, $2, $3, $4) returning id"


def test_numbers_that_follow_one_another_may_come_from_memory() -> None:
    order = Order()
    assert not order.follows([1], 0)  # nobody knows what stands before the first
    order.published([4, 5], 0)
    assert order.follows([6, 7], 0)
    assert not order.follows([7], 0)
    assert not order.follows([6, 8], 0)
    assert not order.follows([], 0)
    assert order.passed(5)
    assert not order.passed(6)


def test_while_a_number_is_missing_nothing_comes_from_memory() -> None:
    order = Order()
    order.published([5], 0)
    order.published([8], 1)
    assert not order.passed(6)
    assert not order.follows([9], 2)
    order.published([6], 3)
    assert not order.follows([9], 4)
    order.published([7], 5)
    assert order.follows([9], 6)


def test_a_number_that_stays_away_for_a_minute_belonged_to_what_was_rolled_back() -> None:
    order = Order()
    order.published([5], 0)
    order.published([7], 0)
    assert not order.follows([8], 59)
    assert order.follows([8], 61)


def test_whoever_did_not_lead_meanwhile_begins_at_the_table() -> None:
    order = Order()
    order.published([5], 0)
    order.forget()
    assert not order.follows([6], 1)


class Street:
    """The bakery's relay, led by hand, and what stands on its topic."""

    def __init__(self, shop: Counter, bus: PostgresBus) -> None:
        self.shop, self.bus = shop, bus
        self.relay = Relay(shop.store, bus.publisher("bakery"), poll_seconds=60)
        shop.executor.after_commit(self.relay.committed)
        self._run: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Leads, and has looked at the table once."""
        await self.shop.submit(place(1))
        self._run = asyncio.create_task(self.relay.run())
        await self.until(1)

    async def until(self, published: int) -> None:
        await until(lambda: self.relay.published >= published)

    async def stop(self) -> None:
        self.relay.stop.set()
        if self._run is not None:
            await self._run
        await self.relay.publisher.close()

    async def topic(self, count: int) -> list[str]:
        consumer = self.bus.consumer("reader", (TOPIC,), "1")
        await consumer.open()
        found = await read(consumer, count)
        await consumer.close()
        return [one.message.id if one.message else "?" for one in found]

    async def posted_by_another(self, connection: asyncpg.Connection) -> tuple[int, str]:
        """A row of the outbox that another process writes: its number and the message's id."""
        said = message(TOPIC, "k")
        (parcel,) = packed([said])
        return await connection.fetchval(_POST, TOPIC, 1, parcel.at, parcel.messages), said.id


@pytest.fixture
async def street(shop: Counter, bus: PostgresBus) -> AsyncIterator[Street]:
    street = Street(shop, bus)
    yield street
    await street.stop()


async def test_what_this_process_committed_is_not_read_back(street: Street) -> None:
    await street.start()
    connection = await street.shop.store.connect()
    await connection.execute(
        "create function spoilt() returns trigger language plpgsql as $$ begin new.messages = 'spoilt'; return new; end $$"
    )
    await connection.execute("create trigger spoilt before insert on outbox for each row execute function spoilt()")
    done = [await street.shop.submit(place(1)) for _ in range(3)]
    await street.until(4)
    assert (await street.topic(4))[1:] == [d.events[0].id for d in done]
    await connection.close()


async def test_a_lower_number_that_another_process_commits_late_goes_before_what_was_decided_after_it(street: Street) -> None:
    await street.start()
    connection = await street.shop.store.connect()
    late = connection.transaction()
    await late.start()
    _, other = await street.posted_by_another(connection)
    before = await street.shop.submit(place(1))  # has the higher number and is durable first
    street.relay._read_at = float("-inf")
    await street.until(2)
    await late.commit()
    after = await street.shop.submit(place(1))
    await street.until(4)
    assert (await street.topic(4))[1:] == [before.events[0].id, other, after.events[0].id]
    await connection.close()


async def test_what_another_process_committed_in_between_goes_in_its_place(street: Street) -> None:
    await street.start()
    connection = await street.shop.store.connect()
    _, other = await street.posted_by_another(connection)
    done = await street.shop.submit(place(1))
    await street.until(3)
    assert (await street.topic(3))[1:] == [other, done.events[0].id]
    await connection.close()


async def test_what_is_published_leaves_the_outbox_also_while_more_keeps_coming(street: Street) -> None:
    await street.start()
    for published in range(2, 30):
        await street.shop.submit(place(1))
        await street.until(published)
        await asyncio.sleep(0.01)
    assert await street.shop.value("select count(*) from outbox") < 25
    assert len(set(await street.topic(29))) == 29


async def test_more_than_fits_memory_is_read_from_the_table(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.relay._HANDED_MAX", 5)
    await street.start()
    street.relay.committed(Commit(outbox=[message(TOPIC, "k")] * 6, posted=[(1_000_000, 6)]))
    assert street.relay.unsent is None
    done = await asyncio.gather(*[street.shop.submit(place(1)) for _ in range(40)])
    await street.until(41)
    assert sorted((await street.topic(41))[1:]) == sorted(d.events[0].id for d in done)


async def test_a_row_that_cannot_be_read_stops_the_relay_in_sight_and_is_kept(street: Street) -> None:
    first = await street.shop.submit(place(1))
    connection = await street.shop.store.connect()
    await connection.execute("insert into outbox (topic, count, at, messages) values ($1, 1, now(), 'spoilt')", TOPIC)
    await street.shop.submit(place(1))
    assert await street.relay.publish_some(connection) == 1
    with pytest.raises(Malformed, match="row 2 of the outbox"):
        await street.relay.publish_some(connection)
    assert await street.topic(1) == [first.events[0].id]
    assert await street.shop.value("select count(*) from outbox") == 2
    await connection.close()


async def test_unsent_is_known_to_the_one_who_leads(street: Street) -> None:
    assert street.relay.unsent is None
    await street.start()
    assert street.relay.unsent == 0
