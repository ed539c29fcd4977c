"""The event store of one service: load, append, read; one PostgreSQL database, one writer in each process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from shared.codec import Codec
from shared.envelope import Envelope
from shared.errors import Malformed, NotNow
from shared.sealing import Keyring
from shared.settings import HEARTBEAT
from shared.store.commit import Commit, Writer

_LOAD = (
    "select stream, version, id, type, schema, data, at, actor, correlation, causation from events "
    "where stream = any($1::text[]) order by stream, version"
)
_LOAD_AFTER = (
    "select e.stream, e.version, id, type, schema, data, at, actor, correlation, causation "
    "from unnest($1::text[], $2::int[]) as known (stream, version) join events e on e.stream = known.stream and e.version > known.version "
    "order by e.stream, e.version"
)
DESTROYED = "kapok_key_destroyed"  # told to every process of the service, so that none keeps the key in memory
_LOOKS_MAX = 20
# A writer meets rows by their keys only; without statistics the planner would read whole tables to change a few rows.
_BY_KEY = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "plan_cache_mode": "force_generic_plan"}
_AWAY = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.TooManyConnectionsError,
         asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.CannotConnectNowError, TimeoutError)  # fmt: skip


async def _untouched(connection: asyncpg.Connection) -> None:
    """Readers set nothing for their session, so there is nothing to reset and a round trip is saved at every look-up."""


@asynccontextmanager
async def answering(what: str) -> AsyncIterator[None]:
    """Turns every sign of an absent database into `NotNow`."""
    try:
        yield
    except asyncpg.CharacterNotInRepertoireError as zero:
        raise Malformed("a text holds a zero character, which no row can hold") from zero
    except _AWAY as gone:
        if isinstance(gone, ValueError):  # a value that fits no column: our own fault, asked again it would be again
            raise
        raise NotNow(f"{what} does not answer ({type(gone).__name__})") from gone


class Store:
    """Connections, keys and codec of one service's database."""

    def __init__(self, service: str, dsn: str, codec: Codec, ring: Keyring, *, readers_max: int = 8, statement_seconds: float = 30) -> None:
        self.service, self.dsn, self.codec, self.ring = service, dsn, codec, ring
        self._readers_max, self._seconds = readers_max, statement_seconds
        self._pool: asyncpg.Pool | None = None
        self._writing: asyncpg.Connection | None = None
        self._writer = Writer()
        self._write_turn = asyncio.Lock()

    async def open(self) -> None:
        async with answering("the store"):
            self._pool = await asyncpg.create_pool(
                self.dsn,
                min_size=1,
                max_size=self._readers_max,
                command_timeout=self._seconds,
                timeout=10,
                max_inactive_connection_lifetime=0,
                reset=_untouched,
            )

    async def close(self) -> None:
        if self._writing is not None and not self._writing.is_closed():
            await self._writing.close(timeout=5)
        if self._pool is not None:
            await self._pool.close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for look-ups; never for a decision's write."""
        assert self._pool is not None, "the store is not open"
        async with answering("the store"), self._pool.acquire(timeout=10) as connection:
            yield connection

    async def connect(self, *, repeatable: bool = False) -> asyncpg.Connection:
        """A connection of one's own, for advisory locks and long reads.

        What is written through a `repeatable` one may be lost with the power and is then done again: it waits for no disk.
        """
        async with answering("the store"):
            settings = {**HEARTBEAT, "synchronous_commit": "off"} if repeatable else HEARTBEAT
            return await asyncpg.connect(self.dsn, command_timeout=self._seconds, timeout=10, server_settings=settings)

    async def write(self, commit: Commit) -> None:
        """One transaction, durable when this returns.

        Raises asyncpg.UniqueViolationError when somebody was first, `NotNow` when the outcome is not known.
        """
        async with self._write_turn, answering("the store"):
            if self._writing is None or self._writing.is_closed():
                self._writing = await asyncpg.connect(
                    self.dsn, command_timeout=self._seconds, timeout=10, statement_cache_size=1024, server_settings=_BY_KEY
                )
            try:
                await self._writer.write(self._writing, commit)
            except asyncpg.InvalidCachedStatementError:
                await self._writer.write(self._writing, commit)

    async def load(self, streams: Sequence[str]) -> dict[str, list[Envelope]]:
        """The whole history of each stream, in order; a stream without events is an empty list."""
        async with self.reading() as connection:
            rows = await connection.fetch(_LOAD, streams)
        found: dict[str, list[Envelope]] = {stream: [] for stream in streams}
        for envelope in await self.decoded(rows):
            found[envelope.stream].append(envelope)
        return found

    async def load_after(self, versions: Mapping[str, int]) -> dict[str, list[Envelope]]:
        """What was added to these streams after these versions, in order; a stream without news is not in the answer."""
        async with self.reading() as connection:
            rows = await connection.fetch(_LOAD_AFTER, list(versions), list(versions.values()))
        found: dict[str, list[Envelope]] = {}
        for envelope in await self.decoded(rows):
            found.setdefault(envelope.stream, []).append(envelope)
        return found

    async def decoded(self, rows: Iterable[Any]) -> list[Envelope]:
        """Rows of `events` as envelopes; the keys of their subjects are fetched by one look-up."""
        codec, ring = self.codec, self.ring
        read = [(row, *codec.read(row["type"], row["schema"], row["data"])) for row in rows]
        await self.know(subject for _, kept, shape in read if kept.sealed for subject in codec.subjects_of(kept, shape))
        return [
            Envelope(
                row["id"], row["stream"], row["version"],
                codec.open(kept, shape, row["id"], row["stream"], ring),
                row["at"], row["actor"], row["correlation"], row["causation"],
            )
            for row, kept, shape in read
        ]  # fmt: skip

    async def know(self, subjects: Iterable[str]) -> list[str]:
        """Fetch these subjects' keys into the ring; answers those that have none yet."""
        wanted, nobody = set(subjects), set[str]()
        for _ in range(_LOOKS_MAX):
            missing = [s for s in self.ring.missing(wanted) if s not in nobody]
            if not missing:
                return list(nobody)
            before = self.ring.forgettings
            async with self.reading() as connection:
                rows = await connection.fetch("select subject, wrapped from subject_keys where subject = any($1::text[])", missing)
            if self.ring.forgettings != before:
                continue  # keys were destroyed or are to be fetched anew: what was read may be older than that
            for row in rows:
                self.ring.learn(row["subject"], row["wrapped"])
            nobody.update(set(missing) - {row["subject"] for row in rows})
        raise NotNow("keys are forgotten faster than they are fetched")

    async def destroy_key(self, subject: str) -> None:
        """After this no copy of what was sealed for this subject opens, here or in a backup older than its keys."""
        async with self.reading() as connection:
            await connection.execute(
                "insert into subject_keys (subject, wrapped, destroyed_at) values ($1, null, now()) "
                "on conflict (subject) do update set wrapped = null, destroyed_at = coalesce(subject_keys.destroyed_at, now())",
                subject,
            )
            await connection.execute("select pg_notify($1, $2)", DESTROYED, subject)
        self.ring.forget(subject)
        self.ring.learn(subject, None)
