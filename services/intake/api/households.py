"""The door for households: who lives on one purse, in which role, and who of them applies alone."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends

from services.intake import views
from services.intake.api.persons import known_person
from services.intake.asked import ReasonIn
from services.intake.asked_persons import CarveOutIn, HouseholdFormIn, MemberIn, OthersIn
from services.intake.domain import household as h
from services.intake.domain.case_commands import ChangeFacts
from services.intake.domain.household_decisions import HouseholdIsUnknown, PersonIsNoMember, decide
from services.intake.domain.person import Person
from services.intake.domain.person_decisions import PersonIsUnknown
from services.intake.oneness import one_person
from services.intake.showing import SEES_PERSONS
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/intake/v1", tags=["households"])
Worker = Annotated[Door, Depends(door_for(*SEES_PERSONS))]


@router.post("/households", status_code=201)
async def form(body: HouseholdFormIn, door: Worker) -> dict[str, Any]:
    """Some people who live on one purse; whoever is in another household leaves that one first."""
    household_id = door.new_id()
    members = tuple([await _member(door, said, f"/members/{at}") for at, said in enumerate(body.members)])
    return await changed(door, household_id, h.FormHousehold(household_id, members, body.others, door.now))


async def _member(door: Door, said: MemberIn, pointer: str = "") -> h.Member:
    person: Person = await door.state("person", said.person_id)
    if person.status == "absent":
        raise Invalid(f"{pointer}/person_id", "there is no such person")
    return h.Member(said.person_id, person.household_id, said.role, said.since)


@router.get("/households/{household_id}")
async def one(household_id: str, door: Annotated[Door, Depends(door_for(*SEES_PERSONS, "auditor"))]) -> dict[str, Any]:
    """Members with role, who is carved out, and the size that follows; ids and codes."""
    state: h.Household = await door.state("household", household_id)
    if not state.household_id:
        raise NotFound("household")
    return _shown(state, await door.version("household", household_id))


@router.post("/households/{household_id}/members", status_code=201)
async def join(household_id: str, body: MemberIn, door: Worker) -> dict[str, Any]:
    """Join, or take another role."""
    return await changed(door, household_id, h.JoinHousehold(await _member(door, body), door.now))


@router.post("/households/{household_id}/members/{person_id}/leave")
async def leave(household_id: str, person_id: str, door: Worker, body: ReasonIn | None = None) -> dict[str, Any]:
    """Whoever leaves is counted alone again."""
    return await changed(door, household_id, h.LeaveHousehold(person_id, (body or ReasonIn()).reason, door.now))


@router.post("/households/{household_id}/members/{person_id}/carve-out")
async def carve_out(household_id: str, person_id: str, door: Worker, body: CarveOutIn | None = None) -> dict[str, Any]:
    """Apply as a single person (minimum living allowance): they stay a member and are counted alone."""
    return await changed(door, household_id, h.CarveOut(person_id, (body or CarveOutIn()).reason, door.now))


@router.post("/households/{household_id}/members/{person_id}/take-back")
async def take_back(household_id: str, person_id: str, door: Worker) -> dict[str, Any]:
    """Counted with the others again."""
    return await changed(door, household_id, h.TakeBack(person_id, door.now))


@router.post("/households/{household_id}/others")
async def count_others(household_id: str, body: OthersIn, door: Worker) -> dict[str, Any]:
    """How many people of it nobody knows by name."""
    return await changed(door, household_id, h.CountOthers(body.others, door.now))


@router.get("/persons/{person_id}/household")
async def of_person(person_id: str, door: Worker) -> dict[str, Any]:
    """Where this person lives, under any of their ids; more than one where a link says so."""
    await known_person(door, person_id)
    return {"items": await views.households_of(door, await one_person(door, person_id)), "next": None}


async def changed(door: Door, household_id: str, command: Any) -> dict[str, Any]:
    """The household obeys, and its size becomes a fact of every living case of its members, in one unit."""
    before: h.Household = await door.state("household", household_id)
    after = before
    try:
        for event in decide(command, before):
            after = h.evolve(after, event)
        done = await door.execute(To("household", household_id, command), *await _sizes(door, before, after))
    except (HouseholdIsUnknown, PersonIsNoMember, PersonIsUnknown) as unknown:
        raise NotFound("member" if isinstance(unknown, PersonIsNoMember) else "household") from unknown
    return _shown(done.state, done.version)


async def _sizes(door: Door, before: h.Household, after: h.Household) -> list[To]:
    """Alone for whoever is carved out; nothing for those who have left, whose size nobody knows."""
    size = {m.person_id: 1 if m.carved_out else after.size() for m in after.members}
    was = {m.person_id: 1 if m.carved_out else before.size() for m in before.members}
    differs = [person_id for person_id, now in size.items() if was.get(person_id) != now]
    cases = await views.living_cases_of(door, differs) if differs else []
    return [
        To(
            "case",
            case_id,
            ChangeFacts(door.now, {"household_size": size[person_id]}, "household", author=door.principal.id, edit_id=door.new_id()),
            lambda _: None,
        )
        for person_id, case_id in cases
    ]


def _shown(state: h.Household, version: int) -> dict[str, Any]:
    members = [
        {"person_id": m.person_id, "role": m.role, "since": m.since, "carved_out": m.carved_out or None} for m in state.members
    ]  # fmt: skip
    return {
        "household_id": state.household_id, "version": version, "size": state.size(), "others": state.others,
        "members": msgspec.to_builtins(members),
    }  # fmt: skip
