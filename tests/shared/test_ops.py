"""What operations see of a service, and what they can do about it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.testing.waiting import until
from tests.shared.door import ORDER, Client


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
