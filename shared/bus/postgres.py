"""The durable bus of the embedded run: topics as tables in a database of their own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping, Sequence

import asyncpg

from shared.bus import Behind, Consumer, GroupLag, Publisher, TopicState
from shared.bus.fresh import Fresh
from shared.envelope import Message, Received
from shared.errors import Malformed, NotNow
from shared.parcel import Parcel, Unreadable, packed, readable, unpacked
from shared.settings import HEARTBEAT

_SCHEMA = """
create table if not exists topics (name text primary key, partitions integer not null, next bigint not null default 0);
create table if not exists parcels (
  topic text not null, first bigint not null, count integer not null, messages bytea not null,
  published_at timestamptz not null default now(), primary key (topic, first));
do $$ begin  -- they were JSON once
  if (select data_type from information_schema.columns
      where table_schema = current_schema() and table_name = 'parcels' and column_name = 'messages') = 'json' then
    alter table parcels alter column messages type bytea using convert_to(messages::text, 'UTF8');
  end if;
end $$;
alter table parcels alter column messages set storage external;
alter table parcels set (toast_tuple_target = 8160);
create table if not exists places (
  reader text not null, topic text not null, next bigint not null, at timestamptz not null default now(), primary key (reader, topic));
"""
_PUBLISH = """
with n as (update topics set next = next + $2 where name = $1 returning next - $2 as base),
p as (insert into parcels (topic, first, count, messages) select $1, n.base + d.first, d.count, d.messages
from n, unnest($3::bigint[], $4::int[], $5::bytea[]) as d(first, count, messages))
select base, pg_notify('kapok_bus', '') from n"""
_READ = """
(select topic, first, count, messages from parcels where topic = ${a} and first + count > ${b}
 and first >= (select coalesce(max(first), 0) from parcels where topic = ${a} and first <= ${b}) order by first limit $1)"""
# Only from the front of a topic, by the primary key: a batch is found without looking at what stays. Places of a topic are drawn
# in the order of time, so the first parcel that is young enough ends it.
_PRUNE = """
with floors as (
  select t.name, coalesce((select min(p.next) from places p where p.topic = t.name), t.next) as upto
  from topics t where t.name = any($1::text[])),
old as (
  select o.topic, o.first from floors f cross join lateral (
    select topic, first, count, published_at from parcels where topic = f.name and first < f.upto order by first limit $3) o
  where o.first + o.count <= f.upto and o.published_at < now() - make_interval(secs => $2)),
gone as (delete from parcels p using old where p.topic = old.topic and p.first = old.first returning p.count)
select coalesce(sum(count), 0) from gone"""
_PARCELS_AT_ONCE = 200
_IN_A_PARCEL = 8
_NOTE_SECONDS = 0.1  # so often a place is noted while messages keep coming; what a crash reads again the inboxes absorb
_OTHERS_SECONDS = 1.0  # so often it is looked whether groups read in other processes too
_AWAY = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError,
         asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError, TimeoutError)  # fmt: skip


class PostgresBus:
    """Numbers within a topic are drawn under a row lock, so they are gapless and become visible in order.

    A group has one active member (advisory lock); others stand by and take over when its connection ends. NOTIFY only
    wakes; a reader that misses it polls.
    """

    def __init__(self, dsn: str, *, poll_seconds: float = 0.5) -> None:
        self.dsn = self._dsn = dsn
        self._poll = poll_seconds
        self._pool: asyncpg.Pool | None = None
        self._listener: asyncpg.Connection | None = None
        self._listening = asyncio.Lock()
        self.readers: set[PostgresConsumer] = set()
        self.fresh, self.own = Fresh(), set[int]()
        self._others_at = float("-inf")
        self._others = True

    async def _opened(self) -> asyncpg.Pool:
        if self._pool is None:
            try:
                self._pool = await asyncpg.create_pool(self._dsn, min_size=0, max_size=4, command_timeout=20, timeout=10)
                await self.listen()
            except _AWAY as gone:
                raise NotNow(f"the bus does not answer ({type(gone).__name__})") from gone
        return self._pool

    async def listen(self) -> None:
        """Hear what other processes publish; again where the connection was lost."""
        async with self._listening:
            if self._listener is None or self._listener.is_closed():
                self._listener = await asyncpg.connect(self._dsn, timeout=10)
                await self._listener.add_listener("kapok_bus", self._heard)

    def _heard(self, _: object, sender: int, *__: object) -> None:
        if sender not in self.own:  # what we published ourselves woke our readers already
            for reader in self.readers:
                reader.wake(None)

    def published(self, topic: str, first: int, messages: Sequence[Message]) -> None:
        """These are durable from this place on; whoever reads the topic here has them at once."""
        self.fresh.keep(topic, first, messages)
        for reader in self.readers:
            reader.wake(topic)

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
                    "(select extract(epoch from now() - x.published_at)::float8 from parcels x where x.topic = p.topic "
                    "and x.first <= p.next and x.first + x.count > p.next order by x.first desc limit 1) as age "
                    "from places p join topics t on t.name = p.topic order by 1"
                )
        except _AWAY as gone:
            raise NotNow("the bus does not answer") from gone
        lags: dict[str, list[GroupLag]] = {}
        for row in places:
            lags.setdefault(row["topic"], []).append(GroupLag(row["reader"], row["lag"], row["age"] or 0.0))
        return [TopicState(row["name"], 1, row["next"], tuple(lags.get(row["name"], ()))) for row in topics]

    async def behind(self, groups: Collection[str]) -> Mapping[str, Behind]:
        here = {reader.group: reader.behind() for reader in self.readers if reader.leads and reader.group in groups}
        elsewhere = [group for group in groups if group not in here]
        if elsewhere and (self._others or time.monotonic() - self._others_at > _OTHERS_SECONDS):
            found = await self._noted(elsewhere)
            self._others, self._others_at = bool(found), time.monotonic()
            here.update(found)
        return here

    async def _noted(self, groups: Collection[str]) -> dict[str, Behind]:
        """As these groups have noted it."""
        pool = await self._opened()
        try:
            async with pool.acquire(timeout=5) as connection:
                rows = await connection.fetch(
                    "select p.reader, sum(p.next)::bigint, sum(t.next - p.next)::bigint from places p join topics t on t.name = p.topic "
                    "where p.reader = any($1::text[]) group by 1",
                    list(groups),
                )
        except _AWAY as gone:
            raise NotNow("the bus does not answer") from gone
        return {reader: Behind(read, unread) for reader, read, unread in rows}

    async def prune(self, topics: Sequence[str], keep_seconds: float) -> int:
        """A group that has gone for good holds its topics' messages until its rows in `places` are deleted: better than losing some."""
        pool = await self._opened()
        try:
            async with pool.acquire(timeout=5) as connection:
                return int(await connection.fetchval(_PRUNE, list(topics), keep_seconds, _PARCELS_AT_ONCE))
        except _AWAY as gone:
            raise NotNow("the bus does not answer") from gone

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
        by_topic: dict[str, list[Parcel]] = {}
        firsts: dict[str, int] = {}
        for parcel in packed(messages):
            if not readable(parcel):
                raise Malformed("a message on this bus is JSON")
            by_topic.setdefault(parcel.topic, []).append(parcel)
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._dsn, command_timeout=20, timeout=10)
                self._bus.own.add(self._connection.get_server_pid())
            if len(by_topic) == 1:
                for topic, parcels in by_topic.items():
                    firsts[topic] = await self._append(topic, parcels)
            else:
                async with self._connection.transaction():
                    for topic in sorted(by_topic):
                        firsts[topic] = await self._append(topic, by_topic[topic])
        except _AWAY as gone:
            raise NotNow(f"the bus does not answer ({type(gone).__name__})") from gone
        for topic, first in firsts.items():
            self._bus.published(topic, first, messages if len(firsts) == 1 else [m for m in messages if m.topic == topic])

    async def _append(self, topic: str, parcels: list[Parcel]) -> int:
        """The place of the first message."""
        assert self._connection is not None
        first = await self._connection.fetchval(
            _PUBLISH,
            topic,
            sum(p.count for p in parcels),
            [p.first for p in parcels],
            [p.count for p in parcels],
            [p.messages for p in parcels],
        )
        if first is None:
            raise NotNow(f"topic {topic} is not there")
        return int(first)

    async def close(self) -> None:
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=2)


class PostgresConsumer:
    """Reads its topics from the places its group has committed."""

    def __init__(self, bus: PostgresBus, dsn: str, group: str, topics: Sequence[str], poll_seconds: float) -> None:
        self._bus, self._dsn, self.group, self._topics, self._poll = bus, dsn, group, tuple(topics), poll_seconds
        self._connection: asyncpg.Connection | None = None
        self._next: dict[str, int] = {}  # read up to here
        self._done: dict[str, int] = {}  # worked through up to here
        self._noted: dict[str, int] = {}  # and so far the database knows
        self._noted_at = float("-inf")
        self._arrived, self._looked_at, self._stood_by_at = asyncio.Event(), float("-inf"), float("-inf")
        self._read = " union all ".join(_READ.format(a=2 * i + 2, b=2 * i + 3) for i in range(len(self._topics)))
        self.turns = 0

    async def open(self) -> None:
        await self._bus._opened()
        self._bus.readers.add(self)

    def wake(self, topic: str | None) -> None:
        """Something came on this topic; None when another process says that something came somewhere."""
        if topic is None:
            self._looked_at = float("-inf")
        if topic is None or topic in self._topics:
            self._arrived.set()

    @property
    def leads(self) -> bool:
        """Whether this member is the one of its group that reads."""
        return self._connection is not None and not self._connection.is_closed()

    def behind(self) -> Behind:
        """What it has worked through, and what it has not of all that is known to have been published."""
        done = self._done
        return Behind(sum(done.values()), sum(max(0, self._bus.fresh.end(topic) - place) for topic, place in done.items()))

    async def _leading(self) -> asyncpg.Connection | None:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        if time.monotonic() - self._stood_by_at < self._poll:
            return None  # others lead: no new connection for every message that wakes us
        # A place that is lost with the power is read from again, and the inboxes absorb it: no commit of a place waits for the disk.
        connection = await asyncpg.connect(
            self._dsn, command_timeout=20, timeout=10, server_settings={**HEARTBEAT, "synchronous_commit": "off"}
        )
        if not await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 7203003))", self.group):
            await connection.close()
            self._stood_by_at = time.monotonic()
            return None
        rows = await connection.fetch("select topic, next from places where reader = $1", self.group)
        at = {row["topic"]: row["next"] for row in rows}
        self._noted = {topic: at.get(topic, 0) for topic in self._topics}
        self._next, self._done = dict(self._noted), dict(self._noted)
        self._looked_at = float("-inf")
        self._connection, self.turns = connection, self.turns + 1
        return connection

    async def rewind(self) -> None:
        """Whoever has lost the connection reads the places anew as soon as it leads again."""
        self._next, self._looked_at, self.turns = dict(self._done), float("-inf"), self.turns + 1

    async def poll(self, limit: int, wait_seconds: float) -> list[Received]:
        end = time.monotonic() + wait_seconds
        while True:
            self._arrived.clear()
            try:
                found = await self._fetched(limit)
            except _AWAY as gone:
                raise NotNow(f"the bus does not answer ({type(gone).__name__})") from gone
            left = end - time.monotonic()
            if found or left <= 0:
                return found
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), min(left, self._poll, *self._unnoted()))
            if self._done != self._noted:
                await self._note()

    def _unnoted(self) -> Sequence[float]:
        """In how many seconds a place must be noted, if one must."""
        return () if self._done == self._noted or not self.leads else (max(0.0, self._noted_at + _NOTE_SECONDS - time.monotonic()),)

    async def _fetched(self, limit: int) -> list[Received]:
        connection = await self._leading()
        if connection is None:
            return []
        now, found = time.monotonic(), list[Received]()
        if now - self._looked_at < self._poll:
            found = self._from_memory(limit)
            if found or all(place >= self._bus.fresh.end(topic) for topic, place in self._next.items()):
                return found
        self._looked_at = now
        await self._bus.listen()
        places = [value for topic in self._topics for value in (topic, self._next[topic])]
        rows = await connection.fetch(self._read, max(1, limit // _IN_A_PARCEL), *places)
        taken = dict.fromkeys(self._topics, 0)
        for topic, first, count, text in rows:
            start = max(0, self._next[topic] - first)  # a place may have been committed in the middle of a parcel
            end = min(count, start + limit - taken[topic])
            what = unpacked(topic, text, count)
            found += [_received(topic, first + n, what[n]) for n in range(start, end)]
            if end > start:
                taken[topic] += end - start
                self._next[topic] = first + end
        return found

    def _from_memory(self, limit: int) -> list[Received]:
        """What this process itself published; now and then the database is asked all the same, for what others did."""
        found: list[Received] = []
        for topic in self._topics:
            place = self._next[topic]
            messages = self._bus.fresh.after(topic, place, limit)
            found += [Received(topic, 0, place + n, m.key, m) for n, m in enumerate(messages)]
            self._next[topic] = place + len(messages)
        return found

    async def commit(self, upto: Mapping[tuple[str, int], int]) -> None:
        if not self.leads:
            return  # somebody else reads on from the last commit; the inbox absorbs what comes twice
        for (topic, _), place in upto.items():
            self._done[topic] = place
        await self._note()

    async def _note(self, *, now: bool = False) -> None:
        """Writes the places down, not more often than ten times a second."""
        if not self.leads or self._connection is None or (time.monotonic() - self._noted_at < _NOTE_SECONDS and not now):
            return
        done = dict(self._done)
        try:
            await self._connection.execute(
                "insert into places (reader, topic, next, at) select $1, t, n, now() from unnest($2::text[], $3::bigint[]) as d(t, n) "
                "on conflict (reader, topic) do update set next = excluded.next, at = excluded.at",
                self.group, list(done), list(done.values()),
            )  # fmt: skip
        except _AWAY as gone:
            raise NotNow("the bus does not answer") from gone
        self._noted, self._noted_at = done, time.monotonic()

    async def close(self) -> None:
        self._bus.readers.discard(self)
        if self._done != self._noted:
            with contextlib.suppress(NotNow):
                await self._note(now=True)
        if self._connection is not None and not self._connection.is_closed():
            await self._connection.close(timeout=2)


def _received(topic: str, place: int, what: Message | Unreadable) -> Received:
    if isinstance(what, Unreadable):
        return Received(topic, 0, place, what.key, None, what.raw, what.problem)
    return Received(topic, 0, place, what.key, what)
