"""Deadlines as rows: worked off once, at their moment or as soon as we are up again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.clock import Clock
from shared.decide import Provenance
from shared.errors import NotNow
from shared.execute import Done, Executor
from shared.schedule import Schedule, deadlines
from shared.service import Put, To
from shared.testing.counter import Counter
from shared.testing.waiting import until
from tests.shared.bakery import BAKERY, CancelOrder, NoSuchOrder, place


class Hand:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


def schedule_of(shop: Counter, hand: Hand) -> Schedule:
    return Schedule(BAKERY, shop.store, shop.executor, Clock(now=hand.now))


def at(moment: datetime) -> str:
    return moment.isoformat()


async def test_a_deadline_leads_to_its_command_when_it_has_passed_and_only_then(shop: Counter) -> None:
    hand = Hand()
    schedule = schedule_of(shop, hand)
    order = place(1, pickup_at=at(hand.moment + timedelta(hours=2)))
    await shop.submit(order)
    assert await schedule.work_off() == 0
    hand.moment += timedelta(hours=2)
    assert await schedule.work_off() == 1
    assert await shop.value("select status from orders where order_id = $1", order.id) == "cancelled"
    assert await shop.value("select count(*) from deadlines") == 0
    assert await schedule.work_off() == 0


async def test_after_two_days_down_every_deadline_is_worked_off_once(shop: Counter) -> None:
    hand = Hand()
    orders = [place(1, pickup_at=at(hand.moment + timedelta(minutes=i))) for i in range(40)]
    await asyncio.gather(*[shop.submit(o) for o in orders])
    hand.moment += timedelta(days=2)
    assert await schedule_of(shop, hand).work_off() == 40
    assert await shop.value("select count(*) from events where type = 'OrderCancelled'") == 40


async def test_a_deadline_that_was_met_is_gone(shop: Counter) -> None:
    hand = Hand()
    order = place(1, pickup_at=at(hand.moment + timedelta(hours=1)))
    await shop.submit(order)
    await shop.submit(To("order", order.id, CancelOrder("in time")))
    hand.moment += timedelta(days=1)
    assert await schedule_of(shop, hand).work_off() == 0


async def test_two_runners_of_one_schedule_do_it_once(shop: Counter, second: Counter) -> None:
    hand = Hand()
    await asyncio.gather(*[shop.submit(place(1, pickup_at=at(hand.moment))) for _ in range(20)])
    await asyncio.gather(schedule_of(shop, hand).work_off(), schedule_of(second, hand).work_off())
    assert await shop.value("select count(*) from events where type = 'OrderCancelled'") == 20
    assert await shop.value("select count(*) from deadlines") == 0


async def test_the_loop_wakes_for_a_deadline_that_is_written_while_it_sleeps(shop: Counter) -> None:
    schedule = Schedule(BAKERY, shop.store, shop.executor, Clock())
    run = asyncio.create_task(schedule.run())
    order = place(1, pickup_at=at(datetime.now(UTC) + timedelta(seconds=0.3)))
    await shop.submit(order)
    await until(lambda: shop.value("select status from orders where order_id = $1", order.id), "cancelled")
    schedule.stop.set()
    await run


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged."""
    with capture_logs() as caught:
        yield caught


Make = Callable[[str, Mapping[str, Any]], Iterable[To]]


def broken_at(streams: set[str], fault: Exception) -> Make:
    """The bakery's own way with a deadline, but for these."""

    def make(key: str, facts: Mapping[str, Any]) -> Iterable[To]:
        if key in streams:
            raise fault
        yield To("order", key, CancelOrder("not picked up"))

    return make


async def cancelled(shop: Counter) -> int:
    return int(await shop.value("select count(*) from orders where status = 'cancelled'"))


async def test_a_deadline_that_cannot_be_made_a_command_is_kept_and_holds_nobody_up(
    shop: Counter, lines: list[MutableMapping[str, Any]]
) -> None:
    hand = Hand()
    orders = [place(1, pickup_at=at(hand.moment + timedelta(seconds=n))) for n in range(3)]
    for order in orders:
        await shop.submit(order)
    hand.moment += timedelta(minutes=1)
    streams = {orders[0].id}
    service = replace(BAKERY, due={"pickup": broken_at(streams, ValueError("planted"))})
    schedule = Schedule(service, shop.store, shop.executor, Clock(now=hand.now))
    assert await schedule.work_off() == 2
    assert await cancelled(shop) == 2
    assert (schedule.failed, schedule.last_failure) == (1, "ValueError")
    assert [(line["deadline"], line["error"], line["together"]) for line in lines] == [("pickup", "ValueError", 1)]
    assert await schedule.work_off() == 0
    pauses = []
    for _ in range(12):
        due = await shop.value("select due_at from deadlines where stream_id = $1", orders[0].id)
        pauses.append((due - hand.moment).total_seconds())
        hand.moment = due
        assert await schedule.work_off() == 0
    assert pauses[:3] == [5, 10, 20]
    assert pauses[-1] == 600
    streams.clear()
    hand.moment += timedelta(minutes=10)
    assert await schedule.work_off() == 1
    assert await cancelled(shop) == 3


async def test_more_broken_deadlines_than_a_batch_hold_nobody_up(shop: Counter) -> None:
    hand = Hand()
    rows = [Put(deadlines, _row(f"b{n}", hand.moment)) for n in range(501)]
    await shop.submit(rows=tuple(rows))
    order = place(1, pickup_at=at(hand.moment + timedelta(seconds=1)))
    await shop.submit(order)
    hand.moment += timedelta(minutes=1)
    service = replace(BAKERY, due={"pickup": broken_at({f"b{n}" for n in range(501)}, ValueError("planted"))})
    schedule = Schedule(service, shop.store, shop.executor, Clock(now=hand.now))
    assert [await schedule.work_off(), await schedule.work_off()] == [0, 1]
    assert await cancelled(shop) == 1
    assert await shop.value("select count(*) from deadlines") == 501


def _row(key: str, due: datetime) -> dict[str, Any]:
    return {"id": key, "name": "pickup", "stream_id": key, "due_at": due, "facts": {}}


async def test_a_deadline_whose_command_breaks_is_kept_and_the_others_go_on(shop: Counter) -> None:
    hand = Hand()
    order = place(1, pickup_at=at(hand.moment))
    await shop.submit(rows=(Put(deadlines, _row("a-strange-one", hand.moment - timedelta(hours=1))),))
    await shop.submit(order)

    def make(key: str, _: Mapping[str, Any]) -> Iterable[To]:
        yield To("order" if key == order.id else "no such noun", key, CancelOrder("not picked up"))

    schedule = Schedule(replace(BAKERY, due={"pickup": make}), shop.store, shop.executor, Clock(now=hand.now))
    assert await schedule.work_off() == 1
    assert await cancelled(shop) == 1
    assert await shop.value("select id from deadlines where due_at > $1", hand.moment) == "a-strange-one"
    assert schedule.failed == 1


async def test_a_deadline_nobody_here_knows_is_kept_for_who_does(shop: Counter) -> None:
    hand = Hand()
    await shop.submit(rows=(Put(deadlines, {**_row("new", hand.moment), "name": "of_a_later_version"}),))
    assert await schedule_of(shop, hand).work_off() == 0
    assert await shop.value("select count(*) from deadlines") == 1


class Moody(Executor):
    """A writer that cannot just now where the first of several asks it."""

    asked: int = 0

    def submit(self, commands: Iterable[To], who: Provenance, **more: Any) -> asyncio.Future[Done]:
        self.asked += 1
        if self.asked > 1:
            return super().submit(commands, who, **more)
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        answer.set_exception(NotNow("planted"))
        return answer


async def test_one_that_must_wait_drops_no_other_answer(shop: Counter) -> None:
    hand = Hand()
    orders = [place(1, pickup_at=at(hand.moment + timedelta(seconds=n))) for n in range(3)]
    for order in orders:
        await shop.submit(order)
    hand.moment += timedelta(minutes=1)
    await shop.value("delete from orders where order_id = $1", orders[1].id)
    moody = Moody(BAKERY, shop.store, shop.clock)
    writing = asyncio.create_task(moody.run())
    service = replace(BAKERY, due={"pickup": broken_at({orders[1].id}, ValueError("planted"))})
    schedule = Schedule(service, shop.store, moody, Clock(now=hand.now))
    with pytest.raises(NotNow):
        await schedule.work_off()
    assert await cancelled(shop) == 1
    assert schedule.failed == 1
    assert await shop.value("select count(*) from deadlines where due_at <= $1", hand.moment) == 1
    assert await schedule.work_off() == 1
    moody.stop()
    await writing


async def test_a_deadline_that_was_written_anew_meanwhile_stays(shop: Counter) -> None:
    hand = Hand()
    order = place(1, pickup_at=at(hand.moment))
    await shop.submit(order)
    later = hand.moment + timedelta(days=2)

    class Overtaken(Executor):
        """While this one decides, the same deadline is set to another day."""

        def submit(self, commands: Iterable[To], who: Provenance, **more: Any) -> asyncio.Future[Done]:
            if not commands:
                return shop.executor.submit(commands, who, **more)

            async def refused() -> Done:
                await shop.submit(rows=(Put(deadlines, {**_row(f"pickup-{order.id}", later), "stream_id": order.id}),))
                raise NoSuchOrder

            return asyncio.ensure_future(refused())

    assert await Schedule(BAKERY, shop.store, Overtaken(BAKERY, shop.store, shop.clock), Clock(now=hand.now)).work_off() == 1
    assert await shop.value("select due_at from deadlines") == later


async def test_one_process_works_off_and_another_takes_over(shop: Counter, second: Counter) -> None:
    made: list[str] = []

    def noted(who: str) -> Make:
        def make(key: str, _: Mapping[str, Any]) -> Iterable[To]:
            made.append(who)
            yield To("order", key, CancelOrder("not picked up"))

        return make

    first = Schedule(replace(BAKERY, due={"pickup": noted("first")}), shop.store, shop.executor, Clock())
    other = Schedule(replace(BAKERY, due={"pickup": noted("other")}), second.store, second.executor, Clock())
    runs = [asyncio.create_task(first.run())]
    await asyncio.sleep(0.3)
    runs.append(asyncio.create_task(other.run()))
    now = datetime.now(UTC)
    await asyncio.gather(*[second.submit(place(1, pickup_at=at(now))) for _ in range(10)])
    await asyncio.sleep(0.5)  # its own commits would wake the other
    await asyncio.gather(*[shop.submit(place(1, pickup_at=at(now))) for _ in range(10)])
    await until(lambda: cancelled(shop), 20)
    assert made == ["first"] * 20
    first.stop.set()
    await runs[0]
    await second.submit(place(1, pickup_at=at(now)))
    await until(lambda: cancelled(shop), 21)
    assert made[20:] == ["other"]
    other.stop.set()
    await runs[1]
