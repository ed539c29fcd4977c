"""Whose report it is: what it claims of a person, and which person that makes them."""

from __future__ import annotations

from datetime import date

from services.intake.asked import PersonIn
from services.intake.domain.identity import WrongNumber, canonical_phone
from services.intake.domain.papers import Paper, names_one, read_paper
from services.intake.domain.person import Claims, Person
from services.intake.lookup import Found
from shared.http import Door, Invalid

_CHECKED_TYPES = ("resident_id", "residence_permit")
_ERASED_MAX = 50  # times that somebody is erased and reported again under one paper


def identity_of(person: PersonIn | None, today: date) -> Paper | None:
    """The checked number of whatever paper it is; a wrong one names its field and rule and is never repeated."""
    if person is None or person.id_number is None:
        return None
    read = read_paper(person.id_type or "resident_id", person.id_number, today)
    if isinstance(read, WrongNumber):
        what = "identity number" if person.id_type in (None, *_CHECKED_TYPES) else "number of this paper"
        raise Invalid("/person/id_number", f"not a valid {what}: {read.why}")
    return read


def claims_in(person: PersonIn | None, number: Paper | None) -> Claims:
    """What is claimed, in the one spelling of each."""
    if person is None:
        return Claims()
    born = person.birth_date or (number.birth_date if number else None)
    account = person.account
    return Claims(
        person.name,
        (person.id_type or "resident_id") if number is not None else person.id_type,
        number.number if number else None,
        born.isoformat() if born else None,
        person.sex or (number.sex if number else None),
        canonical_phone(person.phone) or None if person.phone else None,
        person.hukou_code,
        person.residence_code,
        person.address,
        tuple(person.languages),
        account.bank if account else None,
        account.number if account else None,
        id_country=(number.country or person.id_country) if number is not None else None,
    )


def person_of(door: Door, case_id: str, claims: Claims, found: list[Found]) -> tuple[str, str]:
    """Person and household of this paper, or those this report makes known; what names one person always leads to the same."""
    key = _named_by(claims)
    person_id = door.named_id("person", "id_number", key) if key else door.named_id("person", case_id)
    # Who is found by a number is the one whose number it is only where the number alone names one person.
    alone = key is not None and key == claims.id_number
    for one in found:
        if one.person_id == person_id or (alone and "id_number" in one.same):
            return one.person_id, one.household_id
    return person_id, person_id


async def person_anew(door: Door, case_id: str, claims: Claims) -> str:
    """Whoever was erased begins anew: under the next id of their paper, which is the same for every later report, or that of the case."""
    key = _named_by(claims)
    for again in range(1, _ERASED_MAX) if key else ():
        person_id = door.named_id("person", "id_number", str(key), str(again))
        state: Person = await door.state("person", person_id)
        if state.status not in ("restricted", "erased"):
            return person_id
    return door.named_id("person", case_id)


def _named_by(claims: Claims) -> str | None:
    return names_one(claims.id_type or "resident_id", claims.id_number, claims.id_country) if claims.id_number else None
