"""A payout's life: one entitlement, one key, at most one live instruction.

    requested -> reserved -> (approved) -> instructed -> accepted -> settled -> confirmed
              refused       cancelled    instructed -> rejected | unknown -> settled | rejected ; settled -> returned
    goods:       reserved -> approved = settled (issued) -> confirmed
    picked up:   reserved -> approved -> settled (handed over, all or a part) -> confirmed ; approved -> cancelled

The id is made from case, programme, period and instalment, and is the bank's end-to-end id: whatever crashes, the bank sees
each payout under one id. An outcome that is not known is a state; it is asked for, never sent again under another id.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.disbursement.domain.stock import Item, ItemReceived
from shared.kernel import Shredded

# Asked


class Payee(Struct, frozen=True, gc=False):
    """Who was paid, as the law on payments asks it to be kept; sealed."""

    name: str
    account: str = ""


class RequestPayout(Struct, frozen=True, gc=False):
    """What an accepted grant entitles to; `period` is the year or month it belongs to, `instalment` counts from 1."""

    payout_id: str
    case_id: str
    person_id: str
    referral_id: str
    org_id: str
    programme: str
    period: str
    instalment: int
    district: str
    kind: str
    fund_id: str | None = None
    amount_fen: int = 0
    items: tuple[Item, ...] = ()
    need: str = ""
    wish_id: str = ""


class NoteReserved(Struct, frozen=True, gc=False):
    fund_id: str
    amount_fen: int
    items: tuple[ItemReceived, ...]


class DeclineRequest(Struct, frozen=True, gc=False):
    """A grant that gives no new entitlement: said aloud under an id of its own, so that its referral does not wait for ever."""

    request: RequestPayout
    reason: str


class Refuse(Struct, frozen=True, gc=False):
    """No money, or a person said no; `reason` is a code."""

    reason: str
    by: str


class Approve(Struct, frozen=True, gc=False):
    """One person's approval; `org` is the organisation they speak for, `roles` what they may do at all, in order. `pick_up`: goods wait
    where they lie until somebody hands them over; `day` is the local day on which nothing that is issued may have expired."""

    by: str
    month: str
    org: str | None = None
    roles: tuple[str, ...] = ()
    pick_up: bool = False
    day: date | None = None


class Cancel(Struct, frozen=True, gc=False):
    reason: str
    by: str


class Expire(Struct, frozen=True, gc=False):
    """Nobody has approved for so long that what is held is free again."""


class HandOver(Struct, frozen=True, gc=False):
    """Goods that waited to be picked up were handed over on this day; no items: all of them."""

    month: str
    day: date
    items: tuple[Item, ...] = ()


class NoteBankAnswer(Struct, frozen=True, gc=False):
    """What the bank said: accepted, settled, rejected, returned, or unknown when nobody can tell; reason is the bank's code."""

    status: str
    month: str
    reason: str = ""
    payee: Payee | None = None


class Resolve(Struct, frozen=True, gc=False):
    """A person says how an unknown payout ended, by the bank's statement; a second person must agree."""

    outcome: str
    by: str
    month: str


class ConfirmReceipt(Struct, frozen=True, gc=False):
    """The person's own word: received, partly, not."""

    answer: str
    by: str


class FollowUp(Struct, frozen=True, gc=False):
    """What came of it that something did not arrive; `outcome` is a code of `FOLLOW_UPS`."""

    outcome: str
    by: str


class CorrectPayout(Struct, frozen=True, gc=False):
    """Two people say that another sum was paid than was recorded; zero says that nothing was. `month` is the local month."""

    correction_id: str
    to_fen: int
    reason: str
    month: str


# Happened


class Terms(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a payout is: carried whole by each of its events, so that each can be read alone. `amount_fen` is money, or the
    value of the goods once they are reserved; items have no value before that. `wish_id` where it grants a micro-wish."""

    payout_id: str
    case_id: str
    person_id: str
    referral_id: str
    org_id: str
    programme: str
    period: str
    district: str
    kind: str
    fund_id: str
    amount_fen: int
    items: tuple[ItemReceived, ...]
    wish_id: str = ""

    @property
    def end_to_end_id(self) -> str:
        """The id the bank sees (at most 35 characters): always the same for this payout."""
        return self.payout_id.replace("-", "")


class PayoutRequested(Struct, frozen=True, gc=False):
    """`need` is the code of what it helps with: funds may be bound to it."""

    terms: Terms
    instalment: int
    wanted: tuple[Item, ...]
    need: str = ""


class PayoutReserved(Struct, frozen=True, gc=False):
    terms: Terms
    approvals_needed: int


class PayoutRefused(Struct, frozen=True, gc=False):
    """`reserved` says whether something was held and is free again."""

    terms: Terms
    reason: str
    by: str
    reserved: bool


class PayoutApproved(Struct, frozen=True, gc=False):
    """`enough` says that this was the last approval needed; `approvers` are all so far; `pick_up` that goods wait to be handed over."""

    terms: Terms
    by: str
    enough: bool
    approvers: tuple[str, ...]
    pick_up: bool = False


class PayoutCancelled(Struct, frozen=True, gc=False):
    terms: Terms
    reason: str
    by: str
    reserved: bool


class PayoutInstructed(Struct, frozen=True, gc=False):
    """The last approval and the instruction in one: written before the bank is called; from here on an outcome is asked for."""

    terms: Terms
    by: str
    approvers: tuple[str, ...]


class PayoutAccepted(Struct, frozen=True, gc=False):
    terms: Terms


class PayoutSettled(Struct, frozen=True, gc=False):
    """The bank has paid, or the goods were issued; `month` is the local month, `YYYY-MM`."""

    person_id: str
    terms: Terms
    month: str
    payee: Payee | Shredded | None = None


class PayoutRejected(Struct, frozen=True, gc=False):
    terms: Terms
    reason: str


class PayoutReturned(Struct, frozen=True, gc=False):
    terms: Terms
    reason: str
    month: str


class PayoutBecameUnknown(Struct, frozen=True, gc=False):
    terms: Terms
    reason: str


class ResolutionProposed(Struct, frozen=True, gc=False):
    terms: Terms
    outcome: str
    by: str


class ReceiptConfirmed(Struct, frozen=True, gc=False):
    terms: Terms
    answer: str
    by: str


class ReceiptFollowedUp(Struct, frozen=True, gc=False):
    """Somebody has seen to it that a person said that not all had arrived; a later word of the person opens it again."""

    terms: Terms
    outcome: str
    by: str


class PayoutCorrected(Struct, frozen=True, gc=False):
    """What was paid, as it should have been recorded; `was` and `state` are the states before and after; `again` says that
    it was corrected before, so that an entry of it is published already."""

    terms: Terms
    from_fen: int
    to_fen: int
    reason: str
    month: str
    correction_id: str
    was: str
    state: str
    again: bool = False


# True

# The bank's last word was that the person has nothing of it.
DID_NOT_ARRIVE = frozenset(("rejected", "returned"))


class Payout(Struct, frozen=True, gc=False):
    """`status` is a state of the contract; `terms` what was requested, then what was reserved; None before that. `corrected_fen` is what
    was paid by the last correction."""

    status: str = "absent"
    terms: Terms | None = None
    wanted: tuple[Item, ...] = ()
    approvals_needed: int = 0
    approved_by: tuple[str, ...] = ()
    proposed: tuple[str, str] | None = None
    receipt: str = ""
    followed_up: str = ""
    corrected_fen: int | None = None


def evolve(state: Payout, event: Any) -> Payout:
    match event:
        case PayoutRequested():
            return Payout("requested", event.terms, event.wanted)
        case PayoutReserved():
            return Payout("reserved", event.terms, state.wanted, event.approvals_needed)
        case PayoutApproved():
            return replace(state, status="approved" if event.enough else state.status, approved_by=event.approvers)
        case PayoutInstructed():
            return replace(state, status="instructed", approved_by=event.approvers)
        case PayoutAccepted():
            return replace(state, status="accepted")
        case PayoutSettled():
            return replace(state, status="settled", terms=event.terms, proposed=None)
        case PayoutRejected():
            return replace(state, status="rejected", proposed=None)
        case PayoutReturned():
            return replace(state, status="returned")
        case PayoutBecameUnknown():
            return replace(state, status="unknown")
        case ResolutionProposed():
            return replace(state, proposed=(event.outcome, event.by))
        case PayoutRefused():
            return replace(state, status="refused", terms=event.terms)
        case PayoutCancelled():
            return replace(state, status="cancelled")
        case ReceiptConfirmed():
            return replace(state, status="confirmed" if event.answer == "received" else "settled", receipt=event.answer, followed_up="")
        case ReceiptFollowedUp():
            return replace(state, followed_up=event.outcome)
        case PayoutCorrected():
            return replace(state, status=event.state, corrected_fen=event.to_fen)
    return state
