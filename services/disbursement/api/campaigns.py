"""The doors to projects, campaigns and pools: who raises money for what, what it owes the public, and how gifts are matched."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.disbursement import campaign_rows as rows
from services.disbursement.asked_campaigns import CampaignIn, PoolIn, ProjectIn, ReportIn
from services.disbursement.domain.campaign import Campaign, CloseCampaign, HandIn, OpenCampaign, reports_due
from services.disbursement.domain.match_pool import ClosePool, OpenPool, Pool, shares
from services.disbursement.domain.project import OpenProject
from services.disbursement.domain.treasury import Treasury
from services.disbursement.follow import CITY
from shared.clock import local_day
from shared.http import Door, Forbidden, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/disbursement/v1", tags=["campaigns"])
public = APIRouter(prefix="/disbursement/v1/public/campaigns", tags=["public ledger"])
Reader = Annotated[Door, Depends(door_for("finance", "approver", "auditor", "admin", "gov", "charity"))]
Keeper = Annotated[Door, Depends(door_for("finance", "admin"))]
Reporter = Annotated[Door, Depends(door_for("finance", "admin", "charity"))]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.post("/projects", status_code=201)
async def open_project(body: ProjectIn, door: Keeper) -> dict[str, Any]:
    """Open a project; said again with the same terms it changes nothing."""
    done = await door.execute(To("project", body.id, OpenProject(body.id, body.name, body.org_id, tuple(body.needs))))
    return {"id": body.id, "version": done.version}


@router.get("/projects")
async def projects(door: Reader, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Projects, newest first."""
    order = (rows.projects.c.opened_at, rows.projects.c.project_id)
    return dict(await door.page(rows.project_list(), order=order, limit=limit, cursor=cursor))


@router.post("/campaigns", status_code=201)
async def open_campaign(body: CampaignIn, door: Keeper) -> dict[str, Any]:
    """Open a campaign for a fund; its organisation must have been registered for a year when it begins."""
    treasury: Treasury = await door.state("treasury", CITY)
    if body.fund_id not in treasury.funds:
        raise NotFound("fund")
    if body.project_id is not None and (await door.state("project", body.project_id)).opened is None:
        raise NotFound("project")
    command = OpenCampaign(
        body.id, body.name, body.org_id, body.fund_id, body.project_id or "", body.goal_fen, body.first_day, body.last_day,
        body.registered_on, body.permit,
    )  # fmt: skip
    done = await door.execute(To("campaign", body.id, command))
    return {"id": body.id, "version": done.version}


@router.get("/campaigns")
async def campaigns(door: Reader, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Campaigns, newest first."""
    order = (rows.campaigns.c.opened_at, rows.campaigns.c.campaign_id)
    return dict(await door.page(rows.campaign_list(), order=order, limit=limit, cursor=cursor))


async def _campaign(door: Door, campaign_id: str) -> Campaign:
    state: Campaign = await door.state("campaign", campaign_id)
    if state.terms is None:
        raise NotFound("campaign")
    return state


async def shown_campaign(door: Door, campaign_id: str) -> dict[str, Any]:
    """A campaign as everybody may see it: what it raised, what it owes the public, and by which rule gifts are matched."""
    state = await _campaign(door, campaign_id)
    terms = state.terms
    assert terms is not None
    today, handed = local_day(door.now), {r["due"]: r for r in await door.rows(rows.reports_of(campaign_id))}
    return {
        "id": campaign_id, "name": terms.name, "org_id": terms.org_id, "fund_id": terms.fund_id, "project_id": terms.project or None,
        "goal_fen": terms.goal_fen, "first_day": terms.first_day, "last_day": terms.last_day, "closed_on": state.closed_on,
        "permit": terms.permit, "raised_fen": state.raised_fen, "donations": state.donations,
        "reports": [_report(due, handed.get(due), today) for due in reports_due(terms.first_day, state.ends)],
        "pools": [await shown_pool(door, pool_id) for pool_id in state.all_pools],
    }  # fmt: skip


def _report(due: date, handed: dict[str, Any] | None, today: date) -> dict[str, Any]:
    """`state` is handed_in, overdue, or due while its day has not passed."""
    if handed is not None:
        return {"due": due, "state": "handed_in", "day": handed["day"], "url": handed["url"]}
    return {"due": due, "state": "overdue" if today > due else "due", "day": None, "url": None}


async def shown_pool(door: Door, pool_id: str) -> dict[str, Any]:
    """A pool with its published rule, in fen: `give` for every `per`, whole fen, rounded down."""
    state: Pool = await door.state("match_pool", pool_id)
    t = state.terms
    if t is None:
        raise NotFound("pool")
    return {
        "id": pool_id, "campaign_id": t.campaign_id, "fund_id": t.fund_id, "amount_fen": t.amount_fen, "give": t.give, "per": t.per,
        "mode": t.mode, "donation_max_fen": t.donation_max_fen or None, "donor_day_max_fen": t.donor_day_max_fen or None,
        "drawn_fen": state.drawn_fen, "noted_fen": state.noted_fen, "left_fen": state.left_fen, "donations": len(state.matches),
        "state": "closed" if state.closed else "open",
    }  # fmt: skip


@router.get("/campaigns/{campaign_id}")
async def one_campaign(campaign_id: str, door: Reader) -> dict[str, Any]:
    """One campaign with its reports and pools."""
    return await shown_campaign(door, campaign_id)


@router.post("/campaigns/{campaign_id}/close")
async def close_campaign(campaign_id: str, door: Keeper) -> dict[str, Any]:
    """End a campaign today, earlier than planned; from tomorrow on it takes nothing more."""
    await _campaign(door, campaign_id)
    await door.execute(To("campaign", campaign_id, CloseCampaign(local_day(door.now))))
    return await shown_campaign(door, campaign_id)


@router.post("/campaigns/{campaign_id}/reports")
async def hand_in(campaign_id: str, body: ReportIn, door: Reporter) -> dict[str, Any]:
    """Hand in the report that is due on a day; an organisation does so for its own campaigns."""
    state = await _campaign(door, campaign_id)
    assert state.terms is not None
    if not door.may("finance", "admin") and door.principal.org != state.terms.org_id:
        raise Forbidden("this campaign is another organisation's")
    await door.execute(To("campaign", campaign_id, HandIn(body.due, body.url, local_day(door.now), door.principal.id)))
    return await shown_campaign(door, campaign_id)


@router.post("/match-pools", status_code=201)
async def open_pool(body: PoolIn, door: Keeper) -> dict[str, Any]:
    """Open a pool: its money is held in its fund from now on, and gifts to the campaign are matched by this rule."""
    await _campaign(door, body.campaign_id)
    command = OpenPool(
        body.id, body.campaign_id, body.fund_id, body.amount_fen, body.give, body.per, body.mode, body.donation_max_fen or 0,
        body.donor_day_max_fen or 0,
    )  # fmt: skip
    await door.execute(To("match_pool", body.id, command))
    return await shown_pool(door, body.id)


@router.get("/match-pools")
async def pools(door: Reader, campaign_id: str | None = None, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Pools, newest first."""
    order = (rows.match_pools.c.opened_at, rows.match_pools.c.pool_id)
    return dict(await door.page(rows.pool_list(campaign_id), order=order, limit=limit, cursor=cursor))


@router.get("/match-pools/{pool_id}")
async def one_pool(pool_id: str, door: Reader) -> dict[str, Any]:
    """One pool with its rule and what is left."""
    return await shown_pool(door, pool_id)


@router.get("/match-pools/{pool_id}/matches")
async def matches(pool_id: str, door: Reader, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Each donation with what the rule says, what it got, and which limit cut it; by pro rata what it could get."""
    await shown_pool(door, pool_id)
    order = (rows.matches.c.at, rows.matches.c.donation_id)
    return dict(await door.page(rows.match_list(pool_id), order=order, limit=limit, cursor=cursor))


@router.get("/match-pools/{pool_id}/matches/{donation_id}")
async def one_match(pool_id: str, donation_id: str, door: Reader) -> dict[str, Any]:
    """One donation explained: what the rule says, which limit cut it, and by pro rata its share of the closed pool."""
    state: Pool = await door.state("match_pool", pool_id)
    found = await door.rows(rows.match_list(pool_id).where(rows.matches.c.donation_id == donation_id))
    if state.terms is None or not found:
        raise NotFound("match")
    own = found[0]
    share: int | None = own["amount_fen"]
    if state.terms.mode == "pro_rata":
        share = shares(state.matches.items(), state.terms.amount_fen)[donation_id] if state.closed else None
    return {**own, "share_fen": share}


@router.post("/match-pools/{pool_id}/close")
async def close_pool(pool_id: str, door: Keeper) -> dict[str, Any]:
    """Close a pool: by pro rata it is shared now; what is left is free again in its fund."""
    shown = await shown_pool(door, pool_id)
    campaign = await _campaign(door, shown["campaign_id"])
    assert campaign.terms is not None
    await door.execute(To("match_pool", pool_id, ClosePool(campaign.terms.fund_id)))
    return await shown_pool(door, pool_id)


@public.get("/{campaign_id}")
async def public_campaign(campaign_id: str, door: Annotated[Door, Depends(door_for(public=True))]) -> dict[str, Any]:
    """One campaign for everybody: raised, goal, days, reports that are due or overdue, and how gifts are matched."""
    return await shown_campaign(door, campaign_id)
