"""A campaign as its tests use it: planned, filled, and answered for by a provider whose word is signed by hand."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import httpx
import msgspec

from shared.signing import headers
from shared.testing.waiting import until
from tests.intake.conftest import Desk

NOBODY = "http://127.0.0.1:9"  # a provider that never answers: what it is told stays with us and its word comes by hand
PHONES = ("13800138001", "13800138002", "13800138003")
SECRET = "whsec_" + "a2Fwb2s" * 8  # of these tests alone
_message = itertools.count(1)


async def planned(desk: Desk, *phones: str, **more: Any) -> str:
    """A campaign with these people, not started."""
    people = [{"phone": phone} for phone in phones]
    answer = await desk.post("/campaigns", {"name": "摸排", "purpose": "needs", "people": people, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["campaign_id"])


async def calls(desk: Desk, campaign_id: str) -> list[dict[str, Any]]:
    """All its calls, first queued first."""
    return [dict(row) for row in await desk.sql("select * from call_list where campaign_id = $1 order by due_at, call_id", campaign_id)]


async def told(
    desk: Desk, call_id: str, *, attempt: int = 1, status: str = "answered", message: str = "", secret: str = SECRET, at: datetime | None = None,
    signed_at: datetime | None = None, **more: Any,
) -> httpx.Response:  # fmt: skip
    """The provider's webhook about a call."""
    body = msgspec.json.encode({"call_id": call_id, "attempt": attempt, "status": status, "at": (at or desk.now).isoformat(), **more})
    sent = headers([secret], message or f"msg_{next(_message)}", signed_at or desk.now, body)
    return await desk.client.post(f"/intake/v1/calls/{call_id}/outcome", content=body, headers=dict(sent))


async def started(desk: Desk, *phones: str, **more: Any) -> str:
    campaign = await planned(desk, *phones, **more)
    answer = await desk.post(f"/campaigns/{campaign}/start")
    assert answer.status_code == 200, answer.text
    return campaign


async def ringing(desk: Desk, campaign: str, count: int) -> list[dict[str, Any]]:
    """The calls under way, as soon as they are so many."""

    async def under_way() -> int:
        return sum(row["status"] == "ringing" for row in await calls(desk, campaign))

    await until(under_way, count)
    return [row for row in await calls(desk, campaign) if row["status"] == "ringing"]


async def one_call(desk: Desk, **more: Any) -> tuple[str, str]:
    """A campaign with one call under way: campaign and call."""
    campaign = await started(desk, PHONES[0], **more)
    return campaign, (await ringing(desk, campaign, 1))[0]["call_id"]


async def progress(desk: Desk, campaign: str) -> dict[str, Any]:
    return dict((await desk.get(f"/campaigns/{campaign}")).json()["progress"])


async def status_of(desk: Desk, campaign: str) -> str:
    return str((await desk.get(f"/campaigns/{campaign}")).json()["status"])
