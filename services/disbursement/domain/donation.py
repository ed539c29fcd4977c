"""A donation: received once under its reference, cash to a fund or goods to the stores, with a receipt; money may go back, by two people."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct

from services.disbursement.domain.treasury import ItemReceived
from shared.kernel import Decider, Rejected, Shredded


class Donor(Struct, frozen=True, gc=False):
    """Who gave, as they want to be thanked; sealed."""

    name: str = ""
    contact: str = ""


class Donate(Struct, frozen=True, gc=False):
    """`donor_id` is the subject under which the donor is sealed; `month` is the local month it arrived, `YYYY-MM`."""

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


class AskRefund(Struct, frozen=True, gc=False):
    """Money back to the donor, all of it or a part; `reason` is a code."""

    amount_fen: int
    reason: str
    by: str


class ConfirmRefund(Struct, frozen=True, gc=False):
    """A second person agrees; `month` is the local month, `YYYY-MM`."""

    by: str
    month: str


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


class RefundRefused(Struct, frozen=True, gc=False):
    donation_id: str
    reason: str
    by: str


class DonationReceived(Struct, frozen=True, gc=False):
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


class Donation(Struct, frozen=True, gc=False):
    """`asked` is the refund that waits for a second person; `refunded_fen` is what went back so far."""

    received: DonationReceived | None = None
    asked: RefundAsked | None = None
    refunded_fen: int = 0


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
    if not 0 < command.amount_fen <= got.amount_fen - state.refunded_fen or got.kind != "cash":
        raise RefundMoreThanGiven(amount_fen=command.amount_fen, left_fen=got.amount_fen - state.refunded_fen)
    asked = RefundAsked(got.donation_id, command.amount_fen, command.reason, command.by)
    return () if asked == state.asked else (asked,)


def confirm_refund(command: ConfirmRefund, state: Donation) -> tuple[DonationRefunded, ...]:
    got, asked = state.received, state.asked
    if got is None or asked is None:
        raise NoRefundAsked
    if command.by == asked.by:
        raise AnotherPersonRefunds(donation_id=got.donation_id)
    total_fen = state.refunded_fen + asked.amount_fen
    of_fen = got.amount_fen - state.refunded_fen
    return (
        DonationRefunded(
            got.donation_id, got.fund_id, asked.amount_fen, asked.reason, command.by, command.month, total_fen, of_fen, got.campaign_id
        ),
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
    before = state.received
    if before is not None:
        first = (before.fund_id, before.kind, before.amount_fen, before.items, before.campaign_id)
        if first != (command.fund_id, command.kind, command.amount_fen, command.items, command.campaign_id):
            raise DonationDiffersFromFirst(donation_id=command.donation_id)
        return ()
    receipt = f"KPK-{command.month.replace('-', '')}-{command.donation_id[-8:].upper()}"
    c = command
    return (
        DonationReceived(
            c.donation_id, c.donor_id, c.fund_id, c.kind, c.amount_fen, c.items, c.month, receipt, c.donor, c.campaign_id, c.day
        ),
    )


def evolve(state: Donation, event: Any) -> Donation:
    match event:
        case RefundAsked():
            return Donation(state.received, event, state.refunded_fen)
        case DonationRefunded():
            return Donation(state.received, None, event.total_fen)
        case RefundRefused():
            return Donation(state.received, None, state.refunded_fen)
    return Donation(event)


DONATION = Decider(
    noun="donation",
    absent=Donation(),
    decide=decide,
    evolve=evolve,
    commands=(Donate, AskRefund, ConfirmRefund, RefuseRefund),
    events=(DonationReceived, RefundAsked, DonationRefunded, RefundRefused),
)
