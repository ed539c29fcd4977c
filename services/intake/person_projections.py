"""From what became of pairs and households to rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.intake.domain import household as h
from services.intake.domain import link as k
from services.intake.tables import household_list, link_list, member_list
from shared.envelope import Envelope
from shared.service import Change, Drop, Projection, Put, RowChange


def _linked(e: Envelope) -> Iterable[RowChange]:
    p: k.PersonsLinked = e.data
    yield Put(
        link_list, {**_pair(e, p.link_id, p.pair), "status": "linked", "different": False, "reason": p.reason, "because": list(p.because)}
    )


def _pair(e: Envelope, link_id: str, pair: k.Pair) -> dict[str, Any]:
    return {"link_id": link_id, "person_id": pair.person_id, "linked_person_id": pair.linked_person_id, "by": e.actor, "at": e.data.at}


def _unlinked(e: Envelope) -> Iterable[RowChange]:
    values = {"status": "apart", "reason": e.data.reason, "by": e.actor, "at": e.data.at}
    yield Change(link_list, {"link_id": e.data.link_id}, values)


def _different(e: Envelope) -> Iterable[RowChange]:
    d: k.JudgedDifferent = e.data
    yield Put(link_list, {**_pair(e, d.link_id, d.pair), "status": "different", "different": True, "reason": d.reason, "because": []})


def _household(e: Envelope) -> Iterable[RowChange]:
    c: h.HouseholdChanged = e.data
    size = h.Household(c.household_id, c.members, c.others).size()
    yield Put(household_list, {"household_id": c.household_id, "others": c.others, "size": size, "changed_at": c.at})
    for gone in c.left:
        yield Drop(member_list, {"household_id": c.household_id, "person_id": gone.person_id})
    for member in c.members:
        key = {"household_id": c.household_id, "person_id": member.person_id}
        yield Put(member_list, {**key, "role": member.role, "since": member.since, "carved_out": member.carved_out})


LINKS = Projection("links", (link_list,), {k.PersonsLinked: _linked, k.PersonsUnlinked: _unlinked, k.JudgedDifferent: _different})
HOUSEHOLDS = Projection("households", (household_list, member_list), {h.HouseholdChanged: _household})
