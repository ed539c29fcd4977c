"""How urgent a report is, and by which rules."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from services.intake.domain.facts import Facts, amount_of, day_of
from services.intake.domain.triage import Triage

LEVELS = ("none", "normal", "high", "critical")
_RANK = {level: rank for rank, level in enumerate(LEVELS)}
_SUDDEN_DAYS = 31


class Need(Struct, frozen=True, gc=False):
    """One need and the rules that found it; the words themselves are personal and kept elsewhere."""

    code: str
    because: tuple[str, ...] = ()


class Assessment(Struct, frozen=True, gc=False):
    """Needs and urgency of one report, each with the codes of the rules that led there."""

    needs: tuple[Need, ...]
    level: str
    because: tuple[str, ...]


def higher(one: str, other: str) -> str:
    return one if _RANK[one] >= _RANK[other] else other


def assess(given: tuple[str, ...], triage: Triage, facts: Facts, *, danger_now: bool, on: date) -> Assessment:
    """What was given, what the words say and what the facts say, joined; nothing given is ever dropped."""
    because: dict[str, list[str]] = {code: ["given"] for code in given}
    for code, rules in triage.needs.items():
        because.setdefault(code, []).extend(rules)
    for code, rule in _needs_of_facts(facts, on):
        because.setdefault(code, []).append(rule)
    level, why = triage.level, list(triage.because)
    for other, rule in _urgency_of_facts(facts, on, danger_now, because):
        if _RANK[other] > _RANK[level]:
            level, why = other, [rule]
        elif other == level and rule not in why:
            why.append(rule)
    needs = tuple([Need(code, tuple(rules)) for code, rules in because.items()])
    return Assessment(needs, level, tuple(why))


def _sudden(facts: Facts, on: date) -> bool:
    happened = day_of(facts, "event_on")
    return happened is not None and 0 <= (on - happened).days <= _SUDDEN_DAYS


def _needs_of_facts(facts: Facts, on: date) -> list[tuple[str, str]]:
    found = []
    if facts.get("serious_illness") is True:
        found.append(("medical", "fact:serious_illness"))
    elif (amount_of(facts, "medical_self_paid_year_fen") or 0) > 0:
        found.append(("medical", "fact:medical_bills"))
    if amount_of(facts, "disability_grade") or facts.get("disability_kind"):
        found.append(("disability", "fact:disability"))
    if _sudden(facts, on):
        found.append(("emergency", "fact:sudden_event"))
    return found


def _urgency_of_facts(facts: Facts, on: date, danger_now: bool, needs: dict[str, list[str]]) -> list[tuple[str, str]]:
    found = []
    if danger_now:
        found.append(("critical", "said:danger_now"))
    if _sudden(facts, on):
        found.append(("high", "fact:sudden_event"))  # fire, traffic accident, injury, sudden illness within one month
    if facts.get("serious_illness") is True and _cannot_pay(facts):
        found.append(("high", "fact:illness_cannot_be_paid"))
    if "emergency" in needs and "given" in needs["emergency"]:
        found.append(("high", "given:emergency"))
    if needs:
        found.append(("normal", "needs"))
    return found


def _cannot_pay(facts: Facts) -> bool:
    if facts.get("cannot_pay") is True:
        return True
    paid, income = amount_of(facts, "medical_self_paid_year_fen"), amount_of(facts, "monthly_income_fen")
    return paid is not None and income is not None and paid > 12 * income
