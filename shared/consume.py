"""Envelopes in, commands out: retry in place what may pass, park what never will, keep the order within a key."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column

from shared.bus import Bus, Consumer
from shared.clock import Clock
from shared.decide import Provenance
from shared.envelope import Received
from shared.errors import Malformed, NotNow
from shared.execute import Done, Executor, Lane
from shared.hearing import Hearing, Work
from shared.kernel import Rejected
from shared.leader import pause_after, rested
from shared.parked import Parking
from shared.service import Service
from shared.store import Store
from shared.tracing import Tracing, traceparent_of

_DOUBT_SECONDS = 2.0
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # what the inbox can remember, and as it answers
_WORKED_OR_PARKED = (
    "select event::text, reaction, null from inbox where event = any($1::uuid[]) "
    "union all select distinct null, null, key from parked where redriven_at is null"
)


class _Round:
    """What of a poll is on its way: units that wait for their commit, rows that will be written together."""

    __slots__ = ("rows", "waiting")

    def __init__(self) -> None:
        self.waiting: list[tuple[Received, str, asyncio.Future[Done]]] = []
        self.rows: list[tuple[Received, Work]] = []


class Consume:
    """One member of a service's consumer group.

    A poll is handed to `execute` as a whole (its units share commits), its places are committed when every message is
    durable or parked. While the store is away the poll is tried again, with growing pauses; the bus keeps our membership.

    The store itself refuses what was worked through before, so it is asked beforehand only where that must be expected: after
    places were taken over or read again, after a message came twice, and while a key is parked.
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
        tracing: Tracing | None = None,
    ) -> None:
        self.service, self._store, self._executor, self._clock = service, store, executor, clock
        self._hearing, self.parking = Hearing(service), Parking(service.name, store, clock)
        self.topics = Hearing.topics(service)
        self._consumer: Consumer = bus.consumer(service.name, self.topics, member)
        self._poll_max, self._wait = poll_max, wait_seconds
        self._tracing = tracing
        self.stop = asyncio.Event()
        self.heard = self.duplicates = self.skipped = 0
        self.last_progress = time.monotonic()
        self.in_flight_since: float | None = None
        self.last_failure = ""
        self._turns, self._doubt_until = -1, 0.0

    async def open(self) -> None:
        await self._consumer.open()
        await self.parking.refresh()

    async def close(self) -> None:
        await self._consumer.close()

    async def run(self) -> None:
        """Until stopped; a poll in flight is finished first. What an earlier run did not finish is read again."""
        await self._rewound()
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
                await rested(self.stop, pause_after(failures))
                await self._rewound()

    async def _rewound(self) -> None:
        try:
            await self._consumer.rewind()
        except NotNow as away:
            self.last_failure = str(away)

    async def _worked(self, received: Sequence[Received]) -> None:
        """Every message durable, recognised as already worked through, or parked; raises `NotNow` when the store is away."""
        async with self.parking.turn:
            before = self.duplicates
            asked = [(one, self._asked(one)) for one in received if one.message is None or not self._hearing.deaf(one.message.type)]
            self.skipped += len(received) - len(asked)
            known: set[tuple[str, str]] = set()
            if self._doubtful():
                aside = await self.parking.set_aside_among(received)
                asked = [(one, work) for one, work in asked if (one.topic, one.partition, one.offset) not in aside]
                known = await self._known(asked)
            lanes: dict[str, Lane] = {}
            round_, now = _Round(), self._clock.now()
            for one, work in asked:
                if isinstance(work, str) or self.parking.blocks(one.key):
                    await self._settled(round_)  # what came before it must be durable before its key is closed
                    await self.parking.park(one, work if isinstance(work, str) else "an earlier message of this key is parked")
                    continue
                assert one.message is not None
                for what in work:
                    place = (one.message.id, what.name)
                    if place in known:
                        self.duplicates += 1
                        continue
                    known.add(place)  # a relay that died after publishing sends again: both may come in one poll
                    if what.known is not None:
                        round_.rows.append((one, what))
                    else:
                        lane = lanes.get(one.key) or lanes.setdefault(one.key, Lane())
                        round_.waiting.append((one, what.name, self._submitted(one, what, lane, now)))
            await self._settled(round_)
            if self.duplicates > before:
                self._doubt_until = time.monotonic() + _DOUBT_SECONDS
        self.heard += len(received)

    def _doubtful(self) -> bool:
        """Whether some of what was polled may have been worked through before, here or by another member."""
        now = time.monotonic()
        if self._consumer.turns != self._turns:
            self._turns, self._doubt_until = self._consumer.turns, now + _DOUBT_SECONDS
        return now < self._doubt_until or self.parking.blocked_keys > 0

    def _asked(self, one: Received) -> list[Work] | str:
        """What a message asks of us, or why it must be parked."""
        if one.message is None:
            return f"unreadable: {one.problem}"
        if not _ID.fullmatch(one.message.id):
            return "unreadable: the id is no UUID"
        try:
            return self._hearing.work(one.message)
        except Malformed as fault:
            return str(fault)
        except Exception as fault:
            return f"{type(fault).__name__} in a reaction"

    def _submitted(self, one: Received, what: Work, lane: Lane, now: datetime) -> asyncio.Future[Done]:
        message = one.message
        assert message is not None
        trace = message.traceparent
        span = self._tracing.heard(what.name, message.type, message.id, trace) if self._tracing else None
        if span is not None:
            trace = traceparent_of(span) or trace
        who = Provenance(f"reaction:{what.name}", now, message.correlation, message.id, trace)
        answer = self._executor.submit(what.commands, who, heard=(message.id, what.name), lane=lane, rows=what.rows, patient=True)
        if span is not None:
            answer.add_done_callback(lambda _: span.end())
        return answer

    async def _settled(self, round_: _Round) -> None:
        away: NotNow | None = None
        rows, waiting = round_.rows, round_.waiting
        round_.rows, round_.waiting = [], []
        filled = self._filled(rows) if rows else None
        for one, name, answer in waiting:
            try:
                done = await answer
                self.duplicates += done.again
            except Rejected:
                pass  # recorded in the inbox by the same transaction; asked again it would be refused again
            except NotNow as gone:
                away = gone
            except Exception as fault:
                if away is None:
                    await self.parking.park(one, f"{type(fault).__name__} in {name}", reaction=name)
        if filled is not None:
            try:
                await filled
            except NotNow as gone:
                away = gone
            except Exception:
                await self._one_by_one(rows)
        if away is not None:
            raise away

    def _filled(self, rows: Sequence[tuple[Received, Work]]) -> asyncio.Future[Done]:
        """The rows of all these messages as one unit."""
        first = rows[0][0].message
        assert first is not None
        who = Provenance(f"listener:{rows[0][1].name}", self._clock.now(), first.correlation)
        return self._executor.submit((), who, rows=[row for _, what in rows for row in what.rows], patient=True)

    async def _one_by_one(self, rows: Sequence[tuple[Received, Work]]) -> None:
        """A row among them cannot be written: only its message is parked, and what follows it under its key."""
        for one, what in rows:
            if self.parking.blocks(one.key):
                await self.parking.park(one, "an earlier message of this key is parked", reaction=what.name)
                continue
            try:
                await self._filled([(one, what)])
            except NotNow:
                raise
            except Exception as fault:
                await self.parking.park(one, f"{type(fault).__name__} in {what.name}", reaction=what.name)

    async def _known(self, asked: Sequence[tuple[Received, list[Work] | str]]) -> set[tuple[str, str]]:
        """Which of these hearers have worked through which of these messages; by one look-up for each place that remembers.

        The first also says which keys are parked now: another member may have parked one and handed its partition over since.
        """
        in_inbox: list[str] = []
        in_rows: dict[str, tuple[Column[Any], list[str]]] = {}
        for one, work in asked:
            if one.message is None or isinstance(work, str):
                continue
            for what in work:
                if what.known is None:
                    in_inbox.append(one.message.id)
                else:
                    in_rows.setdefault(what.name, (what.known, []))[1].append(one.message.id)
        known: set[tuple[str, str]] = set()
        async with self._store.reading() as connection:
            rows = await connection.fetch(_WORKED_OR_PARKED, in_inbox)
            known.update((event, name) for event, name, key in rows if key is None)
            self.parking.are({key for _, _, key in rows if key is not None})
            for name, (column, ids) in in_rows.items():
                sql = f'select "{column.name}" from "{column.table.name}" where "{column.name}" = any($1::text[])'
                known.update((row[0], name) for row in await connection.fetch(sql, ids))
        return known

    async def redrive(self, parked_id: int) -> int:
        """Work off what is parked for this message's key, in order; answers how many, raises what stops it."""
        async with self.parking.turn:
            rows = await self.parking.of_key(parked_id)
            for row_id, one in rows:
                if one.message is None:
                    raise Malformed(one.problem)
                work = self._hearing.work(one.message)
                known = await self._known([(one, work)])
                for what in work:
                    if (one.message.id, what.name) not in known:
                        with contextlib.suppress(Rejected):  # recorded in the inbox: asked again it would be refused again
                            await (
                                self._submitted(one, what, Lane(), self._clock.now()) if what.known is None else self._filled([(one, what)])
                            )
                await self.parking.redriven(row_id)
            await self.parking.refresh()
        return len(rows)

    async def set_aside(self, parked_id: int, by: str, why: str) -> bool:
        """Give this one message up: its key is free unless more of it is parked. False when it is not parked (any more)."""
        async with self.parking.turn:
            done = await self.parking.set_aside(parked_id, by, why)
            await self.parking.refresh()
        return done


def _places(received: Sequence[Received]) -> dict[tuple[str, int], int]:
    return {(one.topic, one.partition): one.offset + 1 for one in received}
