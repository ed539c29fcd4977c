"""Every yes and no of the treasury: what a fund may be spent on, and that nothing is promised twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.disbursement.domain.treasury import (
    Fund,
    FundOpened,
    Item,
    ItemReceived,
    OpenFund,
    Release,
    Released,
    Reserve,
    Reserved,
    Restore,
    Restored,
    Spend,
    Spent,
    Stock,
    TakeIn,
    TakenIn,
    Treasury,
    evolve,
    value_of,
)
from shared.kernel import Decider, Rejected

STORES = "stores"
"""Where goods lie; they belong to no fund."""


class FundUnknown(Rejected):
    """There is no such fund."""


class FundOpenedDifferently(Rejected):
    """A fund with this id was opened with another name or other restrictions."""


class FundNotForProgramme(Rejected):
    """The fund may not be spent on this programme."""


class FundNotForTerritory(Rejected):
    """The fund may only be spent in other districts."""


class FundLacksMoney(Rejected):
    """The fund has less than this left, promises counted."""


class NoFundFits(Rejected):
    """No fund that may be spent on this has enough left."""


class StockLacksUnits(Rejected):
    """The stores have fewer units of these goods than asked for."""


class NothingToReserve(Rejected):
    """A payout is a sum above zero or at least one unit of goods."""


def decide(command: Any, state: Treasury) -> tuple[Any, ...]:
    match command:
        case Reserve():
            return reserve(command, state)
        case Spend():
            return (Spent(command.payout_id, command.fund_id, command.programme, command.district, command.amount_fen, command.items),)
        case Release():
            return (Released(command.payout_id, command.fund_id, command.amount_fen, command.items),)
        case Restore():
            return (Restored(command.payout_id, command.fund_id, command.amount_fen, command.programme),)
        case TakeIn():
            return take_in(command, state)
        case OpenFund():
            return open_fund(command, state)
    raise AssertionError(type(command).__name__)


def open_fund(command: OpenFund, state: Treasury) -> tuple[FundOpened, ...]:
    there = state.funds.get(command.fund_id)
    asked = FundOpened(command.fund_id, command.name, command.programmes, command.districts, command.purposes)
    if there is None:
        return (asked,)
    same = (there.name, there.programmes, there.districts, there.purposes) == (
        asked.name,
        asked.programmes,
        asked.districts,
        asked.purposes,
    )
    if not same:
        raise FundOpenedDifferently(fund_id=command.fund_id)
    return ()


def take_in(command: TakeIn, state: Treasury) -> tuple[TakenIn, ...]:
    if not command.items and command.fund_id not in state.funds:
        raise FundUnknown(fund_id=command.fund_id)
    return (TakenIn(command.donation_id, command.fund_id, command.amount_fen, command.items),)


def reserve(command: Reserve, state: Treasury) -> tuple[Reserved, ...]:
    if command.items:
        items = _taken(command.items, state)
        return (Reserved(command.payout_id, STORES, sum(i.value_fen for i in items), items),)
    if command.amount_fen <= 0:
        raise NothingToReserve(amount_fen=command.amount_fen)
    if command.fund_id is not None:
        fund = state.funds.get(command.fund_id)
        if fund is None:
            raise FundUnknown(fund_id=command.fund_id)
        hindrance = _hindrance(command.fund_id, fund, command)
        if hindrance is not None:
            raise hindrance
        return (Reserved(command.payout_id, command.fund_id, command.amount_fen, ()),)
    for fund_id in _fitting(command, state):
        return (Reserved(command.payout_id, fund_id, command.amount_fen, ()),)
    raise NoFundFits(programme=command.programme, district=command.district, amount_fen=command.amount_fen)


def _hindrance(fund_id: str, fund: Fund, command: Reserve) -> Rejected | None:
    if fund.programmes and command.programme not in fund.programmes:
        return FundNotForProgramme(fund_id=fund_id, programme=command.programme, only=", ".join(fund.programmes))
    if fund.districts and not command.district.startswith(fund.districts):
        return FundNotForTerritory(fund_id=fund_id, district=command.district, only=", ".join(fund.districts))
    if fund.available_fen < command.amount_fen:
        return FundLacksMoney(fund_id=fund_id, available_fen=fund.available_fen, amount_fen=command.amount_fen)
    return None


def _fitting(command: Reserve, state: Treasury) -> Iterator[str]:
    """Funds that may pay this, the most narrowly restricted first: general money is kept for what nothing else can pay."""
    fits = [(not f.programmes, not f.districts, fund_id) for fund_id, f in state.funds.items() if _hindrance(fund_id, f, command) is None]
    return (fund_id for _, _, fund_id in sorted(fits))


def _taken(items: tuple[Item, ...], state: Treasury) -> tuple[ItemReceived, ...]:
    wanted: dict[str, int] = {}
    for item in items:
        if item.quantity <= 0:
            raise NothingToReserve(sku=item.sku, quantity=item.quantity)
        wanted[item.sku] = wanted.get(item.sku, 0) + item.quantity
    taken = []
    for sku, quantity in wanted.items():
        stock = state.stock.get(sku, Stock())
        if stock.units < quantity:
            raise StockLacksUnits(sku=sku, units=stock.units, quantity=quantity)
        taken.append(ItemReceived(sku, quantity, value_of(stock, quantity)))
    return tuple(taken)


TREASURY = Decider(
    noun="treasury",
    absent=Treasury(),
    decide=decide,
    evolve=evolve,
    commands=(OpenFund, TakeIn, Reserve, Spend, Release, Restore),
    events=(FundOpened, TakenIn, Reserved, Spent, Released, Restored),
)
