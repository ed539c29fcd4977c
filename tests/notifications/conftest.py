"""A notifications room on a database of its own, with everything that was heard put in by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.notifications.api import messages, reading, subscriptions
from services.notifications.manifest import NOTIFICATIONS
from shared.clock import Clock, new_id
from shared.envelope import Message
from shared.problems import install
from shared.room import Room
from shared.security import Principal
from shared.settings import Settings
from shared.testing import Database
from shared.testing.alone import worked_through
from shared.testing.counter import Counter

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@dataclass
class Hall:
    """The room, a clock turned by hand, and an ear that hears what the test says."""

    room: Room
    now: datetime = START

    async def hears(
        self, kind: str, data: dict[str, Any], *, event_id: str = "", causation: str | None = None, correlation: str = "story"
    ) -> str:
        """One public event, worked through as the consumer would; answers its id."""
        event_id = event_id or new_id()
        topic = f"{kind.split('.', 1)[0]}.events"
        await worked_through(self.room, Message(event_id, kind, topic, "key", json.dumps(data).encode(), self.now, correlation, causation))
        return event_id

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
async def hall(database: Database) -> AsyncIterator[Hall]:
    place: list[Hall] = []
    clock = Clock(now=lambda: place[0].now if place else START)
    counter = await Counter(NOTIFICATIONS, await database(), clock=clock).open()
    async with httpx.AsyncClient() as http:
        room = counter.room(http, Settings(webhook_private_allowed=True))
        place.append(Hall(room))
        yield place[0]
        room.stop.set()
        await counter.close()
        await room.close()


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
