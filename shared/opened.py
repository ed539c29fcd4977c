"""A service in motion: its room, its writer and its loops, started in two phases and stopped in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import asyncpg
import httpx

from shared.bus import Bus
from shared.clock import Clock
from shared.consume import Consume
from shared.effects import Effects
from shared.errors import NotNow
from shared.execute import Executor
from shared.forgetting import Forgetting
from shared.hearing import Hearing
from shared.housekeeping import Housekeeping
from shared.idempotency import Answers
from shared.leader import Leader, pause_after, rested
from shared.pace import Pace
from shared.relay import Relay
from shared.room import Room
from shared.schedule import Schedule
from shared.sealing import Keyring
from shared.service import Loop, Service
from shared.settings import Settings
from shared.store import Store
from shared.store.migrate import migrate
from shared.supervise import Supervised
from shared.tracing import Tracing

PARTITIONS = 12
_MESSAGES_A_COMMAND = 3  # about


class Opened:
    """Everything that is open of one service in this process."""

    def __init__(
        self, service: Service, dsn: str, *, ring: Keyring, bus: Bus, clock: Clock, settings: Settings, http: httpx.AsyncClient,
        service_token: Callable[[str, str], str], sign: Callable[[bytes], bytes], stop: asyncio.Event, member: str, tracing: Tracing | None = None,
    ) -> None:  # fmt: skip
        self.service, self._bus = service, bus
        store = Store(service.name, dsn, service.codec, ring)
        self.executor = Executor(service, store, clock, queue_max=settings.queue_max, batch_max=settings.batch_max)
        self.pace = Pace(bus.behind, self._unsent, behind_seconds_max=settings.behind_seconds_max, own=service.name)
        self.room = Room(service, store, self.executor, clock, settings, http, service_token, stop, sign, self.pace)
        self.answers = Answers(store)
        self.relay = Relay(store, bus.publisher(service.name), batch_max=settings.relay_batch_max, poll_seconds=settings.poll_seconds)
        self.executor.after_commit(self.relay.committed)
        self.forgetting = Forgetting(store, self.executor)
        self.schedule = Schedule(service, store, self.executor, clock)
        self._topics = (f"{service.name}.events", f"{service.name}.parked")
        self.housekeeping = Housekeeping(store, self.answers, bus, self._topics)
        self.effects = [Effects(self.room, effect) for effect in service.effects]
        self.consume = (
            Consume(service, store, self.executor, bus, clock, member=member, wait_seconds=settings.poll_seconds, tracing=tracing)
            if Hearing.topics(service)
            else None
        )
        self.loops: list[Supervised] = []
        self._publisher = self.relay.publisher

    async def open(self) -> None:
        """First phase: tables, topics, subscriptions; nobody speaks yet."""
        store = self.room.store
        await store.open()
        connection = await store.connect()
        try:
            await migrate(connection, self.service.tables)
        finally:
            await connection.close()
        await self._bus.provide(dict.fromkeys(self._topics, PARTITIONS))
        await self._publisher.open()

    async def _unsent(self) -> int:
        """Messages that wait in the outbox or are about to: a command in the writer's queue leads to some."""
        unsent = self.relay.unsent
        if unsent is None:
            async with self.room.store.reading() as connection:
                unsent = int(await connection.fetchval("select coalesce(sum(count), 0) from outbox"))
        return unsent + _MESSAGES_A_COMMAND * self.executor.pending

    async def subscribe(self) -> None:
        """Still first phase, once every topic of every service exists."""
        if self.consume is not None:
            await self.consume.open()

    def work(self) -> None:
        """Second phase: every loop starts."""
        name, stop = self.service.name, self.room.stop
        self.loops.append(Supervised(f"{name}.execute", self.executor.run, self.executor.stop))
        self.loops.append(Supervised(f"{name}.relay", self.relay.run, self.relay.stop.set))
        self.loops.append(Supervised(f"{name}.forgetting", self.forgetting.run, self.forgetting.stop.set))
        self.loops.append(Supervised(f"{name}.schedule", self.schedule.run, self.schedule.stop.set))
        self.loops.append(Supervised(f"{name}.housekeeping", self.housekeeping.run, self.housekeeping.stop.set))
        if self.consume is not None:
            self.loops.append(Supervised(f"{name}.consume", self.consume.run, self.consume.stop.set))
        for effect in self.effects:
            self.loops.append(Supervised(f"{name}.effect.{effect.effect.name}", effect.run, effect.stop.set))
        for loop in self.service.loops:
            self.loops.append(Supervised(f"{name}.{loop.name}", partial(self._led, loop), stop.set))
        for supervised in self.loops:
            supervised.start()

    async def _led(self, loop: Loop) -> None:
        async with Leader(self.room.store, f"loop:{loop.name}") as leader:
            while (lock := await self._lock(leader)) is not None:
                work, lost = asyncio.ensure_future(loop.run(self.room)), asyncio.ensure_future(_closed(lock))
                try:
                    await asyncio.wait({work, lost}, return_when=asyncio.FIRST_COMPLETED)
                    if work.done():
                        work.result()
                        return
                finally:  # the lock went with its connection: somebody else may do this work from now on
                    work.cancel()
                    lost.cancel()
                    await asyncio.wait({work, lost})

    async def _lock(self, leader: Leader) -> asyncpg.Connection | None:
        """While the store is away there is nothing to lead; that is no failure of the loop."""
        failures = 0
        while True:
            try:
                return await leader.held(self.room.stop)
            except NotNow:
                failures += 1
                await rested(self.room.stop, pause_after(failures))

    async def close(self, within_seconds: float = 10.0) -> None:
        """Those who bring work stop first, the writer last, so that what was begun is committed."""
        self.room.stop.set()
        writer, others = self.loops[:1], self.loops[1:]
        await asyncio.gather(*[loop.ended(within_seconds) for loop in others])
        for loop in writer:
            await loop.ended(within_seconds)
        if self.consume is not None:
            await self.consume.close()
        await self._publisher.close()
        await self.room.close()
        await self.room.store.close()


async def _closed(connection: asyncpg.Connection) -> None:
    """Returns as soon as this connection is; to look now and then would leave time for two at the same work."""
    closed = asyncio.Event()
    connection.add_termination_listener(lambda _: closed.set())
    if not connection.is_closed():
        await closed.wait()
