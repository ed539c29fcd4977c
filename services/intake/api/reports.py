"""The door where a report comes in, or a text that is only weighed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.intake.asked import ReportIn, TextIn
from services.intake.domain.questions import next_questions
from services.intake.domain.urgency import assess
from services.intake.second_opinion import as_told, joined, opinion
from services.intake.taking import take
from services.intake.weights import triage
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
async def weigh(
    body: TextIn, door: Annotated[Door, Depends(door_for())], second_opinion: Annotated[bool, Query()] = False
) -> dict[str, Any]:
    """Needs and urgency of a text, each with the words that led there and how sure it is, and what to ask next; stores nothing.

    `status`: `understood`, `no_need`, or `needs_information`. With `second_opinion=true` the end point of the settings is asked too.
    """
    found = triage(body.text)
    other = await opinion(door.room, body.text) if second_opinion else None
    if other is not None:
        found = joined(found, other)
    weighed = assess((), found, {}, danger_now=False, on=local_day(door.now))
    sure, needs = found.confidence, [n.code for n in weighed.needs]
    asked: tuple[str, ...] = ()
    if found.status != "no_need":
        asked = next_questions(
            needs=needs, level=weighed.level, unsure=found.unsure, facts={}, has_phone=True, has_place=False, consent_asked=True
        )
    return {
        "status": found.status,
        "urgency": {
            "level": weighed.level, "because": [*weighed.because, *found.words.get("urgency", ())], "confidence": sure.get("urgency", 0.5),
        },
        "needs": [
            {"code": n.code, "because": [*n.because, *found.words.get(n.code, ())], "confidence": sure.get(n.code, 0.5)}
            for n in weighed.needs
        ],
        "unsure": found.unsure,
        "ask": list(asked),
        **({"second_opinion": as_told(other)} if other is not None else {}),
    }  # fmt: skip
