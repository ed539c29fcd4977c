"""The orders in the stores as rows, a month of the stores out of the books, and how both are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, Select, Table, Text, func, or_, select

from services.disbursement.domain.stock_order import StockOrderAsked, StockOrderDone, StockOrderRefused
from services.disbursement.tables import TABLES, entries
from shared.envelope import Envelope
from shared.service import Change, Projection, Put, RowChange

stock_orders = Table(
    "stock_orders", TABLES,
    Column("order_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("to_place", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("booked", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("by_units", BigInteger, nullable=False, server_default="0"),
    Column("asked_by", Text, nullable=False),
    Column("decided_by", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("stock_orders_at", "at", "order_id"),
)  # fmt: skip


def asked(e: Envelope) -> Iterable[RowChange]:
    d: StockOrderAsked = e.data
    row = {
        "order_id": d.order_id, "kind": d.kind, "sku": d.sku, "lot": d.lot, "place": d.place, "to_place": d.to_place, "quantity": d.quantity,
        "booked": d.booked, "reason": d.reason, "state": "asked", "by_units": 0, "asked_by": d.by, "decided_by": None, "at": e.at,
    }  # fmt: skip
    return (Put(stock_orders, row),)


def done(e: Envelope) -> Iterable[RowChange]:
    d: StockOrderDone = e.data
    return (Change(stock_orders, {"order_id": d.order_id}, {"state": "done", "by_units": d.by_units, "decided_by": d.by}),)


def refused(e: Envelope) -> Iterable[RowChange]:
    d: StockOrderRefused = e.data
    return (Change(stock_orders, {"order_id": d.order_id}, {"state": "refused", "decided_by": d.by}),)


STOCK_ORDERS = Projection("stock_orders", (stock_orders,), {StockOrderAsked: asked, StockOrderDone: done, StockOrderRefused: refused})


def order_list(state: str | None) -> Select[Any]:
    wanted = select(stock_orders)
    return wanted if state is None else wanted.where(stock_orders.c.state == state)


def month_sides(since: datetime, until: datetime) -> list[Select[Any]]:
    """What a span of time took from each shelf of the stores and each fund and gave to it, by kind of movement and unit."""
    e = entries.c
    sides = []
    for account, other, sign in ((e.debit, e.credit, -1), (e.credit, e.debit, 1)):
        held = or_(account.like("stock:%"), account.like("fund:%"))
        amount = (func.sum(e.amount) * sign).label("amount")
        one = select(account.label("account"), other.label("other"), e.unit, e.kind, amount)
        sides.append(one.where(held, e.at >= since, e.at < until).group_by(account, other, e.unit, e.kind))
    return sides
