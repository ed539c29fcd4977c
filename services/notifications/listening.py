"""From every public event of the product to one row of the feed, and to the numbers of the first page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from services.notifications.tables import feed, flow
from shared.clock import local_day
from shared.envelope import Heard
from shared.service import Add, Listener, Put, RowChange


class Item(Struct, frozen=True, gc=False):
    quantity: int = 0


class Subjects(Struct, frozen=True, gc=False):
    """What every public event may say about whom it concerns; the rest of its data is kept as it came."""

    case_id: str | None = None
    org_id: str | None = None
    person_id: str | None = None
    district: str | None = None
    residence_code: str | None = None
    needs: tuple[str, ...] | None = None
    need: str | None = None
    amount_fen: int | None = None
    items: tuple[Item, ...] | None = None
    facts: Raw | UnsetType = UNSET


_subjects = msgspec.json.Decoder(Subjects)


def _reports(_: Subjects) -> Mapping[str, int]:
    return {"reports": 1}


def _cases(_: Subjects) -> Mapping[str, int]:
    return {"cases": 1}


def _referred(_: Subjects) -> Mapping[str, int]:
    return {"referred": 1}


def _accepted(_: Subjects) -> Mapping[str, int]:
    return {"accepted": 1}


def _paid(of: Subjects) -> Mapping[str, int]:
    return {"paid": 1, "paid_fen": of.amount_fen or 0}


def _goods(of: Subjects) -> Mapping[str, int]:
    return {"goods": sum(i.quantity for i in of.items or ())}


COUNTED: Mapping[str, Callable[[Subjects], Mapping[str, int]]] = {
    "intake.report_received.v1": _reports,
    "intake.case_opened.v1": _cases,
    "matching.referral_offered.v1": _referred,
    "matching.referral_accepted.v1": _accepted,
    "disbursement.payout_settled.v1": _paid,
    "disbursement.goods_issued.v1": _goods,
}


def _shared_data(raw: Raw, of: Subjects) -> Any:
    """Coded facts are for services only: they are neither kept here in the clear nor handed on."""
    if of.facts is UNSET:
        return raw
    data = msgspec.json.decode(raw)
    del data["facts"]
    return data


def every_event(heard: Heard) -> Iterable[RowChange]:
    """The row of the feed; the writer gives it the next position in the same transaction."""
    raw: Raw = heard.data
    of = _subjects.decode(raw)
    place = of.district or of.residence_code
    district = place[:6] if place else None
    needs = of.needs if of.needs is not None else (of.need,) if of.need else None
    row = Put(feed, {
        "event_id": heard.id, "type": heard.type, "case_id": of.case_id, "org_id": of.org_id, "person_id": of.person_id,
        "district": district, "needs": needs, "at": heard.at, "data": _shared_data(raw, of), "correlation": heard.correlation,
        "causation": heard.causation,
    })  # fmt: skip
    counted = COUNTED.get(heard.type)
    if counted is None:
        return (row,)
    return (row, Add(flow, {"day": local_day(heard.at), "district": district or ""}, counted(of)))


EVERYTHING = Listener(
    "every_event",
    (feed, flow),
    ("intake.*", "matching.*", "disbursement.*", "notifications.*"),
    Raw,
    every_event,
    known=feed.c.event_id,
)
