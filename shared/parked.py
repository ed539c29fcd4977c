"""Messages that cannot be worked through, kept in order with every later one of their key, until someone redrives or sets them aside."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.clock import Clock
from shared.envelope import Message, Received
from shared.parcel import packed
from shared.store import Store

_SET_ASIDE = (
    "select topic, partition, place from parked join unnest($1::text[], $2::int[], $3::bigint[]) as asked (topic, partition, place) "
    "using (topic, partition, place) where set_aside_by is not null"
)


class SetAside(BaseModel):
    """Why this message will never be worked through, in the words of whoever decides it; no row can hold a zero character."""

    model_config = ConfigDict(strict=True, extra="forbid")
    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500, pattern=r"^[^\x00]*$")]


class Parking:
    """The parked messages of one service; `turn` is held while messages are worked through, so that order holds."""

    def __init__(self, service: str, store: Store, clock: Clock) -> None:
        self._topic, self._store, self._clock = f"{service}.parked", store, clock
        self._blocked: set[str] = set()
        self.turn = asyncio.Lock()

    def blocks(self, key: str) -> bool:
        return key in self._blocked

    @property
    def blocked_keys(self) -> int:
        return len(self._blocked)

    def are(self, keys: set[str]) -> None:
        """These are parked now; other processes park and redrive too."""
        self._blocked = keys

    async def refresh(self) -> None:
        async with self._store.reading() as connection:
            rows = await connection.fetch("select distinct key from parked where redriven_at is null")
        self._blocked = {row["key"] for row in rows}

    async def park(self, one: Received, reason: str, *, reaction: str | None = None) -> None:
        """Keep the message and tell the dead-letter topic that it is there: ids and codes, never its text."""
        m = one.message
        notice = {
            "topic": one.topic,
            "partition": one.partition,
            "offset": one.offset,
            "event_id": m.id if m else None,
            "event_type": m.type if m else None,
            "reason": reason,
        }
        value = m.value if m else one.raw
        async with self._store.reading() as connection, connection.transaction():
            row = await connection.fetchrow(
                "insert into parked (event, topic, partition, place, key, type, value, at, correlation, causation, reaction, reason) "
                "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
                "on conflict (topic, partition, place) do update set attempts = parked.attempts + 1, last_at = now() "
                "returning attempts = 1 as fresh, redriven_at is null as waits",
                m.id if m else None, one.topic, one.partition, one.offset, one.key, m.type if m else None, value,
                m.at if m else None, m.correlation if m else None, m.causation if m else None, reaction, reason,
            )  # fmt: skip
            if row["fresh"]:
                story = (m.correlation if m else None) or "unknown"
                said = Message(
                    self._clock.new_id(), self._topic + ".v1", self._topic, one.key, msgspec.json.encode(notice), self._clock.now(), story,
                    m.id if m else None,
                )  # fmt: skip
                for parcel in packed([said]):
                    await connection.execute(
                        "insert into outbox (topic, count, at, messages) values ($1, $2, $3, $4)",
                        parcel.topic, parcel.count, parcel.at, parcel.messages,
                    )  # fmt: skip
        if row["waits"]:  # read again after it was set aside, it must not close its key once more
            self._blocked.add(one.key)

    async def of_key(self, parked_id: int) -> list[tuple[int, Received]]:
        """Everything still parked for the key of this message, oldest first."""
        async with self._store.reading() as connection:
            rows = await connection.fetch(
                "select * from parked where redriven_at is null and key = (select key from parked where id = $1) order by id", parked_id
            )
        return [(row["id"], _received(row)) for row in rows]

    async def redriven(self, row_id: int) -> None:
        async with self._store.reading() as connection:
            await connection.execute("update parked set redriven_at = now() where id = $1", row_id)

    async def set_aside(self, row_id: int, by: str, why: str) -> bool:
        """Never to be worked through; what is parked behind it stays until it is redriven. False when it is not parked (any more)."""
        async with self._store.reading() as connection:
            done = await connection.fetchval(
                "update parked set redriven_at = now(), set_aside_by = $2, set_aside_why = $3 where id = $1 and redriven_at is null returning id",
                row_id, by, why,
            )  # fmt: skip
        return done is not None

    async def set_aside_among(self, received: Sequence[Received]) -> set[tuple[str, int, int]]:
        """The places of those that were set aside; by place, as one that cannot be read has no id to know it by."""
        topics, partitions, places = [one.topic for one in received], [one.partition for one in received], [one.offset for one in received]
        async with self._store.reading() as connection:
            return {tuple(row) for row in await connection.fetch(_SET_ASIDE, topics, partitions, places)}

    async def listed(self, limit: int = 200) -> list[dict[str, Any]]:
        """What waits to be redriven, oldest first: place, type, key, cause, age; no payload."""
        async with self._store.reading() as connection:
            rows = await connection.fetch(
                "select id, topic, partition, place, key, type, event, reaction, reason, attempts, first_at, last_at "
                "from parked where redriven_at is null order by id limit $1",
                limit,
            )
        return [dict(row) for row in rows]


def _received(row: Any) -> Received:
    if row["event"] is None or row["type"] is None or row["at"] is None:
        return Received(row["topic"], row["partition"], row["place"], row["key"], None, row["value"], row["reason"])
    message = Message(
        row["event"], row["type"], row["topic"], row["key"], row["value"], row["at"], row["correlation"] or row["event"], row["causation"]
    )
    return Received(row["topic"], row["partition"], row["place"], row["key"], message)
