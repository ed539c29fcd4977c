"""From what happened to rows that are read: payouts, funds, donations, ledger entries with running balances, the public chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from typing import Any

from services.disbursement.domain.chain import EntryPublished
from services.disbursement.domain.correction import CorrectionConfirmed, CorrectionProposed, CorrectionRefused
from services.disbursement.domain.donation import (
    DonationCorrected,
    DonationReceived,
    DonationRefunded,
    Donor,
    RefundAsked,
    RefundRefused,
)
from services.disbursement.domain.keeping import KeepingEnded, KeptByLaw
from services.disbursement.domain.ledger import BOOKED, postings
from services.disbursement.domain.payout import (
    PayoutAccepted,
    PayoutApproved,
    PayoutBecameUnknown,
    PayoutCancelled,
    PayoutCorrected,
    PayoutInstructed,
    PayoutRefused,
    PayoutRejected,
    PayoutRequested,
    PayoutReserved,
    PayoutReturned,
    PayoutSettled,
    ReceiptConfirmed,
    ReceiptFollowedUp,
    Terms,
)
from services.disbursement.domain.payout_decisions import HELD_DAYS
from services.disbursement.domain.transfer import TransferConfirmed, TransferProposed, TransferRefused
from services.disbursement.domain.treasury import FundClosed, FundOpened, StockAdjusted
from services.disbursement.tables import (
    balances,
    corrections,
    donations,
    entries,
    funds,
    kept,
    payouts,
    public_entries,
    public_totals,
    transfers,
)
from shared.clock import SHANGHAI
from shared.envelope import Envelope
from shared.schedule import deadlines
from shared.service import Add, Change, Drop, Projection, Put, RowChange


def _row(t: Terms, e: Envelope) -> dict[str, Any]:
    return {
        "payout_id": t.payout_id, "case_id": t.case_id, "person_id": t.person_id, "referral_id": t.referral_id, "org_id": t.org_id,
        "programme": t.programme, "period": t.period, "district": t.district, "kind": t.kind, "fund_id": t.fund_id, "amount_fen": t.amount_fen,
        "items": (), "state": "requested", "reason": None, "approvals_needed": 0, "approved_by": (), "receipt": None,
        "receipt_at": None, "followed_up": None, "requested_at": e.at, "changed_at": e.at,
    }  # fmt: skip


def requested(e: Envelope) -> Iterable[RowChange]:
    d: PayoutRequested = e.data
    return (Put(payouts, {**_row(d.terms, e), "items": d.wanted}),)


def reserved(e: Envelope) -> Iterable[RowChange]:
    d: PayoutReserved = e.data
    t = d.terms
    values = {
        "state": "reserved", "fund_id": t.fund_id, "amount_fen": t.amount_fen, "items": t.items, "approvals_needed": d.approvals_needed,
        "changed_at": e.at,
    }  # fmt: skip
    yield Change(payouts, {"payout_id": e.key}, values)
    # Goods are held no longer than they may be given out.
    last_days = [datetime.combine(i.expires + timedelta(days=1), time(), SHANGHAI) for i in t.items if i.expires is not None]
    due_at = min([e.at + timedelta(days=HELD_DAYS), *last_days])
    yield Put(deadlines, {"id": _hold(e.key), "name": "hold_expires", "stream_id": e.key, "due_at": due_at, "facts": {}})


def _hold(payout_id: str) -> str:
    return f"hold:{payout_id}"


def approved(e: Envelope) -> Iterable[RowChange]:
    d: PayoutApproved = e.data
    values = {"state": "approved" if d.enough else "reserved", "approved_by": d.approvers, "changed_at": e.at}
    yield Change(payouts, {"payout_id": e.key}, values)
    if d.enough and not d.pick_up:  # what waits to be picked up waits no longer than what waits for approval
        yield Drop(deadlines, {"id": _hold(e.key)})


def instructed(e: Envelope) -> Iterable[RowChange]:
    d: PayoutInstructed = e.data
    yield Change(payouts, {"payout_id": e.key}, {"state": "instructed", "approved_by": d.approvers, "changed_at": e.at})
    yield Drop(deadlines, {"id": _hold(e.key)})


def refused(e: Envelope) -> Iterable[RowChange]:
    """A grant that was declined at once has no row yet."""
    d: PayoutRefused = e.data
    row = {**_row(d.terms, e), "items": d.terms.items, "state": "refused", "reason": d.reason}
    if e.version == 1:
        return (Put(payouts, row),)
    return (
        Change(payouts, {"payout_id": e.key}, {"state": "refused", "reason": d.reason, "changed_at": e.at}),
        Drop(deadlines, {"id": _hold(e.key)}),
    )


def _moves(state: str) -> Callable[[Envelope], Iterable[RowChange]]:
    def move(e: Envelope) -> Iterable[RowChange]:
        values = {"state": state, "reason": getattr(e.data, "reason", None), "changed_at": e.at}
        return (Change(payouts, {"payout_id": e.key}, values),)

    return move


def settled(e: Envelope) -> Iterable[RowChange]:
    """Of goods a part may have been handed over."""
    t: Terms = e.data.terms
    goods = {"amount_fen": t.amount_fen, "items": t.items} if t.items else {}
    yield Change(payouts, {"payout_id": e.key}, {"state": "settled", "reason": None, "changed_at": e.at, **goods})
    yield Drop(deadlines, {"id": _hold(e.key)})


def cancelled(e: Envelope) -> Iterable[RowChange]:
    yield from _moves("cancelled")(e)
    yield Drop(deadlines, {"id": _hold(e.key)})


def confirmed(e: Envelope) -> Iterable[RowChange]:
    d: ReceiptConfirmed = e.data
    values = {
        "state": "confirmed" if d.answer == "received" else "settled", "receipt": d.answer, "receipt_at": e.at, "followed_up": None,
        "changed_at": e.at,
    }  # fmt: skip
    return (Change(payouts, {"payout_id": e.key}, values),)


def payout_corrected(e: Envelope) -> Iterable[RowChange]:
    d: PayoutCorrected = e.data
    return (Change(payouts, {"payout_id": e.key}, {"state": d.state, "amount_fen": d.to_fen, "reason": d.reason, "changed_at": e.at}),)


def followed_up(e: Envelope) -> Iterable[RowChange]:
    d: ReceiptFollowedUp = e.data
    return (Change(payouts, {"payout_id": e.key}, {"followed_up": d.outcome, "changed_at": e.at}),)


def kept_by_law(e: Envelope) -> Iterable[RowChange]:
    d: KeptByLaw = e.data
    yield Put(kept, {"person_id": d.person_id, "until": d.until})
    yield Put(deadlines, {"id": f"kept:{d.person_id}", "name": "keeping_ends", "stream_id": d.person_id, "due_at": d.until, "facts": {}})


def keeping_ended(e: Envelope) -> Iterable[RowChange]:
    d: KeepingEnded = e.data
    return (Drop(kept, {"person_id": d.person_id}),)


def opened(e: Envelope) -> Iterable[RowChange]:
    d: FundOpened = e.data
    row = {
        "fund_id": d.fund_id, "name": d.name, "programmes": d.programmes, "districts": d.districts, "purposes": d.purposes, "opened_at": e.at,
        "closed_at": None,
    }  # fmt: skip
    return (Put(funds, row),)


def closed(e: Envelope) -> Iterable[RowChange]:
    d: FundClosed = e.data
    return (Change(funds, {"fund_id": d.fund_id}, {"closed_at": e.at}),)


def proposed(e: Envelope) -> Iterable[RowChange]:
    d: TransferProposed = e.data
    row = {
        "transfer_id": d.transfer_id, "from_fund": d.from_fund, "to_fund": d.to_fund, "amount_fen": d.amount_fen, "reason": d.reason,
        "state": "proposed", "proposed_by": d.by, "decided_by": None, "at": e.at,
    }  # fmt: skip
    return (Put(transfers, row),)


def decided(e: Envelope) -> Iterable[RowChange]:
    d: TransferConfirmed | TransferRefused = e.data
    state = "done" if isinstance(d, TransferConfirmed) else "refused"
    return (Change(transfers, {"transfer_id": d.transfer_id}, {"state": state, "decided_by": d.by}),)


def correction_proposed(e: Envelope) -> Iterable[RowChange]:
    d: CorrectionProposed = e.data
    row = {
        "correction_id": d.correction_id, "about": d.about, "subject_id": d.subject_id, "to_fen": d.to_fen, "reason": d.reason,
        "state": "proposed", "proposed_by": d.by, "decided_by": None, "at": e.at,
    }  # fmt: skip
    return (Put(corrections, row),)


def correction_decided(e: Envelope) -> Iterable[RowChange]:
    d: CorrectionConfirmed | CorrectionRefused = e.data
    state = "done" if isinstance(d, CorrectionConfirmed) else "refused"
    return (Change(corrections, {"correction_id": d.correction_id}, {"state": state, "decided_by": d.by}),)


def donation_corrected(e: Envelope) -> Iterable[RowChange]:
    d: DonationCorrected = e.data
    return (Change(donations, {"donation_id": d.donation_id}, {"corrected_fen": d.to_fen}),)


_NOT_ASKED = {"refund_asked_fen": 0, "refund_asked_by": None, "refund_asked_at": None}


def refund_asked(e: Envelope) -> Iterable[RowChange]:
    d: RefundAsked = e.data
    values = {"refund_asked_fen": d.amount_fen, "refund_asked_by": d.by, "refund_asked_at": e.at}
    return (Change(donations, {"donation_id": d.donation_id}, values),)


def refunded(e: Envelope) -> Iterable[RowChange]:
    d: DonationRefunded = e.data
    return (Change(donations, {"donation_id": d.donation_id}, {**_NOT_ASKED, "refunded_fen": d.total_fen}),)


def refund_refused(e: Envelope) -> Iterable[RowChange]:
    d: RefundRefused = e.data
    return (Change(donations, {"donation_id": d.donation_id}, _NOT_ASKED),)


def donated(e: Envelope) -> Iterable[RowChange]:
    d: DonationReceived = e.data
    row = {
        "donation_id": d.donation_id, "donor_id": d.donor_id, "donor": d.donor if isinstance(d.donor, Donor) else None, "fund_id": d.fund_id,
        "kind": d.kind, "amount_fen": d.amount_fen, "items": d.items, "receipt": d.receipt,
        "corrected_fen": None, "refunded_fen": 0, **_NOT_ASKED, "at": e.at,
    }  # fmt: skip
    return (Put(donations, row),)


def moved(e: Envelope) -> Iterable[RowChange]:
    """Each movement once as an entry and twice in the running balances."""
    kind = type(e.data).__name__
    cause = next(
        getattr(e.data, name)
        for name in ("payout_id", "donation_id", "transfer_id", "hold_id", "correction_id", "order_id")
        if hasattr(e.data, name)
    )
    for line, p in enumerate(postings(e.data)):
        yield Put(
            entries,
            {
                "entry_id": e.id, "line": line, "at": e.at, "kind": kind, "cause_id": cause, "debit": p.debit, "credit": p.credit, "unit": p.unit,
                "amount": p.amount,
            },
        )  # fmt: skip
        yield Add(balances, {"account": p.debit, "unit": p.unit}, {"debits": p.amount, "credits": 0})
        yield Add(balances, {"account": p.credit, "unit": p.unit}, {"debits": 0, "credits": p.amount})


def published(e: Envelope) -> Iterable[RowChange]:
    d: EntryPublished = e.data
    row = {
        "position": d.position, "entry_id": d.entry_id, "kind": d.kind, "fund_id": d.fund_id, "programme": d.programme, "district": d.district,
        "month": d.month, "amount_fen": d.amount_fen, "units": d.units, "previous": d.previous, "hash": d.hash,
        "corrects": d.corrects, "reason": d.reason,
    }  # fmt: skip
    return (Put(public_entries, row),)


def _one_more(kind: str, month: str, district: str, programme: str, amount_fen: int, units: int) -> Add:
    cell = {"kind": kind, "month": month, "district": district, "programme": programme}
    return Add(public_totals, cell, {"count": 1, "amount_fen": amount_fen, "units": units})


def sum_of_settled(e: Envelope) -> Iterable[RowChange]:
    """Sums by district and programme come from what happened, not from the public entries, which withhold both."""
    d: PayoutSettled = e.data
    t = d.terms
    kind = "goods" if t.kind == "goods" else "payout"
    return (_one_more(kind, d.month, t.district[:6], t.programme, t.amount_fen, sum(i.quantity for i in t.items)),)


def sum_of_returned(e: Envelope) -> Iterable[RowChange]:
    d: PayoutReturned = e.data
    t = d.terms
    return (_one_more("returned", d.month, t.district[:6], t.programme, t.amount_fen, sum(i.quantity for i in t.items)),)


def sum_of_corrected_payout(e: Envelope) -> Iterable[RowChange]:
    """Paid after all it counts as a payment; otherwise only the sum changes."""
    d: PayoutCorrected = e.data
    kind = "payout" if d.was == "rejected" and not d.again else "correction"
    return (_one_more(kind, d.month, d.terms.district[:6], d.terms.programme, d.to_fen - d.from_fen, 0),)


def sum_of_corrected_donation(e: Envelope) -> Iterable[RowChange]:
    d: DonationCorrected = e.data
    return (_one_more("correction", d.month, "", "", d.to_fen - d.from_fen, 0),)


def sum_of_given(e: Envelope) -> Iterable[RowChange]:
    d: DonationReceived = e.data
    value = d.amount_fen or sum(i.value_fen for i in d.items)
    kind = "donation" if d.kind == "cash" else "goods_donation"
    return (_one_more(kind, d.month, "", "", value, sum(i.quantity for i in d.items)),)


def sum_of_adjusted(e: Envelope) -> Iterable[RowChange]:
    d: StockAdjusted = e.data
    return (_one_more("found" if d.found else "written_off", d.month, "", "", d.item.value_fen, d.item.quantity),)


def sum_of_refunded(e: Envelope) -> Iterable[RowChange]:
    d: DonationRefunded = e.data
    return (_one_more("refund", d.month, "", "", d.amount_fen, 0),)


PAYOUT_LIST = Projection(
    "payouts",
    (payouts,),
    {
        PayoutRequested: requested,
        PayoutReserved: reserved,
        PayoutApproved: approved,
        PayoutInstructed: instructed,
        PayoutAccepted: _moves("accepted"),
        PayoutSettled: settled,
        PayoutRejected: _moves("rejected"),
        PayoutReturned: _moves("returned"),
        PayoutBecameUnknown: _moves("unknown"),
        PayoutRefused: refused,
        PayoutCancelled: cancelled,
        ReceiptConfirmed: confirmed,
        ReceiptFollowedUp: followed_up,
        PayoutCorrected: payout_corrected,
    },
)
FUND_LIST = Projection("funds", (funds,), {FundOpened: opened, FundClosed: closed})
DONATION_LIST = Projection(
    "donations",
    (donations,),
    {
        DonationReceived: donated,
        RefundAsked: refund_asked,
        DonationRefunded: refunded,
        RefundRefused: refund_refused,
        DonationCorrected: donation_corrected,
    },
)
CORRECTION_LIST = Projection(
    "corrections",
    (corrections,),
    {CorrectionProposed: correction_proposed, CorrectionConfirmed: correction_decided, CorrectionRefused: correction_decided},
)
TRANSFER_LIST = Projection(
    "transfers",
    (transfers,),
    {TransferProposed: proposed, TransferConfirmed: decided, TransferRefused: decided},
)
LEDGER = Projection("ledger", (entries, balances), dict.fromkeys(BOOKED, moved))
PUBLIC_CHAIN = Projection(
    "public_chain",
    (public_entries, public_totals),
    {
        EntryPublished: published,
        PayoutSettled: sum_of_settled,
        PayoutReturned: sum_of_returned,
        PayoutCorrected: sum_of_corrected_payout,
        DonationReceived: sum_of_given,
        DonationCorrected: sum_of_corrected_donation,
        DonationRefunded: sum_of_refunded,
        StockAdjusted: sum_of_adjusted,
    },
)
KEPT = Projection("kept", (kept,), {KeptByLaw: kept_by_law, KeepingEnded: keeping_ended})
