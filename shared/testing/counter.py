"""A service opened for a test: store, writer, who hears for it, and a few questions to the database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.bus import Bus
from shared.clock import Clock, new_id
from shared.consume import Consume
from shared.decide import Provenance
from shared.execute import Done, Executor, Lane
from shared.opened import Opened
from shared.room import Room
from shared.sealing import Keyring
from shared.service import RowChange, Service, To
from shared.settings import Settings
from shared.store import Store
from shared.store.migrate import migrate


def keyring() -> Keyring:
    return Keyring(b"k" * 32, b"i" * 32)


class Counter:
    """Opens a service on a database of its own; `close` commits what waits and ends."""

    def __init__(self, service: Service, dsn: str, *, clock: Clock | None = None, queue_max: int = 4000) -> None:
        self.service, self.dsn, self.clock = service, dsn, clock or Clock()
        self.ring = keyring()
        self.store = Store(service.name, dsn, service.codec, self.ring)
        self.executor = Executor(service, self.store, self.clock, queue_max=queue_max)
        self._run: asyncio.Task[None] | None = None

    async def open(self) -> Counter:
        await self.store.open()
        connection = await self.store.connect()
        await migrate(connection, self.service.tables)
        await connection.close()
        self._run = asyncio.create_task(self.executor.run())
        return self

    async def close(self) -> None:
        self.executor.stop()
        if self._run is not None:
            await self._run
        await self.store.close()

    def submit(
        self, *commands: To, heard: tuple[str, str] | None = None, lane: Lane | None = None, rows: tuple[RowChange, ...] = ()
    ) -> asyncio.Future[Done]:
        who = Provenance("tester", datetime.now(UTC), new_id())
        return self.executor.submit(commands, who, heard=heard, lane=lane, rows=rows)

    def consume(self, bus: Bus, member: str = "1") -> Consume:
        """What this service hears, not open yet."""
        return Consume(self.service, self.store, self.executor, bus, self.clock, member=member, wait_seconds=0.1)

    def room(self, http: httpx.AsyncClient, settings: Settings | None = None) -> Room:
        """A room on this store; it has no loops."""
        return Room(
            self.service, self.store, self.executor, self.clock, settings or Settings(), http, lambda *_: "token", asyncio.Event(),
            lambda data: data,
        )  # fmt: skip

    async def value(self, sql: str, *args: Any) -> Any:
        async with self.store.reading() as connection:
            return await connection.fetchval(sql, *args)


def unopened(service: Service, dsn: str, bus: Bus, http: httpx.AsyncClient, member: str = "0") -> Opened:
    """All that one process has of a service, not open yet."""
    return Opened(
        service, dsn, ring=keyring(), bus=bus, clock=Clock(), settings=Settings(), http=http, service_token=lambda *_: "token",
        sign=lambda data: data, stop=asyncio.Event(), member=member,
    )  # fmt: skip
