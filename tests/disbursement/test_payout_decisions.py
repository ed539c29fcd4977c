"""What is said yes and no to about a payout."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.disbursement.domain import payout as p
from services.disbursement.domain import payout_decisions as d
from services.disbursement.domain.payout import (
    Approve,
    Cancel,
    ConfirmReceipt,
    Expire,
    FollowUp,
    NoteBankAnswer,
    NoteReserved,
    Refuse,
    Resolve,
)
from shared.kernel import SHREDDED
from shared.testing.given import Given
from tests.disbursement.stories import (
    ACCEPTED,
    ASKED,
    ASKED_GOODS,
    CANCELLED,
    CASH,
    CONFIRMED,
    GOODS,
    INSTRUCTED,
    LARGE,
    REFUSED,
    REJECTED,
    REQUESTED,
    REQUESTED_GOODS,
    RESERVED,
    RESERVED_GOODS,
    RESERVED_LARGE,
    RETURNED,
    RICE_WORTH,
    SETTLED,
    UNKNOWN,
    No,
    Yes,
)

MONTH = "2026-11"
PAYEE = p.Payee("张三丰", "1111")
LATER = replace(ASKED, referral_id="r2")
LATER_TERMS = replace(CASH, referral_id="r2")
OWN = replace(ASKED, payout_id="p2")
ISSUED = (*RESERVED_GOODS, p.PayoutApproved(GOODS, "a1", True, ("a1",)), p.PayoutSettled("person-1", GOODS, MONTH))
PAID = p.PayoutSettled("person-1", CASH, MONTH)
NOT_ARRIVED = (*SETTLED, p.ReceiptConfirmed(CASH, "not", "x"))
SEEN_TO = p.ReceiptFollowedUp(CASH, "recall_asked", "c1")

SAID_YES = (
    Yes("money is asked for", (), ASKED, (REQUESTED,)),
    Yes("goods are asked for", (), ASKED_GOODS, (REQUESTED_GOODS,)),
    Yes("asked twice is asked once", (REQUESTED,), ASKED, ()),
    Yes("asked again while reserved", RESERVED_GOODS, ASKED_GOODS, ()),
    Yes("asked again after it was paid", SETTLED, ASKED, ()),
    Yes("a later grant after a no", REFUSED, LATER, (p.PayoutRequested(LATER_TERMS, 1, ()),)),
    Yes("a later grant after it was taken back", CANCELLED, LATER, (p.PayoutRequested(LATER_TERMS, 1, ()),)),
    Yes("a grant declined aloud", (), p.DeclineRequest(OWN, "X"), (p.PayoutRefused(replace(CASH, payout_id="p2"), "X", "payout", False),)),
    Yes("declined once only", REFUSED, p.DeclineRequest(OWN, "X"), ()),
    Yes("up to the limit one approves", (REQUESTED,), NoteReserved("general", 200_000, ()), (p.PayoutReserved(CASH, 1),)),
    Yes("above the limit two approve", RESERVED_LARGE[:1], NoteReserved("general", 200_001, ()), (p.PayoutReserved(LARGE, 2),)),
    Yes("goods have a value now", (REQUESTED_GOODS,), NoteReserved("stores", 9_000, RICE_WORTH), (p.PayoutReserved(GOODS, 1),)),
    Yes("reserved once", RESERVED, NoteReserved("other", 1, ()), ()),
    Yes("the only approval instructs", RESERVED, Approve("a1", MONTH), (INSTRUCTED[-1],)),
    Yes("the first of two", RESERVED_LARGE, Approve("a1", MONTH), (p.PayoutApproved(LARGE, "a1", False, ("a1",)),)),
    Yes("goods are issued when approved", RESERVED_GOODS, Approve("a1", MONTH),
        (p.PayoutApproved(GOODS, "a1", True, ("a1",)), p.PayoutSettled("person-1", GOODS, MONTH))),
    Yes("approved after the instruction", INSTRUCTED, Approve("a2", MONTH), ()),
    Yes("the bank took it in", INSTRUCTED, NoteBankAnswer("accepted", MONTH), (p.PayoutAccepted(CASH),)),
    Yes("the bank paid", INSTRUCTED, NoteBankAnswer("settled", MONTH, payee=PAYEE), (p.PayoutSettled("person-1", CASH, MONTH, PAYEE),)),
    Yes("the bank paid what it took in", ACCEPTED, NoteBankAnswer("settled", MONTH), (PAID,)),
    Yes("the bank paid what was unknown", UNKNOWN, NoteBankAnswer("settled", MONTH), (PAID,)),
    Yes("the bank said no", UNKNOWN, NoteBankAnswer("rejected", MONTH, "AC04"), (p.PayoutRejected(CASH, "AC04"),)),
    Yes("nobody knows", INSTRUCTED, NoteBankAnswer("unknown", MONTH, "no_answer"), (UNKNOWN[-1],)),
    Yes("still nobody knows", UNKNOWN, NoteBankAnswer("unknown", MONTH), ()),
    Yes("taken in is no news", ACCEPTED, NoteBankAnswer("accepted", MONTH), ()),
    Yes("paid twice is paid once", SETTLED, NoteBankAnswer("settled", MONTH), ()),
    Yes("a late no changes nothing", SETTLED, NoteBankAnswer("rejected", MONTH), ()),
    Yes("a late yes changes nothing", REJECTED, NoteBankAnswer("settled", MONTH), ()),
    Yes("the money came back", SETTLED, NoteBankAnswer("returned", "2026-12", "closed"), (RETURNED[-1],)),
    Yes("it came back after a wrong word", CONFIRMED, NoteBankAnswer("returned", "2026-12", "closed"), (RETURNED[-1],)),
    Yes("it came back once", RETURNED, NoteBankAnswer("returned", MONTH), ()),
    Yes("paid and back before we heard of either", INSTRUCTED, NoteBankAnswer("returned", MONTH, "closed"),
        (PAID, p.PayoutReturned(CASH, "closed", MONTH))),
    Yes("a person says no", RESERVED, Refuse("wrong_amount", "a1"), (REFUSED[-1],)),
    Yes("no money", (REQUESTED,), Refuse("NoFundFits", "treasury"), (p.PayoutRefused(CASH, "NoFundFits", "treasury", False),)),
    Yes("refused once", REFUSED, Refuse("other", "a2"), ()),
    Yes("refused after it was taken back", CANCELLED, Refuse("other", "a2"), ()),
    Yes("taken back", RESERVED, Cancel("asked", "f1"), (CANCELLED[-1],)),
    Yes("taken back before it was reserved", (REQUESTED,), Cancel("asked", "f1"), (p.PayoutCancelled(CASH, "asked", "f1", False),)),
    Yes("taken back once", CANCELLED, Cancel("asked", "f1"), ()),
    Yes("nothing to take back", (), Cancel("asked", "f1"), ()),
    Yes("nobody approved in time", RESERVED_LARGE, Expire(), (p.PayoutCancelled(LARGE, "hold_expired", "clock", True),)),
    Yes("a first approval does not hold it for ever", (*RESERVED_LARGE, p.PayoutApproved(LARGE, "a1", False, ("a1",))), Expire(),
        (p.PayoutCancelled(LARGE, "hold_expired", "clock", True),)),
    *[Yes(f"too late to expire ({len(of)})", of, Expire(), ()) for of in ((), (REQUESTED,), INSTRUCTED, SETTLED, REFUSED, CANCELLED)],
    Yes("one person says how it ended", UNKNOWN, Resolve("settled", "f1", MONTH), (p.ResolutionProposed(CASH, "settled", "f1"),)),
    Yes("another says the opposite", (*UNKNOWN, p.ResolutionProposed(CASH, "settled", "f1")), Resolve("rejected", "f2", MONTH),
        (p.ResolutionProposed(CASH, "rejected", "f2"),)),
    Yes("two say it was paid", (*UNKNOWN, p.ResolutionProposed(CASH, "settled", "f1")), Resolve("settled", "f2", MONTH), (PAID,)),
    Yes("two say it was not", (*UNKNOWN, p.ResolutionProposed(CASH, "rejected", "f1")), Resolve("rejected", "f2", MONTH),
        (p.PayoutRejected(CASH, "resolved_by_people"),)),
    Yes("it arrived", SETTLED, ConfirmReceipt("received", "caller"), (CONFIRMED[-1],)),
    Yes("it arrived, said again", CONFIRMED, ConfirmReceipt("received", "other"), ()),
    Yes("approving alone is no other end", RESERVED, Approve("a1", MONTH, None, ("approver", "auditor")), (INSTRUCTED[-1],)),
    Yes("somebody sees to it", NOT_ARRIVED, FollowUp("recall_asked", "c1"), (SEEN_TO,)),
    Yes("seen to once", (*NOT_ARRIVED, SEEN_TO), FollowUp("recall_asked", "c2"), ()),
    Yes("something else came of it", (*NOT_ARRIVED, SEEN_TO), FollowUp("arrived_late", "c1"), (p.ReceiptFollowedUp(CASH, "arrived_late", "c1"),)),
    Yes("a part of it is seen to as well", (*SETTLED, p.ReceiptConfirmed(CASH, "partly", "x")), FollowUp("recall_asked", "c1"), (SEEN_TO,)),
    Yes("after all it did not", CONFIRMED, ConfirmReceipt("not", "caller"), (p.ReceiptConfirmed(CASH, "not", "caller"),)),
)  # fmt: skip

SAID_NO = (
    No(RESERVED, replace(ASKED, amount_fen=1), d.PayoutDiffersFromFirst),
    No(RESERVED_GOODS, replace(ASKED_GOODS, items=()), d.PayoutDiffersFromFirst),
    No((REQUESTED,), replace(ASKED, kind="goods"), d.PayoutDiffersFromFirst),
    No(RESERVED, LATER, d.EntitlementAlreadyGranted),
    No(SETTLED, LATER, d.EntitlementAlreadyGranted),
    No(REJECTED, LATER, d.EntitlementAlreadyGranted),
    No((), Approve("a1", MONTH), d.PayoutNotReserved),
    No((REQUESTED,), Approve("a1", MONTH), d.PayoutNotReserved),
    No(REFUSED, Approve("a1", MONTH), d.PayoutNotReserved),
    No(CANCELLED, Approve("a1", MONTH), d.PayoutNotReserved),
    No((), Refuse("other", "a1"), d.PayoutNotReserved),
    No(RESERVED, Approve("helpers", MONTH), d.RequesterMayNotApprove),
    No(RESERVED, Approve("a1", MONTH, "helpers"), d.RequesterMayNotApprove),
    No((*RESERVED_LARGE, p.PayoutApproved(LARGE, "a1", False, ("a1",))), Approve("a1", MONTH), d.SamePersonTwice),
    *[No(live, Refuse("other", "a1"), d.PayoutAlreadyOnItsWay) for live in (INSTRUCTED, ACCEPTED, UNKNOWN, SETTLED, REJECTED, RETURNED)],
    *[No(live, Cancel("asked", "f1"), d.PayoutAlreadyOnItsWay) for live in (INSTRUCTED, ACCEPTED, UNKNOWN, CONFIRMED, REJECTED, RETURNED)],
    *[No(held, NoteBankAnswer("settled", MONTH), d.PayoutNotWithBank) for held in ((), (REQUESTED,), RESERVED, ISSUED)],
    *[No(known, Resolve("settled", "f1", MONTH), d.PayoutNotUnknown) for known in ((), RESERVED, INSTRUCTED, ACCEPTED, SETTLED)],
    No(UNKNOWN, Resolve("maybe", "f1", MONTH), d.OutcomeNotKnownWord),
    No((*UNKNOWN, p.ResolutionProposed(CASH, "settled", "f1")), Resolve("settled", "f1", MONTH), d.SecondPersonMustAgree),
    *[No(unpaid, ConfirmReceipt("received", "x"), d.PayoutNotSettled) for unpaid in ((), RESERVED, INSTRUCTED, REJECTED, RETURNED)],
    No(SETTLED, ConfirmReceipt("perhaps", "x"), d.AnswerNotKnownWord),
    *[No(RESERVED, Approve("a1", MONTH, None, (role, "approver")), d.RolesIncompatible) for role in sorted(d.INCOMPATIBLE)],
    No(NOT_ARRIVED, FollowUp("lost", "c1"), d.FollowUpNotKnownWord),
    *[No(fine, FollowUp("recall_asked", "c1"), d.NothingToFollowUp) for fine in ((), RESERVED, SETTLED, CONFIRMED)],
)  # fmt: skip


@pytest.mark.parametrize("case", SAID_YES, ids=lambda case: case.story)
def test_what_follows_a_command(case: Yes) -> None:
    Given(d.PAYOUT, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize("case", SAID_NO, ids=lambda case: f"{type(case.when).__name__}-{case.why.__name__}-{len(case.given)}")
def test_what_is_refused(case: No) -> None:
    Given(d.PAYOUT, *case.given).when(case.when).refused(case.why)


@pytest.mark.parametrize(("fen", "needed"), [(1, 1), (199_999, 1), (200_000, 1), (200_001, 2), (2_000_000, 2), (2_000_001, 3), (10**12, 3)])
def test_how_many_approve_a_sum(fen: int, needed: int) -> None:
    assert d.approvals_needed(fen) == needed


def test_a_large_sum_is_instructed_by_two_different_people() -> None:
    first = Given(d.PAYOUT, *RESERVED_LARGE).when(Approve("a1", MONTH))
    assert (first.state.status, first.state.approved_by) == ("reserved", ("a1",))
    second = Given(d.PAYOUT, *RESERVED_LARGE, *first.events).when(Approve("a2", MONTH))
    second.then(p.PayoutInstructed(LARGE, "a2", ("a1", "a2")))


def test_the_largest_sums_are_instructed_by_three_different_people() -> None:
    largest: tuple[Any, ...] = (RESERVED_LARGE[0], p.PayoutReserved(LARGE, 3))
    for n in (1, 2):
        so_far = tuple(f"a{k}" for k in range(1, n + 1))
        largest = (*largest, p.PayoutApproved(LARGE, so_far[-1], False, so_far))
        Given(d.PAYOUT, *largest).when(Approve(so_far[-1], MONTH)).refused(d.SamePersonTwice)
    Given(d.PAYOUT, *largest).when(Approve("a3", MONTH)).then(p.PayoutInstructed(LARGE, "a3", ("a1", "a2", "a3")))


def test_a_later_word_of_the_person_opens_it_again() -> None:
    again = (*NOT_ARRIVED, SEEN_TO, p.ReceiptConfirmed(CASH, "partly", "x"))
    assert Given(d.PAYOUT, *again).state.followed_up == ""
    Given(d.PAYOUT, *again).when(FollowUp("recall_asked", "c1")).then(SEEN_TO)


def test_the_requester_cannot_be_the_second_approver_either() -> None:
    once = (*RESERVED_LARGE, p.PayoutApproved(LARGE, "a1", False, ("a1",)))
    Given(d.PAYOUT, *once).when(Approve("a2", MONTH, "helpers")).refused(d.RequesterMayNotApprove)


@pytest.mark.parametrize(
    ("history", "status"),
    [
        ((), "absent"), ((REQUESTED,), "requested"), (RESERVED, "reserved"), (INSTRUCTED, "instructed"), (ACCEPTED, "accepted"),
        (UNKNOWN, "unknown"), (SETTLED, "settled"), (CONFIRMED, "confirmed"), (REJECTED, "rejected"), (RETURNED, "returned"),
        (REFUSED, "refused"), (CANCELLED, "cancelled"),
        ((*RESERVED_GOODS, p.PayoutApproved(GOODS, "a1", True, ("a1",))), "approved"),
        ((*SETTLED[:-1], p.PayoutSettled("person-1", CASH, MONTH, SHREDDED)), "settled"),
        ((*SETTLED, p.ReceiptConfirmed(CASH, "partly", "x")), "settled"),
        ((*CONFIRMED, p.ReceiptConfirmed(CASH, "not", "x")), "settled"),
    ],
)  # fmt: skip
def test_what_is_true_after_what_happened(history: tuple[Any, ...], status: str) -> None:
    assert Given(d.PAYOUT, *history).state.status == status


def test_a_grant_that_came_to_nothing_may_be_tried_again_by_the_same_referral() -> None:
    """The provider accepts again once there is money: its referral must not wait for ever."""
    for ended in (REFUSED, CANCELLED):
        Given(d.PAYOUT, *ended).when(ASKED).then(REQUESTED)
        Given(d.PAYOUT, *ended).when(replace(ASKED, amount_fen=1)).then(p.PayoutRequested(replace(CASH, amount_fen=1), 1, ()))
    for tried in (REJECTED, RETURNED):
        Given(d.PAYOUT, *tried).when(ASKED).refused(d.EntitlementAlreadyGranted)


def test_a_second_try_is_approved_anew() -> None:
    once = (*RESERVED_LARGE, p.PayoutApproved(LARGE, "a1", False, ("a1",)), p.PayoutRefused(LARGE, "other", "a2", True))
    again = (*once, p.PayoutRequested(LARGE, 1, ()), p.PayoutReserved(LARGE, 2))
    Given(d.PAYOUT, *again).when(Approve("a1", MONTH)).then(p.PayoutApproved(LARGE, "a1", False, ("a1",)))


def test_the_bank_sees_one_id_of_a_payout_and_it_fits() -> None:
    terms = replace(CASH, payout_id="01234567-89ab-cdef-8123-456789abcdef")
    assert terms.end_to_end_id == "0123456789abcdef8123456789abcdef"
    assert len(terms.end_to_end_id) <= 35
