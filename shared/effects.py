"""Calls to the outside: due rows written with the event that asks for them, worked off in batches, with an end to retrying."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from msgspec import Struct
from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text

from shared.decide import Provenance
from shared.envelope import Envelope
from shared.errors import NotNow
from shared.kernel import Rejected
from shared.leader import Leader, woken
from shared.room import Room
from shared.service import Answer, Change, Drop, Effect, EffectCall, RowChange, To
from shared.store.commit import Commit

_due = Table(
    "effects_due",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("attempt", Integer),
    Column("due_at", DateTime(timezone=True)),
    Column("why", Text),
)
_TAKE = (
    "select d.id as due, d.attempt, e.* from effects_due d join events e on e.stream = d.stream and e.version = d.version "
    "where d.effect = $1 and d.due_at <= $2 order by d.due_at, d.id limit $3"
)
_PAUSE_MAX_SECONDS = 600.0
_LOOK_SECONDS = 0.5  # for what falls due by time or was asked for by another process
_HANDED_MAX = 4_000  # what piles up beyond that is read from the table


class _Handed(Struct, gc=False):
    """A call that a commit of this process asked for; `generation` is the cache's: when it has grown, a key was destroyed since."""

    due: str
    envelope: Envelope
    generation: int


class Effects:
    """The runner of one effect: one holder over all processes, so that a call is not made twice side by side.

    A call may still be made again after a crash, under the same id: the outside must take the id as its idempotency key.
    """

    def __init__(self, room: Room, effect: Effect) -> None:
        self.room, self.effect = room, effect
        self.stop, self._due = asyncio.Event(), asyncio.Event()
        self._handed: dict[str, _Handed] = {}
        self._taken = deque[str](maxlen=2 * effect.batch_max)  # found in the table, perhaps before the commit told of them
        self._leading, self._looked_at = False, float("-inf")
        room.executor.after_commit(self._committed)
        self.calls = self.retries = 0
        self.last_failure = ""

    def _committed(self, commit: Commit) -> None:
        for row, envelope in zip(commit.effects, commit.calls, strict=True):
            if row.effect == self.effect.name:
                self._due.set()
                if self._leading and row.id not in self._taken:
                    self._handed[row.id] = _Handed(row.id, envelope, self.room.executor.cache.generation)
        if len(self._handed) > _HANDED_MAX:
            self._forget()

    def _forget(self) -> None:
        """Everything that is due is read from the table."""
        self._handed, self._looked_at = {}, float("-inf")

    async def run(self) -> None:
        """Until stopped; by one process at a time."""
        async with Leader(self.room.store, f"effect:{self.effect.name}") as leader:
            await leader.turns(self.stop, self._turn, self._away, self._won)

    async def _turn(self, _: asyncpg.Connection) -> None:
        self._due.clear()
        if await self.work_off() == 0:
            await woken(self.stop, self._due, _LOOK_SECONDS)

    def _won(self) -> None:
        """Others may have worked off what was handed over before."""
        self._forget()
        self._leading = True

    def _away(self, away: NotNow) -> None:
        self.last_failure = str(away)

    async def work_off(self) -> int:
        """One batch of what is due now; answers how many calls were made."""
        room = self.room
        if not self._leading or time.monotonic() - self._looked_at >= _LOOK_SECONDS:
            calls = await self._from_table() or self._from_memory()
        else:
            calls = self._from_memory()
        if not calls:
            return 0
        answers = await self._answers(list(calls.values()))
        now = room.clock.now()
        waiting = [self._record(due, call, answer, now) for (due, call), answer in zip(calls.items(), answers, strict=True)]
        away: NotNow | None = None
        for due, call, written in waiting:
            try:
                await written
            except Rejected:
                await self._row_alone(Drop(_due, {"id": due}), call, now)  # the outcome is no news to the stream: it was recorded before
            except NotNow as gone:
                away = gone
            except Exception as fault:
                self.last_failure = type(fault).__name__
                await self._row_alone(self._later(due, call, now, f"{type(fault).__name__} when recorded"), call, now)
        self.calls += len(calls)
        if away is not None:
            raise away
        return len(calls)

    def _from_memory(self) -> dict[str, EffectCall]:
        """The next calls that commits of this process asked for, by the ids of their rows."""
        generation = self.room.executor.cache.generation
        if any(one.generation != generation for one in self._handed.values()):
            self._forget()
        taken = list(self._handed.values())[: self.effect.batch_max]
        for one in taken:
            del self._handed[one.due]
        return {one.due: EffectCall(one.envelope.id, one.envelope, 1) for one in taken}

    async def _from_table(self) -> dict[str, EffectCall]:
        """The next calls that are due by now."""
        now = time.monotonic()
        async with self.room.store.reading() as connection:
            rows = await connection.fetch(_TAKE, self.effect.name, self.room.clock.now(), self.effect.batch_max)
        for row in rows:
            self._handed.pop(row["due"], None)
            self._taken.append(row["due"])
        envelopes = await self.room.store.decoded(rows)
        self._looked_at = now if len(rows) < self.effect.batch_max else float("-inf")
        return {row["due"]: EffectCall(e.id, e, row["attempt"] + 1) for row, e in zip(rows, envelopes, strict=True)}

    async def _answers(self, calls: Sequence[EffectCall]) -> Sequence[Answer]:
        try:
            answers = await self.effect.call(calls, self.room)
        except Exception as fault:
            self.last_failure = type(fault).__name__
            return [Answer(retry=True, why=type(fault).__name__)] * len(calls)
        assert len(answers) == len(calls), f"{self.effect.name}: {len(answers)} answers to {len(calls)} calls"
        return answers

    def _record(self, due: str, call: EffectCall, answer: Answer, now: datetime) -> tuple[str, EffectCall, asyncio.Future[Any]]:
        commands: tuple[To, ...] = answer.commands
        row: RowChange = Drop(_due, {"id": due})
        if answer.retry and call.attempt < self.effect.attempts_max:
            self.retries += 1
            row = self._later(due, call, now, answer.why or "retry", answer.delay_seconds)
        elif answer.retry:
            commands = self.effect.gave_up(call)
        return due, call, self.room.executor.submit(commands, self._who(call, now), rows=(row,), patient=True)

    @staticmethod
    def _later(due: str, call: EffectCall, now: datetime, why: str, seconds: float = 0.0) -> Change:
        """Due again after a pause that grows with every attempt, unless the answer named its own."""
        pause = seconds or min(_PAUSE_MAX_SECONDS, 0.2 * 2 ** min(call.attempt, 20))
        return Change(_due, {"id": due}, {"attempt": call.attempt, "due_at": now + timedelta(seconds=pause), "why": why})

    async def _row_alone(self, row: RowChange, call: EffectCall, now: datetime) -> None:
        await self.room.executor.submit((), self._who(call, now), rows=(row,), patient=True)

    def _who(self, call: EffectCall, now: datetime) -> Provenance:
        return Provenance(f"effect:{self.effect.name}", now, call.envelope.correlation, call.id)
