"""What a bank's message becomes here: read strictly, then one unit of commands; said again it changes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from lxml import etree

from services.disbursement.bank import camt053, pain002
from services.disbursement.bank.xml import Unreadable, kind_of, parsed, valid
from services.disbursement.bank_following import raised
from services.disbursement.domain import instruction as i
from services.disbursement.domain import statement as s
from services.disbursement.domain.payment_file import NoteFileStatus
from services.disbursement.domain.work_item import ItemRaised, RaiseItem
from services.disbursement.effects import month_now
from services.disbursement.paying_by_file import file_of
from shared.clock import local_day
from shared.kernel import Rejected
from shared.room import Room
from shared.service import To

_HEX = re.compile(r"[0-9a-f]{32}")
READS: Mapping[str, Callable[[etree._Element], pain002.Report | camt053.Statements]] = {
    pain002.KIND: pain002.read,
    camt053.KIND: camt053.read,
}


def _id(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def read(content: bytes) -> pain002.Report | camt053.Statements:
    """Raises `Unreadable` naming the place and the rule."""
    root = parsed(content)
    kind = kind_of(root)
    if kind not in READS:
        raise Unreadable("/Document", f"one of {', '.join(READS)} is expected")
    valid(root, kind)
    return READS[kind](root)


def _noted(line: i.Line, end_to_end_id: str, month: str) -> To:
    """To the order of this id; where there is none, to people."""
    if not _HEX.fullmatch(end_to_end_id):
        return raised(line, "unmatched")
    payout_id = file_of(end_to_end_id)

    def stranger(no: Rejected) -> To:
        return raised(line, "unmatched")

    return To("instruction", payout_id, i.NoteLine(line, month), stranger)


def report_commands(report: pain002.Report, source: str, payments: Iterable[Any], month: str, day: str) -> Iterator[To]:
    """`payments` are those of the file that it is about; none when we have no such file."""
    payments = list(payments)
    if not payments:
        item = f"file-{source}"
        yield To("work_item", item, RaiseItem(item, "unknown_file", "", 0, "", source, day))
    elif report.whole:
        yield To("payment_file", file_of(report.about), NoteFileStatus(report.whole, report.reason))
    named = {one.end_to_end_id for one in report.statuses}
    lines = [(one.end_to_end_id, one.status, one.reason, one.amount_fen) for one in report.statuses]
    if report.whole:
        lines += [(p.end_to_end_id, report.whole, report.reason, 0) for p in payments if p.end_to_end_id not in named]
    for number, (end_to_end_id, status, reason, amount_fen) in enumerate(lines, 1):
        yield _noted(i.Line(source, number, amount_fen, day, "", status, reason), end_to_end_id, month)


def statement_commands(one: camt053.Statement, month: str) -> Iterator[To]:
    account = _id("account", one.account)
    statement = _id("statement", one.account, one.bank_id)
    digest = hashlib.sha256(msgspec.json.encode(one)).hexdigest()
    yield To(
        "statement",
        statement,
        s.ReceiveStatement(
            statement, account, one.bank_id, one.first_day, one.last_day, one.opening_fen, one.closing_fen, one.credits_fen, one.debits_fen,
            len(one.movements), digest,
        ),
    )  # fmt: skip
    for m in one.movements:
        yield _noted(i.Line(statement, m.number, m.amount_fen, m.day, m.direction, "", m.reason), m.end_to_end_id, month)


async def take(room: Room, content: bytes, actor: str, correlation: str | None = None) -> dict[str, Any]:
    """Read and obeyed as one unit; raises `Unreadable` or `Rejected`, and then nothing of it happened."""
    said = read(content)
    kind = "pain.002" if isinstance(said, pain002.Report) else "camt.053"
    digest, key = hashlib.sha256(content).hexdigest(), _id("message", kind, said.message_id)
    known: s.Message = await room.state("bank_message", key)
    commands = [To("bank_message", key, s.ReceiveMessage(kind, said.message_id, digest))]
    month, day = month_now(room), local_day(room.clock.now()).isoformat()
    if isinstance(said, pain002.Report):
        about = await room.state("payment_file", file_of(said.about))
        commands += report_commands(said, key, about.payments, month, day)
        shown: dict[str, Any] = {"about": said.about, "payments": len(said.statuses)}
    else:
        _ours(room, said)
        for one in said.statements:
            commands += statement_commands(one, month)
        shown = {"statements": [_id("statement", one.account, one.bank_id) for one in said.statements]}
    done = await room.execute(*commands, actor=actor, correlation=correlation)
    found = [type(e.data) for e in done.events]
    return {
        "message_id": said.message_id, "kind": kind, "status": "already" if known.digest == digest else "recorded", **shown,
        "matched": found.count(i.LineAgreed), "work_items": found.count(ItemRaised),
    }  # fmt: skip


def _ours(room: Room, said: camt053.Statements) -> None:
    for number, one in enumerate(said.statements, 1):
        if one.account != room.settings.payer_account:
            raise Unreadable(f"/Document/BkToCstmrStmt/Stmt/{number}/Acct/Id", "this account is not ours")
