"""An office changes a number on the page: it sees first what that would change, then puts it in force, then how far the cases are."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.matching.test_inbox import CASE, Office, office
from tests.matching.test_reassessment import OLD, POOR

__all__ = ["office"]
PATH = "/matching/numbers/DIBAO/dibao_line_fen"
NEW = {"valid_from": "2026-11-01", "value": f"{(OLD + 10_000) // 100:,}", "source": "ASSUMPTION"}


async def post(page: httpx.AsyncClient, path: str, fields: dict[str, Any]) -> httpx.Response:
    token = re.search(r'name="([a-z_]*token[a-z_]*)" value="([^"]+)"', (await page.get(path)).text)
    assert token is not None
    return await page.post(path, data={**fields, token[1]: token[2]})


@pytest.mark.parametrize(
    ("language", "cases", "saved"), [("en", "cases get another answer", "In force."), ("zh", "个案的答复有变化", "已生效")]
)
async def test_first_what_it_would_change_then_in_force(office: Office, language: str, cases: str, saved: str) -> None:
    for number, income in enumerate((OLD + 5_000, OLD + 50_000)):
        data = {"case_id": f"{CASE}-{number}", "person_id": f"p{number}", "household_id": f"h{number}", "residence_code": "440104"}
        await office.hears("intake.case_opened.v1", **data, needs=["livelihood"], facts={**POOR, "monthly_income_fen": income})
    async with office.browser("gov", None, language) as page:
        shown = (await page.get("/matching/programmes")).text
        assert f'href="{PATH}"' in shown
        first = (await page.get(PATH)).text
        assert f"{OLD / 100:,.2f}" in first
        assert 'value="set"' not in first  # nothing is put in force unseen
        tried = (await post(page, PATH, {**NEW, "act": "try"})).text
        assert re.search(rf"<strong>1 / 2</strong> {cases}", tried)
        assert 'value="set"' in tried
        assert "matching." not in re.sub(r'(href|action|hx-get)="[^"]*"', "", tried)
        assert await office.sql("select 1 from events where type = 'ParameterSet'") == []
        done = await post(page, PATH, {**NEW, "act": "set"})
        assert done.url.path == "/matching/reassessments"
        assert saved in done.text
        assert 'hx-get="/matching/reassessments/now"' in done.text
        assert len(await office.sql("select 1 from events where type = 'ParameterSet'")) == 1
        again = await post(page, PATH, {**NEW, "act": "set"})
        assert {"en": "This value stood already.", "zh": "该数值早已如此"}[language] in again.text
        other = await post(page, PATH, {**NEW, "value": "1,900", "act": "set"})
        assert (other.status_code, 'href="#valid_from"' in other.text) == (409, True)
        assert "matching." not in re.sub(r'(href|action|hx-get)="[^"]*"', "", other.text)


async def test_only_an_office_puts_it_in_force_and_what_is_wrong_is_named(office: Office) -> None:
    async with office.browser("caseworker", None) as page:
        assert 'value="set"' not in (await post(page, PATH, {**NEW, "act": "try"})).text
        refused = await post(page, PATH, {**NEW, "act": "set"})
        assert (refused.status_code, "Only an office puts a number in force." in refused.text) == (403, True)
        for field, said in (
            ("value", "much"), ("value", "1.234"), ("value", "-1"), ("value", "1/0"), ("value", ""), ("value", "١٢"),
            ("valid_from", "soon"), ("valid_from", ""), ("source", ""), ("source", "x" * 201),
        ):  # fmt: skip
            wrong = await post(page, PATH, {**NEW, field: said, "act": "try"})
            assert (wrong.status_code, f'href="#{field}"' in wrong.text) == (422, True), (field, said)
        assert (await page.get("/matching/numbers/DIBAO/nothing")).status_code == 404
        assert (await page.get("/matching/numbers/NOTHING/dibao_line_fen")).status_code == 404
    async with office.browser("charity") as page:
        assert (await page.get(PATH)).status_code == 403
        assert (await page.get("/matching/reassessments")).status_code == 403
    assert await office.sql("select 1 from events where type = 'ParameterSet'") == []
