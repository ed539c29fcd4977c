"""The door for persons: search before you write, and erase what names them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from services.intake import views
from services.intake.asked import ErasureIn, SearchIn
from services.intake.domain.consent import WithdrawConsent
from services.intake.domain.identity import IdentityNumber, canonical_number, canonical_phone, read_identity_number
from services.intake.domain.person import ErasePerson, Person
from services.intake.domain.person_decisions import PersonIsUnknown
from services.intake.lookup import people_like
from services.intake.projections import name_birth
from services.intake.showing import SEES_PERSONS, record_look, shown_claims
from shared.clock import local_day
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/intake/v1/persons", tags=["persons"])


@router.post("/search")
async def search(body: SearchIn, door: Annotated[Door, Depends(door_for(*SEES_PERSONS))]) -> dict[str, Any]:
    """By id number, phone, or name with birth date; with a reason, never a browse; the look is audited."""
    reason = body.reason or door.reason
    if not reason:
        raise Invalid("/reason", "a reason is needed, here or in X-Access-Reason")
    if not (body.id_number or body.phone or (body.name and body.birth_date)):
        raise Invalid("", "id_number, phone, or name with birth_date is needed")
    items = await found_people(
        door, body.id_number, body.phone, name_birth(body.name, body.birth_date.isoformat() if body.birth_date else None), reason=reason
    )
    return {"items": items, "next": None}


async def found_people(door: Door, id_number: str | None, phone: str | None, named: str | None, *, reason: str) -> list[dict[str, Any]]:
    """The people meant, masked, each with the living cases; one audited look whether somebody was found or not."""
    read = read_identity_number(id_number, local_day(door.now)) if id_number else None
    number = read.number if isinstance(read, IdentityNumber) else canonical_number(id_number) if id_number else None
    people = await people_like(door, id_number=number, phone=canonical_phone(phone) if phone else None, name_birth=named)
    await record_look(door, "search", persons=tuple([one.person_id for one in people]), reason=reason)
    items = []
    for one in people:
        person: Person = await door.state("person", one.person_id)
        cases = [{"case_id": case_id, "received_at": received_at} for case_id, received_at in one.cases]
        shown = shown_claims(person.claims, full=False)
        items.append(
            {"person_id": one.person_id, "household_id": one.household_id, "same": list(one.same), "cases": cases, "person": shown}
        )
    return items


@router.post("/{person_id}/erasure")
async def erase(person_id: str, door: Annotated[Door, Depends(door_for("admin", "gov"))], body: ErasureIn | None = None) -> dict[str, Any]:
    """Destroy the person's key: what named them can never be read again; consents end; the answer is the receipt."""
    reason = (body or ErasureIn()).reason
    cases = tuple([row["case_id"] for row in await views.cases_of_person(door, person_id)])
    consents = [row["consent_id"] for row in await views.consents_of_person(door, person_id) if row["withdrawn_at"] is None]
    ended = [To("consent", consent_id, WithdrawConsent(door.now, "erased")) for consent_id in consents]
    try:
        done = await door.execute(To("person", person_id, ErasePerson(person_id, cases, reason, door.now)), *ended)
    except PersonIsUnknown as unknown:
        raise NotFound("person") from unknown
    # The key goes after the event is durable; a crash between leaves the event, and asking again finishes it.
    await door.shred(person_id)
    return {
        "person_id": person_id, "version": done.version, "status": "erased", "reason": reason, "at": door.now.isoformat(),
        "cases": list(cases), "consents_ended": consents, "kept": "codes, amounts and dates without a name",
    }  # fmt: skip
