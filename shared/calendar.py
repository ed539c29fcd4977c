"""Working days in Asia/Shanghai: pure arithmetic over the announced holidays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.holidays import FREE_WEEKDAYS, WORKED_WEEKENDS

_ZONE = ZoneInfo("Asia/Shanghai")


def _days(table: dict[int, str]) -> frozenset[date]:
    return frozenset(date(year, int(d[:2]), int(d[2:])) for year, days in table.items() for d in days.split())


_FREE, _WORKED = _days(FREE_WEEKDAYS), _days(WORKED_WEEKENDS)


def is_working_day(day: date) -> bool:
    """Monday to Friday without public holidays, with the make-up days."""
    return day in _WORKED or (day.weekday() < 5 and day not in _FREE)


def provisional(day: date) -> bool:
    """Whether the holidays of this day's year have not been announced; a clock that crosses it may move."""
    return day.year not in FREE_WEEKDAYS


def add_working_days(instant: datetime, days: int, works: Callable[[date], bool] = is_working_day) -> datetime:
    """The same time of day on the n-th working day after this one; 0 days moves a free day to the next working day.

    `works` says which days count, for a calendar that knows more than the announced holidays.
    """
    local = instant.astimezone(_ZONE)
    day = _printed(local.date(), days) if works is is_working_day else _counted(local.date(), days, works)
    return datetime.combine(day, local.timetz()).astimezone(instant.tzinfo)


def _counted(day: date, days: int, works: Callable[[date], bool]) -> date:
    left = days
    while left > 0:
        day += timedelta(days=1)
        if works(day):
            left -= 1
    while not works(day):
        day += timedelta(days=1)
    return day


@lru_cache(maxsize=4096)
def _printed(day: date, days: int) -> date:
    """By the announced holidays alone, which do not change: a load counts from the same few days over and over."""
    return _counted(day, days, is_working_day)


def working_days_between(first: date, last: date) -> int:
    """How many working days lie after `first` up to and with `last`; negative the other way round."""
    if last < first:
        return -working_days_between(last, first)
    return sum(is_working_day(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))
