"""What projections ask of a store: changes of single rows, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import Table


class Put(Struct, frozen=True, gc=False):
    """The row with this primary key has exactly these values (inserted, or these columns overwritten)."""

    table: Table
    values: Mapping[str, Any]


class Change(Struct, frozen=True, gc=False):
    """Columns of an existing row change; no row, no effect. `key` holds the whole primary key."""

    table: Table
    key: Mapping[str, Any]
    values: Mapping[str, Any]


class Add(Struct, frozen=True, gc=False):
    """Counters of a row grow by these amounts; the row is made when it is missing."""

    table: Table
    key: Mapping[str, Any]
    amounts: Mapping[str, int]


class Drop(Struct, frozen=True, gc=False):
    """The row with this primary key is gone."""

    table: Table
    key: Mapping[str, Any]


RowChange = Put | Change | Add | Drop
