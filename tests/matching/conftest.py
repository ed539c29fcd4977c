"""Matching opened alone on databases of its own, with a clock turned by hand, a caller for each role, and the others' voices."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from services.matching.manifest import MATCHING
from shared.clock import Clock, new_id
from shared.envelope import Message
from shared.opened import Opened
from shared.runtime import House, environment
from shared.security import Principal
from shared.settings import Settings

Database = Callable[[], Awaitable[str]]
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, ten in the morning in Guangzhou
CONSENT: dict[str, Any] = {"consent_id": "consent-1", "purposes": ["referral", "payment"], "recipients": ["charity"]}
ILL: dict[str, Any] = {"serious_illness": True, "cannot_pay": True, "medical_self_paid_year_fen": 800_000}
_TOPICS = ("intake.events", "disbursement.events")


def opened_case(case_id: str = "case-1", **more: Any) -> dict[str, Any]:
    """What intake says of a case: ill, from elsewhere, cannot pay, lives in Tianhe, shares with charities."""
    return {
        "case_id": case_id, "person_id": f"person-of-{case_id}", "household_id": f"house-of-{case_id}", "channel": "hotline",
        "received_on": "2026-11-23", "residence_code": "440106011", "hukou_code": "430106", "urgency": "normal", "needs": ["medical"],
        "facts": ILL, "consent": CONSENT, "contact_by": None, "language": "zh", **more,
    }  # fmt: skip


class Desk:
    """Matching as a test uses it: who asks is named by role, what others say is put on the bus."""

    def __init__(self, house: House, client: httpx.AsyncClient) -> None:
        self.house, self.client, self.now = house, client, NOW
        self._tokens: dict[str, str] = {}

    @property
    def matching(self) -> Opened:
        return self.house.opened["matching"]

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)

    async def lapse(self, **by: float) -> None:
        """Turn the clock and work off all that is due by then, and what falls due by that."""
        self.turn(**by)
        while await self.matching.schedule.work_off():
            pass

    def headers(self, role: str | None, org: str | None = None) -> dict[str, str]:
        if role is None:
            return {}
        name = f"{role}-{org}" if org else role
        if name not in self._tokens:
            assert self.house.environment is not None
            self._tokens[name] = self.house.environment.issuer.sign(Principal(name, frozenset({role}), org), 36_000)
        return {"authorization": f"Bearer {self._tokens[name]}"}

    async def post(
        self, path: str, body: Any = None, *, role: str | None = "admin", org: str | None = None, **headers: str
    ) -> httpx.Response:
        more = {k.replace("_", "-"): v for k, v in headers.items()}
        return await self.client.post(f"/matching/v1{path}", json=body, headers={**self.headers(role, org), **more})

    async def get(self, path: str, *, role: str | None = "caseworker", org: str | None = None) -> httpx.Response:
        return await self.client.get(f"/matching/v1{path}", headers=self.headers(role, org))

    async def done(self, path: str, body: Any = None, **how: Any) -> dict[str, Any]:
        """The answer of a call that must succeed."""
        answer = await self.post(path, body, **how)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    async def seen(self, path: str, **how: Any) -> dict[str, Any]:
        answer = await self.get(path, **how)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def provider(self, name: str, kind: str = "charity", **terms: Any) -> None:
        """An organisation with one service, both of this name."""
        await self.done("/organizations", {"id": name, "name": name.title(), "kind": kind})
        await self.done("/services", {"id": name, "organization_id": name, "name": name.title(), **terms})

    async def hears(self, kind: str, data: dict[str, Any], *, event_id: str = "") -> str:
        """One public event of another room, on the bus until the inbox has it; answers its id."""
        assert self.house.environment is not None
        publisher = self.house.environment.bus.publisher(kind.split(".", 1)[0])
        key = f"{kind.split('.', 1)[0]}.thing-{data.get('case_id') or data.get('referral_id') or data.get('person_id')}"
        event = event_id or new_id()
        topic = f"{kind.split('.', 1)[0]}.events"
        before = self.matching.consume.heard if self.matching.consume else 0
        await publisher.publish([Message(event, kind, topic, key, msgspec.json.encode(data), self.now, "story")])
        await publisher.close()
        await self.until(lambda: self.matching.consume is not None and self.matching.consume.heard > before)
        return event

    async def offers(self, **wanted: Any) -> list[dict[str, Any]]:
        """Every referral with these values, oldest first."""
        items = (await self.seen("/referrals?limit=500"))["items"]
        return [one for one in reversed(items) if all(one[key] == value for key, value in wanted.items())]

    async def told(self, case_id: str = "case-1") -> list[dict[str, Any]]:
        """What matching has said to the others about a case, in order."""
        assert self.house.environment is not None
        await self.until_none("select 1 from outbox")
        consumer = self.house.environment.bus.consumer(new_id(), ("matching.events",), "reader")
        await consumer.open()
        found = [one.message for one in await consumer.poll(500, 0.1) if one.message is not None]
        await consumer.close()
        said = [{"type": m.type, **msgspec.json.decode(m.value)} for m in found]
        return [one for one in said if one.get("case_id") == case_id]

    async def until(self, what: Callable[[], bool]) -> None:
        for _ in range(1000):
            if what():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it never came")

    async def until_none(self, sql: str) -> None:
        for _ in range(500):
            if not await self.sql(sql):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"there is always some: {sql}")

    async def sql(self, text: str, *args: Any) -> list[asyncpg.Record]:
        async with self.matching.room.store.reading() as connection:
            return list(await connection.fetch(text, *args))


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Desk]:
    key = base64.b64encode(b"k" * 32).decode()
    desk: Desk

    def clock() -> datetime:
        return desk.now

    settings = Settings(kek=key, index_key=key, signing_key=key, demo=True, public_rate_per_second=1000, public_rate_burst=1000)
    dsns = {"matching": await database(), "bus": await database()}
    house = House((MATCHING,), lambda: environment(settings, dsns=dsns, clock=Clock(clock, new_id)))
    transport = httpx.ASGITransport(app=house, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://kapok") as client:
        desk = Desk(house, client)
        async with house.open():
            assert house.environment is not None
            await house.environment.bus.provide(dict.fromkeys(_TOPICS, 12))
            yield desk


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with opened(database) as at_work:
        yield at_work
