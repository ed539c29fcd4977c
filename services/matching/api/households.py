"""The door to a household's chain of help: one answer for those who see all, and each provider's own part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends

from services.matching import views
from services.matching.answering import SEES_ALL
from services.matching.api.assessing import used_by_programme
from services.matching.domain.assessment import Assessment, facts_of
from services.matching.domain.chain import UNDER_WAY, Asked, Bill, CaseSeen, Given, bill, chain
from services.matching.domain.counting import together
from services.matching.domain.household import Household
from services.matching.domain.rulebook import Rulebook
from services.matching.domain.telling import Explained
from services.matching.standing import rules as standing_rules
from shared.http import Door, NotFound, door_for

router = APIRouter(prefix="/matching/v1/households", tags=["assessments"])
_MEDICAL = "medical_self_paid_year_fen"
Told = Mapping[str, Any]


def _asked(row: Told, kinds: Mapping[str, str]) -> Asked:
    return Asked(
        row["referral_id"], row["case_id"], row["need"], row["org_id"], kinds.get(row["org_id"], ""), row["state"], row["reason"],
        row["programme"], row["due_at"], row["appointment_at"], row["changed_at"],
    )  # fmt: skip


def _given(row: Told) -> Given:
    return Given(
        row["referral_id"], row["case_id"], row["need"], row["org_id"], row["programme"], row["kind"], row["amount_fen"], row["state"],
        row["cut_by"], row["granted_at"],
    )  # fmt: skip


def _told(rules: Rulebook, state: Assessment, household: Household) -> tuple[Explained, ...]:
    """Every programme's answer on what is left of its caps; nothing where the facts are destroyed."""
    latest = state.latest
    facts = None if latest is None else facts_of(latest)
    if latest is None or facts is None:
        return ()
    used = used_by_programme(rules, household, latest.on, latest.case_id, latest.person_id)
    return rules.explain(facts, latest.on, seen_on=latest.seen_on, used=used)


def _seen(state: Assessment, told: tuple[Explained, ...], unmet: Mapping[str, str]) -> CaseSeen | None:
    """What is in reach is what the programmes before leave of it."""
    latest = state.latest
    if latest is None:
        return None
    in_reach = {one.programme: one.after_others_fen for one in told if one.verdict == "eligible" and one.after_others_fen > 0}
    return CaseSeen(latest.case_id, latest.person_id, latest.needs, in_reach, latest.missing, state.recipients is not None, unmet)


def _bill(rules: Rulebook, state: Assessment, told: tuple[Explained, ...], given: list[Given]) -> Bill | None:
    latest = state.latest
    facts = None if latest is None else facts_of(latest)
    if latest is None or facts is None:
        return None
    medical = frozenset(p.code for p in rules.programmes if p.amount.fact == _MEDICAL)
    return bill(facts, told, medical, [one for one in given if one.case_id == latest.case_id])


async def household_of(door: Door, household_id: str) -> dict[str, Any]:
    """Everything that is done, offered or lacking for a household and those who count with it; raises `NotFound`."""
    household: Household = await door.state("household", household_id)
    chains = sorted({household_id} | together(household.groups, household_id))
    ids = await views.cases_of_households(door, chains)
    if not ids:
        raise NotFound("household")
    states: dict[str, Assessment] = await door.states("assessment", ids)
    unmet = await views.unmet_of_cases(door, ids)
    rows = await views.referrals_of_cases(door, ids)
    kinds = await views.organization_kinds(door, [row["org_id"] for row in rows])
    asked = [_asked(row, kinds) for row in rows]
    given = [_given(row) for row in await views.chain_of_help(door, chains)]
    rules = await standing_rules(door)
    told = {key: _told(rules, states[key], household) for key in ids}
    cases = [seen for key in ids if (seen := _seen(states[key], told[key], unmet.get(key, {}))) is not None]
    bills = {key: one for key in ids if (one := _bill(rules, states[key], told[key], given)) is not None}
    return {
        "household_id": household_id, "counts_with": [one for one in chains if one != household_id], "cases": ids,
        "shared": [case.case_id for case in cases if case.shared], "chain": msgspec.to_builtins(chain(cases, asked, given)),
        "bills": {key: msgspec.to_builtins(one) for key, one in bills.items()},
    }  # fmt: skip


def _own(whole: Told, org: str) -> dict[str, Any]:
    """What one provider may see: its own part, and of the others only which party has which need in hand, while that case is shared."""
    parts = [part for part in whole["chain"]["parts"] if part["word"] != "drafted"]
    own = [part for part in parts if part["org_id"] == org]
    shared = [part for part in parts if part["org_id"] != org and part["case_id"] in whole["shared"]]
    others = [{"party": part["party"], "need": part["need"], "word": part["word"]} for part in shared]
    return {"household_id": whole["household_id"], "chain": {"parts": own, "others": others}}


@router.get("/{household_id}")
async def household(household_id: str, door: Annotated[Door, Depends(door_for(*SEES_ALL, "charity"))]) -> dict[str, Any]:
    """The chain of help: needs, helpers, what is missing, overlaps and gaps, the parts of the parties, medical bills.

    A provider that has taken on a need here sees its own part; to others there is no such household.
    """
    whole = await household_of(door, household_id)
    if door.may(*SEES_ALL):
        return whole
    org = door.principal.org or ""
    if not any(part["org_id"] == org and part["word"] in UNDER_WAY for part in whole["chain"]["parts"]):
        raise NotFound("household")
    return _own(whole, org)
