"""What is asked of allocations: lists, the published ranking, and where one application stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Text, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from services.matching.domain.ranking import Application
from services.matching.tables import allocation_list, allocation_publications, application_list, assessment_list
from shared.http import Door

_A = application_list.c
_HIDDEN = 4  # how many signs at the end of a number the public list shows


def masked(number: str) -> str:
    """A number as the public list shows it: who has it knows it again, nobody learns it."""
    return f"····{number[-_HIDDEN:]}"


async def allocation_page(door: Door, filters: Mapping[str, Any], *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    t = allocation_list
    statement = select(t).where(*[t.c[name] == value for name, value in filters.items() if value is not None])
    return await door.page(statement, order=(t.c.year, t.c.opens_at, t.c.id), limit=limit, cursor=cursor)


async def allocation_row(door: Door, allocation_id: str) -> dict[str, Any] | None:
    rows = await door.rows(select(allocation_list).where(allocation_list.c.id == allocation_id))
    return rows[0] if rows else None


async def outcomes(door: Door, allocation_id: str) -> dict[str, int]:
    """How many applications stand, and how many have each outcome now."""
    grouped = select(_A.outcome, _A.withdrawn, func.count().label("n")).where(_A.allocation_id == allocation_id)
    rows = await door.rows(grouped.group_by(_A.outcome, _A.withdrawn))
    counted = {"applications": sum(row["n"] for row in rows if not row["withdrawn"])}
    for name in ("admitted", "taken", "waiting", "below_minimum", "left", "lapsed", "duplicate", "returned"):
        counted[name] = sum(row["n"] for row in rows if row["outcome"] == name)
    return counted


async def publications(door: Door, allocation_id: str) -> list[dict[str, Any]]:
    """Every publication, the first first, with what it changed."""
    t = allocation_publications
    return await door.rows(select(t).where(t.c.allocation_id == allocation_id).order_by(t.c.publication))


async def standing_applications(door: Door, allocation_id: str) -> tuple[Application, ...]:
    """What is to be ranked: every application that was not withdrawn."""
    chosen = select(_A.number, _A.points, _A["items"], _A.applied_at).where(_A.allocation_id == allocation_id, ~_A.withdrawn)
    return tuple([Application(row["number"], row["points"], row["items"], row["applied_at"]) for row in await door.rows(chosen)])


async def applicants(door: Door, allocation_id: str) -> dict[str, str]:
    """Whose each standing application is, by number."""
    chosen = select(_A.number, _A.person_id).where(_A.allocation_id == allocation_id, ~_A.withdrawn)
    return {row["number"]: row["person_id"] for row in await door.rows(chosen)}


async def chains_of(door: Door, persons: Collection[str]) -> dict[str, set[str]]:
    """Under which households the help of these persons is kept; without a case under their own id."""
    t, found = assessment_list.c, {person: {person} for person in persons}
    these = t.person_id == any_(literal(sorted(persons), ARRAY(Text)))  # one parameter, however many they are
    for row in await door.rows(select(t.person_id, t.household_id).where(these)):
        found[row["person_id"]].add(row["household_id"])
    return found


async def ranking(
    door: Door, allocation_id: str, *, after: int = 0, limit: int | None = None, outcome: str | None = None
) -> list[dict[str, Any]]:
    """The published order from a rank on: numbers masked, points, rank, outcome, position on the waiting list, and what decided."""
    chosen = select(_A.number, _A.rank, _A.ranked_points.label("points"), _A.outcome, _A.decided_by, _A.moved_up)
    latest = select(func.max(_A.publication)).where(_A.allocation_id == allocation_id).scalar_subquery()
    chosen = chosen.where(_A.allocation_id == allocation_id, _A.publication == latest, _A.rank > after)
    if outcome is not None:
        chosen = chosen.where(_A.outcome == outcome)
    rows = await door.rows(chosen.order_by(_A.rank).limit(limit))
    position = await _waiting(door, allocation_id, after) if after else 0
    for row in rows:
        waits = row["outcome"] == "waiting"
        position += waits
        row |= {"number": masked(row["number"]), "position": position if waits else None}
    return rows


async def _waiting(door: Door, allocation_id: str, up_to: int) -> int:
    """How many wait, up to this rank and with it."""
    before = select(func.count().label("n")).where(_A.allocation_id == allocation_id, _A.outcome == "waiting", _A.rank <= up_to)
    return int((await door.rows(before))[0]["n"])


async def application_row(door: Door, allocation_id: str, number: str) -> dict[str, Any] | None:
    """One application by its whole number, with its position on the waiting list as it is now."""
    found = await door.rows(select(application_list).where(_A.allocation_id == allocation_id, _A.number == number))
    if not found:
        return None
    row, position = found[0], None
    if row["outcome"] == "waiting":
        position = await _waiting(door, allocation_id, row["rank"])
    return {**row, "position": position}
