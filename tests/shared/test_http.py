"""The manners of the door, on a bakery with a counter: who may, what is wrong, what is kept, what comes back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from structlog.testing import capture_logs

from shared.clock import new_id
from shared.http import Door, Invalid, NotFound, door_for
from shared.runtime import House, environment
from shared.security import Principal, Verifier
from shared.service import To
from shared.settings import Settings
from shared.testing.waiting import until
from tests.shared.bakery import BAKERY, OVEN, Count, Customer, PlaceOrder, orders
from tests.shared.conftest import Database

router = APIRouter(prefix="/bakery/v1")


class OrderIn(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    name: str
    phone: str
    loaves: int
    tags: list[str] = []


@router.post("/orders", status_code=201)
async def order(body: OrderIn, door: Annotated[Door, Depends(door_for("operator"))]) -> dict[str, Any]:
    if body.phone == "none":
        raise Invalid("/phone", "a telephone number is needed")
    key = door.new_id()
    done = await door.execute(
        To("order", key, PlaceOrder(key, door.new_id(), Customer(body.name, body.phone), body.loaves, tuple(body.tags)))
    )
    return {"order_id": key, "version": done.version}


@router.get("/orders")
async def listed(door: Annotated[Door, Depends(door_for())], limit: int = 50, cursor: str | None = None) -> Any:
    return await door.page(
        select(orders.c.order_id, orders.c.loaves, orders.c.at), order=(orders.c.at, orders.c.order_id), limit=limit, cursor=cursor
    )


@router.get("/orders/{key}")
async def one(key: str, door: Annotated[Door, Depends(door_for("operator"))]) -> Any:
    rows = await door.rows(select(orders.c.customer_id, orders.c.name).where(orders.c.order_id == key))
    if not rows:
        raise NotFound("order")
    return rows[0]


@router.post("/counts/{key}")
async def count(key: str, by: int, door: Annotated[Door, Depends(door_for(public=True))]) -> Any:
    return {"version": (await door.execute(To("till", key, Count(by)))).version, "who": door.principal.id}


@router.get("/counts/{key}")
async def counted(key: str, door: Annotated[Door, Depends(door_for(public=True))]) -> Any:
    return {"version": await door.version("till", key)}


@router.get("/broken")
async def broken(door: Annotated[Door, Depends(door_for(public=True))]) -> None:
    raise RuntimeError("陈大文 13800138000")


class Client:
    """A browserless caller of a house."""

    def __init__(self, http: httpx.AsyncClient, house: House) -> None:
        self.http, self.house = http, house

    async def token(self, client: str) -> dict[str, str]:
        answer = await self.http.post("/auth/token", json={"client_id": client, "client_secret": "demo"})
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    dsns = {name: await database() for name in ("bakery", "oven", "bus")}
    keys = {"kek": b"k" * 32, "index_key": b"i" * 32, "signing_key": b"s" * 32}
    settings = Settings(demo=True, body_max_bytes=20_000, public_rate_per_second=50, public_rate_burst=60)
    house = House((replace(BAKERY, routers=(router,)), OVEN), lambda: environment(settings, dsns=dsns, keys=keys))
    async with (
        house.open(),
        httpx.AsyncClient(transport=httpx.ASGITransport(house), base_url="http://kapok") as http,
    ):
        yield Client(http, house)


ORDER = {"name": "陈大文", "phone": "138 0013 8000", "loaves": 2}


async def test_an_order_goes_in_and_can_be_read_back_by_who_may(client: Client) -> None:
    operator = await client.token("operator")
    made = await client.http.post("/bakery/v1/orders", json=ORDER, headers=operator)
    assert made.status_code == 201
    read = await client.http.get(f"/bakery/v1/orders/{made.json()['order_id']}", headers=operator)
    assert read.json()["name"] == "陈大文"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"Authorization": "Bearer nonsense"}, 401), ({"Authorization": "Basic abc"}, 401)],
)
async def test_without_a_good_token_nothing_is_told(client: Client, headers: dict[str, str], status: int) -> None:
    answer = await client.http.post("/bakery/v1/orders", json=ORDER, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:kapok:problem:Unauthenticated"


async def test_the_wrong_role_is_forbidden(client: Client) -> None:
    answer = await client.http.post("/bakery/v1/orders", json=ORDER, headers=await client.token("auditor"))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:kapok:problem:Forbidden")


async def test_a_wrong_secret_gets_no_token(client: Client) -> None:
    answer = await client.http.post("/auth/token", json={"client_id": "operator", "client_secret": "guess"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**ORDER, "loaves": "two"}, "/loaves"),
        ({**ORDER, "loaves": False}, "/loaves"),
        ({"name": "a", "phone": "b"}, "/loaves"),
        ({**ORDER, "colour": "red"}, "/colour"),
        ({**ORDER, "tags": ["a", 3]}, "/tags/1"),
        ({**ORDER, "phone": "none"}, "/phone"),
    ],
)
async def test_a_wrong_field_is_named_and_its_value_is_not_repeated(client: Client, body: dict[str, Any], pointer: str) -> None:
    answer = await client.http.post("/bakery/v1/orders", json=body, headers=await client.token("operator"))
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
    assert "陈大文" not in answer.text


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"{not json", "application/json", 400),
        (b"<a/>", "image/png", 415),
        (b'{"name": "' + b"x" * 30_000 + b'"}', "application/json", 413),
        (b"\xff\xfe", "application/json", 400),
    ],
)
async def test_a_bad_body_is_never_our_fault(client: Client, content: bytes, media: str, status: int) -> None:
    headers = {**await client.token("operator"), "Content-Type": media}
    answer = await client.http.post("/bakery/v1/orders", content=content, headers=headers)
    assert answer.status_code == status, answer.text


async def test_a_refusal_is_409_with_the_rule_as_code_and_its_sentence_as_title(client: Client) -> None:
    answer = await client.http.post("/bakery/v1/orders", json={**ORDER, "loaves": 101}, headers=await client.token("operator"))
    assert answer.status_code == 409
    assert answer.json() | {"instance": ""} == {
        "type": "urn:kapok:problem:TooManyLoaves", "title": "The oven does not hold so many loaves.", "status": 409, "instance": "", "facts": {"loaves": 101},
    }  # fmt: skip


async def test_what_breaks_in_us_tells_nothing_about_anybody(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    answer = await client.http.get("/bakery/v1/broken")
    assert answer.status_code == 500
    out, err = capfd.readouterr()
    assert "陈大文" not in answer.text + out + err
    assert "13800138000" not in answer.text + out + err


async def test_the_same_key_and_body_get_the_stored_answer_and_one_order(client: Client) -> None:
    headers = {**await client.token("operator"), "Idempotency-Key": '"k-1"'}
    first = await client.http.post("/bakery/v1/orders", json=ORDER, headers=headers)
    again = await client.http.post("/bakery/v1/orders", json=dict(reversed(ORDER.items())), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["idempotency-replayed"] == "true"
    listed = await client.http.get("/bakery/v1/orders", headers=headers)
    assert len(listed.json()["items"]) == 1


async def test_the_same_key_with_another_body_is_refused(client: Client) -> None:
    headers = {**await client.token("operator"), "Idempotency-Key": "k-2"}
    await client.http.post("/bakery/v1/orders", json=ORDER, headers=headers)
    other = await client.http.post("/bakery/v1/orders", json={**ORDER, "loaves": 3}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:kapok:problem:IdempotencyKeyReused"


async def test_a_key_belongs_to_its_caller(client: Client) -> None:
    for name in ("operator", "operator-2"):
        made = await client.http.post("/bakery/v1/orders", json=ORDER, headers={**await client.token(name), "Idempotency-Key": "k-3"})
        assert "idempotency-replayed" not in made.headers


async def test_twenty_at_once_with_one_key_make_one_order(client: Client) -> None:
    headers = {**await client.token("operator"), "Idempotency-Key": "k-4"}
    answers = await asyncio.gather(*[client.http.post("/bakery/v1/orders", json=ORDER, headers=headers) for _ in range(20)])
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({a.json()["order_id"] for a in answers if a.status_code == 201}) == 1
    listed = await client.http.get("/bakery/v1/orders", headers=headers)
    assert len(listed.json()["items"]) == 1


async def test_a_crash_between_commit_and_answer_is_healed_by_sending_again(client: Client) -> None:
    headers = {**await client.token("operator"), "Idempotency-Key": "k-5"}
    first = await client.http.post("/bakery/v1/orders", json=ORDER, headers=headers)
    store = client.house.opened["bakery"].room.store
    async with store.reading() as connection:  # as if the answer had never been kept, two minutes ago
        await connection.execute("update idempotency set status = null, body = null, at = now() - interval '2 minutes'")
    again = await client.http.post("/bakery/v1/orders", json=ORDER, headers=headers)
    assert again.json() == first.json()
    listed = await client.http.get("/bakery/v1/orders", headers=headers)
    assert len(listed.json()["items"]) == 1


async def test_a_kept_answer_is_sealed(client: Client) -> None:
    headers = {**await client.token("operator"), "Idempotency-Key": "k-6"}
    made = await client.http.post("/bakery/v1/orders", json=ORDER, headers=headers)
    async with client.house.opened["bakery"].room.store.reading() as connection:
        body = await connection.fetchval("select body from idempotency where key = 'k-6'")
    assert made.json()["order_id"].encode() not in body


async def test_pages_of_a_list_neither_skip_nor_repeat(client: Client) -> None:
    operator = await client.token("operator")
    for _ in range(7):
        await client.http.post("/bakery/v1/orders", json=ORDER, headers=operator)
    seen, cursor = [], ""
    while cursor is not None:
        page = (await client.http.get(f"/bakery/v1/orders?limit=3{'&cursor=' + cursor if cursor else ''}", headers=operator)).json()
        seen += [row["order_id"] for row in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("cursor", ["abc", "W10", "bm9uc2Vuc2U", "WyJ4IiwieSJd"])
async def test_a_foreign_cursor_is_refused(client: Client, cursor: str) -> None:
    answer = await client.http.get(f"/bakery/v1/orders?cursor={cursor}", headers=await client.token("operator"))
    assert answer.status_code == 422


async def test_correlation_is_kept_or_given(client: Client) -> None:
    answer = await client.http.post("/bakery/v1/counts/a?by=1", headers={"X-Correlation-Id": "call-2026-11-23"})
    assert answer.headers["x-correlation-id"] == "call-2026-11-23"
    odd = await client.http.post("/bakery/v1/counts/a?by=1", headers={"X-Correlation-Id": "bad value\twith tab"})
    assert len(odd.headers["x-correlation-id"]) == 36
    async with client.house.opened["bakery"].room.store.reading() as connection:
        assert await connection.fetchval("select correlation from events where version = 1") == "call-2026-11-23"


async def test_too_many_at_once_from_one_address_are_asked_to_wait(client: Client) -> None:
    answers = [await client.http.post(f"/bakery/v1/counts/{new_id()}?by=1") for _ in range(90)]
    limited = [a for a in answers if a.status_code == 429]
    assert limited
    assert int(limited[0].headers["retry-after"]) >= 1


async def test_a_store_that_is_away_is_503_with_retry_after_and_comes_back_by_itself(client: Client) -> None:
    operator = await client.token("operator")
    store = client.house.opened["bakery"].room.store
    dsn, store.dsn = store.dsn, "postgresql://nobody@127.0.0.1:1/none"
    assert store._writing is None or store._writing.terminate() is None
    answer = await client.http.post("/bakery/v1/orders", json=ORDER, headers=operator)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    store.dsn = dsn
    assert (await client.http.post("/bakery/v1/orders", json=ORDER, headers=operator)).status_code == 201


async def test_health_ops_and_metrics_tell_the_truth(client: Client) -> None:
    ops = await client.token("ops")
    await client.http.post("/bakery/v1/orders", json={**ORDER, "loaves": 66}, headers=await client.token("operator"))
    for _ in range(100):
        parked = (await client.http.get("/ops/v1/parked", headers=ops)).json()["items"]
        if parked:
            break
        await asyncio.sleep(0.03)
    assert parked[0]["service"] == "oven"
    assert (await client.http.get("/bakery/livez")).json() == {"status": "alive"}
    assert (await client.http.get("/bakery/readyz")).status_code == 200
    metrics = (await client.http.get("/metrics")).text
    assert 'kapok_blocked_keys{service="oven"} 1.0' in metrics
    topics = (await client.http.get("/ops/v1/topics", headers=ops)).json()
    assert {t["topic"] for t in topics["topics"]} >= {"bakery.events", "oven.events", "oven.parked"}
    redriven = await client.http.post(f"/ops/v1/parked/{parked[0]['id']}/redrive", headers=ops)
    assert redriven.status_code == 409
    rebuilt = await client.http.post("/ops/v1/projections/bakery.orders/rebuild", headers=ops)
    assert rebuilt.json()["differing_rows"] == {"orders": 0, "totals": 0}
    assert (await client.http.get("/ops/v1/parked")).status_code == 401
    assert (await client.http.get("/ops/v1/parked", headers=await client.token("operator"))).status_code == 403


async def test_a_read_waits_for_the_version_its_writer_was_told(client: Client) -> None:
    made = (await client.http.post("/bakery/v1/counts/a?by=1")).json()
    assert (await client.http.get(f"/bakery/v1/counts/a?at_least={made['version']}")).json() == {"version": 1}
    early = asyncio.create_task(client.http.get("/bakery/v1/counts/a?at_least=2"))
    await asyncio.sleep(0.1)
    assert not early.done()
    await client.http.post("/bakery/v1/counts/a?by=1")
    assert (await early).json() == {"version": 2}


async def test_a_version_that_never_comes_and_one_that_is_none_are_told_apart(client: Client) -> None:
    late = await client.http.get("/bakery/v1/counts/b?at_least=7")
    assert (late.status_code, late.headers["retry-after"]) == (503, "1")
    for wrong in ("x", "-1", "1.5", "٣", "9999999999"):
        answer = await client.http.get("/bakery/v1/counts/b", params={"at_least": wrong})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/at_least"), wrong


async def _parked(client: Client) -> dict[str, Any]:
    """An order that the oven cannot work through, as ops see it."""
    await client.http.post("/bakery/v1/orders", json={**ORDER, "loaves": 66}, headers=await client.token("operator"))
    hears = client.house.opened["oven"].consume
    assert hears is not None
    await until(lambda: hears.parking.blocked_keys, 1)
    (one,) = (await client.http.get("/ops/v1/parked", headers=await client.token("ops"))).json()["items"]
    return dict(one)


async def test_a_message_is_set_aside_once_and_its_reason_stays_in_the_store(client: Client) -> None:
    ops, why = await client.token("ops"), "no oven holds 66 loaves"
    where = f"/ops/v1/parked/{(await _parked(client))['id']}/set-aside"
    assert (await client.http.post(where, json={"why": why})).status_code == 401
    for body in ({"why": why}, {"reason": why}):  # who may not is not told what is wrong with the body
        assert (await client.http.post(where, json=body, headers=await client.token("auditor"))).status_code == 403
    with capture_logs() as lines:
        done = await client.http.post(where, json={"why": f"  {why} "}, headers=ops)
    assert (done.status_code, done.json()) == (200, {"set_aside": 1})
    assert (await client.http.post(where, json={"why": why}, headers=ops)).status_code == 404
    assert (await client.http.get("/ops/v1/parked", headers=ops)).json()["items"] == []
    metrics = (await client.http.get("/metrics")).text
    assert 'kapok_blocked_keys{service="oven"} 0.0' in metrics
    async with client.house.opened["oven"].room.store.reading() as connection:
        kept = await connection.fetchrow("select set_aside_by, set_aside_why from parked")
        outbox = await connection.fetchval("select string_agg(messages, '') from outbox")
    assert tuple(kept) == ("ops", why)
    assert lines == [{"event": "set_aside", "log_level": "info", "actor": "ops", "parked": "oven-1"}]
    assert why not in metrics + str(outbox)


@pytest.mark.parametrize(
    "body", [{"why": "no"}, {"why": " no  "}, {"why": "x" * 501}, {"why": 7}, {"why": "no\0oven"}, {"why": "no\ud800oven"}, {}]
)
async def test_a_reason_that_is_none_is_refused_by_its_field(client: Client, body: dict[str, Any]) -> None:
    ops, one = await client.token("ops"), await _parked(client)
    headers = {**ops, "Content-Type": "application/json"}
    refused = await client.http.post(f"/ops/v1/parked/{one['id']}/set-aside", content=json.dumps(body), headers=headers)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/why"]
    assert [kept["id"] for kept in (await client.http.get("/ops/v1/parked", headers=ops)).json()["items"]] == [one["id"]]


async def test_what_is_not_parked_is_neither_set_aside_nor_redriven(client: Client) -> None:
    ops = await client.token("ops")
    for ident in ("oven-1", "oven-x", "oven-\u00b2", "oven-" + "9" * 30, "nobody-1", "1"):
        for act in ("set-aside", "redrive"):
            answer = await client.http.post(f"/ops/v1/parked/{ident}/{act}", json={"why": "it is not there"}, headers=ops)
            assert answer.status_code == 404, (ident, act)


async def test_deadlines_and_calls_that_fail_are_told(client: Client) -> None:
    ops, bakery = await client.token("ops"), client.house.opened["bakery"]

    async def told() -> dict[str, Any]:
        services = (await client.http.get("/ops/v1/topics", headers=ops)).json()["services"]
        return dict(next(one for one in services if one["service"] == "bakery"))

    late = "insert into deadlines (id, name, stream_id, due_at) values ($1, 'unheard of', 's', now() - interval '1 hour')"
    assert (await told())["deadlines"] == {"due": 0, "oldest_seconds": 0.0, "failed": 0, "last_failure": ""}
    async with bakery.room.store.reading() as connection:
        await connection.execute(late, "fails")
        bakery.schedule._wake.set()
        await until(lambda: bakery.schedule.failed, 1)
        bakery.schedule.stop.set()
        await until(lambda: next(loop.alive for loop in bakery.loops if loop.name == "bakery.schedule"), False)
        await connection.execute("update deadlines set due_at = now() + interval '1 hour'")
        await connection.execute(late, "waits")
        await connection.execute(
            "insert into effects_due values ('a', 'ring', 's', 1, 3, now(), 'busy'), ('b', 'ring', 's', 2, 7, now(), 'no answer')"
        )
    seen = await told()
    assert seen["deadlines"] | {"oldest_seconds": 0} == {"due": 1, "oldest_seconds": 0, "failed": 1, "last_failure": "KeyError"}
    assert 3600 <= seen["deadlines"]["oldest_seconds"] < 3700
    assert seen["effects"] == [{"effect": "ring", "due": 2, "attempts": 7, "last_failure": "no answer"}]
    metrics = (await client.http.get("/metrics")).text
    for name, value in (("deadlines_due", "1.0"), ("deadlines_failed_total", "1.0"), ("effects_due", "2.0"), ("effects_attempts", "7.0")):
        assert f'kapok_{name}{{service="bakery"}} {value}' in metrics
    assert 'kapok_deadline_oldest_age_seconds{service="bakery"} 36' in metrics
    assert 'kapok_deadlines_due{service="oven"} 0.0' in metrics


@pytest.mark.parametrize(
    "content", [b"[" * 20_000, b'{"a":' * 3_000 + b"1" + b"}" * 3_000, b'{"name": "\xff"}'], ids=["open", "deep", "no text"]
)
async def test_a_body_nobody_can_read_is_refused_the_same_under_a_key(client: Client, content: bytes) -> None:
    headers = {**await client.token("operator"), "Content-Type": "application/json"}
    without = await client.http.post("/bakery/v1/orders", content=content, headers=headers)
    under = await client.http.post("/bakery/v1/orders", content=content, headers={**headers, "Idempotency-Key": "k-deep"})
    assert 400 <= without.status_code < 500
    assert (under.status_code, under.json() | {"instance": ""}) == (without.status_code, without.json() | {"instance": ""})


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's bucket fills again, however slow this machine is: 60 requests for an address, 2,000 for a caller."""
    monkeypatch.setattr("shared.manners.time", SimpleNamespace(monotonic=lambda: 0.0))


async def _let_in(client: Client, requests: int, cookie: Callable[[int], str]) -> int:
    """How many of so many requests in a row were not asked to wait."""
    answers = [await client.http.get("/bakery/v1/counts/a", headers={"Cookie": cookie(at)}) for at in range(requests)]
    return [answer.status_code for answer in answers].count(200)


@pytest.mark.usefixtures("standing")
async def test_only_a_session_that_is_good_has_a_rate_of_its_own(client: Client) -> None:
    header, claims, signature = (await client.token("operator"))["Authorization"].removeprefix("Bearer ").split(".")
    good, forged = f"kapok_session={header}.{claims}.{signature}", f"kapok_session={header}.{claims}.{signature[::-1]}"
    assert await _let_in(client, 3, lambda at: good) == 3  # the first at the cost of its address
    assert await _let_in(client, 70, lambda at: f"a={at}") == 59
    assert await _let_in(client, 5, lambda at: forged) == 0
    assert await _let_in(client, 5, lambda at: f"kapok_session={at}.{claims}.{signature}") == 0
    assert await _let_in(client, 100, lambda at: f"a={at}; {good}") == 100


@pytest.mark.usefixtures("standing")
async def test_a_made_up_session_is_not_looked_at_once_its_address_must_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def never_good(_: Verifier, token: str) -> Principal | None:
        checked.append(token)
        return None

    monkeypatch.setattr(Verifier, "__call__", never_good)
    assert await _let_in(client, 80, lambda at: f"kapok_session=a.b.{at}") == len(checked) == 60


@pytest.mark.usefixtures("standing")
async def test_a_session_that_has_ended_has_the_rate_of_its_address_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    session = f"kapok_session={(await client.token('operator'))['Authorization'].removeprefix('Bearer ')}"
    assert await _let_in(client, 100, lambda at: session) == 100
    assert client.house.environment is not None
    monkeypatch.setattr(client.house.environment.verifier, "_now", lambda: time.time() + 7200)
    assert await _let_in(client, 100, lambda at: session) == 59
