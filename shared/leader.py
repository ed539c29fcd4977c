"""One holder at a time over all processes: a session advisory lock that dies with its connection."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from types import TracebackType

import asyncpg

from shared.errors import NotNow
from shared.store import Store, answering


def lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def pause_after(failures: int) -> float:
    """Seconds to wait before it is tried again: doubled with every failure in a row, five at most, however long something is away."""
    return min(5.0, 0.05 * 2.0 ** min(failures, 10))


async def rested(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long or until stopped; answers whether to go on."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return not stop.is_set()


async def woken(stop: asyncio.Event, wake: asyncio.Event, seconds: float) -> None:
    """Wait until there is work, until stopped, or so long."""
    if wake.is_set():
        return
    waits = {asyncio.create_task(stop.wait()), asyncio.create_task(wake.wait())}
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


class Leader:
    """The right to do one named work of one store; `held` waits for it and answers the connection that carries the lock."""

    def __init__(self, store: Store, work: str, *, retry_seconds: float = 0.5, repeatable: bool = False) -> None:
        self._store, self._key, self._retry = store, lock_key(f"{store.service}:{work}"), retry_seconds
        self._repeatable = repeatable
        self._connection: asyncpg.Connection | None = None

    @property
    def connection(self) -> asyncpg.Connection | None:
        """The connection that holds the lock, if it still does."""
        return self._connection if self.holds else None

    @property
    def holds(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    async def __aenter__(self) -> Leader:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._let_go()

    async def held(self, stop: asyncio.Event) -> asyncpg.Connection | None:
        """The connection that holds the lock, opened and locked anew when it was lost; None when stopped meanwhile."""
        while not stop.is_set():
            if self.holds:
                return self._connection
            await self._let_go()
            try:
                self._connection = await self._locked()
            except NotNow:
                await rested(stop, self._retry)
                raise
            if self._connection is not None:
                return self._connection
            await rested(stop, self._retry)  # somebody else leads: stand by without keeping a connection
        return None

    async def turns(
        self,
        stop: asyncio.Event,
        turn: Callable[[asyncpg.Connection], Awaitable[None]],
        failed: Callable[[NotNow], None],
        won: Callable[[], None] = lambda: None,
    ) -> None:
        """Take turns at the work until stopped, through outages of any length; `won` is called whenever somebody may have led before us."""
        failures = 0
        while not stop.is_set():
            try:
                led_by = self.connection
                connection = await self.held(stop)
                if connection is None:
                    return
                if connection is not led_by:
                    won()
                await turn(connection)
                failures = 0
            except NotNow as away:
                failures += 1
                failed(away)
                await rested(stop, pause_after(failures))

    async def _locked(self) -> asyncpg.Connection | None:
        """A new connection that holds the lock, if nobody else does; it is nobody's before that."""
        connection = await self._store.connect(repeatable=self._repeatable)
        try:
            async with answering("the store"):
                if await connection.fetchval("select pg_try_advisory_lock($1)", self._key):
                    return connection
        except BaseException:
            connection.terminate()
            raise
        with contextlib.suppress(Exception):
            await connection.close(timeout=2)
        return None

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close(timeout=2)
