"""The door to yearly quotas: planned, opened, closed, ranked, finished, and the published order."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from services.matching import allocation_views as views
from services.matching.asked import District, Year
from services.matching.asked_allocations import AllocationIn, KeyIn
from services.matching.domain import allocation as al
from services.matching.domain.allocation_refusals import NotClosedYet
from services.matching.domain.counting import Groups
from services.matching.domain.duplicates import Whose, known_of, whose
from services.matching.domain.household import Household
from services.matching.domain.ranking import Key
from services.matching.rulebook import POINTS
from shared.calendar import add_working_days
from shared.clock import local_day
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import To

_HOMES_AT_ONCE = 500
router = APIRouter(prefix="/matching/v1/allocations", tags=["allocations"])
Office = Annotated[Door, Depends(door_for("gov", "admin"))]
Anyone = Annotated[Door, Depends(door_for(public=True))]
Limit = Annotated[int, Query(ge=1, le=500)]
After = Annotated[int, Query(ge=0, le=100_000_000)]
_ITEMS = frozenset(one.id for one in POINTS.items)
_BY_POINTS = (Key("points"), Key("applied_at"), Key("number"))
# The source puts skilled people first for flats and does not say from which grade on: ours is the senior worker's.
_ORDERS = {"residence-permit": _BY_POINTS, "public-rental": (Key("reached", "skill", 40), *_BY_POINTS)}
_COLUMNS = ("rank", "number", "points", "outcome", "position", "decided_by")


async def known(door: Door, allocation_id: str) -> dict[str, Any]:
    """The row of an allocation; raises `NotFound`."""
    row = await views.allocation_row(door, allocation_id)
    if row is None:
        raise NotFound("allocation")
    return row


def _key(told: KeyIn, n: int) -> Key:
    of_item = told.by in ("item", "reached")
    if of_item is (told.item is None):
        raise Invalid(f"/order/{n}/item", "goes with item and reached, and with nothing else")
    if told.item is not None and told.item not in _ITEMS:
        raise Invalid(f"/order/{n}/item", "is no item of the table of points")
    if (told.by == "reached") is (told.at_least is None):
        raise Invalid(f"/order/{n}/at_least", "goes with reached, and with nothing else")
    return Key(told.by, told.item or "", told.at_least or 0)


@router.post("", status_code=201)
async def plan(body: AllocationIn, door: Office) -> dict[str, Any]:
    """Publish the quota, the order with its tie-break and the days, before applications open."""
    key = body.id or door.new_id()
    order = _ORDERS[body.scheme] if body.order is None else tuple([_key(one, n) for n, one in enumerate(body.order)])
    planned = al.Plan(
        key, body.scheme, body.year, body.district, body.group, body.quota, body.minimum, order, body.points_on or local_day(body.opens_at),
        body.opens_at, body.closes_at, body.appeal_days, body.source, body.take_days,
    )  # fmt: skip
    done = await door.execute(To("allocation", key, al.PlanAllocation(planned, door.now)))
    return {"id": key, "status": done.state.status, "version": done.version}


@router.get("")
async def listed(
    door: Anyone, scheme: str | None = None, year: Year | None = None, district: District | None = None, limit: Limit = 100,
    cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Allocations with their rules, the newest year first."""
    return dict(await views.allocation_page(door, {"scheme": scheme, "year": year, "district": district}, limit=limit, cursor=cursor))


@router.get("/{allocation_id}")
async def one(allocation_id: str, door: Anyone) -> dict[str, Any]:
    """One allocation: its rule, what came of it, and what each publication changed."""
    row = await known(door, allocation_id)
    published = await views.publications(door, allocation_id)
    for each in published:
        each["moved"] = [{**moved, "number": views.masked(moved["number"])} for moved in each["moved"]]
    return {**row, "now": await views.outcomes(door, allocation_id), "publications": published}


async def _moved(door: Door, allocation_id: str, command: Any) -> dict[str, Any]:
    await known(door, allocation_id)
    done = await door.execute(To("allocation", allocation_id, command))
    return {"id": allocation_id, "status": done.state.status, "publication": done.state.publication, "version": done.version}


@router.post("/{allocation_id}/open")
async def open_(allocation_id: str, door: Office) -> dict[str, Any]:
    """From now on people may apply, and the plan binds."""
    return await _moved(door, allocation_id, al.OpenAllocation(door.now))


@router.post("/{allocation_id}/close")
async def close(allocation_id: str, door: Office) -> dict[str, Any]:
    """No more applications; not before the published instant."""
    return await _moved(door, allocation_id, al.CloseAllocation(door.now))


@router.post("/{allocation_id}/rank")
async def rank(allocation_id: str, door: Office) -> dict[str, Any]:
    """Publish the ranking, or publish it anew with the appeals that were upheld."""
    row = await known(door, allocation_id)
    if row["status"] in ("planned", "open"):  # whoever applies while the list is read would be left out
        raise NotClosedYet(status=row["status"])
    # Later rankings rest on the published order alone.
    first = not row["publication"]
    applications = await views.standing_applications(door, allocation_id) if first else ()
    shared = await _whose(door, allocation_id) if first else ()
    until = add_working_days(door.now, row["appeal_days"])
    return await _moved(door, allocation_id, al.RankAllocation(applications, until, door.principal.id, door.now, shared))


async def _whose(door: Door, allocation_id: str) -> tuple[Whose, ...]:
    """Whom each application is for, of those whose person is known under several ids or lives in a household."""
    of = await views.applicants(door, allocation_id)
    chains = await views.chains_of(door, set(of.values()))
    every = sorted({chain for some in chains.values() for chain in some})
    groups: dict[str, Groups] = {}
    for at in range(0, len(every), _HOMES_AT_ONCE):
        homes: dict[str, Household] = await door.states("household", every[at : at + _HOMES_AT_ONCE])
        groups |= {chain: home.groups for chain, home in homes.items()}
    found = [whose(number, person, known_of(groups[chain] for chain in chains[person])) for number, person in of.items()]
    return tuple([one for one in found if one.homes or len(one.persons) > 1])


async def take_until(door: Door, allocation_id: str) -> datetime | None:
    """When the time of somebody ends who gets a place now; raises `NotFound`."""
    days = (await known(door, allocation_id))["take_days"]
    return add_working_days(door.now, days) if days else None


@router.post("/{allocation_id}/finish")
async def finish(allocation_id: str, door: Office) -> dict[str, Any]:
    """Final, once the days of appeal are over and every appeal is decided and ranked."""
    return await _moved(door, allocation_id, al.FinishAllocation(door.now, await take_until(door, allocation_id)))


@router.get("/{allocation_id}/ranking")
async def ranking(allocation_id: str, door: Anyone, limit: Limit = 100, cursor: After = 0) -> dict[str, Any]:
    """The published order, best first; numbers are masked. The cursor is the last rank seen."""
    await known(door, allocation_id)
    rows = await views.ranking(door, allocation_id, after=cursor, limit=limit + 1)
    return {"items": rows[:limit], "next": rows[limit - 1]["rank"] if len(rows) > limit else None}


@router.get("/{allocation_id}/ranking.csv")
async def ranking_file(allocation_id: str, door: Anyone) -> Response:
    """The whole published order as a table."""
    await known(door, allocation_id)
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(_COLUMNS)
    lines.writerows([["" if row[name] is None else row[name] for name in _COLUMNS] for row in await views.ranking(door, allocation_id)])
    # The mark lets spreadsheets read the signs of the masked numbers.
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8")
