"""Intake opened alone on a database of its own, with a clock turned by hand and a caller for each role."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.intake.manifest import INTAKE
from shared.clock import Clock, new_id
from shared.opened import Opened
from shared.runtime import House, environment
from shared.security import Principal
from shared.settings import Settings

Database = Callable[[], Awaitable[str]]
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, ten in the morning in Guangzhou


class Desk:
    """Intake as a test uses it: who asks is named by role."""

    def __init__(self, house: House, client: httpx.AsyncClient) -> None:
        self.house, self.client, self.now = house, client, NOW
        self._tokens: dict[str, str] = {}

    @property
    def intake(self) -> Opened:
        return self.house.opened["intake"]

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)

    def headers(self, role: str | None, org: str | None = None) -> dict[str, str]:
        if role is None:
            return {}
        name = f"{role}-{org}" if org else role
        if name not in self._tokens:
            assert self.house.environment is not None
            principal = Principal(name, frozenset({role}), org)
            self._tokens[name] = self.house.environment.issuer.sign(principal, 36_000)
        return {"authorization": f"Bearer {self._tokens[name]}"}

    async def post(
        self, path: str, body: Any = None, *, role: str | None = "operator", org: str | None = None, **headers: str
    ) -> httpx.Response:
        more = {k.replace("_", "-"): v for k, v in headers.items()}
        return await self.client.post(f"/intake/v1{path}", json=body, headers={**self.headers(role, org), **more})

    async def get(self, path: str, *, role: str | None = "operator", org: str | None = None, **headers: str) -> httpx.Response:
        more = {k.replace("_", "-"): v for k, v in headers.items()}
        return await self.client.get(f"/intake/v1{path}", headers={**self.headers(role, org), **more})

    async def reported(self, body: Mapping[str, Any], **how: Any) -> dict[str, Any]:
        answer = await self.post("/reports", body, **how)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def sql(self, text: str, *args: Any) -> list[asyncpg.Record]:
        async with self.intake.room.store.reading() as connection:
            return list(await connection.fetch(text, *args))


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Desk]:
    key = base64.b64encode(b"k" * 32).decode()
    desk: Desk

    def clock() -> datetime:
        return desk.now

    settings = Settings(kek=key, index_key=key, signing_key=key, demo=True, public_rate_per_second=1000, public_rate_burst=1000)
    dsns = {"intake": await database(), "bus": await database()}
    house = House((INTAKE,), lambda: environment(settings, dsns=dsns, clock=Clock(clock, new_id)))
    transport = httpx.ASGITransport(app=house, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://kapok") as client:
        desk = Desk(house, client)
        async with house.open():
            yield desk


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with opened(database) as at_work:
        yield at_work


@pytest.fixture
def full_report() -> dict[str, Any]:
    """Every field of the contract."""
    return {
        "channel": "hotline",
        "source": "12345",
        "source_ref": "2026-11-23-000127",
        "received_at": "2026-11-23T09:12:00+08:00",
        "narrative": "我妈妈得了尿毒症住院，没钱交医药费",
        "language": "zh",
        "elements": {"place": "天河区棠下", "time": "上周", "persons": "母亲", "event": "住院", "demand": "医疗救助"},
        "reporter": {"relation": "neighbour", "name": "李四", "phone": "13900139000", "anonymous": False},
        "person": {
            "name": "张三丰", "id_type": "resident_id", "id_number": "440106195512240023", "birth_date": "1955-12-24", "sex": "female",
            "phone": "138 0013 8000", "hukou_code": "440106", "residence_code": "440106011", "address": "棠下大街一号", "languages": ["yue"],
            "account": {"bank": "ICBC", "number": "6222020000000000000"},
        },
        "household": {"size": 3, "members": [{"relation": "spouse", "birth_date": "1950-01-01", "facts": {}}], "monthly_income_fen": 250000},
        "facts": {
            "disability_grade": 2, "disability_kind": "limb", "serious_illness": True, "medical_total_year_fen": 18000000,
            "medical_reimbursed_year_fen": 9000000, "medical_self_paid_year_fen": 9000000, "works_here_months": 30, "pension_months": 30,
            "student": "none", "certificates": ["minimum_living_allowance"],
        },
        "needs": ["medical"],
        "danger_now": False,
        "consent": {
            "share": True, "how": "read_aloud", "at": "2026-11-23T09:13:00+08:00", "purposes": ["referral", "payment"],
            "recipients": ["charity", "hospital"],
        },
        "contact": {"by": "sms", "language": "zh"},
    }  # fmt: skip
