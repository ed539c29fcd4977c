"""What every door demands of instants, days, languages, texts and numbers, so that nothing is kept which cannot be read again."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from shared.clock import local_day

# Wide enough for whoever lives and whatever is planned; far from the ends of the calendar, where adding a deadline or an offset fails.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)
_EARLIEST, _AFTER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)
_OFFSET_MAX = timedelta(hours=14)  # the furthest that a clock on earth is from UTC
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = f"must lie in the years {FIRST_DAY.year} to {LAST_DAY.year}"
_TEXT_MAX, _LISTED_MAX = 200, 80
_NUMBER_MAX = 2**63 - 1  # what a bigint holds, and every reader of ours


def _instant_text(value: Any) -> Any:
    # A bare number would be taken for seconds since 1970.
    if not isinstance(value, datetime) and not (isinstance(value, str) and _DAY.match(value)):
        raise ValueError("must be written as an instant, such as 2026-11-23T09:12:00+08:00")
    return value


def _day_text(value: Any) -> Any:
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("must be written as a day, such as 2026-11-23")
    return value


def _bounded_instant(value: datetime) -> datetime:
    offset = value.utcoffset()
    if offset is None:
        raise ValueError("needs a time zone offset")
    if abs(offset) > _OFFSET_MAX:
        raise ValueError("needs a time zone offset of at most 14 hours")
    if not _EARLIEST <= value < _AFTER:
        raise ValueError(_YEARS)
    return value.astimezone(UTC)


def _bounded_day(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(_YEARS)
    return value


def _day_told(value: Any) -> Any:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.match(value):
        raise ValueError("must be a day or an instant")
    try:
        told = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    except ValueError:
        raise ValueError("must be a day or an instant") from None
    return local_day(_bounded_instant(told)) if isinstance(told, datetime) else told


def _no_zero(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold a zero character")
    return value


def _short(value: Any, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"must hold texts of at most {most} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must not hold half of a character") from None
    return _no_zero(value)


def _value(value: Any) -> Any:
    # One function instead of a union, which would answer with a complaint of each of its members.
    match value:
        case None | bool():
            return value
        case int() | float():
            if not abs(value) <= _NUMBER_MAX:  # what is no number is not below the bound either
                raise ValueError(f"a number must lie between -{_NUMBER_MAX} and {_NUMBER_MAX}")
            return value
        case str():
            return _short(value, _TEXT_MAX)
        case list():
            return [_short(one, _LISTED_MAX) for one in value]
    raise ValueError("must be yes or no, a number, a text, a list of texts, or null")


WHOLE = AfterValidator(_no_zero)  # for every text that no pattern bounds: a row cannot hold a zero character
Instant = Annotated[datetime, Field(strict=False), BeforeValidator(_instant_text), AfterValidator(_bounded_instant)]
Day = Annotated[date, Field(strict=False), BeforeValidator(_day_text), AfterValidator(_bounded_day)]
# An instant stands for its day in Asia/Shanghai.
DayOrInstant = Annotated[
    date, Field(strict=False), BeforeValidator(_day_told), AfterValidator(_bounded_day),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}),
]  # fmt: skip
# A language travels with its case, so it may be nothing but a tag (BCP 47): zh, en, yue, zh-Hant.
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
_Plain = bool | int | float | Annotated[str, Field(max_length=_TEXT_MAX)] | list[Annotated[str, Field(max_length=_LISTED_MAX)]] | None
Value = Annotated[Any, PlainValidator(_value, json_schema_input_type=_Plain)]
Position = Annotated[int, Field(ge=0, le=_NUMBER_MAX)]
