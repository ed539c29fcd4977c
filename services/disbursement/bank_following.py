"""What follows in the same unit between payouts, orders, files, statements and work items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from services.disbursement.domain import instruction as i
from services.disbursement.domain import payment_file as f
from services.disbursement.domain import statement as s
from services.disbursement.domain.payout import (
    NoteBankAnswer,
    PayoutBecameUnknown,
    PayoutInstructed,
    PayoutRejected,
    PayoutReturned,
    PayoutSettled,
    Terms,
)
from services.disbursement.domain.work_item import CloseItem, RaiseItem
from shared.clock import local_day
from shared.envelope import Envelope
from shared.kernel import Rejected
from shared.service import To

Follow = Callable[[Envelope], Iterable[To]]


def raised(line: i.Line, kind: str, payout_id: str = "") -> To:
    """The work item of a line: always the same one for the same line."""
    asked = RaiseItem(line.key, kind, payout_id, line.amount_fen, line.direction, line.source, line.day)
    return To("work_item", line.key, asked)


def open_order(e: Envelope) -> Iterable[To]:
    t: Terms = e.data.terms
    yield To("instruction", t.payout_id, i.Instruct(t.payout_id, t.end_to_end_id, t.amount_fen))


def _ends(outcome: str) -> Follow:
    def ended(e: Envelope) -> Iterable[To]:
        t: Terms = e.data.terms
        if t.kind != "goods":
            yield To("instruction", t.payout_id, i.EndInstruction(outcome))
            yield To("work_item", f"unknown-{t.payout_id}", CloseItem(outcome))

    return ended


def in_doubt(e: Envelope) -> Iterable[To]:
    d: PayoutBecameUnknown = e.data
    item = f"unknown-{d.terms.payout_id}"
    yield To("work_item", item, RaiseItem(item, "unknown", d.terms.payout_id, d.terms.amount_fen))


def agreed(e: Envelope) -> Iterable[To]:
    """What the bank says becomes the payout's state; money that came back is looked at by a person as well."""
    d: i.LineAgreed = e.data

    def strange(no: Rejected) -> To:
        return raised(d.line, "contradicted", d.payout_id)

    yield To("payout", d.payout_id, NoteBankAnswer(d.status, d.month, d.line.reason), strange)
    if d.status == "returned":
        yield raised(d.line, "returned", d.payout_id)


def disagreed(e: Envelope) -> Iterable[To]:
    d: i.LineDisagreed = e.data
    yield raised(d.line, d.kind, d.payout_id)


def give_back(e: Envelope) -> Iterable[To]:
    d: f.FileDropped = e.data
    return (To("instruction", payout_id, i.LeaveFile(d.file_id)) for payout_id in d.payout_ids)


def silent(e: Envelope) -> Iterable[To]:
    """Nobody knows what became of those whose order still lives: each is a matter for people from now on."""
    d: f.FileStayedSilent = e.data
    month = local_day(e.at).strftime("%Y-%m")
    return (To("payout", payout_id, NoteBankAnswer("unknown", month, "bank_silent"), lambda no: None) for payout_id in d.payout_ids)


def chained(e: Envelope) -> Iterable[To]:
    d: s.StatementReceived = e.data
    yield To("account", d.account_id, s.FollowOn(d.statement_id, d.opening_fen, d.closing_fen))


def gap_named(e: Envelope) -> Iterable[To]:
    d: s.StatementFollowed = e.data
    if d.gap is not None:
        item = f"gap-{d.gap.statement_id}"
        yield To("work_item", item, RaiseItem(item, "gap", "", abs(d.gap.opens_fen - d.gap.closed_fen), "", d.gap.statement_id))
    if d.fills is not None and d.left is None:
        yield To("work_item", f"gap-{d.fills.statement_id}", CloseItem("statement_came"))


BANK_FOLLOW: Mapping[type, tuple[Follow, ...]] = {
    PayoutInstructed: (open_order,),
    PayoutSettled: (_ends("settled"),),
    PayoutRejected: (_ends("rejected"),),
    PayoutReturned: (_ends("returned"),),
    PayoutBecameUnknown: (in_doubt,),
    i.LineAgreed: (agreed,),
    i.LineDisagreed: (disagreed,),
    f.FileDropped: (give_back,),
    f.FileStayedSilent: (silent,),
    s.StatementReceived: (chained,),
    s.StatementFollowed: (gap_named,),
}


def both(first: Mapping[type, Follow], more: Mapping[type, tuple[Follow, ...]]) -> dict[type, Follow]:
    """One follow-up for each event out of what two parts of the room want to follow."""

    def joined(follows: tuple[Follow, ...]) -> Follow:
        return lambda e: (to for follow in follows for to in follow(e))

    events = [*first, *(event for event in more if event not in first)]
    return {event: joined((*((first[event],) if event in first else ()), *more.get(event, ()))) for event in events}
