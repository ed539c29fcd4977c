"""The bus on a real Kafka broker: the promises of every bus, and its own troubles."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import zlib
from collections.abc import AsyncIterator

import pytest
from confluent_kafka import Consumer as OtherConsumer
from confluent_kafka import Producer as OtherProducer

from shared.bus import Bus
from shared.bus.cloudevents import received
from shared.bus.kafka import KafkaBus
from shared.clock import new_id
from shared.envelope import Received
from shared.errors import Malformed, NotNow
from shared.testing.broker import KafkaBroker, free_ports
from shared.testing.bus_suite import BusSuite, Spoil, ids, message, places, read
from shared.testing.counter import Counter
from shared.testing.waiting import until
from tests.shared.test_flow import broken_in_the_middle

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(90)]


@pytest.fixture
async def bus(broker: KafkaBroker) -> AsyncIterator[Bus]:
    opened = KafkaBus(broker.bootstrap, session_seconds=1.5)
    yield opened
    await opened.close()


@pytest.fixture
async def spoil(broker: KafkaBroker) -> Spoil:
    async def put(topic: str, key: str, raw: bytes) -> None:
        other_says(broker, topic, key, raw, [])

    return put


def other_says(broker: KafkaBroker, topic: str, key: str, raw: bytes, headers: list[tuple[str, bytes]]) -> None:
    """Somebody else's client, on the partition where ours puts this key."""
    other = OtherProducer({"bootstrap.servers": broker.bootstrap})
    other.produce(topic, raw, key=key.encode(), headers=[*headers], partition=zlib.crc32(key.encode()) % 4)
    assert other.flush(10) == 0


@pytest.mark.usefixtures("bus")
class TestKafkaBus(BusSuite):
    """Every promise of a bus."""


@pytest.fixture
async def topic(bus: Bus) -> str:
    name = f"t{new_id().replace('-', '')}.events"
    await bus.provide({name: 4})
    return name


async def said_by(bus: Bus, topic: str, count: int, keys: int = 10) -> list[str]:
    publisher = bus.publisher("bakery")
    await publisher.open()
    messages = [message(topic, f"k{n % keys}", n) for n in range(count)]
    await publisher.publish(messages)
    await publisher.close()
    return [m.id for m in messages]


async def test_another_client_reads_cloudevents_in_binary_mode(broker: KafkaBroker, bus: Bus, topic: str) -> None:
    said = await said_by(bus, topic, 1)
    other = OtherConsumer({"bootstrap.servers": broker.bootstrap, "group.id": "other" + topic, "auto.offset.reset": "earliest"})
    other.subscribe([topic])
    heard = await asyncio.to_thread(other.poll, 15)
    other.close()
    assert heard is not None
    assert heard.key() == b"k0"
    assert heard.value() == b'{"n":0}'
    headers = heard.headers()
    assert isinstance(headers, list)
    assert dict(headers) == {
        "content-type": b"application/json", "ce_specversion": b"1.0", "ce_source": b"/" + topic.split(".", maxsplit=1)[0].encode(),
        "ce_type": b"bakery.loaf_baked.v1", "ce_id": said[0].encode(), "ce_time": b"2026-03-05T09:30:15.123456+00:00",
        "ce_subject": b"k0", "ce_correlationid": b"story-1",
    }  # fmt: skip


async def test_an_event_of_somebody_else_is_heard(broker: KafkaBroker, bus: Bus, topic: str) -> None:
    """The extensions and the time are optional in CloudEvents."""
    required = [("ce_specversion", b"1.0"), ("ce_id", b"e1"), ("ce_source", b"/mill"), ("ce_type", b"mill.flour_ground.v1")]
    other_says(broker, topic, "sack", b"{}", [*required, ("ce_color", b"\xe7\x99\xbd")])
    consumer = bus.consumer("g" + topic, [topic], "0")
    await consumer.open()
    (one,) = await read(consumer, 1)
    await consumer.close()
    assert one.message is not None
    assert (one.message.id, one.message.correlation, one.message.type, one.key) == ("e1", "e1", "mill.flour_ground.v1", "sack")
    assert abs(time.time() - one.message.at.timestamp()) < 30


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ([("ce_id", b"e")], "ce_specversion"),
        ([("ce_specversion", b"0.3"), ("ce_id", b"e"), ("ce_source", b"/a"), ("ce_type", b"a.b.v1")], "not a CloudEvent 1.0"),
        ([("ce_specversion", b"1.0"), ("ce_id", b"\xff\xfe"), ("ce_source", b"/a"), ("ce_type", b"a.b.v1")], "cannot be decoded"),
        ([("ce_specversion", b"1.0"), ("ce_id", b"e"), ("ce_source", b"/a")], "ce_type"),
        ([("ce_specversion", b"1.0"), ("ce_id", b"e"), ("ce_source", b"/a"), ("ce_type", b"a.b.v1"), ("ce_time", b"soon")], "decoded"),
    ],
)
async def test_headers_that_make_no_sense_are_a_problem_with_a_name(
    broker: KafkaBroker, bus: Bus, topic: str, headers: list[tuple[str, bytes]], problem: str
) -> None:
    other_says(broker, topic, "k", b"{}", headers)
    consumer = bus.consumer("g" + topic, [topic], "0")
    await consumer.open()
    (one,) = await read(consumer, 1)
    await consumer.close()
    assert one.message is None
    assert problem in one.problem


async def test_a_record_that_breaks_its_reading_costs_no_other(bus: Bus, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = await said_by(bus, topic, 40)
    consumer = bus.consumer("g" + topic, [topic], "0")
    await consumer.open()

    def breaks(*_: object) -> Received:
        monkeypatch.setattr("shared.bus.kafka.consumer.received", received)
        raise RuntimeError("a reading nobody foresaw")

    monkeypatch.setattr("shared.bus.kafka.consumer.received", breaks)
    with pytest.raises(RuntimeError):
        await read(consumer, 1)
    await consumer.rewind()
    found = await read(consumer, 40)
    await consumer.close()
    assert sorted(ids(found)) == sorted(said)


async def test_a_poll_that_breaks_in_the_middle_is_read_again(bus: Bus, oven: Counter) -> None:
    await bus.provide({"bakery.events": 1})
    await broken_in_the_middle(bus, oven)


async def test_a_killed_broker_loses_nothing_and_keeps_the_order(broker: KafkaBroker, bus: Bus, topic: str) -> None:
    publisher, consumer = bus.publisher("bakery"), bus.consumer("g" + topic, [topic], "0")
    await publisher.open()
    await consumer.open()
    said: list[str] = []
    stopped = asyncio.Event()

    async def speak() -> None:
        n = 0
        while not stopped.is_set():
            some = [message(topic, f"k{i}", n) for i in range(10)]
            while True:
                try:
                    await publisher.publish(some)
                    break
                except NotNow:
                    await asyncio.sleep(0.1)
            said.extend(m.id for m in some)
            n += 1
            await asyncio.sleep(0.01)

    speaking = asyncio.create_task(speak())
    await until(lambda: len(said) > 0)
    broker.kill()
    await asyncio.sleep(0.5)  # it is away for a while
    await asyncio.to_thread(broker.start)
    before = len(said)
    await until(lambda: len(said) > before, seconds=30)
    stopped.set()
    await speaking
    found: list[Received] = []
    give_up_at = time.monotonic() + 30
    while len(set(ids(found))) < len(said) and time.monotonic() < give_up_at:
        try:
            found += await consumer.poll(500, 0.5)
            await consumer.commit(places(found))
        except NotNow:
            await consumer.rewind()
    await publisher.close()
    await consumer.close()
    assert set(said) == set(ids(found))
    for key in range(10):
        values = [one.message.value for one in found if one.key == f"k{key}" and one.message]
        assert list(dict.fromkeys(values)) == sorted(set(values), key=lambda v: int(v[5:-1]))


async def test_a_frozen_broker_is_not_now_and_what_was_sent_is_not_sent_twice(broker: KafkaBroker, topic: str) -> None:
    bus = KafkaBus(broker.bootstrap, session_seconds=10, send_seconds=0.7)
    publisher = bus.publisher("bakery")
    await publisher.open()
    await publisher.publish([message(topic, "k", 0)])
    some = [message(topic, f"k{n % 3}", n) for n in range(1, 30)]
    broker.pause()
    try:
        for _ in range(2):
            with pytest.raises(NotNow):
                await publisher.publish(some)
    finally:
        broker.resume()
    for _ in range(20):
        try:
            await publisher.publish(some)
            break
        except NotNow:
            continue
    consumer = bus.consumer("g" + topic, [topic], "")
    await consumer.open()
    found = await read(consumer, 30)
    found += await consumer.poll(10, 0.5)
    await consumer.close()
    await publisher.close()
    await bus.close()
    assert len(found) == 30
    assert set(ids(found)) >= {m.id for m in some}


async def test_work_in_hand_is_finished_before_partitions_change_hands(bus: Bus, topic: str) -> None:
    said = await said_by(bus, topic, 40)
    one = bus.consumer("g" + topic, [topic], "1")
    await one.open()
    held = await read(one, 40, commit=False)
    two = bus.consumer("g" + topic, [topic], "2")
    joining = asyncio.create_task(two.open())
    await asyncio.sleep(1)
    await one.commit(places(held))
    await joining
    other = await two.poll(100, 0.5) + await one.poll(100, 0.5)
    await one.close()
    await two.close()
    assert sorted(ids(held)) == sorted(said)
    assert other == []


async def test_a_member_that_comes_too_late_with_its_commit_is_told_nothing_and_loses_nothing(bus: Bus, topic: str) -> None:
    said = await said_by(bus, topic, 40)
    one = bus.consumer("g" + topic, [topic], "0")
    await one.open()
    held = await read(one, 40, commit=False)
    again = bus.consumer("g" + topic, [topic], "0")
    await again.open()
    heard = await read(again, 40)
    await one.commit(places(held))
    await one.close()
    await again.close()
    assert sorted(ids(heard)) == sorted(said)


async def test_processes_that_share_a_name_by_mistake_still_hear_everything(bus: Bus, topic: str) -> None:
    """The second takes the first's place and the other way round, until one of them goes on without a name."""
    twins = [bus.consumer("g" + topic, [topic], "0") for _ in range(2)]
    for twin in twins:
        await twin.open()
    said: list[str] = []
    found: list[str] = []
    until = time.monotonic() + 25
    while time.monotonic() < until and (len(said) < 300 or set(found) != set(said)):
        if len(said) < 300:
            said += await said_by(bus, topic, 20)
        for twin in twins:
            try:
                some = await twin.poll(500, 0.2)
                await twin.commit(places(some))
            except NotNow:  # the broker threw this one out while it joined; it joins again
                await twin.rewind()
            else:
                found += ids(some)
    for twin in twins:
        await twin.close()
    assert set(found) == set(said)


async def test_a_topic_that_is_not_there_is_not_now(broker: KafkaBroker) -> None:
    bus = KafkaBus(broker.bootstrap, send_seconds=0.5, patience_seconds=0)
    publisher = bus.publisher("bakery")
    await publisher.open()
    with pytest.raises(NotNow):
        await publisher.publish([message("nowhere.events", "k")])
    await publisher.close()
    await bus.close()


async def test_no_broker_is_not_now_for_everybody() -> None:
    bus = KafkaBus(f"127.0.0.1:{free_ports(1)[0]}", patience_seconds=0.3)
    for attempt in (bus.provide({"a": 1}), bus.publisher("a").open(), bus.consumer("g", ["a"], "0").open(), bus.describe()):
        with pytest.raises(NotNow):
            await attempt
    await bus.close()


async def test_a_message_no_topic_takes_is_malformed_and_the_publisher_lives_on(bus: Bus, topic: str) -> None:
    publisher = bus.publisher("bakery")
    await publisher.open()
    with pytest.raises(Malformed):
        await publisher.publish([message(topic, "k", value=b'"%s"' % os.urandom(2_000_000).hex().encode())])
    await publisher.publish([message(topic, "k")])
    await publisher.close()


async def test_a_key_with_more_than_one_batch_keeps_its_order(bus: Bus, topic: str) -> None:
    publisher, consumer = bus.publisher("bakery"), bus.consumer("g" + topic, [topic], "0")
    await publisher.open()
    await publisher.publish([message(topic, "k", n, value=b'{"n":%d,"x":"%s"}' % (n, b"y" * 20_000)) for n in range(60)])
    await consumer.open()
    found = await read(consumer, 60)
    await publisher.close()
    await consumer.close()
    assert [one.message.value.split(b",")[0] for one in found if one.message] == [b'{"n":%d' % n for n in range(60)]


async def test_only_groups_that_are_asked_for_are_behind(bus: Bus, topic: str) -> None:
    said = await said_by(bus, topic, 20)
    for group in ("ours", "somebody-else"):
        consumer = bus.consumer(f"{group}-{topic[:12]}", [topic], "0")
        await consumer.open()
        assert set(ids(await read(consumer, 20))) == set(said)
        await consumer.close()
    ours = f"ours-{topic[:12]}"
    assert {name: (b.read, b.unread) for name, b in (await bus.behind([ours, "never-seen"])).items()} == {ours: (20, 0)}
    await said_by(bus, topic, 5)
    assert (await bus.behind([ours]))[ours].unread == 5


async def test_how_far_behind_is_answered_while_topics_are_described(broker: KafkaBroker, topic: str) -> None:
    bus = KafkaBus(broker.bootstrap)
    await bus._describing.acquire()  # a description that takes its time
    async with asyncio.timeout(5):
        assert await bus.behind(["never-seen"]) == {}
    bus._describing.release()
    await bus.close()


async def test_many_who_come_at_once_start_one_client(broker: KafkaBroker) -> None:
    bus = KafkaBus(broker.bootstrap)
    clients = await asyncio.gather(*[bus._administering() for _ in range(5)])
    assert len({id(client) for client in clients}) == 1
    await bus.close()


async def test_whoever_gives_up_looking_leaves_nothing_half_open(broker: KafkaBroker, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bus, stopped = KafkaBus(broker.bootstrap), asyncio.Event()

    class Slow:
        async def start(self) -> None:
            await asyncio.sleep(60)

        async def stop(self) -> None:
            stopped.set()

    with monkeypatch.context() as patched:
        patched.setattr(bus, "_reader", lambda group, instance: Slow())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await bus.behind(["never-seen"])
    assert stopped.is_set()
    assert await bus.behind(["never-seen"]) == {}
    await bus.close()


async def test_brokers_prune_by_themselves(bus: Bus, topic: str) -> None:
    said = await said_by(bus, topic, 5)
    assert await bus.prune([topic], 0) == 0
    consumer = bus.consumer(f"p{topic[:12]}", [topic], "0")
    await consumer.open()
    assert set(ids(await read(consumer, 5))) == set(said)
    await consumer.close()
