"""Commands through the writer: together where they can, alone where they must, and never half."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Awaitable
from typing import Any

import asyncpg
import pytest

from shared.clock import new_id
from shared.errors import Malformed, NotNow, Overloaded
from shared.execute import Done
from shared.service import To
from shared.testing.counter import Counter
from shared.testing.waiting import until
from tests.shared.bakery import CancelOrder, Count, Customer, Explode, NoSuchOrder, Order, PlaceOrder, TillIsFull, TooManyLoaves, place


async def answered(*asked: Awaitable[Done]) -> list[Any]:
    """What came back for each, refusals and faults among them."""
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_a_command_is_answered_after_its_event_row_and_outbox_row_are_durable(shop: Counter) -> None:
    order = place(3)
    done = await shop.submit(order)
    assert (done.version, done.state) == (1, Order("placed", 3, Customer("陈大文", "138 0013 8000")))
    assert await shop.value("select count(*) from events where stream = $1", f"bakery.order-{order.id}") == 1
    assert await shop.value("select loaves from orders where order_id = $1", order.id) == 3
    assert (
        await shop.value(
            "select count(*) from outbox where count = 1 and convert_from(messages, 'UTF8') like $1", f"%bakery.order-{order.id}%"
        )
        == 1
    )


async def test_personal_fields_are_nowhere_in_the_store_in_clear(shop: Counter) -> None:
    order = place()
    await shop.submit(order)
    for table in ("events", "orders", "outbox"):
        text = await shop.value(f"select string_agg(t::text, '') from {table} t")
        assert "陈大文" not in text
        assert "13800138000" not in text
        assert "138 0013" not in text


async def test_a_blind_index_finds_the_row_under_another_spelling(shop: Counter) -> None:
    order = place()
    await shop.submit(order)
    found = await shop.value(
        "select order_id from orders where phone_index = $1 and order_id = $2", shop.ring.blind("phone", "+86 13800138000"), order.id
    )
    assert found == order.id


@pytest.mark.parametrize("phone", ["\\x00ff", "\\xnot hexadecimal", "\\x"])
async def test_a_text_that_looks_like_a_blind_index_is_hashed_like_any_other(shop: Counter, phone: str) -> None:
    key = new_id()
    await shop.submit(To("order", key, PlaceOrder(key, new_id(), Customer("n", phone), 1)))
    assert await shop.value("select phone_index from orders where order_id = $1", key) == shop.ring.blind("phone", phone)


async def test_many_callers_share_commits_and_each_is_answered(shop: Counter) -> None:
    before = shop.executor.commits
    answers = await asyncio.gather(*[shop.submit(place()) for _ in range(300)])
    assert Tally(a.version for a in answers) == {1: 300}
    assert shop.executor.commits - before <= 5


async def test_two_commands_on_one_stream_in_one_batch_see_each_other(shop: Counter) -> None:
    order = place(5)
    cancel = To("order", order.id, CancelOrder("changed my mind"))
    answers = await asyncio.gather(shop.submit(order), shop.submit(cancel), shop.submit(cancel))
    assert [a.version for a in answers] == [1, 2, 2]
    assert await shop.value("select status from orders where order_id = $1", order.id) == "cancelled"


async def test_a_refusal_leaves_no_trace_and_its_neighbours_commit(shop: Counter) -> None:
    good, bad = place(1), place(101)
    answers = await answered(shop.submit(good), shop.submit(bad))
    assert answers[0].version == 1
    assert isinstance(answers[1], TooManyLoaves)
    assert answers[1].facts == {"loaves": 101}
    assert await shop.value("select count(*) from events where stream = $1", f"bakery.order-{bad.id}") == 0


async def test_a_refused_follow_up_refuses_the_whole_unit(shop: Counter) -> None:
    await shop.submit(To("till", "main", Count(1000)))
    order = place(1, tags=("counted",))
    with pytest.raises(TillIsFull):
        await shop.submit(order)
    assert await shop.value("select count(*) from events where stream = $1", f"bakery.order-{order.id}") == 0


@pytest.mark.parametrize("instead", ["another", "nothing"])
async def test_a_refused_first_command_gives_way_to_what_stands_in_for_it(shop: Counter, instead: str) -> None:
    """A grant for which there is money already is declined under an id of its own; its unit is not broken by that."""
    order, other = place(101), place(2)
    refused = To(order.noun, order.id, order.command, lambda no: other if instead == "another" else None)
    done = await shop.submit(refused)
    assert (done.version, done.state) == (0, Order())
    assert await shop.value("select count(*) from events where stream = $1", f"bakery.order-{order.id}") == 0
    assert await shop.value("select count(*) from events where stream = $1", f"bakery.order-{other.id}") == int(instead == "another")


async def test_a_follow_up_commits_with_its_cause_and_names_it(shop: Counter) -> None:
    order = place(7, tags=("counted",))
    done = await shop.submit(order)
    assert [e.stream for e in done.events] == [f"bakery.order-{order.id}", "bakery.till-main"]
    assert done.events[1].causation == done.events[0].id
    assert done.events[1].correlation == done.events[0].correlation


async def test_a_broken_decider_fails_its_own_caller_only(shop: Counter) -> None:
    answers = await answered(shop.submit(place()), shop.submit(To("order", new_id(), Explode("decision"))))
    assert answers[0].version == 1
    assert isinstance(answers[1], RuntimeError)


async def test_a_row_the_database_cannot_hold_is_set_apart_and_its_neighbours_commit(shop: Counter) -> None:
    units = [shop.submit(place()) for _ in range(20)]
    units.insert(10, shop.submit(To("order", new_id(), Explode("projection"))))
    answers = await answered(*units)
    assert isinstance(answers.pop(10), asyncpg.DataError)
    assert [a.version for a in answers] == [1] * 20


async def test_a_message_is_worked_through_once_however_often_it_comes(shop: Counter) -> None:
    event, order = new_id(), place()
    first = await shop.submit(order, heard=(event, "reaction"))
    again = await shop.submit(To("order", order.id, CancelOrder("late")), heard=(event, "reaction"))
    assert (first.again, again.again) == (False, True)
    assert await shop.value("select status from orders where order_id = $1", order.id) == "placed"


async def test_a_refused_message_is_remembered_with_the_rule_that_refused_it(shop: Counter) -> None:
    event = new_id()
    with pytest.raises(NoSuchOrder):
        await shop.submit(To("order", new_id(), CancelOrder("nothing there")), heard=(event, "reaction"))
    assert await shop.value("select refused from inbox where event = $1", event) == "NoSuchOrder"


async def test_another_process_that_was_first_only_delays_us(shop: Counter, second: Counter) -> None:
    order = place(2)
    await shop.submit(order)
    await second.submit(To("order", order.id, CancelOrder("elsewhere")))
    done = await shop.submit(To("order", order.id, CancelOrder("here, on a stale state")))
    assert (done.version, done.state.status) == (2, "cancelled")


async def test_two_processes_count_on_one_stream_without_losing_one(shop: Counter, second: Counter) -> None:
    many = [s.submit(To("till", "shared", Count(1))) for _ in range(60) for s in (shop, second)]
    answers = await answered(*many)
    counted = sum(1 for a in answers if not isinstance(a, Exception))
    assert {type(a) for a in answers if isinstance(a, Exception)} <= {NotNow}
    assert await shop.value("select count(*) from events where stream = 'bakery.till-shared'") == counted
    assert await shop.value("select max(version) from events where stream = 'bakery.till-shared'") == counted


async def test_a_full_queue_turns_the_next_caller_away_and_keeps_the_others(shop: Counter) -> None:
    units = [shop.submit(place()) for _ in range(shop.executor._queue_max)]
    with pytest.raises(Overloaded):
        await shop.submit(place())
    assert len(await asyncio.gather(*units)) == len(units)


async def test_after_a_stop_what_waits_is_committed_and_newcomers_are_turned_away(shop: Counter) -> None:
    waiting = [shop.submit(place()) for _ in range(10)]
    shop.executor.stop()
    with pytest.raises(NotNow):
        await shop.submit(place())
    assert [a.version for a in await asyncio.gather(*waiting)] == [1] * 10


async def test_a_shredded_person_is_folded_without_their_data(shop: Counter) -> None:
    order = place()
    done = await shop.submit(order)
    await shop.store.destroy_key(done.events[0].data.customer_id)
    shop.executor.cache.clear()
    version, state = (await shop.executor.states([f"bakery.order-{order.id}"]))[f"bakery.order-{order.id}"]
    assert (version, type(state.customer).__name__, state.loaves) == (1, "Shredded", 1)


@pytest.mark.parametrize("step", ["load", "decoded"])
async def test_a_fault_while_a_stream_is_loaded_answers_who_asked_and_nobody_else(
    shop: Counter, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    bad, load, decoded = new_id(), shop.store.load, shop.store.decoded

    async def broken_load(streams: list[str]) -> object:
        if any(bad in stream for stream in streams):
            raise LookupError("a version nobody here knows")
        return await load(streams)

    async def broken_decoded(rows: list[object]) -> object:
        raise Malformed("written by a later program")

    if step == "load":
        monkeypatch.setattr(shop.store, "load", broken_load)
    else:
        await shop.submit(To("till", bad, Count(1)))
        shop.executor.cache.clear()
        monkeypatch.setattr(shop.store, "decoded", lambda rows: broken_decoded(rows) if rows else decoded(rows))
    async with asyncio.timeout(5):
        answers = await answered(shop.submit(To("till", bad, Count(1))), shop.submit(place(1)))
    assert isinstance(answers[0], LookupError | Malformed)
    assert answers[1].version == 1


async def test_what_waits_and_what_is_being_committed_is_pending(shop: Counter) -> None:
    connection = await shop.store.connect()
    held = connection.transaction()
    await held.start()
    await connection.execute("lock table events in exclusive mode")
    waiting = [shop.submit(place(1)) for _ in range(3)]
    await until(lambda: shop.executor.waiting, 0)
    waiting.append(shop.submit(place(1)))
    assert (shop.executor.waiting, shop.executor.pending) == (1, 4)
    await held.rollback()
    await asyncio.gather(*waiting)
    await shop.submit(place(1))
    assert shop.executor.pending == 0
    await connection.close()
