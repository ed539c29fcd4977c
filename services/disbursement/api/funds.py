"""The door to funds: what they may be spent on, and what they have available, reserved and spent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.disbursement import views
from services.disbursement.asked import FundIn, TransferIn
from services.disbursement.domain.ledger import FEN
from services.disbursement.domain.transfer import ConfirmTransfer, FundTransfer, ProposeTransfer, RefuseTransfer
from services.disbursement.domain.treasury import CloseFund, Fund, OpenFund, Treasury
from services.disbursement.follow import CITY
from services.disbursement.tables import funds as fund_table
from services.disbursement.tables import transfers as transfer_table
from shared.asked import Instant
from shared.http import Door, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/disbursement/v1/funds", tags=["funds"])
transfers = APIRouter(prefix="/disbursement/v1/transfers", tags=["funds"])
Reader = Annotated[Door, Depends(door_for("finance", "approver", "auditor", "admin", "gov", "charity", "caseworker", "ops"))]
Keeper = Annotated[Door, Depends(door_for("finance", "admin"))]
Confirmer = Annotated[Door, Depends(door_for("finance", "approver", "admin"))]


def shown_fund(fund_id: str, fund: Fund) -> dict[str, Any]:
    return {
        "id": fund_id, "name": fund.name, "programmes": fund.programmes, "districts": fund.districts, "purposes": fund.purposes,
        "available_fen": fund.available_fen, "reserved_fen": fund.reserved_fen, "spent_fen": fund.spent_fen,
        "kind": fund.kind or "general", "closed": fund.closed,
    }  # fmt: skip


def _kind(body: FundIn) -> str:
    """A general fund says nothing of its kind, as those of before did."""
    return "" if body.kind == "general" else body.kind


@router.post("", status_code=201)
async def open_fund(body: FundIn, door: Keeper) -> dict[str, Any]:
    """Open a fund; said again with the same terms it changes nothing, with others it is refused."""
    command = OpenFund(body.id, body.name, tuple(body.programmes), tuple(body.districts), tuple(body.purposes), _kind(body))
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


@router.post("/{fund_id}/close")
async def close(fund_id: str, door: Keeper) -> dict[str, Any]:
    """Close a fund in which nothing is left; it takes nothing more in."""
    treasury: Treasury = await door.state("treasury", CITY)
    if fund_id not in treasury.funds:
        raise NotFound("fund")
    done = await door.execute(To("treasury", CITY, CloseFund(fund_id)))
    return shown_fund(fund_id, done.state.funds[fund_id])


def _shown_transfer(state: FundTransfer) -> dict[str, Any]:
    p = state.proposed
    assert p is not None
    return {
        "transfer_id": p.transfer_id, "from_fund": p.from_fund, "to_fund": p.to_fund, "amount_fen": p.amount_fen, "reason": p.reason,
        "state": state.status, "proposed_by": p.by,
    }  # fmt: skip


@transfers.post("", status_code=201)
async def propose(body: TransferIn, door: Keeper) -> dict[str, Any]:
    """Propose that money of one fund becomes money of another; nothing moves before a second person confirms it."""
    treasury: Treasury = await door.state("treasury", CITY)
    for fund_id in (body.from_fund, body.to_fund):
        if fund_id not in treasury.funds:
            raise NotFound("fund")
    asked = ProposeTransfer(body.id, body.from_fund, body.to_fund, body.amount_fen, body.reason, door.principal.id)
    return _shown_transfer((await door.execute(To("transfer", body.id, asked))).state)


@transfers.get("")
async def listed(
    door: Reader, state: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None
) -> dict[str, Any]:
    """Transfers between funds, newest first, with who proposed and who decided."""
    order = (transfer_table.c.at, transfer_table.c.transfer_id)
    return dict(await door.page(views.transfer_list(state), order=order, limit=limit, cursor=cursor))


async def _known(door: Door, transfer_id: str) -> None:
    state: FundTransfer = await door.state("transfer", transfer_id)
    if state.proposed is None:
        raise NotFound("transfer")


@transfers.post("/{transfer_id}/confirm")
async def confirm(transfer_id: str, door: Confirmer) -> dict[str, Any]:
    """A second person agrees, and the money moves; what the funds do not allow is refused and stays proposed."""
    await _known(door, transfer_id)
    return _shown_transfer((await door.execute(To("transfer", transfer_id, ConfirmTransfer(door.principal.id)))).state)


@transfers.post("/{transfer_id}/refuse")
async def refuse(transfer_id: str, door: Confirmer) -> dict[str, Any]:
    """It does not move."""
    await _known(door, transfer_id)
    return _shown_transfer((await door.execute(To("transfer", transfer_id, RefuseTransfer(door.principal.id)))).state)
