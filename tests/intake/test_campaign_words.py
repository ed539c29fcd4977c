"""A provider's word about a call: believed when it is signed and makes sense, and once, whatever comes again or late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.intake.manifest import INTAKE
from shared.signing import headers
from shared.testing import Database
from shared.testing.waiting import until
from tests.intake.campaigning import NOBODY, PHONES, SECRET, calls, one_call, ringing, started, status_of, told
from tests.intake.conftest import Desk

STORY = "我老公上个月住院了，医药费交不起"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk(INTAKE).open(database, telephony_url=NOBODY, telephony_secret=SECRET) as at_work:
        yield at_work


async def test_the_same_word_twice_or_another_word_later_changes_nothing(desk: Desk) -> None:
    campaign, call = await one_call(desk)
    first = await told(desk, call, message="msg_a", digits={"situation": "2"}, transcript=STORY)
    await until(lambda: status_of(desk, campaign), "done")
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
    _, call = await one_call(desk)
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
    _, call = await one_call(desk)
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
    async with Desk(INTAKE).open(database, telephony_url=NOBODY) as desk:
        campaign = await started(desk, PHONES[0])
        call = (await ringing(desk, campaign, 1))[0]
        for secret in ("whsec_", "whsec_AAAA", SECRET):
            assert (await told(desk, call["call_id"], secret=secret)).status_code == 401
