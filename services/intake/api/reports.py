"""The door where a report comes in, or a text that is only weighed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from services.intake.asked import ReportIn, TextIn
from services.intake.domain.triage import triage
from services.intake.domain.urgency import assess
from services.intake.taking import take
from shared.clock import local_day
from shared.http import Door, Forbidden, door_for

router = APIRouter(prefix="/intake/v1", tags=["reports"])
REPORTERS = ("operator", "gov", "caseworker", "charity", "admin")


@router.post("/reports", status_code=201)
async def report(body: ReportIn, door: Annotated[Door, Depends(door_for(*REPORTERS, public=True))]) -> dict[str, Any]:
    """Take a report. Sent twice with the same source and reference it is recorded once and answered the same."""
    if not door.may(*REPORTERS) and ("public" not in door.principal.roles or body.channel != "web"):
        raise Forbidden(f"needs one of: {', '.join(REPORTERS)}; without a token only the channel web is open")
    answered, _ = await take(door, body, similar=True)
    return answered


@router.post("/triage")
async def weigh(body: TextIn, door: Annotated[Door, Depends(door_for())]) -> dict[str, Any]:
    """Needs and urgency of a text with the words that led there; stores nothing."""
    found = triage(body.text)
    weighed = assess((), found, {}, danger_now=False, on=local_day(door.now))
    return {
        "urgency": {"level": weighed.level, "because": [*weighed.because, *found.words.get("urgency", ())]},
        "needs": [{"code": n.code, "because": [*n.because, *found.words.get(n.code, ())]} for n in weighed.needs],
        "unsure": found.unsure,
    }
