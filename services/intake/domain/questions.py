"""What to ask next: the few things that change what can be done for a person, most important first."""

from __future__ import annotations

from collections.abc import Collection

from services.intake.domain.facts import Facts

_MAX = 3


def next_questions(
    *, needs: Collection[str], level: str, unsure: bool, facts: Facts, has_phone: bool, has_place: bool, consent_asked: bool
) -> tuple[str, ...]:
    """Codes of questions; who is in danger is asked where they are before anything else."""
    wanted = [
        ("where_now", level == "critical" and not has_place),
        ("safe_now", level == "critical"),
        ("phone", not has_phone),
        ("what_today", unsure),
        ("place", not has_place and level != "critical"),
        ("medical_cost", "medical" in needs and "medical_self_paid_year_fen" not in facts),
        ("until_when_housed", "housing" in needs),
        ("who_looks_after", bool({"child_welfare", "elderly_care"} & set(needs))),
        ("income", bool(needs) and "monthly_income_fen" not in facts),
        ("household", bool(needs) and "household_size" not in facts),
        ("consent", bool(needs) and not consent_asked),
    ]
    return tuple([code for code, ask in wanted if ask][:_MAX])
