"""What every bus promises, as tests; each bus subclasses the suite and gives `bus` and `spoil`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shared.bus import Bus, Consumer, TopicState
from shared.clock import new_id
from shared.envelope import Message, Received

AT = datetime(2026, 3, 5, 9, 30, 15, 123456, tzinfo=UTC)
Spoil = Callable[[str, str, bytes], Awaitable[None]]
"""Puts bytes on a topic under a key as no publisher of ours would: without any attribute."""


def message(topic: str, key: str, number: int = 0, value: bytes | None = None) -> Message:
    return Message(
        new_id(),
        "bakery.loaf_baked.v1",
        topic,
        key,
        value if value is not None else b'{"n":%d}' % number,
        AT + timedelta(seconds=number),
        "story-1",
    )


def places(received: Sequence[Received]) -> dict[tuple[str, int], int]:
    """Where to read on after these."""
    return {(one.topic, one.partition): one.offset + 1 for one in received}


def ids(received: Sequence[Received]) -> list[str]:
    return [one.message.id for one in received if one.message is not None]


async def read(consumer: Consumer, count: int, *, commit: bool = True, within_seconds: float = 25.0) -> list[Received]:
    """At least `count` messages, or what came in time."""
    found: list[Received] = []
    until = time.monotonic() + within_seconds
    while len(found) < count and time.monotonic() < until:
        some = await consumer.poll(500, 0.5)
        found += some
        if commit and some:
            await consumer.commit(places(some))
    return found


class BusSuite:
    """Subclass it as `TestXBus`, with a fixture `bus` (open for the test) and a fixture `spoil`."""

    @pytest.fixture
    async def topic(self, bus: Bus) -> str:
        name = f"t{new_id().replace('-', '')}.events"
        await bus.provide({name: 4})
        return name

    async def published(self, bus: Bus, messages: Sequence[Message]) -> list[str]:
        publisher = bus.publisher("bakery")
        await publisher.open()
        await publisher.publish(messages)
        await publisher.close()
        return [m.id for m in messages]

    async def consuming(self, bus: Bus, topic: str, group: str = "", member: str = "0") -> Consumer:
        consumer = bus.consumer(group or f"g{topic[:12]}", [topic], member)
        await consumer.open()
        return consumer

    async def test_everything_said_of_a_message_arrives(self, bus: Bus, topic: str) -> None:
        plain = message(topic, "a", value='{"words":"广州市越秀区 “困难” 🍞 \\\\ \\u0041"}'.encode())
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        full = Message(new_id(), "bakery.oven_lit.v2", topic, "b", b"{}", AT, "story-2", "cause-1", trace)
        await self.published(bus, [plain, full])
        consumer = await self.consuming(bus, topic)
        found = {one.key: one.message for one in await read(consumer, 2)}
        await consumer.close()
        assert found == {"a": plain, "b": full}

    async def test_order_within_a_key_is_kept_over_many_publishings(self, bus: Bus, topic: str) -> None:
        publisher = bus.publisher("bakery")
        await publisher.open()
        for start in range(0, 20, 5):
            await publisher.publish([message(topic, f"k{key}", n) for n in range(start, start + 5) for key in range(30)])
        await publisher.close()
        consumer = await self.consuming(bus, topic)
        found = await read(consumer, 600)
        await consumer.close()
        assert len(found) == 600
        for key in range(30):
            assert [one.message.value for one in found if one.key == f"k{key}" and one.message] == [b'{"n":%d}' % n for n in range(20)]

    async def test_nothing_published_is_nothing_said(self, bus: Bus, topic: str) -> None:
        assert await self.published(bus, []) == []
        assert [t.published for t in await bus.describe() if t.name == topic] == [0]

    async def test_an_empty_poll_waits_no_longer_than_it_was_told(self, bus: Bus, topic: str) -> None:
        consumer = await self.consuming(bus, topic)
        await consumer.poll(10, 0.1)
        began = time.monotonic()
        assert await consumer.poll(10, 0.3) == []
        assert 0.2 < time.monotonic() - began < 1.0
        await consumer.close()

    async def test_a_waiting_poll_hears_at_once(self, bus: Bus, topic: str) -> None:
        consumer = await self.consuming(bus, topic)
        await consumer.poll(10, 0.1)
        publisher = bus.publisher("bakery")
        await publisher.open()
        waiting = asyncio.create_task(consumer.poll(10, 5.0))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await publisher.publish([message(topic, "a")])
        assert len(await waiting) == 1
        assert time.monotonic() - began < 1.0
        await publisher.close()
        await consumer.close()

    async def test_what_was_not_committed_comes_again_after_a_restart(self, bus: Bus, topic: str) -> None:
        said = await self.published(bus, [message(topic, f"k{n % 7}", n) for n in range(100)])
        consumer = await self.consuming(bus, topic)
        assert len(await read(consumer, 100, commit=False)) == 100
        await consumer.close()
        consumer = await self.consuming(bus, topic)
        again = await read(consumer, 100)
        await consumer.close()
        assert sorted(ids(again)) == sorted(said)

    async def test_what_was_committed_does_not_come_again(self, bus: Bus, topic: str) -> None:
        first = await self.published(bus, [message(topic, f"k{n % 7}", n) for n in range(50)])
        consumer = await self.consuming(bus, topic)
        assert sorted(ids(await read(consumer, 50))) == sorted(first)
        await consumer.close()
        second = await self.published(bus, [message(topic, f"k{n % 7}", n) for n in range(50, 80)])
        consumer = await self.consuming(bus, topic)
        assert sorted(ids(await read(consumer, 30))) == sorted(second)
        assert await consumer.poll(10, 0.3) == []
        await consumer.close()

    async def test_a_part_may_be_committed(self, bus: Bus, topic: str) -> None:
        said = await self.published(bus, [message(topic, "one", n) for n in range(20)])
        consumer = await self.consuming(bus, topic)
        found = await read(consumer, 20, commit=False)
        await consumer.commit(places(found[:8]))
        await consumer.rewind()
        assert ids(await read(consumer, 12, commit=False)) == said[8:]
        await consumer.close()
        consumer = await self.consuming(bus, topic)
        assert ids(await read(consumer, 12)) == said[8:]
        await consumer.close()

    async def test_rewind_reads_again_from_the_last_commit(self, bus: Bus, topic: str) -> None:
        said = await self.published(bus, [message(topic, f"k{n % 5}", n) for n in range(60)])
        consumer = await self.consuming(bus, topic)
        for _ in range(3):
            assert sorted(ids(await read(consumer, 60, commit=False))) == sorted(said)
            await consumer.rewind()
        assert sorted(ids(await read(consumer, 60))) == sorted(said)
        await consumer.rewind()
        assert await consumer.poll(10, 0.3) == []
        await consumer.close()

    async def test_a_poll_hands_out_about_as_many_as_asked(self, bus: Bus, topic: str) -> None:
        await self.published(bus, [message(topic, f"k{n}", n) for n in range(200)])
        consumer = await self.consuming(bus, topic)
        sizes: list[int] = []
        while sum(sizes) < 200:
            some = await consumer.poll(30, 2.0)
            sizes.append(len(some))
            await consumer.commit(places(some))
        await consumer.close()
        assert max(sizes) <= 30

    async def test_two_groups_hear_everything_each(self, bus: Bus, topic: str) -> None:
        said = await self.published(bus, [message(topic, f"k{n}", n) for n in range(40)])
        one, two = await self.consuming(bus, topic, "one" + topic), await self.consuming(bus, topic, "two" + topic)
        assert sorted(ids(await read(one, 40))) == sorted(said)
        assert sorted(ids(await read(two, 40))) == sorted(said)
        await one.close()
        await two.close()

    async def test_a_group_that_comes_late_reads_from_the_beginning(self, bus: Bus, topic: str) -> None:
        said = await self.published(bus, [message(topic, f"k{n}", n) for n in range(40)])
        early = await self.consuming(bus, topic, "early" + topic)
        await read(early, 40)
        await early.close()
        late = await self.consuming(bus, topic, "late" + topic)
        assert sorted(ids(await read(late, 40))) == sorted(said)
        await late.close()

    async def test_two_members_of_one_group_lose_nothing(self, bus: Bus, topic: str) -> None:
        """They share or one stands by; each key keeps its order in what is heard first."""
        one = await self.consuming(bus, topic, member="1")
        two = await self.consuming(bus, topic, member="2")
        said = await self.published(bus, [message(topic, f"k{n % 20}", n) for n in range(400)])
        found = await _together([one, two], 400)
        assert set(ids(found)) == set(said)
        await one.close()
        more = await self.published(bus, [message(topic, f"k{n % 20}", n) for n in range(400, 500)])
        assert set(more) <= set(ids(await _together([two], 100)))
        await two.close()

    async def test_a_publisher_may_be_opened_again(self, bus: Bus, topic: str) -> None:
        publisher = bus.publisher("bakery")
        said = []
        for n in range(3):
            await publisher.open()
            one = message(topic, "k", n)
            await publisher.publish([one])
            said.append(one.id)
            await publisher.close()
        consumer = await self.consuming(bus, topic)
        assert ids(await read(consumer, 3)) == said
        await consumer.close()

    async def test_ten_thousand_messages_pass_in_bounded_time(self, bus: Bus, topic: str) -> None:
        publisher, consumer = bus.publisher("bakery"), await self.consuming(bus, topic)
        await publisher.open()
        said = [message(topic, f"k{n % 500}", n) for n in range(10_000)]
        began = time.monotonic()
        for start in range(0, len(said), 1000):
            await publisher.publish(said[start : start + 1000])
        found = await read(consumer, 10_000)
        assert time.monotonic() - began < 15
        assert {one.id for one in said} == set(ids(found))
        await publisher.close()
        await consumer.close()

    async def test_what_cannot_be_read_comes_as_a_problem_in_its_place(self, bus: Bus, topic: str, spoil: Spoil) -> None:
        before = await self.published(bus, [message(topic, "k", 1)])
        await spoil(topic, "k", b"not ours")
        after = await self.published(bus, [message(topic, "k", 2)])
        consumer = await self.consuming(bus, topic)
        found = await read(consumer, 3)
        await consumer.close()
        poison = [one for one in found if one.message is None]
        assert ids(found) == before + after
        assert [(one.key, one.raw, bool(one.problem)) for one in poison] == [("k", b"not ours", True)]

    async def test_it_tells_how_far_a_group_is_behind(self, bus: Bus, topic: str) -> None:
        group = f"lag{topic[:12]}"
        await self.published(bus, [message(topic, f"k{n}", n) for n in range(10)])
        consumer = await self.consuming(bus, topic, group)
        await read(consumer, 10)
        assert (await self.lag(bus, topic, group))[0] == 0
        await self.published(bus, [message(topic, f"k{n}", n) for n in range(25)])
        await asyncio.sleep(0.3)
        behind, seconds = await self.lag(bus, topic, group)
        assert behind == 25
        assert 0.2 < seconds < 10
        await read(consumer, 25)
        assert await self.lag(bus, topic, group) == (0, 0.0)
        await consumer.close()

    async def lag(self, bus: Bus, topic: str, group: str) -> tuple[int, float]:
        state = await self.state(bus, topic)
        found = [(g.messages, g.seconds) for g in state.groups if g.group == group]
        assert len(found) == 1
        return found[0]

    async def state(self, bus: Bus, topic: str) -> TopicState:
        return next(t for t in await bus.describe() if t.name == topic)

    async def test_topics_may_be_provided_again(self, bus: Bus, topic: str) -> None:
        await self.published(bus, [message(topic, "k")])
        before = await self.state(bus, topic)
        await bus.provide({topic: 4})
        assert (await self.state(bus, topic)) == before
        assert before.published == 1


async def _together(members: Sequence[Consumer], count: int) -> list[Received]:
    """What members that run side by side hear until `count` different messages were heard."""
    found: list[Received] = []
    seen: set[str] = set()
    until = time.monotonic() + 25

    async def work(member: Consumer) -> None:
        while len(seen) < count and time.monotonic() < until:
            some = await member.poll(100, 0.2)
            if some:
                found.extend(some)
                seen.update(ids(some))
                await member.commit(places(some))

    await asyncio.gather(*[work(m) for m in members])
    return found
