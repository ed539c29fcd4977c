"""The door to funds: what they may be spent on, and what they have available, reserved and spent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.disbursement import views
from services.disbursement.asked import FundIn
from services.disbursement.domain.ledger import FEN
from services.disbursement.domain.treasury import Fund, OpenFund, Treasury
from services.disbursement.follow import CITY
from services.disbursement.tables import funds as fund_table
from shared.asked import Instant
from shared.http import Door, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/disbursement/v1/funds", tags=["funds"])
Reader = Annotated[Door, Depends(door_for("finance", "approver", "auditor", "admin", "gov", "charity", "caseworker", "ops"))]
Keeper = Annotated[Door, Depends(door_for("finance", "admin"))]


def shown_fund(fund_id: str, fund: Fund) -> dict[str, Any]:
    return {
        "id": fund_id, "name": fund.name, "programmes": fund.programmes, "districts": fund.districts, "purposes": fund.purposes,
        "available_fen": fund.available_fen, "reserved_fen": fund.reserved_fen, "spent_fen": fund.spent_fen,
    }  # fmt: skip


@router.post("", status_code=201)
async def open_fund(body: FundIn, door: Keeper) -> dict[str, Any]:
    """Open a fund; said again with the same terms it changes nothing, with others it is refused."""
    command = OpenFund(body.id, body.name, tuple(body.programmes), tuple(body.districts), tuple(body.purposes))
    done = await door.execute(To("treasury", CITY, command))
    return {"id": body.id, "version": done.version}


@router.get("")
async def funds(door: Reader, limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None) -> dict[str, Any]:
    treasury: Treasury = await door.state("treasury", CITY)
    page = await door.page(views.fund_list(), order=(fund_table.c.opened_at, fund_table.c.fund_id), limit=limit, cursor=cursor)
    items = [shown_fund(row["fund_id"], treasury.funds[row["fund_id"]]) for row in page["items"] if row["fund_id"] in treasury.funds]
    return {"items": items, "next": page["next"]}


@router.get("/{fund_id}")
async def one_fund(fund_id: str, door: Reader) -> dict[str, Any]:
    treasury: Treasury = await door.state("treasury", CITY)
    if fund_id not in treasury.funds:
        raise NotFound("fund")
    return shown_fund(fund_id, treasury.funds[fund_id])


@router.get("/{fund_id}/balance")
async def balance(fund_id: str, door: Reader, as_of: Instant | None = None) -> dict[str, Any]:
    """Available, reserved and spent in fen, now or at an instant, from the ledger."""
    treasury: Treasury = await door.state("treasury", CITY)
    if fund_id not in treasury.funds:
        raise NotFound("fund")
    found = dict.fromkeys(("available_fen", "reserved_fen", "spent_fen"), 0)
    for row in await views.balance_rows(door.room, None, as_of):
        account, _, last = row["account"].rpartition(":")  # an id may hold colons itself, a programme not
        column = {f"fund:{fund_id}": f"{last}_fen", f"spent:{fund_id}": "spent_fen"}.get(account)
        if column is not None and row["unit"] == FEN:
            found[column] += int(row["credits"]) - int(row["debits"])
    return {"fund_id": fund_id, "as_of": as_of or door.now, **found}
