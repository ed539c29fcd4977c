"""Making and growing a store's tables: the mechanism's from schema.sql, a room's from its definitions and its migrations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib import resources

import asyncpg
from sqlalchemy import MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # the library does not annotate it
_LOCK = 7_203_001  # one process migrates, the others wait


def _made(table: Table) -> str:
    return str(CreateTable(table, if_not_exists=True).compile(dialect=_DIALECT))


def _indexes(table: Table) -> list[str]:
    return [str(CreateIndex(i, if_not_exists=True).compile(dialect=_DIALECT)) for i in sorted(table.indexes, key=lambda i: str(i.name))]


def fingerprint(tables: Iterable[Table]) -> str:
    """Changes when the shape of any of these tables changes."""
    text = "\n".join(line for table in tables for line in (_made(table), *_indexes(table)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


async def migrate(connection: asyncpg.Connection, room: MetaData) -> None:
    """Bring the database to today's shape; safe to call from every process at every start."""
    schema = resources.files("shared.store").joinpath("schema.sql").read_text("utf-8")
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(schema)
        for table in room.sorted_tables:
            await connection.execute(_made(table))
            await _new_columns(connection, table)
            for line in _indexes(table):  # one may be over a column that is new
                await connection.execute(line)


async def _new_columns(connection: asyncpg.Connection, table: Table) -> None:
    rows = await connection.fetch("select column_name from information_schema.columns where table_name = $1", table.name)
    there = {row["column_name"] for row in rows}
    for column in table.columns:
        if column.name not in there:
            # A read table may gain columns that may be empty; anything more is a rebuild.
            await connection.execute(f'alter table "{table.name}" add column "{column.name}" {column.type.compile(dialect=_DIALECT)}')
