"""The door to verdicts: what every programme answers to some facts, or answered to a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query

from services.matching import views
from services.matching.answering import SEES_ALL
from services.matching.asked import AssessmentIn, District
from services.matching.domain.assessment import Assessment, CaseAssessed, facts_of
from services.matching.domain.assessment_decisions import day_of_rules, passed_over
from services.matching.domain.counting import together
from services.matching.domain.facts import contradictions, day_of, with_places
from services.matching.domain.household import Household
from services.matching.domain.rulebook import Rulebook
from services.matching.domain.telling import Explained
from services.matching.standing import rules as standing_rules
from shared.asked import Instant
from shared.clock import local_day
from shared.errors import NotNow
from shared.http import Door, Invalid, NotFound, door_for

router = APIRouter(prefix="/matching/v1", tags=["assessments"])


def shown(told: Explained) -> dict[str, Any]:
    """A verdict as the contract words it."""
    return dict(msgspec.to_builtins(told))


_RULES = {
    "below_zero": "must not be below zero",
    "nobody": "must be one person or more",
    "above_the_bill": "must not be more than medical_total_year_fen",
}


def held_together(facts: Mapping[str, Any], at: str = "/facts") -> None:
    """Raises `Invalid` naming the first fact that cannot be so beside the others."""
    for field, rule in contradictions(facts):
        raise Invalid(pointer=f"{at}/{field}", detail=_RULES[rule])


@router.post("/assessments")
async def assess(body: AssessmentIn, door: Annotated[Door, Depends(door_for())]) -> dict[str, Any]:
    """Every programme's verdict on these facts, in the order of precedence; stores nothing."""
    seen_on = body.as_of or local_day(door.now)
    told_code = body.facts.get("hukou_code")
    facts = with_places(body.facts, body.hukou_code or (told_code if isinstance(told_code, str) else None))
    if facts.get("event_on") is not None and day_of(facts["event_on"]) is None:
        raise Invalid(pointer="/facts/event_on", detail="a day is expected")
    held_together(facts)
    on = day_of_rules(facts, seen_on)
    rules = await standing_rules(door)
    told = rules.explain(facts, on, seen_on=seen_on, used=body.used_fen)
    return {"as_of": seen_on, "rules_on": on, "rule_version": rules.version, "verdicts": [shown(t) for t in told]}


def used_by_programme(rules: Rulebook, household: Household, on: date, case_id: str, person_id: str) -> dict[str, int]:
    """What this household's grants, and those that count with them, use of the caps that count for this case, by programme."""
    used: dict[str, int] = {}
    for programme in rules.programmes:
        for limit in rules.limits(programme.code, on, person_id=person_id, case_id=case_id)[:1]:
            used[programme.code] = household.used_of(limit.key)
    return used


def _version(assessed: CaseAssessed, number: int) -> dict[str, Any]:
    return {
        "version": number, "at": assessed.at, "rules_on": assessed.on, "as_of": assessed.seen_on, "rule_version": assessed.rule_version,
        "needs": assessed.needs, "verdicts": [msgspec.to_builtins(v) for v in assessed.verdicts],
    }  # fmt: skip


async def assessment_of(door: Door, case_id: str, as_of: datetime | None = None) -> dict[str, Any]:
    """The stored assessment with reasons, every version of it, the referrals, and the household's chain of help."""
    state: Assessment = await door.state("assessment", case_id, as_of=as_of)
    latest = state.latest
    if latest is None:
        raise NotFound("assessment")
    history = await door.history("assessment", case_id)
    versions = [_version(e.data, e.version) for e in history if isinstance(e.data, CaseAssessed) and (as_of is None or e.at <= as_of)]
    household: Household = await door.state("household", latest.household_id, as_of=as_of)
    facts = facts_of(latest)
    rules = await standing_rules(door, as_of)
    used = used_by_programme(rules, household, latest.on, case_id, latest.person_id)
    told = () if facts is None else rules.explain(facts, latest.on, seen_on=latest.seen_on, used=used)
    stored = {v.programme: v for v in latest.verdicts}
    without = passed_over(rules, latest.needs, latest.verdicts)
    verdicts = [
        {**shown(t), "stored_verdict": stored[t.programme].verdict, "not_sought_beside": without.get(t.programme, ())}
        for t in told
        if t.programme in stored
    ]
    return {
        "case_id": case_id, "person_id": latest.person_id, "household_id": latest.household_id, "district": latest.district,
        "needs": latest.needs, "as_of": latest.seen_on, "rules_on": latest.on, "rule_version": latest.rule_version,
        "explained_by": rules.version, "assessed_at": latest.at, "version": await door.version("assessment", case_id),
        "shared_with": state.recipients, "verdicts": verdicts or [msgspec.to_builtins(v) for v in latest.verdicts], "versions": versions,
        "referrals": await views.referrals_of_case(door, case_id),
        "counts_with": sorted(together(household.groups, latest.household_id) - {latest.household_id}),
        "chain_of_help": await views.chain_of_help(door, together(household.groups, latest.household_id)),
    }  # fmt: skip


@router.get("/cases/{case_id}/assessment")
async def stored(
    case_id: str, door: Annotated[Door, Depends(door_for(*SEES_ALL))], as_of: Instant | None = None,
    at_least: Annotated[int | None, Query(ge=1)] = None,
) -> dict[str, Any]:  # fmt: skip
    """What was answered to this case, now or at an instant."""
    answer = await assessment_of(door, case_id, as_of)
    if at_least is not None and answer["version"] < at_least:
        raise NotNow("this version is not known here yet")
    return answer


@router.get("/cases")
async def assessed_cases(
    door: Annotated[Door, Depends(door_for(*SEES_ALL))], district: District | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Assessed cases, newest first."""
    return dict(await views.assessed_page(door, {"district": district}, limit=limit, cursor=cursor))


@router.get("/unmet-needs")
async def unmet(
    door: Annotated[Door, Depends(door_for())], district: District | None = None, need: str | None = None, reason: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Needs that nobody could take, and their counts by place, need and reason."""
    page = await views.unmet_page(door, {"district": district, "need": need, "reason": reason}, limit=limit, cursor=cursor)
    items = page["items"] if door.may(*SEES_ALL, "ops") else []
    return {"items": items, "next": page["next"] if items else None, "by_place": await views.unmet_by_place(door)}


@router.get("/outcomes")
async def outcomes(door: Annotated[Door, Depends(door_for())], district: District | None = None, need: str | None = None) -> dict[str, Any]:
    """How offers ended: the rate of closed loops, and of people who got help."""
    counts = await views.outcomes(door, district, need)
    offered, cases = counts["offered"], counts["cases"]
    rates = {
        "closed_loop_rate": round(counts["loops_closed"] / offered, 4) if offered else None,
        "got_help_rate": round(counts["cases_got_help"] / cases, 4) if cases else None,
    }
    return {**counts, **rates}
