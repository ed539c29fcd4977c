"""What is due: deadlines as rows, written by projections, worked off here; nothing ticks and nothing is lost while we are down."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import msgspec
from sqlalchemy import Column, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from shared.clock import Clock
from shared.decide import Provenance
from shared.errors import KapokError
from shared.execute import Executor
from shared.kernel import Rejected
from shared.service import Drop, Service
from shared.store import Store

_mechanism = MetaData()
deadlines = Table(
    "deadlines",
    _mechanism,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("stream_id", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("facts", JSONB, nullable=False),
)

_BATCH = 500
_PAUSE_MAX = timedelta(seconds=30)


class Schedule:
    """Turns deadlines that have passed into commands; a deadline's row goes in the transaction of what it led to."""

    def __init__(self, service: Service, store: Store, executor: Executor, clock: Clock) -> None:
        self._service, self._store, self._executor, self._clock = service, store, executor, clock
        self._wake = asyncio.Event()
        self.stop = asyncio.Event()
        executor.after_commit(lambda _: self._wake.set())

    async def work_off(self) -> int:
        """Everything due now, once; answers how many deadlines were worked off."""
        now = self._clock.now()
        async with self._store.reading() as connection:
            rows = await connection.fetch(
                "select id, name, stream_id, due_at, facts::text from deadlines where due_at <= $1 order by due_at, id limit $2",
                now,
                _BATCH,
            )
        answers = []
        for row in rows:
            make = self._service.due.get(row["name"])
            facts = msgspec.json.decode(row["facts"])
            commands = tuple(make(row["stream_id"], facts)) if make else ()
            who = Provenance("schedule", now, self._clock.new_id())
            gone = (Drop(deadlines, {"id": row["id"]}),)
            answers.append((row["id"], self._executor.submit(commands, who, rows=gone, patient=True)))
        for key, answer in answers:
            try:
                await answer
            except Rejected:
                # The moment has passed for this one: nothing to do, and it must not come back.
                await self._executor.submit(
                    (), Provenance("schedule", now, self._clock.new_id()), rows=(Drop(deadlines, {"id": key}),), patient=True
                )
            except KapokError:
                return 0
        return len(rows)

    async def run(self) -> None:
        """Sleep until the next deadline or the next commit, then work off what is due."""
        while not self.stop.is_set():
            self._wake.clear()
            if await self.work_off() == 0:
                async with self._store.reading() as connection:
                    first = await connection.fetchval("select min(due_at) from deadlines")
                pause = _PAUSE_MAX if first is None else min(_PAUSE_MAX, max(timedelta(seconds=0.05), first - self._clock.now()))
                await self._sleep(pause.total_seconds())

    async def _sleep(self, seconds: float) -> None:
        waits = {asyncio.create_task(self.stop.wait()), asyncio.create_task(self._wake.wait())}
        _, pending = await asyncio.wait(waits, timeout=max(seconds, 0.05), return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*pending, return_exceptions=True)
        # A busy store commits hundreds of times a second; deadlines are days away.
        await asyncio.sleep(0 if self.stop.is_set() else 0.2)
