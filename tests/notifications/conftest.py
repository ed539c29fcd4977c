"""A notifications room on a database of its own, with everything that was heard put in by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.notifications.api import messages, reading, subscriptions
from services.notifications.manifest import NOTIFICATIONS
from shared.clock import Clock, new_id
from shared.decide import Provenance
from shared.envelope import Message
from shared.execute import Executor
from shared.hearing import Hearing
from shared.problems import install
from shared.room import Room
from shared.sealing import Keyring
from shared.security import Principal
from shared.settings import Settings
from shared.store import Store
from shared.store.migrate import migrate

Database = Callable[[], Awaitable[str]]
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@dataclass
class Hall:
    """The room, a clock turned by hand, and an ear that hears what the test says."""

    room: Room
    now: datetime = START
    hearing: Hearing = field(default_factory=lambda: Hearing(NOTIFICATIONS))

    async def hears(
        self, kind: str, data: dict[str, Any], *, event_id: str = "", causation: str | None = None, correlation: str = "story"
    ) -> str:
        """One public event, worked through as the consumer would; answers its id."""
        event_id = event_id or new_id()
        topic = f"{kind.split('.', 1)[0]}.events"
        message = Message(event_id, kind, topic, "key", json.dumps(data).encode(), self.now, correlation, causation)
        for what in self.hearing.work(message):
            who = Provenance(f"reaction:{what.name}", self.now, correlation, event_id)
            await self.room.executor.submit(what.commands, who, heard=(event_id, what.name), rows=what.rows)
        return event_id

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
async def hall(database: Database) -> AsyncIterator[Hall]:
    dsn = await database()
    store = Store("notifications", dsn, NOTIFICATIONS.codec, Keyring(b"k" * 32, b"i" * 32))
    await store.open()
    connection = await store.connect()
    await migrate(connection, NOTIFICATIONS.tables)
    await connection.close()
    place: list[Hall] = []
    clock = Clock(now=lambda: place[0].now if place else START)
    executor = Executor(NOTIFICATIONS, store, clock)
    async with httpx.AsyncClient() as http:
        room = Room(NOTIFICATIONS, store, executor, clock, Settings(webhook_private_allowed=True), http,
                    lambda *_: "token", asyncio.Event(), lambda data: data)  # fmt: skip
        place.append(Hall(room))
        running = asyncio.create_task(executor.run())
        yield place[0]
        room.stop.set()
        executor.stop()
        await running
        await room.close()
    await store.close()


CALLERS = {
    "mercy": Principal("mercy-1", frozenset({"charity"}), "mercy"),
    "hope": Principal("hope-1", frozenset({"charity"}), "hope"),
    "ops": Principal("ops-1", frozenset({"ops"}), None),
    "operator": Principal("operator-1", frozenset({"operator"}), None),
    "finance": Principal("finance-1", frozenset({"finance"}), None),
}


@pytest.fixture
async def door(hall: Hall) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the room; the bearer token is the name of the caller."""
    app = FastAPI()
    app.state.room, app.state.verify = hall.room, CALLERS.get
    install(app)
    for router in (subscriptions.router, reading.router, messages.router):
        app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as client:
        yield client


def told(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {name}"}
