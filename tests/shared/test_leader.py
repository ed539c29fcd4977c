"""One holder of a work at a time: who waits takes over when the holder ends, dies or loses its connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import asyncpg
import httpx
import pytest

from shared.bus.postgres import PostgresBus
from shared.errors import NotNow
from shared.leader import Leader, lock_key, pause_after, rested
from shared.opened import Opened
from shared.room import Room
from shared.service import Loop
from shared.store import Store
from shared.testing import Database
from shared.testing.counter import keyring, unopened
from shared.testing.waiting import until
from tests.shared.bakery import BAKERY

QUICK = 0.05


def store_at(dsn: str, service: str = "bakery") -> Store:
    """What a leader needs of a store is its address; the tables play no part."""
    return Store(service, dsn, BAKERY.codec, keyring())


@pytest.fixture
async def store(database: Database) -> Store:
    return store_at(await database())


@pytest.fixture
async def watch(store: Store) -> AsyncIterator[asyncpg.Connection]:
    connection = await store.connect()
    yield connection
    await connection.close()


async def connections(watch: asyncpg.Connection) -> int:
    """How many others are connected to this database."""
    return int(await watch.fetchval("select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"))


async def test_only_one_of_many_holds(store: Store) -> None:
    stop = asyncio.Event()
    leaders = [Leader(store, "relay", retry_seconds=QUICK) for _ in range(5)]
    tries = [asyncio.create_task(leader.held(stop)) for leader in leaders]
    await until(lambda: [t.done() for t in tries].count(True), 1)
    await asyncio.sleep(4 * QUICK)  # the others have tried again
    assert [t.done() for t in tries].count(True) == 1
    assert [leader.holds for leader in leaders].count(True) == 1
    stop.set()
    found = await asyncio.gather(*tries)
    assert [c is None for c in found].count(True) == 4
    for leader in leaders:
        await leader.__aexit__(None, None, None)


async def test_who_holds_keeps_the_same_connection(store: Store) -> None:
    async with Leader(store, "relay") as leader:
        first = await leader.held(asyncio.Event())
        again = await leader.held(asyncio.Event())
        assert first is not None
        assert await first.fetchval("select 1") == 1
        assert again is first


async def test_other_works_and_other_services_do_not_wait(store: Store) -> None:
    stop = asyncio.Event()
    other = store_at(store.dsn, "oven")
    async with Leader(store, "relay") as one, Leader(store, "schedule") as two, Leader(other, "relay") as three:
        for leader in (one, two, three):
            assert await asyncio.wait_for(leader.held(stop), 5) is not None


async def test_the_next_takes_over_when_the_holder_ends(store: Store) -> None:
    stop = asyncio.Event()
    async with Leader(store, "relay", retry_seconds=QUICK) as waiting:
        async with Leader(store, "relay") as holder:
            await holder.held(stop)
            taking = asyncio.create_task(waiting.held(stop))
            await asyncio.sleep(0.2)
            assert not taking.done()
        assert await asyncio.wait_for(taking, 5) is not None
        assert not holder.holds


async def test_the_next_takes_over_when_the_holders_connection_dies(store: Store, watch: asyncpg.Connection) -> None:
    stop = asyncio.Event()
    async with Leader(store, "relay", retry_seconds=QUICK) as holder, Leader(store, "relay", retry_seconds=QUICK) as waiting:
        held = await holder.held(stop)
        assert held is not None
        taking = asyncio.create_task(waiting.held(stop))
        await asyncio.sleep(0.1)
        assert await watch.fetchval("select pg_terminate_backend($1)", held.get_server_pid())
        assert await asyncio.wait_for(taking, 5) is not None
        await until(lambda: holder.holds, False)
        again = asyncio.create_task(holder.held(stop))
        await asyncio.sleep(0.2)
        assert not again.done()  # who lost the right asks like everybody else
        await waiting.__aexit__(None, None, None)
        assert await asyncio.wait_for(again, 5) is not None


async def test_the_right_is_gone_with_a_holder_that_was_cancelled(store: Store, watch: asyncpg.Connection) -> None:
    leads = asyncio.Event()

    async def lead_for_ever() -> None:
        async with Leader(store, "relay") as leader:
            await leader.held(asyncio.Event())
            leads.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(lead_for_ever())
    await asyncio.wait_for(leads.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: connections(watch), 0)
    async with Leader(store, "relay") as leader:
        assert await asyncio.wait_for(leader.held(asyncio.Event()), 5) is not None


async def test_who_stands_by_keeps_no_connection(store: Store, watch: asyncpg.Connection) -> None:
    stop = asyncio.Event()
    async with Leader(store, "relay") as holder, Leader(store, "relay", retry_seconds=60) as waiting:
        await holder.held(stop)
        task = asyncio.create_task(waiting.held(stop))
        await asyncio.sleep(0.3)  # it has asked by now, or is about to leave
        await until(lambda: connections(watch), 1)
        stop.set()
        assert await asyncio.wait_for(task, 2) is None


async def test_a_stop_ends_the_wait_at_once(store: Store) -> None:
    stop = asyncio.Event()
    async with Leader(store, "relay") as holder, Leader(store, "relay", retry_seconds=60) as waiting:
        await holder.held(stop)
        task = asyncio.create_task(waiting.held(stop))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        stop.set()
        assert await task is None
        assert time.monotonic() - began < 1
        assert await waiting.held(stop) is None


async def test_a_store_that_is_away_is_not_now_after_a_pause() -> None:
    async with Leader(store_at("postgresql://nobody@127.0.0.1:1/none"), "relay", retry_seconds=QUICK) as leader:
        began = time.monotonic()
        with pytest.raises(NotNow):
            await leader.held(asyncio.Event())
        assert time.monotonic() - began >= QUICK * 0.9
        assert not leader.holds


async def test_a_rest_ends_with_its_time_or_with_the_stop() -> None:
    stop = asyncio.Event()
    assert await rested(stop, 0.01) is True
    asyncio.get_running_loop().call_later(0.05, stop.set)
    assert await rested(stop, 60) is False
    assert await rested(stop, 60) is False


def test_a_pause_grows_to_five_seconds_and_stays_there_through_an_outage_of_any_length() -> None:
    assert [pause_after(failures) for failures in (1, 2, 3, 10, 5_000)] == [0.1, 0.2, 0.4, 5.0, 5.0]


def test_the_number_of_a_lock_fits_the_database_and_is_the_same_in_every_process() -> None:
    numbers = {lock_key(f"bakery:{n}") for n in range(2000)}
    assert len(numbers) == 2000
    assert all(-(2**63) <= n < 2**63 for n in numbers)
    assert lock_key("bakery:relay") == -5563179090538347708  # another number would let two versions of us lead at once


class Shift:
    """A loop's work, and how many are at it."""

    def __init__(self) -> None:
        self.at_work = self.most = self.begun = self.cancelled = 0

    async def run(self, room: Room) -> None:
        self.begun += 1
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        try:
            await room.stop.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.at_work -= 1

    async def until_begun(self, times: int) -> None:
        await until(lambda: (self.begun, self.at_work), (times, 1))


Open = Callable[[Shift], Awaitable[Opened]]


@pytest.fixture
async def process(store: Store, bus: PostgresBus) -> AsyncIterator[Open]:
    """Makes processes of the bakery with this shift; all on one store."""
    http, made = httpx.AsyncClient(), list[Opened]()

    async def opened(shift: Shift) -> Opened:
        service = replace(BAKERY, loops=(Loop("shift", shift.run),))
        one = unopened(service, store.dsn, bus, http, member=str(len(made)))
        await one.open()
        await one.subscribe()
        one.work()
        made.append(one)
        return one

    yield opened
    for one in made:
        await one.close()
    await http.aclose()


async def lose_the_lock(watch: asyncpg.Connection) -> None:
    """The connection that holds the right to the shift is ended by the server."""
    ended = await watch.fetch(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted "
        "and database = (select oid from pg_database where datname = current_database()) "
        "and (classid::bigint << 32 | objid::bigint) = $1",
        lock_key("bakery:loop:shift"),
    )
    assert len(ended) == 1


async def test_a_loops_work_ends_with_its_lock_and_begins_anew_with_the_next(process: Open, watch: asyncpg.Connection) -> None:
    shift = Shift()
    one = await process(shift)
    for times in (1, 2):
        await shift.until_begun(times)
        await lose_the_lock(watch)
        await shift.until_begun(times + 1)
    assert (shift.most, shift.cancelled) == (1, 2)
    assert [loop.failures for loop in one.loops] == [0] * len(one.loops)  # to lose the lead is no fault
    await one.close()
    assert (shift.at_work, shift.cancelled) == (0, 2)  # asked to stop, and not cancelled


async def test_a_store_that_is_away_for_a_while_is_no_fault_of_a_led_loop(
    process: Open, store: Store, watch: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift = Shift()
    one = await process(shift)
    await shift.until_begun(1)
    led = next(loop for loop in one.loops if loop.name == "bakery.shift")
    monkeypatch.setattr(one.room.store, "dsn", "postgresql://127.0.0.1:1/nowhere")
    await lose_the_lock(watch)
    await until(lambda: shift.at_work, 0)
    await asyncio.sleep(1.5)  # it has tried some times by now
    assert (led.alive, led.failures) == (True, 0)
    monkeypatch.setattr(one.room.store, "dsn", store.dsn)
    await shift.until_begun(2)


async def test_the_holder_of_a_lock_is_asked_by_the_network_whether_it_lives(store: Store) -> None:
    async with Leader(store, "relay") as leader:
        holding = await leader.held(asyncio.Event())
        assert holding is not None
        set_by = "select source from pg_settings where name = any($1::text[])"
        sources = await holding.fetch(set_by, ["tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count"])
        assert [row["source"] for row in sources] == ["client"] * 3


async def test_two_processes_are_never_at_one_loops_work_together(process: Open, watch: asyncpg.Connection) -> None:
    shift = Shift()
    for _ in range(2):
        await process(shift)
    for times in range(1, 6):
        await shift.until_begun(times)
        await asyncio.sleep(0.1 * times)
        await lose_the_lock(watch)
    await shift.until_begun(6)
    assert (shift.most, shift.cancelled) == (1, 5)


async def test_a_loop_that_breaks_is_begun_again_and_lets_others_lead_meanwhile(process: Open, watch: asyncpg.Connection) -> None:
    class Broken(Shift):
        async def run(self, room: Room) -> None:
            if self.begun == 0:
                self.begun += 1
                raise RuntimeError("a broken loop")
            await super().run(room)

    shift = Broken()
    one = await process(shift)
    await shift.until_begun(2)
    assert [loop.error for loop in one.loops if loop.name == "bakery.shift"] == ["RuntimeError"]
    assert shift.most == 1
