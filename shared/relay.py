"""Outbox to bus, in order; one relay per store over all processes, no cursor: a row is gone once it is acknowledged."""

from __future__ import annotations

import asyncio
import contextlib

import asyncpg

from shared.bus import Publisher
from shared.envelope import Message
from shared.errors import NotNow
from shared.leader import Leader
from shared.parcel import unpacked
from shared.store import Store, answering
from shared.store.commit import Commit

_GONE = "delete from outbox where id = any($1::bigint[])"
# What was published goes and what is next comes by one statement; the snapshot still shows the rows that go.
_NEXT = f"with gone as ({_GONE}) select id, topic, messages, count from outbox where id <> all($1::bigint[]) order by id limit $2"
_IN_A_PARCEL = 8  # about as many messages fit one parcel; a batch is counted in parcels


class Relay:
    """Publishes what a store's transactions have posted.

    Rows are deleted after the bus has acknowledged them: a crash in between (or power lost before the deletion reached the
    disk) publishes them again under the same ids, which the hearers' inboxes absorb.
    """

    def __init__(self, store: Store, publisher: Publisher, *, batch_max: int = 1000, poll_seconds: float = 0.25) -> None:
        self._store, self.publisher = store, publisher
        self._parcels_max, self._poll = max(1, batch_max // _IN_A_PARCEL), poll_seconds
        self._wake, self.stop = asyncio.Event(), asyncio.Event()
        self._acknowledged: list[int] = []
        self.published = 0
        self.last_failure = ""

    def committed(self, commit: Commit) -> None:
        """Wakes where the commit posted something."""
        if commit.outbox:
            self._wake.set()

    async def run(self) -> None:
        """Until stopped; what waits in the outbox then is published by whoever holds the lock next."""
        failures = 0
        async with Leader(self._store, "relay", repeatable=True) as leader:
            while not self.stop.is_set():
                try:
                    connection = await leader.held(self.stop)
                    if connection is None:
                        break
                    if await self.publish_some(connection) == 0:
                        await self._rest(self._poll)
                    failures = 0
                except NotNow as away:
                    failures += 1
                    self.last_failure = str(away)
                    await self._rest(min(5.0, 0.05 * 2**failures), hurried=False)
            with contextlib.suppress(NotNow):
                await self._tidied(leader)

    async def _tidied(self, leader: Leader) -> None:
        """What was published last goes too, so that a start after a clean stop publishes nothing twice."""
        if self._acknowledged and leader.connection is not None:
            async with answering("the store"):
                await leader.connection.execute(_GONE, self._acknowledged)
            self._acknowledged = []

    async def publish_some(self, connection: asyncpg.Connection) -> int:
        """One batch from outbox to bus; answers how many parcels of messages it was."""
        async with answering("the store"):
            rows = await connection.fetch(_NEXT, self._acknowledged, self._parcels_max)
        self._acknowledged = []
        messages = [m for r in rows for m in unpacked(r["topic"], r["messages"], r["count"]) if isinstance(m, Message)]
        if messages:
            await self.publisher.publish(messages)
        self._acknowledged = [r["id"] for r in rows]
        self.published += len(messages)
        return len(rows)

    async def _rest(self, seconds: float, *, hurried: bool = True) -> None:
        if hurried and self._wake.is_set():
            self._wake.clear()
            return
        waits = [asyncio.create_task(self.stop.wait())]
        if hurried:
            waits.append(asyncio.create_task(self._wake.wait()))
        _, pending = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*pending, return_exceptions=True)
        if hurried:
            self._wake.clear()
