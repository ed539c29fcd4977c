"""Live and ready: is the process up, do its loops go on, how old is the oldest thing that should have left."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request, Response

from shared.opened import Opened

_OUTBOX_AGE_MAX_SECONDS = 60.0
_IN_FLIGHT_MAX_SECONDS = 60.0
_FAILURES_MAX = 3


def health_router(name: str) -> APIRouter:
    """`/<service>/livez` and `/<service>/readyz`."""
    router = APIRouter(prefix=f"/{name}", tags=["health"])

    @router.get("/livez")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    async def ready(request: Request, response: Response) -> dict[str, Any]:
        opened: Opened = request.app.state.opened
        troubles = await troubles_of(opened)
        response.status_code = 503 if troubles else 200
        return {"status": "not ready" if troubles else "ready", "troubles": troubles}

    return router


async def troubles_of(opened: Opened) -> list[str]:
    """Why this service should get no more work; codes and numbers only."""
    troubles = [f"loop {loop.name}: {loop.error}" for loop in opened.loops if not loop.alive and loop.failures >= 1]
    troubles += [f"loop {loop.name} keeps failing: {loop.error}" for loop in opened.loops if loop.failures > _FAILURES_MAX]
    since = opened.consume.in_flight_since if opened.consume else None
    if since is not None and time.monotonic() - since > _IN_FLIGHT_MAX_SECONDS:
        troubles.append("a poll of messages is stuck")
    try:
        age = await outbox_age_seconds(opened)
    except Exception as away:
        return [*troubles, f"store: {type(away).__name__}"]
    if age > _OUTBOX_AGE_MAX_SECONDS:
        troubles.append(f"the oldest unsent event is {age:.0f} seconds old")
    return troubles


async def outbox_age_seconds(opened: Opened) -> float:
    async with opened.room.store.reading() as connection:
        age = await connection.fetchval("select extract(epoch from now() - at)::float8 from outbox order by id limit 1")
    return float(age or 0.0)
