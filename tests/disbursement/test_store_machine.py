"""The stores against a naive book: whatever comes in, is held, issued, freed, carried, found or lost, both say the same on every shelf."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.disbursement.domain import treasury as t
from services.disbursement.domain.ledger import FEN, faults, postings
from services.disbursement.domain.stock import Item, ItemReceived, lot_key
from services.disbursement.follow import CITY
from shared.kernel import Rejected
from shared.service import To
from tests.disbursement.paper import Paper
from tests.disbursement.test_properties import summed

START = date(2026, 11, 23)
LAST = {"a": START + timedelta(days=3), "b": START + timedelta(days=30), "": None}
lots, places = st.sampled_from(tuple(LAST)), st.sampled_from(("", "east", "west"))
units, keys = st.integers(1, 6), st.sampled_from(("p1", "p2", "p3"))
Shelf = tuple[str, str]


class Stores(RuleBasedStateMachine):
    """`free` and `held` are units by lot and place; `value` the fen that came in less those that left: the book trusts nobody."""

    @initialize()
    def opens(self) -> None:
        self.paper, self.today, self.orders = Paper(), START, 0
        self.free, self.holds = defaultdict[Shelf, int](int), dict[str, tuple[ItemReceived, ...]]()

    def _ask(self, command: object) -> bool:
        return not isinstance(self.paper.ask(To("treasury", CITY, command)), Rejected)

    @rule(lot=lots, place=places, quantity=units, fen=st.integers(0, 1_000))
    def takes_in(self, lot: str, place: str, quantity: int, fen: int) -> None:
        last = LAST[lot]
        may = last is None or last >= self.today
        assert self._ask(t.TakeIn("d", "stores", 0, (ItemReceived("rice", quantity, fen, lot, place, last),), self.today)) is may
        self.free[lot, place] += quantity if may else 0

    @rule(key=keys, quantity=units)
    def holds_some(self, key: str, quantity: int) -> None:
        good = sum(n for (lot, _), n in self.free.items() if LAST[lot] is None or (LAST[lot] or self.today) >= self.today)
        if key in self.holds:
            assert self._ask(self._reserve(key, quantity)) is (sum(i.quantity for i in self.holds[key]) == quantity)
            return
        assert self._ask(self._reserve(key, quantity)) is (quantity <= good)
        if quantity <= good:
            self.holds[key] = self.paper.treasury.holds[key].items
            for item in self.holds[key]:
                assert LAST[item.lot] is None or (LAST[item.lot] or self.today) >= self.today, "past its last day"
                self.free[item.lot, item.place] -= item.quantity

    def _reserve(self, key: str, quantity: int) -> t.Reserve:
        return t.Reserve(key, "A", "440106", None, 0, (Item("rice", quantity),), day=self.today)

    @rule(key=keys)
    def issues(self, key: str) -> None:
        items = self.holds.pop(key, ())
        fen = sum(i.value_fen for i in items)
        assert self._ask(t.Spend(key, "stores", "A", "440106", fen, items)) is bool(items)

    @rule(key=keys)
    def frees(self, key: str) -> None:
        items = self.holds.pop(key, ())
        assert self._ask(t.Release(key, "stores", sum(i.value_fen for i in items), items)) is bool(items)
        for item in items:
            self.free[item.lot, item.place] += item.quantity

    @rule(lot=lots, source=places, into=places, quantity=units)
    def carries(self, lot: str, source: str, into: str, quantity: int) -> None:
        self.orders += 1
        may = source != into and quantity <= self.free[lot, source]
        assert self._ask(t.MoveGoods(f"o{self.orders}", "rice", lot, source, into, quantity)) is may
        self.free[lot, source] -= quantity if may else 0
        self.free[lot, into] += quantity if may else 0

    @rule(lot=lots, place=places, more=units, lost=st.booleans())
    def counts(self, lot: str, place: str, more: int, lost: bool) -> None:
        self.orders += 1
        known = self.free[lot, place] > 0 or any((i.lot, i.place) == (lot, place) for items in self.holds.values() for i in items)
        may = known and (not lost or more <= self.free[lot, place])
        by = -more if lost else more
        assert self._ask(t.AdjustStock(f"o{self.orders}", "rice", lot, place, by, "lost", "2026-11")) is may
        self.free[lot, place] += by if may else 0

    @rule(days=st.integers(1, 5))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @invariant()
    def both_say_the_same(self) -> None:
        here = {lot_key("rice", *shelf): n for shelf, n in self.free.items() if n}
        assert {key: one.units for key, one in self.paper.treasury.lots.items() if one.units} == here
        kind = self.paper.treasury.stock.get("rice")
        if kind is not None:
            assert kind.units == sum(here.values())
            assert kind.value_fen == sum(one.value_fen for one in self.paper.treasury.lots.values())
            assert kind.held_units == sum(i.quantity for items in self.holds.values() for i in items)
            assert min(kind.units, kind.value_fen, kind.held_units, kind.held_value_fen) >= 0

    @invariant()
    def every_shelf_is_booked_and_sums_to_zero(self) -> None:
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for envelope in self.paper.happened:
            for p in postings(envelope.data):
                sums[p.debit, p.unit] -= p.amount
                sums[p.credit, p.unit] += p.amount
        for unit in ("rice", FEN):
            assert sum(n for (_, of), n in sums.items() if of == unit) == 0
        assert all(n >= 0 for (account, _), n in sums.items() if account.startswith("stock:")), sums
        for place in ("", "east", "west"):
            account = f"stock:rice{f'@{place}' if place else ''}:available"
            assert sums[account, "rice"] == sum(n for (_, at), n in self.free.items() if at == place)
        assert faults(self.paper.read("balances"), summed(self.paper.read("entries"))) == []


TestStores = Stores.TestCase
TestStores.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
