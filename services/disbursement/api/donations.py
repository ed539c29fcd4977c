"""The door to donations: one, or many in a stream; each is recorded once under its reference."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError

from services.disbursement import views
from services.disbursement.approving import month
from services.disbursement.asked import DonatedItemIn, DonationIn, NoRefundIn, RefundIn
from services.disbursement.domain.campaign import Campaign, CampaignUnknown
from services.disbursement.domain.donation import AskRefund, ConfirmRefund, Donate, Donation, Donor, RefuseRefund
from services.disbursement.domain.earmark import NO_WORD, Earmark
from services.disbursement.domain.stock import ItemReceived
from services.disbursement.domain.treasury_decisions import STORES
from services.disbursement.tables import donations as donation_table
from shared.clock import local_day
from shared.http import Door, Invalid, NotFound, door_for
from shared.kernel import Rejected
from shared.service import To

router = APIRouter(prefix="/disbursement/v1/donations", tags=["donations"])
Taker = Annotated[Door, Depends(door_for("finance", "charity", "admin"))]
Refunder = Annotated[Door, Depends(door_for("finance", "admin"))]
Confirmer = Annotated[Door, Depends(door_for("finance", "approver", "admin"))]
Reader = Annotated[Door, Depends(door_for("finance", "approver", "auditor", "admin", "gov", "charity"))]
_LINES_MAX = 10_000
_AT_ONCE = 200


def _item(item: DonatedItemIn, own_lot: str) -> ItemReceived:
    """Goods with a place or a last day are a lot of their own, unless the giver names one."""
    lot = item.lot or (own_lot if item.place or item.expires else "")
    return ItemReceived(item.sku, item.quantity, item.value_fen, lot, item.place or "", item.expires)


async def take(door: Door, body: DonationIn) -> tuple[dict[str, Any], bool]:
    """Record a donation; the second value says whether it is new."""
    donation_id = door.named_id("donation", body.donation_ref)
    items = tuple(_item(i, f"{donation_id[-8:]}-{n}") for n, i in enumerate(body.items, 1))
    donor = None if body.donor is None else Donor(body.donor.name, body.donor.contact)
    fund_id = body.fund_id or STORES
    if body.campaign_id is not None:
        campaign: Campaign = await door.state("campaign", body.campaign_id)
        if campaign.terms is None:
            raise CampaignUnknown(campaign_id=body.campaign_id)
        fund_id = campaign.terms.fund_id
    who = door.named_id("donor", body.donor.ref if body.donor is not None and body.donor.ref else body.donation_ref)
    said = body.earmark
    earmark = NO_WORD if said is None else Earmark(said.programme or "", said.district or "", said.purpose or "")
    command = Donate(
        donation_id, who, fund_id, body.kind, body.amount_fen or 0, items, month(door), donor, body.campaign_id or "", local_day(door.now),
        earmark,
    )  # fmt: skip
    done = await door.execute(To("donation", donation_id, command))
    state: Donation = done.state
    return {"donation_id": donation_id, "receipt": state.received.receipt if state.received else None, "version": done.version}, bool(
        done.events
    )


@router.post("", status_code=201)
async def donate(body: DonationIn, door: Taker) -> dict[str, Any]:
    """A donation of cash to a fund or of goods to the stores, with a receipt number."""
    answered, _ = await take(door, body)
    return answered


@router.post(":batch")
async def batch(request: Request, door: Taker) -> dict[str, Any]:
    """NDJSON, one donation a line; an answer for each line, in order. A bad line does not hold up the others."""
    lines = [line for line in (await request.body()).split(b"\n") if line.strip()]
    if len(lines) > _LINES_MAX:
        raise Invalid(pointer="", detail=f"at most {_LINES_MAX} lines at once")
    answers: list[dict[str, Any]] = []
    for at in range(0, len(lines), _AT_ONCE):  # side by side they share a commit; line by line each would pay for its own
        answers += await asyncio.gather(*[_line(door, line) for line in lines[at : at + _AT_ONCE]])
    return {"items": [{"line": number, **answer} for number, answer in enumerate(answers, 1)], "next": None}


async def _line(door: Door, line: bytes) -> dict[str, Any]:
    try:
        answered, new = await take(door, DonationIn.model_validate_json(line))
    except ValidationError as fault:
        found = fault.errors(include_input=False, include_url=False, include_context=False)
        errors = [{"pointer": "/" + "/".join(str(p) for p in e["loc"]), "detail": e["type"]} for e in found]
        problem = {"type": "urn:kapok:problem:InvalidRequest", "title": "Some fields are missing or wrong.", "errors": errors}
        return {"status": "refused", "problem": problem}
    except Rejected as no:
        return {"status": "refused", "problem": {"type": f"urn:kapok:problem:{no.code}", "title": no.sentence}}
    return {"status": "recorded" if new else "already", **answered}


@router.get("")
async def donations(door: Reader, limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None) -> dict[str, Any]:
    """Donations, newest first; who gave is not shown here."""
    order = (donation_table.c.at, donation_table.c.donation_id)
    return dict(await door.page(views.donation_list(), order=order, limit=limit, cursor=cursor))


def _refund(donation_id: str, state: Donation) -> dict[str, Any]:
    waits = (
        None if state.asked is None else {"amount_fen": state.asked.amount_fen, "reason": state.asked.reason, "asked_by": state.asked.by}
    )
    return {"donation_id": donation_id, "refunded_fen": state.refunded_fen, "waits": waits}


async def _known(door: Door, donation_id: str) -> None:
    state: Donation = await door.state("donation", donation_id)
    if state.received is None:
        raise NotFound("donation")


@router.post("/{donation_id}/refund")
async def ask_refund(donation_id: str, body: RefundIn, door: Refunder) -> dict[str, Any]:
    """Ask that money goes back to its donor; nothing moves before a second person confirms it."""
    await _known(door, donation_id)
    done = await door.execute(To("donation", donation_id, AskRefund(body.amount_fen, body.reason, door.principal.id)))
    return _refund(donation_id, done.state)


@router.post("/{donation_id}/refund/confirm")
async def confirm_refund(donation_id: str, door: Confirmer) -> dict[str, Any]:
    """A second person agrees: the money leaves its fund, if the fund still has it, and the public ledger says so."""
    await _known(door, donation_id)
    done = await door.execute(To("donation", donation_id, ConfirmRefund(door.principal.id, month(door))))
    return _refund(donation_id, done.state)


@router.post("/{donation_id}/refund/refuse")
async def refuse_refund(donation_id: str, body: NoRefundIn, door: Confirmer) -> dict[str, Any]:
    """It does not go back; nothing waits any more, and it may be asked for anew."""
    await _known(door, donation_id)
    done = await door.execute(To("donation", donation_id, RefuseRefund(body.reason, door.principal.id)))
    return _refund(donation_id, done.state)
