"""An order sent twice under one key is one order with one answer, whatever happened in between."""

from __future__ import annotations

import asyncio

import pytest

from tests.shared.door import ORDER, Client


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


@pytest.mark.parametrize(
    "content", [b"[" * 20_000, b'{"a":' * 3_000 + b"1" + b"}" * 3_000, b'{"name": "\xff"}'], ids=["open", "deep", "no text"]
)
async def test_a_body_nobody_can_read_is_refused_the_same_under_a_key(client: Client, content: bytes) -> None:
    headers = {**await client.token("operator"), "Content-Type": "application/json"}
    without = await client.http.post("/bakery/v1/orders", content=content, headers=headers)
    under = await client.http.post("/bakery/v1/orders", content=content, headers={**headers, "Idempotency-Key": "k-deep"})
    assert 400 <= without.status_code < 500
    assert (under.status_code, under.json() | {"instance": ""}) == (without.status_code, without.json() | {"instance": ""})
