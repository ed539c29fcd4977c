"""What disbursement promises to say: ids, sums, units and states; never who was paid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.disbursement.domain.chain import EntryPublished
from services.disbursement.domain.donation import DonationReceived
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
    Terms,
)
from services.disbursement.domain.treasury import FundOpened
from shared.envelope import Envelope, Public


class Units(Struct, frozen=True):
    sku: str
    quantity: int


class PayoutData(Struct, frozen=True, omit_defaults=True):
    """A payout at one state; `amount_fen` is money or the value of the goods."""

    payout_id: str
    case_id: str
    person_id: str
    referral_id: str
    org_id: str
    fund_id: str
    programme: str
    kind: str
    amount_fen: int
    period: str
    district: str
    state: str
    items: tuple[Units, ...] = ()
    reason: str | None = None
    answer: str | None = None


class DonationData(Struct, frozen=True):
    donation_id: str
    fund_id: str
    kind: str
    amount_fen: int
    items: tuple[Units, ...]


class FundData(Struct, frozen=True):
    fund_id: str
    programmes: tuple[str, ...]
    districts: tuple[str, ...]


class LedgerData(Struct, frozen=True):
    """One entry of the public chain. `district` and `programme` are empty, because an entry stands on one person; readers of v1 need the keys."""

    entry_id: str
    position: int
    hash: str
    kind: str
    amount_fen: int
    units: int
    district: str
    programme: str
    month: str


def _data(terms: Terms, state: str, reason: str | None = None, answer: str | None = None) -> PayoutData:
    units: dict[str, int] = {}  # of which lots they are is the stores' own matter
    for i in terms.items:
        units[i.sku] = units.get(i.sku, 0) + i.quantity
    items = tuple(Units(sku, quantity) for sku, quantity in units.items())
    return PayoutData(
        terms.payout_id, terms.case_id, terms.person_id, terms.referral_id, terms.org_id, terms.fund_id, terms.programme, terms.kind,
        terms.amount_fen, terms.period, terms.district, state, items, reason, answer,
    )  # fmt: skip


def _said(fact: str, state: str) -> Callable[[Envelope], Iterable[Public]]:
    kind = f"disbursement.{fact}.v1"

    def say(e: Envelope) -> Iterable[Public]:
        return (Public(kind, _data(e.data.terms, state, getattr(e.data, "reason", None))),)

    return say


def approved(e: Envelope) -> Iterable[Public]:
    """Only the last approval is told; who gave it stays with us."""
    d: PayoutApproved = e.data
    return (Public("disbursement.payout_approved.v1", _data(d.terms, "approved")),) if d.enough else ()


def instructed(e: Envelope) -> Iterable[Public]:
    """The last approval and the instruction are one fact with us and two words outside."""
    t: Terms = e.data.terms
    return (
        Public("disbursement.payout_approved.v1", _data(t, "approved")),
        Public("disbursement.payout_instructed.v1", _data(t, "instructed")),
    )


def settled(e: Envelope) -> Iterable[Public]:
    d: PayoutSettled = e.data
    fact = "goods_issued" if d.terms.kind == "goods" else "payout_settled"
    return (Public(f"disbursement.{fact}.v1", _data(d.terms, "settled")),)


def confirmed(e: Envelope) -> Iterable[Public]:
    d: ReceiptConfirmed = e.data
    return (
        Public("disbursement.receipt_confirmed.v1", _data(d.terms, "confirmed" if d.answer == "received" else "settled", None, d.answer)),
    )


def corrected(e: Envelope) -> Iterable[Public]:
    """Whoever waits for a payout hears where a correction turns paid into not paid, or the other way round."""
    d: PayoutCorrected = e.data
    paid, was_paid = d.state in {"settled", "confirmed"}, d.was in {"settled", "confirmed"}
    if paid == was_paid:
        return ()
    terms = replace(d.terms, amount_fen=d.to_fen) if paid else d.terms
    fact = "payout_settled" if paid else "payout_rejected"
    return (Public(f"disbursement.{fact}.v1", _data(terms, d.state, None if paid else d.reason)),)


def donation(e: Envelope) -> Iterable[Public]:
    d: DonationReceived = e.data
    items = tuple(Units(i.sku, i.quantity) for i in d.items)
    return (Public("disbursement.donation_received.v1", DonationData(d.donation_id, d.fund_id, d.kind, d.amount_fen, items)),)


def fund(e: Envelope) -> Iterable[Public]:
    d: FundOpened = e.data
    return (Public("disbursement.fund_opened.v1", FundData(d.fund_id, d.programmes, d.districts)),)


def entry(e: Envelope) -> Iterable[Public]:
    d: EntryPublished = e.data
    data = LedgerData(d.entry_id, d.position, d.hash, d.kind, d.amount_fen, d.units, "", "", d.month)
    return (Public("disbursement.ledger_published.v1", data),)


PUBLISH: Mapping[type, Callable[[Envelope], Iterable[Public]]] = {
    PayoutRequested: _said("payout_requested", "requested"),
    PayoutReserved: _said("payout_reserved", "reserved"),
    PayoutApproved: approved,
    PayoutInstructed: instructed,
    PayoutAccepted: _said("payout_accepted", "accepted"),
    PayoutSettled: settled,
    PayoutRejected: _said("payout_rejected", "rejected"),
    PayoutReturned: _said("payout_returned", "returned"),
    PayoutBecameUnknown: _said("payout_unknown", "unknown"),
    PayoutRefused: _said("payout_refused", "refused"),
    PayoutCancelled: _said("payout_cancelled", "cancelled"),
    ReceiptConfirmed: confirmed,
    PayoutCorrected: corrected,
    DonationReceived: donation,
    FundOpened: fund,
    EntryPublished: entry,
}
_PAYOUT_FACTS = (
    "payout_requested", "payout_reserved", "payout_approved", "payout_instructed", "payout_accepted", "payout_settled", "payout_rejected",
    "payout_returned", "payout_unknown", "payout_refused", "payout_cancelled", "receipt_confirmed", "goods_issued",
)  # fmt: skip
PUBLIC_TYPES: Mapping[str, Any] = {
    **{f"disbursement.{fact}.v1": PayoutData for fact in _PAYOUT_FACTS},
    "disbursement.donation_received.v1": DonationData,
    "disbursement.fund_opened.v1": FundData,
    "disbursement.ledger_published.v1": LedgerData,
}
