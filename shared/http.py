"""The door: who asks, in whose name, and what a room lets them do; HTTP manners are in `manners` and `problems`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy import Select

from shared.clock import named_id
from shared.decide import Provenance
from shared.envelope import Envelope
from shared.errors import NotNow
from shared.execute import Done
from shared.problems import Forbidden, Invalid, NotFound, Unauthenticated
from shared.room import Room, StrangeCursor
from shared.security import Principal
from shared.service import RowChange, To
from shared.tracing import current_traceparent

__all__ = ["Door", "Forbidden", "Invalid", "NotFound", "Unauthenticated", "door_for", "door_of", "principal_of"]

ANYBODY = Principal(id="anybody", roles=frozenset({"public"}), org=None)

_AT_LEAST_SECONDS = 2.0


class Door:
    """One request at a room's door: its caller, its moment, its ids, and the room behind it.

    With an `Idempotency-Key` the ids are drawn from the key: a request that is sent again after a crash falls on the same
    streams and is recognised there.
    """

    __slots__ = ("_count", "_key", "at_least", "correlation", "language", "now", "principal", "reason", "room", "traceparent")

    def __init__(
        self, room: Room, principal: Principal, *, correlation: str, language: str = "zh", reason: str | None = None, key: str = "",
        traceparent: str | None = None, at_least: int = 0,
    ) -> None:  # fmt: skip
        self.room, self.principal, self.correlation, self.language, self.reason = room, principal, correlation, language, reason
        self.now: datetime = room.clock.now()
        self.traceparent = traceparent
        self._key, self._count = key, 0
        self.at_least = at_least

    def new_id(self) -> str:
        if not self._key:
            return self.room.clock.new_id()
        self._count += 1
        return self.named_id("idempotency", self.principal.id, self._key, str(self._count))

    def named_id(self, *parts: str) -> str:
        """Always the same id for the same parts; without our key nobody can tell which parts."""
        return named_id(self.room.store.ring.naming_key, self.room.service.name, *parts)

    async def execute(self, *commands: To) -> Done:
        """Obey as one unit, all or nothing; returns after the commit, raises `Rejected` as the rule's name."""
        return await self.submit(*commands)

    def submit(self, *commands: To) -> asyncio.Future[Done]:
        """The same without waiting, for doors that hand in many."""
        who = Provenance(self.principal.id, self.now, self.correlation, None, self.traceparent)
        return self.room.executor.submit(commands, who)

    async def paced(self) -> None:
        """For bulk work: returns when the services behind this door can take one more piece, which counts as come in now."""
        await self.room.paced()
        self.now = self.room.clock.now()

    async def record(self, *rows: RowChange) -> None:
        """Rows that follow from no decision (an audit mark, a preference)."""
        await self.room.execute(actor=self.principal.id, correlation=self.correlation, rows=rows)

    async def state(self, noun: str, key: str, *, as_of: datetime | None = None) -> Any:
        return await self.room.state(noun, key, as_of=as_of)

    async def states(self, noun: str, keys: Iterable[str]) -> dict[str, Any]:
        return await self.room.states(noun, keys)

    async def version(self, noun: str, key: str) -> int:
        """The stream's version; with `?at_least=` it is waited for, and `NotNow` says that it has not come."""
        until = asyncio.get_running_loop().time() + _AT_LEAST_SECONDS
        while (version := await self.room.version(noun, key)) < self.at_least:
            if asyncio.get_running_loop().time() > until:
                raise NotNow("this version is not here yet")
            await self.room.changed(0.1)
        return version

    async def history(self, noun: str, key: str) -> list[Envelope]:
        return await self.room.history(noun, key)

    async def rows(self, statement: Select[Any]) -> list[dict[str, Any]]:
        return await self.room.rows(statement)

    async def page(
        self, statement: Select[Any], *, order: tuple[Any, ...], limit: int = 50, cursor: str | None = None
    ) -> Mapping[str, Any]:
        try:
            return await self.room.page(statement, order=order, limit=limit, cursor=cursor)
        except StrangeCursor as strange:
            raise Invalid("/query/cursor", "is not one of ours") from strange

    def blind(self, kind: str, text: str) -> bytes:
        return self.room.blind(kind, text)

    async def shred(self, subject: str) -> None:
        await self.room.shred(subject)

    def sign(self, data: bytes) -> bytes:
        return self.room.sign(data)

    def may(self, *roles: str) -> bool:
        """Whether the caller has one of these roles; `admin` has every role that is not bound to money or a person."""
        return bool(self.principal.roles.intersection(roles))


def principal_of(request: Request) -> Principal | None:
    """Who the bearer token speaks for; None without one, `Unauthenticated` with a bad one."""
    header = request.headers.get("authorization")
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("bearer token expected")
    principal: Principal | None = request.app.state.verify(token.strip())
    if principal is None:
        raise Unauthenticated("the token is not valid")
    return principal


def _at_least(request: Request) -> int:
    """The version that a write answered and this read must see; 0 without `?at_least=`."""
    given = request.query_params.get("at_least", "0")
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise Invalid("/query/at_least", "a version is a whole number")
    return int(given)


def _whole(request: Request) -> None:
    """Refuse a zero character wherever an address may hold one: no id and no column has one, and the store cannot be asked for it."""
    for place, named in (("path", request.path_params.items()), ("query", request.query_params.multi_items())):
        for name, value in named:
            if "\0" in str(value):
                raise Invalid(f"/{place}/{name}", "must not hold a zero character")


def door_of(request: Request, principal: Principal) -> Door:
    """A door of this request's room for this caller."""
    _whole(request)
    state, headers = request.state, request.headers
    return Door(
        request.app.state.room,
        principal,
        correlation=getattr(state, "correlation", "") or request.app.state.room.clock.new_id(),
        language="en" if headers.get("accept-language", "zh").lower().startswith("en") else "zh",
        reason=headers.get("x-access-reason"),
        key=headers.get("idempotency-key", "").strip('"'),
        traceparent=current_traceparent() or headers.get("traceparent"),
        at_least=_at_least(request),
    )


def door_for(*roles: str, public: bool = False) -> Callable[[Request], Any]:
    """A dependency: the door for callers with one of these roles (any authenticated caller when none is named).

    `public=True` lets callers without a token in, as `ANYBODY` with the role `public`.
    """
    allowed = frozenset(roles)

    async def door(request: Request) -> Door:
        principal = principal_of(request)
        if principal is None:
            if not public:
                raise Unauthenticated("a token is needed")
            principal = ANYBODY
        elif allowed and not (allowed & principal.roles) and not public:
            raise Forbidden(f"needs one of: {', '.join(sorted(allowed))}")
        return door_of(request, principal)

    return door
