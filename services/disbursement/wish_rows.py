"""The shape micro-wishes are read in, how it comes to be, and what everybody may see of it; what follows from them in the same unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Select, Table, Text, select
from sqlalchemy.dialects.postgresql import JSONB

from services.disbursement.domain import wish as w
from services.disbursement.domain.payout import PayoutCancelled, PayoutRefused, PayoutRejected, PayoutReturned, PayoutSettled, RequestPayout
from services.disbursement.tables import TABLES
from shared.clock import SHANGHAI
from shared.envelope import Envelope
from shared.schedule import deadlines
from shared.service import Change, Drop, Projection, Put, RowChange, To

wishes = Table(
    "wishes", TABLES,
    Column("wish_id", Text, primary_key=True),
    Column("payout_id", Text),
    Column("case_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("org_id", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("taken_by", Text, nullable=False),
    Column("until", Date),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Index("wishes_state", "state", "opened_at", "wish_id"),
    Index("wishes_case", "case_id"),
    Index("wishes_person", "person_id"),
)  # fmt: skip


def _promise(wish_id: str) -> str:
    return f"wish:{wish_id}"


def opened(e: Envelope) -> Iterable[RowChange]:
    d: w.WishOpened = e.data
    row = {
        "wish_id": d.wish_id, "payout_id": None, "case_id": d.case_id, "person_id": d.person_id, "org_id": d.org_id,
        "district": d.district[:6], "month": d.month, "amount_fen": d.amount_fen, "items": d.items, "state": "open", "taken_by": "",
        "until": None, "opened_at": e.at,
    }  # fmt: skip
    return (Put(wishes, row),)


def taken_up(e: Envelope) -> Iterable[RowChange]:
    d: w.WishTakenUp = e.data
    yield Change(wishes, {"wish_id": d.wish_id}, {"taken_by": d.by, "until": d.until})
    over = datetime.combine(d.until + timedelta(days=1), time(), SHANGHAI)
    yield Put(deadlines, {"id": _promise(d.wish_id), "name": "promise_lapses", "stream_id": d.wish_id, "due_at": over, "facts": {}})


def _now(state: str) -> Callable[[Envelope], Iterable[RowChange]]:
    """What ends a promise leaves no deadline behind."""

    def change(e: Envelope) -> Iterable[RowChange]:
        d: Any = e.data
        wish_id = d.opened.wish_id if isinstance(d, w.WishGranted) else d.wish_id
        values: dict[str, Any] = {"state": state}
        if isinstance(d, w.WishGranted):
            values["payout_id"] = d.payout_id
        elif not isinstance(d, w.WishFulfilled):
            values |= {"taken_by": "", "until": None}
        yield Change(wishes, {"wish_id": wish_id}, values)
        yield Drop(deadlines, {"id": _promise(wish_id)})

    return change


WISH_LIST = Projection(
    "wishes",
    (wishes,),
    {
        w.WishOpened: opened,
        w.WishTakenUp: taken_up,
        w.WishGivenUp: _now("open"),
        w.WishGranted: _now("being_granted"),
        w.WishFulfilled: _now("fulfilled"),
        w.WishReopened: _now("open"),
        w.WishWithdrawn: _now("withdrawn"),
    },
)


def wish_list(state: str | None, org_id: str | None) -> Select[Any]:
    """Wishes as those see them who work on them; never who wishes."""
    wanted = select(*[c for c in wishes.c if c.name != "person_id"])
    for column, value in ((wishes.c.state, state), (wishes.c.org_id, org_id)):
        if value is not None:
            wanted = wanted.where(column == value)
    return wanted


def public_wishes() -> Select[Any]:
    """What is wished for, in which district, since which month, and whether somebody has taken it up: nothing that leads to a person."""
    c = wishes.c
    return select(c.wish_id, c.district, c.month, c.amount_fen, c["items"], (c.taken_by != "").label("taken_up"), c.opened_at).where(
        c.state == "open"
    )


def wishes_about(about: str, key: str) -> Select[Any]:
    column = {"case": wishes.c.case_id, "person": wishes.c.person_id}.get(about)
    chosen = select(wishes.c.wish_id).where(wishes.c.state.in_(("open", "being_granted")))
    return chosen.where(wishes.c.wish_id == "") if column is None else chosen.where(column == key)


def granted(e: Envelope) -> Iterable[To]:
    """A wish is granted through a payout like any other; the id is that of the case, the programme and the year."""
    d: w.WishGranted = e.data
    o = d.opened
    kind = "goods" if o.items else "cash"
    asked = RequestPayout(
        d.payout_id, o.case_id, o.person_id, "", o.org_id, w.PROGRAMME, o.period, 1, o.district, kind, d.fund_id, o.amount_fen, o.items, o.need,
        o.wish_id,
    )  # fmt: skip
    yield To("payout", d.payout_id, asked)


def ended(e: Envelope) -> Iterable[To]:
    d: PayoutSettled | PayoutRefused | PayoutCancelled | PayoutRejected | PayoutReturned = e.data
    failed = isinstance(d, PayoutRejected | PayoutReturned)
    outcome = "settled" if isinstance(d, PayoutSettled) else "failed" if failed else "stopped"
    if d.terms.wish_id:
        yield To("wish", d.terms.wish_id, w.NoteGrant(d.terms.payout_id, outcome))


WISH_FOLLOW: Mapping[type, tuple[Callable[[Envelope], Iterable[To]], ...]] = {
    w.WishGranted: (granted,),
    PayoutSettled: (ended,),
    PayoutRefused: (ended,),
    PayoutCancelled: (ended,),
    PayoutRejected: (ended,),
    PayoutReturned: (ended,),
}
