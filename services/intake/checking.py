"""A row of a file as the report it is, or what is wrong with it: by field and rule, never by its words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from services.intake.asked import ReportIn
from services.intake.files.table import Row, Wrong

_WRONG_MAX = 20
_NAME = re.compile(r"[A-Za-z0-9_\[\]-]{1,60}")
_ANOTHER = "…"  # stands where a name of the sender's own stood: a name may hold a person's data too


class _Pairs(list[tuple[str, Any]]):
    """The fields of an object as they were written, also those that stand twice."""


class Refused(Exception):
    """A row that is no report."""

    def __init__(self, name: str, title: str, wrong: Iterable[Wrong]) -> None:
        super().__init__(name)
        self.name, self.title, self.wrong = name, title, tuple(wrong)

    def problem(self) -> dict[str, Any]:
        """As a line's `problem` is answered."""
        return problem(self.name, self.title, self.wrong)


def problem(name: str, title: str, wrong: Iterable[Wrong] = ()) -> dict[str, Any]:
    """A problem as it stands in the answer of a line."""
    errors = [{"pointer": one.pointer, "detail": one.detail} for one in wrong]
    return {"type": f"urn:kapok:problem:{name}", "title": title, **({"errors": errors} if errors else {})}


def checked(row: Row) -> ReportIn:
    """The report of this row; raises `Refused`. What only the day or the store can tell is not looked at here."""
    if row.wrong:
        name = "LineTooLong" if "bytes" in row.wrong[0].detail and not row.wrong[0].pointer else "InvalidRequest"
        raise Refused(name, "Some fields are missing or wrong." if row.wrong[0].pointer else "The row cannot be read.", row.wrong)
    try:
        body = ReportIn.model_validate_json(row.body)
    except ValidationError as fault:
        raise Refused("InvalidRequest", "Some fields are missing or wrong.", _wrong(fault)) from None
    twice = _twice(row.body)
    if twice is not None:
        raise Refused("InvalidRequest", "Some fields are missing or wrong.", [Wrong(twice, "stands twice")])
    return body


def _wrong(fault: ValidationError) -> list[Wrong]:
    found = fault.errors(include_input=False, include_url=False, include_context=False)
    return [Wrong(_pointer(one["loc"]), _rule(one)) for one in found[:_WRONG_MAX]]


def _pointer(place: Iterable[Any]) -> str:
    return "".join("/" + (str(part) if _NAME.fullmatch(str(part)) else _ANOTHER) for part in place)


def _rule(error: Mapping[str, Any]) -> str:
    """The rule in plain words. Only how JSON broke could quote, and it tells a place."""
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:300] if error["type"] != "json_invalid" else re.sub(r"[`'\"].*[`'\"]", _ANOTHER, message)[:300]


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise KeyError
    return found


_DISTINCT = json.JSONDecoder(object_pairs_hook=_distinct)


def _twice(body: bytes) -> str | None:
    """A pointer to the first field that stands twice in its object."""
    try:
        _DISTINCT.decode(body.decode())
    except KeyError:
        return _first_twice(json.loads(body, object_pairs_hook=_Pairs), ())
    return None


def _first_twice(value: Any, place: tuple[Any, ...]) -> str | None:
    inside: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, _Pairs):
        seen = set[str]()
        for name, _ in value:
            if name in seen:
                return _pointer((*place, name))
            seen.add(name)
        inside = value
    elif isinstance(value, list):
        inside = enumerate(value)
    return next((found for name, one in inside if (found := _first_twice(one, (*place, name))) is not None), None)
