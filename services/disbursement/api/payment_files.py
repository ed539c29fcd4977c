"""The door to payment files: built from approved payouts, looked at, sent or dropped; and to what the bank writes back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from services.disbursement import bank_views, paying_by_file
from services.disbursement.asked_bank import PaymentFileIn
from services.disbursement.bank.xml import Unreadable
from services.disbursement.bank_tables import payment_files, statements
from services.disbursement.bank_words import take
from shared.http import Door, Invalid, NotFound, door_for

router = APIRouter(prefix="/disbursement/v1", tags=["bank"])
Desk = Annotated[Door, Depends(door_for("finance"))]
Reader = Annotated[Door, Depends(door_for("finance", "approver", "auditor"))]
Limit = Annotated[int, Query(ge=1, le=500)]
_XML = "application/xml"


@router.post("/payment-files", status_code=201)
async def build_file(body: PaymentFileIn, door: Desk) -> dict[str, Any]:
    """A pain.001 file of approved payouts, to be looked at; nothing is sent before it is released."""
    file_id = await paying_by_file.build(door, body.payout_ids, body.limit, body.execute_on)
    return await paying_by_file.preview(door, file_id)


@router.get("/payment-files")
async def files(door: Reader, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Payment files, newest first."""
    order = (payment_files.c.built_at, payment_files.c.file_id)
    return dict(await door.page(bank_views.files(), order=order, limit=limit, cursor=cursor))


@router.get("/payment-files/{file_id}")
async def one_file(file_id: str, door: Reader) -> dict[str, Any]:
    """One file with its payments; payees are masked."""
    return await paying_by_file.preview(door, file_id)


@router.get("/payment-files/{file_id}/document")
async def document(file_id: str, door: Desk) -> Response:
    """The file as the bank will have it, with a reason, recorded; after it is sent we do not have it any more."""
    content = await paying_by_file.shown_document(door, file_id)
    if content is None:
        raise NotFound("payment file")
    return Response(content, media_type=_XML)


@router.post("/payment-files/{file_id}/send")
async def send(file_id: str, door: Desk) -> dict[str, Any]:
    """Release it: it goes to the bank, and after a crash the same bytes go under the same number."""
    await paying_by_file.release(door, file_id)
    return await paying_by_file.preview(door, file_id)


@router.post("/payment-files/{file_id}/drop")
async def drop(file_id: str, door: Desk) -> dict[str, Any]:
    """Not this one: its payouts wait for the next file. Refused once it is released."""
    await paying_by_file.drop(door, file_id)
    return await paying_by_file.preview(door, file_id)


@router.post("/bank-messages", openapi_extra={"requestBody": {"content": {_XML: {"schema": {"type": "string"}}}, "required": True}})
async def bank_message(request: Request, door: Annotated[Door, Depends(door_for("finance"))]) -> dict[str, Any]:
    """A pain.002 or camt.053 of the bank: matched line by line; what does not fit becomes work. Sent again it changes nothing."""
    try:
        return await take(door.room, await request.body(), door.principal.id, door.correlation)
    except Unreadable as no:
        raise Invalid(no.pointer, no.detail) from None


@router.get("/bank-statements")
async def bank_statements(door: Reader, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Statements, newest first: balances, how many lines were matched, and the gap before one where something is missing."""
    order = (statements.c.received_at, statements.c.statement_id)
    return dict(await door.page(bank_views.statement_list(), order=order, limit=limit, cursor=cursor))
