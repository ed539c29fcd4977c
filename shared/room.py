"""A room that is open: one service with its store, writer and the outside, as doors, effects and loops see it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import msgspec
from sqlalchemy import BigInteger, Column, Select, SmallInteger, literal, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.clock import Clock
from shared.decide import Provenance, Rules
from shared.envelope import Envelope
from shared.errors import Malformed, NotNow
from shared.execute import Done, Executor
from shared.kernel import fold
from shared.pace import Pace
from shared.service import RowChange, Service, To
from shared.settings import Settings
from shared.store import Store, answering
from shared.store.commit import Commit
from shared.store.rows import seal_aad

_LIMIT_MAX = 500
_GONE = (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)  # the connection was cut, or is about to be


@contextlib.asynccontextmanager
async def _asked() -> AsyncIterator[None]:
    """`answering` for what SQLAlchemy asks: it wraps the driver's faults, and its pool has one of its own."""
    async with answering("the store"):
        try:
            yield
        except PoolExhausted as full:
            raise NotNow("too many look-ups wait for the store") from full
        except DBAPIError as wrapped:
            fault = wrapped.orig and wrapped.orig.__cause__
            if wrapped.connection_invalidated or isinstance(fault, _GONE):
                raise NotNow(f"the store does not answer ({type(fault).__name__})") from wrapped
            if isinstance(fault, asyncpg.CharacterNotInRepertoireError):
                raise Malformed("a text holds a zero character, which no row can hold") from wrapped
            raise


class StrangeCursor(Malformed):
    """A cursor that no page of ours ended with."""


def _last_seen(cursor: str, order: tuple[Any, ...]) -> list[Any]:
    """The row that a cursor names, by the columns of the order; raises `StrangeCursor`."""
    try:
        last = msgspec.json.decode(base64.urlsafe_b64decode(cursor.encode() + b"=="), type=list[str | int])
        values = [msgspec.convert(v, c.type.python_type, strict=False) for v, c in zip(last, order, strict=True)]
        held = all(_fits(v, c.type) for v, c in zip(values, order, strict=True))
    except (binascii.Error, msgspec.MsgspecError, ValueError, TypeError, OverflowError) as fault:
        raise StrangeCursor("cursor: not one of ours") from fault
    if not held:
        raise StrangeCursor("cursor: not one of ours")
    return values


def _fits(value: Any, kind: Any) -> bool:
    """Whether the driver can send this to a column of this kind; what it cannot send is no value of a row of ours."""
    match value:
        case int():
            bits = 63 if isinstance(kind, BigInteger) else 15 if isinstance(kind, SmallInteger) else 31
            return bool(-(2**bits) <= value < 2**bits)
        case datetime():
            value.astimezone(UTC)  # overflows where UTC has no such year
            return value.tzinfo is not None
        case str():
            return "\0" not in value
    return True


class Room:
    """What an open service offers to its own parts; `stop` is set when the process is asked to end."""

    def __init__(
        self, service: Service, store: Store, executor: Executor, clock: Clock, settings: Settings, http: httpx.AsyncClient,
        service_token: Callable[[str, str], str], stop: asyncio.Event, sign: Callable[[bytes], bytes], pace: Pace | None = None,
    ) -> None:  # fmt: skip
        self.service, self.store, self.executor, self.clock, self.settings, self.http = service, store, executor, clock, settings, http
        self.stop, self.rules, self.sign = stop, Rules(service), sign
        self._token, self._pace = service_token, pace
        self._engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=lambda: asyncpg.connect(store.dsn, timeout=10, command_timeout=30),
            pool_size=5,
            max_overflow=5,
            pool_timeout=10,
            isolation_level="AUTOCOMMIT",  # one look-up needs no transaction, and two round trips less
        )
        self._commits = asyncio.Event()
        executor.after_commit(self._told)

    def _told(self, _: Commit) -> None:
        waiting, self._commits = self._commits, asyncio.Event()
        waiting.set()

    async def changed(self, timeout_seconds: float) -> None:
        """Wait for the next commit of this store in this process, the stop, or the time-out."""
        commits, stop = asyncio.ensure_future(self._commits.wait()), asyncio.ensure_future(self.stop.wait())
        _, pending = await asyncio.wait({commits, stop}, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in pending:
            one.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*pending, return_exceptions=True)

    async def paced(self) -> None:
        """For bulk work: returns when those who work on what this service says can take one more piece."""
        if self._pace is not None:
            await self._pace.turn()

    def service_token(self, purpose: str) -> str:
        """A short-lived token that says which service asks, and for what purpose."""
        return self._token(self.service.name, purpose)

    async def execute(self, *commands: To, actor: str, correlation: str | None = None, causation: str | None = None,
                      rows: Sequence[RowChange] = (), patient: bool = False) -> Done:  # fmt: skip
        """Obey these commands as one unit, all or nothing; answers after the commit."""
        who = Provenance(actor, self.clock.now(), correlation or self.clock.new_id(), causation)
        return await self.executor.submit(commands, who, rows=rows, patient=patient)

    async def state(self, noun: str, key: str, *, as_of: datetime | None = None) -> Any:
        """The folded state of a stream, now or as it was recorded at an instant; the decider's `absent` where there is none."""
        stream = f"{self.service.name}.{noun}-{key}"
        if as_of is None:
            return (await self.executor.states([stream]))[stream][1]
        history = (await self.store.load([stream]))[stream]
        return fold(self.rules.deciders[noun], (e.data for e in history if e.at <= as_of))

    async def states(self, noun: str, keys: Iterable[str]) -> dict[str, Any]:
        """The folded states of many streams by key, now, by one look-up."""
        streams = {f"{self.service.name}.{noun}-{key}": key for key in keys}
        return {streams[stream]: state for stream, (_, state) in (await self.executor.states(streams)).items()}

    async def version(self, noun: str, key: str) -> int:
        stream = f"{self.service.name}.{noun}-{key}"
        return (await self.executor.states([stream]))[stream][0]

    async def history(self, noun: str, key: str) -> list[Envelope]:
        """Every event of a stream, oldest first."""
        stream = f"{self.service.name}.{noun}-{key}"
        return (await self.store.load([stream]))[stream]

    def blind(self, kind: str, text: str) -> bytes:
        """What a blind column holds for this text, for an equality search."""
        return self.store.ring.blind(kind, text)

    async def rows(self, statement: Select[Any], values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The answer of a SELECT; sealed columns come opened where their subject's column is selected too, None when shredded.

        `values` of its named parameters: a statement that is made once and asked often is not taken apart anew each time.
        """
        async with _asked(), self._engine.connect() as connection:
            found = await connection.execute(statement, values)
            names = list(map(str, found.keys()))  # plain texts, which serialise ten times faster
            rows = [dict(zip(names, row, strict=True)) for row in found]
        sealed = [c for c in statement.selected_columns if isinstance(c, Column) and "sealed" in c.info]
        if sealed and rows:
            await self._open(rows, sealed)
        return rows

    async def at_one_moment(self, *statements: Select[Any]) -> list[list[dict[str, Any]]]:
        """The answers of several SELECTs that see the same commits; sealed columns stay sealed."""
        async with _asked(), self._engine.connect() as connection:
            seen = await connection.execution_options(isolation_level="REPEATABLE READ")
            return [[dict(row) for row in (await seen.execute(statement)).mappings()] for statement in statements]

    async def _open(self, rows: list[dict[str, Any]], sealed: Sequence[Column[Any]]) -> None:
        ring = self.store.ring
        await self.store.know(str(row[c.info["sealed"]]) for row in rows for c in sealed if row.get(c.name) and row.get(c.info["sealed"]))
        for row in rows:
            for c in sealed:
                token, subject = row.get(c.name), row.get(c.info["sealed"])
                if token is not None:
                    plain = ring.open(str(subject), token, seal_aad(str(c.table), c.name, str(subject))) if subject else None
                    row[c.name] = None if plain is None else msgspec.json.decode(plain)

    async def page(
        self, statement: Select[Any], *, order: tuple[Any, ...], limit: int = 50, cursor: str | None = None
    ) -> Mapping[str, Any]:
        """One page of a list, newest first by `order`; the cursor names the last row seen, so pages neither skip nor repeat."""
        size = max(1, min(limit, _LIMIT_MAX))
        if cursor:
            values = _last_seen(cursor, order)
            statement = statement.where(tuple_(*order) < tuple_(*[literal(v, c.type) for v, c in zip(values, order, strict=True)]))
        rows = await self.rows(statement.order_by(*[c.desc() for c in order]).limit(size + 1))
        more, items = len(rows) > size, rows[:size]
        following = None
        if more:
            following = base64.urlsafe_b64encode(msgspec.json.encode([items[-1][c.name] for c in order])).decode().rstrip("=")
        return {"items": items, "next": following}

    async def shred(self, subject: str) -> None:
        """Destroy this person's key here: nothing sealed for them opens again, and no cached state still holds it."""
        await self.store.destroy_key(subject)
        self.executor.cache.clear()

    async def close(self) -> None:
        await self._engine.dispose()
