"""Outbox to bus, in order; one relay per store over all processes, no cursor: a row is gone once it is acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterable, Sequence

import asyncpg

from shared.bus import Publisher
from shared.envelope import Message
from shared.errors import Malformed, NotNow
from shared.leader import Leader, woken
from shared.parcel import unpacked
from shared.store import Store, answering
from shared.store.commit import Commit

Numbered = tuple[int, Sequence[Message]]  # a row's number in the outbox, and what it holds

_GONE = "delete from outbox where id = any($1::bigint[])"
# What was published goes and what is next comes by one statement; the snapshot still shows the rows that go.
_NEXT = f"with gone as ({_GONE}) select id, topic, messages, count from outbox where id <> all($1::bigint[]) order by id limit $2"
_IN_A_PARCEL = 8  # about as many messages fit one parcel; a batch is counted in parcels
_HANDED_MAX = 4_000  # messages kept in memory; what a bus that is away lets pile up beyond that is read from the table
_TIDY_SECONDS = 0.1
_HOLES_MAX = 1_000  # PostgreSQL skips some tens of numbers when it recovers from a crash
_HOLE_SECONDS = 60.0  # longer than any transaction that drew a number may still be under way


class Order:
    """Whether what this process committed itself may be published from memory: only where nothing can stand before it.

    A row that another process committed may have a lower number than ours and hold an earlier event of the same stream. So
    numbers must follow one another without a gap, and as long as a number is missing that may still appear, all is read from
    the table.
    """

    def __init__(self) -> None:
        self._last: int | None = None  # everything up to here was published, but for the holes
        self._holes: dict[int, float] = {}

    def forget(self) -> None:
        """Another process led meanwhile."""
        self._last, self._holes = None, {}

    def published(self, ids: Iterable[int], now: float) -> None:
        """These rows, in the order they stand in the table, are on the bus."""
        for number in ids:
            if self._last is not None and number <= self._last:
                self._holes.pop(number, None)
                continue
            if self._last is not None:
                self._holes.update((hole, now) for hole in range(self._last + 1, min(number, self._last + _HOLES_MAX)))
            self._last = number

    def passed(self, number: int) -> bool:
        """Whether this row is on the bus already."""
        return self._last is not None and number <= self._last and number not in self._holes

    def follows(self, ids: Sequence[int], now: float) -> bool:
        """Whether these numbers come next and nothing is missing before them."""
        if self._last is None or not ids or ids[0] != self._last + 1 or ids[-1] != self._last + len(ids):
            return False
        if self._holes:
            self._holes = {hole: seen for hole, seen in self._holes.items() if now - seen < _HOLE_SECONDS}
        return not self._holes


class Relay:
    """Publishes what a store's transactions have posted.

    What this process committed itself is published from memory, the rest is read from the table, which is looked at every
    `poll_seconds` in any case. Rows are deleted after the bus has acknowledged them: a crash in between (or power lost before
    the deletion reached the disk) publishes them again under the same ids, which the hearers' inboxes absorb.
    """

    def __init__(self, store: Store, publisher: Publisher, *, batch_max: int = 1000, poll_seconds: float = 0.25) -> None:
        self._store, self.publisher = store, publisher
        self._messages_max, self._parcels_max, self._poll = batch_max, max(1, batch_max // _IN_A_PARCEL), poll_seconds
        self._wake, self.stop = asyncio.Event(), asyncio.Event()
        self._acknowledged: list[int] = []
        self._handed: deque[Numbered] = deque()
        self._handed_messages = 0
        self._order, self._read_at, self._tidied_at = Order(), float("-inf"), float("-inf")
        self._leading = False
        self.published = 0
        self.last_failure = ""

    @property
    def unsent(self) -> int | None:
        """How many messages wait to be published; None where this process does not know."""
        return self._handed_messages if self._leading and self._read_at > 0 else None

    def committed(self, commit: Commit) -> None:
        """Takes over what the commit posted."""
        if not commit.posted:
            return
        self._wake.set()
        if not self._leading:
            return
        first = 0
        for number, count in commit.posted:
            self._handed.append((number, commit.outbox[first : first + count]))
            first += count
        self._handed_messages += first
        if self._handed_messages > _HANDED_MAX:
            self._forget()

    def _forget(self) -> None:
        self._handed.clear()
        self._handed_messages, self._read_at = 0, float("-inf")

    async def run(self) -> None:
        """Until stopped, by one process at a time; what waits in the outbox then is published by whoever leads next."""
        async with Leader(self._store, "relay", repeatable=True) as leader:
            try:
                await leader.turns(self.stop, self._turn, self._away, self._won)
                with contextlib.suppress(NotNow):
                    if leader.connection is not None:
                        await self._tidied(leader.connection)
            finally:
                self._leading = False

    async def _turn(self, connection: asyncpg.Connection) -> None:
        self._wake.clear()
        if await self.publish_some(connection) == 0:
            await woken(self.stop, self._wake, self._poll)

    def _won(self) -> None:
        self._order.forget()
        self._forget()
        self._leading = True

    def _away(self, away: NotNow) -> None:
        self.last_failure = str(away)
        self._forget()

    async def _tidied(self, connection: asyncpg.Connection) -> None:
        """What was published goes, so that a start after a clean stop publishes nothing twice."""
        gone, self._acknowledged = self._acknowledged, []
        self._tidied_at = time.monotonic()
        if gone:
            async with answering("the store"):
                await connection.execute(_GONE, gone)

    async def publish_some(self, connection: asyncpg.Connection) -> int:
        """One batch from memory or outbox to bus; answers how many parcels of messages it was."""
        now = time.monotonic()
        if now - self._read_at < self._poll:
            found = self._from_memory()
            if self._order.follows([number for number, _ in found], now):
                await self._publish(found, now)
            if found == [] or self._order.passed(found[-1][0]):
                if self._acknowledged and now - self._tidied_at > _TIDY_SECONDS:
                    await self._tidied(connection)
                return len(found)
        async with answering("the store"):
            rows = await connection.fetch(_NEXT, self._acknowledged, self._parcels_max)
        self._acknowledged, self._tidied_at = [], now
        found = _readable(rows)
        await self._publish(found, now)
        self._read_at = now if len(found) == len(rows) < self._parcels_max else float("-inf")
        return len(found)

    def _from_memory(self) -> list[Numbered]:
        """The next of what was handed over."""
        found: list[Numbered] = []
        messages = 0
        for one in self._handed:
            messages += len(one[1])
            if found and messages > self._messages_max:
                break
            found.append(one)
        return found

    async def _publish(self, rows: Sequence[Numbered], now: float) -> None:
        if rows:
            messages = [message for _, said in rows for message in said]
            await self.publisher.publish(messages)
            self._acknowledged += [number for number, _ in rows]
            self._order.published([number for number, _ in rows], now)
            self.published += len(messages)
        while self._handed and self._order.passed(self._handed[0][0]):
            self._handed_messages -= len(self._handed.popleft()[1])


def _readable(rows: Sequence[asyncpg.Record]) -> list[Numbered]:
    """The messages of these rows, up to the first row that cannot be read; raises `Malformed` where that is the first of all.

    Nothing is left out: what our own store cannot read stops the relay in sight of everybody, and is not lost in silence.
    """
    found: list[Numbered] = []
    for row in rows:
        said = unpacked(row["topic"], row["messages"], row["count"])
        messages = [one for one in said if isinstance(one, Message)]
        if len(messages) < len(said):
            if found:
                break
            raise Malformed(f"row {row['id']} of the outbox cannot be read")
        found.append((row["id"], messages))
    return found
