"""The page of micro-wishes that are open, for everybody: what, where, since when; nothing that leads to a person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.disbursement.wish_rows import public_wishes, wishes
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/disbursement/public", include_in_schema=False)


@router.get("/wishes")
async def open_wishes(page: Annotated[Page, Depends(page_for(public=True))]) -> Response:
    """Open wishes, the newest first."""
    order = (wishes.c.opened_at, wishes.c.wish_id)
    found = await page.door.page(public_wishes(), order=order, limit=50, cursor=page.request.query_params.get("cursor"))
    return page.show("disbursement/wishes.html", wishes=found)
