"""The treasury: every fund's money and every kind of goods in stock, reserved before it is spent.

    fund opened -> donation received (available grows) -> reserved (available shrinks) -> spent | released

What is reserved is a pending transfer under the id of whoever asked: it is spent in whole or in part (the rest is free again) or
released, once. Nobody spends or frees what is not held.

One stream holds all of it, because a sum that must not go below zero is decided where it is known; a place in it is one
entry of a small mapping, so a change costs the same whatever its history. Money in fen, goods in units with their value at
receipt in fen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from services.disbursement.domain.earmark import NO_WORD, Earmark
from services.disbursement.domain.stock import Item, ItemReceived, Lot, Stock, laid, moved

# Asked


class OpenFund(Struct, frozen=True, gc=False):
    """A fund and what it may be spent on; empty tuples restrict nothing. `kind` is a code of `figures.KINDS`, empty for a general one."""

    fund_id: str
    name: str
    programmes: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    kind: str = ""


class TakeIn(Struct, frozen=True, gc=False):
    """A donation arrives in a fund (fen) or in the stores (items); with a donor's word, in the part of the fund under it."""

    donation_id: str
    fund_id: str
    amount_fen: int = 0
    items: tuple[ItemReceived, ...] = ()
    day: date | None = None
    earmark: Earmark = NO_WORD


class Reserve(Struct, frozen=True, gc=False):
    """Hold money of a fund, or goods, for a payout; without `fund_id` the first fund that fits and suffices.

    `purpose` is the need that the payout serves, as a code; `day` the local day, after which no goods are given out that expired before.
    """

    payout_id: str
    programme: str
    district: str
    fund_id: str | None = None
    amount_fen: int = 0
    items: tuple[Item, ...] = ()
    purpose: str = ""
    day: date | None = None


class Spend(Struct, frozen=True, gc=False):
    """What was reserved for a payout, or a part of it, is gone for good; the rest is free again."""

    payout_id: str
    fund_id: str
    programme: str
    district: str
    amount_fen: int = 0
    items: tuple[ItemReceived, ...] = ()


class Release(Struct, frozen=True, gc=False):
    """What was reserved for a payout, or a part of it, is free again."""

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


class Transfer(Struct, frozen=True, gc=False):
    """Money of one fund becomes money of another, once under `transfer_id`; `reason` is a code."""

    transfer_id: str
    from_fund: str
    to_fund: str
    amount_fen: int
    reason: str


class GiveBack(Struct, frozen=True, gc=False):
    """A donation goes back to its donor, whole or in part, out of what its fund has available."""

    donation_id: str
    fund_id: str
    amount_fen: int


class HoldForPool(Struct, frozen=True, gc=False):
    """Set money of a fund aside for matching what others give; no programme is asked, because it goes to funds and not to people."""

    hold_id: str
    fund_id: str
    amount_fen: int


class MoveHeld(Struct, frozen=True, gc=False):
    """A part of what is held becomes money of another fund."""

    hold_id: str
    transfer_id: str
    from_fund: str
    to_fund: str
    amount_fen: int


class Correct(Struct, frozen=True, gc=False):
    """What was recorded of a donation or a payout was wrong by so much (fen, below zero where it was less than recorded)."""

    correction_id: str
    about: str
    fund_id: str
    programme: str
    by_fen: int


class MoveGoods(Struct, frozen=True, gc=False):
    """Units of a lot are carried from one place to another."""

    order_id: str
    sku: str
    lot: str
    from_place: str
    to_place: str
    quantity: int


class AdjustStock(Struct, frozen=True, gc=False):
    """What lies of a lot in a place is more (above zero) or less than the books say; `reason` is a code."""

    order_id: str
    sku: str
    lot: str
    place: str
    by_units: int
    reason: str
    month: str


class CloseFund(Struct, frozen=True, gc=False):
    """A fund that holds nothing any more takes nothing more."""

    fund_id: str


# Happened


class FundOpened(Struct, frozen=True, gc=False):
    fund_id: str
    name: str
    programmes: tuple[str, ...]
    districts: tuple[str, ...]
    purposes: tuple[str, ...]
    kind: str = ""


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


class Transferred(Struct, frozen=True, gc=False):
    transfer_id: str
    from_fund: str
    to_fund: str
    amount_fen: int
    reason: str


class GivenBack(Struct, frozen=True, gc=False):
    donation_id: str
    fund_id: str
    amount_fen: int


class PoolHeld(Struct, frozen=True, gc=False):
    hold_id: str
    fund_id: str
    amount_fen: int


class HeldMoved(Struct, frozen=True, gc=False):
    hold_id: str
    transfer_id: str
    from_fund: str
    to_fund: str
    amount_fen: int


class Corrected(Struct, frozen=True, gc=False):
    correction_id: str
    about: str
    fund_id: str
    programme: str
    by_fen: int


class GoodsMoved(Struct, frozen=True, gc=False):
    """`item` says what was carried and from where, with its value."""

    order_id: str
    item: ItemReceived
    to_place: str


class StockAdjusted(Struct, frozen=True, gc=False):
    """`item` is what was found or written off, `found` which of both; what is written off keeps the value that it had."""

    order_id: str
    item: ItemReceived
    found: bool
    reason: str
    month: str


class FundClosed(Struct, frozen=True, gc=False):
    fund_id: str


# True


class Hold(Struct, frozen=True, gc=False):
    """What is held for one payout: money of a fund, or goods with their value."""

    fund_id: str
    amount_fen: int
    items: tuple[ItemReceived, ...] = ()


class Fund(Struct, frozen=True, gc=False):
    """One fund; `available_fen + reserved_fen + spent_fen` is what it received."""

    name: str
    programmes: tuple[str, ...]
    districts: tuple[str, ...]
    purposes: tuple[str, ...]
    available_fen: int = 0
    reserved_fen: int = 0
    spent_fen: int = 0
    closed: bool = False
    kind: str = ""


class Treasury(Struct, frozen=True, gc=False):
    """`holds` are the pending transfers by payout; what is over leaves, so it grows with what is open and not with the years."""

    funds: Mapping[str, Fund] = {}
    stock: Mapping[str, Stock] = {}
    holds: Map[str, Hold] = Map()
    lots: Map[str, Lot] = Map()


def _with(state: Treasury, fund_id: str, available: int, reserved: int, spent: int) -> dict[str, Fund]:
    funds = dict(state.funds)
    at = funds[fund_id]
    funds[fund_id] = replace(
        at, available_fen=at.available_fen + available, reserved_fen=at.reserved_fen + reserved, spent_fen=at.spent_fen + spent
    )
    return funds


def less(hold: Hold, amount_fen: int, items: tuple[ItemReceived, ...]) -> Hold:
    """What is left of a hold after so much of it was spent or freed; units and values may become zero."""
    gone = {i.key: i for i in items}
    left = [
        replace(i, quantity=i.quantity - gone[i.key].quantity, value_fen=i.value_fen - gone[i.key].value_fen) if i.key in gone else i
        for i in hold.items
    ]
    return Hold(hold.fund_id, hold.amount_fen - amount_fen, tuple(i for i in left if i.quantity or i.value_fen))


def _held(state: Treasury, payout_id: str, amount_fen: int, items: tuple[ItemReceived, ...]) -> Map[str, Hold]:
    """The holds after this much of one is over. Events of before the holds were kept are over with all they had."""
    hold = state.holds.get(payout_id)
    if hold is None:
        return state.holds
    left = less(hold, amount_fen, items)
    return state.holds.set(payout_id, left) if left.amount_fen or left.items else state.holds.delete(payout_id)


def evolve(state: Treasury, event: Any) -> Treasury:
    match event:
        case Reserved(payout_id=key, fund_id=fund, amount_fen=fen, items=items):
            holds = state.holds.set(key, Hold(fund, fen, items))
            if items:
                stock, lots = moved(state.stock, items, units=-1, held_units=1), laid(state.lots, items, free=-1, held=1)
                return replace(state, stock=stock, lots=lots, holds=holds)
            return replace(state, funds=_with(state, fund, -fen, fen, 0), holds=holds)
        case Spent(payout_id=key, fund_id=fund, amount_fen=fen, items=items):
            holds = _held(state, key, fen, items)
            if items:
                stock, lots = moved(state.stock, items, held_units=-1, issued_units=1), laid(state.lots, items, held=-1)
                return replace(state, stock=stock, lots=lots, holds=holds)
            return replace(state, funds=_with(state, fund, 0, -fen, fen), holds=holds)
        case Released(payout_id=key, fund_id=fund, amount_fen=fen, items=items):
            holds = _held(state, key, fen, items)
            if items:
                stock, lots = moved(state.stock, items, units=1, held_units=-1), laid(state.lots, items, free=1, held=-1)
                return replace(state, stock=stock, lots=lots, holds=holds)
            return replace(state, funds=_with(state, fund, fen, -fen, 0), holds=holds)
        case PoolHeld(hold_id=key, fund_id=fund, amount_fen=fen):
            return replace(state, funds=_with(state, fund, -fen, fen, 0), holds=state.holds.set(key, Hold(fund, fen)))
        case HeldMoved(hold_id=key, from_fund=source, to_fund=target, amount_fen=fen):
            taken = replace(state, funds=_with(state, source, 0, -fen, 0), holds=_held(state, key, fen, ()))
            return replace(taken, funds=_with(taken, target, fen, 0, 0))
        case Restored(fund_id=fund, amount_fen=fen):
            return replace(state, funds=_with(state, fund, fen, 0, -fen))
        case Transferred(from_fund=source, to_fund=target, amount_fen=fen):
            taken = replace(state, funds=_with(state, source, -fen, 0, 0))
            return replace(taken, funds=_with(taken, target, fen, 0, 0))
        case GivenBack(fund_id=fund, amount_fen=fen):
            return replace(state, funds=_with(state, fund, -fen, 0, 0))
        case Corrected(about="donation", fund_id=fund, by_fen=fen):
            return replace(state, funds=_with(state, fund, fen, 0, 0))
        case Corrected(fund_id=fund, by_fen=fen):
            return replace(state, funds=_with(state, fund, -fen, 0, fen))
        case TakenIn(fund_id=fund, amount_fen=fen, items=items):
            if items:
                return replace(state, stock=moved(state.stock, items, units=1), lots=laid(state.lots, items, free=1))
            return replace(state, funds=_with(state, fund, fen, 0, 0))
        case GoodsMoved(item=item, to_place=place):
            gone = laid(state.lots, (item,), free=-1)
            return replace(state, lots=laid(gone, (replace(item, place=place),), free=1))
        case StockAdjusted(item=item, found=found):
            sign = 1 if found else -1
            return replace(state, stock=moved(state.stock, (item,), units=sign), lots=laid(state.lots, (item,), free=sign))
        case FundOpened():
            opened = Fund(event.name, event.programmes, event.districts, event.purposes, kind=event.kind)
            return replace(state, funds={**state.funds, event.fund_id: opened})
        case FundClosed(fund_id=fund):
            return replace(state, funds={**state.funds, fund: replace(state.funds[fund], closed=True)})
    return state
