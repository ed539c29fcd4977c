"""What follows in the same unit: money held for a request, spent on settlement, freed on refusal, published as it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from services.disbursement.domain.chain import Publish, entry_number
from services.disbursement.domain.correction import CorrectionConfirmed
from services.disbursement.domain.donation import CorrectDonation, DonationCorrected, DonationReceived, DonationRefunded
from services.disbursement.domain.payout import (
    CorrectPayout,
    NoteReserved,
    PayoutCancelled,
    PayoutCorrected,
    PayoutRefused,
    PayoutRejected,
    PayoutRequested,
    PayoutReturned,
    PayoutSettled,
    Refuse,
    Terms,
)
from services.disbursement.domain.stock_order import StockOrderDone
from services.disbursement.domain.transfer import TransferConfirmed
from services.disbursement.domain.treasury import (
    AdjustStock,
    Correct,
    GiveBack,
    MoveGoods,
    Release,
    Reserve,
    Reserved,
    Restore,
    Spend,
    StockAdjusted,
    TakeIn,
    Transfer,
)
from services.disbursement.domain.treasury_decisions import STORES
from shared.clock import local_day
from shared.envelope import Envelope
from shared.kernel import Rejected
from shared.service import To

CITY = "city"
PUBLIC = "public"


def reserve(e: Envelope) -> Iterable[To]:
    d: PayoutRequested = e.data
    terms = d.terms

    def refused(no: Rejected) -> To:
        return To("payout", terms.payout_id, Refuse(no.code, "treasury"))

    asked = Reserve(
        terms.payout_id, terms.programme, terms.district, terms.fund_id or None, terms.amount_fen, d.wanted, d.need, local_day(e.at)
    )
    yield To("treasury", CITY, asked, refused)


def reserved(e: Envelope) -> Iterable[To]:
    d: Reserved = e.data
    yield To("payout", d.payout_id, NoteReserved(d.fund_id, d.amount_fen, d.items))


def _published(kind: str, t: Terms, month: str) -> To:
    """One payout is one person: where and for what it was is under the entry's number, not in the entry."""
    number = entry_number(kind, t.payout_id, t.district[:6], t.programme)
    return To("chain", PUBLIC, Publish(number, kind, t.fund_id, "", "", month, t.amount_fen, sum(i.quantity for i in t.items)))


def spend(e: Envelope) -> Iterable[To]:
    d: PayoutSettled = e.data
    t = d.terms
    yield To("treasury", CITY, Spend(t.payout_id, t.fund_id, t.programme, t.district, t.amount_fen, t.items))
    yield _published("goods" if t.kind == "goods" else "payout", t, d.month)


def release(e: Envelope) -> Iterable[To]:
    t: Terms = e.data.terms
    yield To("treasury", CITY, Release(t.payout_id, t.fund_id, t.amount_fen, t.items))


def release_if_reserved(e: Envelope) -> Iterable[To]:
    return release(e) if e.data.reserved else ()


def restore(e: Envelope) -> Iterable[To]:
    d: PayoutReturned = e.data
    yield To("treasury", CITY, Restore(d.terms.payout_id, d.terms.fund_id, d.terms.amount_fen, d.terms.programme))
    yield _published("returned", d.terms, d.month)


def take_in(e: Envelope) -> Iterable[To]:
    d: DonationReceived = e.data
    yield To("treasury", CITY, TakeIn(d.donation_id, d.fund_id, d.amount_fen, d.items, d.day, d.earmark))
    units, value = sum(i.quantity for i in d.items), d.amount_fen or sum(i.value_fen for i in d.items)
    kind = "donation" if d.kind == "cash" else "goods_donation"
    yield To("chain", PUBLIC, Publish(e.id, kind, d.fund_id, "", "", d.month, value, units))


def give_back(e: Envelope) -> Iterable[To]:
    d: DonationRefunded = e.data
    yield To("treasury", CITY, GiveBack(d.donation_id, d.fund_id, d.amount_fen))
    yield To("chain", PUBLIC, Publish(e.id, "refund", d.fund_id, "", "", d.month, d.amount_fen, 0))


def transfer(e: Envelope) -> Iterable[To]:
    d: TransferConfirmed = e.data
    yield To("treasury", CITY, Transfer(d.transfer_id, d.from_fund, d.to_fund, d.amount_fen, d.reason))


def correct(e: Envelope) -> Iterable[To]:
    """What the correction is about decides whether it can be; its refusal is the answer, and the correction stays proposed."""
    d: CorrectionConfirmed = e.data
    if d.about == "donation":
        yield To("donation", d.subject_id, CorrectDonation(d.correction_id, d.to_fen, d.reason, d.month, d.corrects))
    else:
        yield To("payout", d.subject_id, CorrectPayout(d.correction_id, d.to_fen, d.reason, d.month))


def donation_corrected(e: Envelope) -> Iterable[To]:
    d: DonationCorrected = e.data
    more = d.to_fen - d.from_fen
    yield To("treasury", CITY, Correct(d.correction_id, "donation", d.fund_id, "", more))
    yield To("chain", PUBLIC, Publish(e.id, "correction", d.fund_id, "", "", d.month, more, 0, d.corrects, d.reason))


def payout_corrected(e: Envelope) -> Iterable[To]:
    """What was never published as paid is published now; anything else names the entry that it corrects."""
    d: PayoutCorrected = e.data
    t, more = d.terms, d.to_fen - d.from_fen
    yield To("treasury", CITY, Correct(d.correction_id, "payout", t.fund_id, t.programme, more))
    number = entry_number("returned" if d.was == "returned" else "payout", t.payout_id, t.district[:6], t.programme)
    if d.was == "rejected" and not d.again:
        yield To("chain", PUBLIC, Publish(number, "payout", t.fund_id, "", "", d.month, more, 0, "", d.reason))
    else:
        yield To("chain", PUBLIC, Publish(e.id, "correction", t.fund_id, "", "", d.month, more, 0, number, d.reason))


def in_the_stores(e: Envelope) -> Iterable[To]:
    d: StockOrderDone = e.data
    if d.kind == "move":
        yield To("treasury", CITY, MoveGoods(d.order_id, d.sku, d.lot, d.place, d.to_place, d.quantity))
    elif d.by_units:
        yield To("treasury", CITY, AdjustStock(d.order_id, d.sku, d.lot, d.place, d.by_units, d.reason, d.month))


def adjusted(e: Envelope) -> Iterable[To]:
    """What is lost of what people gave is published like what reached somebody."""
    d: StockAdjusted = e.data
    kind = "found" if d.found else "written_off"
    yield To("chain", PUBLIC, Publish(e.id, kind, STORES, "", "", d.month, d.item.value_fen, d.item.quantity, "", d.reason))


FOLLOW: Mapping[type, Callable[[Envelope], Iterable[To]]] = {
    PayoutRequested: reserve,
    Reserved: reserved,
    PayoutSettled: spend,
    PayoutRejected: release,
    PayoutRefused: release_if_reserved,
    PayoutCancelled: release_if_reserved,
    PayoutReturned: restore,
    DonationReceived: take_in,
    DonationRefunded: give_back,
    TransferConfirmed: transfer,
    CorrectionConfirmed: correct,
    DonationCorrected: donation_corrected,
    PayoutCorrected: payout_corrected,
    StockOrderDone: in_the_stores,
    StockAdjusted: adjusted,
}
