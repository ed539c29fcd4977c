"""What nobody will ask for any more is forgotten: old messages of our topics, kept answers, ids in the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from shared.bus import KEEP_SECONDS, Bus
from shared.errors import NotNow
from shared.idempotency import Answers
from shared.leader import Leader, rested
from shared.store import Store

log = structlog.get_logger(__name__)

_INBOX_KEEP_SECONDS = 2 * KEEP_SECONDS
_PAGES = "select pg_relation_size('inbox') / current_setting('block_size')::int"
# By pages of the table, not by time: an index on `at` would cost every message a write, and this way no statement reads much.
_FORGET = (
    "delete from inbox i where i.ctid >= $1::tid and i.ctid < $2::tid and i.at < now() - make_interval(secs => $3) "
    "and not exists (select from parked p where p.redriven_at is null and lower(p.event) = i.event::text)"
)
_PAGES_AT_ONCE = 64
_BREATH_SECONDS = 0.05  # between two batches: whoever answers callers has the disk first
_FIRST_SECONDS = 60.0  # a start has other work
_ROUND_SECONDS = 6 * 3600.0  # nothing here is due to the hour


class Housekeeping:
    """One for a service over all processes; each service keeps its own store and its own topics.

    Every deletion is a small transaction of its own, so no lock is held long and nobody waits for a round to end.

    An id in the inbox is remembered for twice as long as a message stays on its topic, counted from when it was worked through.
    Once would do for a place that was set back, but brokers prune by whole segments (a week late), and a relay that died after
    publishing sends again, under the same id, when it is back: that copy stays for a whole retention of its own. As long as a
    message is parked its ids stay, however old: a redrive asks which of its hearers have worked through it. What is parked, and
    rows of listeners that name their message, are never touched here.
    """

    def __init__(
        self, store: Store, answers: Answers, bus: Bus, topics: Sequence[str], *,
        first_seconds: float = _FIRST_SECONDS, round_seconds: float = _ROUND_SECONDS, breath_seconds: float = _BREATH_SECONDS,
    ) -> None:  # fmt: skip
        self._store, self._answers, self._bus, self._topics = store, answers, bus, topics
        self._first, self._round, self._breath = first_seconds, round_seconds, breath_seconds
        self.stop = asyncio.Event()
        self.messages = self.answers = self.ids = 0
        self.last_failure = ""

    async def run(self) -> None:
        """A round now and then, until stopped; while the database or the bus is away the round is tried again soon."""
        pause = self._first
        async with Leader(self._store, "housekeeping", retry_seconds=self._first) as leader:
            while await rested(self.stop, pause):
                try:
                    if await leader.held(self.stop) is None:
                        return
                    await self.tidy()
                    pause = self._round
                except NotNow as away:
                    self.last_failure, pause = str(away), self._first

    async def tidy(self) -> None:
        """One round; when stopped it ends after the batch in hand."""
        before = self.messages, self.answers, self.ids
        self.answers += await self._until_none(self._answers.prune)
        self.ids += await self._inbox()
        self.messages += await self._until_none(lambda: self._bus.prune(self._topics, KEEP_SECONDS))
        if (self.messages, self.answers, self.ids) != before:
            log.info(
                "tidied", service=self._store.service, messages=self.messages - before[0], answers=self.answers - before[1],
                ids=self.ids - before[2],
            )  # fmt: skip

    async def _until_none(self, batch: Callable[[], Awaitable[int]]) -> int:
        total = 0
        while not self.stop.is_set() and (count := await batch()):
            total += count
            await rested(self.stop, self._breath)
        return total

    async def _inbox(self) -> int:
        """From the first page of the table to the last."""
        total, page = 0, 0
        async with self._store.reading() as connection:
            pages = int(await connection.fetchval(_PAGES))
        while page < pages and not self.stop.is_set():
            async with self._store.reading() as connection:
                done = await connection.execute(_FORGET, (page, 0), (page + _PAGES_AT_ONCE, 0), float(_INBOX_KEEP_SECONDS))
            total, page = total + int(done.removeprefix("DELETE ")), page + _PAGES_AT_ONCE
            await rested(self.stop, self._breath)
        return total
