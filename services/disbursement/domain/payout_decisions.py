"""Every yes and no of a payout: who may approve, what may follow what, and that nobody is paid twice."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from services.disbursement.domain.correction import GoodsAreCounted, difference
from services.disbursement.domain.payout import (
    DID_NOT_ARRIVE,
    Approve,
    Cancel,
    ConfirmReceipt,
    CorrectPayout,
    DeclineRequest,
    Expire,
    FollowUp,
    HandOver,
    NoteBankAnswer,
    NoteReserved,
    Payout,
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
    Refuse,
    RequestPayout,
    ResolutionProposed,
    Resolve,
    Terms,
    evolve,
)
from services.disbursement.domain.stock import ItemReceived, not_expired, worth
from shared.kernel import Decider, Rejected

SMALL_FEN = 200_000
"""Up to 2,000 yuan one person besides the requester approves; above, two different people (four eyes)."""
LARGE_FEN = 2_000_000
"""Above 20,000 yuan three different people approve."""

HELD_DAYS = 30
"""What is held and not approved for so many days is free again: money that waits for nobody's yes is not given to others meanwhile."""

INCOMPATIBLE = frozenset(("operator", "caseworker", "gov", "charity", "finance", "admin"))
"""Whoever brings a case in, grants help, keeps the funds or tells the bank does not approve: nobody holds both ends of a payment."""

FOLLOW_UPS = frozenset(("bank_confirmed", "recall_asked", "delivered_again", "person_not_reached", "arrived_late"))
_OPEN_ANSWERS = frozenset(("partly", "not"))

_OPEN = {"requested", "reserved", "approved"}
_HELD = {"reserved", "approved"}
_WITH_BANK = {"instructed", "accepted", "unknown"}
_PAID = {"settled", "confirmed"}
_OUTCOMES = {"settled", "rejected"}


class PayoutDiffersFromFirst(Rejected):
    """This payout was requested before with another sum or other goods."""


class EntitlementAlreadyGranted(Rejected):
    """This case has a payout of this programme for this period; another grant gives no second one."""


class PayoutNotReserved(Rejected):
    """Nothing is reserved for this payout, so it cannot be approved."""


class RequesterMayNotApprove(Rejected):
    """Whoever asked for the money may not approve it."""


class RolesIncompatible(Rejected):
    """Who may approve must not also bring cases in, grant help, keep the funds or tell the bank."""


class SamePersonTwice(Rejected):
    """Each approval must come from a different person."""


class PayoutAlreadyOnItsWay(Rejected):
    """The bank has been told; the payout can no longer be cancelled or refused."""


class PayoutNotWithBank(Rejected):
    """No bank answer is awaited for this payout."""


class PayoutNotUnknown(Rejected):
    """Only a payout whose outcome is unknown is resolved by people."""


class OutcomeNotKnownWord(Rejected):
    """An outcome is settled or rejected."""


class SecondPersonMustAgree(Rejected):
    """Another person must confirm this outcome."""


class PayoutNotSettled(Rejected):
    """Receipt can be confirmed once the payout is settled."""


class AnswerNotKnownWord(Rejected):
    """The answer is received, partly or not."""


class NothingToFollowUp(Rejected):
    """Only where the person said that a part or nothing arrived is there something to see to."""


class FollowUpNotKnownWord(Rejected):
    """What came of it is bank_confirmed, recall_asked, delivered_again, person_not_reached or arrived_late."""


class NotToBeHandedOver(Rejected):
    """Only goods that are approved and wait to be picked up are handed over."""


class MoreThanApproved(Rejected):
    """At least one unit is handed over, and no more than was approved."""


class PayoutNotOver(Rejected):
    """Only a payout of which the bank has said its last word is corrected."""


def approvals_needed(amount_fen: int) -> int:
    """How many different people approve this sum (or this value of goods)."""
    return 1 if amount_fen <= SMALL_FEN else 2 if amount_fen <= LARGE_FEN else 3


def decide(command: Any, state: Payout) -> tuple[Any, ...]:
    match command:
        case RequestPayout():
            return request(command, state)
        case DeclineRequest():
            return decline(command, state)
        case NoteReserved():
            return note_reserved(command, state)
        case Approve():
            return approve(command, state)
        case HandOver():
            return hand_over(command, state)
        case NoteBankAnswer():
            return bank_answered(command, state)
        case Refuse():
            return refuse(command, state)
        case Cancel():
            return cancel(command, state)
        case Expire():
            return expire(command, state)
        case Resolve():
            return resolve(command, state)
        case ConfirmReceipt():
            return confirm(command, state)
        case FollowUp():
            return follow_up(command, state)
        case CorrectPayout():
            return correct(command, state)
    raise AssertionError(type(command).__name__)


def _terms(command: RequestPayout) -> Terms:
    return Terms(
        command.payout_id, command.case_id, command.person_id, command.referral_id, command.org_id, command.programme, command.period,
        command.district, command.kind, command.fund_id or "", command.amount_fen, (), command.wish_id,
    )  # fmt: skip


def request(command: RequestPayout, state: Payout) -> tuple[PayoutRequested, ...]:
    """Never reached the bank and came to nothing: a later grant, of the same referral or another, may try again under the same id."""
    before = state.terms
    if before is None or state.status in {"refused", "cancelled"}:
        return (PayoutRequested(_terms(command), command.instalment, command.items, command.need),)
    if before.referral_id != command.referral_id or state.status in DID_NOT_ARRIVE:
        raise EntitlementAlreadyGranted(payout_id=command.payout_id, status=state.status)
    same_sum = command.kind == "goods" or before.amount_fen == command.amount_fen
    if not same_sum or state.wanted != command.items or before.kind != command.kind:
        raise PayoutDiffersFromFirst(payout_id=command.payout_id)
    return ()


def decline(command: DeclineRequest, state: Payout) -> tuple[PayoutRefused, ...]:
    if state.terms is not None:
        return ()
    return (PayoutRefused(_terms(command.request), command.reason, "payout", False),)


def note_reserved(command: NoteReserved, state: Payout) -> tuple[PayoutReserved, ...]:
    if state.status != "requested" or state.terms is None:
        return ()
    terms = replace(state.terms, fund_id=command.fund_id, amount_fen=command.amount_fen, items=command.items)
    return (PayoutReserved(terms, approvals_needed(command.amount_fen)),)


def approve(command: Approve, state: Payout) -> tuple[Any, ...]:
    terms = state.terms
    if terms is None or state.status in {"requested", "refused", "cancelled"}:
        raise PayoutNotReserved(status=state.status)
    if state.status != "reserved":
        return ()
    if command.by in state.approved_by:
        raise SamePersonTwice(approvals=len(state.approved_by), needed=state.approvals_needed)
    too_many = INCOMPATIBLE.intersection(command.roles)
    if too_many:
        raise RolesIncompatible(roles=", ".join(sorted(too_many)))
    if terms.org_id in {command.by, command.org}:
        raise RequesterMayNotApprove(org_id=terms.org_id)
    approvers = (*state.approved_by, command.by)
    if len(approvers) < state.approvals_needed:
        return (PayoutApproved(terms, command.by, False, approvers),)
    if terms.kind == "goods" and command.pick_up:
        return (PayoutApproved(terms, command.by, True, approvers, True),)
    if terms.kind == "goods":
        not_expired(terms.items, command.day)
        return (PayoutApproved(terms, command.by, True, approvers), PayoutSettled(terms.person_id, terms, command.month))
    return (PayoutInstructed(terms, command.by, approvers),)


def hand_over(command: HandOver, state: Payout) -> tuple[PayoutSettled, ...]:
    """A part settles the payout with that part: the rest is free again. Said again it changes nothing."""
    terms = state.terms
    if terms is not None and state.status in _PAID and terms.kind == "goods":
        return ()
    if terms is None or state.status != "approved":
        raise NotToBeHandedOver(status=state.status)
    items = _part(command, terms) if command.items else terms.items
    not_expired(items, command.day)
    given = replace(terms, items=items, amount_fen=sum(i.value_fen for i in items))
    return (PayoutSettled(terms.person_id, given, command.month),)


def _part(command: HandOver, terms: Terms) -> tuple[ItemReceived, ...]:
    """Lot by lot as it was held: what expires first first."""
    wanted: dict[str, int] = {}
    for item in command.items:
        wanted[item.sku] = wanted.get(item.sku, 0) + item.quantity
        if item.quantity <= 0:
            raise MoreThanApproved(sku=item.sku, quantity=item.quantity)
    found = []
    for held in terms.items:
        some = min(held.quantity, wanted.get(held.sku, 0))
        if some:
            wanted[held.sku] -= some
            found.append(replace(held, quantity=some, value_fen=worth(held.quantity, held.value_fen, some)))
    for sku, left in wanted.items():
        if left:
            raise MoreThanApproved(sku=sku, quantity=left)
    return tuple(found)


def bank_answered(command: NoteBankAnswer, state: Payout) -> tuple[Any, ...]:
    terms = state.terms
    if terms is None or terms.kind == "goods" or state.status in _OPEN:
        raise PayoutNotWithBank(status=state.status)
    if command.status == "returned" and state.status in _PAID:
        return (PayoutReturned(_as_paid(state, terms), command.reason, command.month),)
    if state.status not in _WITH_BANK:
        return ()
    match command.status:
        case "returned":  # paid and sent back before we heard of either
            paid = PayoutSettled(terms.person_id, terms, command.month, command.payee)
            return (paid, PayoutReturned(terms, command.reason, command.month))
        case "settled":
            return (PayoutSettled(terms.person_id, terms, command.month, command.payee),)
        case "rejected":
            return (PayoutRejected(terms, command.reason),)
        case "accepted":
            return (PayoutAccepted(terms),) if state.status != "accepted" else ()
        case "unknown":
            return (PayoutBecameUnknown(terms, command.reason),) if state.status != "unknown" else ()
    raise AssertionError(command.status)


def refuse(command: Refuse, state: Payout) -> tuple[PayoutRefused, ...]:
    if state.status in {"refused", "cancelled"}:
        return ()
    if state.terms is None:
        raise PayoutNotReserved(status=state.status)
    if state.status not in {"requested", "reserved"}:
        raise PayoutAlreadyOnItsWay(status=state.status)
    return (PayoutRefused(state.terms, command.reason, command.by, state.status == "reserved"),)


def cancel(command: Cancel, state: Payout) -> tuple[PayoutCancelled, ...]:
    if state.terms is None or state.status in {"cancelled", "refused"}:
        return ()
    if state.status not in _OPEN:
        raise PayoutAlreadyOnItsWay(status=state.status)
    return (PayoutCancelled(state.terms, command.reason, command.by, state.status in _HELD),)


def expire(_: Expire, state: Payout) -> tuple[PayoutCancelled, ...]:
    """Late or early, the clock changes nothing but what still waits."""
    if state.terms is None or state.status not in _HELD:
        return ()
    return (PayoutCancelled(state.terms, "hold_expired", "clock", True),)


def resolve(command: Resolve, state: Payout) -> tuple[Any, ...]:
    terms = state.terms
    if command.outcome not in _OUTCOMES:
        raise OutcomeNotKnownWord(outcome=command.outcome[:40])
    if state.status != "unknown" or terms is None:
        raise PayoutNotUnknown(status=state.status)
    if state.proposed is None or state.proposed[0] != command.outcome:
        return (ResolutionProposed(terms, command.outcome, command.by),)
    if state.proposed[1] == command.by:
        raise SecondPersonMustAgree(outcome=command.outcome)
    if command.outcome == "settled":
        return (PayoutSettled(terms.person_id, terms, command.month),)
    return (PayoutRejected(terms, "resolved_by_people"),)


def confirm(command: ConfirmReceipt, state: Payout) -> tuple[ReceiptConfirmed, ...]:
    if command.answer not in {"received", "partly", "not"}:
        raise AnswerNotKnownWord(answer=command.answer[:40])
    if state.terms is None or state.status not in _PAID:
        raise PayoutNotSettled(status=state.status)
    return () if state.receipt == command.answer else (ReceiptConfirmed(state.terms, command.answer, command.by),)


def follow_up(command: FollowUp, state: Payout) -> tuple[ReceiptFollowedUp, ...]:
    if command.outcome not in FOLLOW_UPS:
        raise FollowUpNotKnownWord(outcome=command.outcome[:40])
    if state.terms is None or state.receipt not in _OPEN_ANSWERS:
        raise NothingToFollowUp(status=state.status, receipt=state.receipt)
    return () if state.followed_up == command.outcome else (ReceiptFollowedUp(state.terms, command.outcome, command.by),)


def _as_paid(state: Payout, terms: Terms) -> Terms:
    return terms if state.corrected_fen is None else replace(terms, amount_fen=state.corrected_fen)


def correct(command: CorrectPayout, state: Payout) -> tuple[PayoutCorrected, ...]:
    """Paid though we recorded that it was not, not paid though we recorded it, or another sum: its state follows."""
    c, terms = command, state.terms
    if terms is None or state.status not in _PAID | DID_NOT_ARRIVE:
        raise PayoutNotOver(status=state.status)
    if terms.kind == "goods":
        raise GoodsAreCounted(payout_id=terms.payout_id)
    paid_fen = _as_paid(state, terms).amount_fen if state.status in _PAID else 0
    difference(paid_fen, c.to_fen)
    now = "rejected" if c.to_fen == 0 else state.status if state.status in _PAID else "settled"
    return (
        PayoutCorrected(terms, paid_fen, c.to_fen, c.reason, c.month, c.correction_id, state.status, now, state.corrected_fen is not None),
    )


PAYOUT = Decider(
    noun="payout",
    absent=Payout(),
    decide=decide,
    evolve=evolve,
    commands=(
        RequestPayout, DeclineRequest, NoteReserved, Approve, HandOver, NoteBankAnswer, Refuse, Cancel, Expire, Resolve, ConfirmReceipt, FollowUp,
        CorrectPayout,
    ),
    events=(
        PayoutRequested, PayoutReserved, PayoutRefused, PayoutApproved, PayoutCancelled, PayoutInstructed, PayoutAccepted, PayoutSettled,
        PayoutRejected, PayoutReturned, PayoutBecameUnknown, ResolutionProposed, ReceiptConfirmed, ReceiptFollowedUp,
        PayoutCorrected,
    ),
)  # fmt: skip
