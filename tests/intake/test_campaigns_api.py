"""The door for telephone campaigns: each number once, at its hours, unless it refuses; and a provider whose word is believed when it is signed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.intake.campaigns import views
from services.intake.campaigns.dialling import Dialler, ring
from services.intake.domain.call import CallDialled
from services.intake.manifest import INTAKE
from shared.clock import SHANGHAI
from shared.kernel import Shredded
from shared.service import EffectCall
from shared.testing import Database
from shared.testing.waiting import until
from tests.intake.campaigning import NOBODY, PHONES, SECRET, calls, one_call, planned, progress, ringing, started, status_of, told
from tests.intake.conftest import Desk

STORY = "我老公上个月住院了，医药费交不起"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk(INTAKE).open(database, telephony_url=NOBODY, telephony_secret=SECRET) as at_work:
        yield at_work


async def test_a_need_that_was_told_becomes_a_case_and_its_source_is_the_call(desk: Desk) -> None:
    campaign, call = await one_call(desk)
    answer = await told(desk, call, digits={"situation": "2", "consent": "1"}, transcript=STORY, at=desk.now - timedelta(seconds=5))
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["status"], said["result"]) == ("answered", "case")
    case = (await desk.get(f"/cases/{said['case_id']}", x_access_reason="test")).json()
    assert (case["channel"], case["source"], case["told"]["source_ref"]) == ("ai_call", campaign, call)
    assert case["told"]["narrative"] == STORY
    assert case["person"]["phone"] == PHONES[0]
    assert "medical" in {need["code"] for need in case["needs"]}
    assert (case["consent"]["share"], case["consent"]["how"]) == (True, "recorded")
    await until(lambda: status_of(desk, campaign), "done")
    shown = (await desk.get(f"/campaigns/{campaign}")).json()
    assert shown["answers"] == {"situation": {"needs_help": 1}, "consent": {"agrees": 1}}
    assert shown["progress"]["results"]["case"] == 1


async def test_what_is_not_understood_waits_for_a_person_with_a_clock(desk: Desk) -> None:
    _, call = await one_call(desk)
    answer = await told(desk, call, transcript="那个事情嘛，上次居委会的人来过，后来就那样了，你们看着办吧")
    assert answer.json()["result"] == "call_back"
    waiting = (await desk.get("/calls/call-backs")).json()["items"]
    assert [row["call_id"] for row in waiting] == [call]
    assert not waiting[0]["overdue"]
    desk.turn(hours=25)
    assert (await desk.get("/calls/call-backs")).json()["items"][0]["overdue"]
    wrong = await desk.post(f"/calls/{call}/call-back", {"outcome": "case"})
    assert wrong.status_code == 422
    done = await desk.post(f"/calls/{call}/call-back", {"outcome": "case", "narrative": STORY})
    assert done.status_code == 200
    assert done.json()["case_id"]
    assert (await desk.get("/calls/call-backs")).json()["items"] == []
    assert (await desk.post(f"/calls/{call}/call-back", {"outcome": "case", "narrative": STORY})).json()["case_id"] == done.json()[
        "case_id"
    ]
    assert (await desk.sql("select count(*) as n from case_list"))[0]["n"] == 1


async def test_help_that_did_not_arrive_is_a_task_on_the_persons_case(desk: Desk, full_report: dict[str, Any]) -> None:
    reported = await desk.reported(full_report)
    campaign = await planned(desk, purpose="benefit")
    added = await desk.post(f"/campaigns/{campaign}/people", {"case_ids": [reported["case_id"], "nobody"]})
    assert (added.json()["queued"], added.json()["refused"]) == (1, 1)
    await desk.post(f"/campaigns/{campaign}/start")
    call = (await ringing(desk, campaign, 1))[0]
    assert call["person_id"] == reported["person_id"]
    assert (await told(desk, call["call_id"], digits={"arrived": "2"})).json()["result"] == "task"
    tasks = (await desk.get(f"/cases/{reported['case_id']}/tasks")).json()["items"]
    assert [task["kind"] for task in tasks] == ["first_contact", "benefit_missing"]
    assert tasks[1]["due_at"]
    assert (await desk.sql("select count(*) as n from case_list"))[0]["n"] == 1


async def test_help_that_did_not_arrive_without_a_case_is_called_back(desk: Desk) -> None:
    _, call = await one_call(desk, purpose="benefit")
    assert (await told(desk, call, digits={"arrived": "2"})).json()["result"] == "call_back"


async def test_a_weather_warning_is_acknowledged_or_brings_help(desk: Desk) -> None:
    campaign = await started(desk, *PHONES[:2], purpose="weather")
    first, second = await ringing(desk, campaign, 2)
    assert (await told(desk, first["call_id"], digits={"ready": "1"})).json()["result"] == "no_need"
    answer = (await told(desk, second["call_id"], digits={"ready": "2"})).json()
    case = (await desk.get(f"/cases/{answer['case_id']}")).json()
    assert [need["code"] for need in case["needs"]] == ["emergency"]


async def test_a_number_stands_in_a_campaign_once_however_it_is_written(desk: Desk) -> None:
    campaign = await planned(desk, "13800138001", "+86 138 0013 8001", "138-0013-8001", "123")
    body = "\n".join(
        [json.dumps({"phone": "１３８００１３８００１"}), json.dumps({"phone": "13800138002", "name": "张三丰"}), "{", '{"phone": 1}']
    )
    added = await desk.client.post(
        f"/intake/v1/campaigns/{campaign}/people",
        content=body,
        headers={**desk.headers("operator"), "content-type": "application/x-ndjson"},
    )
    assert {key: added.json()[key] for key in ("lines", "queued", "already", "refused")} == {
        "lines": 4,
        "queued": 1,
        "already": 1,
        "refused": 2,
    }
    assert [one["line"] for one in added.json()["refusals"]] == [3, 4]
    assert len(await calls(desk, campaign)) == 2
    table = await desk.client.post(
        f"/intake/v1/campaigns/{campaign}/people", content="电话,姓名\n13800138001,李四\n13800138005\n不是号码\n",
        headers={**desk.headers("operator"), "content-type": "text/plain"},
    )  # fmt: skip
    assert {key: table.json()[key] for key in ("queued", "already", "refused")} == {"queued": 1, "already": 1, "refused": 1}


async def test_two_campaigns_of_one_purpose_ring_a_number_once_and_another_purpose_may(desk: Desk) -> None:
    first = await started(desk, PHONES[0])
    await ringing(desk, first, 1)
    second, other = await started(desk, *PHONES[:2]), await started(desk, PHONES[0], purpose="weather")
    await ringing(desk, second, 1)
    await ringing(desk, other, 1)
    assert (await progress(desk, second))["not_called"] == {"called_elsewhere": 1}
    await desk.post(f"/campaigns/{first}/stop")
    third = await started(desk, PHONES[0])
    await ringing(desk, third, 1)  # the first one has ended, so its number may be asked again


async def test_who_opts_out_by_key_or_word_is_never_rung_again_for_this_purpose(desk: Desk) -> None:
    campaign = await started(desk, *PHONES)
    first, second, third = await ringing(desk, campaign, 3)
    assert (await told(desk, first["call_id"], digits={"situation": "9"})).json()["status"] == "opted_out"
    assert (await told(desk, second["call_id"], transcript="别再打电话给我了")).json()["status"] == "opted_out"
    both = (await told(desk, third["call_id"], transcript="别再打来了，我不想活了，药都准备好了")).json()
    assert both["result"] == "case", "a life in danger is not left alone because its owner wants to be"
    await desk.post(f"/campaigns/{campaign}/stop")
    again = await started(desk, *PHONES)
    await until(lambda: status_of(desk, again), "done")
    assert (await progress(desk, again))["not_called"] == {"opted_out": 3}
    check = (await desk.post("/do-not-call/check", {"phone": PHONES[2]})).json()
    assert (check["blocked"], check["refused"]) == (False, ["needs"])


async def test_the_do_not_call_list_counts_when_it_is_dialled_and_never_shows_a_number(desk: Desk) -> None:
    campaign = await planned(desk, *PHONES[:2])
    blocked = await desk.post("/do-not-call", {"phones": [PHONES[0], "+86 13800138001"]})
    assert (blocked.status_code, blocked.json()["numbers"], blocked.json()["added"]) == (201, 1, 1)
    await desk.post(f"/campaigns/{campaign}/start")
    await ringing(desk, campaign, 1)
    assert (await progress(desk, campaign))["not_called"] == {"do_not_call": 1}
    shown = await desk.get("/do-not-call")
    assert [row["blocked"] for row in shown.json()["items"]] == [True]
    assert PHONES[0] not in shown.text
    assert (await desk.post("/do-not-call/remove", {"phone": PHONES[0]})).json()["blocked"] is False
    assert (await desk.post("/do-not-call", {"phones": ["12"]})).json()["errors"][0]["pointer"] == "/phones/0"


async def test_nobody_is_rung_outside_the_hours_and_not_one_more_than_there_are_lines(desk: Desk) -> None:
    desk.turn(hours=12)  # ten at night
    campaign = await started(desk, *PHONES, lines=2, hours={"from": "00:00", "until": "24:00"})
    early = await started(desk, "13900139001", purpose="weather", hours={"from": "13:00", "until": "15:00"})
    desk.turn(hours=9, minutes=59)  # one minute before eight
    await _looked(desk)
    assert {row["status"] for row in await calls(desk, campaign)} == {"queued"}
    desk.turn(minutes=1)
    await ringing(desk, campaign, 2)
    await _looked(desk)
    assert (await progress(desk, campaign))["ringing"] == 2
    assert (await progress(desk, early))["queued"] == 1
    assert (await desk.post(f"/campaigns/{campaign}/pace", {"lines": 3})).json()["lines"] == 3
    await ringing(desk, campaign, 3)
    desk.turn(hours=5, minutes=30)
    await ringing(desk, early, 1)


async def _looked(desk: Desk) -> None:
    """The loop has looked through all campaigns since: a later one of them, whose only number may not be called, is done with."""
    probe = await planned(desk, "13700137000", purpose="benefit", hours={"from": "00:00", "until": "24:00"}, ref=desk.room.clock.new_id())
    await desk.post("/do-not-call", {"phones": ["13700137000"]})
    await desk.post(f"/campaigns/{probe}/start")
    if desk.now.astimezone(SHANGHAI).hour in range(8, 21):
        await until(lambda: status_of(desk, probe), "done")
    else:
        await Dialler(desk.room).turn()
        await desk.post(f"/campaigns/{probe}/stop")


async def test_after_a_pause_not_one_more_is_rung_until_it_goes_on(desk: Desk) -> None:
    campaign = await started(desk, *PHONES, lines=1)
    call = (await ringing(desk, campaign, 1))[0]
    assert (await desk.post(f"/campaigns/{campaign}/pause")).json()["status"] == "paused"
    await told(desk, call["call_id"], digits={"situation": "1"})
    await _looked(desk)
    assert (await progress(desk, campaign))["queued"] == 2
    await desk.post(f"/campaigns/{campaign}/resume")
    await ringing(desk, campaign, 1)
    assert (await desk.post(f"/campaigns/{campaign}/stop")).json()["reason"] == "stopped"
    refused = await desk.post(f"/campaigns/{campaign}/start")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kapok:problem:CampaignIsDone")
    late = await desk.post(f"/campaigns/{campaign}/people", {"people": [{"phone": "13800138009"}]})
    assert late.status_code == 409


async def test_a_pause_that_comes_between_the_look_and_the_call_still_counts(database: Database) -> None:
    """The loop looks first and rings then; the campaign itself says no in the unit that would begin the call."""
    async with Desk(INTAKE).open(database, telephony_secret=SECRET) as desk:  # without a provider the loop of the room does not ring
        campaign = await started(desk, *PHONES)
        dialler = Dialler(desk.room)
        row, due = (await views.running(desk.room))[0], await views.due_calls(desk.room, campaign, desk.now, 10)
        await desk.post(f"/campaigns/{campaign}/pause")
        await dialler.dial(row, due[:1], desk.now, 600)
        assert (await progress(desk, campaign))["queued"] == 3
        await desk.post(f"/campaigns/{campaign}/resume")
        await dialler.dial(row, due[:1], desk.now, 100)  # it has become night meanwhile
        assert (await progress(desk, campaign))["queued"] == 3
        await dialler.dial(row, due[:1], desk.now, 600)
        assert (await progress(desk, campaign))["ringing"] == 1


async def test_nobody_answered_is_tried_again_later_under_a_new_try_and_not_for_ever(desk: Desk) -> None:
    campaign, call = await one_call(desk, retries=1, retry_minutes=30)
    assert (await told(desk, call, status="no_answer")).json()["status"] == "queued"
    assert (await told(desk, call, status="busy")).json()["status"] == "queued", "the same try is over"
    desk.turn(minutes=31)
    again = (await ringing(desk, campaign, 1))[0]
    assert (again["call_id"], again["attempt"]) == (call, 2)
    assert (await told(desk, call, status="no_answer", attempt=1)).json()["status"] == "ringing", "late, and of another try"
    assert (await told(desk, call, status="no_answer", attempt=2)).json()["status"] == "no_answer"
    await until(lambda: status_of(desk, campaign), "done")
    late = (await told(desk, call, attempt=1, digits={"situation": "1"})).json()
    assert (late["status"], late["result"]) == ("answered", "no_need"), "somebody did answer: better late than a silence"


async def test_a_campaign_is_planned_once_under_its_reference(desk: Desk) -> None:
    body = {"name": "冬季摸排", "purpose": "needs", "ref": "winter-1", "people": [{"phone": PHONES[0]}]}
    first = await desk.post("/campaigns", body)
    second = await desk.post("/campaigns", body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["campaign_id"] == second.json()["campaign_id"]
    assert (await desk.post("/campaigns", {**body, "lines": 5})).json()["type"] == "urn:kapok:problem:CampaignDiffersFromFirst"
    assert (await desk.post("/campaigns", {"name": "x", "script": "weather"})).json()["errors"][0]["pointer"] == "/script"
    assert (await desk.post("/campaigns", {"name": "x", "hours": {"from": "21:00", "until": "08:00"}})).status_code == 422
    assert [one["name"] for one in (await desk.get("/campaigns")).json()["items"]] == ["冬季摸排"]
    for who in ("charity", "finance", None):
        assert (await desk.get("/campaigns", who=who)).status_code in (401, 403)
    assert (await desk.get("/campaigns/nothing")).status_code == 404
    assert (await desk.post("/campaigns/nothing/start")).status_code == 404
    assert len((await desk.get("/campaigns/scripts")).json()["items"]) >= 3


async def test_no_number_and_no_word_stands_in_the_store_a_log_or_a_topic(desk: Desk) -> None:
    secrets = (PHONES[0], "张三丰", "医药费")
    with capture_logs() as logs:
        campaign = await planned(desk)
        await desk.post(f"/campaigns/{campaign}/people", {"people": [{"phone": PHONES[0], "name": "张三丰"}]})
        await desk.post(f"/campaigns/{campaign}/start")
        call = (await ringing(desk, campaign, 1))[0]
        await told(desk, call["call_id"], transcript=STORY)
        wrong = await told(desk, call["call_id"], transcript=STORY, digits={"医药费": PHONES[0]})
    assert not any(secret in wrong.text for secret in secrets)
    assert not any(secret in str(logs) for secret in secrets)
    for table in await desk.sql("select table_name from information_schema.tables where table_schema = 'public'"):
        for row in await desk.sql(f'select t::text as text from "{table["table_name"]}" t'):
            assert not any(secret in row["text"] for secret in secrets), table["table_name"]


@pytest.mark.parametrize("kept", [{}, {"kept_until": "2030-01-01"}])
async def test_a_person_who_was_erased_or_is_kept_for_the_law_is_not_rung(
    desk: Desk, full_report: dict[str, Any], kept: dict[str, str]
) -> None:
    reported = await desk.reported(full_report)
    campaign = await planned(desk, purpose="benefit")
    await desk.post(f"/campaigns/{campaign}/people", {"person_ids": [reported["person_id"]]})
    assert (await desk.post(f"/persons/{reported['person_id']}/erasure", {"reason": "asked", **kept}, who="admin")).status_code == 200
    await desk.post(f"/campaigns/{campaign}/start")
    await until(lambda: status_of(desk, campaign), "done")
    assert (await progress(desk, campaign))["not_called"] == {"erased": 1}


async def test_who_is_erased_while_the_provider_is_away_is_not_told_of_to_it(desk: Desk, full_report: dict[str, Any]) -> None:
    reported = await desk.reported(full_report)
    campaign = await planned(desk, purpose="benefit")
    await desk.post(f"/campaigns/{campaign}/people", {"person_ids": [reported["person_id"]]})
    await desk.post(f"/campaigns/{campaign}/start")
    call = (await ringing(desk, campaign, 1))[0]["call_id"]
    kept = {"reason": "law", "kept_until": "2030-01-01"}
    assert (await desk.post(f"/persons/{reported['person_id']}/erasure", kept, who="admin")).status_code == 200
    (dialled,) = [e for e in await desk.room.history("call", call) if isinstance(e.data, CallDialled)]
    (answer,) = await ring([EffectCall("e1", dialled, 1)], desk.room)
    await desk.room.execute(*answer.commands, actor="test")
    assert [row["status"] for row in await calls(desk, campaign)] == ["skipped"]
    assert (await progress(desk, campaign))["not_called"] == {"erased": 1}


async def test_who_is_only_on_a_list_can_be_forgotten_number_name_and_words(desk: Desk) -> None:
    campaign = await planned(desk)
    people = [{"phone": PHONES[0], "name": "张三丰"}, {"phone": PHONES[1]}]
    await desk.post(f"/campaigns/{campaign}/people", {"people": people})
    await desk.post(f"/campaigns/{campaign}/start")
    for row in await ringing(desk, campaign, 2):
        state = await desk.room.state("call", row["call_id"])
        if state.queued.listed.number == PHONES[0]:
            unclear = row["call_id"]
            await told(desk, unclear, transcript="那个事情嘛，上次居委会的人来过，后来就那样了，你们看着办吧")
        else:
            case = (await told(desk, row["call_id"], transcript=STORY)).json()["case_id"]
    assert (await desk.post("/do-not-call/forget", {"phone": PHONES[0]})).status_code == 403
    done = (await desk.post("/do-not-call/forget", {"phone": PHONES[0]}, who="gov")).json()
    assert (done["forgotten"], done["person_ids"]) == (1, [])
    state = await desk.room.state("call", unclear)
    assert isinstance(state.queued.listed, Shredded)
    assert isinstance(state.transcript, Shredded)
    assert (await desk.post("/do-not-call/check", {"phone": PHONES[0]})).json()["blocked"] is True
    known = (await desk.post("/do-not-call/forget", {"phone": PHONES[1]}, who="gov")).json()
    assert (known["forgotten"], len(known["person_ids"])) == (0, 1)
    assert (await desk.get(f"/cases/{case}", x_access_reason="test")).json()["told"]["narrative"] == STORY


async def test_a_provider_that_never_tells_leaves_a_call_with_a_name_and_a_person_who_calls_back(desk: Desk) -> None:
    campaign, call = await one_call(desk)
    desk.turn(hours=6, minutes=1)
    await until(lambda: status_of(desk, campaign), "done")
    assert [(row["status"], row["attempt"]) for row in await calls(desk, campaign)] == [("unknown", 1)]
    assert [row["call_id"] for row in (await desk.get("/calls/call-backs")).json()["items"]] == [call]
    assert (await told(desk, call, digits={"situation": "1"})).json()["status"] == "answered"
    assert (await desk.get("/calls/call-backs")).json()["items"] == []


async def test_a_provider_of_many_lines_is_heard_at_its_own_rate_and_a_flood_of_forgeries_is_not(database: Database) -> None:
    few = {"public_rate_per_second": 0.001, "public_rate_burst": 3}  # what an address may say in all of this test
    async with Desk(INTAKE).open(database, telephony_url=NOBODY, telephony_secret=SECRET, **few) as desk:
        campaign = await started(desk, *[f"139{n:08d}" for n in range(200)], lines=200)
        rung = [row["call_id"] for row in await ringing(desk, campaign, 200)]
        answers = [await told(desk, call, digits={"situation": "1"}) for call in rung[:100]]
        assert {answer.status_code for answer in answers} == {200}
        forged = [await told(desk, call, secret="whsec_" + "QUFB" * 8, digits={"situation": "2"}) for call in rung[100:150]]
        assert [answer.status_code for answer in forged] == [401] * 3 + [429] * 47
        again = [await told(desk, rung[100], message="msg_copied", transcript=STORY) for _ in range(15)]
        assert [answer.status_code for answer in again[:10]] == [200] * 10
        assert {answer.json()["case_id"] for answer in again[:10]} == {again[0].json()["case_id"]}
        assert again[-1].status_code == 429, "a copy that is sent again and again waits for itself"
        assert {(await told(desk, call, digits={"situation": "1"})).status_code for call in rung[101:]} == {200}
        assert (await desk.sql("select count(*) as n from case_list"))[0]["n"] == 1
        assert (await progress(desk, campaign))["results"]["no_need"] == 199
