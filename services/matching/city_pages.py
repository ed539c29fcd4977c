"""The page on which the city sees itself: coverage, goals, unmet needs, loops closed and costs, as tables, bars and files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from services.matching import city_views, views
from services.matching.api.city import SEES_COSTS, aims, goals_of
from services.matching.hsds.files import AS_FORMULA
from shared.clock import local_day
from shared.http import Door, NotFound
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching", include_in_schema=False)
Looker = Annotated[Page, Depends(page_for(*SEES_COSTS))]
TABLES = ("coverage", "communities", "goals", "unmet", "loops", "costs")


async def _years(page: Page) -> list[int]:
    """The present year, and those of which something was reported."""
    return sorted({local_day(page.door.now).year, *await city_views.years_reported(page.door)}, reverse=True)


async def _year(page: Page) -> int:
    """The year asked for, else the last of which something was reported."""
    years, said = await _years(page), page.request.query_params.get("year", "")
    reported = await city_views.years_reported(page.door)
    asked = int(said) if len(said) == 4 and said.isascii() and said.isdigit() else 0
    return asked if asked in years else reported[0] if reported else years[0]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


async def _loops(door: Door) -> list[dict[str, Any]]:
    rows = await city_views.loops_by_district(door)
    return [
        {**row, "closed_loop": _percent(row["loops_closed"], row["offered"]), "got_help": _percent(row["cases_got_help"], row["cases"])}
        for row in rows
    ]


def _said(unit: str, value: Fraction) -> str:
    """A value of a goal as people write it."""
    match unit:
        case "basis_points":
            return f"{float(value) / 100:.2f} %"
        case "per_10000":
            return f"{float(value) / 10:.1f}"
    return f"{int(value):,}"


def _in_words(goal: Mapping[str, Any]) -> dict[str, Any]:
    now = None if goal["now"] is None else _said(goal["unit"], Fraction(goal["now"]))
    return {**goal, "aim_text": _said(goal["unit"], Fraction(goal["aim"])), "now_text": now}


async def _each_community(door: Door, aim: Mapping[str, int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        part = await city_views.communities(door, aim, None, limit=500, cursor=cursor)
        found.extend(part["items"])
        cursor = part["next"]
        if cursor is None:
            return found


async def table(page: Page, name: str) -> list[dict[str, Any]]:
    """The rows of one table of this page; raises `NotFound` for a table that is none."""
    door = page.door
    match name:
        case "coverage":
            return await city_views.coverage_by_district(door, await aims(door))
        case "communities":
            return await _each_community(door, await aims(door))
        case "goals":
            year = await _year(page)
            return [{"year": year, **goal} for goal in await goals_of(door, year)]
        case "unmet":
            return await views.unmet_by_place(door)
        case "loops":
            return await _loops(door)
        case "costs":
            return await city_views.cost_per_served(door)
    raise NotFound("table")


@router.get("/city")
async def city(page: Looker) -> Response:
    """Where help is missing, what is aimed at, and what comes of offers."""
    door = page.door
    counts = await views.outcomes(door)
    short = [one for one in await _each_community(door, await aims(door)) if not one["met"]]
    costs = await table(page, "costs")
    goals = [_in_words(goal) for goal in await table(page, "goals")]
    return page.show(
        "matching/city.html", coverage=await table(page, "coverage"), aims=await aims(door), short=short[:50], goals=goals,
        year=await _year(page), years=await _years(page), by_need=await city_views.unmet_by_need(door), unmet=await table(page, "unmet"),
        loops=await table(page, "loops"), costs=costs, counts=counts, names=await views.organization_names(door, [row["org_id"] for row in costs]),
        closed_loop=_percent(counts["loops_closed"], counts["offered"]), got_help=_percent(counts["cases_got_help"], counts["cases"]),
    )  # fmt: skip


def _cell(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(AS_FORMULA) else text


def _lines(rows: Iterable[Mapping[str, Any]]) -> str:
    out, writer = io.StringIO(), None
    for row in rows:
        if writer is None:
            writer = csv.writer(out)
            writer.writerow(row)
        writer.writerow([_cell(value) for value in row.values()])
    return out.getvalue()


@router.get("/city/{name}.csv")
async def as_file(name: str, page: Looker) -> Response:
    """One of the tables as a file for a spreadsheet, with the mark by which it knows the text as UTF-8."""
    text = "\ufeff" + _lines(await table(page, name))
    more = {"content-disposition": f'attachment; filename="kapok-{name}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=more)
