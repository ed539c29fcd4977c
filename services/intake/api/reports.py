"""The door where reports come in: one, many in a stream, or a text that is only weighed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from services.intake.asked import ReportIn, TextIn
from services.intake.domain.triage import triage
from services.intake.domain.urgency import assess
from services.intake.taking import take
from shared.clock import local_day
from shared.errors import Malformed, NotNow
from shared.http import Door, Forbidden, Invalid, door_for
from shared.kernel import Rejected

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/intake/v1", tags=["reports"])
_REPORTERS = ("operator", "gov", "caseworker", "charity", "admin")
_WINDOW = 256  # lines under way at once: enough to fill a commit, small enough to hold
_LINE_MAX = 262_144  # bytes
_PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)  # seconds before a line is tried again when the writer is busy


@router.post("/reports", status_code=201)
async def report(body: ReportIn, door: Annotated[Door, Depends(door_for(*_REPORTERS, public=True))]) -> dict[str, Any]:
    """Take a report. Sent twice with the same source and reference it is recorded once and answered the same."""
    if not door.may(*_REPORTERS) and ("public" not in door.principal.roles or body.channel != "web"):
        raise Forbidden(f"needs one of: {', '.join(_REPORTERS)}; without a token only the channel web is open")
    answered, _ = await take(door, body)
    return answered


@router.post("/triage")
async def weigh(body: TextIn, door: Annotated[Door, Depends(door_for())]) -> dict[str, Any]:
    """Needs and urgency of a text with the words that led there; stores nothing."""
    found = triage(body.text)
    weighed = assess((), found, {}, danger_now=False, on=local_day(door.now))
    return {
        "urgency": {"level": weighed.level, "because": [*weighed.because, *found.words.get("urgency", ())]},
        "needs": [{"code": n.code, "because": [*n.because, *found.words.get(n.code, ())]} for n in weighed.needs],
        "unsure": found.unsure,
    }


@router.post("/reports:batch")
async def batch(request: Request, door: Annotated[Door, Depends(door_for(*_REPORTERS))]) -> Response:
    """NDJSON in, NDJSON out: one answer for each line, in order, while the rest is still coming.

    Lines are read no faster than the flow behind works them off; single reports never wait for a bulk load.
    """
    return _WhileReading(request, door)


class _WhileReading(Response):
    """An answer that is written while its request is still being read: one task reads lines, one tells what became of them.

    Starlette's streaming answer waits for a disconnect on the channel that brings the body, and would eat it.
    """

    def __init__(self, request: Request, door: Door) -> None:
        super().__init__(media_type="application/x-ndjson")
        del self.headers["content-length"]
        self._request, self._door = request, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        begun: asyncio.Queue[asyncio.Task[bytes] | None] = asyncio.Queue()
        places = asyncio.Semaphore(_WINDOW)
        try:
            async with asyncio.TaskGroup() as work:  # whoever breaks off ends all of it, the lines under way too
                work.create_task(_told(begun, places, send))
                await _read(self._request, self._door, begun, places, work)
        except* ClientDisconnect:
            pass  # what was recorded stays recorded; the sender sends again and is told `already`


async def _read(
    request: Request, door: Door, begun: asyncio.Queue[asyncio.Task[bytes] | None], places: asyncio.Semaphore, work: asyncio.TaskGroup
) -> None:
    """Begin a task for each line, as fast as there are places and the flow behind takes them; None says that this was the last."""
    number = 0
    async for line in _lines(request):
        number += 1
        if not line.strip():
            continue
        await places.acquire()
        await door.paced()
        begun.put_nowait(work.create_task(_line(number, line, _own(door))))
    begun.put_nowait(None)


async def _told(begun: asyncio.Queue[asyncio.Task[bytes] | None], places: asyncio.Semaphore, send: Send) -> None:
    """Send each line's answer as soon as it is there and those before it are sent; then its place is free for another."""
    while (line := await begun.get()) is not None:
        await send({"type": "http.response.body", "body": await line + b"\n", "more_body": True})
        places.release()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _lines(request: Request) -> AsyncIterator[bytes]:
    """Lines of the body; one that is too long is handed on as one byte too many and skipped to its end."""
    rest, skipping = b"", False
    async for chunk in request.stream():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if skipping:
                skipping = False
            else:
                yield line
        if len(rest) > _LINE_MAX:
            if not skipping:
                yield rest[: _LINE_MAX + 1]
            rest, skipping = b"", True
    if rest.strip() and not skipping:
        yield rest


def _own(door: Door) -> Door:
    """A door for one line: every report is a story of its own."""
    return Door(door.room, door.principal, correlation=door.room.clock.new_id(), language=door.language, reason=door.reason)


async def _line(number: int, line: bytes, door: Door) -> bytes:
    """One line's answer. Whatever breaks becomes this line's answer too: it must not take those of the others with it."""
    try:
        return msgspec.json.encode(await _taken(number, line, door))
    except Exception as fault:
        log.error("line_failed", error=type(fault).__name__, line=number, exc_info=fault)
        return msgspec.json.encode(_refused(number, "OurFault", "Something broke on our side; send this line again."))


async def _taken(number: int, line: bytes, door: Door) -> dict[str, Any]:
    if len(line) > _LINE_MAX:
        return _refused(number, "LineTooLong", f"a line has at most {_LINE_MAX} bytes")
    try:
        body = ReportIn.model_validate_json(line)
    except ValidationError as fault:
        return _refused(number, "InvalidRequest", "Some fields are missing or wrong.", errors=_wrong_fields(fault))
    for pause in (*_PATIENCE, None):
        try:
            answered, new = await take(door, body)
        except Invalid as fault:
            return _refused(number, "InvalidRequest", "Some fields are wrong.", errors=[{"pointer": fault.pointer, "detail": fault.detail}])
        except Malformed as fault:
            return _refused(number, "InvalidRequest", "Some fields are missing or wrong.", detail=str(fault))
        except Rejected as no:
            return _refused(number, no.code, no.sentence)
        except NotNow:
            if pause is not None:
                await asyncio.sleep(pause)
        else:
            status, level = "recorded" if new else "already", answered["urgency"]["level"]
            return {"line": number, "status": status, "case_id": answered["case_id"], "urgency": level}
    return _refused(number, "NotNow", "The service was too busy; send this line again.")


def _wrong_fields(fault: ValidationError) -> list[dict[str, str]]:
    """Which fields are wrong and how; what was written there is not repeated."""
    found = fault.errors(include_input=False, include_url=False, include_context=False)
    return [{"pointer": "/" + "/".join(str(p) for p in e["loc"]) if e["loc"] else "", "detail": e["type"]} for e in found]


def _refused(number: int, name: str, title: str, **more: Any) -> dict[str, Any]:
    return {"line": number, "status": "refused", "problem": {"type": f"urn:kapok:problem:{name}", "title": title, **more}}
