"""Every rule and every cap on both sides of its threshold, with the source it was read in; what is not in this table is no rule of ours."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.matching.domain.explaining import Because
from services.matching.domain.rules import leaves
from services.matching.rulebook import RULEBOOK

DAY = date(2026, 11, 23)
S1, GUIDE, EDGE, TEKUN = "S1", "Pw:guide2020", "Pw:edge", "Pw:tekun2021"
ONE = {"household_size": 1}  # so that a sum of the household is one of a head
YES_NO = (True, False)

# programme, condition, source, what it asks for, and the facts that just hold it and just do not; money in fen
RULES: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
    # S1: non-local students of universities, research institutes, vocational and technical schools, in difficulty
    ("GOV-STUDENT", "student", S1, {"student": "college"}, {"student": "school"}),
    ("GOV-STUDENT", "non_local", S1, {"local_hukou": False}, {"local_hukou": True}),
    ("GOV-STUDENT", "allowance_or_disability_certificate", S1, {"certificates": ["dibao"]}, {"certificates": ["none"]}),
    ("GOV-STUDENT", "disability_grade", S1, {"disability_grade": 1}, {"disability_grade": 0}),
    ("GOV-STUDENT", "has_bills", S1, {"medical_self_paid_year_fen": 1}, {"medical_self_paid_year_fen": 0}),
    # S1: Medical Relief Measures of March 2016, all residents including migrant workers (more than 6 months here)
    ("GOV-MEDICAL", "local_hukou", S1, {"local_hukou": True}, {"local_hukou": False}),
    ("GOV-MEDICAL", "residence_permit", S1, {"residence_permit": True}, {"residence_permit": False}),
    ("GOV-MEDICAL", "lives_here", S1, {"lived_here_months": 7}, {"lived_here_months": 6}),
    ("GOV-MEDICAL", "has_bills", S1, {"medical_self_paid_year_fen": 1}, {"medical_self_paid_year_fen": 0}),
    # S1: non-local students; migrant workers who worked and paid pension insurance for more than two years running
    ("CHARITY-MED", "non_local", S1, {"local_hukou": False}, {"local_hukou": True}),
    ("CHARITY-MED", "student", S1, {"student": "vocational"}, {"student": "none"}),
    ("CHARITY-MED", "worked_over_24_months", S1, {"works_here_months": 25}, {"works_here_months": 24}),
    ("CHARITY-MED", "pension_over_24_months", S1, {"pension_months": 25}, {"pension_months": 24}),
    ("CHARITY-MED", "has_bills", S1, {"medical_self_paid_year_fen": 1}, {"medical_self_paid_year_fen": 0}),
    # S1: sudden accident or serious illness, and cannot pay the medical fees
    ("LOTTERY-RAIN", "accident", S1, {"accident": True}, {"accident": False}),
    ("LOTTERY-RAIN", "serious_illness", S1, {"serious_illness": True}, {"serious_illness": False}),
    ("LOTTERY-RAIN", "cannot_pay", S1, {"cannot_pay": True}, {"cannot_pay": False}),
    ("LOTTERY-RAIN", "has_bills", S1, {"medical_self_paid_year_fen": 1}, {"medical_self_paid_year_fen": 0}),
    # S1: a child of at most 14, with its parents in Guangzhou, one of whom works here and has lived here for more than two years
    ("CHILD-ILL", "age_at_most_14", S1, {"age": 14}, {"age": 15}),
    ("CHILD-ILL", "lives_with_parents", S1, {"lives_with_parents": True}, {"lives_with_parents": False}),
    ("CHILD-ILL", "parent_works_here", S1, {"parent_works_here": True}, {"parent_works_here": False}),
    ("CHILD-ILL", "parent_lived_here_over_24_months", S1, {"parent_lived_here_months": 25}, {"parent_lived_here_months": 24}),
    ("CHILD-ILL", "serious_illness", S1, {"serious_illness": True}, {"serious_illness": False}),
    ("CHILD-ILL", "cannot_pay", S1, {"cannot_pay": True}, {"cannot_pay": False}),
    # P:ycwb: one wish a household; who counts as in hardship is ours (1,857.00 yuan is 1.5 times the line of 2023)
    ("MICRO-WISH", "certificate", "ASSUMPTION", {"certificates": ["edge_family"]}, {"certificates": ["none"]}),
    ("MICRO-WISH", "income_at_most_edge", "Pw:edge; Pw:std2023", {"monthly_income_fen": 185_700, **ONE}, {"monthly_income_fen": 185_701, **ONE}),
    ("MICRO-WISH", "wish", "P:ycwb", {"wish_sku": "radio"}, {}),
    # Pw:guide2020: fire, traffic accident, injury or sudden illness within a month, or another application running; P:gzdaily2024
    ("TEMP-URGENT", "accident", GUIDE, {"accident": True}, {"accident": False}),
    ("TEMP-URGENT", "serious_illness", GUIDE, {"serious_illness": True}, {"serious_illness": False}),
    ("TEMP-URGENT", "event_within_a_month", GUIDE, {"event_on": "2026-10-23"}, {"event_on": "2026-10-22"}),
    ("TEMP-URGENT", "application_running", GUIDE, {"application_running": True}, {"application_running": False}),
    ("TEMP-URGENT", "basic_life_threatened", GUIDE, {"basic_life_threatened": True}, {"basic_life_threatened": False}),
    # Pw:guide2020: per-head income below last year's urban disposable income (76,849 yuan), and what is left below 1,857.00 a month
    ("TEMP-EXPENSE", "local_hukou", GUIDE, {"local_hukou": True}, {"local_hukou": False}),
    ("TEMP-EXPENSE", "income_below_urban", "ASSUMPTION", {"monthly_income_fen": 640_408, **ONE}, {"monthly_income_fen": 640_409, **ONE}),
    ("TEMP-EXPENSE", "left_below_low_income_line", "Pw:edge; Pw:std2023",
     {"monthly_income_fen": 285_699, "necessary_spending_month_fen": 100_000, **ONE},
     {"monthly_income_fen": 285_700, "necessary_spending_month_fen": 100_000, **ONE}),
    # Pw:tekun2021, Pw:gd18: old, a minor or severely disabled; no income; nobody bound to support them who can
    ("TEKUN", "local_hukou", "ASSUMPTION", {"local_hukou": True}, {"local_hukou": False}),
    ("TEKUN", "elderly", TEKUN, {"age": 60}, {"age": 59}),
    ("TEKUN", "minor", "Pw:gd18", {"age": 17}, {"age": 18}),
    ("TEKUN", "mental_or_intellectual", TEKUN, {"disability_kind": "mental"}, {"disability_kind": "limb"}),
    ("TEKUN", "has_grade", TEKUN, {"disability_grade": 1}, {"disability_grade": 0}),
    ("TEKUN", "grade_1_to_3", TEKUN, {"disability_grade": 3}, {"disability_grade": 4}),
    ("TEKUN", "limb", TEKUN, {"disability_kind": "limb"}, {"disability_kind": "visual"}),
    ("TEKUN", "limb_has_grade", TEKUN, {"disability_grade": 1}, {"disability_grade": 0}),
    ("TEKUN", "limb_grade_1_or_2", TEKUN, {"disability_grade": 2}, {"disability_grade": 3}),
    ("TEKUN", "visual", TEKUN, {"disability_kind": "visual"}, {"disability_kind": "hearing"}),
    ("TEKUN", "visual_grade_1", TEKUN, {"disability_grade": 1}, {"disability_grade": 2}),
    ("TEKUN", "no_income", "Pw:std2023", {"monthly_income_fen": 123_799, **ONE}, {"monthly_income_fen": 123_800, **ONE}),
    ("TEKUN", "no_supporter", TEKUN, {"has_supporter": False}, {"has_supporter": True}),
    # Pw:jxyuer: below the line; Pw:edge: in an edge family one severely disabled or seriously ill is listed alone
    ("DIBAO", "local_hukou", "ASSUMPTION", {"local_hukou": True}, {"local_hukou": False}),
    ("DIBAO", "income_below_line", "Pw:std2023", {"monthly_income_fen": 123_799, **ONE}, {"monthly_income_fen": 123_800, **ONE}),
    ("DIBAO", "income_at_most_edge", "Pw:edge; Pw:std2023", {"monthly_income_fen": 185_700, **ONE}, {"monthly_income_fen": 185_701, **ONE}),
    ("DIBAO", "has_grade", EDGE, {"disability_grade": 1}, {"disability_grade": 0}),
    ("DIBAO", "grade_1_or_2", EDGE, {"disability_grade": 2}, {"disability_grade": 3}),
    ("DIBAO", "mental_or_intellectual", EDGE, {"disability_kind": "intellectual"}, {"disability_kind": "speech"}),
    ("DIBAO", "grade_3_or_4", EDGE, {"disability_grade": 3}, {"disability_grade": 2}),
    ("DIBAO", "serious_illness", EDGE, {"serious_illness": True}, {"serious_illness": False}),
    ("DIBAO", "property_within_limits", EDGE, {"property_within_limits": True}, {"property_within_limits": False}),
    # Pw:edge: not below the line, at most 1.5 times the line, property as for dibao, not helped otherwise
    ("DIBAO-EDGE", "local_hukou", EDGE, {"local_hukou": True}, {"local_hukou": False}),
    ("DIBAO-EDGE", "not_below_line", "Pw:std2023", {"monthly_income_fen": 123_800, **ONE}, {"monthly_income_fen": 123_799, **ONE}),
    ("DIBAO-EDGE", "income_at_most_edge", "Pw:edge; Pw:std2023", {"monthly_income_fen": 185_700, **ONE}, {"monthly_income_fen": 185_701, **ONE}),
    ("DIBAO-EDGE", "not_helped_otherwise", EDGE, {"certificates": ["disability"]}, {"certificates": ["tekun"]}),
    ("DIBAO-EDGE", "property_within_limits", EDGE, {"property_within_limits": True}, {"property_within_limits": False}),
    # P:chinascope, and for Guangzhou the test of the temporary assistance, Pw:guide2020
    ("EXPENSE-DIFFICULTY", "local_hukou", GUIDE, {"local_hukou": True}, {"local_hukou": False}),
    ("EXPENSE-DIFFICULTY", "income_below_urban", "ASSUMPTION", {"monthly_income_fen": 640_408, **ONE}, {"monthly_income_fen": 640_409, **ONE}),
    ("EXPENSE-DIFFICULTY", "left_below_low_income_line", "Pw:edge; Pw:std2023",
     {"monthly_income_fen": 285_699, "necessary_spending_month_fen": 100_000, **ONE},
     {"monthly_income_fen": 285_700, "necessary_spending_month_fen": 100_000, **ONE}),
    ("EXPENSE-DIFFICULTY", "property_within_limits", "P:chinascope", {"property_within_limits": True}, {"property_within_limits": False}),
]  # fmt: skip
# Rules that held until a day, on their last day: TEMP-URGENT asked for a registration until 2024 (P:gzdaily2024: irrespective of it since).
BEFORE: list[tuple[date, str, str, str, dict[str, Any], dict[str, Any]]] = [
    (date(2023, 12, 31), "TEMP-URGENT", "local_hukou", GUIDE, {"local_hukou": True}, {"local_hukou": False}),
    (date(2023, 12, 31), "TEMP-URGENT", "residence_permit", GUIDE, {"residence_permit": True}, {"residence_permit": False}),
    (date(2023, 12, 31), "TEMP-URGENT", "hmt_permit", GUIDE, {"hmt_permit": True}, {"hmt_permit": False}),
    (date(2020, 12, 31), "TEKUN", "grade_1_or_2", "Pw:tekun2016", {"disability_grade": 2}, {"disability_grade": 3}),
    (date(2020, 12, 31), "TEKUN", "limb_grade_1", "Pw:tekun2016", {"disability_grade": 1}, {"disability_grade": 2}),
]
EVERY = [(DAY, *row) for row in RULES] + BEFORE


def reason(facts: dict[str, Any], on: date, programme: str, rule: str) -> Because | None:
    told = next(one for one in RULEBOOK.explain(facts, on) if one.programme == programme)
    return next((one for one in told.because if one.rule == rule), None)


@pytest.mark.parametrize(("on", "programme", "rule", "source", "holds", "fails"), EVERY, ids=[f"{row[1]}-{row[2]}" for row in EVERY])
def test_each_rule_on_both_sides_of_its_threshold(
    on: date, programme: str, rule: str, source: str, holds: dict[str, Any], fails: dict[str, Any]
) -> None:
    yes, no, unknown = reason(holds, on, programme, rule), reason(fails, on, programme, rule), reason({}, on, programme, rule)
    assert yes is not None
    assert (yes.met, yes.source) == (True, source)
    assert no is not None
    assert no.met is (False if fails else None)
    assert unknown is not None
    assert unknown.met is None
    if yes.margin is not None:
        assert yes.margin >= 0 >= (no.margin or 0)


def test_there_is_no_rule_without_its_row() -> None:
    rules = {(programme.code, one.id) for programme in RULEBOOK.programmes for one in leaves(programme.conditions)}
    assert rules == {(row[1], row[2]) for row in EVERY}


@pytest.mark.parametrize("row", BEFORE, ids=[f"{row[1]}-{row[2]}" for row in BEFORE])
def test_a_rule_that_ended_asks_nothing_from_the_next_day_on(row: tuple[Any, ...]) -> None:
    next_day = date.fromordinal(row[0].toordinal() + 1)
    assert reason(row[4], next_day, row[1], row[2]) is None


BILLS = "medical_self_paid_year_fen"
STUDENT = {"student": "college", "local_hukou": False, "certificates": ["dibao"]}
MIGRANT = {"local_hukou": False, "works_here_months": 25, "pension_months": 25, "student": "none"}
ILL = {"serious_illness": True, "cannot_pay": True}
CHILD = {"age": 9, "lives_with_parents": True, "parent_works_here": True, "parent_lived_here_months": 30, **ILL}
POOR = {"local_hukou": True, "property_within_limits": True, "household_size": 3}
EXPENSES = {"local_hukou": True, "household_size": 1, "monthly_income_fen": 200_000}
ALONE = {"local_hukou": True, "age": 70, "has_supporter": False, "household_size": 1, "monthly_income_fen": 0}

# programme, source of the sum, facts, fen: on the last fen below a cap, on the cap and beyond it
AMOUNTS: list[tuple[str, str, dict[str, Any], int]] = [
    # S1: at most 28,660 USD at 6.63 a person and year
    ("GOV-STUDENT", S1, {**STUDENT, BILLS: 19_001_579}, 19_001_579),
    ("GOV-STUDENT", S1, {**STUDENT, BILLS: 19_001_580}, 19_001_580),
    ("GOV-STUDENT", S1, {**STUDENT, BILLS: 19_001_581}, 19_001_580),
    # S1: reimbursement over 95 %, at most 350,000 yuan a person and year
    ("GOV-MEDICAL", S1, {"local_hukou": True, BILLS: 100}, 95),
    ("GOV-MEDICAL", S1, {"local_hukou": True, BILLS: 36_842_105}, 34_999_999),
    ("GOV-MEDICAL", S1, {"local_hukou": True, BILLS: 36_842_106}, 35_000_000),
    ("GOV-MEDICAL", S1, {"local_hukou": True, BILLS: 36_900_000}, 35_000_000),
    # S1: at most 4,528.507 USD at 6.63 a person and year
    ("CHARITY-MED", S1, {**MIGRANT, BILLS: 3_002_399}, 3_002_399),
    ("CHARITY-MED", S1, {**MIGRANT, BILLS: 3_002_401}, 3_002_400),
    # S1: 2,000 to 10,000 yuan a case, 20,000 in special circumstances
    ("LOTTERY-RAIN", S1, {**ILL, BILLS: 199_999}, 200_000),
    ("LOTTERY-RAIN", S1, {**ILL, BILLS: 200_001}, 200_001),
    ("LOTTERY-RAIN", S1, {**ILL, BILLS: 1_000_001}, 1_000_000),
    ("LOTTERY-RAIN", S1, {**ILL, BILLS: 1_000_001, "special_circumstances": True}, 1_000_001),
    ("LOTTERY-RAIN", S1, {**ILL, BILLS: 2_000_001, "special_circumstances": True}, 2_000_000),
    # S1: at most 10,000 yuan a child and year
    ("CHILD-ILL", S1, {**CHILD, BILLS: 999_999}, 999_999),
    ("CHILD-ILL", S1, {**CHILD, BILLS: 1_000_001}, 1_000_000),
    # P:ycwb: at most 500 yuan
    ("MICRO-WISH", "P:ycwb", {"certificates": ["dibao"], "wish_sku": "radio"}, 50_000),
    # P:gzdaily2024: at most 3 times the line, 3,714 yuan
    ("TEMP-URGENT", "P:gzdaily2024", {"accident": True, "event_on": "2026-11-20"}, 371_400),
    # P:gzdaily2024: first help, before the file is complete, at most twice the line
    ("TEMP-URGENT", "P:gzdaily2024", {"accident": True, "event_on": "2026-11-20", "papers_missing": True}, 247_600),
    ("TEMP-URGENT", "P:gzdaily2024", {"accident": True, "event_on": "2026-11-20", "papers_missing": False}, 371_400),
    # Pw:jxyuer: actual spending, at most 12 times the line, 14,856 yuan
    ("TEMP-EXPENSE", "Pw:jxyuer", {**EXPENSES, "necessary_spending_month_fen": 123_799}, 1_485_588),
    ("TEMP-EXPENSE", "Pw:jxyuer", {**EXPENSES, "necessary_spending_month_fen": 123_801}, 1_485_600),
    # Pw:jxyuer: the difference to the line of 1,238 yuan, for each of the household, to the fen
    ("DIBAO", "Pw:jxyuer", {**POOR, "monthly_income_fen": 371_399}, 1),
    ("DIBAO", "Pw:jxyuer", {**POOR, "monthly_income_fen": 100_000}, 271_400),
    ("DIBAO", "Pw:jxyuer", {**POOR, "monthly_income_fen": 0}, 371_400),
    # Pw:edge: listed alone, the full line for one
    ("DIBAO", EDGE, {**POOR, "monthly_income_fen": 371_400, "serious_illness": True}, 123_800),
    ("DIBAO", EDGE, {**POOR, "monthly_income_fen": 557_100, "disability_grade": 2}, 123_800),
    ("DIBAO", EDGE, {**POOR, "monthly_income_fen": 557_100, "disability_grade": 4, "disability_kind": "mental"}, 123_800),
    # Pw:std2023: 1,981 yuan; in the countryside of Panyu 2,512, of Baiyun as in the city
    ("TEKUN", "Pw:std2023", ALONE, 198_100),
    ("TEKUN", "Pw:std2023", {**ALONE, "rural_hukou": True, "hukou_district": "440113"}, 251_200),
    ("TEKUN", "Pw:std2023", {**ALONE, "rural_hukou": False, "hukou_district": "440113"}, 198_100),
    ("TEKUN", "Pw:std2023", {**ALONE, "rural_hukou": True, "hukou_district": "440111"}, 198_100),
    ("TEKUN", "Pw:std2023", {**ALONE, "rural_hukou": True, "hukou_district": "440104"}, 198_100),
]  # fmt: skip


@pytest.mark.parametrize(("programme", "source", "facts", "fen"), AMOUNTS, ids=[f"{row[0]}-{row[3]}-{n}" for n, row in enumerate(AMOUNTS)])
def test_each_sum_to_the_fen(programme: str, source: str, facts: dict[str, Any], fen: int) -> None:
    told = next(one for one in RULEBOOK.explain(facts, DAY) if one.programme == programme)
    assert (told.verdict, told.amount_fen) == ("eligible", fen)
    p = RULEBOOK.by_code[programme]
    named = {one.source for series in (*p.parameters.values(), *RULEBOOK.city.values()) for one in series} | {p.source}
    assert source in named | {one.source for one in leaves(p.conditions)}


@pytest.mark.parametrize(
    ("programme", "facts"),
    [
        ("DIBAO-EDGE", {**POOR, "monthly_income_fen": 450_000, "certificates": ["none"]}),
        ("EXPENSE-DIFFICULTY", {**POOR, "monthly_income_fen": 900_000, "necessary_spending_month_fen": 500_000}),
    ],
)
def test_a_recognition_gives_no_money(programme: str, facts: dict[str, Any]) -> None:
    told = next(one for one in RULEBOOK.explain(facts, DAY) if one.programme == programme)
    assert (told.verdict, told.amount_fen, told.cap_left_fen) == ("eligible", 0, None)
    assert RULEBOOK.by_code[programme].kind == "status"


# P:std2021, Pw:std2023: the lines of each year a person and month; 2022 is an assumption
LINES = [
    ("2020-12-31", 108_000, 172_800, None), ("2021-01-01", 112_000, 179_200, 180_600), ("2022-01-01", 119_600, 191_400, 191_400),
    ("2022-12-31", 119_600, 191_400, 191_400), ("2023-01-01", 123_800, 198_100, 198_100),
]  # fmt: skip


@pytest.mark.parametrize(("day", "dibao", "tekun", "rural_baiyun"), LINES)
def test_the_lines_are_those_of_the_day_of_the_event(day: str, dibao: int, tekun: int, rural_baiyun: int | None) -> None:
    on = date.fromisoformat(day)
    alone = {**ALONE, "property_within_limits": True}
    given = {v.programme: v.amount_fen for v in RULEBOOK.verdicts(alone, on)}
    assert (given["DIBAO"], given["TEKUN"]) == (dibao, tekun)
    rural = {v.programme: v.amount_fen for v in RULEBOOK.verdicts({**alone, "rural_hukou": True, "hukou_district": "440111"}, on)}
    assert rural["TEKUN"] == (rural_baiyun or tekun)


@pytest.mark.parametrize(
    ("programme", "facts"),
    [
        ("GOV-STUDENT", {**STUDENT, BILLS: 1}), ("GOV-MEDICAL", {"residence_permit": True, BILLS: 1}), ("CHARITY-MED", {**MIGRANT, BILLS: 1}),
        ("LOTTERY-RAIN", {**ILL, BILLS: 1}), ("CHILD-ILL", {**CHILD, BILLS: 1}), ("TEMP-URGENT", {"accident": True, "event_on": "2026-11-20"}),
        ("TEMP-EXPENSE", {**EXPENSES, "necessary_spending_month_fen": 100_000}), ("DIBAO", {**POOR, "monthly_income_fen": 1}), ("TEKUN", ALONE),
    ],
)  # fmt: skip
def test_every_fact_that_made_it_eligible_was_needed(programme: str, facts: dict[str, Any]) -> None:
    def verdict(told: dict[str, Any]) -> str:
        return next(v.verdict for v in RULEBOOK.verdicts(told, DAY) if v.programme == programme)

    assert verdict(facts) == "eligible"
    for key in facts:
        fewer = {name: value for name, value in facts.items() if name != key}
        if (programme, key) not in {("CHARITY-MED", "student"), ("CHILD-ILL", BILLS)}:
            assert verdict(fewer) == "needs_information", key


def test_a_month_of_the_allowance_is_given_once() -> None:
    poor = {**POOR, "monthly_income_fen": 100_000}
    told = next(one for one in RULEBOOK.explain(poor, DAY, used={"DIBAO": 200_000}) if one.programme == "DIBAO")
    assert (told.amount_fen, told.cap_left_fen) == (71_400, 71_400)
    (limit,) = RULEBOOK.limits("DIBAO", DAY, person_id="p", case_id="c", amount_fen=271_400)
    assert (limit.key, limit.cap_fen) == ("DIBAO:household:2026-11", 271_400)
    (limit,) = RULEBOOK.limits("TEKUN", DAY, person_id="p", case_id="c", amount_fen=198_100)
    assert (limit.key, limit.cap_fen) == ("TEKUN:p:2026-11", 198_100)
