"""The generated functions say, word for word, what a plain walk over the rules says."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.domain import telling
from services.matching.domain.changing import NewValue, changed
from services.matching.domain.facts import known
from services.matching.domain.rulebook import Rulebook
from services.matching.rulebook import RULEBOOK
from tests.matching import plainly
from tests.matching.test_columns import DAYS, FACTS, NEARLY, TURNED

USED = st.dictionaries(st.sampled_from([one.code for one in RULEBOOK.programmes]), st.integers(0, 40_000_000), max_size=4)


def same(book: Rulebook, facts: dict[str, Any], on: date, seen_on: date, used: dict[str, int]) -> bool:
    what = known(facts, seen_on)
    pairs = zip(book.at(on).in_force, book.programmes, strict=True)
    verdicts = tuple([plainly.verdict(one, programme.code, what) for one, programme in pairs])
    told = plainly.explain(book, facts, on, seen_on, used)
    return verdicts == book.verdicts(facts, on, seen_on=seen_on) and told == book.explain(facts, on, seen_on=seen_on, used=used)


@settings(max_examples=700, deadline=None)
@given(FACTS | TURNED, DAYS, st.integers(0, 60), USED)
def test_verdicts_and_reasons_are_those_of_a_plain_walk(facts: dict[str, Any], on: date, later: int, used: dict[str, int]) -> None:
    assert same(RULEBOOK, facts, on, on + timedelta(days=later), used)


@pytest.mark.parametrize("left_out", ["", *NEARLY])
@pytest.mark.parametrize("on", [date(2019, 1, 1), date(2020, 7, 1), date(2026, 11, 2)])
def test_the_same_with_any_one_fact_left_out(left_out: str, on: date) -> None:
    facts = {name: value for name, value in NEARLY.items() if name != left_out}
    for used in ({}, {"LOTTERY-RAIN": 600_000, "GOV-MEDICAL": 10**9, "DIBAO": 7}):
        for changes in (
            {},
            {"local_hukou": False},
            {"special_circumstances": True},
            {"papers_missing": True, "accident": True},
            {"certificates": ["none"], "monthly_income_fen": 300_000},
        ):
            assert same(RULEBOOK, {**facts, **changes}, on, on, used)


@settings(max_examples=100, deadline=None)
@given(st.fractions(0, 3, max_denominator=997), st.integers(0, 10**9), st.sampled_from((-1, 0, 1)))
def test_the_same_with_limits_that_are_no_whole_numbers(ratio: Fraction, paid: int, off: int) -> None:
    values = (
        NewValue(None, "edge_ratio", date(2020, 1, 1), ratio, "S1"),
        NewValue("GOV-MEDICAL", "reimbursement_ratio", date(2016, 3, 1), ratio, "S1"),
    )
    facts = {**NEARLY, "household_size": 1, "monthly_income_fen": int(123_800 * ratio) + off, "medical_self_paid_year_fen": paid}
    assert same(changed(RULEBOOK, values), facts, date(2026, 11, 2), date(2026, 11, 2), {})


def test_reasons_are_kept_for_few_and_short_values_only() -> None:
    reasons = telling._Reasons(
        [rule for one in RULEBOOK.at(date(2026, 11, 2)).in_force if one for rule in telling._leaves(one.rules) if rule.fact == "student"]
    )
    for value in ("college", "x" * 10_000, *[str(n) for n in range(1_000)]):
        assert [one.value for one in reasons[value]] == [value] * 2
        assert len(reasons) <= 256
    assert not any(len(value) > 40 for value in reasons)
    certificates = telling._Reasons([])
    assert certificates[("y" * 10_000,)] == certificates[("dibao",) * 1_000] == certificates[("dibao",)] == ()
    assert list(certificates) == [("dibao",)]
