"""The pages about people: in both languages without script, and in a real browser on a telephone and at a desk."""

from __future__ import annotations

import re
from typing import Any, cast

import pytest
from playwright.async_api import Browser as Chromium

from shared.testing.browser import Width, looking
from shared.web.session import SESSION
from tests.intake.conftest import Desk
from tests.intake.stories import report
from tests.intake.test_pages import Browser
from tests.shared.frame_app import served

ONE = report("张三丰", id_number="440106195512240023", phone="13800138000", residence_code="440106011", address="棠下大街一号")
OTHER = report("章三丰", birth_date="1955-12-24", phone="13900139000", residence_code="440106011")


@pytest.fixture
async def two(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    return await desk.reported(ONE), await desk.reported(OTHER)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_two_people_are_found_to_be_one_and_two_again(desk: Desk, two: tuple[dict[str, Any], dict[str, Any]], language: str) -> None:
    one, other = (case["person_id"] for case in two)
    at = f"/intake/persons/{other}"
    worker = Browser(desk, "caseworker", language)
    text = await worker.open(at)
    assert "张**" in text
    assert "same_sound" not in text
    assert ("姓名同音" if language == "zh" else "name sounds the same") in text
    linked = await worker.send(at, {"act": "same", "other": one})
    assert linked.count("/intake/cases/") == 2
    (pair,) = (await desk.get(f"/persons/{one}/links")).json()["items"]
    assert pair["status"] == "linked"
    apart = await worker.send(at, {"act": "undo", "link": pair["link_id"]})
    assert apart.count("/intake/cases/") == 1
    await worker.send(at, {"act": "different", "other": one})
    assert "张**" not in worker.text
    assert (await worker.send(at, {"act": "look", "reason": ""}, 422)).count("章三丰") == 0
    assert "章三丰" in await worker.send(at, {"act": "look", "reason": "回电"}, 200)
    await worker.send(at, {"act": "same", "other": other}, 422)
    await worker.send(at, {"act": "nonsense"}, 404)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_household_is_written_down_and_changed_on_the_page(
    desk: Desk, two: tuple[dict[str, Any], dict[str, Any]], language: str
) -> None:
    (one, other), case = (case["person_id"] for case in two), two[1]["case_id"]
    at, worker = f"/intake/persons/{one}", Browser(desk, "caseworker", language)
    await worker.open(at)
    assert 'href="#others"' in await worker.send(at, {"act": "home_form", "role": "head", "others": "many"}, 422)
    await worker.open(at)
    page = await worker.send(at, {"act": "home_form", "role": "head", "others": "2"})
    home = re.findall(r'name="home" value="([^"]+)"', page)[0]
    assert 'href="#who"' in await worker.send(at, {"act": "home_join", "home": home, "who": "nobody", "role": "spouse"}, 422)
    page = await worker.send(at, {"act": "home_join", "home": home, "who": case, "role": "spouse"})
    assert f'href="/intake/persons/{other}"' in page
    assert "章**" in page
    assert "章三丰" not in page
    shown = (await desk.get(f"/households/{home}")).json()
    assert (shown["size"], len(shown["members"])) == (4, 2)
    await worker.send(at, {"act": "home_carve", "home": home, "member": other})
    assert (await desk.get(f"/households/{home}")).json()["size"] == 3
    await worker.send(at, {"act": "home_back", "home": home, "member": other})
    await worker.send(at, {"act": "home_others", "home": home, "others": "0"})
    assert (await desk.get(f"/households/{home}")).json()["size"] == 2
    await worker.send(at, {"act": "home_leave", "home": home, "member": other})
    assert (await desk.get(f"/households/{home}")).json()["size"] == 1
    await worker.send(at, {"act": "home_carve", "home": home, "member": other}, 404)
    assert 'action="/intake/persons/' in await worker.open(f"/intake/persons/{other}")


async def test_an_account_is_added_on_the_page_of_the_case(desk: Desk, two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    case, person = two[0]["case_id"], two[0]["person_id"]
    worker = Browser(desk, "operator")
    text = await worker.open(f"/intake/cases/{case}")
    assert f'action="/intake/persons/{person}"' in text
    half = await worker.send(f"/intake/persons/{person}", {"act": "claims", "account_bank": "ICBC", "case": case}, 422)
    assert "账号" in half
    back = await worker.send(
        f"/intake/persons/{person}", {"act": "claims", "account_bank": "ICBC", "account_number": "6222020000000000000", "case": case}
    )
    assert "62220200" not in back
    assert "622202*********0000" in back
    await worker.send(f"/intake/persons/{person}", {"act": "claims"}, 422)
    await worker.send(f"/intake/persons/{person}", {"act": "claims", "id_number": "440106195512240024"}, 422)
    assert "440106195512240024" not in worker.text.replace('value="440106195512240024"', "")


async def test_an_auditor_sees_who_looked_and_reviews_an_emergency(desk: Desk) -> None:
    danger = await desk.reported({**OTHER, "danger_now": True})
    await desk.post(f"/cases/{danger['case_id']}/emergency-share", {"reason": "昏迷，联系不上家属"})
    await desk.get(f"/persons/{danger['person_id']}", X_Access_Reason="check")
    auditor = Browser(desk, "auditor")
    text = await auditor.open(f"/intake/looks?person_id={danger['person_id']}")
    assert "昏迷，联系不上家属" in text
    assert "check" in text
    (waiting,) = (await desk.get("/emergency-shares?reviewed=false", who="auditor")).json()["items"]
    reviewed = await auditor.send("/intake/looks", {"act": "uphold", "consent": waiting["consent_id"]})
    assert "昏迷" not in reviewed
    await auditor.send("/intake/looks", {"act": "uphold", "consent": "nobody"}, 409)
    await Browser(desk, "operator").open("/intake/looks", 403)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "language"), [("telephone", "zh"), ("desk", "en")])
async def test_the_pages_are_sound_in_a_real_browser(
    desk: Desk, browser: Chromium, two: tuple[dict[str, Any], dict[str, Any]], width: Width, language: str
) -> None:
    await desk.post(f"/persons/{two[0]['person_id']}/claims", {"residence_code": "440104003", "source": "visit"})
    await desk.post("/households", {"members": [{"person_id": two[0]["person_id"], "role": "head"}]})
    async with served(cast(Any, desk.house)) as base, looking(browser, width, language="zh" if language == "zh" else "en") as eyes:
        await _as(eyes.context, base, desk, "caseworker")
        await eyes.page.goto(f"{base}/intake/persons/{two[0]['person_id']}")
        await eyes.shot(f"person-{width}-{language}")
        await eyes.check()
        await eyes.page.locator("section details summary").first.click()
        await eyes.page.locator("section details button").first.click()
        await eyes.page.wait_for_url("**done=same")
        await eyes.check()
        await eyes.page.goto(f"{base}/intake/cases/{two[0]['case_id']}")
        await eyes.page.locator("details summary").first.click()
        await eyes.check()
        await _as(eyes.context, base, desk, "auditor")
        await eyes.page.goto(f"{base}/intake/looks")
        assert await eyes.page.locator("tr[data-row]").count() >= 1
        await eyes.shot(f"looks-{width}-{language}")
        await eyes.check()
        if width == "telephone":
            assert await eyes.small_targets() == []


async def _as(context: Any, base: str, desk: Desk, role: str) -> None:
    token = desk.headers(role)["authorization"].removeprefix("Bearer ")
    await context.add_cookies([{"name": SESSION, "value": token, "url": base}])


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_desk_says_in_words_why_another_case_may_be_the_same(
    desk: Desk, two: tuple[dict[str, Any], dict[str, Any]], language: str
) -> None:
    operator = Browser(desk, "operator", language)
    await operator.open("/intake/desk")
    form = {"narrative": "我妈妈住院", "name": "张珊丰", "birth_date": "1955-12-25", "residence_code": "440106", "act": "check"}
    checked = await operator.send("/intake/desk", form, 200)
    assert f"/intake/cases/{two[0]['case_id']}" in checked
    assert ("姓名同音" if language == "zh" else "name sounds the same") in checked
    assert "intake.same" not in checked
