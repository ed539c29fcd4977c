"""Two processes of one service: each answers what the other has committed, and neither keeps a key that the other destroyed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.clock import new_id
from shared.forgetting import Forgetting
from shared.service import To
from tests.shared.bakery import Count, Customer, PlaceOrder
from tests.shared.counter import Counter


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
