"""One batch, one transaction: everything a batch of commands leads to, written by set-based statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from shared.envelope import Message
from shared.parcel import packed
from shared.store.rows import Group, numbering, statement

_encode = msgspec.json.encode


class EventRow(Struct, gc=False):
    """One row of `events`."""

    stream: str
    version: int
    id: str
    type: str
    schema: int
    data: msgspec.Raw
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
    """One row of `subject_keys`; `wrapped` is hexadecimal as PostgreSQL reads bytea."""

    subject: str
    wrapped: str


class EffectRow(Struct, gc=False):
    """One row of `effects_due`."""

    id: str
    effect: str
    stream: str
    version: int
    due_at: datetime


class Commit(Struct):
    """What one transaction writes; `stages` come from `rows.Batch.stages`."""

    events: Sequence[EventRow] = ()
    outbox: Sequence[Message] = ()
    inbox: Sequence[InboxRow] = ()
    keys: Sequence[KeyRow] = ()
    effects: Sequence[EffectRow] = ()
    stages: Sequence[Sequence[Group]] = ()


_COLUMNS = {
    "events": "stream, version, id, type, schema, data, at, actor, correlation, causation",
    "outbox": "topic, count, at, messages",
    "inbox": "event, reaction, refused",
    "subject_keys": "subject, wrapped",
    "effects_due": "id, effect, stream, version, due_at",
}


class Writer:
    """Executes commits on one connection; statements are made once for each combination of things to write."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], str] = {}

    def _statement(self, own: tuple[str, ...], groups: Sequence[Group]) -> str:
        signature = (own, tuple(g.signature for g in groups))
        made = self._made.get(signature)
        if made is not None:
            return made
        parts = [
            f"w{i} as (insert into {table} ({_COLUMNS[table]}) select {_COLUMNS[table]} "
            f"from json_populate_recordset(null::{table}, ${i + 1}::json))"
            for i, table in enumerate(own)
        ]
        for i, group in enumerate(groups, len(own)):
            if group.kind == "number":
                parts.append(numbering(group, f"${i + 1}"))
            parts.append(f"w{i} as ({statement(group, f'${i + 1}')})")
        made = self._made[signature] = f"with {', '.join(parts)} select 1"
        return made

    async def write(self, connection: asyncpg.Connection, commit: Commit) -> None:
        """All of it or none; one round trip unless a row changed in ways that must follow one another."""
        own = [
            (table, rows)
            for table, rows in (
                ("events", commit.events), ("outbox", packed(commit.outbox)), ("inbox", commit.inbox),
                ("subject_keys", commit.keys), ("effects_due", commit.effects),
            )
            if rows
        ]  # fmt: skip
        first, *rest = commit.stages or ((),)
        if not own and not first:
            return
        sql = self._statement(tuple(table for table, _ in own), first)
        values = [_encode(rows).decode() for _, rows in own] + [g.parameter() for g in first]
        if not rest:
            await connection.fetchval(sql, *values)
            return
        async with connection.transaction():
            await connection.fetchval(sql, *values)
            for stage in rest:
                await connection.fetchval(self._statement((), stage), *[g.parameter() for g in stage])
