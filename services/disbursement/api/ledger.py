"""The door to the books: entries, accounts, the trial balance, and the goods in the stores."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query

from services.disbursement import views
from services.disbursement.checking import check_books, figures_of, last_check
from services.disbursement.tables import entries as entry_table
from services.disbursement.tables import public_entries
from shared.asked import Instant
from shared.http import Door, door_for

router = APIRouter(prefix="/disbursement/v1", tags=["ledger"])
Books = Annotated[Door, Depends(door_for("finance", "approver", "auditor", "admin"))]
Stores = Annotated[Door, Depends(door_for("finance", "approver", "auditor", "admin", "gov", "charity", "caseworker"))]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/ledger/entries")
async def entries(door: Books, account: str | None = None, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Every movement, newest first: from which account to which, how much of what unit, caused by what."""
    order = (entry_table.c.at, entry_table.c.entry_id, entry_table.c.line)
    return dict(await door.page(views.entry_list(account), order=order, limit=limit, cursor=cursor))


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**row, "debits": int(row["debits"]), "credits": int(row["credits"]), "balance": int(row["credits"]) - int(row["debits"])}
        for row in rows
    ]


@router.get("/ledger/accounts")
async def accounts(door: Books) -> dict[str, Any]:
    """Each account's running balance by unit: fen, or the sku of goods."""
    return {"items": _shown(await views.balance_rows(door.room)), "next": None}


@router.get("/ledger/trial-balance")
async def trial_balance(door: Books, as_of: Instant | None = None) -> dict[str, Any]:
    """Balances by account and unit, now or at an instant; `sums` are debits and credits by unit and must be equal. `faults` are those of
    the last standing check of the books."""
    rows = _shown(await views.balance_rows(door.room, None, as_of))
    sums: dict[str, dict[str, int]] = {}
    for row in rows:
        at = sums.setdefault(row["unit"], {"debits": 0, "credits": 0})
        at["debits"] += row["debits"]
        at["credits"] += row["credits"]
    balanced = all(s["debits"] == s["credits"] for s in sums.values())
    faults = [] if as_of is not None else msgspec.to_builtins((await last_check(door.room)).faults)
    return {"as_of": as_of or door.now, "balanced": balanced and not faults, "sums": sums, "faults": faults, "items": rows}


@router.post("/ledger/check")
async def check(door: Books) -> dict[str, Any]:
    """Check the books now, entry by entry: balances, days, nothing below zero, debits and credits, and the books against what was published."""
    found = await check_books(door.room)
    return {"at": found.at, "sound": not found.faults, "faults": msgspec.to_builtins(found.faults)}


@router.get("/figures")
async def year_figures(door: Books, year: Annotated[int, Query(ge=2000, le=2200)]) -> dict[str, Any]:
    """What the law asks of a year: shares of spending and of administration in ten-thousandths, and each fund's year."""
    found, rows = await figures_of(door, year)
    return {**msgspec.to_builtins(found), "funds": [msgspec.to_builtins(row) for row in rows if row.year == year]}


@router.get("/ledger/public-entries")
async def public_chain(door: Books, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """The public chain with all that its hashes are over, newest first: whoever audits it checks what everybody is not shown."""
    return dict(await door.page(views.whole_chain(), order=(public_entries.c.position,), limit=limit, cursor=cursor))
