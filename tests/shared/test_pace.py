"""Back-pressure on bulk work, on the real bus: who is slow is waited for, who is down is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

from shared.bus import Behind, Consumer
from shared.bus.postgres import PostgresBus
from shared.errors import NotNow
from shared.pace import Pace
from shared.testing.bus_suite import message

TOPIC = "bakery.events"


class Hands:
    """A clock turned by hand, and an outbox that says what it is told to."""

    def __init__(self) -> None:
        self.now, self.unsent = 0.0, 0

    def clock(self) -> float:
        return self.now

    async def waiting(self) -> int:
        return self.unsent


def pace(bus: PostgresBus, hands: Hands, seconds: float = 0.1, turn_seconds_max: float = 5.0) -> Pace:
    return Pace(bus.behind, hands.waiting, behind_seconds_max=seconds, turn_seconds_max=turn_seconds_max, groups=("oven",), now=hands.clock)


async def _published(bus: PostgresBus, count: int) -> None:
    publisher = bus.publisher("bakery")
    await publisher.open()
    await publisher.publish([message(TOPIC, "k", n) for n in range(count)])
    await publisher.close()


async def _reading(bus: PostgresBus, upto: int, group: str = "oven") -> Consumer:
    """A group that has read so many of what is there."""
    reader = bus.consumer(group, [TOPIC], "0")
    await reader.open()
    await reader.poll(1, 1)
    await reader.commit({(TOPIC, 0): upto})
    return reader


async def _given(one: Pace, turns: int = 1, within: float = 0.5) -> bool:
    try:
        async with asyncio.timeout(within):
            for _ in range(turns):
                await one.turn()
    except TimeoutError:
        return False
    return True


async def test_where_nobody_is_behind_turns_come_at_once(bus: PostgresBus) -> None:
    one = pace(bus, Hands())
    assert await _given(one, 200)
    assert one.waited_seconds == 0


async def test_a_slow_reader_holds_bulk_work_back_until_it_has_read(bus: PostgresBus) -> None:
    await _published(bus, 2000)
    hands, reader = Hands(), await _reading(bus, 5)
    one = pace(bus, hands)
    assert not await _given(one)
    await reader.commit({(TOPIC, 0): 1990})
    assert await _given(one)
    assert (await bus.behind(["oven"]))["oven"].unread == 10
    await reader.close()


async def test_what_waits_in_the_outbox_counts_too(bus: PostgresBus) -> None:
    await _published(bus, 5)
    hands, reader = Hands(), await _reading(bus, 5)
    hands.unsent = 5000
    one = pace(bus, hands)
    assert not await _given(one)
    hands.unsent = 0
    assert await _given(one)
    await reader.close()


async def test_who_reads_fast_may_be_further_behind(bus: PostgresBus) -> None:
    await _published(bus, 3500)
    hands, reader = Hands(), await _reading(bus, 1)
    one = pace(bus, hands)
    for at in (2, 1001, 2001, 3001):  # a thousand in every tenth of a second; 499 still unread
        await reader.commit({(TOPIC, 0): at})
        hands.now += 0.1
        await one._free()
    assert await _given(one)
    await reader.close()


async def test_who_has_not_moved_for_two_seconds_is_down_and_not_waited_for(bus: PostgresBus) -> None:
    await _published(bus, 2000)
    hands, reader = Hands(), await _reading(bus, 1)
    one = pace(bus, hands)
    assert not await _given(one)
    hands.now += 2.1
    assert await _given(one)
    await reader.close()


async def test_a_bus_that_does_not_answer_stops_nobody() -> None:
    async def away(_: Collection[str]) -> dict[str, Behind]:
        raise NotNow("the bus does not answer")

    assert await _given(Pace(away, Hands().waiting, behind_seconds_max=0.1))


async def test_somebody_elses_reader_holds_nobody_back(bus: PostgresBus) -> None:
    await _published(bus, 2000)
    stranger = await _reading(bus, 5, "a-dashboard")
    assert await bus.behind(["oven"]) == {}
    assert await _given(pace(bus, Hands()))
    await stranger.close()


async def test_what_waits_in_the_outbox_counts_where_nobody_reads(bus: PostgresBus) -> None:
    hands = Hands()
    hands.unsent = 5000
    one = pace(bus, hands)
    assert not await _given(one)
    hands.unsent = 0
    assert await _given(one)


async def test_nobody_waits_without_end_and_the_next_one_waits_again(bus: PostgresBus) -> None:
    await _published(bus, 2000)
    reader = await _reading(bus, 5)
    one = pace(bus, Hands(), turn_seconds_max=0.3)
    for _ in range(2):
        began = time.monotonic()
        assert await _given(one, within=5)
        assert 0.25 < time.monotonic() - began < 2
    await reader.close()


async def test_many_who_wait_together_wait_no_longer_than_one(bus: PostgresBus) -> None:
    await _published(bus, 2000)
    reader = await _reading(bus, 5)
    one = pace(bus, Hands(), turn_seconds_max=0.3)
    began = time.monotonic()
    assert all(await asyncio.gather(*[_given(one, within=5) for _ in range(20)]))
    assert time.monotonic() - began < 2
    await reader.close()


async def test_a_look_that_hangs_holds_nobody_longer_than_a_turn() -> None:
    async def hanging(_: Collection[str]) -> dict[str, Behind]:
        await asyncio.sleep(60)
        return {}

    one = Pace(hanging, Hands().waiting, behind_seconds_max=0.1, turn_seconds_max=0.2)
    assert await _given(one, within=5)


async def test_who_reads_in_lumps_is_as_fast_as_its_lumps_are_far_apart(bus: PostgresBus) -> None:
    await _published(bus, 5000)
    hands, reader = Hands(), await _reading(bus, 1)
    one = pace(bus, hands)
    for lump in range(1, 5):  # a thousand in half a second, seen ten times meanwhile
        for _ in range(10):
            hands.now += 0.05
            await one._free()
        await reader.commit({(TOPIC, 0): lump * 1000})
    hands.now += 0.05
    assert await one._free() == 300 - 1000  # two thousand a second allow two hundred: less than the least
    await reader.close()


async def test_what_was_let_in_has_time_to_show_before_more_comes(bus: PostgresBus) -> None:
    reader = await _reading(bus, 0)
    one, began = pace(bus, Hands()), time.monotonic()
    assert await _given(one, 200, within=5.0)
    assert time.monotonic() - began >= 4 * 0.02  # 37 turns a look
    await reader.close()


async def test_a_service_that_nobody_hears_is_held_by_its_own_outbox_alone(bus: PostgresBus) -> None:
    hands, reader = Hands(), await _reading(bus, 0)
    one = Pace(bus.behind, hands.waiting, behind_seconds_max=0.1, groups=("oven",), own="oven", now=hands.clock)
    assert await _given(one, 400, within=0.1)  # one look gives them all
    hands.unsent = 4000
    assert not await _given(one, 500)
    hands.unsent = 0
    await _published(bus, 2000)
    await reader.poll(1, 1)
    assert await one._free() < 0  # what it hears itself is waited for like anybody's
    await reader.close()
