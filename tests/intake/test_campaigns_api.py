"""The door for telephone campaigns: each number once, at its hours, unless it refuses; and a provider whose word is believed when it is signed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from services.intake.campaigns import views
from services.intake.campaigns.dialling import Dialler
from services.intake.manifest import INTAKE
from shared.clock import SHANGHAI
from shared.kernel import Shredded
from shared.signing import headers
from shared.testing import Database
from shared.testing.waiting import until
from tests.intake.campaigning import SECRET, calls, planned, told
from tests.intake.conftest import Desk

_NOBODY = "http://127.0.0.1:9"  # a provider that never answers: what it is told stays with us and its word comes by hand
PHONES = ("13800138001", "13800138002", "13800138003")
STORY = "我老公上个月住院了，医药费交不起"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk(INTAKE).open(database, telephony_url=_NOBODY, telephony_secret=SECRET) as at_work:
        yield at_work


async def _started(desk: Desk, *phones: str, **more: Any) -> str:
    campaign = await planned(desk, *phones, **more)
    answer = await desk.post(f"/campaigns/{campaign}/start")
    assert answer.status_code == 200, answer.text
    return campaign


async def _ringing(desk: Desk, campaign: str, count: int) -> list[dict[str, Any]]:
    """The calls under way, as soon as they are so many."""

    async def under_way() -> int:
        return sum(row["status"] == "ringing" for row in await calls(desk, campaign))

    await until(under_way, count)
    return [row for row in await calls(desk, campaign) if row["status"] == "ringing"]


async def _one(desk: Desk, **more: Any) -> tuple[str, str]:
    """A campaign with one call under way: campaign and call."""
    campaign = await _started(desk, PHONES[0], **more)
    return campaign, (await _ringing(desk, campaign, 1))[0]["call_id"]


async def _progress(desk: Desk, campaign: str) -> dict[str, Any]:
    return dict((await desk.get(f"/campaigns/{campaign}")).json()["progress"])


async def test_a_need_that_was_told_becomes_a_case_and_its_source_is_the_call(desk: Desk) -> None:
    campaign, call = await _one(desk)
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
    await until(lambda: _status(desk, campaign), "done")
    shown = (await desk.get(f"/campaigns/{campaign}")).json()
    assert shown["answers"] == {"situation": {"needs_help": 1}, "consent": {"agrees": 1}}
    assert shown["progress"]["results"]["case"] == 1


async def _status(desk: Desk, campaign: str) -> str:
    return str((await desk.get(f"/campaigns/{campaign}")).json()["status"])


async def test_what_is_not_understood_waits_for_a_person_with_a_clock(desk: Desk) -> None:
    _, call = await _one(desk)
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
    call = (await _ringing(desk, campaign, 1))[0]
    assert call["person_id"] == reported["person_id"]
    assert (await told(desk, call["call_id"], digits={"arrived": "2"})).json()["result"] == "task"
    tasks = (await desk.get(f"/cases/{reported['case_id']}/tasks")).json()["items"]
    assert [task["kind"] for task in tasks] == ["first_contact", "benefit_missing"]
    assert tasks[1]["due_at"]
    assert (await desk.sql("select count(*) as n from case_list"))[0]["n"] == 1


async def test_help_that_did_not_arrive_without_a_case_is_called_back(desk: Desk) -> None:
    _, call = await _one(desk, purpose="benefit")
    assert (await told(desk, call, digits={"arrived": "2"})).json()["result"] == "call_back"


async def test_a_weather_warning_is_acknowledged_or_brings_help(desk: Desk) -> None:
    campaign = await _started(desk, *PHONES[:2], purpose="weather")
    first, second = await _ringing(desk, campaign, 2)
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
    first = await _started(desk, PHONES[0])
    await _ringing(desk, first, 1)
    second, other = await _started(desk, *PHONES[:2]), await _started(desk, PHONES[0], purpose="weather")
    await _ringing(desk, second, 1)
    await _ringing(desk, other, 1)
    assert (await _progress(desk, second))["not_called"] == {"called_elsewhere": 1}
    await desk.post(f"/campaigns/{first}/stop")
    third = await _started(desk, PHONES[0])
    await _ringing(desk, third, 1)  # the first one has ended, so its number may be asked again


async def test_who_opts_out_by_key_or_word_is_never_rung_again_for_this_purpose(desk: Desk) -> None:
    campaign = await _started(desk, *PHONES)
    first, second, third = await _ringing(desk, campaign, 3)
    assert (await told(desk, first["call_id"], digits={"situation": "9"})).json()["status"] == "opted_out"
    assert (await told(desk, second["call_id"], transcript="别再打电话给我了")).json()["status"] == "opted_out"
    both = (await told(desk, third["call_id"], transcript="别再打来了，我不想活了，药都准备好了")).json()
    assert both["result"] == "case", "a life in danger is not left alone because its owner wants to be"
    await desk.post(f"/campaigns/{campaign}/stop")
    again = await _started(desk, *PHONES)
    await until(lambda: _status(desk, again), "done")
    assert (await _progress(desk, again))["not_called"] == {"opted_out": 3}
    check = (await desk.post("/do-not-call/check", {"phone": PHONES[2]})).json()
    assert (check["blocked"], check["refused"]) == (False, ["needs"])


async def test_the_do_not_call_list_counts_when_it_is_dialled_and_never_shows_a_number(desk: Desk) -> None:
    campaign = await planned(desk, *PHONES[:2])
    blocked = await desk.post("/do-not-call", {"phones": [PHONES[0], "+86 13800138001"]})
    assert (blocked.status_code, blocked.json()["numbers"], blocked.json()["added"]) == (201, 1, 1)
    await desk.post(f"/campaigns/{campaign}/start")
    await _ringing(desk, campaign, 1)
    assert (await _progress(desk, campaign))["not_called"] == {"do_not_call": 1}
    shown = await desk.get("/do-not-call")
    assert [row["blocked"] for row in shown.json()["items"]] == [True]
    assert PHONES[0] not in shown.text
    assert (await desk.post("/do-not-call/remove", {"phone": PHONES[0]})).json()["blocked"] is False
    assert (await desk.post("/do-not-call", {"phones": ["12"]})).json()["errors"][0]["pointer"] == "/phones/0"


async def test_nobody_is_rung_outside_the_hours_and_not_one_more_than_there_are_lines(desk: Desk) -> None:
    desk.turn(hours=12)  # ten at night
    campaign = await _started(desk, *PHONES, lines=2, hours={"from": "00:00", "until": "24:00"})
    early = await _started(desk, "13900139001", purpose="weather", hours={"from": "13:00", "until": "15:00"})
    desk.turn(hours=9, minutes=59)  # one minute before eight
    await _looked(desk)
    assert {row["status"] for row in await calls(desk, campaign)} == {"queued"}
    desk.turn(minutes=1)
    await _ringing(desk, campaign, 2)
    await _looked(desk)
    assert (await _progress(desk, campaign))["ringing"] == 2
    assert (await _progress(desk, early))["queued"] == 1
    assert (await desk.post(f"/campaigns/{campaign}/pace", {"lines": 3})).json()["lines"] == 3
    await _ringing(desk, campaign, 3)
    desk.turn(hours=5, minutes=30)
    await _ringing(desk, early, 1)


async def _looked(desk: Desk) -> None:
    """The loop has looked through all campaigns since: a later one of them, whose only number may not be called, is done with."""
    probe = await planned(desk, "13700137000", purpose="benefit", hours={"from": "00:00", "until": "24:00"}, ref=desk.room.clock.new_id())
    await desk.post("/do-not-call", {"phones": ["13700137000"]})
    await desk.post(f"/campaigns/{probe}/start")
    if desk.now.astimezone(SHANGHAI).hour in range(8, 21):
        await until(lambda: _status(desk, probe), "done")
    else:
        await Dialler(desk.room).turn()
        await desk.post(f"/campaigns/{probe}/stop")


async def test_after_a_pause_not_one_more_is_rung_until_it_goes_on(desk: Desk) -> None:
    campaign = await _started(desk, *PHONES, lines=1)
    call = (await _ringing(desk, campaign, 1))[0]
    assert (await desk.post(f"/campaigns/{campaign}/pause")).json()["status"] == "paused"
    await told(desk, call["call_id"], digits={"situation": "1"})
    await _looked(desk)
    assert (await _progress(desk, campaign))["queued"] == 2
    await desk.post(f"/campaigns/{campaign}/resume")
    await _ringing(desk, campaign, 1)
    assert (await desk.post(f"/campaigns/{campaign}/stop")).json()["reason"] == "stopped"
    refused = await desk.post(f"/campaigns/{campaign}/start")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:kapok:problem:CampaignIsDone")
    late = await desk.post(f"/campaigns/{campaign}/people", {"people": [{"phone": "13800138009"}]})
    assert late.status_code == 409


async def test_a_pause_that_comes_between_the_look_and_the_call_still_counts(database: Database) -> None:
    """The loop looks first and rings then; the campaign itself says no in the unit that would begin the call."""
    async with Desk(INTAKE).open(database, telephony_secret=SECRET) as desk:  # without a provider the loop of the room does not ring
        campaign = await _started(desk, *PHONES)
        dialler = Dialler(desk.room)
        row, due = (await views.running(desk.room))[0], await views.due_calls(desk.room, campaign, desk.now, 10)
        await desk.post(f"/campaigns/{campaign}/pause")
        await dialler.dial(row, due[:1], desk.now, 600)
        assert (await _progress(desk, campaign))["queued"] == 3
        await desk.post(f"/campaigns/{campaign}/resume")
        await dialler.dial(row, due[:1], desk.now, 100)  # it has become night meanwhile
        assert (await _progress(desk, campaign))["queued"] == 3
        await dialler.dial(row, due[:1], desk.now, 600)
        assert (await _progress(desk, campaign))["ringing"] == 1


async def test_nobody_answered_is_tried_again_later_under_a_new_try_and_not_for_ever(desk: Desk) -> None:
    campaign, call = await _one(desk, retries=1, retry_minutes=30)
    assert (await told(desk, call, status="no_answer")).json()["status"] == "queued"
    assert (await told(desk, call, status="busy")).json()["status"] == "queued", "the same try is over"
    desk.turn(minutes=31)
    again = (await _ringing(desk, campaign, 1))[0]
    assert (again["call_id"], again["attempt"]) == (call, 2)
    assert (await told(desk, call, status="no_answer", attempt=1)).json()["status"] == "ringing", "late, and of another try"
    assert (await told(desk, call, status="no_answer", attempt=2)).json()["status"] == "no_answer"
    await until(lambda: _status(desk, campaign), "done")
    late = (await told(desk, call, attempt=1, digits={"situation": "1"})).json()
    assert (late["status"], late["result"]) == ("answered", "no_need"), "somebody did answer: better late than a silence"


async def test_the_same_word_twice_or_another_word_later_changes_nothing(desk: Desk) -> None:
    campaign, call = await _one(desk)
    first = await told(desk, call, message="msg_a", digits={"situation": "2"}, transcript=STORY)
    await until(lambda: _status(desk, campaign), "done")
    counted = "select count(*) as n from events"
    events = (await desk.sql(counted))[0]["n"]
    for again in (
        await told(desk, call, message="msg_a", digits={"situation": "2"}, transcript=STORY),
        await told(desk, call, message="msg_b", digits={"situation": "2"}, transcript=STORY),
        await told(desk, call, message="msg_a", digits={"situation": "1"}),
        await told(desk, call, message="msg_c", digits={"situation": "1"}, transcript="都好"),
        await told(desk, call, status="no_answer"),
    ):
        assert again.status_code == 200
        assert again.json() == first.json()
    assert (await desk.sql(counted))[0]["n"] == events


async def test_a_word_that_is_not_signed_is_not_believed(desk: Desk) -> None:
    _, call = await _one(desk)
    path, kind = f"/intake/v1/calls/{call}/outcome", {"content-type": "application/json"}
    body = msgspec.json.encode({"call_id": call, "status": "answered", "at": desk.now.isoformat(), "digits": {"situation": "1"}})
    good = dict(headers([SECRET], "msg_1", desk.now, body))
    attacks: list[tuple[str, dict[str, Any], bytes]] = [
        ("nothing", kind, body),
        ("another secret", dict(headers(["whsec_" + "b" * 40], "msg_1", desk.now, body)), body),
        ("another body", good, body.replace(b'"1"', b'"2"')),
        ("another message", {**good, "webhook-id": "msg_2"}, body),
        ("another time", {**good, "webhook-timestamp": str(int(desk.now.timestamp()) + 1)}, body),
        ("six minutes old", dict(headers([SECRET], "msg_1", desk.now - timedelta(minutes=6), body)), body),
        ("six minutes ahead", dict(headers([SECRET], "msg_1", desk.now + timedelta(minutes=6), body)), body),
        ("no time", {**good, "webhook-timestamp": "now"}, body),
        ("an endless time", {**good, "webhook-timestamp": "9" * 400}, body),
        ("no signature", {**good, "webhook-signature": ""}, body),
        ("another version", {**good, "webhook-signature": good["webhook-signature"].replace("v1,", "v0,")}, body),
        ("a strange letter", {**good, "webhook-signature": b"v1,\xc3\xa9"}, body),
    ]
    for what, sent, said in attacks:
        answer = await desk.client.post(path, content=said, headers={**kind, **sent})
        assert answer.status_code == 401, f"{what}: {answer.status_code}"
    assert (await desk.client.post(path, content=body, headers={**good, **desk.headers("admin")})).status_code == 200
    rotated = dict(good, **{"webhook-id": "msg_3"})
    rotated["webhook-signature"] = f"v1,AAAA {headers([SECRET], 'msg_3', desk.now, body)['webhook-signature']}"
    assert (await desk.client.post(path, content=body, headers=rotated)).status_code == 200


async def test_a_word_that_is_signed_and_makes_no_sense_is_refused_plainly(desk: Desk) -> None:
    _, call = await _one(desk)
    assert (await told(desk, "nobody")).status_code == 404
    assert (await told(desk, call, attempt=2)).json()["type"] == "urn:kapok:problem:CallWasNotMade"
    assert (await told(desk, call, status="exploded")).json()["errors"][0]["pointer"] == "/status"
    assert (await told(desk, call, transcript="长" * 20_001)).status_code == 422
    assert (await told(desk, call, transcript="长" * 400_000)).status_code == 413
    assert (await told(desk, call, digits={"situation": "x"})).status_code == 422
    body = msgspec.json.encode({"call_id": "another", "status": "no_answer", "at": desk.now.isoformat()})
    sent = dict(headers([SECRET], "msg_moved", desk.now, body))
    moved = await desk.client.post(f"/intake/v1/calls/{call}/outcome", content=body, headers=sent)
    assert moved.json()["errors"][0]["pointer"] == "/call_id", "a signed word about one call does not hold for another"
    endless = await desk.client.post(
        f"/intake/v1/calls/{call}/outcome", content=b"x" * 2_000_000, headers={**sent, "content-type": "application/x-ndjson"}
    )
    assert endless.status_code == 415
    assert (await calls(desk, (await desk.sql("select campaign_id from call_list"))[0]["campaign_id"]))[0]["status"] == "ringing"


async def test_without_a_secret_no_word_is_believed(database: Database) -> None:
    async with Desk(INTAKE).open(database, telephony_url=_NOBODY) as desk:
        campaign = await _started(desk, PHONES[0])
        call = (await _ringing(desk, campaign, 1))[0]
        for secret in ("whsec_", "whsec_AAAA", SECRET):
            assert (await told(desk, call["call_id"], secret=secret)).status_code == 401


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
        call = (await _ringing(desk, campaign, 1))[0]
        await told(desk, call["call_id"], transcript=STORY)
        wrong = await told(desk, call["call_id"], transcript=STORY, digits={"医药费": PHONES[0]})
    assert not any(secret in wrong.text for secret in secrets)
    assert not any(secret in str(logs) for secret in secrets)
    for table in await desk.sql("select table_name from information_schema.tables where table_schema = 'public'"):
        for row in await desk.sql(f'select t::text as text from "{table["table_name"]}" t'):
            assert not any(secret in row["text"] for secret in secrets), table["table_name"]


async def test_a_person_who_was_erased_is_not_rung(desk: Desk, full_report: dict[str, Any]) -> None:
    reported = await desk.reported(full_report)
    campaign = await planned(desk, purpose="benefit")
    await desk.post(f"/campaigns/{campaign}/people", {"person_ids": [reported["person_id"]]})
    assert (await desk.post(f"/persons/{reported['person_id']}/erasure", who="admin")).status_code == 200
    await desk.post(f"/campaigns/{campaign}/start")
    await until(lambda: _status(desk, campaign), "done")
    assert (await _progress(desk, campaign))["not_called"] == {"erased": 1}


async def test_who_is_only_on_a_list_can_be_forgotten_number_name_and_words(desk: Desk) -> None:
    campaign = await planned(desk)
    people = [{"phone": PHONES[0], "name": "张三丰"}, {"phone": PHONES[1]}]
    await desk.post(f"/campaigns/{campaign}/people", {"people": people})
    await desk.post(f"/campaigns/{campaign}/start")
    for row in await _ringing(desk, campaign, 2):
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
    campaign, call = await _one(desk)
    desk.turn(hours=6, minutes=1)
    await until(lambda: _status(desk, campaign), "done")
    assert [(row["status"], row["attempt"]) for row in await calls(desk, campaign)] == [("unknown", 1)]
    assert [row["call_id"] for row in (await desk.get("/calls/call-backs")).json()["items"]] == [call]
    assert (await told(desk, call, digits={"situation": "1"})).json()["status"] == "answered"
    assert (await desk.get("/calls/call-backs")).json()["items"] == []
