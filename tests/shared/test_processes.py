"""Two processes of one service: each answers what the other has committed, and neither keeps a key that the other destroyed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from shared.clock import new_id
from shared.errors import NotNow
from shared.execute import Lane
from shared.forgetting import Forgetting
from shared.service import To
from shared.store import Store
from shared.store.commit import Commit
from shared.testing.counter import Counter
from shared.testing.waiting import until
from tests.shared.bakery import CancelOrder, Count, Customer, PlaceOrder, place


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
    await until(lambda: second.ring.forgettings > 0)  # it listens, and forgot what it may have missed
    assert await _opens(second, stream)
    await shop.store.destroy_key(customer)
    await until(lambda: _opens(second, stream), False)


async def test_what_was_missed_while_nobody_listened_is_made_up_for(shop: Counter, second: Counter) -> None:
    key, customer = new_id(), new_id()
    await shop.submit(To("order", key, PlaceOrder(key, customer, Customer("陈大文", "13800138000"), 1)))
    assert await _opens(second, f"bakery.order-{key}")
    await shop.store.destroy_key(customer)
    assert await _opens(second, f"bakery.order-{key}")  # nobody told it yet
    loop = Forgetting(second.store, second.executor)
    task = asyncio.create_task(loop.run())
    await until(lambda: _opens(second, f"bakery.order-{key}"), False)
    loop.stop.set()
    await task


def after_each_look_up(store: Store, patch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[None]]) -> None:
    """Lets this happen when rows were read, and before the reader has them."""
    reading = store.reading

    @asynccontextmanager
    async def slow() -> AsyncIterator[asyncpg.Connection]:
        async with reading() as connection:
            yield connection
        await happens()

    patch.setattr(store, "reading", slow)


async def _placed(shop: Counter) -> tuple[str, str]:
    """The stream of an order, and its customer."""
    key, customer = new_id(), new_id()
    await shop.submit(To("order", key, PlaceOrder(key, customer, Customer("陈大文", "13800138000"), 1)))
    return f"bakery.order-{key}", customer


@pytest.mark.parametrize("listening", [True, False])
async def test_a_key_destroyed_elsewhere_while_it_is_looked_up_does_not_come_back(
    shop: Counter, second: Counter, monkeypatch: pytest.MonkeyPatch, listening: bool
) -> None:
    """Whether the destruction was heard, or every key is forgotten because it may have been missed."""
    stream, customer = await _placed(shop)
    loop, tasks = Forgetting(second.store, second.executor), list[asyncio.Task[None]]()

    async def told(happens: Awaitable[None] | None = None) -> None:
        before = second.ring.forgettings
        if happens is not None:
            await happens
        if not tasks:
            tasks.append(asyncio.create_task(loop.run()))
        await until(lambda: second.ring.forgettings > before)

    async def destroyed() -> None:
        monkeypatch.undo()
        await told(shop.store.destroy_key(customer))

    if listening:
        await told()
    after_each_look_up(second.store, monkeypatch, destroyed)
    assert await second.store.know([customer]) == []
    assert not await _opens(second, stream)
    assert second.ring.seal(customer, b"more", b"here") == "shredded"
    loop.stop.set()
    await asyncio.gather(*tasks)


async def test_a_key_destroyed_here_while_it_is_looked_up_does_not_come_back(shop: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    stream, customer = await _placed(shop)
    shop.ring.forget_all()

    async def destroyed() -> None:
        monkeypatch.undo()
        await shop.store.destroy_key(customer)

    after_each_look_up(shop.store, monkeypatch, destroyed)
    assert await shop.store.know([customer]) == []
    assert not await _opens(shop, stream)


async def test_who_destroyed_a_key_holds_it_no_more(shop: Counter) -> None:
    stream, customer = await _placed(shop)
    other, _ = await _placed(shop)
    assert await _opens(shop, stream)
    await shop.store.destroy_key(customer)
    assert shop.ring.missing([customer]) == []
    assert shop.ring.seal(customer, b"more", b"here") == "shredded"
    assert not await _opens(shop, stream)
    assert await _opens(shop, other)


async def test_subjects_without_a_key_are_named_and_the_keys_of_others_fetched(shop: Counter, second: Counter) -> None:
    _, customer = await _placed(shop)
    assert sorted(await second.store.know([customer, "nobody", "somebody"])) == ["nobody", "somebody"]
    assert second.ring.missing([customer, "nobody"]) == ["nobody"]


async def test_keys_that_are_forgotten_at_every_look_are_not_waited_for_without_end(shop: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    _, customer = await _placed(shop)
    shop.ring.forget_all()

    async def forgotten() -> None:
        shop.ring.forget_all()

    after_each_look_up(shop.store, monkeypatch, forgotten)
    with pytest.raises(NotNow):
        await shop.store.know([customer])


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


async def test_what_was_folded_before_an_erasure_is_not_kept_after_it(shop: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    order, write = place(1), shop.store.write

    async def erased_meanwhile(commit: Commit) -> None:
        await write(commit)
        shop.executor.cache.clear()

    monkeypatch.setattr(shop.store, "write", erased_meanwhile)
    await shop.submit(order)
    assert shop.executor.cache.get(f"bakery.order-{order.id}") is None
