"""A screening of residents' data: asked, running part by part, done, failed or stopped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from services.intake.domain.thresholds import Dated


class AskScreening(Struct, frozen=True, gc=False):
    """`file` names the spooled data; `run_fen` and `check_fen` are what the data and the look at one signal cost."""

    screening_id: str
    at: datetime
    as_of: date
    name: str
    file: str
    size: int
    thresholds: tuple[Dated, ...]
    version: str
    run_fen: int = 0
    check_fen: int = 0


class BeginScreening(Struct, frozen=True, gc=False):
    at: datetime
    format: str
    encoding: str
    unknown_columns: tuple[str, ...]


class FinishPart(Struct, frozen=True, gc=False):
    """One part is through: `to` is where the next begins; bytes of a text, rows of a table."""

    part: int
    at: datetime
    to: int
    of: int
    rows: int
    faulty: int
    signals: Mapping[str, int]
    steps: Mapping[str, Mapping[str, int]]


class FinishScreening(Struct, frozen=True, gc=False):
    at: datetime


class FailScreening(Struct, frozen=True, gc=False):
    """`reason` is a code; `field` the column it is about."""

    at: datetime
    reason: str
    field: str = ""


class StopScreening(Struct, frozen=True, gc=False):
    at: datetime


class ForgetSignals(Struct, frozen=True, gc=False):
    """What the data said of people is kept no longer; what became of the signals stays as numbers."""

    at: datetime


class ScreeningAsked(AskScreening, frozen=True, gc=False):
    pass


class ScreeningBegun(Struct, frozen=True, gc=False):
    screening_id: str
    at: datetime
    format: str
    encoding: str
    unknown_columns: tuple[str, ...]


class ScreeningPartDone(Struct, frozen=True, gc=False):
    """What one part gave: rows read, faulty ones, signals by threshold, and how its values lie in twentieths of each limit."""

    screening_id: str
    part: int
    at: datetime
    to: int
    of: int
    rows: int
    faulty: int
    signals: Mapping[str, int]
    steps: Mapping[str, Mapping[str, int]]


class ScreeningEnded(Struct, frozen=True, gc=False):
    """`how` is done, failed or stopped."""

    screening_id: str
    at: datetime
    how: str
    reason: str = ""
    field: str = ""


class SignalsForgotten(Struct, frozen=True, gc=False):
    screening_id: str
    at: datetime


class Screening(Struct, frozen=True, gc=False):
    """`to` is where the next part begins; `steps` are counts by threshold and twentieth of its limit, over everybody in scope."""

    status: str = "absent"
    asked: ScreeningAsked | None = None
    begun: bool = False
    parts: int = 0
    to: int = 0
    of: int = 0
    rows: int = 0
    faulty: int = 0
    signals: Mapping[str, int] = {}
    steps: Mapping[str, Mapping[str, int]] = {}
    reason: str = ""
    format: str = ""
    encoding: str = ""
    unknown_columns: tuple[str, ...] = ()
    kept_until: datetime | None = None
    forgotten: bool = False


# What the data said of somebody is needed as long as they may be rung or visited about it, and no longer (Personal Information
# Protection Law, articles 19 and 47). ASSUMPTION: half a year is enough for a campaign and for what follows from it.
KEPT = timedelta(days=180)

Event = ScreeningAsked | ScreeningBegun | ScreeningPartDone | ScreeningEnded | SignalsForgotten


def _summed(before: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return {key: before.get(key, 0) + more.get(key, 0) for key in (*before, *(k for k in more if k not in before))}


def evolve(state: Screening, event: Event) -> Screening:
    match event:
        case ScreeningAsked():
            return Screening("asked", event, of=event.size)
        case ScreeningBegun():
            b = event
            return replace(state, status="running", begun=True, format=b.format, encoding=b.encoding, unknown_columns=b.unknown_columns)
        case ScreeningPartDone():
            steps = {c: _summed(state.steps.get(c, {}), event.steps.get(c, {})) for c in {*state.steps, *event.steps}}
            return replace(
                state, parts=event.part, to=event.to, of=event.of, rows=state.rows + event.rows, faulty=state.faulty + event.faulty,
                signals=_summed(state.signals, event.signals), steps=steps,
            )  # fmt: skip
        case ScreeningEnded():
            return replace(state, status=event.how, reason=event.reason, kept_until=event.at + KEPT)
        case SignalsForgotten():
            return replace(state, forgotten=True)
