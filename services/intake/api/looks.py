"""The door for auditors: who looked at whose data, when and why, and what was shared without asking."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.intake import views
from services.intake.oneness import one_person
from shared.asked import Instant
from shared.http import Door, door_for

router = APIRouter(prefix="/intake/v1", tags=["audit"])
Auditor = Annotated[Door, Depends(door_for("auditor", "admin"))]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/looks")
async def looks(
    door: Auditor, actor: str | None = None, purpose: str | None = None, person_id: str | None = None, case_id: str | None = None,
    since: Instant | None = None, limit: Limit = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Every look at personal data, newest first: who, when, for what purpose, why, at which persons and cases."""
    filters = {"actor": actor, "purpose": purpose, "person_id": person_id, "case_id": case_id, "since": since}
    return dict(await looked(door, filters, limit, cursor))


async def looked(door: Door, filters: dict[str, Any], limit: int, cursor: str | None) -> dict[str, Any]:
    """A person is meant under all their ids."""
    if filters.get("person_id"):
        filters = {**filters, "person_ids": await one_person(door, filters["person_id"])}
    return dict(await views.look_page(door, filters, limit=limit, cursor=cursor))


@router.get("/emergency-shares")
async def emergency_shares(
    door: Annotated[Door, Depends(door_for("auditor", "admin", "gov"))], reviewed: bool | None = None, limit: Limit = 50,
    cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What was shared without a consent because life was in danger, with who did it, until when, and who reviewed it."""
    return dict(await views.emergency_page(door, reviewed=reviewed, limit=limit, cursor=cursor))
