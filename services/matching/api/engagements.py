"""The door to engagements: what hosts ask volunteers for, who says yes, and the hours that the host verifies."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query

from services.matching import volunteer_views as views
from services.matching.asked import Code
from services.matching.domain import engagement as g
from services.matching.domain.rules import Need
from services.matching.engaging import MATCHERS, SEES_VOLUNTEERS, engagement_opened, own_engagement, shown_engagement, told, verified
from services.matching.volunteer_asked import CityDistrict, EndIn, EngagementIn, NoIn, VerifyIn, WhoIn
from shared.execute import Done
from shared.http import Door, door_for
from shared.service import To

router = APIRouter(prefix="/matching/v1/engagements", tags=["volunteers"])
Reader = Annotated[Door, Depends(door_for(*SEES_VOLUNTEERS, "charity"))]
Host = Annotated[Door, Depends(door_for(*MATCHERS, "charity"))]


@router.get("")
async def engagements(
    door: Reader, status: Literal["open", "closed"] | None = None, need: Need | None = None, district: CityDistrict | None = None,
    org_id: Code | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Engagements, newest first; a charity sees its own only."""
    org = org_id if door.may(*SEES_VOLUNTEERS) else door.principal.org or ""
    filters = {"status": status, "need": need, "district": district, "org_id": org}
    return dict(await views.engagement_page(door, filters, limit=limit, cursor=cursor))


@router.get("/{engagement_id}")
async def engagement(engagement_id: str, door: Reader, candidates: Annotated[int, Query(ge=0, le=200)] = 20) -> dict[str, Any]:
    """One engagement with its volunteers and who fits next, ranked by `order` with the reasons for each."""
    version = await door.version("engagement", engagement_id)
    return {**await shown_engagement(door, engagement_id, candidates), "version": version}


@router.post("", status_code=201)
async def open_engagement(body: EngagementIn, door: Host) -> dict[str, Any]:
    """Ask for volunteers, or ask with other terms."""
    key, done = await engagement_opened(door, body)
    return {"engagement_id": key, "version": done.version}


def _answer(engagement_id: str, done: Done, volunteer_id: str) -> dict[str, Any]:
    state: g.Engagement = done.state
    assert state.terms is not None
    return {
        "engagement_id": engagement_id, "volunteer_id": volunteer_id, "status": state.members[volunteer_id].status,
        "confirmed": state.confirmed, "wanted": state.terms.wanted, "version": done.version,
    }  # fmt: skip


@router.post("/{engagement_id}/invite")
async def invite(engagement_id: str, body: WhoIn, door: Host) -> dict[str, Any]:
    """Ask a volunteer who is active."""
    done = await told(door, engagement_id, body.volunteer_id, g.InviteVolunteer(body.volunteer_id, door.now))
    return _answer(engagement_id, done, body.volunteer_id)


@router.post("/{engagement_id}/confirm")
async def confirm(engagement_id: str, body: WhoIn, door: Host) -> dict[str, Any]:
    """An invited volunteer says yes; never more than are wanted. Told by the host alone, it does not open the reference of their platform."""
    yes = g.ConfirmEngagement(body.volunteer_id, door.now, door.may(*MATCHERS))
    done = await told(door, engagement_id, body.volunteer_id, yes)
    return _answer(engagement_id, done, body.volunteer_id)


@router.post("/{engagement_id}/decline")
async def decline(engagement_id: str, body: NoIn, door: Host) -> dict[str, Any]:
    """A volunteer says no, before or after a yes; the place is free again."""
    done = await told(door, engagement_id, body.volunteer_id, g.DeclineEngagement(body.volunteer_id, body.reason, door.now))
    return _answer(engagement_id, done, body.volunteer_id)


@router.post("/{engagement_id}/close")
async def close(engagement_id: str, door: Host, body: EndIn | None = None) -> dict[str, Any]:
    """Nobody is asked any more; hours can still be verified."""
    await own_engagement(door, engagement_id)
    done = await door.execute(To("engagement", engagement_id, g.CloseEngagement((body or EndIn()).reason, door.now)))
    return {"engagement_id": engagement_id, "status": "closed", "version": done.version}


@router.get("/{engagement_id}/hours")
async def hours(engagement_id: str, door: Reader) -> dict[str, Any]:
    """Every word of the host about hours, the first one first; of each volunteer and day the last one counts."""
    await own_engagement(door, engagement_id)
    said = [e.data for e in await door.history("engagement", engagement_id) if isinstance(e.data, g.HoursVerified)]
    return {"items": [msgspec.to_builtins(one) for one in said], "next": None}


@router.post("/{engagement_id}/hours")
async def verify(engagement_id: str, body: VerifyIn, door: Host) -> dict[str, Any]:
    """The host verifies the minutes of a volunteer's day, once, or corrects them with a reason."""
    done = await verified(door, engagement_id, body)
    minutes, entry = done.state.hours[body.volunteer_id, body.day]
    return {
        "engagement_id": engagement_id, "volunteer_id": body.volunteer_id, "day": body.day, "minutes": minutes, "entry": entry,
        "version": done.version,
    }  # fmt: skip
