"""The door to other numbers: who would gain and who would lose, and what it would cost; stores nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from fractions import Fraction
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends

from services.matching import views
from services.matching.api.assessing import held_together
from services.matching.asked import FactsIn, WhatIfIn
from services.matching.domain.assessment import Assessment, facts_of
from services.matching.domain.assessment_decisions import day_of_rules
from services.matching.domain.changing import Case, NewValue, Sums, changed, effects, word_of
from services.matching.domain.facts import with_places
from services.matching.domain.rule_reading import RuleFault
from services.matching.standing import rules as standing_rules
from shared.http import Door, Invalid, door_for

router = APIRouter(prefix="/matching/v1", tags=["programmes"])
Planner = Annotated[Door, Depends(door_for("gov", "caseworker", "auditor", "admin"))]
_AT_ONCE, _LISTED_MAX = 500, 200


@router.post("/what-if")
async def what_if(body: WhatIfIn, door: Planner) -> dict[str, Any]:
    """Changed parameters over the stored cases or over those sent: gains, losses and cost by programme and district.

    `cases` names the first few hundred of each; sums count all.
    """
    return await changes(door, body)


async def changes(door: Door, body: WhatIfIn) -> dict[str, Any]:
    """What these values would change; raises `Invalid` naming the value that is none."""
    rules = await standing_rules(door)
    values = [NewValue(one.programme, one.name, one.valid_from, Fraction(one.value), one.source) for one in body.values]
    try:
        after = changed(rules, values)
    except RuleFault as fault:
        raise Invalid(f"/{fault}", "is no parameter, has no source, or is no number that can be") from None
    sums: dict[tuple[str, str], Sums] = {}
    listed: list[dict[str, Any]] = []
    looked_at = affected = 0
    async for portion in _portions(door, body):
        looked_at += len(portion)
        touched = set[str]()
        for one in effects(rules, after, portion):
            touched.add(one.case_id)
            key = (one.programme, one.district)
            sums[key] = sums.get(key, Sums()).and_of(one)
            if len(listed) < _LISTED_MAX:
                listed.append({**msgspec.to_builtins(one), "effect": word_of(one)})
        affected += len(touched)
    told = [{"programme": programme, "district": place, **msgspec.to_builtins(one)} for (programme, place), one in sorted(sums.items())]
    return {
        "rule_version": rules.version, "changed_version": after.version, "cases": looked_at, "affected": affected, "sums": told,
        "before_fen": sum(one["before_fen"] for one in told), "after_fen": sum(one["after_fen"] for one in told), "effects": listed,
        "more": len(listed) == _LISTED_MAX,
    }  # fmt: skip


async def _portions(door: Door, body: WhatIfIn) -> AsyncIterator[Sequence[Case]]:
    if body.cases is not None:
        yield [_told(number, one) for number, one in enumerate(body.cases, 1)]
        return
    after = ""
    while ids := await views.assessed_after(door, after, body.district, _AT_ONCE):
        states: dict[str, Assessment] = await door.states("assessment", ids)
        yield [case for case_id in ids if (case := _stored(states[case_id])) is not None]
        after = ids[-1]


def _told(number: int, one: FactsIn) -> Case:
    held_together(one.facts, f"/cases/{number - 1}/facts")
    facts = with_places(one.facts, one.hukou_code)
    return Case(str(number), one.district, facts, day_of_rules(facts, one.as_of), one.as_of)


def _stored(state: Assessment) -> Case | None:
    """The latest assessment as a case; None when its person was erased."""
    latest = state.latest
    facts = facts_of(latest) if latest is not None else None
    return None if latest is None or facts is None else Case(latest.case_id, latest.district, facts, latest.on, latest.seen_on)
