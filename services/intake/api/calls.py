"""The door for calls: the telephony provider's signed word, and the people who call back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from services.intake.campaigns import views
from services.intake.campaigns.asked import CallBackIn, OutcomeIn, first_fault
from services.intake.campaigns.calling_back import called_back
from services.intake.campaigns.outcome import PROVIDER, record_outcome
from services.intake.domain.call_decisions import CallIsUnknown
from services.intake.showing import SEES_PERSONS
from shared.http import Door, Invalid, NotFound, Unauthenticated, door_for, door_of
from shared.service import Webhook
from shared.signing import proved
from shared.webhooks import HEADERS

router = APIRouter(prefix="/intake/v1/calls", tags=["campaigns"])
WEBHOOK = Webhook(r"/intake/v1/calls/[^/]+/outcome", "telephony_secret")
Worker = Annotated[Door, Depends(door_for(*SEES_PERSONS))]


def _provider(request: Request) -> Door:
    return door_of(request, PROVIDER)


@router.post(
    "/{call_id}/outcome",
    openapi_extra={"x-signed-body": OutcomeIn.model_json_schema()},  # nobody else can send it, so it is no body that a client may try
    responses={401: {"description": "not signed by the provider"}, 404: {"description": "there is no such call"}},
)
async def outcome(call_id: str, request: Request, door: Annotated[Door, Depends(_provider)]) -> dict[str, Any]:
    """The telephony provider's webhook (Standard Webhooks): keys, words, or that nobody answered; told again it changes nothing.

    The signature covers the body and not the address, so the body names the call too.
    """
    if request.headers.get("content-type", "").split(";", 1)[0].strip().lower() != "application/json":
        raise HTTPException(415)  # the others' bodies may be endless
    raw = await request.body()
    headers = {name: request.headers.get(name, "") for name in HEADERS}
    message_id = proved(door.room.settings.telephony_secret, headers, raw, door.now)
    if message_id is None:
        raise Unauthenticated("not signed by the telephony provider, or too long ago")
    try:
        said = OutcomeIn.model_validate_json(raw)
    except ValidationError as fault:
        raise Invalid(*first_fault(fault)) from None
    if said.call_id != call_id:
        raise Invalid("/call_id", "names another call than the address")
    try:
        return await record_outcome(door, said, message_id)
    except CallIsUnknown as unknown:
        raise NotFound("call") from unknown


@router.get("/call-backs")
async def call_backs(door: Worker, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> dict[str, Any]:
    """Whom somebody has to call back, the first clock first; in codes."""
    rows = await views.call_backs(door.room, limit)
    return {"items": [{**row, "overdue": row["call_back_due"] < door.now} for row in rows], "next": None}


@router.post("/{call_id}/call-back")
async def finish_call_back(call_id: str, body: CallBackIn, door: Worker) -> dict[str, Any]:
    """What came of calling back: a case, no need, or nobody reached."""
    try:
        return await called_back(door, call_id, body)
    except CallIsUnknown as unknown:
        raise NotFound("call") from unknown
