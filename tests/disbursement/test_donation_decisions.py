"""What is said yes and no to about a donation, an entry of the public chain, and a word to stop; and that nothing is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.disbursement.domain import (
    chain,
    donation,
    goods_decisions,
    head,
    keeping,
    payout_decisions,
    stock,
    stopping,
    transfer,
    treasury_decisions,
)
from services.disbursement.domain.chain import CHAIN, GENESIS, EntryPublished, Publish, link
from services.disbursement.domain.donation import DONATION, Donate, DonationReceived, Donor
from services.disbursement.domain.earmark import Earmark
from services.disbursement.domain.keeping import KEEPING, EndKeeping, Keep, KeepingEnded, KeptByLaw
from services.disbursement.domain.stock import ItemReceived
from services.disbursement.domain.stopping import STOPPING, Stop, StopAsked
from services.disbursement.domain.transfer import TRANSFER
from services.disbursement.manifest import DISBURSEMENT
from shared.kernel import SHREDDED
from shared.testing.given import Given
from tests.disbursement import (
    test_bank_decisions,
    test_campaign_decisions,
    test_payout_decisions,
    test_treasury_decisions,
)
from tests.disbursement import test_correction_decisions as corrections
from tests.disbursement import test_hand_over_decisions as handing
from tests.disbursement import test_stock_decisions as goods
from tests.disbursement import test_wish_decisions as wishes
from tests.disbursement.stories import No, Yes, refusals_in

RICE = (ItemReceived("rice", 2, 500),)
CASH = Donate("0123-abcdef12", "donor-1", "general", "cash", 100, (), "2026-11", Donor("李四", "13900139000"))
GOODS = Donate("0123-abcdef12", "donor-1", "stores", "goods", 0, RICE, "2026-11")
RECEIVED = DonationReceived(
    "0123-abcdef12", "donor-1", "general", "cash", 100, (), "2026-11", "KPK-202611-ABCDEF12", Donor("李四", "13900139000")
)
FOR_STUDENTS = replace(CASH, earmark=Earmark("GOV-STUDENT"))
STUDENTS_RECEIVED = replace(RECEIVED, fund_id="general~p.GOV-STUDENT", earmark=Earmark("GOV-STUDENT"))
GOODS_RECEIVED = DonationReceived("0123-abcdef12", "donor-1", "stores", "goods", 0, RICE, "2026-11", "KPK-202611-ABCDEF12")
ENTRY = Publish("e1", "payout", "general", "TEMP-URGENT", "440106", "2026-11", 100)
FIRST = EntryPublished("e1", 1, "payout", "general", "TEMP-URGENT", "440106", "2026-11", 100, 0, GENESIS, link(GENESIS, 1, ENTRY))
SECOND_ENTRY = replace(ENTRY, entry_id="e2")
SECOND = EntryPublished(
    "e2", 2, "payout", "general", "TEMP-URGENT", "440106", "2026-11", 100, 0, FIRST.hash, link(FIRST.hash, 2, SECOND_ENTRY)
)
STOP = Stop("case", "c1", "case_withdrawn")

SAID_YES = (
    Yes("money is received", (), CASH, (RECEIVED,)),
    Yes("goods are received", (), GOODS, (GOODS_RECEIVED,)),
    Yes("money is received for what the donor says", (), FOR_STUDENTS, (STUDENTS_RECEIVED,)),
    Yes("for that once", (STUDENTS_RECEIVED,), FOR_STUDENTS, ()),
    Yes("once", (RECEIVED,), CASH, ()),
    Yes("once, whatever the month it is sent again in", (RECEIVED,), replace(CASH, month="2027-01"), ()),
    Yes("once, when the donor is forgotten", (replace(RECEIVED, donor=SHREDDED),), replace(CASH, donor=None), ()),
)
SAID_NO = (
    No((), replace(CASH, amount_fen=0), donation.DonationIsNothing),
    No((), replace(CASH, amount_fen=-1), donation.DonationIsNothing),
    No((), replace(GOODS, items=()), donation.DonationIsNothing),
    No((), replace(GOODS, items=(ItemReceived("rice", 0, 5),)), donation.DonationIsNothing),
    No((), replace(GOODS, items=(*RICE, ItemReceived("oil", 1, -5))), donation.DonationIsNothing),
    No((RECEIVED,), replace(CASH, amount_fen=101), donation.DonationDiffersFromFirst),
    No((RECEIVED,), replace(CASH, fund_id="other"), donation.DonationDiffersFromFirst),
    No((RECEIVED,), FOR_STUDENTS, donation.DonationDiffersFromFirst),
    No((STUDENTS_RECEIVED,), CASH, donation.DonationDiffersFromFirst),
    No((RECEIVED,), GOODS, donation.DonationDiffersFromFirst),
    No((GOODS_RECEIVED,), replace(GOODS, items=(ItemReceived("rice", 3, 500),)), donation.DonationDiffersFromFirst),
)
OF_THE_CHAIN = (
    Yes("the first entry stands on nothing", (), ENTRY, (FIRST,)),
    Yes("an entry names a whole fund", (), replace(ENTRY, fund_id="general~p.TEMP-URGENT~d.440106"), (FIRST,)),
    Yes("each stands on the one before", (FIRST,), SECOND_ENTRY, (SECOND,)),
)
OF_STOPPING = (
    Yes("a word to stop is kept", (), STOP, (StopAsked("case", "c1", "case_withdrawn", False),)),
    Yes(
        "each time anew",
        (StopAsked("case", "c1", "x", False),),
        replace(STOP, erase=True),
        (StopAsked("case", "c1", "case_withdrawn", True),),
    ),
)
REFUND = donation.AskRefund(60, "donor_asked", "f1")
REFUND_ASKED = donation.RefundAsked("0123-abcdef12", 60, "donor_asked", "f1")
REFUNDED = donation.DonationRefunded("0123-abcdef12", "general", 60, "donor_asked", "f2", "2026-12", 60, 100)
AGREED = donation.ConfirmRefund("f2", "2026-12")
DOES_NOT = donation.RefuseRefund("spent_already", "f2")
NOT_REFUNDED = donation.RefundRefused("0123-abcdef12", "spent_already", "f2")
OF_REFUNDS = (
    Yes("money back is asked for", (RECEIVED,), REFUND, (REFUND_ASKED,)),
    Yes("asked once", (RECEIVED, REFUND_ASKED), REFUND, ()),
    Yes("another sum from then on", (RECEIVED, REFUND_ASKED), replace(REFUND, amount_fen=100), (replace(REFUND_ASKED, amount_fen=100),)),
    Yes("a second person agrees", (RECEIVED, REFUND_ASKED), AGREED, (REFUNDED,)),
    Yes("it does not go back", (RECEIVED, REFUND_ASKED), DOES_NOT, (NOT_REFUNDED,)),
    Yes("taken back by whoever asked", (RECEIVED, REFUND_ASKED), replace(DOES_NOT, by="f1"), (replace(NOT_REFUNDED, by="f1"),)),
    Yes("asked for anew", (RECEIVED, REFUND_ASKED, NOT_REFUNDED), REFUND, (REFUND_ASKED,)),
    Yes("the rest as well", (RECEIVED, REFUND_ASKED, REFUNDED), replace(REFUND, amount_fen=40), (replace(REFUND_ASKED, amount_fen=40),)),
)
NO_REFUNDS = (
    No((), REFUND, donation.DonationUnknown),
    No((RECEIVED,), replace(REFUND, reason="because"), donation.RefundReasonUnknown),
    *[No((RECEIVED,), replace(REFUND, amount_fen=fen), donation.RefundMoreThanGiven) for fen in (0, -1, 101)],
    No((RECEIVED, REFUND_ASKED, REFUNDED), replace(REFUND, amount_fen=41), donation.RefundMoreThanGiven),
    No(
        (RECEIVED, REFUND_ASKED, REFUNDED, replace(REFUND_ASKED, amount_fen=40), NOT_REFUNDED),
        replace(REFUND, amount_fen=41),
        donation.RefundMoreThanGiven,
    ),
    No((GOODS_RECEIVED,), replace(REFUND, amount_fen=1), donation.RefundMoreThanGiven),
    *[No(of, AGREED, donation.NoRefundAsked) for of in ((), (RECEIVED,), (RECEIVED, REFUND_ASKED, REFUNDED))],
    No((RECEIVED, REFUND_ASKED), replace(AGREED, by="f1"), donation.AnotherPersonRefunds),
    No((RECEIVED, REFUND_ASKED, NOT_REFUNDED), AGREED, donation.NoRefundAsked),
    *[No(of, DOES_NOT, donation.NoRefundAsked) for of in ((), (RECEIVED,), (RECEIVED, REFUND_ASKED, NOT_REFUNDED))],
    No((RECEIVED, REFUND_ASKED), replace(DOES_NOT, reason="because"), donation.NoRefundReasonUnknown),
)
MOVE = transfer.ProposeTransfer("t1", "general", "students", 300, "correction", "f1")
PROPOSED = transfer.TransferProposed("t1", "general", "students", 300, "correction", "f1")
CONFIRMED = transfer.TransferConfirmed("t1", "general", "students", 300, "correction", "f2")
TURNED_DOWN = transfer.TransferRefused("t1", "f2")
YES, NO = transfer.ConfirmTransfer("f2"), transfer.RefuseTransfer("f2")
OF_TRANSFERS = (
    Yes("a transfer is proposed", (), MOVE, (PROPOSED,)),
    Yes("proposed once", (PROPOSED, CONFIRMED), MOVE, ()),
    Yes("confirmed by another", (PROPOSED,), YES, (CONFIRMED,)),
    Yes("confirmed once", (PROPOSED, CONFIRMED), transfer.ConfirmTransfer("f3"), ()),
    Yes("turned down", (PROPOSED,), NO, (TURNED_DOWN,)),
    Yes("taken back by whoever proposed it", (PROPOSED,), transfer.RefuseTransfer("f1"), (transfer.TransferRefused("t1", "f1"),)),
    Yes("turned down once", (PROPOSED, TURNED_DOWN), NO, ()),
)
NO_TRANSFERS = (
    No((), replace(MOVE, reason="because"), transfer.TransferReasonUnknown),
    No((PROPOSED,), replace(MOVE, amount_fen=301), transfer.TransferDiffersFromFirst),
    No((PROPOSED,), replace(MOVE, from_fund="x"), transfer.TransferDiffersFromFirst),
    No((PROPOSED,), replace(MOVE, to_fund="x"), transfer.TransferDiffersFromFirst),
    No((PROPOSED,), replace(MOVE, reason="donors_wish"), transfer.TransferDiffersFromFirst),
    No((), YES, transfer.TransferUnknown),
    No((), NO, transfer.TransferUnknown),
    No((PROPOSED,), transfer.ConfirmTransfer("f1"), transfer.AnotherPersonConfirms),
    No((PROPOSED, TURNED_DOWN), YES, transfer.TransferIsOver),
    No((PROPOSED, CONFIRMED), NO, transfer.TransferIsOver),
)
THEN = datetime(2056, 11, 23, tzinfo=UTC)
KEPT = KeptByLaw("person-1", THEN)
OF_KEEPING = (
    Yes("the law keeps it", (), Keep("person-1", THEN), (KEPT,)),
    Yes("said again", (KEPT,), Keep("person-1", THEN), ()),
    Yes(
        "a later payment is kept longer",
        (KEPT,),
        Keep("person-1", THEN + timedelta(days=1)),
        (KeptByLaw("person-1", THEN + timedelta(days=1)),),
    ),
    Yes("not before its time", (KEPT,), EndKeeping(THEN - timedelta(seconds=1)), ()),
    Yes("its time is over", (KEPT,), EndKeeping(THEN), (KeepingEnded("person-1"),)),
    Yes("over once", (KEPT, KeepingEnded("person-1")), EndKeeping(THEN), ()),
)

HEAD_OF_3 = head.PublishHead(3, "root", "hash", "signature", THEN)
SAID_3 = head.HeadPublished(3, "root", "hash", "signature", THEN)
OF_HEADS = (
    Yes("the first head", (), HEAD_OF_3, (SAID_3,)),
    Yes("nothing came since", (SAID_3,), replace(HEAD_OF_3, at=THEN + timedelta(days=1)), ()),
    Yes("not twice in a minute", (SAID_3,), replace(HEAD_OF_3, size=4), ()),
)
NO_HEADS = (No((SAID_3,), replace(HEAD_OF_3, size=2), head.HeadGoesBack),)

TESTED = (
    (
        payout_decisions.PAYOUT,
        payout_decisions,
        (*test_payout_decisions.SAID_YES, *corrections.OF_PAYOUTS, *handing.SAID_YES),
        (*test_payout_decisions.SAID_NO, *corrections.NO_PAYOUTS, *handing.SAID_NO),
    ),
    (
        treasury_decisions.TREASURY,
        treasury_decisions,
        (*test_treasury_decisions.SAID_YES, *corrections.OF_FUNDS, *goods.OF_GOODS),
        (*test_treasury_decisions.SAID_NO, *corrections.NO_FUNDS, *goods.NO_GOODS),
    ),
    (DONATION, donation, (*SAID_YES, *OF_REFUNDS, *corrections.OF_DONATIONS), (*SAID_NO, *NO_REFUNDS, *corrections.NO_DONATIONS)),
    (TRANSFER, transfer, OF_TRANSFERS, NO_TRANSFERS),
    *corrections.TESTED,
    *goods.TESTED,
    *wishes.TESTED,
    (CHAIN, chain, OF_THE_CHAIN, ()),
    (STOPPING, stopping, OF_STOPPING, ()),
    (KEEPING, keeping, OF_KEEPING, ()),
    (head.HEAD, head, OF_HEADS, NO_HEADS),
)


@pytest.mark.parametrize("case", [*SAID_YES, *OF_REFUNDS], ids=lambda case: case.story)
def test_what_follows_a_donation(case: Yes) -> None:
    Given(DONATION, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize("case", OF_HEADS, ids=lambda case: case.story)
def test_which_heads_are_published(case: Yes) -> None:
    Given(head.HEAD, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize("case", OF_TRANSFERS, ids=lambda case: case.story)
def test_how_money_moves_between_funds(case: Yes) -> None:
    Given(TRANSFER, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize("case", NO_TRANSFERS, ids=lambda case: case.why.__name__)
def test_which_transfer_is_refused(case: No) -> None:
    Given(TRANSFER, *case.given).when(case.when).refused(case.why)


@pytest.mark.parametrize("case", [*SAID_NO, *NO_REFUNDS], ids=lambda case: case.why.__name__)
def test_which_donation_is_refused(case: No) -> None:
    Given(DONATION, *case.given).when(case.when).refused(case.why)


@pytest.mark.parametrize("case", OF_THE_CHAIN, ids=lambda case: case.story)
def test_what_the_chain_says(case: Yes) -> None:
    Given(CHAIN, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize("case", OF_STOPPING, ids=lambda case: case.story)
def test_what_a_word_to_stop_leads_to(case: Yes) -> None:
    state = Given(STOPPING, *case.given).when(case.when).then(*case.then)
    assert state.times == len(case.given) + 1


@pytest.mark.parametrize("case", OF_KEEPING, ids=lambda case: case.story)
def test_how_long_the_law_keeps_it(case: Yes) -> None:
    Given(KEEPING, *case.given).when(case.when).then(*case.then)


def test_years_later_is_the_same_day() -> None:
    assert keeping.years_later(datetime(2026, 11, 23, tzinfo=UTC)) == THEN
    assert keeping.years_later(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2058, 3, 1, tzinfo=UTC)


def test_every_command_event_and_refusal_of_campaigns_is_in_its_tables() -> None:
    for decider, module, yes, no in test_campaign_decisions.TESTED:
        assert {type(case.when) for case in yes} == set(decider.commands)
        assert {type(event) for case in yes for event in case.then} == set(decider.events)
        assert {case.why for case in no} == refusals_in(module)


def test_no_decider_is_left_out() -> None:
    tested = {decider.noun for decider, *_ in (*TESTED, *test_bank_decisions.TESTED, *test_campaign_decisions.TESTED)}
    assert tested == {decider.noun for decider in DISBURSEMENT.deciders}


@pytest.mark.parametrize("tested", TESTED, ids=lambda tested: tested[0].noun)
def test_every_command_every_event_and_every_refusal_of_a_decider_is_in_its_tables(tested: tuple[Any, ...]) -> None:
    decider, module, yes, no = tested
    assert {type(case.when) for case in yes} == set(decider.commands)
    assert {type(event) for case in yes for event in case.then} == set(decider.events)
    # What donations, payouts and the treasury refuse with the words of corrections and of goods is in their own tables.
    elsewhere = corrections.ELSEWHERE | refusals_in(stock) | refusals_in(goods_decisions)
    assert {case.why for case in no} - elsewhere == refusals_in(module) - elsewhere


def test_every_refusal_of_goods_is_in_the_tables() -> None:
    asked = {case.why for case in (*test_treasury_decisions.SAID_NO, *goods.NO_GOODS)}
    assert refusals_in(stock) | refusals_in(goods_decisions) <= asked


def test_a_refusal_reads_as_a_sentence() -> None:
    for _, module, _, _ in TESTED:
        for why in refusals_in(module):
            assert why().sentence.endswith("."), why
            assert len(why().sentence) > 15, why
