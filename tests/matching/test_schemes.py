"""Points and conditions as the tables of the source tell them, on both sides of every number, and through the door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.points import Applicant, Counted, UnknownCode, points
from services.matching.domain.rule_reading import BadValue, MissingKey, RuleFault, UnfitComparison, UnknownKey
from services.matching.domain.scheme_reading import scheme
from services.matching.domain.schemes import answer
from services.matching.manifest import MATCHING
from services.matching.rulebook import POINTS, SCHEMES
from shared.testing import Database
from shared.testing.alone import Alone

DAY = date(2026, 11, 23)
SCHOOL, RENTAL, HOME = SCHEMES["school-enrolment"], SCHEMES["public-rental"], SCHEMES["home-purchase"]


def item(name: str, **shown: Any) -> Counted:
    return next(one for one in points(POINTS, Applicant(**shown), DAY) if one.item == name)


@pytest.mark.parametrize(
    ("name", "shown", "expected"),
    [
        # S1 Table 1: only the highest counts
        ("education", "bachelor_or_above", 60), ("education", "college_or_higher_vocational", 40),
        ("education", "high_school_or_secondary_vocational", 20), ("education", "below_high_school", 0), ("education", None, 0),
        ("skill", "intermediate_title_or_above", 60), ("skill", "senior_worker_grade_3_or_above", 40), ("skill", "intermediate_worker_grade_4", 20),
        ("skill", "primary_title_or_below", 0),
        # S1 Table 1: a strict match with the published catalogue, otherwise nothing
        ("listed_occupation", True, 20), ("listed_occupation", False, 0), ("listed_occupation", None, 0),
        # S1 Table 1: 2 each, at most 2 a year and 10 in all, in the last five years
        ("blood_donation", {2026: 1}, 2), ("blood_donation", {2026: 5}, 2), ("blood_donation", {2022: 1, 2021: 1}, 2),
        ("blood_donation", {2027: 1}, 0), ("blood_donation", dict.fromkeys(range(2015, 2027), 2), 10),
        # S1 Table 1: 2 for every 50 hours, at most 2 a year and 10 in all, in the last five years
        ("volunteer_service", {2026: 49}, 0), ("volunteer_service", {2026: 50}, 2), ("volunteer_service", {2026: 500}, 2),
        ("volunteer_service", dict.fromkeys(range(2015, 2027), 60), 10),
        # S1 Table 1: 100,000 yuan of income tax in the three years before
        ("tax", {2023: 9_999_999}, 0), ("tax", {2023: 10_000_000}, 20), ("tax", {2025: 4_000_000, 2024: 4_000_000, 2023: 2_000_000}, 20),
        ("tax", {2026: 10_000_000}, 0), ("tax", {2022: 10_000_000}, 0),
    ],
)  # fmt: skip
def test_each_item_gives_what_the_table_says(name: str, shown: Any, expected: int) -> None:
    assert item(name, **({} if shown is None else {name: shown})).points == expected


def test_all_items_come_to_the_most_that_the_table_gives() -> None:
    best = Applicant(
        "bachelor_or_above", "intermediate_title_or_above", True, dict.fromkeys(range(2022, 2027), 1), dict.fromkeys(range(2022, 2027), 50),
        {2025: 10_000_000},
    )  # fmt: skip
    counted = points(POINTS, best, DAY)
    assert sum(one.points for one in counted) == POINTS.maximum == 180
    assert not any(one.steps for one in counted), "there is nothing more to reach"


_YEARS = st.dictionaries(st.integers(2010, 2030), st.integers(0, 20_000_000), max_size=8)
_APPLICANTS = st.builds(
    Applicant, st.sampled_from([None, *POINTS.items[0].points]), st.sampled_from([None, *POINTS.items[1].points]), st.none() | st.booleans(),
    _YEARS, _YEARS, _YEARS,
)  # fmt: skip


@given(_APPLICANTS, st.dates(date(2012, 1, 1), date(2028, 12, 31)))
def test_every_step_adds_the_points_it_promises(applicant: Applicant, on: date) -> None:
    for counted in points(POINTS, applicant, on):
        assert 0 <= counted.points <= counted.most
        for step in counted.steps:
            told = getattr(applicant, counted.item)
            if step.code:
                reached: Any = step.code
            elif counted.item == "listed_occupation":
                reached = True
            else:
                year = step.year or on.year - 1
                reached = {**told, year: told.get(year, 0) + step.more}
            values = {name: getattr(applicant, name) for name in Applicant.__struct_fields__}
            after = next(one for one in points(POINTS, Applicant(**{**values, counted.item: reached}), on) if one.item == counted.item)
            assert after.points == min(counted.most, counted.points + step.points), (counted, step)


def test_a_code_that_the_table_does_not_know_is_named() -> None:
    with pytest.raises(UnknownCode) as unknown:
        item("education", education="doctor")
    assert unknown.value.item == "education"


PERMIT = {"guardian_permit_months": 13}
BAIYUN = {
    **PERMIT, "both_parents_employed_months": 25, "both_parents_insured_months": 25, "both_parents_employed_months_in_all": 25,
    "both_parents_insured_months_in_all": 25, "child_lived_with_parents_months": 12, "legally_born": True,
}  # fmt: skip
HUANGPU = {**PERMIT, "legally_born": True, "guardian_permit": True, "district_lived_months": 37, "district_employed_months": 37}
PANYU = {
    **PERMIT, "guardian_lives_in_district_with_permit": True, "guardian_employed_in_city": True, "guardian_insured_in_city": True,
    "child_registered_with_district_family_planning": True,
}  # fmt: skip
HAIZHU = {**PERMIT, "guardian_insured_in_city": True, "guardian_lives_and_works_in_district": True, "legally_born": True}
HUADU = {
    **PERMIT, "guardian_lives_in_district_with_permit": True, "child_registered_with_district_family_planning": True,
    "guardian_stable_job": True, "guardian_insured_in_city": True,
}  # fmt: skip
ZENGCHENG = {**PERMIT, "fixed_address_months": 13, "fixed_job_months": 13, "insured_months": 13}
DISTRICTS = {"440112": HUANGPU, "440113": PANYU, "440111": BAIYUN, "440105": HAIZHU, "440114": HUADU, "440118": ZENGCHENG}


@pytest.mark.parametrize("district", DISTRICTS)
def test_a_school_asks_for_all_conditions_of_its_district(district: str) -> None:
    """S1 Table 2: one month or one yes less, and there is no place; what is not told is asked for."""
    facts = DISTRICTS[district]
    assert answer(SCHOOL, facts, district).verdict == "eligible"
    for name, value in facts.items():
        if name.endswith("_in_all"):
            continue  # asked only of those who have it for a shorter time running
        less = False if value is True else value - 1
        assert answer(SCHOOL, {**facts, name: less}, district).verdict == ("ineligible"), name
        without = {key: one for key, one in facts.items() if key != name}
        told = answer(SCHOOL, without, district)
        assert told.verdict == "needs_information", name
        assert name in told.missing
        assert answer(SCHOOL, {**facts, name: "yes"}, district).verdict == "needs_information", "a word is neither a number nor a yes"


@pytest.mark.parametrize(
    ("running", "in_all", "verdict"),
    [(24, 59, "ineligible"), (24, 60, "eligible"), (12, 60, "ineligible"), (13, 60, "eligible"), (25, 25, "eligible")],
)
def test_baiyun_takes_a_shorter_time_running_with_five_years_in_all(running: int, in_all: int, verdict: str) -> None:
    for what in ("employed", "insured"):
        facts = {**BAIYUN, f"both_parents_{what}_months": running, f"both_parents_{what}_months_in_all": in_all}
        assert answer(SCHOOL, facts, "440111").verdict == verdict, what


def test_a_talent_green_card_counts_as_local_and_five_districts_have_no_rule_in_the_source() -> None:
    assert answer(SCHOOL, {"talent_green_card": True}, "440112").verdict == "local"
    assert answer(SCHOOL, {"talent_green_card": False}, "440112").verdict == "needs_information"
    for district in ("440103", "440104", "440106", "440115", "440117", "440100"):
        assert answer(SCHOOL, BAIYUN, district).verdict == "not_in_table"


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        # S1: migrants, more than six months here; since 2017 employees of organisations, whatever their registration
        ({"local_hukou": False, "lived_here_months": 7, "homes_owned": 0}, "eligible"),
        ({"local_hukou": False, "lived_here_months": 6, "homes_owned": 0, "employer_takes_part": False}, "ineligible"),
        ({"local_hukou": True, "lived_here_months": 7, "homes_owned": 0, "employer_takes_part": True}, "eligible"),
        ({"local_hukou": False, "lived_here_months": 7, "homes_owned": 1}, "ineligible"),
        ({"local_hukou": False, "lived_here_months": 7}, "needs_information"),
    ],
)
def test_public_rental_housing(facts: dict[str, Any], verdict: str) -> None:
    assert answer(RENTAL, facts, None).verdict == verdict


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        # S1: 36 months running of social insurance or tax within five years; one home
        ({"insured_or_taxed_months": 36, "homes_owned": 0}, "eligible"), ({"insured_or_taxed_months": 35, "homes_owned": 0}, "ineligible"),
        ({"insured_or_taxed_months": 36, "homes_owned": 1}, "ineligible"), ({"local_hukou": True}, "local"),
    ],
)  # fmt: skip
def test_home_purchase(facts: dict[str, Any], verdict: str) -> None:
    assert answer(HOME, facts, None).verdict == verdict


_GOOD: dict[str, Any] = {
    "code": "x", "zh": "x", "en": "x", "source": "S1", "facts": {"a": {"zh": "a", "en": "a"}}, "general": [{"id": "a", "zh": "a", "en": "a", "fact": "a", "is": "over", "than": 1}]
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "fault", "where"),
    [
        ({"source": None}, MissingKey, "x: source"), ({"facts": {}}, MissingKey, "x.facts: a"),
        ({"facts": {**_GOOD["facts"], "b": {"zh": "b", "en": "b"}}}, UnknownKey, "x.facts: b"),
        ({"facts": {"a": {"zh": "a"}}}, MissingKey, "x.facts.a: both languages"), ({"colour": "red"}, UnknownKey, "x: colour"),
        ({"districts": {"440111": [{**_GOOD["general"][0], "is": "is_true"}]}}, UnfitComparison, "x: a"),
        ({"districts": {"440111": _GOOD["general"]}, "not_in_table": ["440111"]}, BadValue, "x.not_in_table"),
        ({"general": [{**_GOOD["general"][0], "than": "much"}]}, BadValue, "x.general[0].than"),
        ({"general": [{**_GOOD["general"][0], "is": "near"}]}, UnfitComparison, "x.general[0]"),
        ({"general": [{"any": [{"id": "a", "fact": "a", "is": "over"}]}]}, MissingKey, "x.general[0].any[0]"),
    ],
)  # fmt: skip
def test_a_file_with_a_fault_is_refused_where_it_is(wrong: dict[str, Any], fault: type[RuleFault], where: str) -> None:
    scheme(_GOOD)
    data = {key: value for key, value in {**_GOOD, **wrong}.items() if value is not None}
    with pytest.raises(fault) as refused:
        scheme(data)
    assert str(refused.value).startswith(where)


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Alone]:
    async with Alone(MATCHING).open(database) as at_work:
        yield at_work


async def test_points_are_counted_through_the_door_with_what_would_add_more(office: Alone) -> None:
    said = {
        "as_of": "2026-11-23", "education": "college_or_higher_vocational", "listed_occupation": False, "blood_donated_on": ["2026-03-01", "2026-04-01"],
        "volunteer_hours": [{"year": 2026, "hours": 30}], "income_tax": [{"year": 2025, "fen": 9_000_000}],
    }  # fmt: skip
    told = (await office.client.post("/matching/v1/points/residence-permit", json=said)).json()
    assert (told["points"], told["maximum"], told["source"]) == (42, 180, "S1 Table 1")
    by_item = {one["item"]: one for one in told["items"]}
    assert by_item["volunteer_service"]["steps"] == [{"points": 2, "code": "", "more": 20, "year": 2026}]
    assert by_item["tax"]["steps"] == [{"points": 20, "code": "", "more": 1_000_000, "year": 0}]
    assert [step["points"] for step in by_item["education"]["steps"]] == [20]


@pytest.mark.parametrize(
    ("path", "said", "status", "pointer"),
    [
        ("residence-permit", {"education": "doctor"}, 422, "/education"), ("residence-permit", {"skill": "x"}, 422, "/skill"),
        ("residence-permit", {"as_of": "2026-11-23", "blood_donated_on": ["2026-11-24"]}, 422, "/blood_donated_on"),
        ("residence-permit", {"volunteer_hours": [{"year": 2026, "hours": 1}, {"year": 2026, "hours": 2}]}, 422, "/volunteer_hours"),
        ("residence-permit", {"income_tax": [{"year": 2025, "fen": -1}]}, 422, "/income_tax/0/fen"),
        ("residence-permit", {"colour": 1}, 422, "/colour"), ("school-enrolment", {}, 422, "/district"),
        ("school-enrolment", {"district": "44"}, 422, "/district"), ("nothing", {}, 404, None),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(office: Alone, path: str, said: dict[str, Any], status: int, pointer: str | None) -> None:
    refused = await office.client.post(f"/matching/v1/points/{path}", json=said)
    assert refused.status_code == status, refused.text
    if pointer is not None:
        assert refused.json()["errors"][0]["pointer"] == pointer


async def test_every_scheme_of_the_contract_answers(office: Alone) -> None:
    listed = [one["code"] for one in (await office.client.get("/matching/v1/points")).json()["items"]]
    assert sorted(listed) == ["home-purchase", "public-rental", "residence-permit", "school-enrolment"]
    for code in ("home-purchase", "public-rental", "school-enrolment"):
        told = await office.client.post(f"/matching/v1/points/{code}", json={"district": "440111"})
        assert told.json()["verdict"] == "needs_information"
        assert told.json()["missing"]
