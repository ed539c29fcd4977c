"""Server-sent events from the feed: everything after the last id from the store, then what comes, until somebody leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from services.notifications import views
from services.notifications.domain.subscription import Wanted
from services.notifications.sharing import noted
from shared.room import Room

_CHUNK = 200
_PING_SECONDS = 15.0
_LEAST_SECONDS = 0.25  # at a thousand commits a second a tail is still read only four times
_SEND_SECONDS = 20.0
_encode = msgspec.json.encode


class EventStream(StreamingResponse):
    """A stream whose reader is left when it does not take a chunk in time: the connection ends, no event is dropped."""

    media_type = "text/event-stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def in_time(message: Message) -> None:
            async with asyncio.timeout(_SEND_SECONDS):
                await send(message)

        try:
            await super().__call__(scope, receive, in_time)
        except (TimeoutError, ClientDisconnect):
            return


def item(row: dict[str, Any]) -> dict[str, Any]:
    """One event as the feed and the stream give it."""
    return {
        "position": row["position"], "id": row["event_id"], "type": row["type"], "timestamp": row["at"], "case_id": row["case_id"],
        "org_id": row["org_id"], "district": row["district"], "needs": row["needs"] or [], "data": row["data"],
        "correlation": row["correlation"], "causation": row["causation"],
    }  # fmt: skip


def _said(event: str, position: int, data: Any) -> bytes:
    return f"id: {position}\nevent: {event}\ndata: ".encode() + _encode(data) + b"\n\n"


async def place_of(room: Room, asked: int | None) -> tuple[int, bytes]:
    """Where to begin, and a `reset` when what was asked for is no longer kept (or never was): nothing is skipped in silence."""
    ends = (await room.rows(views.feed_ends()))[0]
    oldest, newest = ends["oldest"] or 1, ends["newest"] or 0
    if asked is None:
        return newest, b""
    if asked < oldest - 1:
        return oldest - 1, _said("reset", oldest - 1, {"oldest": oldest, "newest": newest})
    if asked > newest:
        return newest, _said("reset", newest, {"oldest": oldest, "newest": newest})
    return asked, b""


async def events_after(room: Room, position: int, reset: bytes, org: str | None, wanted: Wanted) -> AsyncIterator[bytes]:
    """Chunks of the stream; only one chunk is ever held for a reader."""
    yield b"retry: 2000\n\n" + reset
    quiet_since = room.clock.now()
    while not room.stop.is_set():
        newest = (await room.rows(views.feed_ends()))[0]["newest"] or 0
        found = await room.rows(views.feed_after(position, _CHUNK, org, wanted, newest)) if newest > position else []
        rows = await noted(room, org, found)
        if rows:
            yield b"".join(_said(row["type"], row["position"], item(row)) for row in rows)
            quiet_since = room.clock.now()
        if newest > position:
            position = found[-1]["position"] if len(found) == _CHUNK else newest
            if len(found) == _CHUNK:
                continue
        elif (room.clock.now() - quiet_since).total_seconds() >= _PING_SECONDS:
            quiet_since = room.clock.now()
            yield f"id: {position}\n: ping\n\n".encode()
        await room.changed(_PING_SECONDS / 3)
        await asyncio.sleep(_LEAST_SECONDS)
