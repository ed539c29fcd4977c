"""The door for telephone campaigns: plan, add people, start, pace, pause, resume, stop, watch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError

from services.intake.campaigns import views
from services.intake.campaigns.asked import CampaignIn, PaceIn, PeopleIn, first_fault, minutes
from services.intake.campaigns.people import Added, Wanted, add_people, check_screening, listed_in, read_lines, read_table
from services.intake.campaigns.scripts import script, scripts
from services.intake.campaigns.shown import shown_campaign, shown_row
from services.intake.campaigns.streamed import LINE_MAX, lines_of
from services.intake.domain import campaign as k
from services.intake.domain.campaign_decisions import CampaignIsUnknown
from services.intake.showing import SEES_PERSONS
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/intake/v1/campaigns", tags=["campaigns"])
Staff = Annotated[Door, Depends(door_for(*SEES_PERSONS))]
Reader = Annotated[Door, Depends(door_for(*SEES_PERSONS, "auditor"))]
Answered = TypeVar("Answered")
_LISTS = {
    "application/json": {"schema": PeopleIn.model_json_schema(ref_template="#/components/schemas/{model}")},
}


@router.post("", status_code=201)
async def plan(body: CampaignIn, door: Staff) -> dict[str, Any]:
    """Plan a campaign; with `ref` it is the same one when it is sent again. `people` may be added at once or later."""
    campaign_id = await planned(door, body)
    added = None
    if body.people:
        added = await add_people(door, campaign_id, listed_in(PeopleIn(people=body.people), door), Added())
    shown = await shown_campaign(door, campaign_id)
    return {**shown, "added": added} if added else shown


async def planned(door: Door, body: CampaignIn) -> str:
    """The campaign that this asks for; raises `Invalid` where no script fits, or nobody knows the screening it follows up."""
    found = script(body.script or body.purpose, body.script_version)
    if found is None:
        raise Invalid("/script", "there is no such script")
    if found.purpose != body.purpose:
        raise Invalid("/script", "this script is for another purpose")
    await check_screening(door, body.screening_id)
    campaign_id = door.named_id("campaign", body.ref) if body.ref else door.new_id()
    mark = door.named_id("mark", body.model_dump_json(exclude={"people"})) if body.ref else ""
    asked_for = k.CampaignPlanned(
        campaign_id, body.name, body.purpose, found.code, found.version, body.language, body.lines, minutes(body.hours.since),
        minutes(body.hours.until), body.retries, body.retry_minutes, door.now, mark, body.screening_id,
    )  # fmt: skip
    await door.execute(To("campaign", campaign_id, k.PlanCampaign(asked_for)))
    return campaign_id


@router.get("")
async def list_campaigns(
    door: Reader, status: Literal["planned", "running", "paused", "done"] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Campaigns, newest first."""
    page = await views.campaign_page(door, status, limit=limit, cursor=cursor)
    return {"items": [shown_row(row) for row in page["items"]], "next": page["next"]}


@router.get("/scripts")
async def list_scripts(door: Reader) -> dict[str, Any]:
    """Every version of what is read out, in both languages, with where each key leads."""
    return {"items": msgspec.to_builtins(list(scripts().values())), "next": None}


@router.get("/{campaign_id}")
async def one(campaign_id: str, door: Reader) -> dict[str, Any]:
    """One campaign: how far it is and what was answered."""
    return await shown_campaign(door, campaign_id)


@router.get("/{campaign_id}/calls")
async def calls(
    campaign_id: str, door: Reader, status: Literal["queued", "ringing", "answered", "no_answer", "opted_out", "unknown", "skipped"] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Its calls in codes, such as those whom nobody reached; no number and no name."""
    await _known(door, campaign_id)
    return dict(await views.call_page(door, campaign_id, status, limit=limit, cursor=cursor))


async def _known(door: Door, campaign_id: str) -> k.Campaign:
    state: k.Campaign = await door.state("campaign", campaign_id)
    if state.plan is None:
        raise NotFound("campaign")
    return state


@router.post(
    "/{campaign_id}/people",
    openapi_extra={"requestBody": {"required": True, "content": {**_LISTS, "application/x-ndjson": {}, "text/plain": {}}}},
)
async def people(campaign_id: str, request: Request, door: Staff) -> dict[str, Any]:
    """Add people: by reference (JSON), or a list of numbers as NDJSON of any size or as a table (text, number first).

    A number stands in a campaign once; wrong lines are named and passed over.
    """
    added = Added()
    wanted = await _wanted(request, door, added)
    return await _obeyed(add_people(door, campaign_id, wanted, added))


async def _wanted(request: Request, door: Door, added: Added) -> AsyncIterator[Wanted]:
    media = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if media == "application/x-ndjson":
        return read_lines(lines_of(request), added, longest=LINE_MAX)
    if media == "text/plain":
        return read_table([await request.body()], added)
    try:
        body = PeopleIn.model_validate_json(await request.body())
    except ValidationError as fault:
        raise Invalid(*first_fault(fault)) from None
    await check_screening(door, body.screening_id)
    return listed_in(body, door)


async def _obeyed(work: Awaitable[Answered]) -> Answered:
    try:
        return await work
    except CampaignIsUnknown as unknown:
        raise NotFound("campaign") from unknown


async def _step(door: Door, campaign_id: str, command: Any) -> dict[str, Any]:
    await _obeyed(door.execute(To("campaign", campaign_id, command)))
    return await shown_campaign(door, campaign_id)


@router.post("/{campaign_id}/start")
async def start(campaign_id: str, door: Staff) -> dict[str, Any]:
    """From now on people are rung, at the campaign's hours."""
    return await _step(door, campaign_id, k.StartCampaign(door.now))


@router.post("/{campaign_id}/pause")
async def pause(campaign_id: str, door: Staff) -> dict[str, Any]:
    """Nobody more is rung; calls under way go on."""
    return await _step(door, campaign_id, k.PauseCampaign(door.now))


@router.post("/{campaign_id}/resume")
async def resume(campaign_id: str, door: Staff) -> dict[str, Any]:
    """It goes on where it was paused."""
    return await _step(door, campaign_id, k.ResumeCampaign(door.now))


@router.post("/{campaign_id}/stop")
async def stop(campaign_id: str, door: Staff) -> dict[str, Any]:
    """It ends for good; whoever has not been rung is not rung."""
    return await _step(door, campaign_id, k.StopCampaign(door.now))


@router.post("/{campaign_id}/pace")
async def pace(campaign_id: str, body: PaceIn, door: Staff) -> dict[str, Any]:
    """Other lines or other hours, from now on."""
    hours = body.hours
    command = k.PaceCampaign(door.now, body.lines, minutes(hours.since) if hours else None, minutes(hours.until) if hours else None)
    return await _step(door, campaign_id, command)
