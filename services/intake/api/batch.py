"""The door for many reports at once: a file in a stream, and an answer for each of its rows while the rest is still coming."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from services.intake.api.answers import Answers
from services.intake.api.reports import REPORTERS
from services.intake.checking import problem
from services.intake.files.lines import Unreadable
from services.intake.files.packed import Gunzip
from services.intake.files.reading import Reading
from services.intake.files.table import Row
from services.intake.portions import PORTION_BYTES, PORTION_ROWS, Answer, Marking, Numbered, recorded
from shared.http import Door, door_for
from shared.problems import problem as problem_of_all

router = APIRouter(prefix="/intake/v1", tags=["reports"])
_PORTIONS = 2  # under way beside the one that is told: one is committed while the next is decided
_UNREADABLE = "The file cannot be read."
_PIECE = 16_384  # bytes that are unpacked before others get a turn
_DRAINED_MAX = 64 * 1024**2  # bytes that are still taken from whoever sends on after the file broke


@router.post("/reports:batch")
async def batch(request: Request, door: Annotated[Door, Depends(door_for(*REPORTERS))]) -> Response:
    """NDJSON in, or CSV (`text/csv`); NDJSON out: one answer for each row, in order, while the rest is still coming.

    The charset may be named, else it is found; `Content-Encoding: gzip` is unpacked. A row without `source_ref` is named by
    everything up to it, so that the same file sent twice changes nothing. Rows are read no faster than the flow behind works
    them off; single reports never wait for a bulk load. A caller may send everything before it reads an answer.
    """
    return _WhileReading(request, door)


class _Gathering:
    """Rows that wait for a place: bounded by number and by size, taken by portions."""

    def __init__(self) -> None:
        self._rows: list[Numbered] = []
        self._size, self._ended, self._changed = 0, False, asyncio.Event()
        self.broke: Unreadable | None = None

    async def put(self, row: Numbered) -> None:
        while len(self._rows) >= PORTION_ROWS or self._size >= PORTION_BYTES:
            self._changed.clear()
            await self._changed.wait()
        self._rows.append(row)
        self._size += len(row.row.body)
        self._changed.set()

    def end(self) -> None:
        self._ended = True
        self._changed.set()

    async def portion(self) -> list[Numbered]:
        """Whatever waits, as soon as something does; nothing when all is taken."""
        while not self._rows and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        taken, self._rows, self._size = self._rows, [], 0
        self._changed.set()
        return taken


class _WhileReading(Response):
    """An answer that is written while its request is still being read: rows are gathered, recorded and told by a task each.

    Starlette's streaming answer waits for a disconnect on the channel that brings the body, and would eat it.
    """

    def __init__(self, request: Request, door: Door) -> None:
        super().__init__(media_type="application/x-ndjson")
        del self.headers["content-length"]
        self._request, self._door, self._started = request, door, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rows, portions = _Gathering(), asyncio.Queue[asyncio.Task[list[Answer]] | None](_PORTIONS)
        try:
            with Answers() as answers:
                async with asyncio.TaskGroup() as work:  # whoever breaks off ends all of it, the rows under way too
                    work.create_task(self._read(rows))
                    work.create_task(self._record(rows, portions, work))
                    work.create_task(self._answer(portions, answers))
                    work.create_task(self._tell(answers, send))
                await self._end(rows.broke, scope, receive, send)
        except* ClientDisconnect:
            pass  # what was recorded stays recorded; the sender sends again and is told `already`

    async def _read(self, rows: _Gathering) -> None:
        marking, body = Marking(), self._request.stream()
        try:
            async with aclosing(_rows(self._request, body)) as coming:
                async for row in coming:
                    await rows.put(marking.marked(row))
        except Unreadable as broke:
            rows.broke = broke
        rows.end()
        if rows.broke is not None:
            await _drain(body)

    async def _record(self, rows: _Gathering, portions: asyncio.Queue[asyncio.Task[list[Answer]] | None], work: asyncio.TaskGroup) -> None:
        while portion := await rows.portion():
            await portions.put(work.create_task(recorded(self._door, portion)))
        await portions.put(None)

    async def _answer(self, portions: asyncio.Queue[asyncio.Task[list[Answer]] | None], answers: Answers) -> None:
        while (portion := await portions.get()) is not None:
            for answer in await portion:
                await answers.put(msgspec.json.encode(answer) + b"\n")
        answers.end()

    async def _tell(self, answers: Answers, send: Send) -> None:
        while told := await answers.get():
            await self._start(send)
            await send({"type": "http.response.body", "body": told, "more_body": True})

    async def _start(self, send: Send) -> None:
        if not self._started:
            self._started = True
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    async def _end(self, broke: Unreadable | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Where the file broke is the last thing that is said of it; when nothing was said before, it is the whole answer."""
        last = b""
        if broke is not None:
            if not self._started:
                errors = [{"pointer": "", "detail": str(broke)}]
                where = f"urn:kapok:request:{self._door.correlation}"
                await problem_of_all(422, "UnreadableFile", _UNREADABLE, str(broke), instance=where, errors=errors)(scope, receive, send)
                return
            why = {**problem("UnreadableFile", _UNREADABLE), "detail": str(broke)}
            last = msgspec.json.encode({"line": broke.line, "status": "refused", "problem": why}) + b"\n"
        await self._start(send)
        await send({"type": "http.response.body", "body": last, "more_body": False})


async def _rows(request: Request, body: AsyncIterator[bytes]) -> AsyncGenerator[Row, None]:
    """The rows of the body; raises `Unreadable`."""
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    name, _, charset = parameters.strip().partition("=")
    packed = request.headers.get("content-encoding", "").strip().lower()
    if packed not in ("", "identity", "gzip"):
        raise Unreadable("its Content-Encoding is not gzip")
    is_table = media.strip().lower() == "text/csv"
    reading = Reading("csv" if is_table else "ndjson", charset.strip('" ') if name.strip().lower() == "charset" else "")
    gunzip = Gunzip() if packed == "gzip" else None
    async for came in body:
        for at in range(0, len(came), _PIECE):
            piece = came[at : at + _PIECE]
            for part in [piece] if gunzip is None else gunzip.feed(piece):
                for row in reading.feed(part):
                    yield row
                await asyncio.sleep(0)  # empty lines give no rows, and others wait too
    if gunzip is not None:
        gunzip.end()
    for row in reading.end():
        yield row


async def _drain(body: AsyncIterator[bytes]) -> None:
    """Let the sender finish: one that is cut off in the middle never reads why."""
    drained = 0
    async for piece in body:
        drained += len(piece)
        if drained > _DRAINED_MAX:
            return
