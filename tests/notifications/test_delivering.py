"""Webhooks from the feed to an end point that listens, fails, asks for patience or is gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from services.notifications.delivering import Desk, deliver_forever
from services.notifications.outbound import Outbound
from services.notifications.tables import cursors, deliveries, seen
from shared.testing.waiting import until
from tests.notifications.conftest import Hall, told
from tests.notifications.stories import accepted, opened, referral


class Endpoint:
    """Remembers what was posted; `answers` says how, the last one for ever."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[str] = ["200 OK"]
        self.by_type: dict[str, str] = {}
        self.url = ""

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"].split(".")[1] for _, body in self.got]

    async def served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line]
        sent = {name.lower(): value for name, value in lines}
        body = await reader.readexactly(int(sent["content-length"]))
        self.got.append((sent, body))
        answer = self.by_type.get(json.loads(body)["type"]) or (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        writer.write(f"HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def endpoint() -> AsyncIterator[Endpoint]:
    one = Endpoint()
    server = await asyncio.start_server(one.served, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    yield one
    server.close()


async def subscribed(door: httpx.AsyncClient, who: str, url: str, **more: Any) -> dict[str, Any]:
    asked = {"url": url, "event_types": ["matching.*"], "from": "beginning", **more}
    answer = await door.post("/notifications/v1/subscriptions", json=asked, headers=told(who))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@asynccontextmanager
async def desk_of(hall: Hall) -> AsyncIterator[Desk]:
    async with Outbound(private_allowed=True, seconds_max=2) as outbound:
        desk = Desk(hall.room, outbound)
        yield desk
        await desk.close()


async def looked(desk: Desk) -> None:
    """One look at everything, and what it starts done."""
    await desk.look()
    await desk.settled()


async def test_a_charity_gets_its_events_signed_once_each(hall: Hall, door: httpx.AsyncClient) -> None:
    ids = await accepted(hall)
    async with endpoint() as mercy, endpoint() as hope, desk_of(hall) as desk:
        made = await subscribed(door, "mercy", mercy.url)
        await subscribed(door, "hope", hope.url)
        await looked(desk)
        await looked(desk)
    assert sorted(mercy.types) == ["referral_accepted", "referral_offered"]
    assert hope.got == []
    assert sorted(h["webhook-id"] for h, _ in mercy.got) == sorted(ids[2:])
    for sent, body in mercy.got:
        signed = Webhook(made["secret"]).sign(
            sent["webhook-id"], datetime.fromtimestamp(int(sent["webhook-timestamp"]), UTC), body.decode()
        )
        assert sent["webhook-signature"] == signed
        assert json.loads(body)["data"]["case_id"] == "case-1"
    (noted,) = await hall.room.rows(select(seen))
    assert (noted["org_id"], noted["case_id"], noted["person_id"]) == ("mercy", "case-1", "person-1")


async def test_what_failed_is_tried_again_under_the_same_id_and_new_events_do_not_wait_for_it(hall: Hall, door: httpx.AsyncClient) -> None:
    async with endpoint() as mercy, desk_of(hall) as desk:
        made = await subscribed(door, "mercy", mercy.url)
        mercy.by_type["matching.referral_offered.v1"] = "500 Broken"
        await accepted(hall)
        await looked(desk)
        await hall.hears("matching.referral_served.v1", referral(state="served"))
        await looked(desk)
        assert sorted(mercy.types) == ["referral_accepted", "referral_offered", "referral_served"]
        mercy.by_type.clear()
        await looked(desk)
        assert len(mercy.got) == 3
        hall.later(seconds=10)
        await looked(desk)
    assert mercy.types[3:] == ["referral_offered"]
    ids = {h["webhook-id"] for h, b in mercy.got if "referral_offered" in json.loads(b)["type"]}
    assert len(ids) == 1
    page = (await door.get(f"/notifications/v1/subscriptions/{made['id']}/deliveries", headers=told("mercy"))).json()
    by_type = {item["type"].split(".")[1]: item for item in page["items"]}
    assert [a["outcome"] for a in by_type["referral_offered"]["attempts"]] == ["500", "200"]
    assert {item["status"] for item in page["items"]} == {"delivered"}


async def test_410_disables_the_subscription(hall: Hall, door: httpx.AsyncClient) -> None:
    async with endpoint() as mercy, desk_of(hall) as desk:
        made = await subscribed(door, "mercy", mercy.url)
        mercy.answers = ["410 Gone"]
        await accepted(hall)
        await looked(desk)
        await hall.hears("matching.referral_served.v1", referral(state="served"))
        await looked(desk)
    assert len(mercy.got) == 2
    one = (await door.get(f"/notifications/v1/subscriptions/{made['id']}", headers=told("mercy"))).json()
    assert (one["status"], one["why"]) == ("disabled", "gone")


async def test_retry_after_rests_the_whole_end_point(hall: Hall, door: httpx.AsyncClient) -> None:
    async with endpoint() as mercy, desk_of(hall) as desk:
        await subscribed(door, "mercy", mercy.url)
        mercy.answers = ["429 Too Many\r\nretry-after: 120", "429 Too Many\r\nretry-after: 120", "200 OK"]
        await accepted(hall)
        await looked(desk)
        await hall.hears("matching.referral_served.v1", referral(state="served"))
        hall.later(seconds=60)
        await looked(desk)
        assert len(mercy.got) == 2
        hall.later(seconds=61)
        await looked(desk)
        await looked(desk)
    assert sorted(mercy.types[2:]) == ["referral_accepted", "referral_offered", "referral_served"]


async def test_an_end_point_that_never_answers_is_disabled_at_the_end_of_the_schedule(hall: Hall, door: httpx.AsyncClient) -> None:
    async with desk_of(hall) as desk:
        made = await subscribed(door, "mercy", "http://127.0.0.1:1/hook")
        await hall.hears("matching.referral_offered.v1", referral())
        await looked(desk)
        for _ in range(9):
            hall.later(hours=27)
            await looked(desk)
    (row,) = await hall.room.rows(select(deliveries))
    assert (row["status"], row["attempts"], row["outcome"], row["due_at"]) == ("failed", 10, "no_connection", None)
    assert (await hall.room.state("subscription", made["id"])).status == "disabled"


async def test_a_paused_subscription_loses_nothing(hall: Hall, door: httpx.AsyncClient) -> None:
    async with endpoint() as mercy, desk_of(hall) as desk:
        made = await subscribed(door, "mercy", mercy.url)
        await door.post(f"/notifications/v1/subscriptions/{made['id']}/pause", headers=told("mercy"))
        await accepted(hall)
        await looked(desk)
        assert mercy.got == []
        await door.post(f"/notifications/v1/subscriptions/{made['id']}/resume", headers=told("mercy"))
        await looked(desk)
    assert len(mercy.got) == 2


async def test_replay_sends_the_same_ids_again_and_redeliver_one(hall: Hall, door: httpx.AsyncClient) -> None:
    async with endpoint() as mercy, desk_of(hall) as desk:
        made = await subscribed(door, "mercy", mercy.url)
        base = f"/notifications/v1/subscriptions/{made['id']}"
        await accepted(hall)
        await looked(desk)
        assert (await door.post(f"{base}/replay", json={"from": "beginning"}, headers=told("mercy"))).status_code == 200
        await looked(desk)
        assert len(mercy.got) == 4
        assert len({h["webhook-id"] for h, _ in mercy.got}) == 2
        page = (await door.get(f"{base}/deliveries", headers=told("mercy"))).json()
        again = await door.post(f"{base}/deliveries/{page['items'][0]['id']}/redeliver", headers=told("mercy"))
        assert again.status_code == 202
        await looked(desk)
    assert len(mercy.got) == 5


async def test_what_was_withdrawn_before_it_went_out_is_not_sent(hall: Hall, door: httpx.AsyncClient) -> None:
    async with endpoint() as mercy, desk_of(hall) as desk:
        await subscribed(door, "mercy", mercy.url)
        mercy.answers = ["500 Broken"]
        await accepted(hall)
        await looked(desk)
        await hall.hears("intake.consent_withdrawn.v1", {"case_id": "case-1", "person_id": "person-1", "consent_id": "consent-1"})
        hall.later(seconds=10)
        await looked(desk)
    assert len(mercy.got) == 2
    rows = await hall.room.rows(select(deliveries))
    assert {row["status"] for row in rows} == {"withheld"}


async def test_events_for_others_move_the_place_without_a_write_each(hall: Hall, door: httpx.AsyncClient) -> None:
    async with endpoint() as hope, desk_of(hall) as desk:
        await subscribed(door, "hope", hope.url)
        await accepted(hall)
        await looked(desk)
        commits = hall.room.executor.commits
        await hall.hears("intake.case_opened.v1", opened("case-2"))
        before = hall.room.executor.commits
        await looked(desk)
        assert hall.room.executor.commits == before > commits
    (row,) = await hall.room.rows(select(cursors))
    assert row["position"] == 0


async def test_the_loop_delivers_and_ends_when_asked(hall: Hall, door: httpx.AsyncClient) -> None:
    async with endpoint() as mercy:
        await subscribed(door, "mercy", mercy.url)
        loop = asyncio.create_task(deliver_forever(hall.room))
        await accepted(hall)
        await until(lambda: len(mercy.got), 2)
        hall.room.stop.set()
        await asyncio.wait_for(loop, 10)


async def test_a_test_event_says_what_came_back(hall: Hall, door: httpx.AsyncClient) -> None:
    async with endpoint() as mercy:
        made = await subscribed(door, "mercy", mercy.url)
        answer = (await door.post(f"/notifications/v1/subscriptions/{made['id']}/test", headers=told("mercy"))).json()
        assert (answer["delivered"], answer["outcome"]) == (True, "200")
        mercy.answers = ["503 Away"]
        assert (await door.post(f"/notifications/v1/subscriptions/{made['id']}/test", headers=told("mercy"))).json()["delivered"] is False
    assert mercy.types == ["test", "test"]


async def test_rotation_signs_with_both_secrets_for_a_day(hall: Hall, door: httpx.AsyncClient) -> None:
    async with endpoint() as mercy:
        made = await subscribed(door, "mercy", mercy.url)
        base = f"/notifications/v1/subscriptions/{made['id']}"
        fresh = (await door.post(f"{base}/rotate", headers=told("mercy"))).json()
        await door.post(f"{base}/test", headers=told("mercy"))
        hall.later(hours=25)
        await door.post(f"{base}/test", headers=told("mercy"))
    assert fresh["secret"] != made["secret"]
    assert [len(sent["webhook-signature"].split()) for sent, _ in mercy.got] == [2, 1]


async def test_others_do_not_see_a_subscription_and_no_answer_repeats_the_secret(hall: Hall, door: httpx.AsyncClient) -> None:
    made = await subscribed(door, "mercy", "https://mercy.example/hook")
    base = f"/notifications/v1/subscriptions/{made['id']}"
    for path, how in (
        (base, "GET"),
        (f"{base}/pause", "POST"),
        (f"{base}/rotate", "POST"),
        (base, "DELETE"),
        (f"{base}/deliveries", "GET"),
    ):
        assert (await door.request(how, path, headers=told("hope"))).status_code == 404
    assert made["secret"] not in (await door.get(base, headers=told("mercy"))).text
    assert made["secret"] not in (await door.get("/notifications/v1/subscriptions", headers=told("mercy"))).text
    assert (await door.get("/notifications/v1/subscriptions", headers=told("hope"))).json()["items"] == []
    assert len((await door.get("/notifications/v1/subscriptions", headers=told("ops"))).json()["items"]) == 1
    assert (await door.delete(base, headers=told("mercy"))).status_code == 204
    assert (await door.get(base, headers=told("mercy"))).status_code == 404
    stored = await hall.room.history("subscription", made["id"])
    assert made["secret"] not in str(stored)


async def test_addresses_nobody_may_be_sent_to_are_refused_at_the_door(door: httpx.AsyncClient) -> None:
    for url in (
        "ftp://x.example/",
        "https://user:pass@x.example/",
        "https://x.example/#a",
        "https:///nohost",
        "javascript:alert(1)",
        "https://x.example:99999/",
    ):
        answer = await door.post("/notifications/v1/subscriptions", json={"url": url}, headers=told("mercy"))
        assert answer.status_code == 422, url
