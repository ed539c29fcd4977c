"""The treasury: every fund's money and every kind of goods in stock, reserved before it is spent.

    fund opened -> donation received (available grows) -> reserved (available shrinks) -> spent | released

One stream holds all of it, because a sum that must not go below zero is decided where it is known; a place in it is one
entry of a small mapping, so a change costs the same whatever its history. Money in fen, goods in units with their value at
receipt in fen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace


class Item(Struct, frozen=True, gc=False):
    """Some units of one kind of goods."""

    sku: str
    quantity: int


class ItemReceived(Struct, frozen=True, gc=False):
    """Units of one kind with their value at receipt: fen for all of them together."""

    sku: str
    quantity: int
    value_fen: int


# Asked


class OpenFund(Struct, frozen=True, gc=False):
    """A fund and what it may be spent on; empty tuples restrict nothing."""

    fund_id: str
    name: str
    programmes: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


class TakeIn(Struct, frozen=True, gc=False):
    """A donation arrives in a fund (fen) or in the stores (items)."""

    donation_id: str
    fund_id: str
    amount_fen: int = 0
    items: tuple[ItemReceived, ...] = ()


class Reserve(Struct, frozen=True, gc=False):
    """Hold money of a fund, or goods, for a payout; without `fund_id` the first fund that fits and suffices."""

    payout_id: str
    programme: str
    district: str
    fund_id: str | None = None
    amount_fen: int = 0
    items: tuple[Item, ...] = ()


class Spend(Struct, frozen=True, gc=False):
    """What was reserved for a payout is gone for good."""

    payout_id: str
    fund_id: str
    programme: str
    district: str
    amount_fen: int = 0
    items: tuple[ItemReceived, ...] = ()


class Release(Struct, frozen=True, gc=False):
    """What was reserved for a payout is free again."""

    payout_id: str
    fund_id: str
    amount_fen: int = 0
    items: tuple[ItemReceived, ...] = ()


class Restore(Struct, frozen=True, gc=False):
    """Money that was paid came back from the bank."""

    payout_id: str
    fund_id: str
    amount_fen: int
    programme: str


# Happened


class FundOpened(Struct, frozen=True, gc=False):
    fund_id: str
    name: str
    programmes: tuple[str, ...]
    districts: tuple[str, ...]
    purposes: tuple[str, ...]


class TakenIn(Struct, frozen=True, gc=False):
    donation_id: str
    fund_id: str
    amount_fen: int
    items: tuple[ItemReceived, ...]


class Reserved(Struct, frozen=True, gc=False):
    """`items` carry the value they were taken out at (average value at receipt, rounded down to a fen)."""

    payout_id: str
    fund_id: str
    amount_fen: int
    items: tuple[ItemReceived, ...]


class Spent(Struct, frozen=True, gc=False):
    payout_id: str
    fund_id: str
    programme: str
    district: str
    amount_fen: int
    items: tuple[ItemReceived, ...]


class Released(Struct, frozen=True, gc=False):
    payout_id: str
    fund_id: str
    amount_fen: int
    items: tuple[ItemReceived, ...]


class Restored(Struct, frozen=True, gc=False):
    payout_id: str
    fund_id: str
    amount_fen: int
    programme: str


# True


class Fund(Struct, frozen=True, gc=False):
    """One fund; `available_fen + reserved_fen + spent_fen` is what it received."""

    name: str
    programmes: tuple[str, ...]
    districts: tuple[str, ...]
    purposes: tuple[str, ...]
    available_fen: int = 0
    reserved_fen: int = 0
    spent_fen: int = 0


class Stock(Struct, frozen=True, gc=False):
    """One kind of goods: units in the stores and their value, units held for payouts and theirs."""

    units: int = 0
    value_fen: int = 0
    held_units: int = 0
    held_value_fen: int = 0
    issued_units: int = 0
    issued_value_fen: int = 0


class Treasury(Struct, frozen=True, gc=False):
    funds: Mapping[str, Fund] = {}
    stock: Mapping[str, Stock] = {}


def value_of(stock: Stock, quantity: int) -> int:
    """What so many units are worth: average value at receipt, in fen, rounded down; the last units take the rest."""
    return stock.value_fen if quantity == stock.units else stock.value_fen * quantity // stock.units


def _moved(stock: Mapping[str, Stock], items: tuple[ItemReceived, ...], **signs: int) -> dict[str, Stock]:
    """Add each item's units and value to the named columns, with a sign."""
    moved = dict(stock)
    for item in items:
        at = moved.get(item.sku, Stock())
        changes: dict[str, int] = {}
        for column, sign in signs.items():
            value = "value_fen" if column == "units" else column.replace("units", "value_fen")
            changes[column] = getattr(at, column) + sign * item.quantity
            changes[value] = getattr(at, value) + sign * item.value_fen
        moved[item.sku] = replace(at, **changes)
    return moved


def _with(state: Treasury, fund_id: str, available: int, reserved: int, spent: int) -> dict[str, Fund]:
    funds = dict(state.funds)
    at = funds[fund_id]
    funds[fund_id] = Fund(
        at.name, at.programmes, at.districts, at.purposes, at.available_fen + available, at.reserved_fen + reserved, at.spent_fen + spent
    )
    return funds


def evolve(state: Treasury, event: Any) -> Treasury:
    match event:
        case Reserved(fund_id=fund, amount_fen=fen, items=items):
            if items:
                return Treasury(state.funds, _moved(state.stock, items, units=-1, held_units=1))
            return Treasury(_with(state, fund, -fen, fen, 0), state.stock)
        case Spent(fund_id=fund, amount_fen=fen, items=items):
            if items:
                return Treasury(state.funds, _moved(state.stock, items, held_units=-1, issued_units=1))
            return Treasury(_with(state, fund, 0, -fen, fen), state.stock)
        case Released(fund_id=fund, amount_fen=fen, items=items):
            if items:
                return Treasury(state.funds, _moved(state.stock, items, units=1, held_units=-1))
            return Treasury(_with(state, fund, fen, -fen, 0), state.stock)
        case Restored(fund_id=fund, amount_fen=fen):
            return Treasury(_with(state, fund, fen, 0, -fen), state.stock)
        case TakenIn(fund_id=fund, amount_fen=fen, items=items):
            if items:
                return Treasury(state.funds, _moved(state.stock, items, units=1))
            return Treasury(_with(state, fund, fen, 0, 0), state.stock)
        case FundOpened():
            opened = Fund(event.name, event.programmes, event.districts, event.purposes)
            return Treasury({**state.funds, event.fund_id: opened}, state.stock)
    return state
