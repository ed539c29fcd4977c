"""The books by day and by year: what a balance was at any moment, and what each fund was given and spent in a year."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Integer, Select, Table, Text, func, select

from services.disbursement.domain.ledger import BOOKED, postings
from services.disbursement.domain.treasury import (
    Corrected,
    GivenBack,
    HeldMoved,
    Restored,
    Spent,
    TakenIn,
    Transferred,
)
from services.disbursement.tables import TABLES
from shared.clock import local_day
from shared.envelope import Envelope
from shared.service import Add, Projection, RowChange

# Days are of UTC, so that a moment falls into one of them by its own first ten characters.
balance_days = Table(
    "balance_days", TABLES,
    Column("account", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("debits", BigInteger, nullable=False, server_default="0"),
    Column("credits", BigInteger, nullable=False, server_default="0"),
)  # fmt: skip

# Goods belong to no fund: they are the year of the stores, by their value.
fund_years = Table(
    "fund_years", TABLES,
    Column("fund_id", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("income_fen", BigInteger, nullable=False, server_default="0"),
    Column("spent_fen", BigInteger, nullable=False, server_default="0"),
    Column("moved_in_fen", BigInteger, nullable=False, server_default="0"),
    Column("moved_out_fen", BigInteger, nullable=False, server_default="0"),
)  # fmt: skip


def by_day(e: Envelope) -> Iterable[RowChange]:
    day = e.at.astimezone(UTC).date()
    for p in postings(e.data):
        yield Add(balance_days, {"account": p.debit, "unit": p.unit, "day": day}, {"debits": p.amount, "credits": 0})
        yield Add(balance_days, {"account": p.credit, "unit": p.unit, "day": day}, {"debits": 0, "credits": p.amount})


def _more(e: Envelope, fund_id: str, **fen: int) -> Add:
    none = dict.fromkeys(("income_fen", "spent_fen", "moved_in_fen", "moved_out_fen"), 0)
    return Add(fund_years, {"fund_id": fund_id, "year": local_day(e.at).year}, {**none, **fen})


def by_year(e: Envelope) -> Iterable[RowChange]:
    """What is promised is neither given nor spent; what moves between funds is no income."""
    match e.data:
        case TakenIn(fund_id=fund, amount_fen=fen, items=items):
            yield _more(e, fund, income_fen=fen or sum(i.value_fen for i in items))
        case GivenBack(fund_id=fund, amount_fen=fen):
            yield _more(e, fund, income_fen=-fen)
        case Spent(fund_id=fund, amount_fen=fen, items=items):
            yield _more(e, fund, spent_fen=sum(i.value_fen for i in items) if items else fen)
        case Restored(fund_id=fund, amount_fen=fen):
            yield _more(e, fund, spent_fen=-fen)
        case Corrected(about="donation", fund_id=fund, by_fen=fen):
            yield _more(e, fund, income_fen=fen)
        case Corrected(fund_id=fund, by_fen=fen):
            yield _more(e, fund, spent_fen=fen)
        case Transferred(from_fund=source, to_fund=target, amount_fen=fen) | HeldMoved(from_fund=source, to_fund=target, amount_fen=fen):
            yield _more(e, source, moved_out_fen=fen)
            yield _more(e, target, moved_in_fen=fen)


BALANCE_DAYS = Projection("balance_days", (balance_days,), dict.fromkeys(BOOKED, by_day))
FUND_YEARS = Projection(
    "fund_years", (fund_years,), dict.fromkeys((TakenIn, GivenBack, Spent, Restored, Corrected, Transferred, HeldMoved), by_year)
)
BOOK_PROJECTIONS = (BALANCE_DAYS, FUND_YEARS)


def years(of: tuple[int, ...]) -> Select[Any]:
    return select(fund_years).where(fund_years.c.year.in_(of))


def before_day(day: Any) -> Select[Any]:
    """Debits and credits by account and unit of all days before this one."""
    d = balance_days.c
    summed = func.sum(d.debits).label("debits"), func.sum(d.credits).label("credits")
    return select(d.account, d.unit, *summed).where(d.day < day).group_by(d.account, d.unit)
