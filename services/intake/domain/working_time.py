"""The calendar that clocks count in: announced holidays and make-up days, and stops of work that were declared, district by district.

    absent --DeclareStop | AnnounceDays | AdoptClocks--> declared, each time with the next version

One stream for the city (`calendar-guangzhou`). Nothing is taken back silently: a stop that is lifted ends by an event of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.calendar import is_working_day
from shared.kernel import Decider, Rejected

CITY = "guangzhou"
STOP_DAYS_MAX = 31


class Stop(Struct, frozen=True, gc=False):
    """Work stopped on these days (both included) in these districts; none named: in the whole city."""

    stop_id: str
    first: date
    last: date
    districts: tuple[str, ...] = ()
    reason: str = "typhoon"
    source: str = ""

    def covers(self, day: date, district: str | None) -> bool:
        return self.first <= day <= self.last and (not self.districts or (district or "")[:6] in self.districts)


class WorkingTime(Struct, frozen=True):
    """Stops that hold, and days announced beside the printed calendar: day -> whether it is worked."""

    stops: tuple[Stop, ...] = ()
    days: Mapping[date, bool] = {}

    def works_in(self, district: str | None) -> Callable[[date], bool]:
        """Whether a day is a working day there; the announced calendar itself where nothing was declared."""
        if not self.stops and not self.days:
            return is_working_day

        def works(day: date) -> bool:
            if any(stop.covers(day, district) for stop in self.stops):
                return False
            return self.days.get(day, is_working_day(day))

        return works


class DeclareStop(Struct, frozen=True, gc=False):
    stop: Stop
    at: datetime


class LiftStop(Struct, frozen=True, gc=False):
    """Work goes on from the day after `last`; before the first day it never stopped."""

    stop_id: str
    last: date
    at: datetime


class AnnounceDays(Struct, frozen=True, gc=False):
    """Days that are free or worked otherwise than the printed calendar says; `source` is the notice."""

    days: Mapping[date, bool]
    source: str
    at: datetime


class AdoptClocks(Struct, frozen=True, gc=False):
    """The lengths of the clocks are these from now on; `mark` is the digest of the data they stand in."""

    mark: str
    at: datetime


class StopDeclared(Struct, frozen=True, gc=False):
    """`version`, here as in every event of the calendar, is that of the rules from now on."""

    stop: Stop
    at: datetime
    version: int


class StopLifted(Struct, frozen=True, gc=False):
    stop_id: str
    districts: tuple[str, ...]
    last: date
    at: datetime
    version: int


class DaysAnnounced(Struct, frozen=True, gc=False):
    days: Mapping[date, bool]
    source: str
    at: datetime
    version: int


class ClocksAdopted(Struct, frozen=True, gc=False):
    mark: str
    at: datetime
    version: int


class Declared(Struct, frozen=True):
    """What has been declared; `version` counts the changes."""

    version: int = 0
    time: WorkingTime = WorkingTime()
    mark: str = ""


class StopIsUnknown(Rejected):
    """There is no such stop of work."""


class StopDiffersFromFirst(Rejected):
    """A stop of work with this name is declared already, for other days or districts; lift that one first."""


class StopIsTooLong(Rejected):
    """A stop of work is declared for at most 31 days at once, and ends after it begins."""


def decide(command: Any, state: Declared) -> tuple[Any, ...]:
    match command:
        case DeclareStop(stop, at):
            return _declare(stop, at, state)
        case LiftStop(stop_id, last, at):
            return _lift(stop_id, last, at, state)
        case AnnounceDays(days, source, at):
            news = {day: works for day, works in days.items() if state.time.days.get(day, is_working_day(day)) != works}
            return (DaysAnnounced(news, source, at, state.version + 1),) if news else ()
        case AdoptClocks(mark, at):
            return () if mark == state.mark else (ClocksAdopted(mark, at, state.version + 1),)
    raise KeyError(type(command))


def _declare(stop: Stop, at: datetime, state: Declared) -> tuple[Any, ...]:
    if not timedelta(0) <= stop.last - stop.first < timedelta(days=STOP_DAYS_MAX):
        raise StopIsTooLong
    known = next((one for one in state.time.stops if one.stop_id == stop.stop_id), None)
    if known == stop:
        return ()
    if known is not None:
        raise StopDiffersFromFirst
    return (StopDeclared(stop, at, state.version + 1),)


def _lift(stop_id: str, last: date, at: datetime, state: Declared) -> tuple[Any, ...]:
    known = next((one for one in state.time.stops if one.stop_id == stop_id), None)
    if known is None:
        raise StopIsUnknown
    return () if known.last <= last else (StopLifted(stop_id, known.districts, last, at, state.version + 1),)


def evolve(state: Declared, event: Any) -> Declared:
    time, mark = state.time, state.mark
    match event:
        case StopDeclared(stop):
            time = replace(time, stops=(*time.stops, stop))
        case StopLifted(stop_id, _, last):
            # A stop that was lifted before it began covers no day, and stays to be seen.
            time = replace(time, stops=tuple([replace(one, last=last) if one.stop_id == stop_id else one for one in time.stops]))
        case DaysAnnounced(days):
            time = replace(time, days={**time.days, **days})
        case ClocksAdopted():
            mark = event.mark
    return Declared(event.version, time, mark)


CALENDAR = Decider(
    noun="calendar", absent=Declared(), decide=decide, evolve=evolve, commands=(DeclareStop, LiftStop, AnnounceDays, AdoptClocks),
    events=(StopDeclared, StopLifted, DaysAnnounced, ClocksAdopted),
)  # fmt: skip
