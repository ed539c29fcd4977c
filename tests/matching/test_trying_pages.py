"""A number is moved on the page and the answers move with it; nothing is kept, and what cannot be read is named beside its field."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from services.matching.domain.facts import known
from services.matching.domain.rules import Condition, Group
from services.matching.rulebook import RULEBOOK
from services.matching.trying_pages import FIELDS, OTHER_NAMES
from tests.matching.stories import DAY
from tests.matching.test_inbox import CASE, Office, office

__all__ = ["office"]
POOR: dict[str, Any] = {
    "local_hukou": True,
    "household_size": 1,
    "property_within_limits": True,
    "monthly_income_fen": 200_000,
    "wish_sku": "radio",
}


async def post(page: httpx.AsyncClient, path: str, fields: dict[str, Any], **headers: str) -> httpx.Response:
    token = re.search(r'name="([a-z_]*token[a-z_]*)" value="([^"]+)"', (await page.get(path)).text)
    assert token is not None
    return await page.post(path, data={**fields, token[1]: token[2]}, headers=headers)


def row(text: str, name: str) -> str:
    found = re.search(rf"<h3>{name}</h3>(.*?)(?=<h3>|</aside>|$)", text, re.S)
    assert found is not None, name
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[1]))


@pytest.mark.parametrize(("language", "name", "changed"), [("en", "Minimum living allowance", "changed"), ("zh", "最低生活保障", "有变化")])
async def test_a_moved_number_moves_the_answer_of_a_case_and_nothing_is_kept(
    office: Office, language: str, name: str, changed: str
) -> None:
    await office.reported(POOR)
    before = await office.sql("select count(*) as n from events")
    async with office.browser("caseworker", None, language) as page:
        path = f"/matching/cases/{CASE}/try"
        shown = (await page.get(path)).text
        assert 'value="2000"' in shown
        assert "matching." not in re.sub(r'(href|action|hx-post)="[^"]*"', "", shown)
        assert changed not in row(shown, name)
        fields = {"local_hukou": "yes", "household_size": "1", "property_within_limits": "yes", "monthly_income_fen": "1,000.00"}
        moved = (await post(page, path, fields)).text
        assert changed in row(moved, name)
        line = RULEBOOK.number("dibao_line_fen", RULEBOOK.days[-1])
        assert f"{(line - 100_000) / 100:,.2f}" in row(moved, name)
        assert row(shown, name).strip() != ""
        assert "→" not in row(shown, name)
        wish = {"en": "Micro-wish", "zh": "微心愿"}[language]
        assert "500.00" in row(moved, wish)  # what the form does not ask for stays as it is known
        part = await post(page, path, fields, **{"HX-Request": "true"})
        assert part.status_code == 200
        assert "<html" not in part.text
        assert changed in row(part.text, name)
    assert await office.sql("select count(*) as n from events") == before


async def test_an_empty_form_answers_by_the_rules_of_today(office: Office) -> None:
    async with office.browser("caseworker", None) as page:
        fields = {"household_size": "2", "monthly_income_fen": "1000", "local_hukou": "yes", "property_within_limits": "yes"}
        text = (await post(page, "/matching/try", fields)).text
        line = RULEBOOK.number("dibao_line_fen", RULEBOOK.days[-1])
        assert f"{(2 * line - 100_000) / 100:,.2f}" in row(text, "Minimum living allowance")


UNREADABLE = (
    ("monthly_income_fen", "much"), ("monthly_income_fen", "1.234"), ("monthly_income_fen", "-1"), ("monthly_income_fen", "99999999999"),
    ("household_size", "two"), ("household_size", "1201"), ("local_hukou", "perhaps"), ("student", "genius"), ("certificates", "crown"),
    ("event_on", "soon"), ("event_on", "2026-11-23T10:00"), ("monthly_income_fen", "١٢"),
)  # fmt: skip


async def test_what_cannot_be_read_is_named_beside_its_field_and_nothing_is_lost(office: Office) -> None:
    async with office.browser("caseworker", None) as page:
        for field, said in UNREADABLE:
            answer = await post(page, "/matching/try", {"age": "70", field: said})
            assert answer.status_code == 422, said
            assert f'href="#{field}"' in answer.text, said
            assert 'value="70"' in answer.text
        part = await post(page, "/matching/try", {"age": "70", "student": "genius"}, **{"HX-Request": "true"})
        assert (part.status_code, "What cannot be read is left out." in part.text) == (200, True)


async def test_who_may_try_and_of_which_case(office: Office) -> None:
    async with office.browser("charity") as page:
        assert (await page.get("/matching/try")).status_code == 403
    async with office.browser("caseworker", None) as page:
        assert (await page.get("/matching/cases/none/try")).status_code == 404
        assert (await page.post("/matching/try", data={"age": "70"})).status_code in (400, 403)


def test_the_form_asks_for_every_fact_on_which_a_rule_rests() -> None:
    everything: dict[str, Any] = {
        "yuan": 100, "count": 4, "flag": True, "day": DAY.isoformat(), "code": "limb", "codes": ["dibao"],
    }  # fmt: skip
    told = known({field.name: everything[field.kind] for field in FIELDS}, DAY)
    waiting: list[Condition | Group] = [one for programme in RULEBOOK.programmes for one in programme.conditions]
    facts = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, Group):
            waiting.extend(one.members)
        else:
            facts.add(one.fact)
    assert {fact for fact in facts if getattr(told, fact) is None} <= {"wish_sku"}


def test_every_code_that_a_rule_names_can_be_chosen_and_whoever_counts_a_paper_counts_its_other_names() -> None:
    choices = {field.name: set(field.choices) for field in FIELDS if field.kind in ("code", "codes")}
    waiting: list[Condition | Group] = [one for programme in RULEBOOK.programmes for one in programme.conditions]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Group):
            waiting.extend(one.members)
        elif one.among and one.fact in choices:
            assert set(one.among) <= choices[one.fact] | OTHER_NAMES.keys(), one.fact
            named = {other for other, paper in OTHER_NAMES.items() if paper in one.among}
            assert named == OTHER_NAMES.keys() & set(one.among), one.id


async def test_a_part_of_the_bill_above_the_whole_is_named_and_left_out(office: Office) -> None:
    bill = {
        "medical_total_year_fen": "1000",
        "medical_reimbursed_year_fen": "1000.01",
        "medical_self_paid_year_fen": "900",
        "household_size": "0",
    }
    async with office.browser("caseworker", None) as page:
        answer = await post(page, "/matching/try", bill)
    assert answer.status_code == 422
    assert re.findall(r'<a href="#([a-z_]+)">', answer.text) == ["household_size", "medical_reimbursed_year_fen"]
    assert "This is more than the whole medical bill of the year" in answer.text


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"medical_total_year_fen": 100, "medical_self_paid_year_fen": 101}, "medical_self_paid_year_fen"),
        ({"medical_total_year_fen": 100, "medical_reimbursed_year_fen": 101}, "medical_reimbursed_year_fen"),
        ({"monthly_income_fen": -1}, "monthly_income_fen"), ({"lived_here_months": -1.0}, "lived_here_months"),
        ({"household_size": 0}, "household_size"), ({"age": -1}, "age"),
    ],
)  # fmt: skip
async def test_the_doors_name_the_fact_that_cannot_be(office: Office, facts: dict[str, Any], pointer: str) -> None:
    answer = await office.post("/assessments", {"facts": facts}, "charity", "mercy")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/facts/{pointer}"), answer.text
    value = {"programme": "TEKUN", "name": "elderly_age", "valid_from": "2020-01-02", "value": 61, "source": "s"}
    cases = [{"facts": {}, "as_of": "2026-11-27"}, {"facts": facts, "as_of": "2026-11-27"}]
    told = await office.post("/what-if", {"values": [value], "cases": cases}, "gov")
    assert (told.status_code, told.json()["errors"][0]["pointer"]) == (422, f"/cases/1/facts/{pointer}"), told.text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_no_two_papers_have_one_name_and_the_way_leads_back_to_the_case(office: Office, language: str) -> None:
    await office.reported({**POOR, "certificates": ["dibao", "disability_certificate"]})
    async with office.browser("caseworker", None, language) as page:
        shown = (await page.get(f"/matching/cases/{CASE}/try")).text
        names = re.findall(r'name="certificates" value="[a-z_]+"[^>]*> <span>([^<]+)</span>', shown)
        assert len(names) == len(set(names)) == 6, names
        assert re.findall(r'name="certificates" value="([a-z_]+)"[^>]* checked', shown) == ["minimum_living_allowance", "disability"]
        assert f'<a href="/matching/cases/{CASE}">' in shown
        assert f'<a href="/intake/cases/{CASE}">' in (await page.get(f"/matching/cases/{CASE}")).text
