"""How values are written for people: money, days, moments and places, in the language spoken now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from shared.clock import SHANGHAI
from shared.web.words import Words, language_now

_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


def yuan(fen: int | str | None) -> str:
    """Fen as yuan with thousands and two decimals: 123456 is 1,234.56; nothing for None."""
    if fen is None or fen == "":
        return ""
    whole = int(fen)
    return f"{'-' if whole < 0 else ''}{abs(whole) // 100:,}.{abs(whole) % 100:02d}"


def _as_moment(value: datetime | str) -> datetime:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(SHANGHAI)


def _as_day(value: date | datetime | str) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value) if len(value) == 10 else _as_moment(value).date()
    return _as_moment(value).date() if isinstance(value, datetime) else value


def day(value: date | datetime | str | None) -> str:
    """2026年11月23日 or 23 November 2026, in Guangzhou."""
    if not value:
        return ""
    on = _as_day(value)
    return f"{on.year}年{on.month}月{on.day}日" if language_now() == "zh" else f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def moment(value: datetime | str | None) -> str:
    """The day and the time to the minute, in Guangzhou."""
    if not value:
        return ""
    at = _as_moment(value)
    return f"{day(at)} {at:%H:%M}" if language_now() == "zh" else f"{day(at)}, {at:%H:%M}"


def clock_time(value: datetime | str | None) -> str:
    """Hours and minutes in Guangzhou."""
    return f"{_as_moment(value):%H:%M}" if value else ""


def who_filter(words: Words) -> Callable[[Any], str]:
    """Who did something: a client's name, a charity with its code, or the system itself; else the id as it was given."""

    def who(actor: Any) -> str:
        text = str(actor or "")
        if ":" in text:
            return words("frame.machine")
        if text.startswith("charity-"):
            return f"{words('client.charity')} {text.removeprefix('charity-')}"
        return words.get(f"client.{text}") or text

    return who


def place_filter(words: Words) -> Callable[[Any], str]:
    """Codes to names: a street's name when we know it, else its district's, else the code itself."""

    def place(code: Any) -> str:
        text = str(code or "")
        return words.get(f"place.{text}") or words.get(f"place.{text[:6]}") or text

    return place
