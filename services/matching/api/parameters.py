"""The door to the numbers of the rules: a new one with its day and source, and what it led to for the stored cases."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.matching import views
from services.matching.api.programmes import city_numbers, plain_number
from services.matching.asked import ParameterIn
from services.matching.domain.changing import NewValue, changed
from services.matching.domain.parameters import CITY, ParameterSet, SetParameter
from services.matching.domain.rule_reading import RuleFault
from services.matching.domain.rulebook import Rulebook
from services.matching.domain.rules import Programme
from services.matching.standing import rules as standing_rules
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/matching/v1", tags=["programmes"])
Keeper = Annotated[Door, Depends(door_for("gov", "admin"))]
Reader = Annotated[Door, Depends(door_for("gov", "caseworker", "auditor", "admin", "ops"))]


def owner_of(rules: Rulebook, programme: Programme, name: str) -> str | None:
    """The programme whose number it is, or None for one of the city's on which the programme rests; raises `Invalid`."""
    if name in programme.parameters:
        return programme.code
    if name not in city_numbers(rules, programme):
        raise Invalid(pointer="/name", detail="is no number of this programme")
    return None


async def parameter_set(door: Door, code: str, body: ParameterIn) -> dict[str, Any]:
    """The number set, of this programme or of the city where the programme rests on one of the city's."""
    rules = await standing_rules(door)
    programme = rules.by_code.get(code)
    if programme is None:
        raise NotFound("programme")
    owner = owner_of(rules, programme, body.name)
    value = Fraction(body.value)
    try:
        changed(rules, [NewValue(owner, body.name, body.valid_from, value, body.source)])
    except RuleFault:
        raise Invalid(pointer="/value", detail="the rules cannot stand on this number") from None
    command = SetParameter(owner, body.name, body.valid_from, str(value), body.source, door.now, body.corrects)
    done = await door.execute(To("parameters", CITY, command))
    after = await standing_rules(door)
    said: dict[str, Any] = {
        "programme": owner, "name": body.name, "valid_from": body.valid_from, "value": plain_number(value), "source": body.source,
        "rule_version": after.version, "reassessment": None, "until": None,
    }  # fmt: skip
    for envelope in done.events:
        if isinstance(envelope.data, ParameterSet):
            said |= {"reassessment": str(envelope.data.number), "until": envelope.data.until}
    return said


@router.post("/programmes/{code}/parameters", status_code=201)
async def set_parameter(code: str, body: ParameterIn, door: Keeper) -> dict[str, Any]:
    """A new dated, sourced number; the cases of its days are asked again, and those now in reach are opened again.

    `reassessment` names the work that follows; null where this value stood already.
    """
    return await parameter_set(door, code, body)


@router.get("/reassessments")
async def reassessments(door: Reader, limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None) -> dict[str, Any]:
    """What followed from new numbers, newest first."""
    return dict(await views.reassessment_page(door, limit=limit, cursor=cursor))


@router.get("/reassessments/{key}")
async def reassessment(key: str, door: Reader) -> dict[str, Any]:
    """How far it is, and how many cases gained or lost by it."""
    row = await views.reassessment_row(door, key)
    if row is None:
        raise NotFound("reassessment")
    return row
