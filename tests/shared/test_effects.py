"""Calls to the outside: asked for with the event, answered by a command, retried with an end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from shared.effects import Effects
from shared.errors import NotNow
from shared.kernel import SHREDDED
from shared.service import Answer, Effect, EffectCall, Service, To
from shared.testing import Database
from shared.testing.counter import Counter
from shared.testing.waiting import until
from tests.shared.bakery import BAKERY, CancelOrder, Explode, OrderPlaced, place

Calls = Callable[[Sequence[EffectCall], Any], Any]


def with_effect(call: Calls, attempts_max: int = 3) -> Service:
    def gave_up(lost: EffectCall) -> tuple[To, ...]:
        return (To("order", lost.envelope.key, CancelOrder("unknown")),)

    return replace(BAKERY, effects=(Effect("deliver", OrderPlaced, call, gave_up, attempts_max=attempts_max),))


class Outside:
    """What was asked of the outside, and what it is told to answer."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = list(answers)

    async def call(self, calls: Sequence[EffectCall], room: Any) -> list[Answer]:
        self.asked += [(c.id, c.attempt) for c in calls]
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return [
            Answer(commands=tuple(To("order", c.envelope.key, t.command) for t in answer.commands), retry=answer.retry, delay_seconds=0.001)
            for c in calls
        ]


@pytest.fixture
async def opening(database: Database) -> AsyncIterator[Callable[[Service], Any]]:
    closing: list[Any] = []

    async def opened(service: Service) -> tuple[Counter, Effects]:
        shop = await Counter(service, await database()).open()
        http = httpx.AsyncClient()
        room = shop.room(http)
        closing.extend([room.close, http.aclose, shop.close])
        return shop, Effects(room, service.effects[0])

    yield opened
    for close in closing:
        await close()


async def worked_off(shop: Counter, effects: Effects) -> None:
    """Nothing is due any more; what must rest first is tried again until then."""

    async def left() -> int:
        await effects.work_off()
        return int(await shop.value("select count(*) from effects_due"))

    await until(left, 0)


async def test_a_call_is_made_once_and_its_outcome_recorded(opening: Any) -> None:
    outside = Outside(Answer(commands=(To("order", "", CancelOrder("delivered")),)))
    shop, effects = await opening(with_effect(outside.call))
    done = await shop.submit(place(1))
    assert await effects.work_off() == 1
    assert await effects.work_off() == 0
    assert outside.asked == [(done.events[0].id, 1)]
    assert await shop.value("select causation from events where type = 'OrderCancelled'") == done.events[0].id


async def test_an_outside_that_breaks_is_asked_again_under_the_same_id_and_then_named_unknown(opening: Any) -> None:
    outside = Outside(RuntimeError("down"))
    shop, effects = await opening(with_effect(outside.call))
    order = place(1)
    done = await shop.submit(order)
    await worked_off(shop, effects)
    assert outside.asked == [(done.events[0].id, n) for n in (1, 2, 3)]
    stream = f"bakery.order-{order.id}"
    assert (await shop.executor.states([stream]))[stream][1].status == "cancelled"


async def test_a_crash_after_the_call_makes_it_again_under_the_same_id(opening: Any) -> None:
    outside = Outside(Answer())
    shop, effects = await opening(with_effect(outside.call))
    done = await shop.submit(place(1))
    effects._record = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        await effects.work_off()
    again = Effects(effects.room, effects.effect)
    assert await again.work_off() == 1
    assert outside.asked == [(done.events[0].id, 1)] * 2


async def test_calls_go_out_in_batches(opening: Any) -> None:
    outside = Outside(Answer())
    shop, effects = await opening(with_effect(outside.call))
    await asyncio.gather(*[shop.submit(place(1)) for _ in range(150)])
    assert [await effects.work_off(), await effects.work_off(), await effects.work_off()] == [100, 50, 0]


LEAVES_THE_WRITER = """
create function leave() returns trigger language plpgsql as $$
begin
  if new.data->>'why' = 'away' then
    perform pg_terminate_backend(pg_backend_pid());
    perform pg_sleep(5);
  end if;
  return new;
end $$;
create trigger leave before insert on events for each row execute function leave();
"""
NAMES = ("", "good", "refused", "broken", "away", "last")  # by the number of loaves


async def test_an_outcome_that_cannot_be_recorded_costs_its_neighbours_nothing_and_is_tried_again(opening: Any) -> None:
    asked: list[tuple[str, int]] = []

    def outcome(c: EffectCall) -> To:
        name = NAMES[c.envelope.data.loaves]
        asked.append((name, c.attempt))
        if name == "broken" and c.attempt == 1:
            return To("order", c.envelope.key, Explode("decision"))
        return To("order", "nobody" if name == "refused" else c.envelope.key, CancelOrder(name))

    async def call(calls: Sequence[EffectCall], _: Any) -> list[Answer]:
        return [Answer((outcome(c),)) for c in calls]

    shop, effects = await opening(with_effect(call))
    due = {NAMES[n]: f"{(await shop.submit(place(n))).events[0].id}:deliver" for n in range(1, 6)}
    await shop.store._pool.execute(LEAVES_THE_WRITER)
    shop.executor._batch_max = 1  # every outcome is written by itself, so that the store is away for one of them only
    began = shop.clock.now()
    with pytest.raises(NotNow):
        await effects.work_off()
    assert asked == [(name, 1) for name in NAMES[1:]]
    assert await recorded(shop) == ["good", "last"]
    assert await shop.value("select array_agg(id order by attempt) from effects_due") == [due["away"], due["broken"]]
    later = "select due_at > $2 and attempt = 1 and why = 'RuntimeError when recorded' from effects_due where id = $1"
    assert await shop.value(later, due["broken"], began)

    await shop.store._pool.execute("alter table events disable trigger leave")
    await worked_off(shop, effects)
    assert asked[5:] == [("away", 1), ("broken", 2)]
    assert await recorded(shop) == ["away", "broken", "good", "last"]


async def recorded(shop: Counter) -> list[str]:
    return list(await shop.value("select array_agg(data->>'why' order by data->>'why') from events where type = 'OrderCancelled'"))


async def running(effects: Effects) -> asyncio.Task[None]:
    """The runner as a service starts it, once it leads."""
    run = asyncio.create_task(effects.run())
    await until(lambda: effects._leading)
    return run


async def until_called(effects: Effects, calls: int) -> None:
    await until(lambda: effects.calls >= calls)


async def test_what_a_commit_of_this_process_asks_for_is_not_read_back_and_made_once(opening: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = Outside(Answer())
    shop, effects = await opening(with_effect(outside.call))
    run = await running(effects)
    await asyncio.sleep(0.1)
    monkeypatch.setattr("shared.effects._LOOK_SECONDS", 60)
    monkeypatch.setattr(
        "shared.effects._TAKE", "select from the_table_is_not_asked where $1 = '' and $2 = now() and $3 = 1 and $4 = '{}'::text[]"
    )
    done = [await shop.submit(place(1)) for _ in range(3)]
    await until_called(effects, 3)
    effects.stop.set()
    await run
    assert outside.asked == [(d.events[0].id, 1) for d in done]
    assert await shop.value("select count(*) from effects_due") == 0


async def test_what_another_process_asked_for_is_found_beside_what_keeps_coming(opening: Any) -> None:
    outside = Outside(Answer())
    shop, effects = await opening(with_effect(outside.call))
    second = await Counter(with_effect(outside.call), shop.dsn).open()
    run = await running(effects)
    foreign = await second.submit(place(1))
    async with asyncio.timeout(10):
        while (foreign.events[0].id, 1) not in outside.asked:
            await shop.submit(place(1))
    effects.stop.set()
    await run
    await second.close()
    assert len(outside.asked) == len({call for call, _ in outside.asked})


async def test_a_call_whose_persons_key_was_destroyed_meanwhile_is_read_again(opening: Any) -> None:
    seen: list[Any] = []

    async def call(calls: Sequence[EffectCall], room: Any) -> list[Answer]:
        seen.extend(c.envelope.data.customer for c in calls)
        return [Answer()] * len(calls)

    shop, effects = await opening(with_effect(call))
    effects._leading, effects._looked_at = True, time.monotonic()
    order = place(1)
    await shop.submit(order)
    assert effects._handed
    await shop.store.destroy_key(order.command.customer_id)
    shop.executor.cache.clear()
    assert await effects.work_off() + await effects.work_off() == 1
    assert seen == [SHREDDED]


async def test_more_calls_than_fit_memory_are_read_from_the_table(opening: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.effects._HANDED_MAX", 5)
    outside = Outside(Answer())
    shop, effects = await opening(with_effect(outside.call))
    effects._leading, effects._looked_at = True, time.monotonic()
    done = await asyncio.gather(*[shop.submit(place(1)) for _ in range(20)])
    assert len(effects._handed) <= 5
    while await effects.work_off():
        pass
    assert sorted(outside.asked) == sorted((d.events[0].id, 1) for d in done)
