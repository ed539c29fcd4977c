"""The door to what the city looks at: its communities and their coverage, its yearly goals, and what help costs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.matching import city_views
from services.matching.asked import CommunitiesIn, District, FigureIn, Year
from services.matching.domain.community import ListCommunity, RemoveCommunity
from services.matching.domain.goals import AIMS_SOURCE, Figures, Goal, SetFigure, goals
from services.matching.standing import rules as standing_rules
from shared.clock import local_day
from shared.http import Door, door_for
from shared.service import To

router = APIRouter(prefix="/matching/v1", tags=["city"])
Keeper = Annotated[Door, Depends(door_for("gov", "admin"))]
SEES_COSTS = ("gov", "caseworker", "auditor", "admin", "finance")
Reader = Annotated[Door, Depends(door_for())]


async def aims(door: Door) -> dict[str, int]:
    """How many organisations there should be in a community, by its kind, today."""
    rules, today = await standing_rules(door), local_day(door.now)
    return {kind: rules.number(f"coverage_{kind}_min", today) for kind in ("urban", "rural")}


@router.post("/communities", status_code=201)
async def list_communities(body: CommunitiesIn, door: Keeper) -> dict[str, Any]:
    """Add communities to the list, or correct them; all or none."""
    listed = [To("community", one.code, ListCommunity(one.code, one.zh, one.en, one.kind, door.now)) for one in body.communities]
    done = await door.execute(*listed)
    return {"communities": len(listed), "changed": len(done.events)}


@router.delete("/communities/{code}")
async def remove_community(code: str, door: Keeper) -> dict[str, Any]:
    """Take a community off the list."""
    done = await door.execute(To("community", code, RemoveCommunity(door.now)))
    return {"code": code, "version": done.version}


@router.get("/coverage")
async def coverage(
    door: Reader, district: District | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100, cursor: str | None = None
) -> dict[str, Any]:
    """Each community with its organisations against the aim; `by_district` sums them up."""
    aim = await aims(door)
    page = await city_views.communities(door, aim, district, limit=limit, cursor=cursor)
    return {"aims": aim, "items": page["items"], "next": page["next"], "by_district": await city_views.coverage_by_district(door, aim)}


@router.post("/city-goals/{year}/figures", status_code=201)
async def set_figure(year: Year, body: FigureIn, door: Keeper) -> dict[str, Any]:
    """Report one figure of a year."""
    done = await door.execute(To("goals", str(year), SetFigure(year, body.figure, body.value, body.source, door.now)))
    return {"year": year, "figure": body.figure, "value": body.value, "version": done.version}


def shown_goal(goal: Goal) -> dict[str, Any]:
    """A goal with what is now as a decimal text of two places."""
    now = None if goal.is_now is None else f"{round(goal.is_now * 100) / 100:.2f}"
    return {
        "goal": goal.name,
        "unit": goal.unit,
        "aim": goal.aim,
        "now": now,
        "met": goal.met,
        "missing": goal.missing,
        "source": AIMS_SOURCE,
    }


async def goals_of(door: Door, year: int) -> list[dict[str, Any]]:
    """Every goal of a year held against the figures that were reported."""
    now: Figures = await door.state("goals", str(year))
    before: Figures = await door.state("goals", str(year - 1))
    return [shown_goal(goal) for goal in goals(now, before)]


@router.get("/city-goals/{year}")
async def city_goals(year: Year, door: Reader) -> dict[str, Any]:
    """The goals of a Charity City against the figures of a year, and those figures with their sources."""
    state: Figures = await door.state("goals", str(year))
    figures = [{"figure": name, "value": one.value, "source": one.source} for name, one in sorted(state.known.items())]
    return {"year": year, "goals": await goals_of(door, year), "figures": figures}


@router.get("/costs")
async def costs(door: Annotated[Door, Depends(door_for(*SEES_COSTS))]) -> dict[str, Any]:
    """What a person who got help cost, by organisation."""
    return {"items": await city_views.cost_per_served(door), "as_of": date.isoformat(local_day(door.now))}
