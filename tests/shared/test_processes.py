"""Two processes of one service: each answers what the other has committed, and neither keeps a key that the other destroyed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.clock import new_id
from shared.execute import Lane
from shared.forgetting import Forgetting
from shared.service import To
from shared.store.commit import Commit
from tests.shared.bakery import CancelOrder, Count, Customer, PlaceOrder
from tests.shared.counter import Counter
from tests.shared.test_execute import place


@pytest.fixture
async def forgetting(second: Counter) -> AsyncIterator[Forgetting]:
    loop = Forgetting(second.store, second.executor)
    task = asyncio.create_task(loop.run())
    yield loop
    loop.stop.set()
    await task


async def test_a_state_is_answered_as_it_is_committed_by_whichever_process(shop: Counter, second: Counter) -> None:
    key = new_id()
    await shop.submit(To("till", key, Count(2)))
    till_stream = f"bakery.till-{key}"
    assert (await second.executor.states([till_stream]))[till_stream][0] == 1
    await second.submit(To("till", key, Count(3)))
    version, till = (await shop.executor.states([till_stream]))[till_stream]
    assert (version, till.loaves) == (2, 5)


async def _opens(at: Counter, stream: str) -> bool:
    placed = (await at.store.load([stream]))[stream][0].data
    return isinstance(placed.customer, Customer)


async def test_a_key_destroyed_elsewhere_is_forgotten_here(shop: Counter, second: Counter, forgetting: Forgetting) -> None:
    key, customer = new_id(), new_id()
    await shop.submit(To("order", key, PlaceOrder(key, customer, Customer("陈大文", "13800138000"), 1)))
    stream = f"bakery.order-{key}"
    assert await _opens(second, stream)
    await asyncio.sleep(0.1)  # until it listens
    assert await _opens(second, stream)
    await shop.store.destroy_key(customer)
    for _ in range(100):
        if not await _opens(second, stream):
            break
        await asyncio.sleep(0.02)
    assert not await _opens(second, stream)


async def test_what_was_missed_while_nobody_listened_is_made_up_for(shop: Counter, second: Counter) -> None:
    key, customer = new_id(), new_id()
    await shop.submit(To("order", key, PlaceOrder(key, customer, Customer("陈大文", "13800138000"), 1)))
    assert await _opens(second, f"bakery.order-{key}")
    await shop.store.destroy_key(customer)
    assert await _opens(second, f"bakery.order-{key}")  # nobody told it yet
    loop = Forgetting(second.store, second.executor)
    task = asyncio.create_task(loop.run())
    for _ in range(100):
        if not await _opens(second, f"bakery.order-{key}"):
            break
        await asyncio.sleep(0.02)
    assert not await _opens(second, f"bakery.order-{key}")
    loop.stop.set()
    await task


async def test_nothing_left_to_do_is_said_of_what_another_process_did_too(shop: Counter, second: Counter) -> None:
    order = place(2)
    await shop.submit(order)
    await second.submit(To("order", order.id, CancelOrder("no")))
    again = await shop.submit(order)
    assert (again.version, again.state.status, list(again.events)) == (2, "cancelled", [])


async def test_a_refusal_is_decided_on_what_another_process_did(shop: Counter, second: Counter) -> None:
    key = new_id()
    await second.submit(To("till", key, Count(1000)))
    await shop.submit(To("till", key, Count(-500)))
    assert (await second.submit(To("till", key, Count(1)), heard=(new_id(), "counted"))).state.loaves == 501
    assert await shop.value("select count(*) from inbox where refused is not null") == 0


async def test_the_order_within_a_lane_outlives_a_conflict(shop: Counter, second: Counter) -> None:
    key, lane = new_id(), Lane()
    await second.submit(To("till", key, Count(1000)))
    await shop.submit(To("till", key, Count(-500)))
    # On what it remembers the first is refused and the second appends; the conflict shows that both may.
    await asyncio.gather(*[second.submit(To("till", key, Count(by)), lane=lane) for by in (1, -2)])
    counted = await shop.value("select array_agg((data->>'by')::int order by version) from events where stream = $1", f"bakery.till-{key}")
    assert counted == [1000, -500, 1, -2]


async def test_what_was_folded_before_an_erasure_is_not_kept_after_it(shop: Counter) -> None:
    order, write = place(1), shop.store.write

    async def erased_meanwhile(commit: Commit) -> None:
        await write(commit)
        shop.executor.cache.clear()

    shop.store.write = erased_meanwhile  # type: ignore[method-assign] - the moment lies within one call
    await shop.submit(order)
    assert shop.executor.cache.get(f"bakery.order-{order.id}") is None
