"""The door to the rules: every programme in words, with its dated and sourced numbers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from services.matching.domain.rulebook import Rulebook
from services.matching.domain.rules import NEVER, Condition, Dated, Group, Number, Programme, find
from services.matching.standing import rules as standing_rules
from shared.asked import DayOrInstant
from shared.clock import local_day
from shared.http import Door, NotFound, door_for

router = APIRouter(prefix="/matching/v1/programmes", tags=["programmes"])
Anyone = Annotated[Door, Depends(door_for(public=True))]


def plain_number(value: Fraction) -> int | str:
    """Whole numbers as such, shares as decimal text."""
    return int(value) if value.denominator == 1 else str(float(value))


def _series(values: tuple[Dated, ...]) -> list[dict[str, Any]]:
    return [
        {"valid_from": d.valid_from, "value": plain_number(d.value), "source": d.source, "note": d.note, "note_zh": d.note_zh}
        for d in values
    ]


def _number(rules: Rulebook, number: Number, programme: Programme, on: Any) -> dict[str, Any]:
    found = find(number, on, programme.parameters, rules.city)
    named = {"parameter": number.parameter, "times": number.times} if number.parameter else {}
    return {**named, "value": None if found is None else plain_number(found.value), "source": found.source if found else None}


def _condition(rules: Rulebook, one: Condition | Group, programme: Programme, on: Any) -> dict[str, Any]:
    if isinstance(one, Group):
        return {one.mode: [_condition(rules, m, programme, on) for m in one.members]}
    said: dict[str, Any] = {
        "id": one.id, "zh": one.zh, "en": one.en, "fact": one.fact, "is": one.comparison, "source": one.source,
        "valid_from": one.valid_from, "valid_until": None if one.valid_until == NEVER else one.valid_until,
    }  # fmt: skip
    if one.number is not None:
        said["threshold"] = _number(rules, one.number, programme, on)
    elif one.among:
        said["threshold"] = {"value": list(one.among)}
    return said


def shown_programme(rules: Rulebook, programme: Programme, on: Any) -> dict[str, Any]:
    """One programme in full, its thresholds those of a day."""
    p, amount = programme, programme.amount
    own: Mapping[str, Any] = {name: _series(values) for name, values in p.parameters.items()}
    return {
        "code": p.code, "name": {"zh": p.zh, "en": p.en}, "funder": p.funder, "order": p.order, "kind": p.kind, "needs": p.needs,
        "scope": p.scope, "period": p.period, "source": p.source, "valid_from": p.valid_from, "notes": p.notes, "excludes": p.excludes,
        "cap_fen": _number(rules, amount.cap, p, on)["value"],
        "special_cap_fen": _number(rules, amount.special_cap, p, on)["value"] if amount.special_cap else None,
        "special_when": amount.special_when if amount.special_cap else None,
        "amount": {"form": amount.form, "of": amount.fact or None, "share": _number(rules, amount.share, p, on)["value"],
                   "floor_fen": _number(rules, amount.floor, p, on)["value"]},
        "household_cap_fen": _number(rules, p.group_cap, p, on)["value"] if p.group_cap else None,
        "parameters": own, "city_parameters": {name: _series(rules.city[name]) for name in city_numbers(rules, p)},
        "conditions": [_condition(rules, c, p, on) for c in p.conditions],
    }  # fmt: skip


def city_numbers(rules: Rulebook, p: Programme) -> list[str]:
    """The parameters of the city on which a programme rests, by name."""
    used = {n for leaf in _numbers(p) for n in (leaf.parameter, leaf.times) if n and n not in p.parameters}
    return sorted(used | {name for name in rules.city if p.amount.by_place and name.startswith(f"{p.amount.by_place}:")})


def _numbers(p: Programme) -> list[Number]:
    found = [p.amount.cap, p.amount.share, p.amount.floor, *[n for n in (p.amount.special_cap, p.group_cap) if n]]
    waiting: list[Condition | Group] = list(p.conditions)
    while waiting:
        one = waiting.pop()
        if isinstance(one, Group):
            waiting.extend(one.members)
        elif one.number is not None:
            found.append(one.number)
    return found


@router.get("")
async def programmes(door: Anyone, as_of: DayOrInstant | None = None) -> dict[str, Any]:
    """Every programme, in the order of precedence."""
    on, rules = as_of or local_day(door.now), await standing_rules(door)
    return {"items": [shown_programme(rules, p, on) for p in rules.programmes], "next": None, "rule_version": rules.version, "as_of": on}


@router.get("/{code}")
async def one_programme(code: str, door: Anyone, as_of: DayOrInstant | None = None) -> dict[str, Any]:
    """One programme with its rules in words, its numbers and their sources."""
    rules = await standing_rules(door)
    programme = rules.by_code.get(code)
    if programme is None:
        raise NotFound("programme")
    on = as_of or local_day(door.now)
    return {**shown_programme(rules, programme, on), "rule_version": rules.version, "as_of": on}
