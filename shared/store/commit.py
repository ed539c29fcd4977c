"""One batch, one transaction: everything a batch of commands leads to, written by set-based statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
from msgspec import Struct
from msgspec.structs import astuple

from shared.envelope import Envelope, Message
from shared.parcel import packed
from shared.store.cells import Cells, unnested
from shared.store.rows import Group, numbering, statement


class EventRow(Struct, gc=False):
    """One row of `events`."""

    stream: str
    version: int
    id: str
    type: str
    schema: int
    data: str
    at: datetime
    actor: str
    correlation: str
    causation: str | None


class InboxRow(Struct, gc=False):
    """One row of `inbox`: this reaction has worked through this message."""

    event: str
    reaction: str
    refused: str | None = None


class KeyRow(Struct, gc=False):
    """One row of `subject_keys`."""

    subject: str
    wrapped: bytes


class EffectRow(Struct, gc=False):
    """One row of `effects_due`."""

    id: str
    effect: str
    stream: str
    version: int
    due_at: datetime


class OutboxRow(Struct, gc=False):
    """One row of `outbox`: a parcel of public events."""

    topic: str
    count: int
    at: datetime
    messages: bytes


class Commit(Struct):
    """What one transaction writes; `stages` come from `rows.Batch.stages`.

    `calls` are the events behind `effects`, in their order. `posted` is known once it is durable: the ids of the rows of the
    outbox, in the order of the messages, each with how many of them it holds.
    """

    events: Sequence[EventRow] = ()
    outbox: Sequence[Message] = ()
    inbox: Sequence[InboxRow] = ()
    keys: Sequence[KeyRow] = ()
    effects: Sequence[EffectRow] = ()
    stages: Sequence[Sequence[Group]] = ()
    calls: Sequence[Envelope] = ()
    posted: Sequence[tuple[int, int]] = ()


# The mechanism's own tables: their columns in the order of the structs above.
_OWN: Mapping[str, Mapping[str, Cells]] = {
    "events": {
        "stream": Cells("text"), "version": Cells("integer"), "id": Cells("text"), "type": Cells("text"), "schema": Cells("smallint"),
        "data": Cells("json", encoded=True), "at": Cells("timestamptz"), "actor": Cells("text"), "correlation": Cells("text"),
        "causation": Cells("text"),
    },
    "outbox": {"topic": Cells("text"), "count": Cells("integer"), "at": Cells("timestamptz"), "messages": Cells("bytea")},
    "inbox": {"event": Cells("uuid"), "reaction": Cells("text"), "refused": Cells("text")},
    "subject_keys": {"subject": Cells("text"), "wrapped": Cells("bytea")},
    "effects_due": {
        "id": Cells("text"), "effect": Cells("text"), "stream": Cells("text"), "version": Cells("integer"), "due_at": Cells("timestamptz"),
    },
}  # fmt: skip


def _posted(messages: Sequence[Message]) -> list[OutboxRow]:
    return [OutboxRow(p.topic, p.count, p.at, p.messages) for p in packed(messages)]


class Writer:
    """Executes commits on one connection; statements are made once for each combination of things to write."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], str] = {}

    def _statement(self, own: tuple[str, ...], groups: Sequence[Group]) -> str:
        signature = (own, tuple(g.signature for g in groups))
        made = self._made.get(signature)
        if made is not None:
            return made
        parts, first, answer = [], 1, "null::bigint[]"
        for table in own:
            columns = _OWN[table]
            names, returning = ", ".join(columns), ""
            if table == "outbox":
                returning, answer = " returning id", f"array(select id from w{first} order by id)"
            parts.append(
                f"w{first} as (insert into {table} ({names}) select {names} from {unnested(list(columns.items()), first)}{returning})"
            )
            first += len(columns)
        for group in groups:
            if group.kind == "number":
                parts.append(numbering(group, first))
            parts.append(f"w{first} as ({statement(group, first)})")
            first += len(group.columns)
        made = self._made[signature] = f"with {', '.join(parts)} select {answer}"
        return made

    async def write(self, connection: asyncpg.Connection, commit: Commit) -> None:
        """All of it or none; one round trip unless a row changed in ways that must follow one another."""
        parcels = _posted(commit.outbox)
        own = [
            (table, rows)
            for table, rows in (
                ("events", commit.events), ("outbox", parcels), ("inbox", commit.inbox),
                ("subject_keys", commit.keys), ("effects_due", commit.effects),
            )
            if rows
        ]  # fmt: skip
        first, *rest = commit.stages or ((),)
        if not own and not first:
            return
        sql = self._statement(tuple(table for table, _ in own), first)
        values = [
            cells.parameter(column)
            for table, rows in own
            for cells, column in zip(_OWN[table].values(), zip(*map(astuple, rows), strict=True), strict=True)
        ]
        values += [column for group in first for column in group.parameters()]
        if not rest:
            commit.posted = _numbered(await connection.fetchval(sql, *values), parcels)
            return
        async with connection.transaction():
            posted = await connection.fetchval(sql, *values)
            for stage in rest:
                await connection.fetchval(self._statement((), stage), *[column for group in stage for column in group.parameters()])
        commit.posted = _numbered(posted, parcels)


def _numbered(ids: Sequence[int] | None, parcels: Sequence[OutboxRow]) -> list[tuple[int, int]]:
    return [(number, parcel.count) for number, parcel in zip(ids or (), parcels, strict=True)]
