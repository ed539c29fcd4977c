"""From what happened between us and the bank to rows that are read: orders, files, statements, work items."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

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
from services.disbursement.domain import instruction as i
from services.disbursement.domain import payment_file as f
from services.disbursement.domain import statement as s
from services.disbursement.domain import work_item as w
from services.disbursement.domain.payout import Payee
from shared.envelope import Envelope
from shared.schedule import deadlines
from shared.service import Add, Change, Drop, Projection, Put, RowChange


def _opened(e: Envelope) -> Iterable[RowChange]:
    d: i.InstructionOpened = e.data
    row = {
        "payout_id": d.payout_id, "round": d.round, "end_to_end_id": d.end_to_end_id, "amount_fen": d.amount_fen, "waits": False, "live": True,
        "file_id": None, "outcome": None, "opened_at": e.at,
    }  # fmt: skip
    yield Put(instructions, row)


def _order(e: Envelope, **values: Any) -> Change:
    return Change(instructions, {"payout_id": e.data.payout_id, "round": e.data.round}, values)


def _waits(e: Envelope) -> Iterable[RowChange]:
    yield _order(e, waits=True)


def _filed(e: Envelope) -> Iterable[RowChange]:
    d: i.InstructionFiled = e.data
    yield _order(e, waits=False, file_id=d.file_id)
    row = {
        "file_id": d.file_id, "payout_id": d.payout_id, "person_id": d.person_id, "end_to_end_id": d.end_to_end_id, "amount_fen": d.amount_fen,
        "payee": d.payee if isinstance(d.payee, Payee) else None,
    }  # fmt: skip
    yield Put(payment_lines, row)


def _left(e: Envelope) -> Iterable[RowChange]:
    yield _order(e, waits=True, file_id=None)


def _ended(e: Envelope) -> Iterable[RowChange]:
    yield _order(e, live=False, waits=False, outcome=e.data.outcome)


def _agreed(e: Envelope) -> Iterable[RowChange]:
    yield Add(matched_lines, {"source": e.data.line.source}, {"matched": 1, "items": 0})


def _built(e: Envelope) -> Iterable[RowChange]:
    d: f.FileBuilt = e.data
    row = {
        "file_id": d.file_id, "state": "built", "payments": len(d.payments), "total_fen": d.total_fen, "digest": d.digest,
        "execute_on": d.execute_on, "built_by": d.by, "built_at": e.at, "released_by": None, "sent_at": None, "reason": None,
    }  # fmt: skip
    yield Put(payment_files, row)


def _file(e: Envelope, **values: Any) -> Change:
    return Change(payment_files, {"file_id": e.data.file_id}, values)


def _released(e: Envelope) -> Iterable[RowChange]:
    d: f.FileReleased = e.data
    yield _file(e, state="released", released_by=d.by)
    due = datetime.fromisoformat(d.answer_by)
    yield Put(deadlines, {"id": f"silence:{d.file_id}", "name": "bank_silent", "stream_id": d.file_id, "due_at": due, "facts": {}})


def _sent(e: Envelope) -> Iterable[RowChange]:
    """Whom it pays is in the bank's hands now, and in ours no more."""
    yield _file(e, state="sent", sent_at=e.at)
    yield Drop(file_contents, {"file_id": e.data.file_id})


def _dropped(e: Envelope) -> Iterable[RowChange]:
    yield _file(e, state="dropped")
    yield Drop(file_contents, {"file_id": e.data.file_id})


def _became(state: str) -> Callable[[Envelope], Iterable[RowChange]]:
    def became(e: Envelope) -> Iterable[RowChange]:
        yield _file(e, state=state, reason=getattr(e.data, "reason", None))

    return became


def _received(e: Envelope) -> Iterable[RowChange]:
    d: s.StatementReceived = e.data
    row = {c.name: getattr(d, c.name) for c in statements.columns if c.name != "received_at"}
    yield Put(statements, {**row, "received_at": e.at})


def _followed(e: Envelope) -> Iterable[RowChange]:
    d: s.StatementFollowed = e.data
    if d.fills is not None and d.left is None:
        yield Drop(statement_gaps, {"statement_id": d.fills.statement_id})
    for gap in (d.gap, d.left):
        if gap is not None:
            yield Put(statement_gaps, {"statement_id": gap.statement_id, "closed_fen": gap.closed_fen, "opens_fen": gap.opens_fen})


def _raised(e: Envelope) -> Iterable[RowChange]:
    d: w.ItemRaised = e.data
    row = {
        "item_id": d.item_id, "kind": d.kind, "payout_id": d.payout_id, "amount_fen": d.amount_fen, "direction": d.direction,
        "source": d.source, "day": d.day, "state": "open", "owner": w.QUEUE, "proposed": None, "proposed_by": None, "resolved_by": None,
        "reason": None, "raised_at": e.at, "changed_at": e.at,
    }  # fmt: skip
    yield Put(work_items, row)
    if d.source:
        yield Add(matched_lines, {"source": d.source}, {"matched": 0, "items": 1})


def _item(values: Callable[[Any], dict[str, Any]]) -> Callable[[Envelope], Iterable[RowChange]]:
    def changed(e: Envelope) -> Iterable[RowChange]:
        yield Change(work_items, {"item_id": e.data.item_id}, {**values(e.data), "changed_at": e.at})

    return changed


INSTRUCTIONS = Projection(
    "instructions",
    (instructions, payment_lines),
    {
        i.InstructionOpened: _opened,
        i.InstructionWaits: _waits,
        i.InstructionFiled: _filed,
        i.InstructionLeft: _left,
        i.InstructionEnded: _ended,
    },
)
PAYMENT_FILES = Projection(
    "payment_files",
    (payment_files,),
    {
        f.FileBuilt: _built,
        f.FileReleased: _released,
        f.FileSent: _sent,
        f.FileDropped: _dropped,
        f.FileAcknowledged: _became("acknowledged"),
        f.FileRejected: _became("rejected"),
    },
)
STATEMENTS = Projection("statements", (statements, statement_gaps), {s.StatementReceived: _received, s.StatementFollowed: _followed})
WORK_ITEMS = Projection(
    "work_items",
    (work_items, matched_lines),
    {
        i.LineAgreed: _agreed,
        w.ItemRaised: _raised,
        w.ItemTaken: _item(lambda d: {"owner": d.by}),
        w.ItemProposed: _item(lambda d: {"proposed": d.reason, "proposed_by": d.by}),
        w.ItemResolved: _item(lambda d: {"state": "resolved", "reason": d.reason, "resolved_by": d.by}),
        w.ItemClosed: _item(lambda d: {"state": "closed", "reason": d.reason}),
    },
)
BANK_PROJECTIONS = (INSTRUCTIONS, PAYMENT_FILES, STATEMENTS, WORK_ITEMS)
