"""Every yes and no about goods in the stores: which lots are given out, carried elsewhere, found or written off."""

from __future__ import annotations

from msgspec.structs import replace

from services.disbursement.domain.stock import Item, ItemReceived, StockLacksUnits, of_lot, received, taken, worth
from services.disbursement.domain.treasury import AdjustStock, GoodsMoved, MoveGoods, Reserve, StockAdjusted, Treasury
from shared.kernel import Rejected


class NothingToReserve(Rejected):
    """A payout is a sum above zero or at least one unit of goods."""


def wanted_of(items: tuple[Item, ...]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for item in items:
        wanted[item.sku] = wanted.get(item.sku, 0) + item.quantity
    return wanted


def taken_for(command: Reserve, state: Treasury) -> tuple[ItemReceived, ...]:
    for item in command.items:
        if item.quantity <= 0:
            raise NothingToReserve(sku=item.sku, quantity=item.quantity)
    lots = tuple(state.lots.values())
    return tuple(one for sku, quantity in wanted_of(command.items).items() for one in taken(sku, quantity, lots, command.day))


def move_goods(command: MoveGoods, state: Treasury) -> tuple[GoodsMoved, ...]:
    c, lot = command, of_lot(state.lots, command.sku, command.lot, command.from_place)
    if not 0 < c.quantity <= lot.units or c.from_place == c.to_place:
        raise StockLacksUnits(sku=c.sku, units=lot.units, quantity=c.quantity, place=c.from_place)
    item = ItemReceived(c.sku, c.quantity, worth(lot.units, lot.value_fen, c.quantity), c.lot, c.from_place, lot.expires)
    received((replace(item, place=c.to_place),), state.lots, None)
    return (GoodsMoved(c.order_id, item, c.to_place),)


def adjust(command: AdjustStock, state: Treasury) -> tuple[StockAdjusted, ...]:
    """What is held for payouts is not written off: whoever waits for it hears first that it will not come."""
    c, lot = command, of_lot(state.lots, command.sku, command.lot, command.place)
    units = abs(c.by_units)
    if units == 0 or (c.by_units < 0 and units > lot.units):
        raise StockLacksUnits(sku=c.sku, units=lot.units, quantity=units, place=c.place)
    each = worth(lot.units, lot.value_fen, min(units, lot.units)) if lot.units else 0
    value = each if c.by_units < 0 else lot.value_fen * units // lot.units if lot.units else 0
    item = ItemReceived(c.sku, units, value, c.lot, c.place, lot.expires)
    return (StockAdjusted(c.order_id, item, c.by_units > 0, c.reason, c.month),)
