"""The pages of campaigns as a browser without script uses them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from services.intake.campaigns.shown import RESULTS, STATUSES
from services.intake.domain.campaign import PURPOSES
from services.intake.manifest import INTAKE
from shared.testing import Database
from shared.testing.waiting import until
from shared.web.words import read_words
from tests.intake.campaigning import SECRET, calls, told
from tests.intake.conftest import Desk
from tests.intake.test_pages import Browser

_PLAN = {
    "name": "越秀摸排",
    "purpose": "needs",
    "spoken": "zh",
    "lines": "20",
    "from": "08:00",
    "until": "21:00",
    "retries": "0",
    "retry_minutes": "30",
}


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk(INTAKE).open(database, telephony_url="http://127.0.0.1:9", telephony_secret=SECRET) as at_work:
        yield at_work


@pytest.fixture(params=["zh", "en"])
def staff(desk: Desk, request: pytest.FixtureRequest) -> Browser:
    return Browser(desk, "caseworker", request.param)


async def test_a_campaign_is_planned_filled_started_paused_and_stopped(staff: Browser, desk: Desk) -> None:
    await staff.open("/intake/campaigns")
    wrong = await staff.send("/intake/campaigns", {**_PLAN, "lines": "many", "from": "25:00", "name": ""}, 422)
    for field in ("name", "lines", "from"):
        assert f'href="#{field}"' in wrong
    assert 'value="30"' in wrong, "what was typed stays"
    await staff.send("/intake/campaigns", _PLAN)
    campaign = (await desk.get("/campaigns")).json()["items"][0]["campaign_id"]
    here = f"/intake/campaigns/{campaign}"
    added = await staff.send(
        "/intake/campaign-lists", {"campaign": campaign, "numbers": "13800138000，张三丰\n13800138001\n不是\n13800138000"}, 200
    )
    assert "张三丰" not in added
    assert len(await calls(desk, campaign)) == 2
    assert "3" in re.findall(r'role="status">(.*?)</p>', added, re.DOTALL)[-1]
    assert added.rstrip().endswith("</html>")
    assert "13800138" not in added
    await staff.open(here)
    await staff.send("/intake/campaign-lists", {"campaign": campaign, "numbers": " "}, 422)
    await staff.open(here)
    started = await staff.send(here, {"act": "start"})
    assert 'value="pause"' in started
    await staff.send(here, {"act": "pace", "lines": "5", "from": "09:00", "until": "20:00"})
    await staff.send(here, {"act": "pace", "lines": "5", "from": "20:00", "until": "09:00"}, 422)
    await staff.open(here)
    assert 'value="resume"' in await staff.send(here, {"act": "pause"})
    assert 'value="pause"' in await staff.send(here, {"act": "resume"})
    stopped = await staff.send(here, {"act": "stop"})
    assert 'value="pause"' not in stopped
    assert "hx-trigger" not in stopped, "nothing moves any more"
    staff.text = added  # a page from before it was stopped
    assert (await staff.send(here, {"act": "start"}, 409)).count('role="alert"') == 1
    shown = (await desk.get(f"/campaigns/{campaign}")).json()
    assert (shown["lines"], shown["hours"]) == (5, {"from": "09:00", "until": "20:00"})


async def test_two_clicks_plan_one_campaign(staff: Browser, desk: Desk) -> None:
    first = await staff.open("/intake/campaigns")
    await staff.send("/intake/campaigns", _PLAN)
    staff.text = first
    await staff.send("/intake/campaigns", _PLAN)
    assert len((await desk.get("/campaigns")).json()["items"]) == 1


async def _answered(desk: Desk) -> tuple[str, list[str]]:
    """A campaign with one answer of need, one that is not clear and one number that is still rung."""
    people = [{"phone": f"1380013800{n}", "name": "张三丰"} for n in range(3)]
    planned = (await desk.post("/campaigns", {"name": "摸排", "purpose": "needs", "people": people})).json()["campaign_id"]
    await desk.post(f"/campaigns/{planned}/start")

    async def under_way() -> int:
        return sum(row["status"] == "ringing" for row in await calls(desk, planned))

    await until(under_way, 3)
    ids = [row["call_id"] for row in await calls(desk, planned)]
    await told(desk, ids[0], digits={"situation": "2"}, transcript="没钱看病")
    await told(desk, ids[1], transcript="那个事情嘛，上次居委会的人来过，后来就那样了，你们看着办吧")
    return planned, ids


async def test_progress_and_answers_are_numbers_in_tables_with_bars_beside(staff: Browser, desk: Desk) -> None:
    campaign, _ = await _answered(desk)
    for text in (await staff.open(f"/intake/campaigns/{campaign}"), await staff.open(f"/intake/campaigns/{campaign}/now")):
        assert 'hx-trigger="every 3s"' in text
        assert text.count('<svg class="bar"') > 10
        rows = dict(re.findall(r'<th scope="row">([^<]*)</th><td class="number">([^<]*)</td>', text))
        needs_help = "需要帮助" if staff.client.headers["accept-language"] == "zh" else "Needs help"
        assert rows[needs_help] == "1"
        assert "13800138" not in text
        assert "没钱看病" not in text


async def test_who_was_not_understood_is_called_back_with_a_clock_a_reason_and_a_result(staff: Browser, desk: Desk) -> None:
    _, ids = await _answered(desk)
    waiting = await staff.open("/intake/callbacks")
    assert re.findall(r"/intake/callbacks/([\w-]+)", waiting) == [ids[1]]
    here = f"/intake/callbacks/{ids[1]}"
    masked = await staff.open(here)
    assert "张**" in masked
    assert "138****8" in masked
    assert "居委会" not in masked
    await staff.send(here, {"act": "look", "reason": " "}, 422)
    looks = (await desk.sql("select count(*) as n from look_list"))[0]["n"]
    shown = await staff.send(here, {"act": "look", "reason": "回电"}, 200)
    assert "居委会" in shown
    assert (await desk.sql("select count(*) as n from look_list"))[0]["n"] == looks + 1
    assert 'href="#outcome"' in await staff.send(here, {"act": "finish", "outcome": "case"}, 422)
    case = await staff.send(here, {"act": "finish", "outcome": "case", "narrative": "屋顶漏水，没地方住"})
    assert "housing" in str((await desk.sql("select needs from case_list"))[0]) or "住房" in case or "Housing" in case
    assert ids[1] not in await staff.open("/intake/callbacks")
    await staff.open("/intake/callbacks/nobody", 404)
    await staff.open(f"/intake/callbacks/{ids[2]}", 409)


async def test_campaigns_are_for_those_who_work_with_cases(desk: Desk) -> None:
    for role in ("finance", "charity", "auditor"):
        await Browser(desk, role).open("/intake/campaigns", 403)
    await Browser(desk, "gov").open("/intake/campaigns")


def test_every_code_that_a_page_shows_has_words_in_both_languages() -> None:
    assert INTAKE.words is not None
    for language in ("zh", "en"):
        words = read_words(INTAKE.words, language)
        for group, codes in (
            ("call_status", STATUSES), ("campaign_result", RESULTS), ("campaign_purpose", PURPOSES),
            ("campaign_status", ("planned", "running", "paused", "done")),
            ("call_why", ("do_not_call", "opted_out", "called_elsewhere", "erased")),
        ):  # fmt: skip
            for code in codes:
                assert f"intake.{group}.{code}" in words, f"{language}: {group}.{code}"


async def test_a_long_list_in_the_encoding_of_the_country_comes_in_whole(desk: Desk) -> None:
    staff = Browser(desk, "caseworker", "en")
    await staff.open("/intake/campaigns")
    await staff.send("/intake/campaigns", _PLAN)
    campaign = (await desk.get("/campaigns")).json()["items"][0]["campaign_id"]
    await staff.open(f"/intake/campaigns/{campaign}")
    padding = "，" + "很长的备注" * 60
    rows = ["电话,姓名", *[f"1390000{number:04},王五{padding}" for number in range(3_000)]]
    table = "\r\n".join(rows).encode("gb18030")
    assert len(table) > 1_000_000, "longer than what a page takes otherwise"
    token = re.findall(r'name="form_token" value="([^"]*)"', staff.text)[0]
    answer = await staff.client.post(
        "/intake/campaign-lists", data={"form_token": token, "campaign": campaign}, files={"file": ("list.csv", table, "text/csv")}
    )
    assert answer.status_code == 200
    assert "3,000 on the list" in answer.text or "3,000" in answer.text
    assert "<progress" in answer.text
    assert "王五" not in answer.text
    assert (await desk.sql("select count(*) as n from call_list"))[0]["n"] == 3_000
    broken = await staff.client.post(
        "/intake/campaign-lists", data={"form_token": token, "campaign": campaign},
        files={"file": ("list.csv.gz", b"\x1f\x8b\x08\x00nonsense", "application/gzip")},
    )  # fmt: skip
    assert 'role="alert"' in broken.text
    assert (broken.status_code, "Traceback" in broken.text) == (200, False)
