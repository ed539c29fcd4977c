"""Other numbers over cases: exactly those are affected who stand between the old and the new limit, on the days on which it counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.changing import Case, NewValue, changed, effects
from services.matching.domain.rule_reading import BadValue, NoSource, RuleFault, UnknownParameter
from services.matching.manifest import MATCHING
from services.matching.rulebook import RULEBOOK
from shared.testing import Database
from tests.matching.test_inbox import CASE, ILL, Office

LINE_2024 = NewValue(None, "dibao_line_fen", date(2024, 1, 1), Fraction(128_000), "ASSUMPTION")
POOR = {"local_hukou": True, "household_size": 1, "property_within_limits": True}


def case(income: int, on: date, name: str = "c") -> Case:
    return Case(name, "440104", {**POOR, "monthly_income_fen": income}, on, on)


def of_dibao(*cases: Case, values: tuple[NewValue, ...] = (LINE_2024,)) -> list[tuple[str, str, str, int, int]]:
    found = effects(RULEBOOK, changed(RULEBOOK, values), cases)
    return [(one.case_id, one.before, one.after, one.before_fen, one.after_fen) for one in found if one.programme == "DIBAO"]


def test_who_stands_between_the_lines_gains_and_who_is_below_gets_more() -> None:
    day = date(2024, 5, 1)
    assert of_dibao(case(123_799, day, "below"), case(123_800, day, "between"), case(127_999, day, "last"), case(128_000, day, "beyond")) == [
        ("below", "eligible", "eligible", 1, 4_201), ("between", "needs_information", "eligible", 0, 4_200),
        ("last", "needs_information", "eligible", 0, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("day", [date(2022, 6, 1), date(2023, 1, 1), date(2023, 12, 31)])
def test_decisions_of_2023_are_reproduced_by_the_line_of_2023_whatever_comes_later(day: date) -> None:
    assert of_dibao(*[case(income, day) for income in range(100_000, 200_000, 7_919)]) == []
    again = NewValue(None, "dibao_line_fen", date(2023, 1, 1), Fraction(123_800), "Pw:std2023")
    assert of_dibao(*[case(income, date(2023, 6, 1)) for income in range(100_000, 200_000, 7_919)], values=(again,)) == []


def test_a_lower_cap_takes_and_a_higher_one_gives() -> None:
    ill = Case("c", "440104", {**ILL, "medical_self_paid_year_fen": 900_000}, date(2026, 1, 1), date(2026, 1, 1))
    for cap, sums in ((500_000, (800_000, 500_000)), (2_000_000, None)):
        value = NewValue("LOTTERY-RAIN", "cap_fen", date(2012, 1, 1), Fraction(cap), "S1")
        found = [one for one in effects(RULEBOOK, changed(RULEBOOK, (value,)), [ill]) if one.programme == "LOTTERY-RAIN"]
        assert [(one.before_fen, one.after_fen) for one in found] == ([] if sums is None else [(900_000, 500_000)])


@given(st.integers(0, 300_000), st.integers(50_000, 250_000), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_exactly_those_between_the_limits_are_affected(income: int, line: int, on: date) -> None:
    value = NewValue(None, "dibao_line_fen", date(2024, 1, 1), Fraction(line), "ASSUMPTION")
    hit = of_dibao(case(income, on), values=(value,))
    counts = on >= date(2024, 1, 1) and line != 123_800
    assert bool(hit) is (counts and (income < max(line, 123_800) or _missing_turns(income, line)))


def _missing_turns(income: int, line: int) -> bool:
    """Whether somebody above both lines crosses the edge of 1.5 times, within which being listed alone is asked about."""
    return (income * 2 <= line * 3) is not (income * 2 <= 123_800 * 3)


@pytest.mark.parametrize(
    ("value", "fault", "where"),
    [
        (NewValue(None, "nothing", date(2024, 1, 1), Fraction(1), "S1"), UnknownParameter, "values/0/name"),
        (NewValue("NOTHING", "cap_fen", date(2024, 1, 1), Fraction(1), "S1"), UnknownParameter, "values/0/programme"),
        (NewValue("CHILD-ILL", "dibao_line_fen", date(2024, 1, 1), Fraction(1), "S1"), UnknownParameter, "values/0/name"),
        (NewValue(None, "dibao_line_fen", date(2024, 1, 1), Fraction(1), " "), NoSource, "values/0/source"),
        (NewValue(None, "dibao_line_fen", date(2024, 1, 1), Fraction(-1), "S1"), BadValue, "values/0/value"),
    ],
)
def test_a_value_nobody_vouches_for_is_refused(value: NewValue, fault: type[RuleFault], where: str) -> None:
    with pytest.raises(fault, match=where):
        changed(RULEBOOK, (value,))


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with Office(MATCHING).open(database) as at_work:
        yield at_work


SAID: dict[str, Any] = {"name": "dibao_line_fen", "valid_from": "2024-01-01", "value": 128_000, "source": "ASSUMPTION"}


async def asked(office: Office, who: str = "gov", status: int = 200, **body: Any) -> dict[str, Any]:
    answer = await office.client.post("/matching/v1/what-if", json={"values": [SAID], **body}, headers=office.headers(who))
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_stored_cases_are_counted_by_programme_and_district_and_nothing_is_stored(office: Office) -> None:
    facts = {**POOR, "monthly_income_fen": 125_000}
    for number, district in enumerate(("440104", "440104", "440106")):
        data = {"case_id": f"{CASE}-{number}", "person_id": f"p{number}", "household_id": f"h{number}", "residence_code": district}
        await office.hears("intake.case_opened.v1", **data, needs=["livelihood"], facts=facts)
    before = await office.sql("select count(*) as n from events")
    told = await asked(office)
    assert (told["cases"], told["affected"], told["before_fen"], told["after_fen"]) == (3, 3, 0, 9_000)
    of = {(one["programme"], one["district"]): one for one in told["sums"]}
    assert {key: (one["gain"], one["after_fen"]) for key, one in of.items() if key[0] == "DIBAO"} == {
        ("DIBAO", "440104"): (2, 6_000), ("DIBAO", "440106"): (1, 3_000)
    }  # fmt: skip
    assert (await asked(office, district="440106"))["cases"] == 1
    assert await office.sql("select count(*) as n from events") == before


async def test_cases_that_are_sent_are_looked_at_instead(office: Office) -> None:
    sent = [{"facts": {**POOR, "monthly_income_fen": income}, "as_of": "2024-05-01"} for income in (1, 125_000, 400_000)]
    told = await asked(office, cases=sent)
    dibao = [(one["case_id"], one["effect"]) for one in told["effects"] if one["programme"] == "DIBAO"]
    assert (told["cases"], dibao) == (3, [("1", "more"), ("2", "gain")])


async def test_who_may_ask_and_what_is_refused(office: Office) -> None:
    for who in ("charity", "finance", "ops"):
        await asked(office, who, 403)
    for wrong, pointer in (
        ({"name": "nothing"}, "/values/0/name"), ({"value": "much"}, "/values/0/value"), ({"value": -1}, "/values/0/value"),
        ({"source": ""}, "/values/0/source"), ({"programme": "NOTHING"}, "/values/0/programme"), ({"valid_from": "soon"}, "/values/0/valid_from"),
    ):  # fmt: skip
        refused = await asked(office, status=422, values=[{**SAID, **wrong}])
        assert {one["pointer"] for one in refused["errors"]} == {pointer}, wrong
