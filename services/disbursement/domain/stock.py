"""Goods in the stores: each lot of one kind in one place, with its value at receipt and the day until which it may be given out.

A lot that nobody named is the kind's own, everywhere and without a last day: so goods of before have one too. What leaves first is
what expires first (FEFO), from one place where one has enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Rejected

WARN_DAYS = 30
"""So many days before its last day people see that a lot will expire."""


class Item(Struct, frozen=True, gc=False):
    """Some units of one kind of goods."""

    sku: str
    quantity: int


class ItemReceived(Struct, frozen=True, gc=False):
    """Units of one kind with their value at receipt: fen for all of them together; of which lot, where, and good until when."""

    sku: str
    quantity: int
    value_fen: int
    lot: str = ""
    place: str = ""
    expires: date | None = None

    @property
    def key(self) -> str:
        return lot_key(self.sku, self.lot, self.place)


class Stock(Struct, frozen=True, gc=False):
    """One kind of goods: units in the stores and their value, units held for payouts and theirs."""

    units: int = 0
    value_fen: int = 0
    held_units: int = 0
    held_value_fen: int = 0
    issued_units: int = 0
    issued_value_fen: int = 0


class Lot(Struct, frozen=True, gc=False):
    """Units of a lot in one place that are free, with their value; and how many more are held there for payouts."""

    sku: str
    lot: str
    place: str
    expires: date | None
    units: int
    value_fen: int
    held_units: int = 0


class StockLacksUnits(Rejected):
    """The stores have fewer units of these goods than asked for."""


class LotDiffers(Rejected):
    """This lot lies in this place already with another last day."""


class LotUnknown(Rejected):
    """There is no such lot in this place."""


class LotExpired(Rejected):
    """Goods are neither taken in nor given out after their last day."""


def lot_key(sku: str, lot: str, place: str) -> str:
    """What one lot in one place is known by; none of the three holds a bar."""
    return f"{sku}|{lot}|{place}"


def worth(units: int, value_fen: int, quantity: int) -> int:
    """What so many of these units are worth: average value at receipt, in fen, rounded down; the last units take the rest."""
    return value_fen if quantity == units else value_fen * quantity // units


def moved(stock: Mapping[str, Stock], items: Iterable[ItemReceived], **signs: int) -> dict[str, Stock]:
    """Add each item's units and value to the named columns of its kind, with a sign."""
    found = dict(stock)
    for item in items:
        at = found.get(item.sku, Stock())
        changes: dict[str, int] = {}
        for column, sign in signs.items():
            value = "value_fen" if column == "units" else column.replace("units", "value_fen")
            changes[column] = changes.get(column, getattr(at, column)) + sign * item.quantity
            changes[value] = changes.get(value, getattr(at, value)) + sign * item.value_fen
        found[item.sku] = replace(at, **changes)
    return found


def laid(lots: Map[str, Lot], items: Iterable[ItemReceived], *, free: int = 0, held: int = 0) -> Map[str, Lot]:
    """Add each item to its lot, to what is free and to what is held, each with a sign; a lot of which nothing is left is gone."""
    for item in items:
        at = lots.get(item.key) or Lot(item.sku, item.lot, item.place, item.expires, 0, 0)
        at = replace(
            at, units=at.units + free * item.quantity, value_fen=at.value_fen + free * item.value_fen,
            held_units=at.held_units + held * item.quantity,
        )  # fmt: skip
        lots = lots.set(item.key, at) if at.units or at.held_units else lots.delete(item.key) if item.key in lots else lots
    return lots


def not_expired(items: Iterable[ItemReceived], day: date | None) -> None:
    """Whether these may be given out on this day; raises `LotExpired`. Commands of before carry no day."""
    for item in items:
        if day is not None and item.expires is not None and item.expires < day:
            raise LotExpired(sku=item.sku, lot=item.lot, expires=item.expires.isoformat())


def received(items: tuple[ItemReceived, ...], lots: Mapping[str, Lot], day: date | None) -> None:
    """Whether goods may be laid where they are said to lie; raises `LotDiffers`, `LotExpired`."""
    said: dict[str, date | None] = {}
    for item in items:
        there = lots.get(item.key)
        last = said.setdefault(item.key, item.expires if there is None else there.expires)
        if last != item.expires:
            raise LotDiffers(sku=item.sku, lot=item.lot, place=item.place)
    not_expired(items, day)


def taken(sku: str, quantity: int, lots: Iterable[Lot], day: date | None) -> tuple[ItemReceived, ...]:
    """Which lots so many units come from: what expires first, from one place where one has enough; nothing past its last day.

    Without a `day` (commands of before carry none) nothing counts as expired. Raises `StockLacksUnits`.
    """
    good = [one for one in lots if one.sku == sku and one.units and (day is None or one.expires is None or one.expires >= day)]
    good.sort(key=lambda one: (one.expires or date.max, one.lot, one.place))
    if sum(one.units for one in good) < quantity:
        raise StockLacksUnits(sku=sku, units=sum(one.units for one in good), quantity=quantity)
    by_place: dict[str, int] = {}
    for one in good:
        by_place[one.place] = by_place.get(one.place, 0) + one.units
    enough = next((one.place for one in good if by_place[one.place] >= quantity), None)
    found, left = [], quantity
    for one in good:
        if left and (enough is None or one.place == enough):
            units = min(left, one.units)
            found.append(ItemReceived(sku, units, worth(one.units, one.value_fen, units), one.lot, one.place, one.expires))
            left -= units
    return tuple(found)


def of_lot(lots: Mapping[str, Lot], sku: str, lot: str, place: str) -> Lot:
    """Raises `LotUnknown`."""
    found = lots.get(lot_key(sku, lot, place))
    if found is None:
        raise LotUnknown(sku=sku, lot=lot, place=place)
    return found
