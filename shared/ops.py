"""What ops look at and may do: topics with lag, parked messages, projections; redrive, set aside and rebuild, each recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Query, Request

from shared.bus import Bus
from shared.consume import Consume
from shared.health import outbox_age_seconds, troubles_of
from shared.http import NotFound
from shared.kernel import Rejected
from shared.opened import Opened
from shared.parked import SetAside
from shared.problems import Forbidden, Unauthenticated
from shared.rebuild import Rebuilds
from shared.security import Principal

log = structlog.get_logger(__name__)
_NUMBER = re.compile(r"[0-9]{1,18}")  # what fits the column
_EFFECTS = (  # why the one that was tried most often failed, as its effect named it
    "select effect, count(*) as due, max(attempt) as attempts, coalesce((array_agg(why order by attempt desc))[1], '') as last_failure "
    "from effects_due group by effect"
)
_PASSED = (
    "select count(*) as due, coalesce(extract(epoch from $1::timestamptz - min(due_at)), 0)::float8 as oldest "
    "from deadlines where due_at <= $1"
)


class RedriveFailed(Rejected):
    """The message still cannot be worked through; it stays parked."""


class Ops:
    """The ops end points over every service open in this process."""

    def __init__(self, opened: Mapping[str, Opened], bus: Bus, verify: Callable[[str], Principal | None]) -> None:
        self.opened, self.bus, self._verify = opened, bus, verify
        self.rebuilds = {name: Rebuilds(one.service, one.room.store) for name, one in opened.items()}
        self.router = APIRouter(prefix="/ops/v1", tags=["operations"])
        self.router.add_api_route("/topics", self.topics, methods=["GET"])
        self.router.add_api_route("/parked", self.parked, methods=["GET"])
        self.router.add_api_route("/parked/{parked_id}/redrive", self.redrive, methods=["POST"])
        # A dependency comes before the body: who may not do this is not told what is wrong with it.
        doer = [Depends(self.doer)]
        self.router.add_api_route("/parked/{parked_id}/set-aside", self.set_aside, methods=["POST"], dependencies=doer)
        self.router.add_api_route("/projections", self.projections, methods=["GET"])
        self.router.add_api_route("/projections/{name}/rebuild", self.rebuild, methods=["POST"])

    def reader(self, request: Request) -> Principal:
        """Whoever may look: ops, admin, auditor."""
        header = request.headers.get("authorization", "")
        principal = self._verify(header.partition(" ")[2].strip()) if header else None
        if principal is None:
            raise Unauthenticated("a token is needed")
        if not principal.roles & {"ops", "admin", "auditor"}:
            raise Forbidden("needs one of: admin, auditor, ops")
        return principal

    def doer(self, request: Request) -> Principal:
        """Whoever may act: ops, admin."""
        principal = self.reader(request)
        if not principal.roles & {"ops", "admin"}:
            raise Forbidden("needs one of: admin, ops")
        return principal

    async def topics(self, request: Request) -> dict[str, Any]:
        """Per topic: published, lag of each group in messages and seconds; per service: outbox, loops, queue, blocked keys, deadlines."""
        self.reader(request)
        return await self.state()

    async def state(self) -> dict[str, Any]:
        """The same for the page and the metrics."""
        topics = [
            {
                "topic": t.name, "partitions": t.partitions, "published": t.published,
                "groups": [{"group": g.group, "lag_messages": g.messages, "lag_seconds": round(g.seconds, 3)} for g in t.groups],
            }
            for t in await self.bus.describe()
        ]  # fmt: skip
        return {"topics": topics, "services": [await self._service(one) for one in self.opened.values()]}

    async def _service(self, one: Opened) -> dict[str, Any]:
        async with one.room.store.reading() as connection:
            unsent = await connection.fetchval("select coalesce(sum(count), 0) from outbox")
            effects = await connection.fetch(_EFFECTS)
            passed = await connection.fetchrow(_PASSED, one.room.clock.now())
        consume, schedule = one.consume, one.schedule
        return {
            "service": one.service.name, "troubles": await troubles_of(one), "waiting": one.executor.waiting, "commits": one.executor.commits,
            "outbox": {"rows": unsent, "oldest_seconds": round(await outbox_age_seconds(one), 3)},
            "effects": [dict(row) for row in effects],
            "deadlines": {
                "due": passed["due"], "oldest_seconds": round(passed["oldest"], 3),
                "failed": schedule.failed, "last_failure": schedule.last_failure,
            },
            "heard": consume.heard if consume else 0, "duplicates": consume.duplicates if consume else 0,
            "blocked_keys": consume.parking.blocked_keys if consume else 0,
            "loops": [{"name": x.name, "alive": x.alive, "failures": x.failures, "error": x.error} for x in one.loops],
            "measures": [{"name": m.name, "text": m.text, "value": m.value(one.room)} for m in one.service.measures],
        }  # fmt: skip

    async def parked(self, request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> dict[str, Any]:
        """Messages that wait for a person, oldest first: where, which type, why; no payload."""
        self.reader(request)
        items = []
        for name, one in self.opened.items():
            if one.consume is not None:
                items += [{"service": name, **row, "id": f"{name}-{row['id']}"} for row in await one.consume.parking.listed(limit)]
        return {"items": items, "next": None}

    async def redrive(self, parked_id: str, request: Request) -> dict[str, Any]:
        """Work off the message and what is parked behind it, in order; 409 when it still fails."""
        principal = self.doer(request)
        consume, number = self._place(parked_id)
        try:
            count = await consume.redrive(number)
        except Exception as fault:
            raise RedriveFailed(reason=type(fault).__name__) from fault
        log.info("redriven", actor=principal.id, parked=parked_id, count=count)
        if count == 0:
            raise NotFound("parked message")
        return {"redriven": count}

    async def set_aside(self, parked_id: str, body: SetAside, request: Request) -> dict[str, Any]:
        """Give up a message that can never be worked through; what waits behind it can then be redriven; 404 when it is not parked."""
        principal = self.doer(request)
        consume, number = self._place(parked_id)
        if not await consume.set_aside(number, principal.id, body.why):
            raise NotFound("parked message")
        log.info("set_aside", actor=principal.id, parked=parked_id)  # who and which; the words stay in the store
        return {"set_aside": 1}

    def _place(self, parked_id: str) -> tuple[Consume, int]:
        """Where `<service>-<number>` is parked."""
        name, _, number = parked_id.rpartition("-")
        one = self.opened.get(name)
        if one is None or one.consume is None or not _NUMBER.fullmatch(number):
            raise NotFound("parked message")
        return one.consume, int(number)

    async def projections(self, request: Request) -> dict[str, Any]:
        """Every read table of every service: rows, last rebuild, whether it equals what the events say."""
        self.reader(request)
        return {"items": [row for rebuilds in self.rebuilds.values() for row in await rebuilds.listed()]}

    async def rebuild(self, name: str, request: Request) -> dict[str, Any]:
        """Grow `<service>.<projection>` anew beside the live one, compare, swap."""
        principal = self.doer(request)
        service, _, projection = name.partition(".")
        rebuilds = self.rebuilds.get(service)
        if rebuilds is None or projection not in rebuilds.names:
            raise NotFound("projection")
        outcome = await rebuilds.rebuild(projection)
        log.info("rebuilt", actor=principal.id, projection=name, changed=outcome["differing_rows"])
        return outcome
