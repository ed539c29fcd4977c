"""The door to payouts: who waits, and every step a person may take."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query

from services.disbursement import views
from services.disbursement.approving import SEES_ALL, approval, approve_each, month, own_payout
from services.disbursement.asked import ApproveIn, ApproveManyIn, CancelIn, ConfirmIn, FollowUpIn, HandOverIn, RefuseIn, ResolveIn
from services.disbursement.domain.payout import Cancel, ConfirmReceipt, FollowUp, HandOver, Payout, Refuse, Resolve
from services.disbursement.domain.stock import Item
from services.disbursement.tables import payouts as payout_table
from shared.asked import Instant
from shared.clock import local_day
from shared.http import Door, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/disbursement/v1/payouts", tags=["payouts"])
Reader = Annotated[Door, Depends(door_for(*SEES_ALL, "charity"))]
Approver = Annotated[Door, Depends(door_for("approver"))]
Finance = Annotated[Door, Depends(door_for("finance", "approver"))]
_PLAIN = ("payout_id", "case_id", "referral_id", "org_id", "programme", "period", "district", "kind", "fund_id")


def shown_payout(state: Payout, version: int) -> dict[str, Any]:
    """One payout as read: sums in fen, units, who has approved; never who is paid."""
    terms = state.terms
    assert terms is not None
    return {
        **{name: getattr(terms, name) for name in _PLAIN}, "amount_fen": terms.amount_fen if state.corrected_fen is None else state.corrected_fen,
        "items": msgspec.to_builtins(terms.items or state.wanted),
        "state": state.status, "approvals_needed": state.approvals_needed, "approved_by": state.approved_by,
        "end_to_end_id": terms.end_to_end_id, "receipt": state.receipt or None,
        "followed_up": state.followed_up or None, "version": version,
    }  # fmt: skip


@router.get("")
async def payouts(
    door: Reader, state: str | None = None, case_id: str | None = None, referral_id: str | None = None, programme: str | None = None,
    not_arrived: bool = False, limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Payouts, newest first; a charity sees those of its own grants. `not_arrived`: people say so, and nobody has seen to it."""
    org_id = None if door.may(*SEES_ALL) else door.principal.org or ""
    chosen = views.payouts_by(state, org_id, case_id, programme, referral_id, not_arrived=not_arrived)
    return dict(await door.page(chosen, order=(payout_table.c.requested_at, payout_table.c.payout_id), limit=limit, cursor=cursor))


@router.get("/{payout_id}")
async def one_payout(payout_id: str, door: Reader, as_of: Instant | None = None) -> dict[str, Any]:
    """One payout now, or as it was recorded at an instant."""
    state = await own_payout(door, payout_id)
    if as_of is not None:
        state = await door.state("payout", payout_id, as_of=as_of)
        if state.terms is None:
            raise NotFound("payout")
    return shown_payout(state, await door.version("payout", payout_id))


async def _answer(door: Door, to: To) -> dict[str, Any]:
    done = await door.execute(to)
    return shown_payout(done.state, done.version)


@router.post(":approve")
async def approve_many(body: ApproveManyIn, door: Approver) -> dict[str, Any]:
    """Many approvals at once; an answer for each, in order."""
    return {"items": await approve_each(door, body.ids), "next": None}


@router.post("/{payout_id}/approve")
async def approve(payout_id: str, door: Approver, body: ApproveIn | None = None) -> dict[str, Any]:
    """One person's approval; the last one needed instructs the bank or issues the goods, or has them wait to be picked up."""
    await own_payout(door, payout_id)
    return await _answer(door, approval(door, payout_id, pick_up=body is not None and body.pick_up))


@router.post("/{payout_id}/refuse")
async def refuse(payout_id: str, body: RefuseIn, door: Approver) -> dict[str, Any]:
    """No: what was reserved is free again, and the referral goes back to its provider."""
    await own_payout(door, payout_id)
    return await _answer(door, To("payout", payout_id, Refuse(body.reason, door.principal.id)))


@router.post("/{payout_id}/cancel")
async def cancel(payout_id: str, body: CancelIn, door: Finance) -> dict[str, Any]:
    """Take a payout back before the bank is told."""
    await own_payout(door, payout_id)
    return await _answer(door, To("payout", payout_id, Cancel(body.reason, door.principal.id)))


@router.post("/{payout_id}/hand-over")
async def hand_over(
    payout_id: str, body: HandOverIn, door: Annotated[Door, Depends(door_for("caseworker", "charity", "finance"))]
) -> dict[str, Any]:
    """Approved goods that waited were picked up or brought to the person, all of them or a part; the rest is free again."""
    await own_payout(door, payout_id)
    items = tuple(Item(i.sku, i.quantity) for i in body.items)
    return await _answer(door, To("payout", payout_id, HandOver(month(door), local_day(door.now), items)))


@router.post("/{payout_id}/resolve")
async def resolve(payout_id: str, body: ResolveIn, door: Finance) -> dict[str, Any]:
    """How an unknown payout ended, by the bank's statement; a second person must say the same."""
    await own_payout(door, payout_id)
    return await _answer(door, To("payout", payout_id, Resolve(body.outcome, door.principal.id, month(door))))


@router.post("/{payout_id}/confirm-receipt")
async def confirm_receipt(
    payout_id: str, body: ConfirmIn, door: Annotated[Door, Depends(door_for("caseworker", "operator", "charity", "finance"))]
) -> dict[str, Any]:
    """The person's own word about what arrived, brought by whoever asked them."""
    await own_payout(door, payout_id)
    return await _answer(door, To("payout", payout_id, ConfirmReceipt(body.answer, door.principal.id)))


@router.post("/{payout_id}/follow-up")
async def follow_up(
    payout_id: str, body: FollowUpIn, door: Annotated[Door, Depends(door_for("caseworker", "operator", "finance"))]
) -> dict[str, Any]:
    """What came of it that a part or nothing had arrived; a later word of the person opens it again."""
    await own_payout(door, payout_id)
    return await _answer(door, To("payout", payout_id, FollowUp(body.outcome, door.principal.id)))
