"""Envelopes in, commands out: retry in place what may pass, park what never will, keep the order within a key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from shared.bus import Bus, Consumer
from shared.clock import Clock
from shared.decide import Provenance
from shared.envelope import Received
from shared.errors import KapokError, Malformed, NotNow
from shared.execute import Done, Executor, Lane
from shared.hearing import Hearing, Work
from shared.kernel import Rejected
from shared.leader import rested
from shared.parked import Parking
from shared.service import Service
from shared.store import Store


class Consume:
    """One member of a service's consumer group.

    A poll is handed to `execute` as a whole (its units share commits), its places are committed when every message is
    durable or parked. While the store is away the poll is tried again, with growing pauses; the bus keeps our membership.
    """

    def __init__(
        self,
        service: Service,
        store: Store,
        executor: Executor,
        bus: Bus,
        clock: Clock,
        *,
        member: str,
        poll_max: int = 500,
        wait_seconds: float = 1.0,
    ) -> None:
        self.service, self._store, self._executor, self._clock = service, store, executor, clock
        self._hearing, self.parking = Hearing(service), Parking(service.name, store)
        self.topics = Hearing.topics(service)
        self._consumer: Consumer = bus.consumer(service.name, self.topics, member)
        self._poll_max, self._wait = poll_max, wait_seconds
        self.stop = asyncio.Event()
        self.heard = self.duplicates = self.skipped = 0
        self.last_progress = time.monotonic()
        self.in_flight_since: float | None = None
        self.last_failure = ""

    async def open(self) -> None:
        await self._consumer.open()
        await self.parking.refresh()

    async def close(self) -> None:
        await self._consumer.close()

    async def run(self) -> None:
        """Until stopped; a poll in flight is finished first."""
        failures = 0
        while not self.stop.is_set():
            try:
                received = await self._consumer.poll(self._poll_max, self._wait)
                if received:
                    self.in_flight_since = time.monotonic()
                    await self._worked(received)
                    await self._consumer.commit(_places(received))
                failures = 0
                self.last_progress, self.in_flight_since = time.monotonic(), None
            except NotNow as away:
                failures += 1
                self.last_failure = str(away)
                await rested(self.stop, min(5.0, 0.05 * 2**failures))
                await self._rewound()

    async def _rewound(self) -> None:
        try:
            await self._consumer.rewind()
        except NotNow as away:
            self.last_failure = str(away)

    async def _worked(self, received: Sequence[Received]) -> None:
        """Every message durable, recognised as already worked through, or parked; raises `NotNow` when the store is away."""
        async with self.parking.turn:
            await self.parking.refresh_if_any()
            known = await self._known(received)
            lanes: dict[str, Lane] = {}
            waiting: list[tuple[Received, str, asyncio.Future[Done]]] = []
            for one in received:
                lane = lanes.get(one.key) or lanes.setdefault(one.key, Lane())
                await self._one(one, lane, known, waiting)
            await self._settled(waiting)
        self.heard += len(received)

    async def _one(
        self, one: Received, lane: Lane, known: set[tuple[str, str]], waiting: list[tuple[Received, str, asyncio.Future[Done]]]
    ) -> None:
        if self.parking.blocks(one.key):
            await self.parking.park(one, "an earlier message of this key is parked")
            return
        if one.message is None:
            await self.parking.park(one, f"unreadable: {one.problem}")
            return
        try:
            work = self._hearing.work(one.message)
        except Malformed as fault:
            await self._settled(waiting)  # what came before it must be durable before its key is closed
            await self.parking.park(one, str(fault))
            return
        except Exception as fault:
            await self._settled(waiting)
            await self.parking.park(one, f"{type(fault).__name__} in a reaction")
            return
        if not work:
            self.skipped += 1
        for what in work:
            if (one.message.id, what.name) in known:
                self.duplicates += 1
            else:
                waiting.append((one, what.name, self._submitted(one, what, lane)))

    def _submitted(self, one: Received, what: Work, lane: Lane) -> asyncio.Future[Done]:
        message = one.message
        assert message is not None
        who = Provenance(f"reaction:{what.name}", self._clock.now(), message.correlation, message.id, message.traceparent)
        return self._executor.submit(what.commands, who, heard=(message.id, what.name), lane=lane, rows=what.rows, patient=True)

    async def _settled(self, waiting: list[tuple[Received, str, asyncio.Future[Done]]]) -> None:
        away: NotNow | None = None
        for one, name, answer in waiting:
            try:
                done = await answer
                self.duplicates += done.again
            except Rejected:
                pass  # recorded in the inbox by the same transaction; asked again it would be refused again
            except NotNow as now:
                away = now
            except Exception as fault:
                if away is None:
                    await self.parking.park(one, f"{type(fault).__name__} in {name}", reaction=name)
        waiting.clear()
        if away is not None:
            raise away

    async def _known(self, received: Sequence[Received]) -> set[tuple[str, str]]:
        ids = [one.message.id for one in received if one.message is not None]
        async with self._store.reading() as connection:
            rows = await connection.fetch("select event::text, reaction from inbox where event = any($1::uuid[])", ids)
        return {(row[0], row[1]) for row in rows}

    async def redrive(self, parked_id: int) -> int:
        """Work off what is parked for this message's key, in order; answers how many, raises what stops it."""
        async with self.parking.turn:
            rows = await self.parking.of_key(parked_id)
            for row_id, one in rows:
                if one.message is None:
                    raise Malformed(one.problem)
                known = await self._known([one])
                for what in self._hearing.work(one.message):
                    if (one.message.id, what.name) not in known:
                        try:
                            await self._submitted(one, what, Lane())
                        except Rejected:
                            continue
                        except KapokError:
                            raise
                await self.parking.redriven(row_id)
            await self.parking.refresh()
        return len(rows)


def _places(received: Sequence[Received]) -> dict[tuple[str, int], int]:
    return {(one.topic, one.partition): one.offset + 1 for one in received}
