"""A payout against a bank that answers late, twice, not at all or sends money back: whatever comes in whatever order, people have it once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.disbursement.domain import payout as p
from services.disbursement.domain.donation import Donate
from services.disbursement.domain.payout_decisions import INCOMPATIBLE
from services.disbursement.domain.treasury import OpenFund
from services.disbursement.follow import CITY
from services.disbursement.reactions import AcceptedRead, GrantRead, on_referral_accepted
from shared.envelope import Heard
from shared.kernel import Rejected
from shared.service import To
from tests.disbursement.paper import START, Paper

GIVEN_FEN, MONTH = 10_000_000, "2026-11"
PEOPLE = {"a1": ("approver",), "a2": ("approver",), "a3": ("approver",), "both": ("approver", "finance"), "helpers": ("approver",)}


class Bank:
    """Pays each end-to-end id once, whoever asks how often; `came_back` are those it sent back."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[str, int]] = {}
        self.came_back: set[str] = set()

    def instruct(self, key: str, fen: int, outcome: str) -> str:
        said = self.told.setdefault(key, (outcome, fen))[0]
        return "returned" if key in self.came_back else said

    def gone(self, key: str) -> int:
        """Fen that left for this id and did not come back."""
        outcome, fen = self.told.get(key, ("rejected", 0))
        return 0 if outcome == "rejected" or key in self.came_back else fen


Step = TypeVar("Step", bound=Callable[..., Any])
cases = st.sampled_from(["c1", "c2"])
DONE = ("settled", "confirmed")
ON_ITS_WAY = ("instructed", "accepted", "unknown")


def some(*states: str) -> Callable[[Step], Step]:
    """Not before a payout stands there: steps that change nothing prove nothing."""

    def stands(machine: Payouts) -> bool:
        return any(one.status in states for one in machine._payouts().values())

    return precondition(stands)


class Payouts(RuleBasedStateMachine):
    @initialize()
    def opens(self) -> None:
        self.paper, self.bank, self.heard = Paper(), Bank(), 0
        self.paper.ask(To("treasury", CITY, OpenFund("f1", "f1")))
        self.paper.ask(To("donation", "first", Donate("first", "donor", "f1", "cash", GIVEN_FEN, (), MONTH)))
        self.granted("c1", 2_000_001, "r1")  # one of the two is with the bank, so that stories are about what comes then
        self.approves("c1", "everybody")

    def _payouts(self) -> dict[str, p.Payout]:
        keys = {e.stream.partition("payout-")[2] for e in self.paper.happened if "payout-" in e.stream}
        return {key: self.paper.payout(key) for key in keys}

    @rule(case=cases, fen=st.sampled_from([1, 200_000, 200_001, 2_000_000, 2_000_001]),
          referral=st.sampled_from(["r1", "r2"]))  # fmt: skip
    def granted(self, case: str, fen: int, referral: str) -> None:
        """An organisation accepts; the same or another may do so as often as it likes."""
        self.heard += 1
        data = AcceptedRead(
            referral, case, f"person-{case}", "helpers", "livelihood", "440106011", None, GrantRead("cash", fen, "TEMP-URGENT", "f1")
        )
        said = Heard(f"heard-{self.heard}", "matching.referral_accepted.v1", "matching.referral-r", data, START, "story")
        self.paper.ask(*on_referral_accepted(said))

    def _one(self, case: str, *states: str) -> tuple[str, p.Payout] | None:
        found = [(k, one) for k, one in sorted(self._payouts().items()) if one.terms and one.terms.case_id == case and one.status in states]
        return found[0] if found else None

    @some("reserved")
    @rule(case=cases, by=st.sampled_from([*sorted(PEOPLE), "everybody"]))
    def approves(self, case: str, by: str) -> None:
        if (one := self._one(case, "reserved")) is not None:
            for each in PEOPLE if by == "everybody" else (by,):
                self.paper.ask(To("payout", one[0], p.Approve(each, MONTH, None, PEOPLE[each])))

    @some(*ON_ITS_WAY)
    @rule(case=cases, outcome=st.sampled_from(["settled", "rejected", "accepted"]), heard=st.booleans())
    def instructs(self, case: str, outcome: str, heard: bool) -> None:
        """The call to the bank, also once more after a crash; its answer may be lost on the way."""
        if (one := self._one(case, *ON_ITS_WAY)) is not None:
            key, payout = one
            assert payout.terms is not None
            said = self.bank.instruct(key, payout.terms.amount_fen, outcome)
            self.paper.ask(To("payout", key, p.NoteBankAnswer(said if heard else "unknown", MONTH, "x")))

    @rule(case=cases)
    def asks_the_bank(self, case: str) -> None:
        """What was only taken in is paid by the time somebody asks; of an id it never heard the bank says nothing."""
        for key, one in sorted(self._payouts().items()):
            if one.terms and one.terms.case_id == case and key in self.bank.told:
                outcome, fen = self.bank.told[key]
                if outcome == "accepted":
                    self.bank.told[key] = (outcome := "settled", fen)
                self.paper.ask(To("payout", key, p.NoteBankAnswer("returned" if key in self.bank.came_back else outcome, MONTH, "x")))

    @some(*ON_ITS_WAY, "settled", "confirmed")
    @rule(case=cases, heard=st.booleans())
    def comes_back(self, case: str, heard: bool) -> None:
        """Also before we heard that it had been paid."""
        for key, one in sorted(self._payouts().items()):
            if one.terms and one.terms.case_id == case and self.bank.told.get(key, ("",))[0] == "settled":
                self.bank.came_back.add(key)
                self.paper.ask(
                    To("payout", key, p.NoteBankAnswer("returned" if heard or one.status in DONE else "unknown", MONTH, "closed"))
                )

    @some("unknown")
    @rule(case=cases, by=st.sampled_from(["f1", "f2"]))
    def resolves(self, case: str, by: str) -> None:
        """People say what the bank's statement says; what it sent back already they call not paid."""
        if (one := self._one(case, "unknown")) is not None:
            outcome = (
                "settled"
                if self.bank.told.get(one[0], ("rejected",))[0] in {"settled", "accepted"} and one[0] not in self.bank.came_back
                else "rejected"
            )
            if one[0] not in self.bank.told:
                self.bank.instruct(one[0], 0, "rejected")  # it will not be told of it any more
            self.paper.ask(To("payout", one[0], p.Resolve(outcome, by, MONTH)))

    @rule(case=cases, how=st.sampled_from(["refuse", "cancel"]))
    def stops(self, case: str, how: str) -> None:
        command: Any = p.Refuse("other", "a1") if how == "refuse" else p.Cancel("asked", "f1")
        for key, one in sorted(self._payouts().items()):
            if one.terms and one.terms.case_id == case:
                answer = self.paper.ask(To("payout", key, command))
                if one.status in {"instructed", "accepted", "unknown", "settled", "confirmed"}:
                    assert isinstance(answer, Rejected), "the bank has been told; it cannot be taken back"

    @some("settled", "confirmed")
    @rule(case=cases, answer=st.sampled_from(["received", "partly", "not"]))
    def says(self, case: str, answer: str) -> None:
        if (one := self._one(case, *DONE)) is not None:
            self.paper.ask(To("payout", one[0], p.ConfirmReceipt(answer, "caller")))

    @some(*DONE)
    @rule(case=cases, outcome=st.sampled_from(["recall_asked", "arrived_late"]))
    def sees_to_it(self, case: str, outcome: str) -> None:
        if (one := self._one(case, *DONE)) is not None:
            self.paper.ask(To("payout", one[0], p.FollowUp(outcome, "caseworker")))

    @invariant()
    def nobody_has_it_twice(self) -> None:
        for case in ("c1", "c2"):
            live = [k for k, one in self._payouts().items() if one.terms and one.terms.case_id == case and self.bank.gone(k)]
            assert len(live) <= 1, live

    @invariant()
    def at_most_one_is_live(self) -> None:
        for case in ("c1", "c2"):
            on_the_way = {"reserved", *ON_ITS_WAY, "settled", "confirmed"}
            live = [k for k, one in self._payouts().items() if one.terms and one.terms.case_id == case and one.status in on_the_way]
            assert len(live) <= 1, live

    @invariant()
    def the_fund_knows_where_each_fen_is(self) -> None:
        fund = self.paper.treasury.funds["f1"]
        assert fund.available_fen + fund.reserved_fen + fund.spent_fen == GIVEN_FEN
        assert min(fund.available_fen, fund.reserved_fen, fund.spent_fen) >= 0
        doubt = {k: one for k, one in self._payouts().items() if one.status in ON_ITS_WAY}
        known = [k for k in self._payouts() if k not in doubt]
        held = [one.terms.amount_fen for one in self._payouts().values() if one.terms and one.status in {"reserved", *ON_ITS_WAY}]
        assert fund.reserved_fen == sum(held)
        assert fund.spent_fen == sum(self.bank.gone(k) for k in known), "spent is what the bank paid, as far as its word has come"

    @invariant()
    def enough_different_people_of_one_end_have_approved(self) -> None:
        for event in (e.data for e in self.paper.happened if isinstance(e.data, p.PayoutInstructed)):
            wanted = 1 if event.terms.amount_fen <= 200_000 else 2 if event.terms.amount_fen <= 2_000_000 else 3
            assert len(set(event.approvers)) == len(event.approvers) == wanted
            assert "helpers" not in event.approvers
            assert not any(INCOMPATIBLE & set(PEOPLE[by]) for by in event.approvers)

    @invariant()
    def what_did_not_arrive_is_seen_to_or_waits(self) -> None:
        for row in self.paper.read("payouts"):
            one = self.paper.payout(row["payout_id"])
            assert (row["state"], row["receipt"] or "", row["followed_up"] or "") == (one.status, one.receipt, one.followed_up)
            assert row["followed_up"] is None or row["receipt"] in {"partly", "not"}, "a new word of the person is answered anew"


TestPayouts = Payouts.TestCase
TestPayouts.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
