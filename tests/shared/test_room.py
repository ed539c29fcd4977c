"""What a room answers when its store is away, slow, or asked for what no row can hold."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, Depends
from sqlalchemy import DateTime, Integer, column, func, literal, select, text

from shared.errors import Malformed, NotNow
from shared.http import Door, door_for
from shared.room import Room
from shared.runtime import House, environment
from shared.service import To
from shared.settings import Settings
from shared.testing import Database
from shared.testing.waiting import until
from tests.shared.bakery import BAKERY, Customer, PlaceOrder, orders

router = APIRouter(prefix="/bakery/v1")


@router.get("/orders")
async def listed(door: Annotated[Door, Depends(door_for(public=True))], status: str = "placed", cursor: str | None = None) -> Any:
    return await door.page(select(orders.c.order_id).where(orders.c.status == status), order=(orders.c.order_id,), cursor=cursor)


@router.get("/days")
async def by_day(door: Annotated[Door, Depends(door_for(public=True))], cursor: str | None = None) -> Any:
    at: Any = column("at", DateTime(timezone=True))
    line: Any = column("line", Integer)
    listed = select(at, line).select_from(text("(select now() as at, 1 as line) as days"))
    return await door.page(listed, order=(at, line), cursor=cursor)


@router.post("/orders/{key}")
async def order(key: str, name: str, door: Annotated[Door, Depends(door_for(public=True))]) -> Any:
    return (await door.execute(To("order", key, PlaceOrder(key, door.new_id(), Customer("n", "1"), 1, (name,))))).version


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    dsns = {name: await database() for name in ("bakery", "bus")}
    keys = {"kek": b"k" * 32, "index_key": b"i" * 32, "signing_key": b"s" * 32}
    opened = House((replace(BAKERY, routers=(router,)),), lambda: environment(Settings(demo=True), dsns=dsns, keys=keys))
    async with opened.open():
        yield opened


@pytest.fixture
def room(house: House) -> Room:
    return house.opened["bakery"].room


@pytest.fixture
async def caller(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(house, raise_app_exceptions=False), base_url="http://kapok") as http:
        yield http


async def cut(room: Room, like: str) -> int:
    """End the server's side of every connection whose last question was like this; answers how many there were."""
    at = await asyncpg.connect(room.store.dsn)
    ended = await at.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid() and query ilike $1",
        like,
    )
    await at.close()
    return int(ended)


async def test_a_list_whose_connection_was_cut_is_asked_for_again_later_and_then_told(
    house: House, room: Room, caller: httpx.AsyncClient
) -> None:
    assert (await caller.get("/bakery/v1/orders")).status_code == 200
    assert await cut(room, "%from orders%") >= 1
    away = await caller.get("/bakery/v1/orders")
    assert (away.status_code, away.headers.get("retry-after")) == (503, "1"), away.text
    assert (await caller.get("/bakery/v1/orders")).status_code == 200


async def test_a_look_up_that_is_cut_while_it_runs_is_not_now(room: Room) -> None:
    asked = asyncio.create_task(room.rows(select(func.pg_sleep(20), literal("cut me"))))
    await until(lambda: cut(room, "%pg_sleep%"), 1)
    with pytest.raises(NotNow):
        async with asyncio.timeout(10):
            await asked


async def test_a_look_up_that_finds_no_connection_free_in_time_is_not_now(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room._engine.pool, "_timeout", 0.1)
    async with contextlib.AsyncExitStack() as held:
        for _ in range(10):
            await held.enter_async_context(room._engine.connect())
        with pytest.raises(NotNow):
            await room.rows(select(literal(1)))
    assert len(await room.rows(select(literal(1)))) == 1


async def test_a_store_that_is_not_there_is_not_now(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.store, "dsn", "postgresql://127.0.0.1:1/nowhere")
    with pytest.raises(NotNow):
        await room.rows(select(literal(1)))


async def test_a_question_that_is_wrong_stays_our_own_fault(room: Room) -> None:
    with pytest.raises(Exception, match="division by zero") as wrong:
        await room.rows(select(literal(1) / func.length("")))
    assert not isinstance(wrong.value, NotNow | Malformed)


@pytest.mark.parametrize(
    ("path", "pointer"),
    [("?status=a%00b", "/query/status"), ("?status=a&cursor=WyJcdTAwMDAiXQ", "/query/cursor"), ("?other=%00", "/query/other")],
)
async def test_nobody_can_ask_for_a_zero_character(caller: httpx.AsyncClient, path: str, pointer: str) -> None:
    answer = await caller.get(f"/bakery/v1/orders{path}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text


@pytest.mark.parametrize(
    "last",
    [
        ["0001-01-01T00:00:00+14:00", 1], ["9999-12-31T23:59:59-14:00", 1], ["2026-11-23T00:00:00", 1], ["2026-11-23T00:00:00Z", 2**31],
        ["2026-11-23T00:00:00Z", -(2**31) - 1], [10**30, 1], ["2026-11-23T00:00:00Z", "a"], ["2026-11-23T00:00:00Z"], [[1], 1], [1.5, 1],
        {"a": 1}, 7,
    ],
)  # fmt: skip
async def test_a_cursor_that_is_not_ours_is_named(caller: httpx.AsyncClient, last: Any) -> None:
    answer = await caller.get("/bakery/v1/days", params={"cursor": base64.urlsafe_b64encode(json.dumps(last).encode()).decode()})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"] == [{"pointer": "/query/cursor", "detail": "is not one of ours"}]


async def test_a_cursor_of_ours_is_understood(caller: httpx.AsyncClient) -> None:
    last = base64.urlsafe_b64encode(b'["2200-01-01T00:00:00+08:00",2147483647]').decode().rstrip("=")
    assert len((await caller.get("/bakery/v1/days", params={"cursor": last})).json()["items"]) == 1


async def test_nobody_can_write_a_zero_character_and_neighbours_commit(caller: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *[caller.post(f"/bakery/v1/orders/{key}", params={"name": name}) for key, name in (("a", "\x1f"), ("b", "x\0y"), ("c", "\x1e"))]
    )
    assert [a.status_code for a in answers] == [200, 422, 200], answers[1].text
