"""Two small services that have nothing to do with hardship: the mechanism is tested on them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Integer, LargeBinary, MetaData, Table, Text

from shared.clock import Clock, new_id
from shared.codec import Codec, Stored
from shared.envelope import Envelope, Heard, Message, Public
from shared.kernel import Decider, Rejected, Shredded
from shared.schedule import deadlines
from shared.service import Add, Change, Drop, Listener, Projection, Put, Reaction, Service, To


class Customer(Struct, frozen=True, gc=False):
    name: str
    phone: str


class PlaceOrder(Struct, frozen=True, gc=False):
    order_id: str
    customer_id: str
    customer: Customer
    loaves: int
    tags: tuple[str, ...] = ()
    pickup_at: str = ""


class CancelOrder(Struct, frozen=True, gc=False):
    why: str


class Explode(Struct, frozen=True, gc=False):
    how: str


class OrderPlaced(Struct, frozen=True, gc=False):
    order_id: str
    customer_id: str
    customer: Customer | Shredded
    loaves: int
    tags: tuple[str, ...] = ()
    pickup_at: str = ""


class OrderCancelled(Struct, frozen=True, gc=False):
    why: str


class Poisoned(Struct, frozen=True, gc=False):
    """A value no read table can hold."""

    loaves: int


class Order(Struct, frozen=True, gc=False):
    status: str = "absent"
    loaves: int = 0
    customer: Customer | Shredded | None = None


class TooManyLoaves(Rejected):
    """The oven does not hold so many loaves."""


class NoSuchOrder(Rejected):
    """There is no order to cancel."""


def decide_order(command: object, state: Order) -> tuple[object, ...]:
    match command:
        case PlaceOrder():
            if state.status != "absent":
                return ()
            if command.loaves > 100:
                raise TooManyLoaves(loaves=command.loaves)
            return (OrderPlaced(command.order_id, command.customer_id, command.customer, command.loaves, command.tags, command.pickup_at),)
        case CancelOrder():
            if state.status == "absent":
                raise NoSuchOrder
            return () if state.status == "cancelled" else (OrderCancelled(command.why),)
        case Explode(how="decision"):
            raise RuntimeError("a broken decider")
        case Explode(how="projection"):
            return (Poisoned(2**40),)
    raise AssertionError(command)


def evolve_order(state: Order, event: object) -> Order:
    match event:
        case OrderPlaced():
            return Order("placed", event.loaves, event.customer)
        case OrderCancelled():
            return Order("cancelled", state.loaves, state.customer)
    return state


ORDER = Decider("order", Order(), decide_order, evolve_order, (PlaceOrder, CancelOrder, Explode), (OrderPlaced, OrderCancelled, Poisoned))


class Count(Struct, frozen=True, gc=False):
    by: int


class Counted(Struct, frozen=True, gc=False):
    by: int


class Till(Struct, frozen=True, gc=False):
    loaves: int = 0


class TillIsFull(Rejected):
    """The till counts to a thousand."""


def decide_till(command: Count, state: Till) -> tuple[Counted, ...]:
    if state.loaves + command.by > 1000:
        raise TillIsFull(loaves=state.loaves)
    return (Counted(command.by),)


TILL = Decider("till", Till(), decide_till, lambda s, e: Till(s.loaves + e.by), (Count,), (Counted,))

tables = MetaData()
orders = Table(
    "orders",
    tables,
    Column("order_id", Text, primary_key=True),
    Column("customer_id", Text),
    Column("name", Text, info={"sealed": "customer_id"}),
    Column("phone_index", LargeBinary, info={"blind": "phone"}),
    Column("loaves", Integer),
    Column("tags", ARRAY(Text)),
    Column("status", Text),
    Column("at", DateTime(timezone=True)),
)
totals = Table("totals", tables, Column("day", Text, primary_key=True), Column("loaves", Integer, nullable=False, server_default="0"))
log = Table(
    "log",
    tables,
    Column("position", BigInteger, primary_key=True, autoincrement=False, info={"sequence": "log"}),
    Column("what", Text),
    Column("event", Text),
)


class OrderPlacedData(Struct, frozen=True, gc=False):
    order_id: str
    loaves: int


def placed_rows(e: Envelope) -> Iterable[Put | Add]:
    d = e.data
    named = None if isinstance(d.customer, Shredded) else d.customer
    yield Put(
        orders,
        {
            "order_id": d.order_id, "customer_id": d.customer_id, "name": named.name if named else None, "phone_index": named.phone if named else None,
            "loaves": d.loaves, "tags": d.tags, "status": "placed", "at": e.at,
        },
    )  # fmt: skip
    yield Add(totals, {"day": str(e.at.date())}, {"loaves": d.loaves})
    if d.pickup_at:
        yield Put(deadlines, {"id": f"pickup-{d.order_id}", "name": "pickup", "stream_id": d.order_id, "due_at": d.pickup_at, "facts": {}})


def cancelled_rows(e: Envelope) -> Iterable[Change | Drop]:
    yield Change(orders, {"order_id": e.key}, {"status": "cancelled"})
    yield Drop(deadlines, {"id": f"pickup-{e.key}"})


BAKERY = Service(
    "bakery",
    (ORDER, TILL),
    Codec(Stored(OrderPlaced, sealed={"customer": "customer_id"}), Stored(OrderCancelled), Stored(Poisoned), Stored(Counted)),
    {
        OrderPlaced: lambda e: (Public("bakery.order_placed.v1", OrderPlacedData(e.data.order_id, e.data.loaves)),),
        OrderCancelled: lambda e: (
            Public("bakery.order_cancelled.v1", {"order_id": e.key}),
            Public("bakery.oven_freed.v1", {"order_id": e.key}),
        ),
    },
    {"bakery.order_placed.v1": OrderPlacedData},
    tables,
    (
        Projection("orders", (orders, totals), {OrderPlaced: placed_rows, OrderCancelled: cancelled_rows}),
        Projection("poison", (), {Poisoned: lambda e: (Put(totals, {"day": "never", "loaves": e.data.loaves}),)}),
    ),
    follow={OrderPlaced: lambda e: (To("till", "main", Count(e.data.loaves)),) if "counted" in e.data.tags else ()},
    due={"pickup": lambda key, facts: (To("order", key, CancelOrder("not picked up")),)},
)


def place(loaves: int = 1, *, tags: tuple[str, ...] = (), order: str | None = None, pickup_at: str = "") -> To:
    key = order or new_id()
    return To("order", key, PlaceOrder(key, new_id(), Customer("陈大文", "138 0013 8000"), loaves, tags, pickup_at))


class Bake(Struct, frozen=True, gc=False):
    loaves: int


class Baked(Struct, frozen=True, gc=False):
    loaves: int
    number: int


class Loaf(Struct, frozen=True, gc=False):
    baked: int = 0


class OvenBroken(Rejected):
    """The oven refuses thirteen."""


def decide_loaf(command: Bake, state: Loaf) -> tuple[Baked, ...]:
    if command.loaves == 13:
        raise OvenBroken
    if command.loaves == 66:
        raise RuntimeError("a broken decider")
    return (Baked(command.loaves, state.baked + 1),)


LOAF = Decider("loaf", Loaf(), decide_loaf, lambda s, e: Loaf(e.number), (Bake,), (Baked,))
oven_tables = MetaData()
feed = Table(
    "feed",
    oven_tables,
    Column("position", BigInteger, primary_key=True, autoincrement=False, info={"sequence": "feed"}),
    Column("type", Text),
    Column("key", Text),
)


def on_order_placed(heard: Heard) -> Iterable[To]:
    yield To("loaf", heard.data.order_id, Bake(heard.data.loaves))


OVEN = Service(
    "oven",
    (LOAF,),
    Codec(Stored(Baked)),
    {Baked: lambda e: (Public("oven.baked.v1", {"order_id": e.key, "number": e.data.number}),)},
    {},
    oven_tables,
    (),
    reactions=(Reaction("bakery.order_placed.v1", OrderPlacedData, on_order_placed),),
    listeners=(Listener("feed", (feed,), ("bakery.*",), dict, lambda h: (Put(feed, {"type": h.type, "key": h.stream}),)),),
)


def said(kind: str, value: bytes, key: str) -> Message:
    """What the bakery says to the oven, in these words."""
    event = new_id()
    return Message(event, kind, "bakery.events", key, value, Clock().now(), event)


def placed(name: str) -> Message:
    return said("bakery.order_placed.v1", b'{"order_id": "%s", "loaves": 1}' % name.encode(), f"bakery.order-{name}")
