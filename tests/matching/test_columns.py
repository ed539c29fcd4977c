"""Columns answer what the compiled function answers: every programme, on days of every period, on both sides of every limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.bulk import Tally, differences, portions, tallied
from services.matching.columns import ELIGIBLE, FEN, NUMBER_MAX, REPORTED, WORDS, Columnar, NotInColumns, columnar, frame_of, verdicts_of
from services.matching.domain.changing import Case, NewValue, Sums, changed, effects
from services.matching.domain.rulebook import Rulebook
from services.matching.domain.rules import Rule, Rules
from services.matching.rulebook import RULEBOOK

COLUMNS = columnar(RULEBOOK)


def _leaves(rules: tuple[Rule | Rules, ...]) -> Iterator[Rule]:
    for one in rules:
        yield from _leaves(one.members) if isinstance(one, Rules) else (one,)


STANDING = [one for period in RULEBOOK.periods for one in period.in_force if one is not None]
LEAVES = [rule for one in STANDING for rule in _leaves(one.rules)]
LIMITS = sorted(
    {int(rule.threshold) for rule in LEAVES if type(rule.threshold) in (int, float)}
    | {n for one in STANDING for n in (one.floor_fen, one.cap_fen, one.special_cap_fen, int(one.cap_fen / (one.share or 1)), *one.cap_at.values())}
)  # fmt: skip
NAMED = sorted({code for rule in LEAVES if isinstance(rule.threshold, tuple) for code in rule.threshold})
DAYS = st.sampled_from([day + timedelta(days=n) for day in RULEBOOK.days[1:-1] for n in (-1, 0, 1)]) | st.dates(
    date(2011, 1, 1), date(2031, 12, 31)
)

_LIMIT = st.sampled_from(LIMITS)
_BORDER = st.builds(lambda limit, off, by: limit * by + off, _LIMIT, st.integers(-1, 1), st.sampled_from((1, 2, 3, 12)))
_MONEY = _BORDER | st.builds(lambda n, off: n // 12 + off, _LIMIT, st.integers(-1, 1)) | st.integers(-10, 40_000_000)
_SMALL = st.sampled_from([n + off for n in LIMITS if n < 100 for off in (-1, 0, 1)]) | st.integers(-1, 40)
_CODE = st.sampled_from((*NAMED, "none", ""))
_OF: dict[Any, st.SearchStrategy[Any]] = {
    pl.Int64: _SMALL, pl.Boolean: st.booleans(), pl.String: _CODE, pl.List(pl.String): st.lists(_CODE, max_size=2),
    pl.Date: st.dates(date(2010, 1, 1), date(2031, 12, 31)),
}  # fmt: skip
_SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys([name for name in REPORTED if name.endswith("_fen")], _MONEY),
    "household_size": st.sampled_from((1, 2, 3, 7, 0, -1)),
    "hukou_district": st.sampled_from(sorted({place for one in STANDING for place in one.cap_at} | {"440106"})),
}
FACTS = st.fixed_dictionaries({}, optional={name: st.none() | _SPECIAL.get(name, _OF[kind]) for name, kind in REPORTED.items()})
# Near enough to a yes of every programme that leaving out or turning a few facts decides.
NEARLY: dict[str, Any] = {
    "student": "college", "local_hukou": True, "certificates": ["disability"], "disability_grade": 1, "age": 14, "serious_illness": True,
    "accident": True, "unable_to_pay": True, "cannot_pay": True, "works_here_months": 30, "pension_months": 30, "lived_here_months": 30,
    "residence_permit": True, "parent_works_here": True, "parent_lived_here_months": 30, "lives_with_parents": True, "household_size": 2,
    "monthly_income_fen": 100_000, "necessary_spending_month_fen": 50_000, "medical_self_paid_year_fen": 900_000, "wish_sku": "radio",
    "application_running": True, "basic_life_threatened": True, "property_within_limits": True, "has_supporter": False, "rural_hukou": True,
    "hukou_district": "440112", "disability_kind": "limb", "event_on": date(2026, 11, 1),
}  # fmt: skip
TURNED = st.builds(lambda changes, without: {k: v for k, v in {**NEARLY, **changes}.items() if k not in without},
                    st.fixed_dictionaries({}, optional={n: _SPECIAL.get(n, _OF[k]) for n, k in REPORTED.items()}),
                    st.sets(st.sampled_from(sorted(NEARLY)), max_size=3))  # fmt: skip
CASES = st.lists(FACTS | TURNED, min_size=1, max_size=12)


def disagreements(columns: Columnar, book: Rulebook, facts: list[dict[str, Any]], on: date, seen_on: date) -> list[str]:
    told = verdicts_of(frame_of(facts), columns, on, seen_on=seen_on)
    assert told.height == len(facts)
    found = []
    for row, one in zip(told.iter_rows(named=True), facts, strict=True):
        for verdict in book.verdicts(one, on, seen_on=seen_on):
            answer = (WORDS[row[verdict.programme]], row[verdict.programme + FEN])
            if answer != (verdict.verdict, verdict.amount_fen):
                found.append(f"{verdict} {answer} {one}")
    return found


@settings(max_examples=400, deadline=None)
@given(CASES, DAYS, st.integers(0, 60))
def test_columns_answer_as_the_function_does(facts: list[dict[str, Any]], on: date, later: int) -> None:
    assert disagreements(COLUMNS, RULEBOOK, facts, on, on + timedelta(days=later)) == []


def _about(rule: Rule, n: int) -> list[dict[str, Any]]:
    """Reported facts that bring the fact of a rule to its limit and one beyond on both sides."""
    at = [int(rule.threshold) + off for off in (-1, 0, 1)]
    match rule.fact:
        case "per_head_income_month_fen":
            return [{"household_size": n, "monthly_income_fen": x * n + more} for x in at for more in (0, n - 1)]
        case "per_head_income_year_fen":
            return [{"household_size": n, "monthly_income_fen": (x // 12) * n + off} for x in at for off in (-1, 0, 1)]
        case "per_head_left_month_fen":
            return [{"household_size": n, "monthly_income_fen": x * n + 7, "necessary_spending_month_fen": 7} for x in at]
        case "settled_here_months":
            return [{"lived_here_months": x} for x in at] + [{"lived_here_months": 0, "works_here_months": x} for x in at]
        case "event_months_ago":
            return [
                {"event_on": day, "application_running": False}
                for day in (date(2026, 10, 22), date(2026, 10, 23), date(2026, 10, 24), date(2027, 1, 31))
            ]
        case fact:
            return [{fact: x} for x in at]


def test_every_limit_of_every_period_is_met_on_both_sides() -> None:
    for period, day in zip(RULEBOOK.periods, RULEBOOK.days, strict=True):
        rules = [rule for one in period.in_force if one is not None for rule in _leaves(one.rules)]
        counted = [rule for rule in rules if type(rule.threshold) in (int, float)]
        facts = [{**NEARLY, **about} for rule in counted for n in (1, 3) for about in _about(rule, n)]
        facts += [{k: v for k, v in one.items() if k != left} for one in facts[:40] for left in NEARLY]
        if facts:
            assert disagreements(COLUMNS, RULEBOOK, facts, day, date(2026, 11, 23)) == [], day


def test_every_programme_gives_every_answer_somewhere() -> None:
    """The two tests above say little of a programme that is always refused."""
    against = {
        k: not v if isinstance(v, bool) else "none" if isinstance(v, str) else 0 if isinstance(v, int) else v for k, v in NEARLY.items()
    }
    against |= {"monthly_income_fen": 10**6, "household_size": 1, "certificates": ["none"], "event_on": date(2020, 1, 1), "age": 40}
    edge = {**NEARLY, "monthly_income_fen": 300_000, "certificates": ["none"], "necessary_spending_month_fen": 10**6}
    facts: list[dict[str, Any]] = [{}, NEARLY, {**NEARLY, "local_hukou": False}, edge, against, {**against, "wish_sku": "radio"}]
    facts.append({**against, "local_hukou": True})
    told = verdicts_of(frame_of(facts), COLUMNS, date(2026, 11, 2))
    for code in COLUMNS.codes:
        assert set(told[code]) == {0, 1, 2}, (code, told[code].to_list())


@pytest.mark.parametrize(
    "value",
    [
        NewValue(None, "dibao_line_fen", date(2023, 1, 1), Fraction(123_801), "planted"),
        NewValue("GOV-MEDICAL", "reimbursement_ratio", date(2016, 3, 1), Fraction("0.950001"), "planted"),
        NewValue(None, "tekun_rural_line_fen:440112", date(2021, 1, 1), Fraction(241_301), "planted"),
        NewValue("LOTTERY-RAIN", "special_cap_fen", date(2012, 1, 1), Fraction(1_999_999), "planted"),
        NewValue(None, "migrant_months", date(2012, 1, 1), Fraction(7), "planted"),
        NewValue("CHILD-ILL", "age_at_most", date(2015, 7, 1), Fraction(13), "planted"),
    ],
    ids=lambda value: value.name,
)
def test_a_planted_fault_of_one_is_seen(value: NewValue) -> None:
    """Columns of a rulebook that is wrong by one are told from those of ours."""
    wrong = columnar(changed(RULEBOOK, (value,)))
    on = date(2026, 11, 2)
    facts = [
        {**NEARLY, "monthly_income_fen": 123_800, "household_size": 1},
        {**NEARLY, "special_circumstances": True, "medical_self_paid_year_fen": 3 * 10**6},
    ]
    facts += [NEARLY, {**NEARLY, "local_hukou": False, "residence_permit": False, "lived_here_months": 7, "works_here_months": 0}]
    assert disagreements(COLUMNS, RULEBOOK, facts, on, on) == []
    assert disagreements(wrong, RULEBOOK, facts, on, on) != []


@settings(max_examples=60, deadline=None)
@given(
    st.fractions(0, 3, max_denominator=10**5),
    st.lists(st.integers(-10, 10**9), min_size=1, max_size=20),
    st.fractions(0, 2, max_denominator=997),
)
def test_shares_and_limits_that_are_no_whole_numbers_are_exact(share: Fraction, paid: list[int], ratio: Fraction) -> None:
    values = (
        NewValue("GOV-MEDICAL", "reimbursement_ratio", date(2016, 3, 1), share, "S1"),
        NewValue(None, "edge_ratio", date(2020, 1, 1), ratio, "S1"),
    )
    book = changed(RULEBOOK, values)
    facts = [{**NEARLY, "medical_self_paid_year_fen": n, "monthly_income_fen": n % 400_000} for n in paid]
    edge = int(123_800 * ratio)
    alone = {**NEARLY, "household_size": 1, "necessary_spending_month_fen": 0, "serious_illness": True}
    facts += [{**alone, "monthly_income_fen": edge + off} for off in (-1, 0, 1)]
    on = date(2026, 11, 2)
    assert disagreements(columnar(book), book, facts, on, on) == []


def test_limits_and_sums_beyond_64_bits_are_refused_and_not_rounded() -> None:
    for value in (Fraction(NUMBER_MAX + 1), Fraction(10**30)):
        with pytest.raises(NotInColumns, match="LOTTERY-RAIN"):
            columnar(changed(RULEBOOK, (NewValue("LOTTERY-RAIN", "cap_fen", date(2012, 1, 1), value, "S1"),)))
    with pytest.raises(NotInColumns, match="age"):
        frame_of([{"age": 10**30}])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("monthly_income_fen", pl.Series([NUMBER_MAX + 1])),
        ("monthly_income_fen", pl.Series([-NUMBER_MAX - 1])),
        ("household_size", pl.Series([10**6 + 1])),
        ("age", pl.Series([14.5])),
        ("age", pl.Series(["14"])),
        ("local_hukou", pl.Series(["true"])),
        ("certificates", pl.Series(["dibao"])),
        ("certificates", pl.Series([["dibao", None]])),
        ("event_on", pl.Series(["2026-11-01"])),
    ],
)
def test_what_columns_cannot_hold_is_refused_by_its_name(name: str, values: pl.Series) -> None:
    with pytest.raises(NotInColumns, match=f"^{name}$"):
        verdicts_of(pl.DataFrame({name: values}), COLUMNS, date(2026, 11, 1))


def test_small_numbers_categories_and_absent_columns_are_read() -> None:
    frame = pl.DataFrame(
        {"age": pl.Series([60], dtype=pl.Int8), "student": pl.Series(["college"], dtype=pl.Categorical), "accident": pl.Series([None])}
    )
    told = verdicts_of(frame, COLUMNS, date(2026, 11, 1))
    assert told.row(0) == verdicts_of(frame_of([{"age": 60, "student": "college"}]), COLUMNS, date(2026, 11, 1)).row(0)
    assert verdicts_of(frame.clear(), COLUMNS, date(2026, 11, 1)).height == 0


FACTS_OF_MANY: list[dict[str, Any]] = [
    {
        **NEARLY,
        "monthly_income_fen": 100_000 + 997 * n,
        "local_hukou": n % 3 > 0,
        "certificates": [["none"], ["dibao", "disability"]][n % 2],
        "age": n % 90,
    }
    for n in range(300)
]


def _tally_of(facts: list[dict[str, Any]], on: date) -> dict[str, Tally]:
    found = {code: Tally() for code in COLUMNS.codes}
    for one in facts:
        for v in RULEBOOK.verdicts(one, on):
            t = found[v.programme]
            eligible, asked = v.verdict == "eligible", v.verdict == "needs_information"
            found[v.programme] = Tally(t.eligible + eligible, t.needs_information + asked, t.amount_fen + v.amount_fen)
    return found


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_file_is_counted_portion_by_portion(tmp_path: Path, kind: str) -> None:
    on, frame, file = date(2026, 11, 2), frame_of(FACTS_OF_MANY), tmp_path / f"people.{kind}"
    if kind == "parquet":
        frame.write_parquet(file)
    else:
        frame.with_columns(pl.col("certificates").list.join("|")).write_csv(file)
    assert sum(portion.height for portion in portions(file, 70)) == len(FACTS_OF_MANY)
    told = tallied(portions(file, 70), COLUMNS, on)
    assert told == _tally_of(FACTS_OF_MANY, on)
    assert sum(one.eligible for one in told.values()) > 1000


VALUES = st.sampled_from((
    NewValue(None, "dibao_line_fen", date(2024, 3, 1), Fraction(128_000), "S1"), NewValue(None, "dibao_line_fen", date(2023, 1, 1), Fraction(90_000), "S1"),
    NewValue(None, "edge_ratio", date(2020, 1, 1), Fraction("1.37"), "S1"), NewValue("LOTTERY-RAIN", "cap_fen", date(2012, 1, 1), Fraction(500_000), "S1"),
    NewValue("CHILD-ILL", "age_at_most", date(2022, 5, 1), Fraction(16), "S1"), NewValue(None, "tekun_rural_line_fen:440112", date(2023, 1, 1), Fraction(1), "S1"),
))  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(FACTS | TURNED, DAYS, st.integers(0, 40), st.sampled_from(("440104", "440106"))), min_size=1, max_size=12), VALUES
)
def test_other_numbers_change_in_columns_what_they_change_case_by_case(
    cases: list[tuple[dict[str, Any], date, int, str]], value: NewValue
) -> None:
    after = changed(RULEBOOK, (value,))
    told = [Case(str(n), place, facts, on, on + timedelta(days=later)) for n, (facts, on, later, place) in enumerate(cases)]
    expected: dict[tuple[str, str], Sums] = {}
    touched = set[str]()
    for one in effects(RULEBOOK, after, told):
        touched.add(one.case_id)
        expected[one.programme, one.district] = expected.get((one.programme, one.district), Sums()).and_of(one)
    frame = frame_of([one.facts for one in told]).with_columns(
        district=pl.Series([one.district for one in told]),
        on=pl.Series([one.on for one in told]),
        seen_on=pl.Series([one.seen_on for one in told]),
    )
    found = differences([frame[:5], frame[5:]], COLUMNS, columnar(after))
    assert (found.cases, found.affected, found.sums) == (len(told), len(touched), expected)


def test_cases_without_a_place_or_day_are_refused() -> None:
    frame = frame_of([NEARLY]).with_columns(district=pl.lit("440104"), on=pl.lit(date(2026, 11, 1)))
    assert differences([frame], COLUMNS, COLUMNS).cases == 1
    for name in ("district", "on"):
        for wrong in (frame.drop(name), frame.with_columns(pl.lit(None, frame.schema[name]).alias(name))):
            with pytest.raises(NotInColumns, match=name):
                differences([wrong], COLUMNS, COLUMNS)


def test_the_eligible_alone_have_a_sum() -> None:
    told = verdicts_of(frame_of(FACTS_OF_MANY), COLUMNS, date(2026, 11, 2))
    for code in COLUMNS.codes:
        assert told.filter((pl.col(code) != ELIGIBLE) & (pl.col(code + FEN) != 0)).height == 0
