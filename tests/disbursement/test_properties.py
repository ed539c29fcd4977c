"""What holds after any story: money is nowhere made or lost, nobody is paid twice, and what is read is what is true."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.disbursement.domain import payout as p
from services.disbursement.domain.donation import Donate
from services.disbursement.domain.ledger import FEN, Fault, faults, postings
from services.disbursement.domain.payout_decisions import approvals_needed
from services.disbursement.domain.stock import Item, ItemReceived
from services.disbursement.domain.treasury import OpenFund, TakenIn
from services.disbursement.follow import CITY
from shared.kernel import Rejected
from shared.service import To
from tests.disbursement.paper import Paper, Row

PAYOUTS, PEOPLE, FUNDS, GOODS = ("p1", "p2"), ("a1", "a2", "a3", "helpers"), ("f1", "f2"), ("rice", "oil")
ENDINGS = (p.PayoutRefused, p.PayoutCancelled, p.PayoutRejected, p.PayoutSettled)

which, who, fund, month = st.sampled_from(PAYOUTS), st.sampled_from(PEOPLE), st.sampled_from(FUNDS), st.just("2026-11")
fen = st.sampled_from([1, 99, 100_000, 200_000, 200_001, 500_000])
received = st.builds(ItemReceived, st.sampled_from(GOODS), st.integers(1, 7), st.integers(0, 1_000))
wanted = st.lists(st.builds(Item, st.sampled_from(GOODS), st.integers(1, 4)), min_size=1, max_size=3).map(tuple)


def _asked(key: str, referral: str, of: str | None, sum_fen: int, items: tuple[Item, ...]) -> To:
    kind = "goods" if items else "cash"
    terms = ("case", "person", referral, "helpers", "TEMP-URGENT", "2026", 1, "440106011", kind)
    return To("payout", key, p.RequestPayout(key, *terms, of, 0 if items else sum_fen, items))


def _given(key: str, of: str, sum_fen: int, items: list[ItemReceived]) -> To:
    kind = "goods" if items else "cash"
    given_ = Donate(key, "donor", "stores" if items else of, kind, 0 if items else sum_fen, tuple(items), "2026-11")
    return To("donation", key, given_)


def _bank(key: str, status: str) -> To:
    return To("payout", key, p.NoteBankAnswer(status, "2026-11", "x"))


asked = st.builds(_asked, which, st.sampled_from(["r1", "r2"]), st.none() | fund, fen, st.just(()) | wanted)
donated = st.builds(
    _given, st.sampled_from([f"d{n}" for n in range(9)]), fund, fen, st.just([]) | st.lists(received, min_size=1, max_size=3)
)
approved = st.builds(lambda key, by: To("payout", key, p.Approve(by, "2026-11")), which, who)
answered = st.builds(_bank, which, st.sampled_from(["accepted", "settled", "rejected", "returned", "unknown", "unknown", "unknown"]))
ended = st.builds(lambda key, how: To("payout", key, how), which, st.sampled_from([p.Refuse("other", "a1"), p.Cancel("asked", "f1")]))
resolved = st.builds(
    lambda key, how, by: To("payout", key, p.Resolve(how, by, "2026-11")), which, st.sampled_from(["settled", "rejected"]), who
)
confirmed = st.builds(
    lambda key, how: To("payout", key, p.ConfirmReceipt(how, "caller")), which, st.sampled_from(["received", "partly", "not"])
)
STEPS = st.one_of(donated, asked, asked, approved, approved, approved, answered, answered, ended, resolved, resolved, confirmed)
STORIES = st.lists(STEPS, min_size=30, max_size=60)


def told(story: list[To]) -> Paper:
    paper = Paper()
    for key in FUNDS:
        paper.ask(To("treasury", CITY, OpenFund(key, key)))
        paper.ask(_given(f"first-{key}", key, 600_000, []))
    paper.ask(_given("first-goods", "", 0, [ItemReceived("rice", 7, 100), ItemReceived("oil", 3, 1_000)]))
    for step in story:
        paper.ask(step)
    return paper


def summed(entries: list[Row]) -> list[Row]:
    """The balances that the entries alone make."""
    sums: dict[tuple[str, str], Row] = {}
    for e in entries:
        for account, side in ((e["debit"], "debits"), (e["credit"], "credits")):
            row = sums.setdefault((account, e["unit"]), {"account": account, "unit": e["unit"], "debits": 0, "credits": 0})
            row[side] += e["amount"]
    return list(sums.values())


def balance(paper: Paper, account: str, unit: str = FEN) -> int:
    return sum(r["credits"] - r["debits"] for r in paper.read("balances") if (r["account"], r["unit"]) == (account, unit))


@settings(max_examples=120, deadline=None)
@given(STORIES)
def test_the_books_balance_after_every_story(story: list[To]) -> None:
    paper = told(story)
    entries, balances = paper.read("entries"), paper.read("balances")
    assert all(e["amount"] > 0 and e["debit"] != e["credit"] for e in entries)
    for unit in {r["unit"] for r in balances}:
        assert sum(r["credits"] - r["debits"] for r in balances if r["unit"] == unit) == 0, unit
    for row in balances:
        if row["account"].startswith(("fund:", "stock:", "spent:")):
            assert row["credits"] >= row["debits"], row

    def key(row: dict[str, Any]) -> tuple[str, str]:
        return row["account"], row["unit"]

    assert sorted(balances, key=key) == sorted(summed(entries), key=key)
    assert faults(balances, summed(entries)) == []


@settings(max_examples=100, deadline=None)
@given(STORIES)
def test_the_books_say_what_the_treasury_knows(story: list[To]) -> None:
    paper = told(story)
    for key, f in paper.treasury.funds.items():
        assert (f.available_fen, f.reserved_fen) == (balance(paper, f"fund:{key}:available"), balance(paper, f"fund:{key}:reserved"))
        assert f.spent_fen == balance(paper, f"spent:{key}:TEMP-URGENT")
        came_in = [e.data for e in paper.happened if isinstance(e.data, TakenIn) and e.data.fund_id == key]
        assert f.available_fen + f.reserved_fen + f.spent_fen == sum(d.amount_fen for d in came_in)
        assert min(f.available_fen, f.reserved_fen, f.spent_fen) >= 0
    for sku, s in paper.treasury.stock.items():
        for unit, values in ((sku, (s.units, s.held_units)), (FEN, (s.value_fen, s.held_value_fen))):
            assert values == (balance(paper, f"stock:{sku}:available", unit), balance(paper, f"stock:{sku}:reserved", unit))
        assert min(s.units, s.value_fen, s.held_units, s.held_value_fen, s.issued_units, s.issued_value_fen) >= 0
        assert s.units > 0 or s.value_fen == 0, "value without units"
    issued = sum(s.issued_value_fen for s in paper.treasury.stock.values())
    assert issued == balance(paper, "spent:stores:TEMP-URGENT")


@settings(max_examples=120, deadline=None)
@given(STORIES)
def test_nobody_is_paid_twice(story: list[To]) -> None:
    paper = told(story)
    for key in PAYOUTS:
        happened = paper.of_payout(key)
        count = Counter(type(e) for e in happened)
        assert max(count[p.PayoutInstructed], count[p.PayoutSettled], count[p.PayoutRejected], count[p.PayoutReturned]) <= 1, count
        assert count[p.PayoutReturned] <= count[p.PayoutSettled]
        tries = _tries(happened)
        for one in tries:
            assert sum(isinstance(e, ENDINGS) for e in one) <= 1, one
        for one in tries[:-1]:
            assert any(isinstance(e, p.PayoutRefused | p.PayoutCancelled) for e in one), "tried again though it had not come to nothing"
    spent = Counter(e.data.payout_id for e in paper.happened if type(e.data).__name__ == "Spent")
    assert all(times == 1 for times in spent.values()), spent


def _tries(happened: list[Any]) -> list[list[Any]]:
    tries: list[list[Any]] = []
    for event in happened:
        if isinstance(event, p.PayoutRequested):
            tries.append([])
        tries[-1].append(event)
    return tries


@settings(max_examples=120, deadline=None)
@given(STORIES)
def test_money_leaves_only_with_enough_different_people(story: list[To]) -> None:
    paper = told(story)
    for event in (e.data for e in paper.happened if isinstance(e.data, p.PayoutInstructed | p.PayoutSettled)):
        approvers = paper.payout(event.terms.payout_id).approved_by
        assert len(set(approvers)) == len(approvers) == approvals_needed(event.terms.amount_fen)
        assert "helpers" not in approvers


@settings(max_examples=120, deadline=None)
@given(STORIES)
def test_what_is_held_is_what_payouts_hold(story: list[To]) -> None:
    """Reserved money belongs to a payout that is not over; of others nothing is held."""
    paper = told(story)
    held: Counter[str] = Counter()
    for key in PAYOUTS:
        payout = paper.payout(key)
        if payout.status in {"reserved", "instructed", "accepted", "unknown"} and payout.terms is not None and payout.terms.kind == "cash":
            held[payout.terms.fund_id] += payout.terms.amount_fen
    assert {key: f.reserved_fen for key, f in paper.treasury.funds.items()} == {key: held[key] for key in FUNDS}


@settings(max_examples=120, deadline=None)
@given(STORIES)
def test_what_is_read_is_what_is_true(story: list[To]) -> None:
    paper = told(story)
    rows = {row["payout_id"]: row for row in paper.read("payouts")}
    for key in PAYOUTS:
        payout = paper.payout(key)
        if payout.terms is None:
            assert key not in rows
            continue
        row, t = rows[key], payout.terms
        assert (row["state"], row["amount_fen"], row["fund_id"], row["referral_id"]) == (
            payout.status,
            t.amount_fen,
            t.fund_id,
            t.referral_id,
        )
        assert (tuple(row["approved_by"]), row["approvals_needed"]) == (payout.approved_by, payout.approvals_needed)
        assert (row["receipt"] or "") == payout.receipt
        assert tuple(row["items"]) == (t.items or payout.wanted)


@settings(max_examples=100, deadline=None)
@given(STORIES)
def test_the_public_sums_are_the_sums_of_the_public_entries(story: list[To]) -> None:
    paper = told(story)
    sums: Counter[tuple[str, str]] = Counter()
    for e in paper.entries:
        sums.update({(e.kind, "count"): 1, (e.kind, "amount_fen"): e.amount_fen, (e.kind, "units"): e.units})
    read: Counter[tuple[str, str]] = Counter()
    for row in paper.read("public_totals"):
        read.update({(row["kind"], column): row[column] for column in ("count", "amount_fen", "units")})
    assert {k: v for k, v in read.items() if v} == {k: v for k, v in sums.items() if v}
    funds = paper.treasury.funds.values()
    assert read["payout", "amount_fen"] - read["returned", "amount_fen"] == sum(f.spent_fen for f in funds)
    assert len(paper.entries) == paper.chain.position


@given(st.lists(st.builds(ItemReceived, st.sampled_from(GOODS), st.integers(1, 9), st.integers(0, 100)), min_size=1, max_size=5))
def test_goods_of_one_donation_are_booked_item_by_item(items: list[ItemReceived]) -> None:
    booked = postings(TakenIn("d", "stores", 0, tuple(items)))
    for sku in GOODS:
        assert sum(x.amount for x in booked if x.unit == sku) == sum(i.quantity for i in items if i.sku == sku)
    assert sum(x.amount for x in booked if x.unit == FEN) == sum(i.value_fen for i in items)


@pytest.mark.parametrize("wrong", ["debits", "credits"])
@given(st.integers(0, 7), st.integers(1, 1_000))
def test_the_standing_check_finds_what_does_not_add_up(wrong: str, at: int, by: int) -> None:
    paper = told([_asked("p1", "r1", "f1", 100_000, ())])
    entries, balances = paper.read("entries"), paper.read("balances")
    balances[at % len(balances)][wrong] += by
    found = faults(balances, summed(entries))
    assert [f.what for f in found] == ["the running balance is not the sum of its entries"]
    assert (found[0].account, abs(found[0].value)) == (balances[at % len(balances)]["account"], by)


def test_the_standing_check_finds_an_account_below_zero_and_sides_that_differ() -> None:
    row = {"account": "fund:f1:available", "unit": FEN, "debits": 5, "credits": 2}
    assert faults([row], [row]) == [
        Fault("the account is below zero", "fund:f1:available", FEN, -3),
        Fault("debits and credits differ", "*", FEN, -3),
    ]


def test_a_refused_follow_up_refuses_the_whole_donation() -> None:
    paper = told([])
    before = len(paper.happened)
    assert isinstance(paper.ask(_given("dx", "nobody", 5, [])), Rejected)
    assert len(paper.happened) == before
    assert replace(paper.treasury) == paper.treasury
