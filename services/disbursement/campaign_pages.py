"""The public pages of campaigns: what they hope for, what was given, how gifts are matched, and which reports are owed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.disbursement import campaign_rows as rows
from services.disbursement.api.campaigns import shown_campaign
from services.disbursement.pages import fund_names, spoken
from shared.clock import local_day
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/disbursement/public/campaigns", include_in_schema=False)
Anyone = Annotated[Page, Depends(page_for(public=True))]
_PAGE = 50


@router.get("")
async def campaigns(page: Anyone) -> Response:
    """Campaigns, the newest first, with what each has raised of what it hopes for."""
    order = (rows.campaigns.c.opened_at, rows.campaigns.c.campaign_id)
    found = await page.door.page(rows.campaign_list(), order=order, limit=_PAGE, cursor=page.request.query_params.get("cursor"))
    states = await page.door.states("campaign", [one["campaign_id"] for one in found["items"]])
    items = [
        {**one, "name": spoken(one["name"], page.language), "raised_fen": states[one["campaign_id"]].raised_fen} for one in found["items"]
    ]
    return page.show("disbursement/campaigns.html", items=items, next=found["next"])


@router.get("/{campaign_id}")
async def campaign(campaign_id: str, page: Anyone) -> Response:
    """One campaign."""
    shown = await shown_campaign(page.door, campaign_id)
    ended = (shown["closed_on"] or shown["last_day"]) < local_day(page.door.now)
    fund = (await fund_names(page)).get(shown["fund_id"], shown["fund_id"])
    return page.show("disbursement/campaign.html", one={**shown, "name": spoken(shown["name"], page.language)}, ended=ended, fund=fund)
