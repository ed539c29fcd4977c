"""The office's pages of campaigns and pools: what each raised, which reports it owes, and how every matched fen came about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.disbursement import campaign_rows as rows
from services.disbursement.api import campaigns as door_to
from services.disbursement.api.funds import shown_fund
from services.disbursement.asked_campaigns import CampaignIn, PoolIn, ReportIn
from services.disbursement.domain.match_pool import Pool, shares
from services.disbursement.domain.treasury import Treasury
from services.disbursement.follow import CITY
from services.disbursement.pages import fen_of, fund_names, spoken
from services.disbursement.trying import tried
from shared.clock import local_day
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/disbursement", include_in_schema=False)
_KEEPERS = ("finance", "admin")
Reader = Annotated[Page, Depends(page_for("finance", "approver", "auditor", "admin", "gov", "charity"))]
Keeper = Annotated[Page, Depends(page_for(*_KEEPERS))]
Reporter = Annotated[Page, Depends(page_for(*_KEEPERS, "charity"))]
_PAGE = 50
_SEES_ALL = ("finance", "approver", "auditor", "admin", "gov")


async def _choices(page: Page) -> list[tuple[str, str]]:
    """The funds that still take something in."""
    treasury: Treasury = await page.door.state("treasury", CITY)
    return [(fund_id, spoken(fund.name, page.language)) for fund_id, fund in sorted(treasury.funds.items()) if not fund.closed]


def _next_report(shown: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The report to look at: the oldest that is late, else the next one."""
    return next((one for one in shown["reports"] if one["state"] != "handed_in"), None)


async def _campaigns(page: Page, status: int = 200, **values: Any) -> Response:
    org = None if page.may(*_SEES_ALL) else page.door.principal.org or ""
    order = (rows.campaigns.c.opened_at, rows.campaigns.c.campaign_id)
    found = await page.door.page(rows.campaign_list(org), order=order, limit=_PAGE, cursor=page.request.query_params.get("cursor"))
    items = []
    for one in found["items"]:
        shown = await door_to.shown_campaign(page.door, one["campaign_id"])
        items.append({**shown, "name": spoken(one["name"], page.language), "report": _next_report(shown)})
    shown_values = {"wrong": [], "form": {}, "may_keep": page.may(*_KEEPERS), "funds": await _choices(page), **values}
    return page.show("disbursement/office_campaigns.html", status=status, items=items, next=found["next"], **shown_values)


@router.get("/campaigns")
async def campaigns(page: Reader) -> Response:
    """Campaigns with what they raised and the report that is next; an organisation sees its own."""
    return await _campaigns(page, saved=page.request.query_params.get("saved"))


@router.post("/campaigns")
async def open_campaign(page: Keeper) -> Response:
    """Open a campaign for a fund."""
    form = await page.form()

    async def opened() -> None:
        said = {
            name: form.get(name, "").strip()
            for name in ("id", "name", "org_id", "fund_id", "first_day", "last_day", "registered_on", "permit")
        }
        await door_to.open_campaign(CampaignIn.model_validate({**said, "goal_fen": fen_of(form.get("goal", ""))}), page.door)

    status, wrong = await tried(page, opened, "id", {"goal_fen": "goal"})
    if wrong:
        return await _campaigns(page, status, form=form, wrong=wrong)
    return page.back(f"/disbursement/campaigns/{form['id'].strip()}?done=opened")


async def _campaign(page: Page, campaign_id: str, status: int = 200, **values: Any) -> Response:
    door = page.door
    one = await door_to.shown_campaign(door, campaign_id)
    treasury: Treasury = await door.state("treasury", CITY)
    today, own = local_day(door.now), page.may("charity") and door.principal.org == one["org_id"]
    ends = min(one["closed_on"] or one["last_day"], one["last_day"])
    owed = [{**r, "days": (today - r["due"]).days, "begun": today >= min(r["due"], ends)} for r in one["reports"]]
    shown = {
        "wrong": [], "form": {}, "may_keep": page.may(*_KEEPERS), "may_report": page.may(*_KEEPERS) or own, "funds": await _choices(page),
        "fund": shown_fund(one["fund_id"], treasury.funds[one["fund_id"]]), "names": await fund_names(page), "reports": owed,
        "matched_fen": sum(pool["drawn_fen"] for pool in one["pools"]), "ended": ends < today, "new_id": door.new_id(), **values,
    }  # fmt: skip
    name = spoken(one["name"], page.language)
    return page.show("disbursement/office_campaign.html", status=status, one={**one, "name": name}, **shown)


@router.get("/campaigns/{campaign_id}")
async def campaign(campaign_id: str, page: Reader) -> Response:
    """One campaign: its money, its reports, its pools."""
    return await _campaign(page, campaign_id, done=page.request.query_params.get("done"))


@router.post("/campaigns/{campaign_id}")
async def work_on_campaign(campaign_id: str, page: Reporter) -> Response:
    """Hand in a report, open a pool, or end the campaign: the button says which."""
    form = await page.form()
    act, door = form.get("act", ""), page.door

    async def report() -> None:
        told = {"due": form.get("due", ""), "url": form.get("url", "").strip()}
        await door_to.hand_in(campaign_id, ReportIn.model_validate(told), door)

    async def pool() -> None:
        caps = {name: fen_of(form[name]) or 0 for name in ("donation_max_fen", "donor_day_max_fen") if form.get(name, "").strip()}
        parts = {name: int(form[name]) if re.fullmatch("[0-9]{1,9}", form.get(name, "")) else 0 for name in ("give", "per")}
        said = {"fund_id": form.get("pool_fund", ""), "amount_fen": fen_of(form.get("amount", "")), "mode": form.get("mode", "")}
        told = {"id": form.get("pool_id", ""), "campaign_id": campaign_id, **said, **parts, **caps}
        await door_to.open_pool(PoolIn.model_validate(told), door)

    async def close() -> None:
        await door_to.close_campaign(campaign_id, door)

    steps = {"report": (report, "url")}
    if page.may(*_KEEPERS):
        steps |= {"pool": (pool, "amount"), "close": (close, "")}
    if act not in steps:
        return await _campaign(page, campaign_id, 422, wrong=[("", page.t("disbursement.wrong.step"))])
    step, field = steps[act]
    status, wrong = await tried(page, step, field, {"amount_fen": "amount", "fund_id": "pool_fund"})
    if wrong:
        return await _campaign(page, campaign_id, status, form=form, wrong=wrong)
    return page.back(f"/disbursement/campaigns/{campaign_id}?done={act}")


async def _pool(page: Page, pool_id: str, status: int = 200, **values: Any) -> Response:
    door = page.door
    one = await door_to.shown_pool(door, pool_id)
    order = (rows.matches.c.at, rows.matches.c.donation_id)
    found = await door.page(rows.explained_list(pool_id), order=order, limit=_PAGE, cursor=page.request.query_params.get("cursor"))
    state: Pool = await door.state("match_pool", pool_id)
    shared: dict[str, int] = {}
    if one["mode"] == "pro_rata" and state.closed:
        shared = shares(state.matches.items(), one["amount_fen"])
    campaign = await door.state("campaign", one["campaign_id"])
    shown = {"wrong": [], "may_keep": page.may(*_KEEPERS), "names": await fund_names(page), **values}
    name = spoken(campaign.terms.name, page.language)
    return page.show("disbursement/match_pool.html", status=status, one=one, found=found, shared=shared, campaign=name, **shown)


@router.get("/match-pools/{pool_id}")
async def pool(pool_id: str, page: Reader) -> Response:
    """One pool: its rule, what it holds, and each gift with what the rule said and what cut it."""
    return await _pool(page, pool_id, done=page.request.query_params.get("done"))


@router.post("/match-pools/{pool_id}")
async def close_pool(pool_id: str, page: Keeper) -> Response:
    """Close it: by pro rata it is shared now, and what is left is free again."""
    await page.form()

    async def closed() -> None:
        await door_to.close_pool(pool_id, page.door)

    status, wrong = await tried(page, closed)
    if wrong:
        return await _pool(page, pool_id, status, wrong=wrong)
    return page.back(f"/disbursement/match-pools/{pool_id}?done=close")
