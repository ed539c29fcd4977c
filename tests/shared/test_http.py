"""The manners of the door, on a bakery with a counter: who may, what is wrong, what comes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.telemetry import configure
from tests.shared.conftest import Lines
from tests.shared.door import ORDER, Client


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


async def test_what_breaks_in_us_tells_nothing_about_anybody(client: Client, lines: Lines) -> None:
    configure("info")
    answer = await client.http.get("/bakery/v1/broken")
    assert answer.status_code == 500
    (told,) = lines()
    assert (told["event"], told["error"], told["route"]) == ("request_failed", "RuntimeError", "/bakery/v1/broken")
    for secret in ("陈大文", "13800138000"):
        assert secret not in answer.text + str(told), secret


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
