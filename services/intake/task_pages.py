"""The page of open tasks: everything that waits for somebody's hand, over all cases, what is late first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.intake import views
from services.intake.domain.identity import DISTRICTS
from services.intake.showing import SEES_PERSONS
from shared.web.frame import Page, page_for

PATH = "/intake/tasks"
router = APIRouter(prefix=PATH, include_in_schema=False)
Reader = Annotated[Page, Depends(page_for(*SEES_PERSONS, "auditor"))]
WHOSE = ("mine", "all")
_SHOWN = 100
_KIND_MAX = 40


@router.get("")
async def tasks(page: Reader) -> Response:
    """Tasks by kind, district and whose case it is; whoever answers calls sees their own cases first."""
    query, door = page.request.query_params, page.door
    usual = "mine" if door.may("operator") and not door.may("caseworker", "gov", "admin") else "all"
    chosen = {
        "whose": query.get("whose") if query.get("whose") in WHOSE else usual,
        "kind": query.get("kind", "")[:_KIND_MAX],
        "district": query.get("district", "") if query.get("district", "") in DISTRICTS else "",
    }
    filters = {**chosen, "operator": door.principal.id if chosen["whose"] == "mine" else None}
    counted = await views.task_counts(door, {**filters, "kind": ""}, door.now)
    return page.show(
        "intake/tasks.html", chosen=chosen, tasks=await views.open_tasks(door, filters, _SHOWN), counted=counted, whose=WHOSE,
        districts=DISTRICTS, most=max((row["open"] for row in counted), default=0), now=door.now, shown=_SHOWN,
    )  # fmt: skip
