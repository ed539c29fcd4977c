"""The door for persons: search before you write, see what is known and since when, add to it, erase what names them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends

from services.intake import views
from services.intake.asked import ErasureIn, SearchIn
from services.intake.asked_persons import ClaimsIn
from services.intake.domain.addresses import history
from services.intake.domain.consent import WithdrawConsent
from services.intake.domain.household import LeaveHousehold
from services.intake.domain.identity import IdentityNumber, canonical_number, canonical_phone, read_identity_number
from services.intake.domain.person import AddClaims, ErasePerson, Person, PersonTold
from services.intake.domain.person_decisions import PersonIsUnknown
from services.intake.lookup import Found, people_like
from services.intake.oneness import claims_of, linked_to, one_person
from services.intake.projections import name_birth
from services.intake.showing import SEES_PERSONS, may_see_persons, record_look, shown_claims
from services.intake.whose import claims_in, identity_of
from shared.clock import local_day
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/intake/v1/persons", tags=["persons"])
Worker = Annotated[Door, Depends(door_for(*SEES_PERSONS))]


@router.post("/search")
async def search(body: SearchIn, door: Worker) -> dict[str, Any]:
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
    """The people meant, masked, each once under the id in front, with the living cases; one audited look whether found or not."""
    read = read_identity_number(id_number, local_day(door.now)) if id_number else None
    number = read.number if isinstance(read, IdentityNumber) else canonical_number(id_number) if id_number else None
    people = await people_like(door, id_number=number, phone=canonical_phone(phone) if phone else None, name_birth=named)
    together = await linked_to(door, [one.person_id for one in people]) if people else {}
    await record_look(door, "search", persons=tuple([one.person_id for one in people]), reason=reason)
    items: dict[str, dict[str, Any]] = {}
    for one in people:
        ids = together[one.person_id]
        item = items.get(ids[0])
        if item is None:
            item = items[ids[0]] = await _item(door, ids, one)
        else:
            item["same"] = list(dict.fromkeys([*item["same"], *one.same]))
        cases = {case["case_id"] for case in item["cases"]}
        item["cases"] += [{"case_id": case_id, "received_at": at} for case_id, at in one.cases if case_id not in cases]
    return list(items.values())


async def _item(door: Door, ids: tuple[str, ...], found: Found) -> dict[str, Any]:
    person: Person = await door.state("person", ids[0])
    claims: Any = person.claims if len(ids) == 1 else await claims_of(door, ids[0], ids)
    return {
        "person_id": ids[0], "household_id": person.household_id, "linked": list(ids[1:]), "same": list(found.same), "cases": [],
        "person": shown_claims(claims, full=False),
    }  # fmt: skip


async def known_person(door: Door, person_id: str) -> Person:
    person: Person = await door.state("person", person_id)
    if person.status == "absent":
        raise NotFound("person")
    return person


@router.get("/{person_id}")
async def one(person_id: str, door: Annotated[Door, Depends(door_for(*SEES_PERSONS, "auditor"))]) -> dict[str, Any]:
    """One person under all their ids, masked unless a reason is given (X-Access-Reason): claims, cases, consents, household, addresses."""
    return await shown_person(door, person_id)


async def shown_person(door: Door, person_id: str) -> dict[str, Any]:
    person = await known_person(door, person_id)
    ids = await one_person(door, person_id)
    full = may_see_persons(door) and person.status == "known"
    if full:
        await record_look(door, "person", persons=ids)
    claims = await claims_of(door, person_id, ids)
    return {
        "person_id": person_id, "version": await door.version("person", person_id), "household_id": person.household_id,
        "status": person.status, "kept_until": person.erased.kept_until if person.erased else None,
        "linked": [other for other in ids if other != person_id], "masked": not full, "person": shown_claims(claims, full=full),
        "cases": await views.cases_of_persons(door, ids), "consents": await views.consents_of_persons(door, ids),
        "households": await views.households_of(door, ids), "addresses": await _addresses(door, ids, full=full),
    }  # fmt: skip


@router.get("/{person_id}/addresses")
async def addresses(person_id: str, door: Worker) -> dict[str, Any]:
    """Registered place, residence and mailing address, each with from, to and source; in full only with a reason."""
    person = await known_person(door, person_id)
    ids, full = await one_person(door, person_id), may_see_persons(door) and person.status == "known"
    if full:
        await record_look(door, "addresses", persons=ids)
    return {"items": await _addresses(door, ids, full=full), "next": None}


async def _addresses(door: Door, ids: tuple[str, ...], *, full: bool) -> list[dict[str, Any]]:
    told = []
    for person_id in ids:
        if (await door.state("person", person_id)).status == "known":
            told += [
                (local_day(e.at), e.data, person_id) for e in await door.history("person", person_id) if isinstance(e.data, PersonTold)
            ]
    items = []
    for person_id in ids:
        for stay in history([(day, word) for day, word, whose in told if whose == person_id]):
            address = stay.address if full or not stay.address else "***"
            items.append({**msgspec.structs.asdict(stay), "address": address, "person_id": person_id})
    return sorted(items, key=lambda item: str(item["kind"]))


@router.post("/{person_id}/claims")
async def add_claims(person_id: str, body: ClaimsIn, door: Worker) -> dict[str, Any]:
    """What was learnt later, with its source: a telephone, an account, an address; the newest word on each point counts."""
    version = await claimed(door, person_id, body)
    return {
        "person_id": person_id,
        "version": version,
        "claims": sorted(body.model_dump(exclude_defaults=True, exclude={"source", "since"})),
    }


async def claimed(door: Door, person_id: str, body: ClaimsIn, claims_id: str | None = None) -> int:
    """Record it and answer the person's version; raises `Invalid`, `NotFound` and `Rejected`."""
    paper = identity_of(body, local_day(door.now))
    claims = msgspec.structs.replace(claims_in(body, paper), mailing_address=body.mailing_address)
    command = AddClaims(person_id, claims_id or door.new_id(), claims, body.source, body.since)
    try:
        return (await door.execute(To("person", person_id, command))).version
    except PersonIsUnknown as unknown:
        raise NotFound("person") from unknown


@router.post("/{person_id}/erasure")
async def erase(person_id: str, door: Annotated[Door, Depends(door_for("admin", "gov"))], body: ErasureIn | None = None) -> dict[str, Any]:
    """Destroy the person's key, under all their ids: what named them can never be read again; consents end; the answer is the receipt.

    With `kept_until` it is restricted instead: shown to nobody, used for nothing, and destroyed after that day.
    """
    said = body or ErasureIn()
    if said.kept_until is not None and said.kept_until < local_day(door.now):
        raise Invalid("/kept_until", "is a day to come")
    await known_person(door, person_id)
    ids = await one_person(door, person_id)
    cases = await views.cases_of_persons(door, ids)
    consents = [row["consent_id"] for row in await views.consents_of_persons(door, ids) if row["withdrawn_at"] is None]
    commands = [To("person", one_id, _erasing(door, one_id, cases, said)) for one_id in (person_id, *[i for i in ids if i != person_id])]
    commands += [To("consent", consent_id, WithdrawConsent(door.now, "erased")) for consent_id in consents]
    people: dict[str, Person] = await door.states("person", ids)
    commands += [To("household", p.member_of, LeaveHousehold(i, "erased", door.now)) for i, p in people.items() if p.member_of]
    done = await door.execute(*commands)
    # The key goes after the event is durable; a crash between leaves it to the effect that stands beside the event.
    for one_id in ids if said.kept_until is None else ():
        if (await door.state("person", one_id)).status == "erased":
            await door.shred(one_id)
    person: Person = done.state
    kept = person.erased.kept_until if person.erased else None
    return {
        "person_id": person_id, "version": done.version, "status": person.status, "reason": said.reason, "at": door.now.isoformat(),
        "persons": list(ids), "cases": [row["case_id"] for row in cases], "consents_ended": consents, "kept_until": kept,
        "kept": "codes, amounts and dates without a name",
    }  # fmt: skip


def _erasing(door: Door, person_id: str, cases: list[dict[str, Any]], said: ErasureIn) -> ErasePerson:
    own = tuple([row["case_id"] for row in cases if row["person_id"] == person_id])
    return ErasePerson(person_id, own, said.reason, door.now, said.kept_until)
