"""The published heads as rows, how they are filled and how they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Select, Table, Text, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.disbursement.domain.head import HeadPublished
from services.disbursement.tables import TABLES, public_entries
from shared.envelope import Envelope
from shared.service import Projection, Put, RowChange

public_heads = Table(
    "public_heads", TABLES,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)  # fmt: skip


def published(e: Envelope) -> Iterable[RowChange]:
    d: HeadPublished = e.data
    return (Put(public_heads, {"size": d.size, "root": d.root, "hash": d.hash, "signature": d.signature, "at": d.at}),)


PUBLIC_HEADS = Projection("public_heads", (public_heads,), {HeadPublished: published})


def kept_heads() -> Select[Any]:
    return select(public_heads)


def kept_head(size: int) -> Select[Any]:
    return kept_heads().where(public_heads.c.size == size)


def hash_at(position: int) -> Select[Any]:
    return select(public_entries.c.hash).where(public_entries.c.position == position)


def hashes(after: int, count: int) -> Select[Any]:
    """The chain's hashes after a position, in order, as one run of bytes: a row for each would cost more than the tree does."""
    p = public_entries.c
    some = select(p.position, p.hash).where(p.position > after).order_by(p.position).limit(count).subquery()
    together = func.string_agg(func.decode(some.c.hash, "hex"), aggregate_order_by(literal(b""), some.c.position.asc()), type_=LargeBinary)
    return select(together.label("run"))
