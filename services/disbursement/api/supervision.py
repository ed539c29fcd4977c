"""The door of the supervision committee: funds and the law's figures, what is withheld and why, corrections, open work; read-only."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query

from services.disbursement import bank_views, supervision_rows, views
from services.disbursement.checking import figures_of, last_check
from services.disbursement.tables import corrections, public_entries
from shared.clock import local_day
from shared.http import Door, door_for
from shared.service import Put

router = APIRouter(prefix="/disbursement/v1/supervision", tags=["supervision"])
Committee = Annotated[Door, Depends(door_for("auditor", "admin"))]
Year = Annotated[int, Query(ge=2000, le=2200)]
_OLDEST, _NEWEST = 200, 20


async def marked(door: Door) -> None:
    """Whoever reads for supervision is seen to have read."""
    row = {"look_id": door.room.clock.new_id(), "actor": door.principal.id, "at": door.now}
    await door.record(Put(supervision_rows.book_looks, row))


async def supervised(door: Door, year: int, cursor: str | None) -> dict[str, Any]:
    """A year's figures with each fund's share of last year's income, open work oldest first, corrections, and entries with what is withheld."""
    await marked(door)
    found, rows = await figures_of(door, year)
    before = {row.fund_id: row.income_fen for row in rows if row.year == year - 1}
    this = {row.fund_id: row for row in rows if row.year == year}
    funds = []
    for fund_id in sorted({*before, *this}):
        income, row = before.get(fund_id, 0), this.get(fund_id)
        spent = 0 if row is None else row.spent_fen
        funds.append({
            "fund_id": fund_id, "kind": next(r.kind for r in rows if r.fund_id == fund_id), "income_before_fen": income, "spent_fen": spent,
            "income_fen": 0 if row is None else row.income_fen, "spent_share": spent * 10_000 // income if income > 0 else None,
        })  # fmt: skip
    checked = await last_check(door.room)
    work = [
        {**item, "age_seconds": max(0, int((door.now - item["raised_at"]).total_seconds()))}
        for item in await door.rows(bank_views.oldest_items(_OLDEST))
    ]
    order = (corrections.c.at, corrections.c.correction_id)
    put_right = await door.page(views.correction_list(None), order=order, limit=_NEWEST)
    entries = await door.page(supervision_rows.entries(), order=(public_entries.c.position,), limit=_NEWEST, cursor=cursor)
    looked = await door.page(
        supervision_rows.looks(), order=(supervision_rows.book_looks.c.at, supervision_rows.book_looks.c.look_id), limit=_NEWEST
    )
    return {
        "figures": msgspec.to_builtins(found), "funds": funds, "checked_at": checked.at, "faults": msgspec.to_builtins(checked.faults),
        "work_items": work, "corrections": put_right["items"], "entries": entries, "looks": looked["items"],
    }  # fmt: skip


@router.get("")
async def supervision(door: Committee, year: Year | None = None, cursor: str | None = None) -> dict[str, Any]:
    """Everything the committee looks at, for one calendar year (this one without it). Each reading leaves a mark."""
    return await supervised(door, year or local_day(door.now).year, cursor)
