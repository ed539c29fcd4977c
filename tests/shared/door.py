"""A door to the bakery: an app with a few routes of each kind, and a caller without a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from shared.http import Door, Invalid, NotFound, door_for
from shared.runtime import House, environment
from shared.service import To, Webhook
from shared.settings import Settings
from shared.testing import Database
from tests.shared.bakery import BAKERY, OVEN, Count, Customer, PlaceOrder, orders

router = APIRouter(prefix="/bakery/v1")
SECRET = "whsec_" + "a2Fwb2s" * 8  # of these tests alone


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


@router.post("/words/{key}")
async def word(key: str, request: Request, door: Annotated[Door, Depends(door_for(public=True))]) -> Any:
    return {"heard": (await request.body()).decode()}


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


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Client]:
    """A house of a bakery and an oven, with a caller at its door."""
    dsns = {name: await database() for name in ("bakery", "oven", "bus")}
    keys = {"kek": b"k" * 32, "index_key": b"i" * 32, "signing_key": b"s" * 32}
    settings = Settings(
        demo=True, body_max_bytes=20_000, public_rate_per_second=50, public_rate_burst=60, signed_rate_burst=200, telephony_secret=SECRET
    )
    bakery = replace(BAKERY, routers=(router,), webhooks=(Webhook(r"/bakery/v1/words/[a-z]+", "telephony_secret"),))
    house = House((bakery, OVEN), lambda: environment(settings, dsns=dsns, keys=keys))
    async with (
        house.open(),
        httpx.AsyncClient(transport=httpx.ASGITransport(house), base_url="http://kapok") as http,
    ):
        yield Client(http, house)


ORDER = {"name": "陈大文", "phone": "138 0013 8000", "loaves": 2}
