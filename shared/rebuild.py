"""Grow a read table from zero beside the live one, compare, swap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import Table
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateTable

from shared.envelope import Envelope
from shared.service import Projection, Service
from shared.store import Store
from shared.store.rows import Batch, Group, marks, statement

_CHUNK = 2000
_SUFFIX = "__new"
_DIALECT = make_url("postgresql+asyncpg://").get_dialect()()
_READ = (
    "select position, stream, version, id, type, schema, data, at, actor, correlation, causation from events "
    "where position > $1 and type = any($2::text[]) order by position limit $3"
)


class Rebuilds:
    """The rebuilding of one service's projections; sealed columns are compared by what they say, not by their ciphertext.

    Deadlines and numbered tables are not rebuilt: working off the former and reading the latter are facts of their own.
    """

    def __init__(self, service: Service, store: Store) -> None:
        self._service, self._store = service, store
        self._projections = {p.name: p for p in service.projections}

    @property
    def names(self) -> Sequence[str]:
        return tuple(self._projections)

    async def listed(self) -> list[dict[str, Any]]:
        rows = []
        async with self._store.reading() as connection:
            rebuilt = {r["name"]: r["rebuilt_at"] for r in await connection.fetch("select name, rebuilt_at from read_tables")}
            for projection in self._service.projections:
                counts = {t.name: await connection.fetchval(f'select count(*) from "{t.name}"') for t in projection.tables}
                name = f"{self._service.name}.{projection.name}"
                rows.append({"name": name, "tables": counts, "rebuilt_at": rebuilt.get(projection.name)})
        return rows

    async def rebuild(self, name: str) -> dict[str, Any]:
        """Answers how many events were read, how many rows differ, per table; the new rows are live afterwards.

        Writers go on meanwhile; the last stretch and the swap happen under a short lock on the events.
        """
        projection = self._projections[name]
        connection = await self._store.connect()
        try:
            await self._beside(connection, projection.tables)
            position, read = await self._grown(connection, projection, 0)
            async with connection.transaction():
                await connection.execute("set local lock_timeout = '10s'; lock table events in exclusive mode")
                _, more = await self._grown(connection, projection, position)
                differing = {t.name: await self._differing(connection, t) for t in projection.tables}
                for table in projection.tables:
                    await connection.execute(f'delete from "{table.name}"')
                    # By name: a column that was added to a table of before stands at its end.
                    names = ", ".join(f'"{column.name}"' for column in table.columns)
                    await connection.execute(f'insert into "{table.name}" ({names}) select {names} from "{table.name}{_SUFFIX}"')
                    await connection.execute(f'drop table "{table.name}{_SUFFIX}"')
                await connection.execute(
                    "insert into read_tables (name, fingerprint, rebuilt_at) values ($1, '', now()) "
                    "on conflict (name) do update set rebuilt_at = now()",
                    name,
                )
        finally:
            await connection.close()
        return {"projection": f"{self._service.name}.{name}", "events": read + more, "differing_rows": differing}

    async def _beside(self, connection: asyncpg.Connection, tables: Sequence[Table]) -> None:
        for table in tables:
            await connection.execute(f'drop table if exists "{table.name}{_SUFFIX}"')
            made = str(CreateTable(table).compile(dialect=_DIALECT))
            await connection.execute(made.replace(f"CREATE TABLE {table.name}", f'create table "{table.name}{_SUFFIX}"', 1))

    async def _grown(self, connection: asyncpg.Connection, projection: Projection, position: int) -> tuple[int, int]:
        types = [self._store.codec.name_of(event) for event in projection.on]
        count = 0
        while True:
            rows = await connection.fetch(_READ, position, types, _CHUNK)
            if not rows:
                return position, count
            await self._fill(connection, projection, await self._store.decoded(rows))
            position, count = rows[-1]["position"], count + len(rows)

    async def _fill(self, connection: asyncpg.Connection, projection: Projection, events: Sequence[Envelope]) -> None:
        own = {table.name for table in projection.tables}
        batch = Batch(self._store.ring)
        for e in events:
            batch.add(change for change in projection.on[type(e.data)](e) if change.table.name in own)
        for stage in batch.stages():
            for group in stage:
                await connection.execute(_beside(group), *group.parameters())

    async def _differing(self, connection: asyncpg.Connection, table: Table) -> int:
        sealed = {name for name, _ in marks(table).sealed}
        columns = ", ".join(f'"{c.name}"' for c in table.columns if c.name not in sealed)
        old, new = f'select {columns} from "{table.name}"', f'select {columns} from "{table.name}{_SUFFIX}"'
        return int(
            await connection.fetchval(f"select count(*) from ((({old}) except all ({new})) union all (({new}) except all ({old}))) d")
        )


def _beside(group: Group) -> str:
    return statement(group, 1, _SUFFIX)
