"""Rows of HSDS tables held against their description: values of the right kind, or faults that name table, row, field and rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from services.matching.hsds.description import TABLES, Field, Shape
from services.matching.hsds.files import EXTRA
from services.matching.hsds.rows import OFFSET

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_SECONDS = re.compile(r"(:00(\.0+)?)?")
_FIRST, _LAST = date(1900, 1, 1), date(2200, 12, 31)


class Fault(Struct, frozen=True, order=True):
    """What is wrong where: rows count from 1 without the header; `rule` is a code; the value itself is not repeated."""

    table: str
    row: int
    field: str
    rule: str
    detail: str = ""


class Row(Struct, frozen=True):
    """A row whose fields are read; what is missing is missing. `whole`: nothing is wrong with it."""

    n: int
    values: Mapping[str, Any]
    whole: bool

    def get(self, field: str) -> Any:
        return self.values.get(field)


class Wrong(Exception):
    """`args` are the rule and what is expected."""


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong("text", "a text is expected")
    if len(value) > field.most:
        raise Wrong("length", f"at most {field.most} characters")
    if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise Wrong("text", "a zero character or half of a character")
    return value


def _id(field: Field, value: Any) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise Wrong("id", "a UUID, or up to 64 letters, digits and _.:-")
    return value


def _number(field: Field, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str) or (isinstance(value, str) and len(value) > 40):
        raise Wrong("number", "a number is expected")
    try:
        number = Decimal(value)
    except ArithmeticError:
        raise Wrong("number", "a number is expected") from None
    if not number.is_finite() or not 0 <= number <= field.most:
        raise Wrong("range", f"from 0 to {field.most:,}")
    return number


def _whole(field: Field, value: Any) -> int:
    number = _number(field, value)
    if number != int(number):
        raise Wrong("whole", "a whole number is expected")
    return int(number)


def _money(field: Field, value: Any) -> Decimal:
    number = _number(field, value)
    if number * 100 != int(number * 100):
        raise Wrong("cents", "at most two decimals")
    return number


def _day(field: Field, value: Any) -> date:
    if not isinstance(value, str) or not _DAY.match(value) or len(value) > 40:
        raise Wrong("day", "a day such as 2026-11-23")
    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        raise Wrong("day", "there is no such day") from None
    if not _FIRST <= day <= _LAST or (len(value) > 10 and value[10] != "T"):
        raise Wrong("day", "a day of the years 1900 to 2200")
    return day


def _time(field: Field, value: Any) -> str:
    """HH:MM in China; seconds and the offset of China may follow."""
    text = value if isinstance(value, str) else ""
    at, behind = text[:5], text[5:].removesuffix(OFFSET)
    if not _TIME.fullmatch(at) or not _SECONDS.fullmatch(behind):
        raise Wrong("time", f"a time such as 09:00 or 09:00{OFFSET}")
    return at


def _days(field: Field, value: Any) -> tuple[str, ...]:
    days = tuple(_text(field, value).replace(" ", "").split(","))
    if not set(days) <= set(field.among) or len(set(days)) != len(days):
        raise Wrong("byday", f"of {','.join(field.among)}, each once")
    return days


def _choice(field: Field, value: Any) -> str:
    if value not in field.among:
        raise Wrong("among", f"one of: {', '.join(field.among)}")
    return str(value)


_KINDS = {
    "id": _id, "ref": _id, "text": _text, "whole": _whole, "number": _money, "day": _day, "time": _time, "days": _days, "choice": _choice,
}  # fmt: skip


def _row(shape: Shape, n: int, told: Any, faults: list[Fault]) -> Row:
    if not isinstance(told, dict):
        faults.append(Fault(shape.name, n, "", "row", "an object is expected"))
        return Row(n, {}, False)
    before, values = len(faults), {}
    if EXTRA in told:
        faults.append(Fault(shape.name, n, "", "columns", "more cells than columns"))
    for field in shape.fields:
        value = told.get(field.name)
        if value is None or value == "":
            if field.required:
                faults.append(Fault(shape.name, n, field.name, "required"))
            continue
        try:
            values[field.name] = _KINDS[field.kind](field, value)
        except Wrong as wrong:
            faults.append(Fault(shape.name, n, field.name, *wrong.args))
    return Row(n, values, len(faults) == before)


def checked(tables: Mapping[str, Iterable[Any]]) -> tuple[dict[str, list[Row]], list[Fault]]:
    """Every row of every table, each id once; and all that is wrong with them."""
    found: dict[str, list[Row]] = {name: [] for name in TABLES}
    faults: list[Fault] = []
    for name, shape in TABLES.items():
        seen: set[str] = set()
        for n, told in enumerate(tables.get(name, ()), 1):
            row = _row(shape, n, told, faults)
            key = row.get("id")
            if key in seen:
                faults.append(Fault(name, n, "id", "unique", "this id is there before"))
                row = Row(n, row.values, False)
            elif key is not None:
                seen.add(key)
            found[name].append(row)
    return found, faults
