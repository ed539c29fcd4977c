"""What is said yes and no to where a sum was recorded wrongly: by two people, about what there is, never below zero."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.disbursement.domain import correction as c
from services.disbursement.domain import donation
from services.disbursement.domain import payout as p
from services.disbursement.domain import payout_decisions as d
from services.disbursement.domain import treasury as t
from services.disbursement.domain import treasury_decisions as td
from shared.kernel import Decider
from shared.testing.given import Given
from tests.disbursement.stories import (
    ACCEPTED,
    CASH,
    CONFIRMED,
    GOODS,
    INSTRUCTED,
    REFUSED,
    REJECTED,
    RESERVED,
    RESERVED_GOODS,
    RETURNED,
    SETTLED,
    UNKNOWN,
    No,
    Yes,
)

MONTH = "2026-11"
ASK = c.ProposeCorrection("c1", "donation", "d1", 40, "typed_wrong", "f1", "e1")
PROPOSED = c.CorrectionProposed("c1", "donation", "d1", 40, "typed_wrong", "f1", "e1")
AGREE = c.ConfirmCorrection("f2", MONTH)
DONE = c.CorrectionConfirmed("c1", "donation", "d1", 40, "typed_wrong", "f2", MONTH, "e1")
NOT_SO = c.CorrectionRefused("c1", "f2")

SAID_YES = (
    Yes("said by one person", (), ASK, (PROPOSED,)),
    Yes("said twice", (PROPOSED,), ASK, ()),
    Yes("another agrees", (PROPOSED,), AGREE, (DONE,)),
    Yes("agreed once", (PROPOSED, DONE), AGREE, ()),
    Yes("turned down", (PROPOSED,), c.RefuseCorrection("f2"), (NOT_SO,)),
    Yes("by whoever said it", (PROPOSED,), c.RefuseCorrection("f1"), (replace(NOT_SO, by="f1"),)),
    Yes("turned down once", (PROPOSED, NOT_SO), c.RefuseCorrection("f2"), ()),
)
SAID_NO = (
    No((), replace(ASK, reason="because"), c.CorrectionReasonUnknown),
    No((), replace(ASK, about="fund"), c.CorrectionAboutUnknown),
    *[
        No((PROPOSED,), replace(ASK, **other), c.CorrectionDiffersFromFirst)
        for other in ({"about": "payout"}, {"subject_id": "d2"}, {"to_fen": 41}, {"reason": "audit_finding"})
    ],
    No((), AGREE, c.CorrectionUnknown),
    No((), c.RefuseCorrection("f2"), c.CorrectionUnknown),
    No((PROPOSED,), replace(AGREE, by="f1"), c.AnotherPersonCorrects),
    No((PROPOSED, NOT_SO), AGREE, c.CorrectionIsOver),
    No((PROPOSED, DONE), c.RefuseCorrection("f2"), c.CorrectionIsOver),
)
ELSEWHERE = {c.NothingToCorrect, c.GoodsAreCounted}
"""What donations and payouts refuse, with the same words."""

GIVEN = donation.DonationReceived("d1", "donor-1", "general", "cash", 100, (), MONTH, "KPK-202611-D1")
TO_40 = donation.CorrectDonation("c1", 40, "typed_wrong", MONTH, "e1")
GIVEN_40 = donation.DonationCorrected("d1", "general", 100, 40, "typed_wrong", MONTH, "c1", "e1")
BACK_60 = donation.DonationRefunded("d1", "general", 60, "donor_asked", "f2", MONTH, 60, 100)
BACK = donation.AskRefund(40, "donor_asked", "f1")
OF_DONATIONS = (
    Yes("less was given", (GIVEN,), TO_40, (GIVEN_40,)),
    Yes("more was given after all", (GIVEN, GIVEN_40), replace(TO_40, to_fen=140), (replace(GIVEN_40, from_fen=40, to_fen=140),)),
    Yes("nothing was given", (GIVEN,), replace(TO_40, to_fen=0), (replace(GIVEN_40, to_fen=0),)),
    Yes("down to what went back", (GIVEN, BACK_60), replace(TO_40, to_fen=60), (replace(GIVEN_40, to_fen=60),)),
    Yes("as much goes back as was given", (GIVEN, GIVEN_40), BACK, (donation.RefundAsked("d1", 40, "donor_asked", "f1"),)),
)
NO_DONATIONS = (
    No((), TO_40, donation.DonationUnknown),
    *[No((GIVEN,), replace(TO_40, to_fen=fen), c.NothingToCorrect) for fen in (100,)],
    No((GIVEN, GIVEN_40), TO_40, c.NothingToCorrect),
    No((GIVEN,), replace(TO_40, to_fen=-1), donation.CorrectedBelowRefunded),
    No((GIVEN, BACK_60), replace(TO_40, to_fen=59), donation.CorrectedBelowRefunded),
    No((replace(GIVEN, kind="goods"),), TO_40, c.GoodsAreCounted),
    No((replace(GIVEN, campaign_id="99"),), TO_40, donation.CampaignGiftNotCorrected),
    No((GIVEN, GIVEN_40), replace(BACK, amount_fen=41), donation.RefundMoreThanGiven),
    No((GIVEN, donation.RefundAsked("d1", 90, "donor_asked", "f1"), GIVEN_40), donation.ConfirmRefund("f2", MONTH),
        donation.RefundMoreThanGiven),
)  # fmt: skip

TO_150 = p.CorrectPayout("c1", 150_000, "bank_says_otherwise", MONTH)


def _put_right(was: str, state: str, from_fen: int = 200_000, to_fen: int = 150_000) -> p.PayoutCorrected:
    return p.PayoutCorrected(CASH, from_fen, to_fen, "bank_says_otherwise", MONTH, "c1", was, state)


LESS = _put_right("settled", "settled")
OF_PAYOUTS = (
    Yes("less was paid", SETTLED, TO_150, (LESS,)),
    Yes("and confirmed stays confirmed", CONFIRMED, TO_150, (_put_right("confirmed", "confirmed"),)),
    Yes("nothing was paid", SETTLED, replace(TO_150, to_fen=0), (_put_right("settled", "rejected", to_fen=0),)),
    Yes("it was paid after all", REJECTED, TO_150, (_put_right("rejected", "settled", 0),)),
    Yes("it did not come back", RETURNED, TO_150, (_put_right("returned", "settled", 0),)),
    Yes("corrected again", (*SETTLED, LESS), replace(TO_150, to_fen=160_000), (replace(_put_right("settled", "settled", 150_000, 160_000), again=True),)),
    Yes("to zero and back", (*SETTLED, _put_right("settled", "rejected", to_fen=0)), TO_150, (replace(_put_right("rejected", "settled", 0), again=True),)),
    Yes("what comes back is what was paid", (*SETTLED, LESS), p.NoteBankAnswer("returned", MONTH, "closed"),
        (p.PayoutReturned(replace(CASH, amount_fen=150_000), "closed", MONTH),)),
)  # fmt: skip
ISSUED = (*RESERVED_GOODS, p.PayoutSettled("person-1", GOODS, MONTH))
NO_PAYOUTS = (
    *[No(of, TO_150, d.PayoutNotOver) for of in ((), RESERVED, INSTRUCTED, ACCEPTED, UNKNOWN, REFUSED)],
    *[No(SETTLED, replace(TO_150, to_fen=fen), c.NothingToCorrect) for fen in (200_000, -1)],
    *[No(of, replace(TO_150, to_fen=0), c.NothingToCorrect) for of in (REJECTED, RETURNED)],
    No((*SETTLED, LESS), TO_150, c.NothingToCorrect),
    No(ISSUED, TO_150, c.GoodsAreCounted),
)

GENERAL = (t.FundOpened("general", "General", (), (), ()), t.TakenIn("d1", "general", 1_000, ()))
SPENT = (*GENERAL, t.Reserved("p1", "general", 600, ()), t.Spent("p1", "general", "P", "440106", 600, ()))
OF_FUNDS = tuple(
    Yes(story, SPENT, t.Correct("c1", about, "general", "P", by), (t.Corrected("c1", about, "general", "P", by),))
    for story, about, by in (
        ("more was given", "donation", 7), ("less was given", "donation", -400), ("more was paid", "payout", 400), ("less was paid", "payout", -600),
    )
)  # fmt: skip
NO_FUNDS = (
    No((), t.Correct("c1", "donation", "general", "", 7), td.FundUnknown),
    No((GENERAL[0], t.FundClosed("general")), t.Correct("c1", "donation", "general", "", 7), td.FundIsClosed),
    No(SPENT, t.Correct("c1", "donation", "general", "", -401), td.FundLacksMoney),
    No(SPENT, t.Correct("c1", "payout", "general", "P", 401), td.FundLacksMoney),
    No(SPENT, t.Correct("c1", "payout", "general", "P", -601), td.NeverSpent),
)
TESTED = ((c.CORRECTION, c, SAID_YES, SAID_NO),)
_ALL = ((c.CORRECTION, SAID_YES, SAID_NO), (donation.DONATION, OF_DONATIONS, NO_DONATIONS), (d.PAYOUT, OF_PAYOUTS, NO_PAYOUTS),
        (td.TREASURY, OF_FUNDS, NO_FUNDS))  # fmt: skip


@pytest.mark.parametrize(
    ("decider", "case"), [(of, case) for of, yes, _ in _ALL for case in yes], ids=lambda one: getattr(one, "story", "")
)
def test_what_follows_a_correction(decider: Decider[Any], case: Yes) -> None:
    Given(decider, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize(
    ("decider", "case"), [(of, case) for of, _, no in _ALL for case in no], ids=lambda one: one.why.__name__ if isinstance(one, No) else ""
)
def test_which_correction_is_refused(decider: Decider[Any], case: No) -> None:
    Given(decider, *case.given).when(case.when).refused(case.why)


def test_what_a_fund_has_after_corrections() -> None:
    after = Given(td.TREASURY, *SPENT, t.Corrected("c1", "donation", "general", "", -100), t.Corrected("c2", "payout", "general", "P", -50))
    fund = after.state.funds["general"]
    assert (fund.available_fen, fund.reserved_fen, fund.spent_fen) == (350, 0, 550)
