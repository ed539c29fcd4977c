"""Matching with two hosts and volunteers, as the tests of volunteering speak to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.matching.manifest import MATCHING
from shared.testing import Database
from tests.matching.stories import DAY
from tests.matching.test_inbox import Office

TODAY = DAY.isoformat()
TASK: dict[str, Any] = {
    "id": "task-1", "org_id": "mercy", "need": "education", "skills": ["tutoring"], "district": "440106", "times": ["sat_morning"],
    "languages": ["zh-yue"], "wanted": 2, "first_day": "2026-11-16", "last_day": "2026-11-30",
}  # fmt: skip
PERSON: dict[str, Any] = {"skills": ["tutoring"], "districts": ["440106"], "times": ["sat_morning"], "languages": ["zh-yue", "zh-cmn"]}


class Hub(Office):
    """Matching with two hosts, and volunteers named by the reference of their platform."""

    async def volunteer(self, ref: str, **more: Any) -> str:
        answer = await self.post("/volunteers", {"external_ref": ref, **PERSON, **more}, "caseworker")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["volunteer_id"])

    async def task(self, **more: Any) -> str:
        answer = await self.post("/engagements", {**TASK, **more}, "charity", more.get("org_id", "mercy"))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["engagement_id"])

    async def step(self, act: str, volunteer_id: str, task: str = "task-1", org: str = "mercy", **more: Any) -> httpx.Response:
        return await self.post(f"/engagements/{task}/{act}", {"volunteer_id": volunteer_id, **more}, "charity", org)

    async def ready(self, ref: str = "iv-1", task: str = "task-1", org: str = "mercy") -> str:
        who = await self.volunteer(ref)
        for act in ("invite", "confirm"):
            assert (await self.step(act, who, task, org)).status_code == 200
        return who

    async def hours(
        self, who: str, minutes: int, day: str = TODAY, task: str = "task-1", org: str = "mercy", **more: Any
    ) -> httpx.Response:
        return await self.step("hours", who, task, org, day=day, minutes=minutes, **more)

    async def read(self, path: str, role: str = "gov", org: str | None = None, code: int = 200, **params: Any) -> Any:
        answer = await self.client.get(f"/matching/v1{path}", params=params, headers=self.headers(role, org))
        assert answer.status_code == code, answer.text
        return answer.json()


@pytest.fixture
async def hub(database: Database) -> AsyncIterator[Hub]:
    async with Hub(MATCHING).open(database) as at_work:
        for org in ("mercy", "hope"):
            assert (await at_work.post("/organizations", {"id": org, "name": org.title()})).status_code == 201
            service = {"id": f"{org}-s", "organization_id": org, "name": org.title(), "needs": ["livelihood"]}
            assert (await at_work.post("/services", service)).status_code == 201 or org == "hope"
        yield at_work
