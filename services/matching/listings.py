"""How an entry of the directory comes in, and how it is shown: with its free places, its freshness and what it served."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from services.matching import views
from services.matching.asked import EligibilityIn, ServiceIn
from services.matching.domain.directory import Listing, Standing
from services.matching.domain.fitting import Condition, Eligibility, fault_of, sound
from services.matching.domain.offering import PLAIN, Contract, CostOption, Opening, Terms, cost_of, in_force
from services.matching.rulebook import RULEBOOK
from shared.clock import local_day
from shared.http import Door, Invalid

_PLAIN_TERMS, _EVERYBODY = msgspec.to_builtins(PLAIN), msgspec.to_builtins(Eligibility())


def terms_of(body: ServiceIn) -> Terms:
    """The terms as asked for; raises `Invalid` where days or times run backwards."""
    for n, opening in enumerate(body.schedule):
        if opening.closes_at <= opening.opens_at:
            raise Invalid(pointer=f"/schedule/{n}/closes_at", detail="must lie after opens_at")
    c = body.contract
    if c is not None and c.valid_to < c.valid_from:
        raise Invalid(pointer="/contract/valid_to", detail="must not lie before valid_from")
    return Terms(
        tuple([Opening(tuple(one.days), one.opens_at, one.closes_at) for one in body.schedule]),
        tuple(body.languages),
        tuple(body.required_documents),
        tuple([CostOption(one.option, one.amount_fen) for one in body.cost]),
        tuple(body.accessibility),
        None if c is None else Contract(c.contract_ref, c.valid_from, c.valid_to, c.places, c.price_fen),
    )


def eligibility_of(body: EligibilityIn) -> Eligibility:
    """Raises `Invalid` where nobody could ever meet the conditions as they are written."""
    if body.minimum_age is not None and body.maximum_age is not None and body.maximum_age < body.minimum_age:
        raise Invalid(pointer="/eligibility/maximum_age", detail="must not lie below minimum_age")
    conditions = []
    for n, one in enumerate(body.conditions):
        condition = Condition(one.fact, one.op, tuple(one.value) if isinstance(one.value, list) else (one.value,))
        wrong = fault_of(condition) or ("" if sound(condition) else "value")
        if wrong:
            raise Invalid(pointer=f"/eligibility/conditions/{n}/{wrong}", detail="does not go with this comparison")
        conditions.append(condition)
    return Eligibility(body.minimum_age, body.maximum_age, tuple(body.districts), tuple(conditions))


def listing_of(body: ServiceIn, key: str, kind: str, place_code: str = "") -> Listing:
    """The entry as asked for; where a contract buys places and nothing else is said, those are the places."""
    terms = terms_of(body)
    bought = terms.contract.places if terms.contract is not None else None
    return Listing(
        key, body.organization_id, body.name, kind, tuple(body.needs), tuple(body.programmes), tuple(body.districts),
        bought if body.places is None else body.places, tuple([Standing(s.programme, s.fund_id, s.max_fen) for s in body.standing]),
        body.location_id, body.description, terms, eligibility_of(body.eligibility), place_code,
    )  # fmt: skip


def fresh_days(on: date) -> int:
    """For how many days a confirmed entry counts as fresh, by the rules of this day."""
    return RULEBOOK.number("entry_fresh_days", on)


def with_capacity(row: Mapping[str, Any], on: date, served: Mapping[str, int] | None = None) -> dict[str, Any]:
    """A service as read on a day: HSDS names beside ours, whether it is fresh, and what it served by month."""
    places, taken = row["places"], row["held"] + row["used"]
    free = None if places is None else max(0, places - taken)
    capacity = {"maximum": places, "available": free, "held": row["held"], "used": row["used"], "updated": row["capacity_at"]}
    # Rows of before there were terms hold none, and no day of confirmation, until the table is grown anew.
    terms = {**_PLAIN_TERMS, **(row["terms"] or {})}
    contract = None if terms["contract"] is None else msgspec.convert(terms["contract"], Contract)
    by_month, assured = dict(served or {}), row["assured_on"] or local_day(row["changed_at"])
    counted = {"by_month": by_month, "total": sum(by_month.values()), "cost_fen": cost_of(contract, by_month)}
    shown = {**{name: value for name, value in row.items() if name != "terms"}, **terms, "eligibility": row["eligibility"] or _EVERYBODY}
    counted["cost_per_served_fen"] = None if contract is None else contract.price_fen
    fresh = (on - assured).days <= fresh_days(on)
    return {**shown, "free": free, "capacity": capacity, "served": counted, "assured_at": assured, "fresh": fresh,
            "in_contract": in_force(contract, on)}  # fmt: skip


async def shown(door: Door, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """These services as read today."""
    on, served = local_day(door.now), await views.served_by_month(door, [row["id"] for row in rows])
    return [with_capacity(row, on, served.get(row["id"])) for row in rows]
