"""From an outbox over the bus into another service: in order, once, and around what cannot be worked through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from msgspec.structs import replace

from shared.bus import Bus
from shared.bus.postgres import PostgresBus
from shared.envelope import Message, Received
from shared.errors import KapokError, NotNow
from shared.relay import Relay
from shared.service import To
from shared.store.commit import Commit
from shared.supervise import Supervised
from shared.testing import Database
from shared.testing.counter import Counter
from shared.testing.waiting import until
from tests.shared.bakery import OVEN, CancelOrder, place, placed, said


class Line:
    """The bakery's relay and the oven's consumer on one bus."""

    def __init__(self, shop: Counter, oven: Counter, bus: PostgresBus) -> None:
        self.shop, self.oven, self.bus = shop, oven, bus
        self.publisher = bus.publisher("bakery")
        self.relay = Relay(shop.store, self.publisher, poll_seconds=0.05)
        shop.executor.after_commit(self.relay.committed)
        self.consume = oven.consume(bus)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self.consume.open()
        self._tasks = [asyncio.create_task(self.relay.run()), asyncio.create_task(self.consume.run())]

    async def stop(self) -> None:
        self.relay.stop.set()
        self.consume.stop.set()
        await asyncio.gather(*self._tasks)
        await self.consume.close()
        await self.publisher.close()

    async def until(self, sql: str, expected: object, *args: object, at: Counter | None = None) -> None:
        await until(lambda: (at or self.oven).value(sql, *args), expected)


@pytest.fixture
async def line(shop: Counter, oven: Counter, bus: PostgresBus) -> AsyncIterator[Line]:
    line = Line(shop, oven, bus)
    await line.start()
    yield line
    await line.stop()


async def test_what_one_service_says_another_works_through_once(line: Line) -> None:
    await asyncio.gather(*[line.shop.submit(place(2)) for _ in range(50)])
    await line.until("select count(*) from events", 50)
    await line.until("select count(*) from outbox", 0, at=line.shop)
    assert await line.oven.value("select count(*) from inbox where reaction = 'on_order_placed'") == 50


async def test_after_a_clean_stop_nothing_is_left_to_publish_again(
    shop: Counter, bus: PostgresBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.submit(place(1))
    relay = Relay(shop.store, bus.publisher("bakery"), poll_seconds=0.05)
    publish = relay.publisher.publish

    async def publish_and_stop(messages: Sequence[Message]) -> None:
        await publish(messages)
        relay.stop.set()

    monkeypatch.setattr(relay.publisher, "publish", publish_and_stop)
    async with asyncio.timeout(5):
        await relay.run()
    assert relay.published == 1
    assert await shop.value("select count(*) from outbox") == 0
    await relay.publisher.close()


async def test_causes_and_correlation_travel(line: Line) -> None:
    done = await line.shop.submit(place(2))
    await line.until("select count(*) from events", 1)
    assert await line.oven.value("select causation from events") == done.events[0].id
    assert await line.oven.value("select correlation from events") == done.events[0].correlation


async def test_a_fact_worded_twice_for_the_public_has_two_ids_and_one_cause(line: Line) -> None:
    order = place(1)
    await line.shop.submit(order)
    await line.shop.submit(To("order", order.id, CancelOrder("no")))
    await line.until("select count(*) from feed", 3)
    assert await line.oven.value("select array_agg(type order by position) from feed") == [
        "bakery.order_placed.v1", "bakery.order_cancelled.v1", "bakery.oven_freed.v1",
    ]  # fmt: skip


async def test_numbered_rows_are_gapless_over_many_batches(line: Line) -> None:
    for _ in range(5):
        await asyncio.gather(*[line.shop.submit(place(1)) for _ in range(40)])
    await line.until("select count(*) from feed", 200)
    assert await line.oven.value("select max(position) - min(position) + 1 from feed") == 200


async def test_a_refused_message_is_recorded_and_does_not_stop_others(line: Line) -> None:
    await asyncio.gather(line.shop.submit(place(13)), line.shop.submit(place(1)))
    await line.until("select count(*) from inbox where refused = 'OvenBroken'", 1)
    await line.until("select count(*) from events", 1)
    assert await line.oven.value("select count(*) from parked") == 0


async def test_a_message_that_breaks_us_is_parked_with_everything_after_it_of_its_key(line: Line) -> None:
    bad, good = place(66), place(1)
    await line.shop.submit(bad)
    await line.shop.submit(To("order", bad.id, CancelOrder("too late")))
    await line.shop.submit(good)
    await line.until("select count(*) from parked where key = $1", 3, f"bakery.order-{bad.id}")
    await line.until("select count(*) from events", 1)
    assert await line.oven.value("select count(*) from feed where key = $1", f"bakery.order-{bad.id}") == 0
    notices = await line.oven.value("select string_agg(convert_from(messages, 'UTF8'), '') from outbox where topic = 'oven.parked'")
    assert "RuntimeError" in notices
    assert "loaves" not in notices


async def test_a_redriven_message_frees_its_key_in_order(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = place(66)
    await line.shop.submit(bad)
    await line.shop.submit(To("order", bad.id, CancelOrder("later")))
    await line.until("select count(*) from parked", 3)
    with pytest.raises(RuntimeError):
        await line.consume.redrive(1)
    assert await line.oven.value("select count(*) from parked where redriven_at is null") == 3
    decider = line.oven.executor.rules.deciders["loaf"]
    mended = type(decider)(
        decider.noun, decider.absent, lambda c, s: decider.decide(type(c)(1), s), decider.evolve, decider.commands, decider.events
    )
    monkeypatch.setitem(line.oven.executor.rules.deciders, "loaf", mended)
    assert await line.consume.redrive(1) == 3
    assert await line.oven.value("select count(*) from parked where redriven_at is null") == 0
    assert await line.oven.value("select array_agg(type order by position) from feed") == [
        "bakery.order_placed.v1", "bakery.order_cancelled.v1", "bakery.oven_freed.v1",
    ]  # fmt: skip
    await line.shop.submit(To("order", bad.id, CancelOrder("again")))
    assert not line.consume.parking.blocks(f"bakery.order-{bad.id}")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bakery.order_placed.v1", b'{"order_id": "o1"}'),
        ("bakery.order_placed.v1", b'{"order_id": "o1", "loaves": "many"}'),
        ("bakery.order_placed.v1", b'"no object at all"'),
        ("bakery.order_placed.v9", b'{"order_id": "o1", "loaves": 1}'),
    ],
)
async def test_words_that_make_no_sense_are_parked_at_once(line: Line, kind: str, value: bytes) -> None:
    await line.publisher.publish([said(kind, value, "bakery.order-x"), placed("y")])
    await line.until("select count(*) from parked", 1)
    await line.until("select count(*) from events", 1)


@pytest.mark.parametrize("ident", ["e1", "{0198c0de-aaaa-7bbb-8ccc-dddddddddddd}", "0198C0DE-AAAA-7BBB-8CCC-DDDDDDDDDDDD", ""])
async def test_a_message_no_inbox_can_remember_is_parked_and_its_neighbours_are_worked_through(line: Line, ident: str) -> None:
    await line.publisher.publish([placed("x"), replace(placed("y"), id=ident), placed("y"), placed("z")])
    await line.publisher.publish([replace(placed("v"), id=ident), placed("w")])
    await line.until("select count(*) from parked", 3)
    await line.until("select array_agg(stream order by stream) from events", ["oven.loaf-w", "oven.loaf-x", "oven.loaf-z"])
    assert [(row["event"] == ident, row["key"], row["reason"]) for row in await line.consume.parking.listed()] == [
        (True, "bakery.order-y", "unreadable: the id is no UUID"),
        (False, "bakery.order-y", "an earlier message of this key is parked"),
        (True, "bakery.order-v", "unreadable: the id is no UUID"),
    ]
    assert line.consume.parking.blocks("bakery.order-y")


async def broken_in_the_middle(bus: Bus, oven: Counter) -> None:
    """Within one poll the store breaks in a way nobody foresaw; the loop ends and is started again, as the supervisor does it."""
    consume = oven.consume(bus)
    publisher, loop = bus.publisher("bakery"), Supervised("oven.consume", consume.run, consume.stop.set)
    await consume.open()
    await publisher.open()
    assert oven.store._pool is not None
    worked = "select string_agg(right(stream, 1), '' order by stream) from events"

    loop.start()
    await publisher.publish([placed("a")])
    await until(lambda: oven.value(worked), "a")  # the group has found itself: what is read again is so for no other reason
    await oven.store._pool.execute("alter table parked add constraint nothing check (false)")
    await publisher.publish([*map(placed, "bcde"), said("bakery.order_placed.v1", b"{}", "bakery.order-bad"), *map(placed, "fghij")])
    await until(lambda: loop.error, "CheckViolationError")
    await oven.store._pool.execute("alter table parked drop constraint nothing")
    await publisher.publish([placed("k")])
    await until(lambda: oven.value(worked), "abcdefghijk")
    assert await oven.value("select array_agg(key) from parked") == ["bakery.order-bad"]
    assert await loop.ended(5)
    await consume.close()
    await publisher.close()


async def test_a_poll_that_breaks_in_the_middle_is_read_again(bus: PostgresBus, oven: Counter) -> None:
    await broken_in_the_middle(bus, oven)


async def test_a_key_that_one_member_parked_or_freed_is_so_for_the_next_at_once(line: Line) -> None:
    await line.publisher.publish([placed("z")])
    await line.until("select count(*) from events", 1)  # the first member reads: the next can't have come before it
    second = line.oven.consume(line.bus)
    await second.open()
    run = asyncio.create_task(second.run())
    await line.publisher.publish([said("bakery.order_placed.v1", b"{}", "bakery.order-x")])
    await line.until("select count(*) from parked", 1)
    line.consume.stop.set()
    await line._tasks[1]
    await line.consume.close()
    await line.publisher.publish([placed("x"), placed("y")])
    await line.until("select count(*) from events", 2)
    await line.until("select count(*) from parked where key = 'bakery.order-x'", 2)
    assert (second.heard, second.parking.blocked_keys) == (2, 1)
    assert line.oven.store._pool is not None
    await line.oven.store._pool.execute("update parked set redriven_at = now()")  # as the other member's redrive does it
    await line.publisher.publish([placed("x")])
    await line.until("select array_agg(stream order by stream) from events", ["oven.loaf-x", "oven.loaf-y", "oven.loaf-z"])
    assert second.parking.blocked_keys == 0
    second.stop.set()
    await run
    await second.close()


async def test_an_unknown_type_is_skipped_and_counted(line: Line) -> None:
    await line.publisher.publish([said("confectioner.cake_iced.v1", b"{}", "bakery.order-x")])
    await until(lambda: (line.consume.heard, line.consume.skipped), (1, 1))


async def test_a_replay_of_the_whole_topic_changes_nothing(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    await asyncio.gather(*[line.shop.submit(place(1)) for _ in range(30)])
    await line.until("select count(*) from feed", 30)
    line.consume.stop.set()
    await line._tasks[1]
    consumer = line.bus.consumer
    monkeypatch.setattr(line.bus, "consumer", lambda group, topics, member: consumer(f"{group}-again", topics, member))
    again = line.oven.consume(line.bus)  # as a group that has read nothing yet
    await again.open()
    run = asyncio.create_task(again.run())
    await until(lambda: again.heard, 30)
    again.stop.set()
    await run
    await again.close()
    assert again.duplicates == 60
    assert await line.oven.value("select count(*) from events") == 30
    assert await line.oven.value("select count(*) from feed") == 30


class _Crash(Exception):
    """Stands for kill -9 at one step."""


CRASHES = ["before the bus has it", "after the bus has it", "before the inbox has it", "after the inbox has it"]


@pytest.mark.parametrize("at", CRASHES)
async def test_a_crash_between_two_steps_loses_nothing_and_doubles_nothing(
    shop: Counter, database: Database, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    bus = PostgresBus(await database(), poll_seconds=0.05)
    await bus.provide({"bakery.events": 1, "oven.events": 1, "bakery.parked": 1, "oven.parked": 1})
    oven = await Counter(OVEN, await database()).open()
    await asyncio.gather(*[shop.submit(place(1)) for _ in range(20)])

    first = Line(shop, oven, bus)
    _break(first, at, monkeypatch)
    connection = await shop.store.connect()
    with pytest.raises((_Crash, KapokError)):
        await first.relay.publish_some(connection)
        await first.consume.open()
        received = await first.consume._consumer.poll(500, 1)
        await first.consume._worked(received)
        raise _Crash
    await connection.close()
    await first.consume.close()
    await oven.close()
    await bus.close()

    oven, bus = await Counter(OVEN, oven.dsn).open(), PostgresBus(bus.dsn, poll_seconds=0.05)
    second = Line(shop, oven, bus)
    await second.start()
    await second.until("select count(*) from feed", 20)
    await second.until("select count(*) from events", 20)
    assert await oven.value("select max(version) from events") == 1
    await second.stop()
    await oven.close()
    await bus.close()


def _break(line: Line, at: str, patch: pytest.MonkeyPatch) -> None:
    publish, write = line.publisher.publish, line.oven.store.write

    async def crash(*_: object) -> None:
        raise _Crash

    async def publish_then_crash(messages: Sequence[Message]) -> None:
        await publish(messages)
        raise _Crash

    async def write_then_crash(commit: Commit) -> None:
        await write(commit)
        raise NotNow("killed before the answer")

    match at:
        case "before the bus has it":
            patch.setattr(line.publisher, "publish", crash)
        case "after the bus has it":
            patch.setattr(line.publisher, "publish", publish_then_crash)
        case "before the inbox has it":
            patch.setattr(line.consume, "_worked", crash)
        case _:
            patch.setattr(line.oven.store, "write", write_then_crash)


async def test_a_message_that_is_set_aside_frees_its_key_for_every_member(line: Line) -> None:
    await line.publisher.publish([replace(placed("x"), id="no UUID")])
    await line.until("select count(*) from parked", 1)
    other = line.oven.consume(line.bus)
    assert await other.set_aside(1, "ops", "its id is none")
    assert not await other.set_aside(1, "ops", "once more")
    assert line.consume.parking.blocks("bakery.order-x")  # it has not looked since
    await line.publisher.publish([placed("x")])
    await line.until("select array_agg(stream) from events", ["oven.loaf-x"])
    assert line.consume.parking.blocked_keys == 0
    assert await line.oven.value("select set_aside_why from parked") == "its id is none"


async def test_what_waits_behind_a_message_that_is_set_aside_waits_until_it_is_redriven(line: Line) -> None:
    unknown = said("bakery.order_placed.v9", b'{"order_id": "x", "loaves": 1}', "bakery.order-x")
    await line.publisher.publish([unknown, placed("x"), unknown, placed("x")])
    await line.until("select count(*) from parked", 4)
    assert await line.consume.set_aside(1, "ops", "nobody knows version 9")
    assert line.consume.parking.blocks("bakery.order-x")
    assert await line.oven.value("select count(*) from events") == 0
    with pytest.raises(KapokError):
        await line.consume.redrive(2)
    assert [row["id"] for row in await line.consume.parking.listed()] == [3, 4]
    assert await line.consume.set_aside(3, "ops", "nobody knows version 9")
    assert await line.consume.redrive(4) == 1
    assert line.consume.parking.blocked_keys == 0
    assert await line.oven.value("select count(*) from inbox") == 4
    assert await line.oven.value("select array_agg(id order by id) from parked where set_aside_by is null") == [2, 4]


async def test_what_was_set_aside_is_passed_over_when_it_is_read_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    await line.shop.submit(place(66))
    await line.until("select count(*) from parked", 1)
    await line.publisher.publish([replace(placed("x"), id="no UUID"), placed("y")])
    await line.until("select count(*) from parked", 2)
    for row in await line.consume.parking.listed():
        assert await line.consume.set_aside(row["id"], "ops", "never")
    attempts = await line.oven.value("select array_agg(attempts order by id) from parked")
    decider = line.oven.executor.rules.deciders["loaf"]
    mended = type(decider)(
        decider.noun, decider.absent, lambda c, s: decider.decide(type(c)(1), s), decider.evolve, decider.commands, decider.events
    )
    monkeypatch.setitem(line.oven.executor.rules.deciders, "loaf", mended)
    consumer = line.bus.consumer
    monkeypatch.setattr(line.bus, "consumer", lambda group, topics, member: consumer(f"{group}-again", topics, member))
    again = line.oven.consume(line.bus)  # as a group that has read nothing yet
    await again.open()
    run = asyncio.create_task(again.run())
    await line.publisher.publish([placed("x")])
    await line.until("select array_agg(stream order by stream) from events", ["oven.loaf-x", "oven.loaf-y"])
    await until(lambda: again.heard, 4)
    again.stop.set()
    await run
    await again.close()
    assert again.parking.blocked_keys == 0
    assert await line.oven.value("select array_agg(stream order by stream) from events") == ["oven.loaf-x", "oven.loaf-y"]
    assert await line.oven.value("select array_agg(attempts order by id) from parked") == attempts


async def test_a_message_that_was_set_aside_never_closes_its_key_again(line: Line) -> None:
    unreadable = Received("bakery.events", 0, 7, "bakery.order-x", None, b"?", "no message")
    await line.consume.parking.park(unreadable, "unreadable")
    assert line.consume.parking.blocks("bakery.order-x")
    await line.consume.set_aside(1, "ops", "never")
    await line.consume.parking.park(unreadable, "unreadable")
    assert not line.consume.parking.blocks("bakery.order-x")
