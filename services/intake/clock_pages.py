"""The page of clocks: what is overdue or nearly so over all cases, the rules and days clocks run by, and stops of work declared and lifted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from msgspec import to_builtins
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from services.intake.clock_views import clock_counts, overdue_ages, running_clocks, running_in
from services.intake.clockwork import rules_now
from services.intake.domain.identity import DISTRICTS
from services.intake.domain.working_time import CITY, AnnounceDays, DeclareStop, LiftStop, Stop
from services.intake.showing import SEES_PERSONS
from shared.asked import Day
from shared.calendar import provisional
from shared.clock import local_day
from shared.kernel import Rejected
from shared.service import To
from shared.web.frame import Page, page_for

PATH = "/intake/clocks"
router = APIRouter(prefix=PATH, include_in_schema=False)
Reader = Annotated[Page, Depends(page_for(*SEES_PERSONS, "auditor", "ops"))]
Declarer = Annotated[Page, Depends(page_for("gov", "admin"))]
LIGHTS = ("red", "yellow", "green")
AGES = ("day", "three_days", "week", "longer")
_SHOWN = 100
_SOURCE_MAX = 200
_DAY: TypeAdapter[Any] = TypeAdapter(Day)
Wrong = list[tuple[str, str]]


async def _clocks(page: Page, status: int = 200, **values: Any) -> Response:
    query, door = page.request.query_params, page.door
    rules = await rules_now(door.room, fresh=True)
    light = query.get("light", "red")
    chosen = {
        "light": light if light in (*LIGHTS, "all") else "red",
        "clock": query.get("clock", "") if query.get("clock", "") in rules.clocks else "",
        "district": query.get("district", "") if query.get("district", "") in DISTRICTS else "",
    }
    rows = await running_clocks(door, {**chosen, "light": None if chosen["light"] == "all" else chosen["light"]}, _SHOWN)
    counted = await clock_counts(door, chosen["district"])
    ages = await overdue_ages(door, chosen["clock"], chosen["district"], door.now)
    stop = next((one for one in rules.time.stops if one.stop_id == query.get("stop")), None)
    return page.show(
        "intake/clocks.html", status=status, clocks=rows, chosen=chosen, names=tuple(rules.clocks), lights=LIGHTS, districts=DISTRICTS,
        counted=counted, most=max((sum(one.values()) for one in counted.values()), default=0), ages=[(name, ages[name]) for name in AGES],
        oldest=max(ages.values()), rules=to_builtins(list(rules.clocks.values())), stops=sorted(rules.time.stops, key=lambda one: one.first),
        days=sorted(rules.time.days.items()), provisional=provisional(local_day(door.now)), may_declare=page.door.may("gov", "admin"),
        today=local_day(door.now), moved=await running_in(door, stop.districts) if stop is not None else None, done=query.get("done"),
        ref=door.new_id(),
        **{"wrong": [], "form": {}, "places": [], **values},
    )  # fmt: skip


@router.get("")
async def clocks(page: Reader) -> Response:
    """Clocks that run by kind, light, age and district, the rules they run by, and stops of work."""
    return await _clocks(page)


@router.post("")
async def declare(page: Declarer) -> Response:
    """A stop of work, its end, or days that were announced: the button says which. Every clock it concerns is computed anew."""
    form = await page.form()
    act, wrong = form.get("act", ""), list[tuple[str, str]]()
    command: DeclareStop | LiftStop | AnnounceDays | None = None
    match act:
        case "stop":
            command, wrong = _stop_of(page, form)
        case "lift":
            last = _day_of(page, form, "last", wrong)
            command = LiftStop(form.get("stop", ""), last, page.door.now) if last else None
        case "days":
            command, wrong = _days_of(page, form)
        case _:
            wrong.append(("", page.t("intake.wrong.step")))
    if wrong or command is None:
        return await _clocks(page, 422, wrong=wrong, form=form, places=page.form_list("districts"))
    try:
        await page.door.execute(To("calendar", CITY, command))
    except Rejected as no:
        said = [("", page.t(f"intake.refused.{no.code}"))]
        return await _clocks(page, 409, wrong=said, form=form, places=page.form_list("districts"))
    stop = f"&stop={command.stop.stop_id}" if isinstance(command, DeclareStop) else ""
    return page.back(f"{PATH}?done={act}{stop}")


def _stop_of(page: Page, form: Mapping[str, str]) -> tuple[DeclareStop | None, Wrong]:
    wrong: Wrong = []
    first, last = _day_of(page, form, "first", wrong), _day_of(page, form, "until", wrong)
    if first and last and last < first:
        wrong.append(("until", page.t("intake.calendar.wrong_order")))
    source = _source_of(page, form, "source", wrong)
    places = page.form_list("districts")
    if not set(places) <= set(DISTRICTS):
        wrong.append(("districts", page.t("intake.calendar.wrong_district")))
    if wrong or first is None or last is None:
        return None, wrong
    stop_id = page.door.named_id("stop", form.get("ref") or page.door.new_id())
    return DeclareStop(Stop(stop_id, first, last, tuple(sorted(set(places))), "typhoon", source), page.door.now), []


def _days_of(page: Page, form: Mapping[str, str]) -> tuple[AnnounceDays | None, Wrong]:
    wrong: Wrong = []
    found = {name: _days_in(page, form, name, wrong) for name in ("worked", "free")}
    if not wrong and not any(found.values()):
        wrong.append(("free", page.t("intake.calendar.wrong_none")))
    if set(found["worked"]) & set(found["free"]):
        wrong.append(("worked", page.t("intake.calendar.wrong_both")))
    source = _source_of(page, form, "days_source", wrong)
    if wrong:
        return None, wrong
    days = {**dict.fromkeys(found["worked"], True), **dict.fromkeys(found["free"], False)}
    return AnnounceDays(days, source, page.door.now), []


def _day_of(page: Page, form: Mapping[str, str], name: str, wrong: Wrong) -> date | None:
    try:
        day: date = _DAY.validate_python(form.get(name, "").strip())
    except ValidationError:
        wrong.append((name, page.t("intake.calendar.wrong_day")))
        return None
    return day


def _days_in(page: Page, form: Mapping[str, str], name: str, wrong: Wrong) -> list[date]:
    """Days apart by blanks, commas or lines."""
    try:
        return [_DAY.validate_python(text) for text in form.get(name, "").replace(",", " ").replace("，", " ").split()[:100]]
    except ValidationError:
        wrong.append((name, page.t("intake.calendar.wrong_day")))
        return []


def _source_of(page: Page, form: Mapping[str, str], name: str, wrong: Wrong) -> str:
    source = form.get(name, "").strip()
    if not source or len(source) > _SOURCE_MAX:
        wrong.append((name, page.t("intake.calendar.wrong_source")))
    return source
