"""What the supervision committee reads of the chain, and the marks of who read it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, Index, Select, Table, Text, case, select

from services.disbursement.tables import TABLES, public_entries

# Who read the books for supervision, and when; of no event's doing.
book_looks = Table(
    "book_looks", TABLES,
    Column("look_id", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("book_looks_at", "at", "look_id"),
)  # fmt: skip
OF_A_PERSON = ("payout", "goods", "returned")


def looks() -> Select[Any]:
    return select(book_looks)


def entries() -> Select[Any]:
    """The chain with what everybody is not shown, and why: `number` of an entry whose hash could be guessed, `place` of an entry that
    stands on one person and so never says where and for what; `nothing` of any other."""
    p = public_entries.c
    guessed = (p.district != "") | (p.programme != "")
    withheld = case((guessed, "number"), (p.kind.in_(OF_A_PERSON), "place"), else_="nothing").label("withheld")
    return select(
        p.position, p.entry_id, p.kind, p.fund_id, p.month, p.amount_fen, p.district, p.programme, p.corrects, p.reason, withheld
    )  # fmt: skip
