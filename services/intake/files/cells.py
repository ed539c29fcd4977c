"""One cell of a table as the value that the report's field takes; what a cell says is data, whatever it looks like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.clock import SHANGHAI

_WHOLE = re.compile(r"-?(?:[0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})")
_YUAN = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,2})?|[0-9]{1,3}(?:,[0-9]{3}){1,3}(?:\.[0-9]{1,2})?")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,9}")
_SHORTENED = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?")
_DAY_SHORT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,6})?)?")
_PARTS = re.compile(r"[|;；、]")


class WrongCell(ValueError):
    """The cell is not what its column wants; the message says what it must be, and never repeats it."""


def cell_reader(kind: str, words: Mapping[str, Any], flags: Mapping[str, bool]) -> Callable[[str], Any]:
    """What reads a cell of this kind; `words` are other words for its codes. The reader raises `WrongCell`."""

    def code(text: str) -> Any:
        return words.get(text, text)

    def flag(text: str) -> bool:
        said = flags.get(_plain(text).lower())
        if said is None:
            raise WrongCell("must be yes or no (是 or 否)")
        return said

    def each(text: str) -> list[Any]:
        return [words.get(part.strip(), part.strip()) for part in _PARTS.split(text) if part.strip()]

    def fact(text: str) -> Any:
        plain = _plain(text)
        if plain not in ("0", "1") and plain.lower() in flags:
            return flags[plain.lower()]
        if _WHOLE.fullmatch(plain) and not _leading_zero(plain):
            return _whole(text)
        return float(plain) if _DECIMAL.fullmatch(plain) else text

    readers: dict[str, Callable[[str], Any]] = {
        "text": str, "digits": _digits, "code": code, "instant": _instant, "day": _day, "flag": flag, "whole": _whole, "fen": _whole, "yuan": _fen,
        "list": each, "fact": fact,
    }  # fmt: skip
    return readers[kind]


def _plain(text: str) -> str:
    """Compatibility forms folded: full-width digits are digits."""
    return unicodedata.normalize("NFKC", text).strip()


def _leading_zero(plain: str) -> bool:
    return len(plain) > 1 and plain.lstrip("-").startswith("0")


def _digits(text: str) -> str:
    if _SHORTENED.fullmatch(text):
        raise WrongCell("was shortened by a spreadsheet; format the column as text and export it again")
    return text


def _whole(text: str) -> int:
    plain = _plain(text)
    if not _WHOLE.fullmatch(plain):
        raise WrongCell("must be a whole number")
    return int(plain.replace(",", ""))


def _fen(text: str) -> int:
    """Yuan with two decimals at most, exactly."""
    plain = _plain(text)
    if not _YUAN.fullmatch(plain):
        raise WrongCell("must be a sum in yuan with two decimals at most")
    return int(Decimal(plain.replace(",", "")) * 100)


def _day(text: str) -> str:
    found = _DAY.fullmatch(plain := _plain(text)) or _DAY_SHORT.fullmatch(plain)
    if not found:
        raise WrongCell("must be a day, such as 2026-11-23")
    year, month, day = map(int, found.groups())
    try:
        return datetime(year, month, day, tzinfo=SHANGHAI).date().isoformat()
    except ValueError:
        raise WrongCell("is a day that no calendar has") from None


def _instant(text: str) -> str:
    """An instant with its offset as it is; one without is the time in Guangzhou, as the country's systems write it."""
    plain = _plain(text)
    try:
        told = datetime.fromisoformat(plain)
    except ValueError:
        told = None
    if told is not None and told.tzinfo is not None:
        return plain
    day, _, time = plain.replace("T", " ").partition(" ")
    of_day, of_time = _DAY.fullmatch(day), _TIME.fullmatch(time.strip())
    if not of_day or not of_time:
        raise WrongCell("must be an instant, such as 2026-11-23T09:12:00+08:00 or 2026-11-23 09:12")
    year, month, date = map(int, of_day.groups())
    hour, minute, second = (int(part or 0) for part in of_time.groups())
    try:
        return datetime(year, month, date, hour, minute, second, tzinfo=SHANGHAI).isoformat()
    except ValueError:
        raise WrongCell("is an instant that no calendar has") from None
