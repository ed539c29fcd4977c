"""The pages of points and conditions, as a browser without script uses them, in both languages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.matching.manifest import MATCHING
from services.matching.rulebook import POINTS, SCHEMES
from shared.testing import Database
from shared.testing.alone import Alone


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Alone]:
    async with Alone(MATCHING).open(database) as at_work:
        yield at_work


async def opened(office: Alone, path: str, language: str, status: int = 200) -> str:
    answer = await office.client.get(f"/matching/points{path}", headers={"accept-language": language})
    assert answer.status_code == status, answer.text[:400]
    return answer.text


async def sent(office: Alone, path: str, language: str, form: dict[str, Any], status: int = 200) -> str:
    page = await opened(office, path.partition("?")[0], language)
    token = re.findall(r'name="form_token" value="([^"]*)"', page or "")
    if not token:
        page = await opened(office, path, language)
        token = re.findall(r'name="form_token" value="([^"]*)"', page)
    answer = await office.client.post(
        f"/matching/points{path.partition('?')[0]}", data={"form_token": token[0], **form}, headers={"accept-language": language}
    )
    assert answer.status_code == status, answer.text[:800]
    return answer.text


async def test_points_are_counted_and_every_step_is_said(office: Alone, language: str) -> None:
    form = {
        "education": "college_or_higher_vocational", "listed_occupation": "no", "blood_donation_2026": "1", "volunteer_service_2026": "30",
        "tax_2025": "90,000",
    }  # fmt: skip
    page = await sent(office, "/residence-permit", language, form)
    assert "<strong>42</strong> / 180" in page
    said = (
        ("2026 年再服务 20 小时", "10,000.00 元个人所得税", "本科及以上")
        if language == "zh"
        else ("20 hours more in 2026", "10,000.00 yuan", "Bachelor or above")
    )
    assert [words for words in said if words not in page] == []
    assert 'value="90,000"' in page, "what was typed stays"


async def test_wrong_answers_are_named_beside_their_field_and_nothing_is_counted(office: Alone, language: str) -> None:
    page = await sent(office, "/residence-permit", language, {"tax_2025": "much", "education": "doctor", "blood_donation_2026": "-1"}, 422)
    for field in ("tax_2025", "education", "blood_donation_2026"):
        assert f'href="#{field}"' in page
    assert "/ 180" not in page
    assert 'value="much"' in page


async def test_a_school_asks_the_questions_of_its_district_and_says_what_is_missing(office: Alone, language: str) -> None:
    page = await opened(office, "/school-enrolment?district=440118", language)
    asked = re.findall(r'name="([a-z_]+_months)"', page)
    assert asked == ["guardian_permit_months", "fixed_address_months", "fixed_job_months", "insured_months"]
    path, told = "/school-enrolment?district=440118", {"district": "440118", "guardian_permit_months": "13", "fixed_address_months": "13"}
    page = await sent(office, path, language, told)
    assert 'href="#insured_months"' in page
    page = await sent(office, path, language, {**told, "fixed_job_months": "13", "insured_months": "12"})
    assert ("不符合" if language == "zh" else "A condition fails") in page
    page = await sent(office, path, language, {**told, "fixed_job_months": "13", "insured_months": "13"})
    assert ("所有条件都符合" if language == "zh" else "Bring the proofs") in page
    page = await sent(office, path, language, {"district": "440118", "talent_green_card": "yes"})
    assert ("按本地户籍" if language == "zh" else "As a local resident") in page
    await sent(office, path, language, {**told, "insured_months": "1.5"}, 422)
    page = await opened(office, "/school-enrolment?district=440104", language)
    assert ("没有收录" if language == "zh" else "Not in our source") in page
    await opened(office, "/school-enrolment?district=999999", language, 422)
    await sent(office, path, language, {"district": ""}, 422)


@pytest.mark.parametrize("code", ["public-rental", "home-purchase"])
async def test_the_other_schemes_answer_too(office: Alone, language: str, code: str) -> None:
    page = await sent(office, f"/{code}", language, {})
    assert 'href="#homes_owned"' in page


async def test_every_scheme_is_listed_and_no_other_is_there(office: Alone, language: str) -> None:
    page = await opened(office, "", language)
    assert re.findall(r'href="/matching/points/([a-z-]+)"', page) == [POINTS.code, *SCHEMES]
    await opened(office, "/nothing", language, 404)
