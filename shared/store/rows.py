"""Row changes to set-based statements: one parameter for each column of a group of rows that change alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import LargeBinary, Table
from sqlalchemy.engine import make_url

from shared.sealing import Keyring
from shared.store.cells import Cells, Parameter, unnested
from shared.store.changes import Add, Change, Drop, Put, RowChange

_encode = msgspec.json.encode
_DIALECT = make_url("postgresql+asyncpg://").get_dialect()()


class Group:
    """Rows of one table that change the same columns the same way."""

    __slots__ = ("columns", "kind", "rows", "table")

    def __init__(self, table: Table, kind: str, columns: tuple[str, ...]) -> None:
        self.table, self.kind, self.columns = table, kind, columns
        self.rows: list[Mapping[str, Any]] = []

    @property
    def signature(self) -> tuple[str, str, tuple[str, ...]]:
        return self.table.name, self.kind, self.columns

    def parameters(self) -> list[Parameter]:
        """One for each column, in the order of `columns`."""
        ready = marks(self.table).ready
        return [ready[column].parameter([row[column] for row in self.rows]) for column in self.columns]


class _Marks:
    """What a table asks of its writer: columns to seal, to hash blindly, to number."""

    __slots__ = ("blind", "key", "plain", "ready", "sealed", "sequence")

    def __init__(self, table: Table) -> None:
        self.key = tuple(c.name for c in table.primary_key.columns)
        assert self.key, f"{table.name} has no primary key"
        self.sealed = tuple((c.name, c.info["sealed"]) for c in table.columns if "sealed" in c.info)
        self.blind = tuple((c.name, c.info["blind"]) for c in table.columns if "blind" in c.info)
        self.sequence = next((c.info["sequence"] for c in table.columns if "sequence" in c.info), None)
        binary = {c.name for c in table.columns if isinstance(c.type, LargeBinary)} - {name for name, _ in self.blind}
        assert not binary, f"{table.name}: {binary} hold bytes but are not marked blind"
        self.plain = not (self.sealed or self.blind)
        self.ready = {c.name: Cells(c.type.compile(dialect=_DIALECT).lower()) for c in table.columns}


@lru_cache(maxsize=512)
def marks(table: Table) -> _Marks:
    return _Marks(table)


def seal_aad(table: str, column: str, subject: str) -> bytes:
    return f"{table}|{column}|{subject}".encode()


def subjects_of(change: RowChange) -> list[str]:
    """Whose keys are needed to write this row."""
    if not isinstance(change, Put | Change):
        return []
    return [_owner(change, column, subject) for column, subject in marks(change.table).sealed if change.values.get(column) is not None]


def _owner(change: Put | Change, column: str, subject: str) -> str:
    owner = change.values.get(subject) or (change.key.get(subject) if isinstance(change, Change) else None)
    assert owner, f"{change.table.name}.{column} is sealed but its row names no {subject}"
    return str(owner)


def _protected(change: Put | Change, values: dict[str, Any], ring: Keyring) -> dict[str, Any]:
    table = change.table
    of = marks(table)
    for column, subject in of.sealed:
        if values.get(column) is not None:
            owner = _owner(change, column, subject)
            values[column] = ring.seal(owner, _encode(values[column]), seal_aad(table.name, column, owner))
    for column, kind in of.blind:
        if values.get(column) is not None:
            values[column] = ring.blind(kind, values[column])
    return values


class Batch:
    """The row changes of one transaction, merged row by row, in the order they were asked for.

    Later changes of the same row are folded into earlier ones; where that would change the meaning a new stage begins, and
    stages are executed one after the other.
    """

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._stages: list[list[Group]] = []
        self._rows: dict[tuple[Table, tuple[Any, ...]], tuple[str, dict[str, Any]]] = {}
        self._numbered: dict[Table, list[dict[str, Any]]] = {}

    def add(self, changes: Iterable[RowChange]) -> None:
        for change in changes:
            table = change.table
            of = marks(table)
            if type(change) is Put:
                values = dict(change.values)
                if not of.plain:
                    values = _protected(change, values, self._ring)
                if of.sequence:
                    self._numbered.setdefault(table, []).append(values)
                    continue
                self._merge(table, tuple([values[k] for k in of.key]), "put", values)
            elif type(change) is Change:
                values = dict(change.values)
                if not of.plain:
                    values = _protected(change, values, self._ring)
                self._merge(table, tuple([change.key[k] for k in of.key]), "change", {**change.key, **values})
            elif type(change) is Add:
                self._merge(table, tuple([change.key[k] for k in of.key]), "add", {**change.key, **change.amounts})
            elif isinstance(change, Drop):
                self._merge(table, tuple([change.key[k] for k in of.key]), "drop", dict(change.key))

    def _merge(self, table: Table, key: tuple[Any, ...], kind: str, values: dict[str, Any]) -> None:
        place = (table, key)
        before = self._rows.get(place)
        if before is None:
            self._rows[place] = (kind, values)
            return
        was, old = before
        if (was, kind) in (("put", "put"), ("put", "change"), ("change", "change")):
            old.update(values)
        elif (was, kind) == ("add", "add"):
            names = marks(table).key
            for column, amount in values.items():
                if column not in names:
                    old[column] = old.get(column, 0) + amount
        elif kind == "drop" and was != "drop":
            self._rows[place] = (kind, values)
        elif kind != "drop":
            self._close_stage()
            self._rows[place] = (kind, values)

    def _close_stage(self) -> None:
        groups: dict[tuple[str, str, tuple[str, ...]], Group] = {}
        for (table, _), (kind, values) in self._rows.items():
            columns = tuple(values)
            group = groups.get((table.name, kind, columns))
            if group is None:
                # The same columns named in another order are the same group.
                columns = tuple(sorted(columns))
                group = groups.setdefault((table.name, kind, columns), Group(table, kind, columns))
                groups[(table.name, kind, tuple(values))] = group
            group.rows.append(values)
        if groups:
            unique = {id(g): g for g in groups.values()}
            self._stages.append(sorted(unique.values(), key=lambda g: g.signature))
        self._rows = {}

    def stages(self) -> list[list[Group]]:
        """What to execute: at least one stage, the first one also holding the numbered rows."""
        self._close_stage()
        if not self._stages:
            self._stages.append([])
        for table, rows in self._numbered.items():
            group = Group(table, "number", tuple(sorted(rows[0])))
            group.rows.extend(rows)
            self._stages[0].append(group)
        return self._stages


def _list(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{n}"' for n in names)


def _set(names: Iterable[str], source: str) -> str:
    return ", ".join(f'"{n}" = {source}."{n}"' for n in names)


def _equal(key: Iterable[str], name: str) -> str:
    return " and ".join(f'{name}."{k}" = d."{k}"' for k in key)


def statement(group: Group, first: int, suffix: str = "") -> str:
    """The body of one data-modifying statement over the parameters from `$first` on; `suffix` names a table grown beside the live one."""
    table, columns = group.table, group.columns
    of = marks(table)
    name, rows = f'"{table.name}{suffix}"', unnested([(c, of.ready[c]) for c in columns], first, numbered=group.kind == "number")
    if group.kind == "put":
        rest = [c for c in columns if c not in of.key]
        action = f"update set {_set(rest, 'excluded')}" if rest else "nothing"
        return f"insert into {name} ({_list(columns)}) select {_list(columns)} from {rows} on conflict ({_list(of.key)}) do {action}"
    if group.kind == "change":
        rest = [c for c in columns if c not in of.key]
        return f"update {name} t set {_set(rest, 'd')} from {rows} where {_equal(of.key, 't')}"
    if group.kind == "add":
        rest = [c for c in columns if c not in of.key]
        grown = ", ".join(f'"{c}" = t."{c}" + excluded."{c}"' for c in rest)
        return (
            f"insert into {name} as t ({_list(columns)}) select {_list(columns)} from {rows} "
            f"on conflict ({_list(of.key)}) do update set {grown}"
        )
    if group.kind == "number":
        number = next(c.name for c in table.columns if "sequence" in c.info)
        return (
            f'insert into {name} ("{number}", {_list(columns)}) '
            f"select (select base from {sequence_name(group)}) + ord - 1, {_list(columns)} from {rows}"
        )
    return f"delete from {name} t using {rows} where {_equal(of.key, 't')}"


def sequence_name(group: Group) -> str:
    return f'"n_{group.table.name}"'


def numbering(group: Group, first: int) -> str:
    """Draws a gapless run of numbers; the row lock makes commits come in the order of their numbers."""
    of = marks(group.table)
    kind, count = of.sequence, f"cardinality({of.ready[group.columns[0]].array(first)})"
    return (
        f"{sequence_name(group)} as (insert into sequences as q (name, next) values ('{kind}', 1 + {count}) "
        f"on conflict (name) do update set next = q.next + {count} returning next - {count} as base)"
    )


def sealed_columns(table: Table) -> tuple[tuple[str, str], ...]:
    return marks(table).sealed
