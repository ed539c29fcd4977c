"""One room opened alone on databases of its own, with a clock turned by hand and a caller for each role."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import asyncpg
import httpx

from shared.clock import Clock, new_id
from shared.decide import Provenance
from shared.envelope import Message
from shared.hearing import Hearing
from shared.opened import Opened
from shared.room import Room
from shared.runtime import House, environment
from shared.security import Principal
from shared.service import Service
from shared.settings import Settings
from shared.testing import Database

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, ten in the morning in Guangzhou
_KEY = base64.b64encode(b"k" * 32).decode()


class Alone:
    """A room as its tests use it: who asks is named by role (`approver-2` is another approver)."""

    def __init__(self, service: Service) -> None:
        self.service, self.now = service, NOW
        self.house: House
        self.client: httpx.AsyncClient
        self._tokens: dict[str, str] = {}

    @asynccontextmanager
    async def open(self, database: Database, **settings: Any) -> AsyncIterator[Self]:
        rates = {"public_rate_per_second": 1000, "public_rate_burst": 1000}
        told = Settings(kek=_KEY, index_key=_KEY, signing_key=_KEY, demo=True, **{**rates, **settings})
        dsns = {self.service.name: await database(), "bus": await database()}
        clock = Clock(lambda: self.now, new_id)
        self.house = House((self.service,), lambda: environment(told, dsns=dsns, clock=clock))
        transport = httpx.ASGITransport(app=self.house, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://kapok") as self.client, self.house.open():
            yield self

    @property
    def opened(self) -> Opened:
        return self.house.opened[self.service.name]

    @property
    def room(self) -> Room:
        return self.opened.room

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)

    def headers(self, who: str | None, org: str | None = None, **more: str) -> dict[str, str]:
        """Of a caller with this role, or of nobody in particular; `more` are headers with dashes for underscores."""
        named = {name.replace("_", "-"): value for name, value in more.items()}
        if who is None:
            return named
        name = f"{who}@{org}" if org else who
        if name not in self._tokens:
            assert self.house.environment is not None
            role = who.rsplit("-", 1)[0] if who[-1].isdigit() else who
            self._tokens[name] = self.house.environment.issuer.sign(Principal(name, frozenset({role}), org), 36_000)
        return {"authorization": f"Bearer {self._tokens[name]}", **named}

    async def sql(self, text: str, *args: Any) -> list[asyncpg.Record]:
        async with self.room.store.reading() as connection:
            return list(await connection.fetch(text, *args))


async def worked_through(room: Room, message: Message) -> None:
    """One public event, worked through as the consumer would, at the moment it was said."""
    for what in Hearing(room.service).work(message):
        who = Provenance(f"reaction:{what.name}", message.at, message.correlation, message.id)
        await room.executor.submit(what.commands, who, heard=(message.id, what.name), rows=what.rows)
