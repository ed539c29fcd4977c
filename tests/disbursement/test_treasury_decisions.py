"""What is said yes and no to about money in funds and goods in the stores."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.disbursement.domain import stock
from services.disbursement.domain import treasury as t
from services.disbursement.domain import treasury_decisions as d
from services.disbursement.domain.earmark import Earmark
from services.disbursement.domain.goods_decisions import NothingToReserve
from services.disbursement.domain.stock import Item, ItemReceived
from services.disbursement.domain.treasury import (
    CloseFund,
    GiveBack,
    HoldForPool,
    MoveHeld,
    OpenFund,
    Release,
    Reserve,
    Restore,
    Spend,
    TakeIn,
    Transfer,
)
from shared.testing.given import Given
from tests.disbursement.stories import No, Yes

GENERAL = t.FundOpened("general", "General", (), (), ())
FILLED = (GENERAL, t.TakenIn("d1", "general", 1_000, ()))
STUDENTS = t.FundOpened("students", "Students", ("GOV-STUDENT",), (), ())
TIANHE = t.FundOpened("tianhe", "Tianhe", (), ("440106", "440104"), ("food",))
FOOD = t.FundOpened("food", "Food", (), (), ("food",))
ROUND = (ItemReceived("rice", 3, 100),)
STOCKED = (t.TakenIn("d2", "stores", 0, ROUND),)
ANY_FUND = Reserve("p1", "GOV-STUDENT", "440106011", None, 600)
MONEY = replace(ANY_FUND, fund_id="general")
TWO_BAGS = Reserve("p1", "MICRO-WISH", "440106", None, 0, (Item("rice", 2),))

HELD = (*FILLED, t.Reserved("p1", "general", 600, ()))
GONE = (*HELD, t.Spent("p1", "general", "P", "440106", 600, ()))
BAGS = t.Reserved("p1", "stores", 66, (ItemReceived("rice", 2, 66),))
MOVE = Transfer("t1", "general", "students", 300, "merged_funds")
PAY = Spend("p1", "general", "P", "440106", 600)

FOR_TIANHE = TakeIn("d3", "general~p.GOV-STUDENT~d.440106", 600, (), earmark=Earmark("GOV-STUDENT", "440106"))
PART = t.FundOpened("general~p.GOV-STUDENT~d.440106", "General", ("GOV-STUDENT",), ("440106",), ())
IN_PART = (*FILLED, PART, t.TakenIn("d3", "general~p.GOV-STUDENT~d.440106", 600, ()))
FROM_PART = t.Reserved("p1", "general~p.GOV-STUDENT~d.440106", 600, ())

POOL = t.PoolHeld("pool:1", "general", 600)
TO_STUDENTS = MoveHeld("pool:1", "m1", "general", "students", 100)

SAID_YES = (
    Yes("a fund is opened", (), OpenFund("general", "General"), (GENERAL,)),
    Yes("with its restrictions", (), OpenFund("tianhe", "Tianhe", (), ("440106", "440104"), ("food",)), (TIANHE,)),
    Yes("with its kind", (), OpenFund("o", "O", kind="administration"), (t.FundOpened("o", "O", (), (), (), "administration"),)),
    Yes("opened once", (GENERAL,), OpenFund("general", "General"), ()),
    Yes("money comes in", (GENERAL,), TakeIn("d1", "general", 1_000), (FILLED[1],)),
    Yes("goods come in without a fund", (), TakeIn("d2", "stores", 0, ROUND), STOCKED),
    Yes("money of a named fund", FILLED, MONEY, (t.Reserved("p1", "general", 600, ()),)),
    Yes("all that is left", FILLED, replace(MONEY, amount_fen=1_000), (t.Reserved("p1", "general", 1_000, ()),)),
    Yes("of the only fund", FILLED, ANY_FUND, (t.Reserved("p1", "general", 600, ()),)),
    Yes("the fund bound to a programme before the general one", (*FILLED, STUDENTS, t.TakenIn("d3", "students", 600, ())), ANY_FUND,
        (t.Reserved("p1", "students", 600, ()),)),
    Yes("the general one when the bound one has too little", (*FILLED, STUDENTS, t.TakenIn("d3", "students", 599, ())), ANY_FUND,
        (t.Reserved("p1", "general", 600, ()),)),
    Yes("the fund of the district before the general one", (*FILLED, TIANHE, t.TakenIn("d3", "tianhe", 600, ())), replace(ANY_FUND, purpose="food"),
        (t.Reserved("p1", "tianhe", 600, ()),)),
    Yes("goods at their average value, rounded down", STOCKED, TWO_BAGS, (t.Reserved("p1", "stores", 66, (ItemReceived("rice", 2, 66),)),)),
    Yes("the same goods named twice", STOCKED, replace(TWO_BAGS, items=(Item("rice", 1), Item("rice", 2))),
        (t.Reserved("p1", "stores", 100, (ItemReceived("rice", 3, 100),)),)),
    Yes("goods ask for no fund", STOCKED, replace(TWO_BAGS, fund_id="nobody"), (t.Reserved("p1", "stores", 66, (ItemReceived("rice", 2, 66),)),)),
    Yes("held once", HELD, MONEY, ()),
    Yes("held once, whichever fund it was", HELD, ANY_FUND, ()),
    Yes("goods held once", (*STOCKED, BAGS), TWO_BAGS, ()),
    Yes("spent", HELD, Spend("p1", "general", "P", "440106", 600), (t.Spent("p1", "general", "P", "440106", 600, ()),)),
    Yes("a part is spent and the rest is free", HELD, Spend("p1", "general", "P", "440106", 400),
        (t.Spent("p1", "general", "P", "440106", 400, ()), t.Released("p1", "general", 200, ()))),
    Yes("a part of the goods is issued and the rest is there again", (*STOCKED, BAGS),
        Spend("p1", "stores", "P", "440106", 33, (ItemReceived("rice", 1, 33),)),
        (t.Spent("p1", "stores", "P", "440106", 33, (ItemReceived("rice", 1, 33),)), t.Released("p1", "stores", 33, (ItemReceived("rice", 1, 33),)))),
    Yes("a part is freed", HELD, Release("p1", "general", 100), (t.Released("p1", "general", 100, ()),)),
    Yes("what is left is spent", (*HELD, t.Released("p1", "general", 100, ())), Spend("p1", "general", "P", "440106", 500),
        (t.Spent("p1", "general", "P", "440106", 500, ()),)),
    Yes("held again after it was freed", (*HELD, t.Released("p1", "general", 600, ())), MONEY, (HELD[-1],)),
    Yes("moved to a narrower fund", (*FILLED, STUDENTS), MOVE, (t.Transferred("t1", "general", "students", 300, "merged_funds"),)),
    Yes("all of it goes back", FILLED, GiveBack("d1", "general", 1_000), (t.GivenBack("d1", "general", 1_000),)),
    Yes("held for a pool", FILLED, HoldForPool("pool:1", "general", 600), (POOL,)),
    Yes("held for a pool once", (*FILLED, POOL), HoldForPool("pool:1", "general", 600), ()),
    Yes("a match", (*FILLED, POOL, STUDENTS), TO_STUDENTS, (t.HeldMoved("pool:1", "m1", "general", "students", 100),)),
    Yes("a match goes back to a wider fund", (*FILLED, STUDENTS, t.TakenIn("d3", "students", 600, ())),
        replace(MOVE, from_fund="students", to_fund="general", reason=d.MATCH_RETURNED),
        (t.Transferred("t1", "students", "general", 300, d.MATCH_RETURNED),)),
    Yes("an empty fund is closed", (GENERAL,), CloseFund("general"), (t.FundClosed("general"),)),
    Yes("with its parts", (GENERAL, PART), CloseFund("general"), (t.FundClosed("general"), t.FundClosed(PART.fund_id))),
    Yes("a part alone", (GENERAL, PART), CloseFund(PART.fund_id), (t.FundClosed(PART.fund_id),)),
    Yes("closed once", (GENERAL, t.FundClosed("general")), CloseFund("general"), ()),
    Yes("a donor's word opens a part of the fund", FILLED, FOR_TIANHE, IN_PART[2:]),
    Yes("which is opened once", IN_PART, replace(FOR_TIANHE, donation_id="d4"), (t.TakenIn("d4", PART.fund_id, 600, ()),)),
    Yes("a word leaves the fund's other restrictions", (TIANHE,), TakeIn("d3", "tianhe~d.440106", 600, (), earmark=Earmark(district="440106")),
        (t.FundOpened("tianhe~d.440106", "Tianhe", (), ("440106",), ("food",)), t.TakenIn("d3", "tianhe~d.440106", 600, ()))),
    Yes("of a named fund the part comes first", IN_PART, MONEY, (FROM_PART,)),
    Yes("whichever fund it was", IN_PART, ANY_FUND, (FROM_PART,)),
    Yes("held once in the part", (*IN_PART, FROM_PART), MONEY, ()),
    Yes("the whole fund where the part has too little", IN_PART, replace(MONEY, amount_fen=601), (t.Reserved("p1", "general", 601, ()),)),
    Yes("the whole fund where the word says another place", IN_PART, replace(MONEY, district="440103001"), (t.Reserved("p1", "general", 600, ()),)),
    Yes("a part bound no closer than its fund comes first too", (STUDENTS, t.TakenIn("d1", "students", 600, ()),
        t.FundOpened("students~p.GOV-STUDENT", "Students", ("GOV-STUDENT",), (), ()), t.TakenIn("d3", "students~p.GOV-STUDENT", 600, ())),
        replace(MONEY, fund_id="students"), (t.Reserved("p1", "students~p.GOV-STUDENT", 600, ()),)),
    Yes("freed", HELD, Release("p1", "general", 600), (t.Released("p1", "general", 600, ()),)),
    Yes("come back", GONE, Restore("p1", "general", 600, "P"), (t.Restored("p1", "general", 600, "P"),)),
)  # fmt: skip

SAID_NO = (
    No((GENERAL,), OpenFund("general", "Other"), d.FundOpenedDifferently),
    No((GENERAL,), OpenFund("general", "General", ("P",)), d.FundOpenedDifferently),
    No((GENERAL,), OpenFund("general", "General", (), ("440106",)), d.FundOpenedDifferently),
    No((GENERAL,), OpenFund("general", "General", (), (), ("food",)), d.FundOpenedDifferently),
    No((), OpenFund("x", "X", kind="private"), d.FundKindUnknown),
    No((GENERAL,), OpenFund("general", "General", kind="community"), d.FundOpenedDifferently),
    No((), TakeIn("d1", "general", 1), d.FundUnknown),
    No((), OpenFund("x", "X", kind="private"), d.FundKindUnknown),
    No(
        (t.FundOpened("own", "Own", (), (), (), "administration"),),
        TakeIn("d3", "own~n.rent", 1, (), earmark=Earmark(purpose="rent")),
        d.FundNotForProgramme,
    ),
    No((), FOR_TIANHE, d.FundUnknown),
    No((STUDENTS,), TakeIn("d3", "students~p.X", 1, (), earmark=Earmark("X")), d.FundNotForProgramme),
    No((TIANHE,), TakeIn("d3", "tianhe~d.440103", 1, (), earmark=Earmark(district="440103")), d.FundNotForTerritory),
    No((TIANHE,), TakeIn("d3", "tianhe~n.rent", 1, (), earmark=Earmark(purpose="rent")), d.FundNotForPurpose),
    No((GENERAL, t.FundClosed("general")), FOR_TIANHE, d.FundIsClosed),
    No((*IN_PART, t.Transferred("t1", PART.fund_id, "general", 600, "x"), t.FundClosed(PART.fund_id)), FOR_TIANHE, d.FundIsClosed),
    No(IN_PART, replace(MOVE, from_fund=PART.fund_id, to_fund="general"), d.TransferLoosensFund),
    No((), MONEY, d.FundUnknown),
    No((STUDENTS,), replace(MONEY, fund_id="students", programme="MICRO-WISH"), d.FundNotForProgramme),
    No((TIANHE,), replace(MONEY, fund_id="tianhe", district="440103001"), d.FundNotForTerritory),
    No((TIANHE,), replace(MONEY, fund_id="tianhe", district=""), d.FundNotForTerritory),
    No(FILLED, replace(MONEY, amount_fen=1_001), d.FundLacksMoney),
    No((*FILLED, t.Reserved("p0", "general", 600, ())), MONEY, d.FundLacksMoney),
    No((), ANY_FUND, d.NoFundFits),
    No(FILLED, replace(ANY_FUND, amount_fen=1_001), d.NoFundFits),
    No((TIANHE, t.TakenIn("d3", "tianhe", 600, ())), replace(ANY_FUND, district="440103"), d.NoFundFits),
    No((), TWO_BAGS, stock.StockLacksUnits),
    No(STOCKED, replace(TWO_BAGS, items=(Item("rice", 2), Item("rice", 2))), stock.StockLacksUnits),
    No((*STOCKED, t.Reserved("p0", "stores", 66, (ItemReceived("rice", 2, 66),))), TWO_BAGS, stock.StockLacksUnits),
    No(FILLED, replace(MONEY, amount_fen=0), NothingToReserve),
    No(FILLED, replace(MONEY, amount_fen=-5), NothingToReserve),
    No(STOCKED, replace(TWO_BAGS, items=(Item("rice", 0),)), NothingToReserve),
    No((TIANHE, t.TakenIn("d3", "tianhe", 600, ())), replace(MONEY, fund_id="tianhe", purpose="rent"), d.FundNotForPurpose),
    No((TIANHE, t.TakenIn("d3", "tianhe", 600, ())), ANY_FUND, d.NoFundFits),
    *[No((GENERAL, t.FundClosed("general")), c, d.FundIsClosed) for c in (TakeIn("d1", "general", 5), MONEY, GiveBack("d1", "general", 5))],
    No((*FILLED, STUDENTS, t.FundClosed("students")), MOVE, d.FundIsClosed),
    No(FILLED, CloseFund("general"), d.FundNotEmpty),
    No((GENERAL, PART, IN_PART[-1]), CloseFund("general"), d.FundNotEmpty),
    No((GENERAL, t.TakenIn("d1", "general", 600, ()), HELD[-1]), CloseFund("general"), d.FundNotEmpty),
    No((), CloseFund("general"), d.FundUnknown),
    *[No(of, PAY, d.HoldUnknown) for of in (FILLED, GONE, (*HELD, t.Released("p1", "general", 600, ())))],
    *[No(HELD, c, d.HoldUnknown) for c in (replace(PAY, payout_id="p2"), replace(PAY, fund_id="other"), replace(PAY, items=ROUND))],
    *[No(of, Release("p1", "general", 600), d.HoldUnknown) for of in (FILLED, GONE)],
    *[No(HELD, replace(PAY, amount_fen=fen), d.MoreThanHeld) for fen in (601, 0, -1)],
    *[No(HELD, Release("p1", "general", fen), d.MoreThanHeld) for fen in (601, 0, -1)],
    *[
        No((*STOCKED, BAGS), Release("p1", "stores", 66, (ItemReceived(sku, units, fen),)), d.MoreThanHeld)
        for sku, units, fen in (("rice", 3, 66), ("rice", 2, 67), ("rice", 2, 65), ("rice", 0, 1), ("oil", 1, 1))
    ],
    *[
        No(HELD, c, d.HoldDiffers)
        for c in (replace(MONEY, amount_fen=599), replace(MONEY, fund_id="other"), replace(TWO_BAGS, payout_id="p1"))
    ],
    No(HELD, Restore("p1", "general", 1, "P"), d.NeverSpent),
    *[No(GONE, Restore("p1", "general", fen, "P"), d.NeverSpent) for fen in (601, 0, -1)],
    No((), Restore("p1", "general", 1, "P"), d.FundUnknown),
    No(FILLED, MOVE, d.FundUnknown),
    No((*FILLED, STUDENTS), replace(MOVE, amount_fen=1_001), d.FundLacksMoney),
    No((*HELD, STUDENTS), replace(MOVE, amount_fen=401), d.FundLacksMoney),
    *[No((*FILLED, STUDENTS), replace(MOVE, amount_fen=fen), d.TransferIsNothing) for fen in (0, -1)],
    No((*FILLED, STUDENTS), replace(MOVE, to_fund="general"), d.TransferIsNothing),
    No(
        (*FILLED, STUDENTS, t.TakenIn("d3", "students", 600, ())),
        replace(MOVE, from_fund="students", to_fund="general"),
        d.TransferLoosensFund,
    ),
    No((TIANHE, STUDENTS, t.TakenIn("d3", "tianhe", 600, ())), replace(MOVE, from_fund="tianhe"), d.TransferLoosensFund),
    No((FOOD, STUDENTS, t.TakenIn("d3", "food", 600, ())), replace(MOVE, from_fund="food"), d.TransferLoosensFund),
    No(HELD, GiveBack("d1", "general", 401), d.FundLacksMoney),
    No(FILLED, GiveBack("d1", "general", 0), d.TransferIsNothing),
    No(FILLED, HoldForPool("pool:1", "general", 1_001), d.FundLacksMoney),
    No(FILLED, HoldForPool("pool:1", "general", 0), NothingToReserve),
    No((*FILLED, POOL), HoldForPool("pool:1", "general", 601), d.HoldDiffers),
    No((*FILLED, STUDENTS), TO_STUDENTS, d.HoldUnknown),
    No((*FILLED, POOL, STUDENTS), replace(TO_STUDENTS, amount_fen=601), d.MoreThanHeld),
    No(
        (STUDENTS, GENERAL, t.TakenIn("d3", "students", 600, ()), replace(POOL, fund_id="students")),
        MoveHeld("pool:1", "m1", "students", "general", 100),
        d.TransferLoosensFund,
    ),
)


@pytest.mark.parametrize("case", SAID_YES, ids=lambda case: case.story)
def test_what_follows_a_command(case: Yes) -> None:
    Given(d.TREASURY, *case.given).when(case.when).then(*case.then)


@pytest.mark.parametrize("case", SAID_NO, ids=lambda case: f"{type(case.when).__name__}-{case.why.__name__}")
def test_what_is_refused(case: No) -> None:
    Given(d.TREASURY, *case.given).when(case.when).refused(case.why)


def test_what_is_missing_is_said_in_numbers() -> None:
    assert Given(d.TREASURY, *FILLED).when(replace(MONEY, amount_fen=1_001)).refused(d.FundLacksMoney).facts == {
        "fund_id": "general", "available_fen": 1_000, "amount_fen": 1_001,
    }  # fmt: skip
    no = Given(d.TREASURY, *STOCKED).when(replace(TWO_BAGS, items=(Item("rice", 4),))).refused(stock.StockLacksUnits)
    assert no.facts == {"sku": "rice", "units": 3, "quantity": 4}


def test_money_is_available_then_reserved_then_spent_and_back() -> None:
    history: tuple[Any, ...] = FILLED
    sums = []
    for event in (
        t.Reserved("p1", "general", 600, ()), t.Released("p1", "general", 600, ()), t.Reserved("p1", "general", 600, ()),
        t.Spent("p1", "general", "P", "440106", 600, ()), t.Restored("p1", "general", 600, "P"),
    ):  # fmt: skip
        history = (*history, event)
        fund = Given(d.TREASURY, *history).state.funds["general"]
        sums.append((fund.available_fen, fund.reserved_fen, fund.spent_fen))
    assert sums == [(400, 600, 0), (1_000, 0, 0), (400, 600, 0), (400, 0, 600), (1_000, 0, 0)]


def test_goods_carry_their_value_and_the_last_unit_takes_the_rest() -> None:
    reserved = t.Reserved("p1", "stores", 66, (ItemReceived("rice", 2, 66),))
    held = Given(d.TREASURY, *STOCKED, reserved)
    assert held.state.stock["rice"] == stock.Stock(1, 34, 2, 66)
    assert held.state.holds["p1"] == t.Hold("stores", 66, reserved.items)
    held.when(replace(TWO_BAGS, payout_id="p2", items=(Item("rice", 1),))).then(
        t.Reserved("p2", "stores", 34, (ItemReceived("rice", 1, 34),))
    )
    issued = t.Spent("p1", "stores", "P", "440106", 66, reserved.items)
    assert Given(d.TREASURY, *STOCKED, reserved, issued).state.stock["rice"] == stock.Stock(1, 34, 0, 0, 2, 66)
    freed = t.Released("p1", "stores", 66, reserved.items)
    assert Given(d.TREASURY, *STOCKED, reserved, freed).state.stock["rice"] == stock.Stock(3, 100)


def test_a_hold_leaves_the_book_when_it_is_over() -> None:
    assert Given(d.TREASURY, *HELD).state.holds["p1"] == t.Hold("general", 600)
    assert Given(d.TREASURY, *HELD, t.Released("p1", "general", 100, ())).state.holds["p1"] == t.Hold("general", 500)
    assert not Given(d.TREASURY, *GONE).state.holds
    assert not Given(d.TREASURY, *STOCKED, BAGS, t.Spent("p1", "stores", "P", "440106", 66, BAGS.items)).state.holds
