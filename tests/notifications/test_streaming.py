"""Server-sent events: no gap after a break, a word when the past is gone, nobody waits for a slow reader."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.notifications import streaming
from services.notifications.domain.subscription import Wanted
from services.notifications.streaming import EventStream, events_after, place_of
from shared.store.commit import Commit
from shared.testing.waiting import until
from tests.notifications.conftest import Hall
from tests.notifications.stories import accepted, referral

EVERYTHING = Wanted()


def parsed(chunk: bytes) -> list[dict[str, str]]:
    """The events of a chunk as a browser reads them."""
    found = []
    for block in chunk.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "data" in lines:
            found.append(lines)
    return found


async def taken(chunks: AsyncIterator[bytes], count: int) -> list[dict[str, str]]:
    got: list[dict[str, str]] = []
    async with asyncio.timeout(10):
        while len(got) < count:
            got += parsed(await anext(chunks))
    return got


async def test_everything_after_the_last_id_comes_first_and_then_what_happens(hall: Hall) -> None:
    ids = await accepted(hall)
    place, reset = await place_of(hall.room, 2)
    chunks = events_after(hall.room, place, reset, None, EVERYTHING)
    assert [e["id"] for e in await taken(chunks, 2)] == ["3", "4"]
    await hall.hears("matching.referral_served.v1", referral())
    (event,) = await taken(chunks, 1)
    assert (event["id"], event["event"]) == ("5", "matching.referral_served.v1")
    assert json.loads(event["data"])["case_id"] == "case-1"
    assert len(ids) == 4


async def test_without_a_last_id_it_begins_with_what_comes_next(hall: Hall) -> None:
    await accepted(hall)
    place, reset = await place_of(hall.room, None)
    chunks = events_after(hall.room, place, reset, None, EVERYTHING)
    await hall.hears("matching.referral_served.v1", referral())
    (event,) = await taken(chunks, 1)
    assert event["id"] == "5"


async def test_a_charity_hears_its_own_only(hall: Hall) -> None:
    chunks = events_after(hall.room, 0, b"", "hope", EVERYTHING)
    await accepted(hall)
    await hall.hears("matching.referral_offered.v1", referral("hope"))
    (event,) = await taken(chunks, 1)
    assert json.loads(event["data"])["org_id"] == "hope"


async def test_a_place_that_is_no_longer_kept_is_said_so(hall: Hall) -> None:
    await accepted(hall)
    async with hall.room.store.reading() as connection:
        await connection.execute("delete from feed where position < 3")
    place, reset = await place_of(hall.room, 1)
    (first, *rest) = await taken(events_after(hall.room, place, reset, None, EVERYTHING), 3)
    assert (first["event"], first["id"]) == ("reset", "2")
    assert [e["id"] for e in rest] == ["3", "4"]
    place, reset = await place_of(hall.room, 99)
    assert place == 4
    assert b"event: reset" in reset


async def test_a_stream_ends_when_the_house_closes(hall: Hall) -> None:
    chunks = events_after(hall.room, 0, b"", None, EVERYTHING)
    await anext(chunks)
    hall.room.stop.set()
    async with asyncio.timeout(5):
        assert [c async for c in chunks] == []


async def test_a_quiet_stream_pings(hall: Hall) -> None:
    chunks = events_after(hall.room, 0, b"", None, EVERYTHING)
    await anext(chunks)
    waiting = asyncio.ensure_future(anext(chunks))

    def woken() -> bool:
        hall.later(seconds=16)
        hall.room._told(Commit())
        return waiting.done()

    await until(woken)
    assert b": ping" in await waiting


async def test_a_reader_that_takes_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_SEND_SECONDS", 0.1)
    made = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal made
        while True:
            made += 1
            yield b"x" * 1000

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        await EventStream(endless())({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send)
        await EventStream(endless())({"type": "http", "asgi": {"spec_version": "2.0"}}, receive, send)
    assert made <= 4
