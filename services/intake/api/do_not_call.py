"""The door for the do-not-call list: numbers go in, no number comes out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.intake.campaigns import views
from services.intake.campaigns.asked import DoNotCallIn, OneNumberIn
from services.intake.campaigns.people import number_id
from services.intake.domain.call import ForgetCall
from services.intake.domain.identity import number_of
from services.intake.domain.number import BlockNumber, Number, UnblockNumber
from services.intake.domain.person import ConfirmUnknown, Person
from services.intake.domain.person_decisions import PersonIsKnown
from services.intake.showing import SEES_PERSONS
from shared.clock import SHANGHAI
from shared.http import Door, Invalid, door_for
from shared.service import To

router = APIRouter(prefix="/intake/v1/do-not-call", tags=["campaigns"])
Staff = Annotated[Door, Depends(door_for(*SEES_PERSONS))]


def _number(phone: str, pointer: str) -> str:
    number = number_of(phone)
    if number is None:
        raise Invalid(pointer, "no number that can be rung")
    return number


@router.get("")
async def listed(
    door: Annotated[Door, Depends(door_for(*SEES_PERSONS, "auditor"))],
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Numbers that may not be called at all, or refuse purposes, by the id that stands for them; newest first."""
    page = await views.do_not_call_page(door, limit=limit, cursor=cursor)
    items = [{**row, "changed_at": row["changed_at"].astimezone(SHANGHAI).isoformat()} for row in page["items"]]
    return {"items": items, "next": page["next"]}


@router.post("", status_code=201)
async def block(body: DoNotCallIn, door: Staff) -> dict[str, Any]:
    """None of these numbers is called any more, in any campaign, from the next call on."""
    numbers = [_number(phone, f"/phones/{place}") for place, phone in enumerate(body.phones)]
    ids = list(dict.fromkeys(number_id(door, number) for number in numbers))
    done = await asyncio.gather(*[door.execute(To("number", one, BlockNumber(one, body.reason, door.now))) for one in ids])
    return {"numbers": len(ids), "added": sum(bool(one.events) for one in done), "number_ids": ids}


@router.post("/check")
async def check(body: OneNumberIn, door: Staff) -> dict[str, Any]:
    """Whether this number may be called, and for which purposes it may not."""
    one = number_id(door, _number(body.phone, "/phone"))
    state: Number = await door.state("number", one)
    return {"number_id": one, "blocked": state.blocked, "refused": list(state.refused)}


@router.post("/remove")
async def unblock(body: OneNumberIn, door: Staff) -> dict[str, Any]:
    """Off the list; the purposes that the person refused themselves stay refused."""
    one = number_id(door, _number(body.phone, "/phone"))
    done = await door.execute(To("number", one, UnblockNumber(one, body.reason, door.now)))
    state: Number = done.state
    return {"number_id": one, "blocked": state.blocked, "refused": list(state.refused)}


@router.post("/forget")
async def forget(body: OneNumberIn, door: Annotated[Door, Depends(door_for("admin", "gov"))]) -> dict[str, Any]:
    """The number is called no more, and whoever stood in campaigns with it and is known for nothing else is forgotten: number, name and words.

    Persons with a case are erased as persons (`POST /intake/v1/persons/{id}/erasure`); they are named in the answer.
    """
    one = number_id(door, _number(body.phone, "/phone"))
    await door.execute(To("number", one, BlockNumber(one, "erased", door.now)))
    known, gone, meant = set[str](), set[str](), set[str]()
    for row in await views.listed_under(
        door.room, one
    ):  # after the number is blocked for good; broken off between, asking again finishes it
        meant.add(row["about"] or row["person_id"])
        forgotten = row["forgotten_at"] is not None or await _forgotten(door, row["call_id"], row["person_id"])
        (gone if forgotten else known).add(row["person_id"])
    people: dict[str, Person] = await door.states("person", meant)
    known |= {person_id for person_id, person in people.items() if person.status != "absent"}
    for person_id in gone - known:
        await door.shred(person_id)
    return {"number_id": one, "forgotten": len(gone - known), "person_ids": sorted(known)}


async def _forgotten(door: Door, call_id: str, person_id: str) -> bool:
    """Said in one unit with the word that its person is known for nothing else, so that no report comes between."""
    try:
        await door.execute(To("call", call_id, ForgetCall(door.now, asked=True)), To("person", person_id, ConfirmUnknown()))
    except PersonIsKnown:
        return False
    return True
