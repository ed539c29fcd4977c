"""Deadlines as rows: worked off once, at their moment or as soon as we are up again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from shared.clock import Clock
from shared.schedule import Schedule
from shared.service import To
from tests.shared.bakery import BAKERY, CancelOrder
from tests.shared.counter import Counter
from tests.shared.test_execute import place


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
    for _ in range(100):
        if await shop.value("select status from orders where order_id = $1", order.id) == "cancelled":
            break
        await asyncio.sleep(0.03)
    schedule.stop.set()
    await run
    assert await shop.value("select status from orders where order_id = $1", order.id) == "cancelled"
