"""Columns of many rows as parameters of one statement: texts joined to one text, numbers as an array."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

Parameter = str | Sequence[Any]
_SEPARATOR, _NULL = "\x1f", "\x1enull\x1e"
_PICTURES = str.maketrans({"\x1f": "\u241f", "\x1e": "\u241e"})
_ARRAYS = {"integer", "bigint", "smallint", "boolean", "bytea"}
_encode = msgspec.json.encode


class Cells:
    """How the values of one column travel: by its SQL type in lower case.

    One text that PostgreSQL splits costs the driver a tenth of an array of as many texts, and PostgreSQL a fraction of
    JSON objects; numbers and bytes are cheap as an array. A separator within a text arrives as its visible picture.
    `encoded` says that JSON comes as text already.
    """

    __slots__ = ("_array", "_make", "_type")

    def __init__(self, sql_type: str, *, encoded: bool = False) -> None:
        self._type, self._array = sql_type, sql_type in _ARRAYS
        self._make: Callable[[Any], Any] | None = None
        if sql_type.endswith("[]"):
            self._make = _literal
        elif sql_type in ("json", "jsonb") and not encoded:
            self._make = _json
        elif sql_type.startswith(("timestamp", "date")):
            self._make = _moment
        elif sql_type == "bytea":
            self._make = _bytes

    def parameter(self, values: Sequence[Any]) -> Parameter:
        """The parameter that `array` reads."""
        if self._array:
            return values if self._make is None else [self._make(v) for v in values]
        if self._make is None:
            texts = [_NULL if v is None else v for v in values]
        elif self._make is _moment:  # most rows of a batch name the same moments
            known: dict[Any, str] = {None: _NULL}
            texts = [known.get(v) or known.setdefault(v, _moment(v)) for v in values]
        else:
            make = self._make
            texts = [_NULL if v is None else make(v) for v in values]
        joined = _SEPARATOR.join(texts)
        if joined.count(_SEPARATOR) != len(texts) - 1:
            joined = _SEPARATOR.join([t if t == _NULL else t.translate(_PICTURES) for t in texts])
        return joined

    def array(self, parameter: int) -> str:
        """The array that parameter `$n` holds, in SQL; its elements still want `cast`."""
        if self._array:
            return f"${parameter}::{self._type}[]"
        # A single empty text splits to nothing at all.
        return f"coalesce(nullif(string_to_array(${parameter}::text, E'\\x1f', E'\\x1enull\\x1e'), '{{}}'), '{{\"\"}}')"

    @property
    def cast(self) -> str:
        """What an element must be cast with."""
        return "" if self._array or self._type == "text" else f"::{self._type}"


def _literal(values: Iterable[str]) -> str:
    return "{" + ",".join(['"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"' for v in values]) + "}"


def _json(value: Any) -> str:
    return _encode(value).decode()


def _moment(value: date | str) -> str:
    return value if isinstance(value, str) else value.isoformat()


def _bytes(value: bytes | str | None) -> bytes | None:
    """`\\x…` is how a blind index stands in a row."""
    return bytes.fromhex(value[2:]) if isinstance(value, str) else value


def unnested(columns: Sequence[tuple[str, Cells]], first: int, *, numbered: bool = False) -> str:
    """Rows named `d` of these columns, an item of FROM; their parameters are `$first` and following; `ord` counts from 1 if wanted."""
    arrays = ", ".join(cells.array(n) for n, (_, cells) in enumerate(columns, first))
    names = ", ".join(f'"{name}"' for name, _ in columns)
    values = ", ".join(f'"{name}"{cells.cast} as "{name}"' for name, cells in columns)
    order, by = (", ord", " with ordinality") if numbered else ("", "")
    return f"(select {values}{order} from unnest({arrays}){by} as a({names}{order})) d"
