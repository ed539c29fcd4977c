"""Whom a service is for: conditions held against facts, and what the directory does with them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.matching.domain.fitting import Condition, Eligibility, fault_of, unmet
from services.matching.domain.offering import Contract, cost_of, in_force

OLD = Eligibility(minimum_age=60, maximum_age=80)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ()),
        ({"age": 60}, ()),
        ({"age": 80}, ()),
        ({"age": 59}, ("age",)),
        ({"age": 81}, ("age",)),
        ({"age": "old"}, ()),
        ({"age": True}, ()),
    ],
)
def test_ages_are_both_included_and_what_is_not_known_speaks_against_nobody(facts: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert unmet(OLD, facts, "440106") == expected


def test_a_district_that_is_known_must_be_one_of_them() -> None:
    here = Eligibility(districts=("440106", "440103"))
    assert unmet(here, {}, "440103") == ()
    assert unmet(here, {}, "440111") == ("district",)
    assert unmet(here, {}, "440100") == ()


@pytest.mark.parametrize(
    ("condition", "meets", "fails", "of_another_kind"),
    [
        (Condition("income", "at_least", (100,)), 100, 99, "much"), (Condition("income", "at_most", (100,)), 100, 101, True),
        (Condition("ill", "is", (True,)), True, False, None), (Condition("student", "is", ("primary",)), "primary", "secondary", None),
        (Condition("student", "in", ("primary", "secondary")), "secondary", "none", None),
        (Condition("certificates", "has", ("dibao",)), ["tekun", "dibao"], ["tekun"], "dibao"),
    ],
)  # fmt: skip
def test_every_comparison_holds_and_fails(condition: Condition, meets: Any, fails: Any, of_another_kind: Any) -> None:
    only = Eligibility(conditions=(condition,))
    assert unmet(only, {condition.fact: meets}, "") == ()
    assert unmet(only, {condition.fact: fails}, "") == (condition.fact,)
    assert unmet(only, {condition.fact: of_another_kind}, "") == ()
    assert unmet(only, {}, "") == ()


def test_yes_is_not_the_number_one() -> None:
    mixed = Eligibility(conditions=(Condition("ill", "in", (True, 2)),))
    assert unmet(mixed, {"ill": 1}, "") == ("ill",)
    assert unmet(mixed, {"ill": True}, "") == ()
    assert unmet(mixed, {"ill": "yes"}, "") == ()


@pytest.mark.parametrize(
    ("condition", "wrong"),
    [
        (Condition("age", "at_least", (1,)), ""), (Condition("age", "over", (1,)), "op"), (Condition("age", "at_most", ("old",)), "value"),
        (Condition("age", "at_least", (True,)), "value"), (Condition("age", "is", ()), "value"), (Condition("age", "is", (1, 2)), "value"),
        (Condition("age", "in", (1, 2)), ""),
    ],
)  # fmt: skip
def test_a_condition_that_could_never_be_met_is_found(condition: Condition, wrong: str) -> None:
    assert fault_of(condition) == wrong


def test_a_contract_counts_its_own_days_and_months() -> None:
    year = Contract("C", date(2026, 3, 15), date(2026, 4, 10), price_fen=1_000)
    days = {date(2026, 3, 14): False, date(2026, 3, 15): True, date(2026, 4, 10): True, date(2026, 4, 11): False}
    assert {day: in_force(year, day) for day in days} == days
    assert in_force(None, date(2026, 1, 1))
    assert cost_of(year, {"2026-02": 5, "2026-03": 1, "2026-04": 2, "2026-05": 7}) == 3_000
    assert cost_of(None, {"2026-03": 1}) is None
    assert cost_of(Contract("C", date(2026, 3, 15), date(2026, 4, 10)), {"2026-03": 1}) is None
