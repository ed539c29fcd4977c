"""Intake opened alone on a database of its own, with a clock turned by hand and a caller for each role."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from services.intake.manifest import INTAKE
from shared.testing import Database
from shared.testing.alone import Alone


class Desk(Alone):
    """Intake as a test uses it."""

    async def post(
        self, path: str, body: Any = None, *, who: str | None = "operator", org: str | None = None, **headers: str
    ) -> httpx.Response:
        return await self.client.post(f"/intake/v1{path}", json=body, headers=self.headers(who, org, **headers))

    async def get(self, path: str, *, who: str | None = "operator", org: str | None = None, **headers: str) -> httpx.Response:
        return await self.client.get(f"/intake/v1{path}", headers=self.headers(who, org, **headers))

    async def reported(self, body: Mapping[str, Any], **how: Any) -> dict[str, Any]:
        answer = await self.post("/reports", body, **how)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk(INTAKE).open(database) as at_work:
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
