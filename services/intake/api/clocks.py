"""The door for clocks: which run and how they stand, the rules they run by, and the days on which work stops."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from msgspec import to_builtins

from services.intake.asked_casework import DaysIn, LiftIn, StopIn
from services.intake.clock_views import running_clocks
from services.intake.clockwork import rules_now
from services.intake.domain.working_time import CITY, AnnounceDays, DeclareStop, LiftStop, Stop, StopIsUnknown
from services.intake.showing import SEES_PERSONS
from shared.calendar import provisional
from shared.clock import local_day
from shared.http import Door, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/intake/v1", tags=["clocks"])
Reader = Annotated[Door, Depends(door_for(*SEES_PERSONS, "auditor", "ops"))]
Declarer = Annotated[Door, Depends(door_for("gov", "admin"))]


@router.get("/clocks")
async def clocks(
    door: Reader, light: Literal["green", "yellow", "red"] | None = None,
    clock: Annotated[str | None, Query(max_length=40)] = None, district: Annotated[str | None, Query(max_length=9)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:  # fmt: skip
    """Clocks that run, the first to end first, by light, clock and district."""
    rows = await running_clocks(door, {"light": light, "clock": clock, "district": district}, limit)
    return {"items": rows, "next": None}


@router.get("/calendar")
async def calendar(door: Reader) -> dict[str, Any]:
    """The rules that clocks run by: lengths with their source, stops of work, days announced beside the printed calendar."""
    rules = await rules_now(door.room, fresh=True)
    return {
        "version": rules.version,
        "clocks": [to_builtins(rule) for rule in rules.clocks.values()],
        "stops": [to_builtins(stop) for stop in rules.time.stops],
        "days": [{"day": day.isoformat(), "worked": works} for day, works in sorted(rules.time.days.items())],
        "this_year_is_provisional": provisional(local_day(door.now)),
    }


async def _declared(door: Door, command: Any) -> dict[str, Any]:
    done = await door.execute(To("calendar", CITY, command))
    rules = await rules_now(door.room, fresh=True)
    return {"version": done.state.version, "stops": [to_builtins(stop) for stop in rules.time.stops]}


@router.post("/calendar/stops", status_code=201)
async def declare_stop(body: StopIn, door: Declarer) -> dict[str, Any]:
    """Work stops (a typhoon): these days are no working days there, and every clock that runs there is computed anew."""
    stop = Stop(body.stop_id, body.first, body.last, tuple(sorted(set(body.districts))), body.reason, body.source)
    return await _declared(door, DeclareStop(stop, door.now))


@router.post("/calendar/stops/{stop_id}/lift")
async def lift_stop(stop_id: str, body: LiftIn, door: Declarer) -> dict[str, Any]:
    """Work goes on earlier than was declared."""
    try:
        return await _declared(door, LiftStop(stop_id, body.last, door.now))
    except StopIsUnknown as unknown:
        raise NotFound("stop") from unknown


@router.post("/calendar/days", status_code=201)
async def announce_days(body: DaysIn, door: Declarer) -> dict[str, Any]:
    """Holidays and make-up days that were announced since this program was made."""
    return await _declared(door, AnnounceDays(body.days(), body.source, door.now))
