"""Clocks of a case: rules as data, the instants a clock turns yellow and red, who is told next, and what has been told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.intake.domain.working_time import WorkingTime
from shared.calendar import add_working_days

ANY = "any"


class Length(Struct, frozen=True, gc=False):
    """How long a clock runs, and after how long it turns yellow; hours run day and night, working days by the calendar."""

    hours: int = 0
    working_days: int = 0
    yellow_hours: int = 0
    yellow_working_days: int = 0


class Rung(Struct, frozen=True, gc=False):
    """Who is told when: at yellow, at red, or (escalated) so long after red."""

    kind: str
    to: str
    hours: int = 0
    working_days: int = 0


class ClockRule(Struct, frozen=True):
    """One clock as it stands in the data; `lengths` by urgency, `any` for the rest; `source` says where the number is from."""

    name: str
    starts: str
    stops: str
    lengths: Mapping[str, Length]
    ladder: tuple[Rung, ...]
    source: str


class Rules(Struct, frozen=True):
    """Every clock and the working time they count in; `version` grows with each change of either."""

    version: int
    clocks: Mapping[str, ClockRule]
    time: WorkingTime = WorkingTime()


class Mark(Struct, frozen=True, gc=False):
    """One instant at which somebody is told: kind is yellow, red or escalated; `to` is a rung of the ladder."""

    kind: str
    to: str
    at: datetime


class Next(Struct, frozen=True, gc=False):
    """The deadline that stands for a clock: its row, named for the mark and the rules it was computed by, and its instant.

    A row of earlier rules that is worked off meanwhile is another row: it tells nothing and takes nothing away.
    """

    row: str
    at: datetime


class Ended(Struct, frozen=True, gc=False):
    """A clock that stops, and the row of the deadline that stood for it."""

    name: str
    row: str


class Running(Struct, frozen=True, gc=False):
    """One clock of one case; `told` are the kinds and rungs that were told already, `rules` the version it was computed by."""

    name: str
    level: str
    started_at: datetime
    due: datetime
    marks: tuple[Mark, ...]
    rules: int
    told: tuple[str, ...] = ()
    stopped_at: datetime | None = None

    @property
    def light(self) -> str:
        """green, yellow or red by what has been told."""
        kinds = {one.split(":")[0] for one in self.told}
        return "red" if "red" in kinds else "yellow" if "yellow" in kinds else "green"

    def next(self) -> Next | None:
        """When somebody has to be told next; None when everybody has been."""
        left = [mark for mark in self.marks if key(mark) not in self.told]
        first = min(left, key=lambda mark: mark.at, default=None)
        return Next(f"{self.name}:{key(first)}:{self.rules}", first.at) if first is not None else None


class ClockWarned(Struct, frozen=True, gc=False):
    """A clock turned yellow; `next` is when it speaks again."""

    case_id: str
    clock: str
    to: str
    due: datetime
    at: datetime
    next: Next | None = None


class ClockBreached(Struct, frozen=True, gc=False):
    """A clock ran out; said once for each clock of a case, however often it is computed anew."""

    case_id: str
    clock: str
    to: str
    due: datetime
    at: datetime
    urgency: str
    next: Next | None = None


class ClockEscalated(Struct, frozen=True, gc=False):
    """The clock ran out some time ago and still runs: the next rung of the ladder is told."""

    case_id: str
    clock: str
    to: str
    due: datetime
    at: datetime
    next: Next | None = None


class ClocksRecomputed(Struct, frozen=True, gc=False):
    """The calendar or a rule changed: every clock that runs as it is now, and the rows that stood for them before.

    `change` is a code of what changed; `stopped` are clocks that no rule knows any more.
    """

    case_id: str
    rules: int
    change: str
    at: datetime
    clocks: tuple[Running, ...] = ()
    rows: tuple[str, ...] = ()
    stopped: tuple[Ended, ...] = ()


class TellClock(Struct, frozen=True, gc=False):
    """Tell whoever is due to be told of this clock by now."""

    clock: str
    at: datetime


class RecomputeClocks(Struct, frozen=True, gc=False):
    """Compute what still runs by these rules."""

    rules: Rules
    change: str
    at: datetime


def key(mark: Mark) -> str:
    return f"{mark.kind}:{mark.to}"


def started(rules: Rules, name: str, level: str, district: str | None, at: datetime) -> Running:
    """This clock as it starts now; raises `KeyError` for a clock that no rule knows."""
    rule = rules.clocks[name]
    length = rule.lengths.get(level) or rule.lengths[ANY]
    works = rules.time.works_in(district)

    def after(start: datetime, hours: int, days: int) -> datetime:
        counted = add_working_days(start, days, works) if days else start
        return counted + timedelta(hours=hours)

    due = after(at, length.hours, length.working_days)
    yellow = after(at, length.yellow_hours, length.yellow_working_days)
    at_kind = {"yellow": min(yellow, due), "red": due}
    marks = [Mark(rung.kind, rung.to, at_kind.get(rung.kind) or after(due, rung.hours, rung.working_days)) for rung in rule.ladder]
    return Running(name, level, at, due, tuple(marks), rules.version)


def recomputed(rules: Rules, running: Running, district: str | None) -> Running:
    """The same clock by other rules; what was told stays told."""
    fresh = started(rules, running.name, running.level, district, running.started_at)
    return replace(fresh, told=running.told)


def open_clocks(clocks: tuple[Running, ...]) -> tuple[Running, ...]:
    return tuple([one for one in clocks if one.stopped_at is None])


def row_of(running: Running) -> str:
    """The row that stands for this clock; empty when nobody has to be told any more."""
    following = running.next()
    return following.row if following is not None else ""


def stopping(clocks: tuple[Running, ...], *names: str) -> tuple[Ended, ...]:
    """Which of these clocks run, and so stop now; all that run when none is named."""
    return tuple([Ended(one.name, row_of(one)) for one in open_clocks(clocks) if not names or one.name in names])


def after(clocks: tuple[Running, ...], event: Any) -> tuple[Running, ...]:
    """The clocks after this event: any event may start some (`clocks`) and stop others (`stopped`)."""
    match event:
        case ClockWarned() | ClockBreached() | ClockEscalated():
            return tuple([_told(one, event) if one.name == event.clock else one for one in clocks])
    begun: tuple[Running, ...] = getattr(event, "clocks", ())
    stopped = {one.name for one in getattr(event, "stopped", ())}
    if not begun and not stopped:
        return clocks
    names = {one.name for one in begun}
    kept = [replace(one, stopped_at=event.at) if one.name in stopped and one.stopped_at is None else one for one in clocks]
    return (*[one for one in kept if one.name not in names], *begun)


def _told(running: Running, event: ClockWarned | ClockBreached | ClockEscalated) -> Running:
    kind = {ClockWarned: "yellow", ClockBreached: "red", ClockEscalated: "escalated"}[type(event)]
    # A clock that ran out has no need to turn yellow any more.
    passed = [key(mark) for mark in running.marks if mark.kind == "yellow"] if kind == "red" else []
    return replace(running, told=tuple(dict.fromkeys((*running.told, *passed, f"{kind}:{event.to}"))))
