"""The door to micro-wishes: opened by whoever verified them, taken up by whoever gives, granted through a payout; and the public list."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query

from services.disbursement.api.public import Anyone
from services.disbursement.approving import month
from services.disbursement.asked_wishes import GrantIn, TakeUpIn, WishIn
from services.disbursement.domain.stock import Item
from services.disbursement.domain.wish import PROGRAMME, GiveUp, GrantWish, OpenWish, TakeUp, Wish, WithdrawWish
from services.disbursement.reactions import payout_ids
from services.disbursement.wish_rows import public_wishes, wish_list, wishes
from shared.clock import local_day
from shared.http import Door, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/disbursement/v1/wishes", tags=["wishes"])
public = APIRouter(prefix="/disbursement/v1/public/wishes", tags=["public ledger"])
Opener = Annotated[Door, Depends(door_for("caseworker", "charity"))]
Giver = Annotated[Door, Depends(door_for("charity", "finance"))]
Reader = Annotated[Door, Depends(door_for("caseworker", "charity", "finance", "approver", "auditor", "gov"))]
Limit = Annotated[int, Query(ge=1, le=500)]
_ORDER = (wishes.c.opened_at, wishes.c.wish_id)


def _who(door: Door) -> str:
    """Whoever takes a wish up does so for their organisation, where they have one."""
    return door.principal.org or door.principal.id


async def _known(door: Door, wish_id: str) -> Wish:
    state: Wish = await door.state("wish", wish_id)
    if state.opened is None:
        raise NotFound("wish")
    return state


async def _done(door: Door, wish_id: str, command: Any) -> dict[str, Any]:
    state: Wish = (await door.execute(To("wish", wish_id, command))).state
    o = state.opened
    assert o is not None
    return {
        "wish_id": wish_id, "state": state.status, "district": o.district[:6], "month": o.month, "amount_fen": o.amount_fen,
        "items": msgspec.to_builtins(o.items), "taken_by": state.taken_by or None, "until": state.until,
        "payout_id": state.payout_id or None,
    }  # fmt: skip


@router.post("", status_code=201)
async def open_wish(body: WishIn, door: Opener) -> dict[str, Any]:
    """What a household wishes for, verified: one small thing or 300 to 500 yuan, once a year. Said again it is the same wish."""
    period = str(local_day(door.now).year)
    wish_id = door.named_id("wish", body.case_id, period)
    items = tuple(Item(i.sku, i.quantity) for i in body.items)
    command = OpenWish(
        wish_id, body.case_id, body.person_id, _who(door), body.district, period, body.need, month(door), body.amount_fen or 0, items
    )
    return await _done(door, wish_id, command)


@router.get("")
async def listed(door: Reader, state: str | None = None, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Wishes, newest first; a charity sees those that it opened. What others opened it sees in the public list."""
    own = _who(door) if door.may("charity") and not door.may("caseworker", "finance", "approver", "auditor", "gov") else None
    return dict(await door.page(wish_list(state, own), order=_ORDER, limit=limit, cursor=cursor))


@router.post("/{wish_id}/take-up")
async def take_up(wish_id: str, body: TakeUpIn, door: Giver) -> dict[str, Any]:
    """Promise to give it by a day; a promise that is not kept lapses, and the wish is there for others again."""
    await _known(door, wish_id)
    return _less(door, await _done(door, wish_id, TakeUp(_who(door), body.until, local_day(door.now))))


@router.post("/{wish_id}/give-up")
async def give_up(wish_id: str, door: Giver) -> dict[str, Any]:
    """Take a promise back."""
    await _known(door, wish_id)
    return _less(door, await _done(door, wish_id, GiveUp(_who(door))))


def _less(door: Door, wish: dict[str, Any]) -> dict[str, Any]:
    """Whoever gives learns no more of a wish than everybody; its payout is for those who pay."""
    return wish if door.may("finance") else {key: value for key, value in wish.items() if key != "payout_id"}


@router.post("/{wish_id}/grant")
async def grant(wish_id: str, body: GrantIn, door: Annotated[Door, Depends(door_for("finance"))]) -> dict[str, Any]:
    """Ask for its payout, from the stores or of a fund: reserved, approved, handed over and confirmed like any other."""
    opened = (await _known(door, wish_id)).opened
    assert opened is not None
    ids = payout_ids(opened.case_id, PROGRAMME, opened.period, 1)
    return await _done(door, wish_id, GrantWish(ids, door.principal.id, body.fund_id))


@router.post("/{wish_id}/withdraw")
async def withdraw(wish_id: str, door: Annotated[Door, Depends(door_for("caseworker"))]) -> dict[str, Any]:
    """It is no longer wished for, or was no wish of a micro-wish's kind."""
    await _known(door, wish_id)
    return await _done(door, wish_id, WithdrawWish("asked"))


@public.get("")
async def open_wishes(door: Anyone, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Open wishes, newest first: kind of goods or a sum, district, month, and whether somebody has taken it up. Nothing leads to a person."""
    page = await door.page(public_wishes(), order=_ORDER, limit=limit, cursor=cursor)
    return {"items": [{key: value for key, value in row.items() if key != "opened_at"} for row in page["items"]], "next": page["next"]}
