"""What is said yes and no to about goods: which lots are given out, what is carried, counted, written off, and by how many people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.disbursement.domain import stock as s
from services.disbursement.domain import stock_order as o
from services.disbursement.domain import treasury as t
from services.disbursement.domain.goods_decisions import NothingToReserve
from services.disbursement.domain.ledger import FEN, postings
from services.disbursement.domain.stock import Item, ItemReceived, Lot
from services.disbursement.domain.store_report import in_fen, store_report
from services.disbursement.domain.treasury_decisions import TREASURY
from shared.kernel import Decider
from shared.testing.given import Given
from tests.disbursement.stories import No, Yes

TODAY, MONTH = date(2026, 11, 23), "2026-11"
SOON, LATE = TODAY + timedelta(days=5), TODAY + timedelta(days=300)
OLD = ItemReceived("rice", 3, 100, "L1", "east", SOON)
NEW = ItemReceived("rice", 10, 1_000, "L2", "west", LATE)
PLAIN = ItemReceived("rice", 2, 50)
GONE_OFF = ItemReceived("rice", 4, 90, "L0", "east", TODAY - timedelta(days=1))
IN = t.TakenIn("d1", "stores", 0, (OLD, NEW, PLAIN, GONE_OFF))


def ask(quantity: int, **other: Any) -> t.Reserve:
    return t.Reserve("p1", "MICRO-WISH", "440106", None, 0, (Item("rice", quantity),), day=TODAY, **other)


def held(*items: ItemReceived) -> t.Reserved:
    return t.Reserved("p1", "stores", sum(i.value_fen for i in items), items)


CARRY = t.MoveGoods("o1", "rice", "L2", "west", "east", 4)
FOUR = replace(NEW, quantity=4, value_fen=400)
LOSE = t.AdjustStock("o1", "rice", "L2", "west", -4, "damaged", MONTH)
OF_GOODS = (
    Yes("goods come in as lots", (), t.TakeIn("d1", "stores", 0, (OLD, NEW), TODAY), (t.TakenIn("d1", "stores", 0, (OLD, NEW)),)),
    Yes("more of the same lot", (IN,), t.TakeIn("d2", "stores", 0, (NEW,), TODAY), (t.TakenIn("d2", "stores", 0, (NEW,)),)),
    Yes("on its last day it still comes in", (), t.TakeIn("d1", "stores", 0, (replace(OLD, expires=TODAY),), TODAY),
        (t.TakenIn("d1", "stores", 0, (replace(OLD, expires=TODAY),)),)),
    Yes("what expires first leaves first", (IN,), ask(2), (held(replace(OLD, quantity=2, value_fen=66)),)),
    Yes("all of a lot takes the rest of its value", (IN,), ask(3), (held(OLD),)),
    Yes("one place that has enough before two that have it together", (IN,), ask(4), (held(FOUR),)),
    Yes("several places where none has enough", (IN,), ask(12), (held(OLD, replace(NEW, quantity=9, value_fen=900)),)),
    Yes("what has no last day leaves last", (IN,), ask(15), (held(OLD, NEW, PLAIN),)),
    Yes("spent by lot", (IN, held(OLD)), t.Spend("p1", "stores", "P", "440106", 100, (OLD,)),
        (t.Spent("p1", "stores", "P", "440106", 100, (OLD,)),)),
    Yes("carried elsewhere", (IN,), CARRY, (t.GoodsMoved("o1", FOUR, "east"),)),
    Yes("written off", (IN,), LOSE, (t.StockAdjusted("o1", FOUR, False, "damaged", MONTH),)),
    Yes("found, at the lot's own value", (IN,), replace(LOSE, by_units=2, reason="found"),
        (t.StockAdjusted("o1", replace(NEW, quantity=2, value_fen=200), True, "found", MONTH),)),
    Yes("found where all was held: worth nothing until somebody says", (IN, held(NEW)), replace(LOSE, by_units=1, reason="found"),
        (t.StockAdjusted("o1", replace(NEW, quantity=1, value_fen=0), True, "found", MONTH),)),
)  # fmt: skip
NO_GOODS = (
    No((IN,), ask(16), s.StockLacksUnits),
    No((t.TakenIn("d1", "stores", 0, (GONE_OFF,)),), ask(1), s.StockLacksUnits),
    No((IN,), ask(0), NothingToReserve),
    No((IN,), t.TakeIn("d2", "stores", 0, (replace(NEW, expires=SOON),), TODAY), s.LotDiffers),
    No((), t.TakeIn("d2", "stores", 0, (GONE_OFF,), TODAY), s.LotExpired),
    No((), t.TakeIn("d2", "stores", 0, (NEW, replace(NEW, expires=SOON)), TODAY), s.LotDiffers),
    No((IN,), replace(CARRY, lot="L9"), s.LotUnknown),
    No((IN,), replace(CARRY, from_place="north"), s.LotUnknown),
    *[No((IN,), replace(CARRY, quantity=n), s.StockLacksUnits) for n in (0, -1, 11)],
    No((IN,), replace(CARRY, to_place="west"), s.StockLacksUnits),
    No((IN, held(replace(NEW, quantity=8, value_fen=800))), CARRY, s.StockLacksUnits),
    No((IN, t.TakenIn("d2", "stores", 0, (replace(NEW, place="east", expires=SOON),))), CARRY, s.LotDiffers),
    No((IN,), replace(LOSE, by_units=-11), s.StockLacksUnits),
    No((IN,), replace(LOSE, by_units=0), s.StockLacksUnits),
    No((IN, held(replace(NEW, quantity=8, value_fen=800))), LOSE, s.StockLacksUnits),
    No((), LOSE, s.LotUnknown),
)

COUNT = o.AskStockOrder("o1", "count", "rice", "L2", "west", 8, "f1", "", "lost", 10, MONTH)
COUNTED = o.StockOrderAsked("o1", "count", "rice", "L2", "west", 8, "f1", "", "lost", 10)
OFF = replace(COUNT, kind="write_off", quantity=4, reason="damaged")
OFF_ASKED = replace(COUNTED, kind="write_off", quantity=4, reason="damaged")
MOVE = replace(COUNT, kind="move", quantity=4, reason="", to_place="east")
AGREE = o.ConfirmStockOrder("f2", MONTH, 10)


def done(a: o.StockOrderAsked, by: str, by_units: int) -> o.StockOrderDone:
    return o.StockOrderDone(a.order_id, a.kind, a.sku, a.lot, a.place, a.quantity, by, a.to_place, a.reason, by_units, MONTH)


MOVED = replace(COUNTED, kind="move", quantity=4, reason="", to_place="east")
FITS = replace(COUNTED, quantity=10, reason="")
SAID_YES = (
    Yes("a count that differs waits", (), COUNT, (COUNTED,)),
    Yes("counted once", (COUNTED,), COUNT, ()),
    Yes("a count that fits is done", (), replace(COUNT, quantity=10, reason=""), (FITS, done(FITS, "f1", 0))),
    Yes("none left is a count too", (), replace(COUNT, quantity=0), (replace(COUNTED, quantity=0),)),
    Yes("carrying is done", (), MOVE, (MOVED, done(MOVED, "f1", 0))),
    Yes("writing off waits", (), OFF, (OFF_ASKED,)),
    Yes("another agrees to the count", (COUNTED,), AGREE, (done(COUNTED, "f2", -2),)),
    Yes(
        "to more than was booked",
        (replace(COUNTED, quantity=13, reason="found"),),
        AGREE,
        (done(replace(COUNTED, quantity=13, reason="found"), "f2", 3),),
    ),
    Yes("another agrees to write off", (OFF_ASKED,), replace(AGREE, booked=0), (done(OFF_ASKED, "f2", -4),)),
    Yes("agreed once", (COUNTED, done(COUNTED, "f2", -2)), AGREE, ()),
    Yes("turned down", (COUNTED,), o.RefuseStockOrder("f1"), (o.StockOrderRefused("o1", "f1"),)),
    Yes("turned down once", (COUNTED, o.StockOrderRefused("o1", "f1")), o.RefuseStockOrder("f2"), ()),
)
SAID_NO = (
    *[No((), replace(of, quantity=n), o.StockOrderIsNone) for of, n in ((MOVE, 0), (OFF, 0), (COUNT, -1), (COUNT, o.MOST_UNITS + 1))],
    No((), replace(COUNT, kind="burn"), o.StockOrderIsNone),
    *[No((), replace(COUNT, reason=why), o.StockReasonUnknown) for why in ("", "expired", "because")],
    *[No((), replace(OFF, reason=why), o.StockReasonUnknown) for why in ("", "found", "miscounted")],
    No((), replace(MOVE, reason="lost"), o.StockReasonUnknown),
    *[
        No((COUNTED,), replace(COUNT, **other), o.StockOrderDiffersFromFirst)
        for other in ({"sku": "oil"}, {"quantity": 7}, {"reason": "found"}, {"place": "east"}, {"lot": "L1"})
    ],
    No((), AGREE, o.StockOrderUnknown),
    No((COUNTED,), replace(AGREE, by="f1"), o.AnotherPersonCounts),
    No((COUNTED,), replace(AGREE, booked=9), o.CountedBefore),
    No((COUNTED, o.StockOrderRefused("o1", "f1")), AGREE, o.StockOrderIsOver),
    No((COUNTED, done(COUNTED, "f2", -2)), o.RefuseStockOrder("f2"), o.StockOrderIsOver),
)
TESTED = ((o.STOCK_ORDER, o, SAID_YES, SAID_NO),)
_ALL = ((o.STOCK_ORDER, SAID_YES, SAID_NO), (TREASURY, OF_GOODS, NO_GOODS))


@pytest.mark.parametrize(
    ("decider", "case"), [(of, case) for of, yes, _ in _ALL for case in yes], ids=lambda one: getattr(one, "story", "")
)
def test_what_follows_in_the_stores(decider: Decider[Any], case: Yes) -> None:
    Given(decider, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize(
    ("decider", "case"), [(of, case) for of, _, no in _ALL for case in no], ids=lambda one: one.why.__name__ if isinstance(one, No) else ""
)
def test_what_is_refused_in_the_stores(decider: Decider[Any], case: No) -> None:
    Given(decider, *case.given).when(case.when).refused(case.why)


def test_a_lot_of_which_nothing_is_left_is_gone_and_a_held_one_is_not() -> None:
    state = Given(TREASURY, IN, held(OLD)).state
    assert (state.lots[OLD.key].units, state.lots[OLD.key].held_units) == (0, 3)
    spent = Given(TREASURY, IN, held(OLD), t.Spent("p1", "stores", "P", "440106", 100, (OLD,))).state
    assert OLD.key not in spent.lots
    freed = Given(TREASURY, IN, held(OLD), t.Released("p1", "stores", 100, (OLD,))).state
    assert freed.lots[OLD.key] == Lot("rice", "L1", "east", SOON, 3, 100)
    carried = Given(TREASURY, IN, t.GoodsMoved("o1", FOUR, "east")).state
    assert (carried.lots["rice|L2|west"].units, carried.lots["rice|L2|east"].units, carried.lots["rice|L2|east"].value_fen) == (6, 4, 400)


lots = st.lists(
    st.builds(Lot, st.just("rice"), st.sampled_from("abc"), st.sampled_from(("", "east", "west")), st.sampled_from((None, TODAY, SOON, LATE)),
              st.integers(0, 6), st.integers(0, 999)), max_size=6, unique_by=lambda one: (one.lot, one.place),
)  # fmt: skip


@given(lots, st.integers(1, 20), st.sampled_from((TODAY, TODAY + timedelta(days=6))))
def test_what_is_given_out_is_good_there_and_the_first_to_expire(there: list[Lot], quantity: int, day: date) -> None:
    good = [one for one in there if one.units and (one.expires is None or one.expires >= day)]
    try:
        found = s.taken("rice", quantity, there, day)
    except s.StockLacksUnits:
        assert sum(one.units for one in good) < quantity
        return
    assert sum(i.quantity for i in found) == quantity
    by_lot = {(one.lot, one.place): one for one in good}
    for item in found:
        lot = by_lot[item.lot, item.place]
        assert 0 < item.quantity <= lot.units
        assert item.value_fen == (lot.value_fen if item.quantity == lot.units else lot.value_fen * item.quantity // lot.units)
    places = {i.place for i in found}
    one_place_has_enough = any(sum(one.units for one in good if one.place == place) >= quantity for place in {one.place for one in good})
    assert (len(places) == 1) >= one_place_has_enough
    # Nothing stays behind in these places that expires before something that left.
    for lot in good:
        left = lot.units - sum(i.quantity for i in found if (i.lot, i.place) == (lot.lot, lot.place))
        if lot.place in places and left:
            assert all((i.expires or date.max) <= (lot.expires or date.max) for i in found)


def test_every_movement_of_goods_is_booked_in_units_and_fen_on_its_shelf() -> None:
    told = {(p.debit, p.credit, p.unit, p.amount) for p in postings(t.GoodsMoved("o1", FOUR, "east"))}
    assert told == {("stock:rice@west:available", "stock:rice@east:available", unit, n) for unit, n in (("rice", 4), (FEN, 400))}
    gone = {(p.debit, p.credit) for p in postings(t.StockAdjusted("o1", FOUR, False, "damaged", MONTH))}
    assert gone == {("stock:rice@west:available", "lost:damaged")}
    found = {(p.debit, p.credit) for p in postings(t.StockAdjusted("o1", PLAIN, True, "found", MONTH))}
    assert found == {("lost:found", "stock:rice:available")}


def test_a_month_adds_up_and_a_wrong_one_does_not() -> None:
    def balance(account: str, unit: str, units: int) -> dict[str, Any]:
        return {"account": account, "unit": unit, "debits": 0, "credits": units}

    def movement(kind: str, account: str, amount: int) -> dict[str, Any]:
        return {"kind": kind, "account": account, "unit": "rice", "amount": amount}

    opening = [balance("stock:rice@east:available", "rice", 5)]
    moves = [
        movement("TakenIn", "stock:rice@east:available", 3), movement("GoodsMoved", "stock:rice@east:available", -2),
        movement("Reserved", "stock:rice@east:available", -4),
        movement("Reserved", "stock:rice@east:reserved", 4),
        movement("Spent", "stock:rice@east:reserved", -1), movement("StockAdjusted", "stock:rice@east:available", -1),
    ]  # fmt: skip
    closing = [balance("stock:rice@east:available", "rice", 1), balance("stock:rice@east:reserved", "rice", 3)]
    (line,) = store_report(opening, moves, closing)
    assert (line.what, line.place, line.opening, line.received, line.issued, line.moved, line.written_off, line.closing) == (
        "stock:rice", "east", 5, 3, -1, -2, -1, 4,
    )  # fmt: skip
    assert line.adds_up
    assert not store_report(opening, moves[1:], closing)[0].adds_up
    assert in_fen([line])["closing"] == 0
