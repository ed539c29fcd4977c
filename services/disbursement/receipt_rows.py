"""The rows behind a receipt: what was given under it, what its fund spent by month, place and programme, and what moved between funds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, Select, Table, Text, func, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB

from services.disbursement.campaign_rows import matches
from services.disbursement.domain.donation import DonationCorrected, DonationReceived, DonationRefunded
from services.disbursement.domain.payout import PayoutCorrected, PayoutReturned, PayoutSettled
from services.disbursement.domain.treasury import HeldMoved, Transferred
from services.disbursement.tables import TABLES
from shared.clock import local_day
from shared.envelope import Envelope
from shared.service import Add, Change, Projection, Put, RowChange

receipts = Table(
    "receipts", TABLES,
    Column("donation_id", Text, primary_key=True),
    Column("receipt", Text, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("fund_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("month", Text, nullable=False),
    Column("campaign_id", Text, nullable=False),
    Column("earmark", JSONB, nullable=False),
    Column("refunded_fen", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("receipts_number", "receipt"),
    Index("receipts_fund", "fund_id", "at", "donation_id"),
)  # fmt: skip

# What a fund spent, less what came back; its rows are as many as its months, places and programmes, whatever it paid.
fund_spending = Table(
    "fund_spending", TABLES,
    Column("fund_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("district", Text, primary_key=True),
    Column("programme", Text, primary_key=True),
    Column("payouts", BigInteger, nullable=False, server_default="0"),
    Column("amount_fen", BigInteger, nullable=False, server_default="0"),
)  # fmt: skip

fund_moves = Table(
    "fund_moves", TABLES,
    Column("fund_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("in_fen", BigInteger, nullable=False, server_default="0"),
    Column("out_fen", BigInteger, nullable=False, server_default="0"),
)  # fmt: skip


def _given(e: Envelope) -> Iterable[RowChange]:
    d: DonationReceived = e.data
    row = {
        "donation_id": d.donation_id, "receipt": d.receipt, "entry_id": e.id, "fund_id": d.fund_id, "kind": d.kind,
        "amount_fen": d.amount_fen or sum(i.value_fen for i in d.items), "units": sum(i.quantity for i in d.items), "month": d.month,
        "campaign_id": d.campaign_id, "earmark": d.earmark, "refunded_fen": 0, "at": e.at,
    }  # fmt: skip
    yield Put(receipts, row)


def _refunded(e: Envelope) -> Iterable[RowChange]:
    d: DonationRefunded = e.data
    yield Change(receipts, {"donation_id": d.donation_id}, {"refunded_fen": d.total_fen})


def _spent(e: Envelope) -> Iterable[RowChange]:
    d: PayoutSettled | PayoutReturned = e.data
    t, settled = d.terms, isinstance(d, PayoutSettled)
    cell = {"fund_id": t.fund_id, "month": d.month, "district": t.district[:6], "programme": t.programme}
    yield Add(fund_spending, cell, {"payouts": int(settled), "amount_fen": t.amount_fen if settled else -t.amount_fen})


def _put_right(e: Envelope) -> Iterable[RowChange]:
    d: DonationCorrected = e.data
    yield Change(receipts, {"donation_id": d.donation_id}, {"amount_fen": d.to_fen})


def _paid_otherwise(e: Envelope) -> Iterable[RowChange]:
    """Paid after all it counts as a payment; otherwise only the sum changes."""
    d: PayoutCorrected = e.data
    cell = {"fund_id": d.terms.fund_id, "month": d.month, "district": d.terms.district[:6], "programme": d.terms.programme}
    yield Add(fund_spending, cell, {"payouts": int(d.was == "rejected" and not d.again), "amount_fen": d.to_fen - d.from_fen})


def _moved(e: Envelope) -> Iterable[RowChange]:
    d: Transferred | HeldMoved = e.data
    month = local_day(e.at).strftime("%Y-%m")
    yield Add(fund_moves, {"fund_id": d.from_fund, "month": month}, {"in_fen": 0, "out_fen": d.amount_fen})
    yield Add(fund_moves, {"fund_id": d.to_fund, "month": month}, {"in_fen": d.amount_fen, "out_fen": 0})


RECEIPT_PROJECTIONS = (
    Projection("receipts", (receipts,), {DonationReceived: _given, DonationRefunded: _refunded, DonationCorrected: _put_right}),
    Projection("fund_spending", (fund_spending,), {PayoutSettled: _spent, PayoutReturned: _spent, PayoutCorrected: _paid_otherwise}),
    Projection("fund_moves", (fund_moves,), {Transferred: _moved, HeldMoved: _moved}),
)


def under(receipt: str) -> Select[Any]:
    """The donations under a number; two may share one, rarely."""
    return select(receipts).where(receipts.c.receipt == receipt).order_by(receipts.c.at, receipts.c.donation_id)


def given_before(one: dict[str, Any]) -> Select[Any]:
    """What was given to the same fund before this donation, and moved into it in months before."""
    r, m = receipts.c, fund_moves.c
    earlier = tuple_(r.at, r.donation_id) < tuple_(one["at"], one["donation_id"])
    given = select(func.coalesce(func.sum(r.amount_fen - r.refunded_fen), 0)).where(r.fund_id == one["fund_id"], earlier)
    moved = select(func.coalesce(func.sum(m.in_fen), 0)).where(m.fund_id == one["fund_id"], m.month < one["month"])
    return select((given.scalar_subquery() + moved.scalar_subquery()).label("fen"))


def spending(before: str) -> Select[Any]:
    return select(fund_spending).where(fund_spending.c.month < before)


def moved_out(fund_id: str) -> Select[Any]:
    return select(fund_moves.c.month, fund_moves.c.out_fen).where(fund_moves.c.fund_id == fund_id, fund_moves.c.out_fen > 0)


def matches_of(donation_id: str) -> Select[Any]:
    return select(matches).where(matches.c.donation_id == donation_id).order_by(matches.c.pool_id)
