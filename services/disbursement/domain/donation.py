"""A donation: received once under its reference, cash to a fund or goods to the stores, with a receipt; money may go back, by two people."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.disbursement.domain.correction import GoodsAreCounted, difference
from services.disbursement.domain.earmark import NO_WORD, Earmark, part_of
from services.disbursement.domain.stock import ItemReceived
from shared.kernel import Decider, Rejected, Shredded


class Donor(Struct, frozen=True, gc=False):
    """Who gave, as they want to be thanked; sealed."""

    name: str = ""
    contact: str = ""


class Donate(Struct, frozen=True, gc=False):
    """`donor_id` is the subject under which the donor is sealed; `month` is the local month it arrived, `YYYY-MM`; `earmark` what the
    donor gives it for."""

    donation_id: str
    donor_id: str
    fund_id: str
    kind: str
    amount_fen: int
    items: tuple[ItemReceived, ...]
    month: str
    donor: Donor | None = None
    campaign_id: str = ""
    day: date | None = None
    earmark: Earmark = NO_WORD


class AskRefund(Struct, frozen=True, gc=False):
    """Money back to the donor, all of it or a part; `reason` is a code."""

    amount_fen: int
    reason: str
    by: str


class ConfirmRefund(Struct, frozen=True, gc=False):
    """A second person agrees; `month` is the local month, `YYYY-MM`."""

    by: str
    month: str


class CorrectDonation(Struct, frozen=True, gc=False):
    """Two people say that another sum was given than was recorded; `corrects` is the public entry, `month` the local month."""

    correction_id: str
    to_fen: int
    reason: str
    month: str
    corrects: str = ""


class RefuseRefund(Struct, frozen=True, gc=False):
    """It does not go back; `reason` is a code of `NO_REFUND_REASONS`. Whoever asked may take it back so."""

    reason: str
    by: str


class RefundAsked(Struct, frozen=True, gc=False):
    donation_id: str
    amount_fen: int
    reason: str
    by: str


class DonationRefunded(Struct, frozen=True, gc=False):
    """`total_fen` is what went back in all, this time included; `of_fen` what had not gone back before."""

    donation_id: str
    fund_id: str
    amount_fen: int
    reason: str
    by: str
    month: str
    total_fen: int
    of_fen: int = 0
    campaign_id: str = ""


class DonationCorrected(Struct, frozen=True, gc=False):
    """The donation as it should have been recorded; what was refunded stays refunded."""

    donation_id: str
    fund_id: str
    from_fen: int
    to_fen: int
    reason: str
    month: str
    correction_id: str
    corrects: str = ""


class RefundRefused(Struct, frozen=True, gc=False):
    donation_id: str
    reason: str
    by: str


class DonationReceived(Struct, frozen=True, gc=False):
    """`fund_id` is the part of the fund under the donor's word, where there is one."""

    donation_id: str
    donor_id: str
    fund_id: str
    kind: str
    amount_fen: int
    items: tuple[ItemReceived, ...]
    month: str
    receipt: str
    donor: Donor | Shredded | None = None
    campaign_id: str = ""
    day: date | None = None
    earmark: Earmark = NO_WORD


class Donation(Struct, frozen=True, gc=False):
    """`asked` is the refund that waits for a second person; `refunded_fen` is what went back so far; `given_fen` is what was given, by the
    last correction."""

    received: DonationReceived | None = None
    asked: RefundAsked | None = None
    refunded_fen: int = 0
    given_fen: int = 0


class DonationDiffersFromFirst(Rejected):
    """A donation with this reference was received before, with another sum, other goods or another fund."""


class DonationIsNothing(Rejected):
    """A donation is a sum above zero or at least one unit of goods with its value."""


class DonationUnknown(Rejected):
    """There is no such donation."""


class RefundMoreThanGiven(Rejected):
    """No more goes back than was given in money, and above zero."""


class NoRefundAsked(Rejected):
    """Nobody has asked for this donation to go back."""


class AnotherPersonRefunds(Rejected):
    """Whoever asked for a refund does not confirm it."""


class CampaignGiftNotCorrected(Rejected):
    """A gift to a campaign is corrected by a refund or by another gift, so that its match follows."""


class CorrectedBelowRefunded(Rejected):
    """More than that went back to the donor already."""


REFUND_REASONS = frozenset(("donor_asked", "given_twice", "wrong_amount", "campaign_cancelled"))


class RefundReasonUnknown(Rejected):
    """A refund has one of the published reasons: donor_asked, given_twice, wrong_amount, campaign_cancelled."""


NO_REFUND_REASONS = frozenset(("not_the_donor", "spent_already", "asked_by_mistake", "other"))


class NoRefundReasonUnknown(Rejected):
    """A refund is turned down with one of the published reasons: not_the_donor, spent_already, asked_by_mistake, other."""


def decide(command: Any, state: Donation) -> tuple[Any, ...]:
    match command:
        case Donate():
            return receive(command, state)
        case AskRefund():
            return ask_refund(command, state)
        case ConfirmRefund():
            return confirm_refund(command, state)
        case CorrectDonation():
            return correct(command, state)
        case RefuseRefund():
            return refuse_refund(command, state)
    raise AssertionError(type(command).__name__)


def ask_refund(command: AskRefund, state: Donation) -> tuple[RefundAsked, ...]:
    """Asked anew with another sum or by another person it is that from then on."""
    got = state.received
    if got is None:
        raise DonationUnknown
    if command.reason not in REFUND_REASONS:
        raise RefundReasonUnknown(reason=command.reason[:40])
    left_fen = state.given_fen - state.refunded_fen
    if not 0 < command.amount_fen <= left_fen or got.kind != "cash":
        raise RefundMoreThanGiven(amount_fen=command.amount_fen, left_fen=left_fen)
    asked = RefundAsked(got.donation_id, command.amount_fen, command.reason, command.by)
    return () if asked == state.asked else (asked,)


def confirm_refund(command: ConfirmRefund, state: Donation) -> tuple[DonationRefunded, ...]:
    got, asked = state.received, state.asked
    if got is None or asked is None:
        raise NoRefundAsked
    if command.by == asked.by:
        raise AnotherPersonRefunds(donation_id=got.donation_id)
    total_fen = state.refunded_fen + asked.amount_fen
    of_fen = state.given_fen - state.refunded_fen
    if asked.amount_fen > of_fen:  # corrected to less since it was asked
        raise RefundMoreThanGiven(amount_fen=asked.amount_fen, left_fen=of_fen)
    return (
        DonationRefunded(
            got.donation_id, got.fund_id, asked.amount_fen, asked.reason, command.by, command.month, total_fen, of_fen, got.campaign_id
        ),
    )  # fmt: skip


def correct(command: CorrectDonation, state: Donation) -> tuple[DonationCorrected, ...]:
    c, got = command, state.received
    if got is None:
        raise DonationUnknown
    if got.kind != "cash":
        raise GoodsAreCounted(donation_id=got.donation_id)
    if got.campaign_id:
        raise CampaignGiftNotCorrected(campaign_id=got.campaign_id)
    if c.to_fen < state.refunded_fen:
        raise CorrectedBelowRefunded(refunded_fen=state.refunded_fen, to_fen=c.to_fen)
    difference(state.given_fen, c.to_fen)
    return (
        DonationCorrected(got.donation_id, got.fund_id, state.given_fen, c.to_fen, c.reason, c.month, c.correction_id, c.corrects),
    )  # fmt: skip


def refuse_refund(command: RefuseRefund, state: Donation) -> tuple[RefundRefused, ...]:
    if command.reason not in NO_REFUND_REASONS:
        raise NoRefundReasonUnknown(reason=command.reason[:40])
    if state.asked is None:
        raise NoRefundAsked
    return (RefundRefused(state.asked.donation_id, command.reason, command.by),)


def receive(command: Donate, state: Donation) -> tuple[DonationReceived, ...]:
    if (command.kind == "cash" and command.amount_fen <= 0) or (command.kind == "goods" and not command.items):
        raise DonationIsNothing(kind=command.kind)
    if any(i.quantity <= 0 or i.value_fen < 0 for i in command.items):
        raise DonationIsNothing(kind=command.kind)
    fund_id, before = part_of(command.fund_id, command.earmark), state.received
    if before is not None:
        first = (before.fund_id, before.kind, before.amount_fen, before.items, before.campaign_id)
        if first != (fund_id, command.kind, command.amount_fen, command.items, command.campaign_id):
            raise DonationDiffersFromFirst(donation_id=command.donation_id)
        return ()
    receipt = f"KPK-{command.month.replace('-', '')}-{command.donation_id[-8:].upper()}"
    c = command
    return (
        DonationReceived(
            c.donation_id, c.donor_id, fund_id, c.kind, c.amount_fen, c.items, c.month, receipt, c.donor, c.campaign_id, c.day, c.earmark
        ),
    )  # fmt: skip


def evolve(state: Donation, event: Any) -> Donation:
    match event:
        case RefundAsked():
            return replace(state, asked=event)
        case DonationRefunded():
            return replace(state, asked=None, refunded_fen=event.total_fen)
        case DonationCorrected():
            return replace(state, given_fen=event.to_fen)
        case RefundRefused():
            return replace(state, asked=None)
    return Donation(event, given_fen=event.amount_fen)


DONATION = Decider(
    noun="donation",
    absent=Donation(),
    decide=decide,
    evolve=evolve,
    commands=(Donate, AskRefund, ConfirmRefund, RefuseRefund, CorrectDonation),
    events=(DonationReceived, RefundAsked, DonationRefunded, RefundRefused, DonationCorrected),
)
