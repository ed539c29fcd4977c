"""What people do in the stores: carry goods elsewhere, count them, write them off; what changes their number takes two people.

absent --Ask move, or a count that fits--> done
absent --Ask--> asked --Confirm--> done
                asked --Refuse---> refused
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from shared.kernel import Decider, Rejected

KINDS = frozenset(("move", "count", "write_off"))
REASONS = frozenset(("damaged", "expired", "lost", "found", "miscounted"))
MOST_UNITS = 10_000_000


class AskStockOrder(Struct, frozen=True, gc=False):
    """`quantity` is what is carried or written off, or what was counted on the shelf, held units included; `booked` what the books say
    lies there. `reason` is a code of `REASONS`, for a move empty. The id is the caller's: said again it changes nothing."""

    order_id: str
    kind: str
    sku: str
    lot: str
    place: str
    quantity: int
    by: str
    to_place: str = ""
    reason: str = ""
    booked: int = 0
    month: str = ""


class ConfirmStockOrder(Struct, frozen=True, gc=False):
    """`booked` is what the books say now, `month` the local month, `YYYY-MM`."""

    by: str
    month: str
    booked: int = 0


class RefuseStockOrder(Struct, frozen=True, gc=False):
    by: str


class StockOrderAsked(Struct, frozen=True, gc=False):
    order_id: str
    kind: str
    sku: str
    lot: str
    place: str
    quantity: int
    by: str
    to_place: str
    reason: str
    booked: int


class StockOrderDone(Struct, frozen=True, gc=False):
    """`by_units` is how many units there are more (above zero) or fewer now; 0 of a move, and of a count that fits."""

    order_id: str
    kind: str
    sku: str
    lot: str
    place: str
    quantity: int
    by: str
    to_place: str
    reason: str
    by_units: int
    month: str


class StockOrderRefused(Struct, frozen=True, gc=False):
    order_id: str
    by: str


class StockOrder(Struct, frozen=True, gc=False):
    status: str = "absent"
    asked: StockOrderAsked | None = None


class StockOrderUnknown(Rejected):
    """There is no such order in the stores."""


class StockOrderIsNone(Rejected):
    """An order carries, counts or writes off whole units: above zero, or zero and more where they were counted."""


class StockReasonUnknown(Rejected):
    """Goods are written off as damaged, expired or lost; a count differs because they were lost, found, damaged or miscounted."""


class StockOrderDiffersFromFirst(Rejected):
    """An order with this id was asked before about other goods, another number or for another reason."""


class StockOrderIsOver(Rejected):
    """The order was confirmed or refused already."""


class AnotherPersonCounts(Rejected):
    """Whoever asked does not confirm it."""


class CountedBefore(Rejected):
    """What lies there has changed since it was counted; it is counted again."""


def decide(command: Any, state: StockOrder) -> tuple[Any, ...]:
    match command:
        case AskStockOrder():
            return ask(command, state)
        case ConfirmStockOrder():
            return confirm(command, state)
        case RefuseStockOrder():
            return refuse(command, state)
    raise AssertionError(type(command).__name__)


def ask(command: AskStockOrder, state: StockOrder) -> tuple[Any, ...]:
    c = command
    if c.kind not in KINDS or not (0 if c.kind == "count" else 1) <= c.quantity <= MOST_UNITS:
        raise StockOrderIsNone(kind=c.kind[:40], quantity=c.quantity)
    fits = c.kind == "count" and c.quantity == c.booked
    allowed = {"move": {""}, "write_off": {"damaged", "expired", "lost"}, "count": {""} if fits else REASONS - {"expired"}}[c.kind]
    if c.reason not in allowed and not fits:
        raise StockReasonUnknown(kind=c.kind, reason=c.reason[:40])
    before = state.asked
    if before is not None:
        first = (before.kind, before.sku, before.lot, before.place, before.quantity, before.to_place, before.reason)
        if first != (c.kind, c.sku, c.lot, c.place, c.quantity, c.to_place, c.reason):
            raise StockOrderDiffersFromFirst(order_id=c.order_id)
        return ()
    asked = StockOrderAsked(c.order_id, c.kind, c.sku, c.lot, c.place, c.quantity, c.by, c.to_place, c.reason, c.booked)
    return (asked, _done(asked, c.by, 0, c.month)) if c.kind == "move" or fits else (asked,)


def _done(a: StockOrderAsked, by: str, by_units: int, month: str) -> StockOrderDone:
    return StockOrderDone(a.order_id, a.kind, a.sku, a.lot, a.place, a.quantity, by, a.to_place, a.reason, by_units, month)


def _open(state: StockOrder) -> StockOrderAsked:
    if state.asked is None:
        raise StockOrderUnknown
    return state.asked


def confirm(command: ConfirmStockOrder, state: StockOrder) -> tuple[StockOrderDone, ...]:
    a = _open(state)
    if state.status == "done":
        return ()
    if state.status == "refused":
        raise StockOrderIsOver(status=state.status)
    if command.by == a.by:
        raise AnotherPersonCounts(order_id=a.order_id)
    if a.kind == "count" and command.booked != a.booked:
        raise CountedBefore(booked_then=a.booked, booked_now=command.booked)
    return (_done(a, command.by, a.quantity - a.booked if a.kind == "count" else -a.quantity, command.month),)


def refuse(command: RefuseStockOrder, state: StockOrder) -> tuple[StockOrderRefused, ...]:
    a = _open(state)
    if state.status == "done":
        raise StockOrderIsOver(status=state.status)
    return () if state.status == "refused" else (StockOrderRefused(a.order_id, command.by),)


def evolve(state: StockOrder, event: Any) -> StockOrder:
    match event:
        case StockOrderAsked():
            return StockOrder("asked", event)
        case StockOrderDone():
            return StockOrder("done", state.asked)
        case StockOrderRefused():
            return StockOrder("refused", state.asked)
    return state


STOCK_ORDER = Decider(
    noun="stock_order",
    absent=StockOrder(),
    decide=decide,
    evolve=evolve,
    commands=(AskStockOrder, ConfirmStockOrder, RefuseStockOrder),
    events=(StockOrderAsked, StockOrderDone, StockOrderRefused),
)
