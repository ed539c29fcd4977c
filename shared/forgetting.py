"""A key destroyed by one process is forgotten by all of its service: what was opened before is no longer held anywhere."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import asyncpg

from shared.errors import NotNow
from shared.execute import Executor
from shared.leader import pause_after, rested
from shared.store import DESTROYED, Store

_LOOK_SECONDS = 1.0


class Forgetting:
    """Listens for destroyed keys; whenever it may have missed one, every key and every folded state is fetched anew."""

    def __init__(self, store: Store, executor: Executor) -> None:
        self._store, self._executor = store, executor
        self.stop = asyncio.Event()

    async def run(self) -> None:
        """Until stopped; a lost connection is opened again."""
        failures = 0
        while not self.stop.is_set():
            try:
                connection = await self._store.connect()
            except NotNow:
                failures += 1
                await rested(self.stop, pause_after(failures))
                continue
            failures = 0
            try:
                await self._heard(connection)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                continue
            finally:
                with contextlib.suppress(Exception):
                    await connection.close(timeout=2)

    async def _heard(self, connection: asyncpg.Connection) -> None:
        await connection.add_listener(DESTROYED, self._destroyed)
        self._store.ring.forget_all()
        self._executor.cache.clear()
        while not connection.is_closed() and await rested(self.stop, _LOOK_SECONDS):
            pass

    def _destroyed(self, _connection: Any, _pid: int, _channel: str, subject: object) -> None:
        self._store.ring.forget(str(subject))
        self._executor.cache.clear()
