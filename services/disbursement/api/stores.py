"""The doors of the stores: what lies where and until when, orders of people who carry, count and write off, and a month in units and fen."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from services.disbursement import stock_rows, views
from services.disbursement.api.public_files import table
from services.disbursement.approving import month
from services.disbursement.asked import StockOrderIn
from services.disbursement.domain.ledger import FEN
from services.disbursement.domain.stock import WARN_DAYS, Lot, lot_key
from services.disbursement.domain.stock_order import AskStockOrder, ConfirmStockOrder, RefuseStockOrder, StockOrder
from services.disbursement.domain.store_report import COLUMNS, in_fen, store_report
from services.disbursement.domain.treasury import Treasury
from services.disbursement.follow import CITY
from services.disbursement.tables import entries as entry_table
from shared.clock import SHANGHAI, local_day
from shared.http import Door, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/disbursement/v1", tags=["goods"])
Reader = Annotated[Door, Depends(door_for("finance", "approver", "auditor", "admin", "gov", "charity", "caseworker"))]
Books = Annotated[Door, Depends(door_for("finance", "approver", "auditor", "admin"))]
Keeper = Annotated[Door, Depends(door_for("finance", "admin"))]
Confirmer = Annotated[Door, Depends(door_for("finance", "approver", "admin"))]
Limit = Annotated[int, Query(ge=1, le=500)]
Month = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="YYYY-MM")]


@router.get("/goods")
async def goods(door: Reader) -> dict[str, Any]:
    """What is in the stores: units and their value at receipt, what is held for payouts, what was issued."""
    treasury: Treasury = await door.state("treasury", CITY)
    items = [
        {
            "sku": sku, "units": s.units, "value_fen": s.value_fen, "held_units": s.held_units, "held_value_fen": s.held_value_fen,
            "issued_units": s.issued_units, "issued_value_fen": s.issued_value_fen,
        }
        for sku, s in sorted(treasury.stock.items())
    ]  # fmt: skip
    return {"items": items, "next": None}


@router.get("/goods/movements")
async def movements(door: Reader, sku: str | None = None, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Movements of units, newest first."""
    chosen = views.entry_list(None).where(entry_table.c.unit != FEN)
    if sku is not None:
        chosen = chosen.where(entry_table.c.unit == sku)
    order = (entry_table.c.at, entry_table.c.entry_id, entry_table.c.line)
    return dict(await door.page(chosen, order=order, limit=limit, cursor=cursor))


def shown_lot(lot: Lot, today: date) -> dict[str, Any]:
    """`state` is expired, soon (within `WARN_DAYS`), or good."""
    last = lot.expires
    state = "good" if last is None or last > today + timedelta(days=WARN_DAYS) else "expired" if last < today else "soon"
    return {
        "sku": lot.sku, "lot": lot.lot, "place": lot.place, "expires": last, "units": lot.units, "value_fen": lot.value_fen,
        "held_units": lot.held_units, "state": state,
    }  # fmt: skip


async def shown_lots(door: Door, place: str | None = None) -> list[dict[str, Any]]:
    """Every lot in every place, those that expire first before the others."""
    treasury: Treasury = await door.state("treasury", CITY)
    wanted = [lot for lot in treasury.lots.values() if place is None or lot.place == place]
    wanted.sort(key=lambda lot: (lot.expires or date.max, lot.sku, lot.place, lot.lot))
    return [shown_lot(lot, local_day(door.now)) for lot in wanted]


@router.get("/goods/lots")
async def lots(door: Reader, place: str | None = None) -> dict[str, Any]:
    """What lies where, of which lot, with its value and its last day; what expires first comes first."""
    return {"items": await shown_lots(door, place), "next": None}


async def booked(door: Door, sku: str, lot: str, place: str) -> int:
    """Units that lie there by the books, held ones included."""
    treasury: Treasury = await door.state("treasury", CITY)
    found = treasury.lots.get(lot_key(sku, lot, place))
    if found is None:
        raise NotFound("lot")
    return found.units + found.held_units


def _shown(state: StockOrder) -> dict[str, Any]:
    a = state.asked
    assert a is not None
    return {
        "order_id": a.order_id, "kind": a.kind, "sku": a.sku, "lot": a.lot, "place": a.place, "to_place": a.to_place, "quantity": a.quantity,
        "booked": a.booked, "reason": a.reason, "state": state.status, "asked_by": a.by,
    }  # fmt: skip


async def ordered(door: Door, body: StockOrderIn) -> StockOrder:
    """Ask for it: what is carried, and a count that fits, is done at once; what changes the number waits for a second person."""
    lot, place = body.lot or "", body.place or ""
    before: StockOrder = await door.state("stock_order", body.id)
    # Said again it is the same order, whatever became of its lot.
    there = before.asked.booked if before.asked is not None else await booked(door, body.sku, lot, place)
    command = AskStockOrder(
        body.id, body.kind, body.sku, lot, place, body.quantity, door.principal.id, body.to_place or "", body.reason or "", there, month(door)
    )  # fmt: skip
    found: StockOrder = (await door.execute(To("stock_order", body.id, command))).state
    return found


async def known_order(door: Door, order_id: str) -> StockOrder:
    state: StockOrder = await door.state("stock_order", order_id)
    if state.asked is None:
        raise NotFound("order")
    return state


async def confirmed(door: Door, order_id: str) -> StockOrder:
    """A second person agrees; a count of what has changed meanwhile is refused."""
    asked = (await known_order(door, order_id)).asked
    assert asked is not None
    there = await booked(door, asked.sku, asked.lot, asked.place) if asked.kind == "count" else 0
    found: StockOrder = (await door.execute(To("stock_order", order_id, ConfirmStockOrder(door.principal.id, month(door), there)))).state
    return found


@router.post("/stock-orders", status_code=201)
async def ask(body: StockOrderIn, door: Keeper) -> dict[str, Any]:
    """Carry goods elsewhere, say how many were counted, or ask to write some off."""
    return _shown(await ordered(door, body))


@router.get("/stock-orders")
async def orders(door: Books, state: str | None = None, limit: Limit = 50, cursor: str | None = None) -> dict[str, Any]:
    """Orders in the stores, newest first, with who asked and who decided."""
    order = (stock_rows.stock_orders.c.at, stock_rows.stock_orders.c.order_id)
    return dict(await door.page(stock_rows.order_list(state), order=order, limit=limit, cursor=cursor))


@router.post("/stock-orders/{order_id}/confirm")
async def confirm(order_id: str, door: Confirmer) -> dict[str, Any]:
    return _shown(await confirmed(door, order_id))


@router.post("/stock-orders/{order_id}/refuse")
async def refuse(order_id: str, door: Confirmer) -> dict[str, Any]:
    """The books stay as they are."""
    await known_order(door, order_id)
    return _shown((await door.execute(To("stock_order", order_id, RefuseStockOrder(door.principal.id)))).state)


async def reported(door: Door, of: str) -> dict[str, Any]:
    """A local month of stores and funds; each line adds up, and the closing column is the trial balance's."""
    year, number = map(int, of.split("-"))
    since = datetime(year, number, 1, tzinfo=SHANGHAI)
    until = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=SHANGHAI)
    instant = timedelta(microseconds=1)
    opening, closing = (
        await views.balance_rows(door.room, None, since - instant),
        await views.balance_rows(door.room, None, until - instant),
    )
    taken, given = await door.room.at_one_moment(*stock_rows.month_sides(since, until))
    lines = store_report(opening, [*taken, *given], closing)
    return {
        "month": of,
        "lines": [msgspec.to_builtins(line) for line in lines],
        "fen": in_fen(lines),
        "adds_up": all(x.adds_up for x in lines),
    }


@router.get("/goods/report")
async def report(door: Books, of: Annotated[Month, Query(alias="month")]) -> dict[str, Any]:
    """One month in units and fen: by shelf, kind of goods and fund, what was there, came, went and why, and is there."""
    return await reported(door, of)


@router.get("/goods/report.csv", response_class=Response)
async def report_csv(door: Books, of: Annotated[Month, Query(alias="month")]) -> Response:
    """The same as a table."""
    text = "\ufeff" + table((await reported(door, of))["lines"], ("what", "place", "unit", *COLUMNS))
    headers = {"content-disposition": f'attachment; filename="stores-{of}.csv"'}
    return Response(text.encode(), media_type="text/csv; charset=utf-8", headers=headers)
