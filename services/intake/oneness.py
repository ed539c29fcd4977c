"""Which persons are read as one: the links that stand now, and nothing that was ever moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import asdict, replace
from sqlalchemy import or_, select

from services.intake.domain.person import Claims, Person
from services.intake.tables import link_list
from shared.http import Door

LINKED_MAX = 16
_at = link_list.c


async def linked_to(door: Door, person_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each of these everybody who is one with them, the one in front first; themselves alone where nothing is linked."""
    asked = list(dict.fromkeys(person_ids))
    known, rows, ask = set(asked), dict[str, Mapping[str, Any]](), asked
    while ask:  # a second question only where a link was found, a third only where that one is linked again
        found = await door.rows(
            select(_at.link_id, _at.person_id, _at.linked_person_id).where(
                _at.status == "linked", or_(_at.person_id.in_(ask), _at.linked_person_id.in_(ask))
            )
        )
        rows.update({row["link_id"]: row for row in found})
        ask = list({row[end] for row in found for end in ("person_id", "linked_person_id")} - known)
        known.update(ask)
    return {person_id: _one(person_id, list(rows.values())) for person_id in asked}


def _one(person_id: str, rows: list[Mapping[str, Any]]) -> tuple[str, ...]:
    together, before = {person_id}, 0
    while len(together) != before:
        before = len(together)
        for row in rows:
            if row["person_id"] in together or row["linked_person_id"] in together:
                together |= {row["person_id"], row["linked_person_id"]}
    behind = {row["linked_person_id"] for row in rows}
    front = min(together - behind or together)
    return (front, *sorted(together - {front}))


async def one_person(door: Door, person_id: str) -> tuple[str, ...]:
    return (await linked_to(door, [person_id]))[person_id]


async def claims_of(door: Door, person_id: str, together: Iterable[str]) -> Claims | None:
    """What is known of this person; their own word first, gaps filled from those who are one with them. None: erased."""
    return (await claims_of_each(door, {person_id: tuple(together)}))[person_id]


async def claims_of_each(door: Door, together: Mapping[str, Iterable[str]]) -> dict[str, Claims | None]:
    """The same for many persons, each with those who are one with them, by one look-up: a payment run asks for hundreds."""
    people: dict[str, Person] = await door.states("person", dict.fromkeys(id_ for one in together.items() for id_ in (one[0], *one[1])))
    return {person_id: _known(person_id, one, people) for person_id, one in together.items()}


def _known(person_id: str, together: Iterable[str], people: Mapping[str, Person]) -> Claims | None:
    own = people[person_id].claims
    if not isinstance(own, Claims):
        return None
    for other in together:
        claims = people[other].claims
        if other != person_id and isinstance(claims, Claims):
            own = _filled(own, claims)
    return own


def _filled(own: Claims, other: Claims) -> Claims:
    """A bank and its account number belong together, and so do a paper and its number."""
    gaps = {name: value for name, value in asdict(other).items() if getattr(own, name) in (None, ())}
    for whole in (("account_bank", "account_number"), ("id_type", "id_number", "id_country")):
        if any(getattr(own, name) is not None for name in whole):
            gaps = {name: value for name, value in gaps.items() if name not in whole}
    return replace(own, **gaps)


async def links_of(door: Door, person_ids: Iterable[str]) -> list[dict[str, Any]]:
    """Every pair that somebody looked at, whatever became of it, newest first."""
    ids = list(person_ids)
    statement = select(link_list).where(or_(_at.person_id.in_(ids), _at.linked_person_id.in_(ids)))
    return await door.rows(statement.order_by(_at.at.desc(), _at.link_id))


async def judged_different(door: Door, person_ids: Iterable[str]) -> set[str]:
    """Those whom somebody found to be another person than any of these."""
    ids = set(person_ids)
    statement = select(_at.person_id, _at.linked_person_id).where(
        _at.different.is_(True), _at.status != "linked", or_(_at.person_id.in_(ids), _at.linked_person_id.in_(ids))
    )
    return {end for row in await door.rows(statement) for end in (row["person_id"], row["linked_person_id"])} - ids
