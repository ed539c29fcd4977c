"""The book against a naive one: whatever is held, spent in part, freed, moved or given back, both say the same and nothing is below zero."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.disbursement.domain import treasury as t
from services.disbursement.domain.ledger import FEN, faults, postings
from services.disbursement.follow import CITY
from shared.kernel import Rejected
from shared.service import To
from tests.disbursement.paper import Paper
from tests.disbursement.test_properties import summed

FUNDS, KEYS = ("f1", "f2", "f3"), ("p1", "p2", "p3")
funds, keys, fen = st.sampled_from(FUNDS), st.sampled_from(KEYS), st.sampled_from([0, 1, 40, 100, 101, 250])


class Book(RuleBasedStateMachine):
    """`money` are accounts by name, `holds` what is pending by id: the simplest book there is, which trusts nobody."""

    @initialize()
    def opens(self) -> None:
        self.paper, self.money, self.holds = Paper(), defaultdict[str, int](int), dict[str, tuple[str, int]]()
        self.closed = set[str]()
        for fund in FUNDS:
            self.paper.ask(To("treasury", CITY, t.OpenFund(fund, fund, ("A",) if fund == "f3" else ())))

    def _does(self, may: bool, *moves: tuple[str, str, int]) -> bool:
        """The naive book moves when it may; the answer of ours must be the same yes or no."""
        for debit, credit, amount in moves if may else ():
            self.money[debit] -= amount
            self.money[credit] += amount
        return may

    def _agrees(self, may: bool, command: object) -> None:
        assert isinstance(self.paper.ask(To("treasury", CITY, command)), Rejected) is not may, (command, self.money, self.holds)

    @rule(fund=funds, amount=st.sampled_from([1, 100, 300]))
    def takes_in(self, fund: str, amount: int) -> None:
        may = self._does(fund not in self.closed, ("donors", f"fund:{fund}:available", amount))
        self._agrees(may, t.TakeIn("d", fund, amount))

    @rule(key=keys, fund=funds, amount=fen, programme=st.sampled_from(["A", "B"]))
    def holds_some(self, key: str, fund: str, amount: int, programme: str) -> None:
        if key in self.holds:
            self._agrees(self.holds[key] == (fund, amount), t.Reserve(key, programme, "440106", fund, amount))
            return
        fits = fund not in self.closed and (fund != "f3" or programme == "A")
        may = fits and 0 < amount <= self.money[f"fund:{fund}:available"]
        if self._does(may, (f"fund:{fund}:available", f"fund:{fund}:reserved", amount)):
            self.holds[key] = (fund, amount)
        self._agrees(may, t.Reserve(key, programme, "440106", fund, amount))

    @rule(key=keys, fund=funds, amount=fen, exactly=st.booleans())
    def spends(self, key: str, fund: str, amount: int, exactly: bool) -> None:
        held = self.holds.get(key, ("", 0))
        fund, amount = held if exactly and key in self.holds else (fund, amount)
        may = held[0] == fund and 0 < amount <= held[1]
        free = (f"fund:{fund}:reserved", f"fund:{fund}:available", held[1] - amount)
        if self._does(may, (f"fund:{fund}:reserved", f"spent:{fund}:A", amount), free):
            del self.holds[key]
        self._agrees(may, t.Spend(key, fund, "A", "440106", amount))

    @rule(key=keys, fund=funds, amount=fen, exactly=st.booleans())
    def frees(self, key: str, fund: str, amount: int, exactly: bool) -> None:
        held = self.holds.get(key, ("", 0))
        fund, amount = held if exactly and key in self.holds else (fund, amount)
        may = held[0] == fund and 0 < amount <= held[1]
        if self._does(may, (f"fund:{fund}:reserved", f"fund:{fund}:available", amount)):
            self.holds[key] = (fund, held[1] - amount)
            if not self.holds[key][1]:
                del self.holds[key]
        self._agrees(may, t.Release(key, fund, amount))

    @rule(fund=funds, amount=fen)
    def comes_back(self, fund: str, amount: int) -> None:
        may = self._does(0 < amount <= self.money[f"spent:{fund}:A"], (f"spent:{fund}:A", f"fund:{fund}:available", amount))
        self._agrees(may, t.Restore("p", fund, amount, "A"))

    @rule(source=funds, into=funds, amount=fen)
    def moves(self, source: str, into: str, amount: int) -> None:
        fits = source != into and into not in self.closed and source != "f3"
        may = fits and 0 < amount <= self.money[f"fund:{source}:available"]
        self._does(may, (f"fund:{source}:available", f"fund:{into}:available", amount))
        self._agrees(may, t.Transfer("t", source, into, amount, "correction"))

    @rule(fund=funds, amount=fen)
    def gives_back(self, fund: str, amount: int) -> None:
        may = fund not in self.closed and 0 < amount <= self.money[f"fund:{fund}:available"]
        self._does(may, (f"fund:{fund}:available", "donors", amount))
        self._agrees(may, t.GiveBack("d", fund, amount))

    @rule(fund=funds, about=st.sampled_from(["donation", "payout"]), more=fen, taken=st.booleans())
    def corrects(self, fund: str, about: str, more: int, taken: bool) -> None:
        by, here, spent = (-more if taken else more), f"fund:{fund}:available", f"spent:{fund}:A"
        if by == 0:
            return  # never asked of the funds: whoever corrects says so first
        source, target = ("donors", here) if about == "donation" else (here, spent)
        source, target = (source, target) if by > 0 else (target, source)
        may = fund not in self.closed and (source == "donors" or abs(by) <= self.money[source])
        self._does(may, (source, target, abs(by)))
        self._agrees(may, t.Correct("c", about, fund, "A", by))

    @rule(fund=funds)
    def closes(self, fund: str) -> None:
        empty = not self.money[f"fund:{fund}:available"] and not self.money[f"fund:{fund}:reserved"]
        may = empty or fund in self.closed
        self.closed |= {fund} if may else set()
        self._agrees(may, t.CloseFund(fund))

    @invariant()
    def both_say_the_same(self) -> None:
        read = {r["account"]: r["credits"] - r["debits"] for r in self.paper.read("balances") if r["unit"] == FEN}
        assert {k: v for k, v in read.items() if v} == {k: v for k, v in self.money.items() if v}
        assert dict(self.paper.treasury.holds) == {key: t.Hold(*held) for key, held in self.holds.items()}
        for fund in FUNDS:
            own = self.paper.treasury.funds[fund]
            assert (own.available_fen, own.reserved_fen, own.spent_fen, own.closed) == (
                self.money[f"fund:{fund}:available"], self.money[f"fund:{fund}:reserved"], self.money[f"spent:{fund}:A"], fund in self.closed,
            )  # fmt: skip
            assert min(own.available_fen, own.reserved_fen, own.spent_fen) >= 0

    @invariant()
    def every_prefix_sums_to_zero(self) -> None:
        sums: dict[str, int] = defaultdict(int)
        for envelope in self.paper.happened:
            for p in postings(envelope.data):
                assert p.amount > 0
                sums[p.debit] -= p.amount
                sums[p.credit] += p.amount
            assert sum(sums.values()) == 0
            assert all(fen >= 0 for account, fen in sums.items() if account != "donors"), sums
        assert faults(self.paper.read("balances"), summed(self.paper.read("entries"))) == []


TestBook = Book.TestCase
TestBook.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
