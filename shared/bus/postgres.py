"""The durable bus of the embedded run: topics as tables in a database of their own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import msgspec

from shared.bus import Consumer, GroupLag, Publisher, TopicState
from shared.envelope import Message, Received
from shared.errors import Malformed, NotNow

_SCHEMA = """
create table if not exists topics (name text primary key, partitions integer not null, next bigint not null default 0);
create table if not exists messages (
  topic text not null, place bigint not null, id text, type text, key text not null, value text not null,
  at timestamptz, correlation text, causation text, traceparent text, published_at timestamptz not null default now(),
  primary key (topic, place));
create table if not exists places (
  reader text not null, topic text not null, next bigint not null, at timestamptz not null default now(), primary key (reader, topic));
"""
_COLUMNS = "id, type, key, value, at, correlation, causation, traceparent"
_PUBLISH = f"""
with n as (update topics set next = next + json_array_length($2::json) where name = $1 returning next - json_array_length($2::json) as base)
insert into messages (topic, place, {_COLUMNS})
select $1, n.base + d.ord - 1, d.id, d.type, d.key, d.value, d.at, d.correlation, d.causation, d.traceparent
from n, json_populate_recordset(null::messages, $2::json) with ordinality
  as d(topic, place, id, type, key, value, at, correlation, causation, traceparent, published_at, ord)
returning 1"""
_AWAY = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError,
         asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError, TimeoutError)  # fmt: skip
_encode = msgspec.json.encode


class _Row(msgspec.Struct, gc=False):
    id: str
    type: str
    key: str
    value: str
    at: Any
    correlation: str
    causation: str | None
    traceparent: str | None


class PostgresBus:
    """Numbers within a topic are drawn under a row lock, so they are gapless and become visible in order.

    A group has one active member (advisory lock); others stand by and take over when its connection ends. NOTIFY only
    wakes; a reader that misses it polls.
    """

    def __init__(self, dsn: str, *, poll_seconds: float = 0.5) -> None:
        self._dsn, self._poll = dsn, poll_seconds
        self._pool: asyncpg.Pool | None = None
        self._listener: asyncpg.Connection | None = None
        self.arrived: set[asyncio.Event] = set()

    async def _opened(self) -> asyncpg.Pool:
        if self._pool is None:
            try:
                self._pool = await asyncpg.create_pool(self._dsn, min_size=0, max_size=4, command_timeout=20, timeout=10)
                self._listener = await asyncpg.connect(self._dsn, timeout=10)
                await self._listener.add_listener("kapok_bus", lambda *_: self.wake())
            except _AWAY as gone:
                raise NotNow(f"the bus does not answer ({type(gone).__name__})") from gone
        return self._pool

    def wake(self) -> None:
        for event in self.arrived:
            event.set()

    async def provide(self, topics: Mapping[str, int]) -> None:
        pool = await self._opened()
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(7203002)")
            await connection.execute(_SCHEMA)
            await connection.executemany("insert into topics values ($1, $2) on conflict do nothing", [(n, 1) for n in topics])

    def publisher(self, name: str) -> Publisher:
        return PostgresPublisher(self, self._dsn)

    def consumer(self, group: str, topics: Sequence[str], member: str) -> Consumer:
        return PostgresConsumer(self, self._dsn, group, topics, self._poll)

    async def describe(self) -> list[TopicState]:
        pool = await self._opened()
        try:
            async with pool.acquire(timeout=5) as connection:
                topics = await connection.fetch("select name, next from topics order by name")
                places = await connection.fetch(
                    "select p.reader, p.topic, t.next - p.next as lag, "
                    "(select extract(epoch from now() - m.published_at)::float8 from messages m "
                    "where m.topic = p.topic and m.place = p.next) as age "
                    "from places p join topics t on t.name = p.topic order by 1"
                )
        except _AWAY as gone:
            raise NotNow("the bus does not answer") from gone
        lags: dict[str, list[GroupLag]] = {}
        for row in places:
            lags.setdefault(row["topic"], []).append(GroupLag(row["reader"], row["lag"], row["age"] or 0.0))
        return [TopicState(row["name"], 1, row["next"], tuple(lags.get(row["name"], ()))) for row in topics]

    async def prune(self, keep_seconds: float) -> int:
        """Forget messages older than the retention; answers how many."""
        pool = await self._opened()
        async with pool.acquire() as connection:
            done = await connection.execute("delete from messages where published_at < now() - make_interval(secs => $1)", keep_seconds)
        return int(done.split()[-1])

    async def close(self) -> None:
        if self._listener is not None:
            with contextlib.suppress(*_AWAY):
                await self._listener.close(timeout=2)
        if self._pool is not None:
            await self._pool.close()
            self._pool = None


class PostgresPublisher:
    """One connection that appends; all messages of one call become visible together."""

    def __init__(self, bus: PostgresBus, dsn: str) -> None:
        self._bus, self._dsn = bus, dsn
        self._connection: asyncpg.Connection | None = None

    async def open(self) -> None:
        await self._bus._opened()

    async def publish(self, messages: Sequence[Message]) -> None:
        by_topic: dict[str, list[_Row]] = {}
        for m in messages:
            try:
                text = m.value.decode()
            except UnicodeDecodeError as fault:
                raise Malformed("a message on this bus is UTF-8 text") from fault
            by_topic.setdefault(m.topic, []).append(_Row(m.id, m.type, m.key, text, m.at, m.correlation, m.causation, m.traceparent))
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._dsn, command_timeout=20, timeout=10)
            if len(by_topic) == 1:
                for topic, rows in by_topic.items():
                    await self._append(topic, rows)
            else:
                async with self._connection.transaction():
                    for topic in sorted(by_topic):
                        await self._append(topic, by_topic[topic])
            await self._connection.execute("notify kapok_bus")
        except _AWAY as gone:
            raise NotNow(f"the bus does not answer ({type(gone).__name__})") from gone
        self._bus.wake()

    async def _append(self, topic: str, rows: list[_Row]) -> None:
        assert self._connection is not None
        done = await self._connection.fetch(_PUBLISH, topic, _encode(rows).decode())
        if len(done) != len(rows):
            raise NotNow(f"topic {topic} is not there")

    async def close(self) -> None:
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=2)


class PostgresConsumer:
    """Reads its topics from the places its group has committed."""

    def __init__(self, bus: PostgresBus, dsn: str, group: str, topics: Sequence[str], poll_seconds: float) -> None:
        self._bus, self._dsn, self._group, self._topics, self._poll = bus, dsn, group, tuple(topics), poll_seconds
        self._connection: asyncpg.Connection | None = None
        self._next: dict[str, int] = {}
        self._arrived = asyncio.Event()
        one = "(select topic, place, {c} from messages where topic = ${a} and place >= ${b} order by place limit $1)"
        self._read = " union all ".join(one.format(c=_COLUMNS, a=2 * i + 2, b=2 * i + 3) for i in range(len(self._topics)))

    async def open(self) -> None:
        await self._bus._opened()
        self._bus.arrived.add(self._arrived)

    async def _leading(self) -> asyncpg.Connection | None:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        connection = await asyncpg.connect(self._dsn, command_timeout=20, timeout=10)
        if not await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 7203003))", self._group):
            await connection.close()
            return None
        self._connection = connection
        await self.rewind()
        return connection

    async def rewind(self) -> None:
        if self._connection is None:
            return
        rows = await self._connection.fetch("select topic, next from places where reader = $1", self._group)
        at = {row["topic"]: row["next"] for row in rows}
        self._next = {topic: at.get(topic, 0) for topic in self._topics}

    async def poll(self, limit: int, wait_seconds: float) -> list[Received]:
        end = time.monotonic() + wait_seconds
        while True:
            self._arrived.clear()
            try:
                rows = await self._fetched(limit)
            except _AWAY as gone:
                raise NotNow(f"the bus does not answer ({type(gone).__name__})") from gone
            left = end - time.monotonic()
            if rows or left <= 0:
                return [self._received(row) for row in rows]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), min(left, self._poll))

    async def _fetched(self, limit: int) -> list[asyncpg.Record]:
        connection = await self._leading()
        if connection is None:
            return []
        places = [value for topic in self._topics for value in (topic, self._next[topic])]
        rows: list[asyncpg.Record] = await connection.fetch(self._read, limit, *places)
        for row in rows:
            self._next[row["topic"]] = row["place"] + 1
        return rows

    def _received(self, row: asyncpg.Record) -> Received:
        topic, place, event, kind, key, value, at, correlation, causation, trace = row
        if event is None or kind is None or at is None:
            return Received(topic, 0, place, key, None, value.encode(), "id, type or time is missing")
        return Received(topic, 0, place, key, Message(event, kind, topic, key, value.encode(), at, correlation or event, causation, trace))

    async def commit(self, upto: Mapping[tuple[str, int], int]) -> None:
        if self._connection is None or self._connection.is_closed():
            return  # somebody else reads on from the last commit; the inbox absorbs what comes twice
        try:
            await self._connection.execute(
                "insert into places (reader, topic, next, at) select $1, t, n, now() from unnest($2::text[], $3::bigint[]) as d(t, n) "
                "on conflict (reader, topic) do update set next = excluded.next, at = excluded.at",
                self._group, [topic for topic, _ in upto], list(upto.values()),
            )  # fmt: skip
        except _AWAY as gone:
            raise NotNow("the bus does not answer") from gone

    async def close(self) -> None:
        self._bus.arrived.discard(self._arrived)
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=2)
