"""Columns of many rows as parameters of one statement: texts joined to one text, numbers as an array."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from shared.errors import Malformed

Parameter = str | Sequence[Any]
_SEPARATOR, _NULL = "\x1f", "\x1e"
_ZERO_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_ARRAYS = {"integer", "bigint", "smallint", "boolean", "bytea"}
_encode = msgspec.json.encode


class Cells:
    """How the values of one column travel: by its SQL type in lower case.

    One text that PostgreSQL splits costs the driver a tenth of an array of as many texts, and PostgreSQL a fraction of
    JSON objects; numbers and bytes are cheap as an array. The one text begins with the character that parts its texts and
    the one that stands for NULL: any two that occur in none of them. `encoded` says that JSON comes as text already.
    """

    __slots__ = ("_array", "_json", "_make", "_type")

    def __init__(self, sql_type: str, *, encoded: bool = False) -> None:
        self._type, self._array, self._json = sql_type, sql_type in _ARRAYS, sql_type in ("json", "jsonb")
        self._make: Callable[[Any], Any] | None = None
        if sql_type.endswith("[]"):
            self._make = _literal
        elif self._json and not encoded:
            self._make = _json
        elif sql_type.startswith(("timestamp", "date")):
            self._make = _moment

    def parameter(self, values: Sequence[Any]) -> Parameter:
        """The parameter that `array` reads; raises `Malformed` for a text that PostgreSQL cannot keep."""
        if self._array:
            return values
        texts = values
        if self._make is _moment:  # most rows of a batch name the same moments
            known: dict[Any, str | None] = {}
            texts = [known.get(v) or known.setdefault(v, _moment(v)) for v in values]
        elif self._make is not None:
            make = self._make
            texts = [None if v is None else make(v) for v in values]
        if self._json:  # no control character stands in it as such
            return _joined(texts)
        whole = "".join(filter(None, texts))
        if "\0" in whole:
            raise _zero()
        if not (whole.isascii() or _encodes(whole)):
            raise _half()
        return _joined(texts, *_unused(whole)) if _SEPARATOR in whole or _NULL in whole else _joined(texts)

    def array(self, parameter: int) -> str:
        """The array that parameter `$n` holds, in SQL; its elements still want `cast`."""
        if self._array:
            return f"${parameter}::{self._type}[]"
        given = f"${parameter}::text"
        texts = f"string_to_array(right({given}, -3), left({given}, 1), substr({given}, 2, 1))"
        return f"coalesce(nullif({texts}, '{{}}'), '{{\"\"}}')"  # a single empty text splits to nothing at all

    @property
    def cast(self) -> str:
        """What an element must be cast with."""
        return "" if self._array or self._type == "text" else f"::{self._type}"


def _literal(values: Iterable[str]) -> str:
    return "{" + ",".join(['"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"' for v in values]) + "}"


def _json(value: Any) -> str:
    try:
        text = _encode(value).decode()
    except UnicodeEncodeError:
        raise _half() from None
    if "\\u0000" in text and _ZERO_IN_JSON.search(text):
        raise _zero()
    return text


def _moment(value: date | str | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def _zero() -> Malformed:
    return Malformed("a text holds a zero character, which cannot be kept")


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _half() -> Malformed:
    return Malformed("a text holds half of a character, which cannot be kept")


def _joined(texts: Sequence[Any], separator: str = _SEPARATOR, null: str = _NULL) -> str:
    """Separator, mark of NULL and separator again, then the texts."""
    try:
        return separator.join(["", null, *texts])
    except TypeError:  # a None is among them; columns without are spared the look at every text
        return separator.join(["", null, *[null if t is None else t for t in texts]])


def _unused(text: str) -> tuple[str, str]:
    """Two characters that do not occur in this text."""
    used = set(text)
    free = (c for c in map(chr, range(1, sys.maxunicode)) if c not in used and not "\ud800" <= c <= "\udfff")
    return next(free), next(free)


def unnested(columns: Sequence[tuple[str, Cells]], first: int, *, numbered: bool = False) -> str:
    """Rows named `d` of these columns, an item of FROM; their parameters are `$first` and following; `ord` counts from 1 if wanted."""
    arrays = ", ".join(cells.array(n) for n, (_, cells) in enumerate(columns, first))
    names = ", ".join(f'"{name}"' for name, _ in columns)
    values = ", ".join(f'"{name}"{cells.cast} as "{name}"' for name, cells in columns)
    order, by = (", ord", " with ordinality") if numbered else ("", "")
    return f"(select {values}{order} from unnest({arrays}){by} as a({names}{order})) d"
