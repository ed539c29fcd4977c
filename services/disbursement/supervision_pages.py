"""The page of the supervision committee: may be read by auditors alone, changes nothing, and remembers who read it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.disbursement.api.supervision import supervised
from services.disbursement.pages import fund_names
from services.disbursement.waiting import age
from shared.clock import local_day
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/disbursement", include_in_schema=False)
Committee = Annotated[Page, Depends(page_for("auditor", "admin"))]


@router.get("/supervision")
async def supervision(page: Committee) -> Response:
    """Funds and the law's figures, what is withheld and why, corrections, open work by age."""
    this, query = local_day(page.door.now).year, page.request.query_params
    said = query.get("year", "")
    year = int(said) if said.isascii() and said.isdigit() and len(said) == 4 and 2000 <= int(said) <= this else this
    found = await supervised(page.door, year, query.get("cursor"))
    work = [{**item, "age": age(page, item["raised_at"])} for item in found["work_items"]]
    return page.show(
        "disbursement/supervision.html", **{**found, "work_items": work}, year=year, this_year=this, fund_names=await fund_names(page)
    )  # fmt: skip
