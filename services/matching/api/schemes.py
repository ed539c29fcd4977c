"""The door to points and conditions: residence permit, school enrolment, public rental housing, home purchase; stores nothing."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends

from services.matching.asked import PointsIn
from services.matching.domain.points import Applicant, Counted, UnknownCode, points
from services.matching.domain.schemes import answer
from services.matching.domain.volunteer import hours_by_year
from services.matching.engaging import SEES_VOLUNTEERS, known_volunteer
from services.matching.rulebook import POINTS, POINTS_CODE, SCHEMES
from shared.clock import local_day
from shared.http import Door, Forbidden, Invalid, NotFound, door_for

router = APIRouter(prefix="/matching/v1/points", tags=["points"])
Anyone = Annotated[Door, Depends(door_for(public=True))]


@router.get("")
async def schemes(door: Anyone) -> dict[str, Any]:
    """Every scheme with its items or conditions, as the source tells them."""
    return {"items": [msgspec.to_builtins(POINTS), *[msgspec.to_builtins(one) for one in SCHEMES.values()]], "next": None}


@router.post("/{scheme}")
async def count(scheme: str, body: PointsIn, door: Anyone) -> dict[str, Any]:
    """Points item by item with what would add more, or the conditions of a scheme with what is missing."""
    on = body.as_of or local_day(door.now)
    if scheme == POINTS_CODE:
        return {"scheme": scheme, "as_of": on, **await _points(body, on, door)}
    if body.volunteer_id is not None:
        raise Invalid("/volunteer_id", "this scheme counts no hours")
    found = SCHEMES.get(scheme)
    if found is None:
        raise NotFound("scheme")
    if found.districts and body.district is None:
        raise Invalid("/district", "this scheme has rules of its own in each district")
    told = answer(found, body.facts, body.district)
    return {
        "scheme": scheme, "as_of": on, "district": body.district, "verdict": told.verdict,
        "because": [msgspec.to_builtins(one) for one in told.because], "missing": told.missing, "source": found.source,
        "note": {"zh": found.note_zh, "en": found.note_en},
    }  # fmt: skip


async def hours(body: PointsIn, on: date, door: Door) -> dict[int, int]:
    """Whole hours by year: those that are told, or those that hosts have verified of a volunteer up to this day."""
    if body.volunteer_id is None:
        return {one.year: one.hours for one in body.volunteer_hours}
    if body.volunteer_hours:
        raise Invalid("/volunteer_id", "hours are told already; either these or those of a volunteer")
    if not door.may(*SEES_VOLUNTEERS):
        raise Forbidden("the hours of a volunteer are seen by those who match volunteers")
    return hours_by_year(await known_volunteer(door, body.volunteer_id), on)


async def counted(body: PointsIn, on: date, door: Door) -> tuple[Counted, ...]:
    """Every item as it counts on this day; raises `Invalid` naming the item whose code the table does not know."""
    told = await hours(body, on, door)
    donations: dict[int, int] = {}
    for day in body.blood_donated_on:
        if day > on:
            raise Invalid("/blood_donated_on", "must not lie after the day that counts")
        donations[day.year] = donations.get(day.year, 0) + 1
    try:
        return points(
            POINTS,
            Applicant(
                body.education, body.skill, body.listed_occupation, donations, told,
                {one.year: one.fen for one in body.income_tax},
            ),
            on,
        )  # fmt: skip
    except UnknownCode as unknown:
        raise Invalid(f"/{unknown.item}", "is none of the codes of the table") from None


async def _points(body: PointsIn, on: date, door: Door) -> dict[str, Any]:
    found = await counted(body, on, door)
    return {
        "points": sum(one.points for one in found), "maximum": POINTS.maximum, "source": POINTS.source,
        "items": [msgspec.to_builtins(one) for one in found],
    }  # fmt: skip
