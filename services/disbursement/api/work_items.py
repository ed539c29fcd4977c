"""The door to what does not fit between the bank and us: a list by age, each taken and ended by people."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from services.disbursement import bank_views
from services.disbursement.asked_bank import ItemReasonIn
from services.disbursement.bank_tables import work_items
from services.disbursement.domain.work_item import ResolveItem, TakeItem, WorkItem
from shared.http import Door, door_for
from shared.service import To

router = APIRouter(prefix="/disbursement/v1/work-items", tags=["bank"])
Reader = Annotated[Door, Depends(door_for("finance", "approver", "auditor"))]
Worker = Annotated[Door, Depends(door_for("finance", "approver"))]


@router.get("")
async def items(
    door: Reader, state: Literal["open", "resolved", "closed", "all"] = "open", kind: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Work items, newest first, with the time they were raised and who owns them."""
    order = (work_items.c.raised_at, work_items.c.item_id)
    chosen = bank_views.items(None if state == "all" else state, kind)
    page = await door.page(chosen, order=order, limit=limit, cursor=cursor)
    aged = [{**row, "age_seconds": max(0, int((door.now - row["raised_at"]).total_seconds()))} for row in page["items"]]
    return {"items": aged, "next": page["next"]}


def _shown(item_id: str, state: WorkItem, version: int) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "kind": state.kind,
        "state": state.status,
        "owner": state.owner,
        "proposed": state.proposed,
        "version": version,
    }


@router.post("/{item_id}/take")
async def take(item_id: str, door: Worker) -> dict[str, Any]:
    """It is mine from now on."""
    done = await door.execute(To("work_item", item_id, TakeItem(door.principal.id)))
    return _shown(item_id, done.state, done.version)


@router.post("/{item_id}/resolve")
async def resolve(item_id: str, body: ItemReasonIn, door: Worker) -> dict[str, Any]:
    """How it ended. Where money moved it ends when a second person says the same."""
    done = await door.execute(To("work_item", item_id, ResolveItem(body.reason, door.principal.id)))
    return _shown(item_id, done.state, done.version)
