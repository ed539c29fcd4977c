"""The door to applications for a place, and to appeals against the published order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from services.matching import allocation_views as views
from services.matching.api.allocations import Anyone, Office, known, take_until
from services.matching.api.schemes import counted
from services.matching.asked import PointsIn
from services.matching.asked_allocations import AppealDecisionIn, AppealIn, ApplicationIn
from services.matching.domain import allocation as al
from services.matching.domain import application as ap
from services.matching.domain.appeal_decisions import NOT_THE_SAME
from services.matching.domain.schemes import answer
from services.matching.rulebook import SCHEMES
from shared.execute import Done
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/matching/v1/allocations/{allocation_id}", tags=["allocations"])
Desk = Annotated[Door, Depends(door_for("gov", "admin", "caseworker", "operator"))]
Appeal = Annotated[int, Path(ge=1, le=1_000_000)]


def number_of(door: Door, allocation_id: str, person_id: str) -> str:
    """Always the same for the same person here, so nobody stands in the order twice; nobody can guess it."""
    digits = door.named_id("application", allocation_id, person_id).replace("-", "")
    # Two of the digits between are fixed; those at both ends are not.
    drawn = (digits[:12] + digits[-4:]).upper()
    return "-".join(drawn[n : n + 4] for n in range(0, 16, 4))


async def _shown(row: dict[str, Any], shown: PointsIn, door: Door, at: str = "/shown") -> dict[str, int]:
    """The points by item as of the published day; raises `Invalid` naming the field."""
    if shown.as_of is not None:
        raise Invalid(f"{at}/as_of", "points count as of the published day")
    try:
        return {one.item: one.points for one in await counted(shown, row["points_on"], door)}
    except Invalid as wrong:
        raise Invalid(f"{at}{wrong.pointer}", wrong.detail) from None


def _verdict(row: dict[str, Any], facts: Mapping[str, Any], district: str | None) -> str:
    """What the conditions of the scheme say; a scheme of points alone has none."""
    scheme = SCHEMES.get(row["scheme"])
    return "eligible" if scheme is None else answer(scheme, facts, district).verdict


async def applied(
    door: Door, row: dict[str, Any], person_id: str, items: dict[str, int], facts: Mapping[str, Any], district: str | None = None
) -> Done:
    """An application of this person for a place, with the points by item and what the conditions are told."""
    number, verdict = number_of(door, row["id"], person_id), _verdict(row, facts, district)
    command = ap.Apply(row["id"], number, person_id, sum(items.values()), items, verdict, door.now)
    return await door.execute(To("application", number, command), To("allocation", row["id"], al.TakeApplication(number, door.now)))


@router.post("/applications", status_code=201)
async def apply(allocation_id: str, body: ApplicationIn, door: Desk) -> dict[str, Any]:
    """Apply for one person: points are counted by the table, and nothing of what was shown is kept but them."""
    row = await known(door, allocation_id)
    done = await applied(door, row, body.person_id, await _shown(row, body.shown, door), body.shown.facts, body.shown.district)
    return {"number": done.state.number, "points": done.state.points, "items": done.state.items, "version": done.version}


async def _standing(door: Door, allocation_id: str, number: str) -> dict[str, Any]:
    await known(door, allocation_id)
    row = await views.application_row(door, allocation_id, number)
    if row is None:
        raise NotFound("application")
    return row


def shown_application(row: dict[str, Any], quota: int) -> dict[str, Any]:
    """Where an application stands and why; never whose it is."""
    names = ("number", "points", "items", "applied_at", "withdrawn", "rank", "outcome", "position", "decided_by", "missing", "moved_up")
    of = row["duplicate_of"]
    return {**{name: row[name] for name in names}, "quota": quota, "duplicate_of": views.masked(of) if of else None}


@router.get("/applications/{number}")
async def application(allocation_id: str, number: str, door: Anyone) -> dict[str, Any]:
    """Rank, place or position, what decided, and how many points more would have been enough; for whoever has the whole number."""
    row, state = await known(door, allocation_id), await door.state("allocation", allocation_id)
    shown = shown_application(await _standing(door, allocation_id, number), row["quota"])
    return {**shown, "take_until": state.until.get(number)}


@router.post("/applications/{number}/withdraw")
async def withdraw(allocation_id: str, number: str, door: Desk) -> dict[str, Any]:
    """Out of the order; whoever holds a place gives it up."""
    await _standing(door, allocation_id, number)
    note = al.NoteWithdrawal(number, door.now, await take_until(door, allocation_id))
    done = await door.execute(To("application", number, ap.WithdrawApplication(door.now)), To("allocation", allocation_id, note))
    return {"number": number, "status": done.state.status, "version": done.version}


@router.post("/applications/{number}/take")
async def take(allocation_id: str, number: str, door: Desk) -> dict[str, Any]:
    """The place is taken."""
    await _standing(door, allocation_id, number)
    done = await door.execute(To("allocation", allocation_id, al.TakePlace(number, door.now)))
    return {"number": number, "status": "taken", "version": done.version}


@router.post("/applications/{number}/give_up")
async def give_up(allocation_id: str, number: str, door: Desk) -> dict[str, Any]:
    """The place goes to the next on the waiting list."""
    await _standing(door, allocation_id, number)
    done = await door.execute(To("allocation", allocation_id, al.GiveUpPlace(number, door.now, await take_until(door, allocation_id))))
    return {"number": number, "status": "given_up", "version": done.version}


@router.get("/appeals")
async def appeals(allocation_id: str, door: Office) -> dict[str, Any]:
    """Every appeal with its reason and decision."""
    await known(door, allocation_id)
    state: al.Allocation = await door.state("allocation", allocation_id)
    items = [
        {"appeal": n, "number": one.number, "reason": one.reason, "upheld": one.upheld, "items": one.items}
        for n, one in state.appeals.items()
    ]  # fmt: skip
    return {"items": items, "next": None}


async def appealed(door: Door, allocation_id: str, number: str, reason: str) -> Done:
    return await door.execute(To("allocation", allocation_id, al.MakeAppeal(number, reason, door.principal.id, door.now)))


async def decided(door: Door, allocation_id: str, appeal: int, items: dict[str, int] | None) -> Done:
    """Upheld with the points by item as they should have been counted (none where who is who was asked), or not upheld."""
    command = al.DecideAppeal(appeal, items is not None, items or {}, door.principal.id, door.now)
    return await door.execute(To("allocation", allocation_id, command))


@router.post("/appeals", status_code=201)
async def appeal(allocation_id: str, body: AppealIn, door: Desk) -> dict[str, Any]:
    """Appeal against the published ranking, while its days of appeal last."""
    await known(door, allocation_id)
    done = await appealed(door, allocation_id, body.number, body.reason)
    found = next(n for n, one in done.state.appeals.items() if one.number == body.number)
    return {"appeal": found, "version": done.version}


@router.post("/appeals/{appeal}/decide")
async def decide_appeal(allocation_id: str, appeal: Appeal, body: AppealDecisionIn, door: Office) -> dict[str, Any]:
    """Uphold with what should have been counted, or not; never by whoever ranked or handed it in."""
    row, state = await known(door, allocation_id), await door.state("allocation", allocation_id)
    counts = body.upheld and (appeal not in state.appeals or state.appeals[appeal].reason != NOT_THE_SAME)
    if counts is (body.shown is None):
        raise Invalid("/shown", "goes with an appeal about points that is upheld, and with no other")
    items = {} if body.shown is None else await _shown(row, body.shown, door)
    done = await decided(door, allocation_id, appeal, items if body.upheld else None)
    return {"appeal": appeal, "upheld": body.upheld, "points": sum(items.values()) if counts else None, "version": done.version}
