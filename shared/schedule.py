"""What is due: deadlines as rows, written by projections, worked off here; nothing ticks and nothing is lost while we are down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import structlog
from sqlalchemy import Column, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from shared.clock import Clock
from shared.decide import Provenance
from shared.errors import NotNow
from shared.execute import Done, Executor
from shared.kernel import Rejected
from shared.leader import Leader, rested, woken
from shared.service import Drop, Service
from shared.store import Store
from shared.store.commit import Commit

log = structlog.get_logger(__name__)

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
_PAUSE_MAX = timedelta(seconds=5)  # a deadline that another process has written wakes nobody here
_AGAIN_MAX = timedelta(minutes=10)
# A row that was written anew since it was read is another deadline, and none of our business.
_DUE = "select id, name, stream_id, due_at, facts::text from deadlines where due_at <= $1 order by due_at, id limit $2"
_GONE = "delete from deadlines where id = $1 and due_at = $2"
_LATER = "update deadlines set due_at = $3 where id = $1 and due_at = $2"


class Schedule:
    """Turns deadlines that have passed into commands; a deadline's row goes in the transaction of what it led to.

    One runner over all processes. A deadline that cannot be worked off is kept and comes again, after a pause that doubles up
    to ten minutes: it stands behind those that are due meanwhile and holds none of them up. `failed` counts how often that was.
    """

    def __init__(self, service: Service, store: Store, executor: Executor, clock: Clock) -> None:
        self._service, self._store, self._executor, self._clock = service, store, executor, clock
        self._wake = asyncio.Event()
        self._failures: dict[str, int] = {}  # in a row, by deadline
        self.stop = asyncio.Event()
        self.failed = 0
        self.last_failure = ""
        executor.after_commit(self._committed)

    def _committed(self, commit: Commit) -> None:
        """A deadline that was written may be the next; a busy store commits hundreds of times a second without one."""
        if any(group.table is deadlines for stage in commit.stages for group in stage):
            self._wake.set()

    async def work_off(self) -> int:
        """One batch of what is due now; answers how many deadlines are gone. Raises `NotNow` when some could not be tried."""
        now = self._clock.now()
        async with self._store.reading() as connection:
            rows = await connection.fetch(_DUE, now, _BATCH)
        waiting: list[tuple[Any, asyncio.Future[Done]]] = []
        broken: list[tuple[Any, Exception]] = []
        for row in rows:
            try:
                waiting.append((row, self._submitted(row, now)))
            except Exception as fault:
                broken.append((row, fault))
        passed: list[Any] = []
        away: NotNow | None = None
        for row, answer in waiting:
            try:
                await answer
                self._failures.pop(row["id"], None)
            except Rejected:
                passed.append(row)  # its moment is over: nothing to do, and it must not come back
            except NotNow as left:
                away = left
            except Exception as fault:
                broken.append((row, fault))
        await self._settled(passed, broken, now)
        if away is not None:
            raise away
        return len(rows) - len(broken)

    def _submitted(self, row: Any, now: datetime) -> asyncio.Future[Done]:
        # After a time of being down, what is due is judged by the moment it is worked off, not by the one it was set for.
        facts = {**msgspec.json.decode(row["facts"]), "now": now.isoformat()}
        commands = tuple(self._service.due[row["name"]](row["stream_id"], facts))
        who = Provenance("schedule", now, self._clock.new_id())
        return self._executor.submit(commands, who, rows=(Drop(deadlines, {"id": row["id"]}),), patient=True)

    async def _settled(self, passed: Sequence[Any], broken: Sequence[tuple[Any, Exception]], now: datetime) -> None:
        """Rows that led to nothing go, rows that could not be worked off come again; one lock at a time, as writers hold many."""
        if not passed and not broken:
            return
        self._told({(row["name"], type(fault).__name__): fault for row, fault in broken}, len(broken))
        async with self._store.reading() as connection:
            for row in passed:
                await connection.execute(_GONE, row["id"], row["due_at"])
                self._failures.pop(row["id"], None)
            for row, _ in broken:
                await connection.execute(_LATER, row["id"], row["due_at"], now + self._pause(row["id"]))

    def _pause(self, key: str) -> timedelta:
        times = self._failures[key] = self._failures.get(key, 0) + 1
        return min(_AGAIN_MAX, timedelta(seconds=2.5 * 2 ** min(times, 20)))

    def _told(self, kinds: Mapping[tuple[str, str], Exception], count: int) -> None:
        """One line for each kind of fault: a new version that cannot read a deadline cannot read any of its name."""
        self.failed += count
        for (name, code), fault in kinds.items():
            self.last_failure = code
            log.error("deadlines_failed", service=self._service.name, deadline=name, error=code, together=count, exc_info=fault)

    async def run(self) -> None:
        """Until stopped; by one process at a time."""
        async with Leader(self._store, "schedule") as leader:
            await leader.turns(self.stop, self._turn, self._away)

    async def _turn(self, _: asyncpg.Connection) -> None:
        """Work off what is due; sleep until the next deadline or the next commit where nothing is."""
        self._wake.clear()
        if await self.work_off() == 0:
            await woken(self.stop, self._wake, await self._until_next())
            # A busy store commits hundreds of times a second; deadlines are days away.
            await rested(self.stop, 0.2)

    def _away(self, away: NotNow) -> None:
        self.last_failure = str(away)

    async def _until_next(self) -> float:
        async with self._store.reading() as connection:
            first = await connection.fetchval("select min(due_at) from deadlines")
        pause = _PAUSE_MAX if first is None else min(_PAUSE_MAX, first - self._clock.now())
        return max(pause.total_seconds(), 0.05)
