"""The door to volunteers: who can help with what, where and when, and the hours that hosts verified."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.matching import volunteer_views as views
from services.matching.domain import engagement as g
from services.matching.domain import volunteer as v
from services.matching.domain.volunteering import Skill, Spoken
from services.matching.engaging import MATCHERS, SEES_VOLUNTEERS
from services.matching.volunteer_asked import CityDistrict, LeaveIn, VolunteerIn
from shared.clock import local_day
from shared.http import Door, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/matching/v1/volunteers", tags=["volunteers"])
Reader = Annotated[Door, Depends(door_for(*SEES_VOLUNTEERS))]
Keeper = Annotated[Door, Depends(door_for(*MATCHERS, "service"))]


@router.get("")
async def volunteers(
    door: Reader, district: CityDistrict | None = None, skill: Skill | None = None, language: Spoken | None = None,
    active: bool | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Volunteers, newest first; who serves the whole city is found in each district."""
    return dict(await views.volunteer_page(door, district, skill, language, active, limit=limit, cursor=cursor))


@router.get("/summary")
async def summary(door: Reader) -> dict[str, Any]:
    """The city in numbers: registered, active, and verified hours by year and district."""
    return await views.summary(door)


@router.get("/{volunteer_id}")
async def volunteer(volunteer_id: str, door: Reader) -> dict[str, Any]:
    """One volunteer with whole hours by year, and the engagements they were asked for."""
    version, row = await door.version("volunteer", volunteer_id), await views.volunteer_row(door, volunteer_id)
    if row is None:
        raise NotFound("volunteer")
    state: v.Volunteer = await door.state("volunteer", volunteer_id)
    hours = [{"year": year, "hours": whole} for year, whole in v.hours_by_year(state, local_day(door.now)).items()]
    return {**row, "hours_by_year": hours, "engagements": await views.engagements_of(door, volunteer_id), "version": version}


@router.post("", status_code=201)
async def register(body: VolunteerIn, door: Keeper) -> dict[str, Any]:
    """Register a volunteer, or tell anew what they can do; the id is always the same for the same reference."""
    key = door.named_id("volunteer", body.external_ref)
    told = v.RegisterVolunteer(
        key, body.external_ref, tuple(body.skills), tuple(body.districts), tuple(body.times), tuple(body.languages), door.now
    )  # fmt: skip
    return await _answer(door, key, told)


async def _answer(door: Door, volunteer_id: str, command: Any, *more: To) -> dict[str, Any]:
    done = await door.execute(To("volunteer", volunteer_id, command), *more)
    return {"volunteer_id": volunteer_id, "status": done.state.status, "version": done.version}


async def _known(door: Door, volunteer_id: str, command: Any, *more: To) -> dict[str, Any]:
    state: v.Volunteer = await door.state("volunteer", volunteer_id)
    if state.registered is None:
        raise NotFound("volunteer")
    return await _answer(door, volunteer_id, command, *more)


@router.post("/{volunteer_id}/pause")
async def pause(volunteer_id: str, door: Keeper) -> dict[str, Any]:
    """Not to be asked for a while."""
    return await _known(door, volunteer_id, v.PauseVolunteer(door.now))


@router.post("/{volunteer_id}/resume")
async def resume(volunteer_id: str, door: Keeper) -> dict[str, Any]:
    """To be asked again."""
    return await _known(door, volunteer_id, v.ResumeVolunteer(door.now))


@router.post("/{volunteer_id}/leave")
async def leave(volunteer_id: str, door: Keeper, body: LeaveIn | None = None) -> dict[str, Any]:
    """To be asked no more, or to be forgotten; their places are free again and verified hours stay counted."""
    no = g.DeclineEngagement(volunteer_id, g.LEFT, door.now)
    places = [To("engagement", key, no) for key in await views.open_places(door, volunteer_id)]
    said = await _known(door, volunteer_id, v.LeaveVolunteer((body or LeaveIn()).reason, door.now), *places)
    for key in await views.open_places(door, volunteer_id):  # what was asked of them while this was being said
        await door.execute(To("engagement", key, no))
    return said
