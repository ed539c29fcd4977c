"""From rows to answers: what waits for a file, files and their lines, statements with their balances, work by age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, and_, func, select

from services.disbursement.bank_tables import (
    file_contents,
    instructions,
    matched_lines,
    payment_files,
    payment_lines,
    statement_gaps,
    statements,
    work_items,
)
from services.disbursement.tables import payouts


def waiting_for_file(limit: int, payout_ids: Sequence[str] | None = None) -> Select[Any]:
    """Approved payouts that no file holds yet, oldest first, with whom to ask about."""
    o = instructions.c
    wanted = (
        select(o.payout_id, o.end_to_end_id, o.amount_fen, payouts.c.case_id, payouts.c.person_id, payouts.c.programme)
        .join(payouts, payouts.c.payout_id == o.payout_id)
        .where(o.waits, payouts.c.state == "instructed")
    )
    if payout_ids is not None:
        wanted = wanted.where(o.payout_id.in_(payout_ids))
    return wanted.order_by(o.opened_at, o.payout_id).limit(limit)


def waiting_sum() -> Select[Any]:
    o = instructions.c
    count, fen = func.count().label("count"), func.sum(o.amount_fen).label("fen")
    return select(o.waits, count, fen).where(o.waits).group_by(o.waits)


def oldest_waiting() -> Select[Any]:
    """What waits for a file, with the time since the oldest of it waits."""
    o = instructions.c
    said: tuple[Any, ...] = func.count().label("count"), func.sum(o.amount_fen).label("fen"), func.min(o.opened_at).label("since")
    return select(*said).where(o.waits)


def built_files() -> Select[Any]:
    """Files that nobody has sent or dropped, the oldest first."""
    f = payment_files.c
    return select(f.file_id, f.payments, f.total_fen, f.built_at).where(f.state == "built").order_by(f.built_at)


def oldest_open() -> Select[Any]:
    w = work_items.c
    said: tuple[Any, ...] = func.count().label("count"), func.min(w.raised_at).label("since")
    return select(*said).where(w.state == "open")


def files() -> Select[Any]:
    return select(payment_files)


def one_file(file_id: str) -> Select[Any]:
    return select(payment_files).where(payment_files.c.file_id == file_id)


def lines_of(file_id: str) -> Select[Any]:
    return (
        select(*payment_lines.c, payouts.c.programme, payouts.c.state)
        .join(payouts, payouts.c.payout_id == payment_lines.c.payout_id)
        .where(payment_lines.c.file_id == file_id)
        .order_by(payment_lines.c.payout_id)
    )


def content_of(file_id: str) -> Select[Any]:
    return select(file_contents).where(file_contents.c.file_id == file_id)


def statement_list() -> Select[Any]:
    """Statements with how much of them was matched, and the gap before them where one is open."""
    on_lines = matched_lines.c.source == statements.c.statement_id
    on_gap = and_(statement_gaps.c.statement_id == statements.c.statement_id)
    return (
        select(
            *statements.c, func.coalesce(matched_lines.c.matched, 0).label("matched"), func.coalesce(matched_lines.c["items"], 0).label("work"),
            (statement_gaps.c.opens_fen - statement_gaps.c.closed_fen).label("gap_fen"),
        )
        .outerjoin(matched_lines, on_lines)
        .outerjoin(statement_gaps, on_gap)
    )  # fmt: skip


def items(state: str | None = "open", kind: str | None = None) -> Select[Any]:
    wanted = select(work_items)
    if state is not None:
        wanted = wanted.where(work_items.c.state == state)
    return wanted if kind is None else wanted.where(work_items.c.kind == kind)


def oldest_items(limit: int) -> Select[Any]:
    return items().order_by(work_items.c.raised_at, work_items.c.item_id).limit(limit)


def open_counts() -> Select[Any]:
    w = work_items.c
    return select(w.kind, func.count().label("count")).where(w.state == "open").group_by(w.kind)
