"""The door for those who read: the feed, the stream, the story of a case, the numbers of the first page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response

from services.notifications import views
from services.notifications.audience import READERS, SEES_ALL, organisation_of
from services.notifications.domain.subscription import Wanted
from services.notifications.sharing import noted
from services.notifications.streaming import EventStream, events_after, item, place_of
from services.notifications.timeline import as_tree
from shared.asked import Position
from shared.http import Door, NotFound, door_for
from shared.security import Principal

router = APIRouter(prefix="/notifications/v1", tags=["feed"])
CASE_READERS = (*READERS, "operator", "caseworker", "finance", "approver")
Reader = Annotated[Door, Depends(door_for(*READERS))]
Types = Annotated[list[str] | None, Query(alias="type", max_length=50, description="Exact types, or a beginning with `*`.")]
Districts = Annotated[list[str] | None, Query(alias="district", max_length=50)]
Needs = Annotated[list[str] | None, Query(alias="need", max_length=20)]


def _wanted(types: list[str] | None, districts: list[str] | None, needs: list[str] | None) -> Wanted:
    return Wanted(tuple(types or ()), tuple(districts or ()), tuple(needs or ()))


@router.get("/feed")
async def feed(
    door: Reader, after: Position = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    types: Types = None, districts: Districts = None, needs: Needs = None,
) -> dict[str, Any]:  # fmt: skip
    """Events after a position, oldest first; `next` is the position to ask with next time, also when nothing was for you."""
    org, room = organisation_of(door.principal), door.room
    newest = (await door.rows(views.feed_ends()))[0]["newest"] or 0
    found = await door.rows(views.feed_after(after, limit, org, _wanted(types, districts, needs), newest))
    rows = await noted(room, org, found)
    reached = found[-1]["position"] if len(found) == limit else max(after, newest)
    return {"items": [item(row) for row in rows], "next": reached, "newest": newest}


@router.get("/stream", response_class=EventStream)
async def stream(
    door: Reader, last_event_id: Annotated[Position | None, Header()] = None, after: Position | None = None,
    types: Types = None, districts: Districts = None, needs: Needs = None,
) -> Response:  # fmt: skip
    """Server-sent events; `Last-Event-ID` (or `after`) goes on without a gap, without either it begins with what comes next."""
    org = organisation_of(door.principal)
    position, reset = await place_of(door.room, last_event_id if last_event_id is not None else after)
    chunks = events_after(door.room, position, reset, org, _wanted(types, districts, needs))
    return EventStream(chunks, headers={"cache-control": "no-store", "x-accel-buffering": "no"})


def eyes_on_cases(principal: Principal) -> str | None:
    """Whose eyes look at a case's story: our own people see all of it, an organisation what consent shares."""
    ours = SEES_ALL | {"operator", "caseworker", "finance", "approver"}
    return None if principal.roles & ours else organisation_of(principal)


async def story_of(door: Door, case_id: str) -> list[dict[str, Any]]:
    """The tree of a case as this caller may see it; `NotFound` when that is nothing."""
    org = eyes_on_cases(door.principal)
    rows = await noted(door.room, org, await door.rows(views.timeline_of(case_id, org)))
    if not rows:
        raise NotFound("case")
    return as_tree(rows)


@router.get("/cases/{case_id}/timeline")
async def timeline(case_id: str, door: Annotated[Door, Depends(door_for(*CASE_READERS))]) -> dict[str, Any]:
    """The case over four services, cause by cause, without personal data."""
    return {"case_id": case_id, "items": await story_of(door, case_id)}


@router.get("/public/flow")
async def public_flow(door: Annotated[Door, Depends(door_for(public=True))]) -> dict[str, Any]:
    """What Kapok does now: reports, cases, referrals, help paid; in all, today, by district. Numbers only."""
    return await views.counters(door)
