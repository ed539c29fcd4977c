"""The door of a donor: by the number of the receipt alone, what became of what was given."""

from __future__ import annotations

from typing import Annotated, Any
from weakref import WeakKeyDictionary

import msgspec
from fastapi import APIRouter, Path

from services.disbursement import publishing, receipt_rows, views
from services.disbursement.api.public import Anyone, over
from services.disbursement.domain.attribution import Block, FundSum, blocks, gone, went
from services.disbursement.domain.earmark import whole
from services.disbursement.domain.editions import editions
from services.disbursement.domain.match_pool import Pool, shares
from services.disbursement.domain.summary import Sum
from services.disbursement.domain.treasury import Treasury
from services.disbursement.follow import CITY
from shared.http import Door, NotFound
from shared.room import Room

router = APIRouter(prefix="/disbursement/v1/public/receipts", tags=["public"])
Number = Annotated[str, Path(min_length=1, max_length=40)]


_TOLD: WeakKeyDictionary[Room, tuple[str, tuple[FundSum, ...], tuple[Block, ...]]] = WeakKeyDictionary()


async def _told(door: Door, before: str) -> tuple[tuple[FundSum, ...], tuple[Block, ...]]:
    """What funds spent in the months before this one, and the blocks of the editions; what is over changes no more, so it is read once a month."""
    known = _TOLD.get(door.room)
    if known is None or known[0] != before:
        found = tuple([
            FundSum(r["fund_id"], r["month"], r["district"], r["programme"], int(r["payouts"]), int(r["amount_fen"]))
            for r in await door.rows(receipt_rows.spending(before))
        ])  # fmt: skip
        made = editions([Sum(s.payouts, s.amount_fen, s.month, s.district, s.programme) for s in found], before)
        known = _TOLD[door.room] = (before, found, blocks(found, made))
    return known[1], known[2]


async def _went(door: Door, one: dict[str, Any]) -> dict[str, Any]:
    before, fund_id = over(door), one["fund_id"]
    found, told = await _told(door, before)
    moved = {r["month"]: int(r["out_fen"]) for r in await door.rows(receipt_rows.moved_out(fund_id))}
    earlier = int((await door.rows(receipt_rows.given_before(one)))[0]["fen"])
    of = one["amount_fen"] - one["refunded_fen"]
    found_out = went(fund_id, earlier, of, gone(fund_id, found, told, moved, before), told)
    return {"until": before, **msgspec.to_builtins(found_out)}


async def _matched(door: Door, donation_id: str) -> list[dict[str, Any]]:
    """What pools added to it; by pro rata nothing is known before the pool closes."""
    found = []
    for row in await door.rows(receipt_rows.matches_of(donation_id)):
        pool: Pool = await door.state("match_pool", row["pool_id"])
        fen: int | None = row["amount_fen"]
        if pool.terms is not None and pool.terms.mode == "pro_rata":
            fen = shares(pool.matches.items(), pool.terms.amount_fen)[donation_id] if pool.closed else None
        found.append({"pool_id": row["pool_id"], "amount_fen": fen, "cut_by": row["cut_by"]})
    return found


async def told_by(door: Door, receipt: str) -> list[dict[str, Any]]:
    """Each donation under this number; nothing in it says who gave. Raises `NotFound`."""
    rows = await door.rows(receipt_rows.under(receipt.strip().upper()))
    if not rows:
        raise NotFound("receipt")
    treasury: Treasury = await door.state("treasury", CITY)
    found = []
    for one in rows:
        fund = treasury.funds.get(one["fund_id"])
        entry = (await door.rows(views.public_entry(one["entry_id"])))[0]
        kept = ("receipt", "kind", "amount_fen", "units", "month", "refunded_fen", "earmark")
        found.append({
            **{name: one[name] for name in kept}, "part": one["fund_id"], "fund_id": whole(one["fund_id"]),
            "fund_name": None if fund is None else fund.name,
            "campaign_id": one["campaign_id"] or None, "went": await _went(door, one), "matched": await _matched(door, one["donation_id"]),
            "entry": entry, "proof": await publishing.proof(door, int(entry["position"]), None),
        })  # fmt: skip
    return found


@router.get("/{receipt}")
async def one_receipt(receipt: Number, door: Anyone) -> dict[str, Any]:
    """What was given under this receipt and which part of it is spent, first in, first out of its fund: in which months, and on which
    programmes and places in groups of five payments or more; what was added to it, what went back, and the proof of its entry."""
    return {"items": await told_by(door, receipt), "next": None}
