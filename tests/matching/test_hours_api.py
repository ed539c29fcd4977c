"""Hours at the door: verified by the host alone, counted once, and filled into the points."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx

from tests.matching.hub import TODAY, Hub, hub
from tests.matching.stories import DAY
from tests.matching.test_inbox import refusal

__all__ = ["hub"]


async def test_hours_are_verified_by_the_host_alone_and_counted_once(hub: Hub) -> None:
    await hub.task()
    who = await hub.ready()
    for role, org, status in (
        ("charity", "hope", 404),
        ("gov", None, 403),
        ("admin", None, 403),
        ("auditor", None, 403),
        ("finance", None, 403),
    ):
        answer = await hub.post("/engagements/task-1/hours", {"volunteer_id": who, "day": TODAY, "minutes": 90}, role, org)
        assert answer.status_code == status, (role, answer.text)
    assert (await hub.hours(who, 90)).json()["entry"] == 1
    assert (await hub.hours(who, 90)).json()["entry"] == 1
    assert refusal(await hub.hours(who, 120)) == (409, "HoursAlreadyVerified")
    assert (await hub.hours(who, 120, reason="miscounted")).json() | {"version": 0} == {
        "engagement_id": "task-1", "volunteer_id": who, "day": TODAY, "minutes": 120, "entry": 2, "version": 0,
    }  # fmt: skip
    said = (await hub.read("/engagements/task-1/hours", "charity", "mercy"))["items"]
    assert [(one["minutes"], one["entry"], one["reason"]) for one in said] == [(90, 1, None), (120, 2, "miscounted")]
    told = await hub.read(f"/volunteers/{who}")
    assert told["hours_by_year"] == [{"year": 2026, "hours": 2}]
    assert [(one["engagement_id"], one["minutes"], one["status"]) for one in told["engagements"]] == [("task-1", 120, "confirmed")]


async def test_a_day_has_24_hours_over_two_hosts_and_a_refused_word_leaves_nothing(hub: Hub) -> None:
    await hub.task()
    await hub.task(id="task-2", org_id="hope")
    who = await hub.ready()
    for act in ("invite", "confirm"):
        await hub.step(act, who, "task-2", "hope")
    assert (await hub.hours(who, 1000)).status_code == 200
    assert refusal(await hub.hours(who, 441, task="task-2", org="hope")) == (409, "DayHasNoMoreHours")
    assert (await hub.read("/engagements/task-2/hours", "charity", "hope"))["items"] == []
    assert (await hub.hours(who, 440, task="task-2", org="hope")).status_code == 200
    both = await asyncio.gather(*[hub.hours(who, 900, "2026-11-22", task, org) for task, org in (("task-1", "mercy"), ("task-2", "hope"))])
    assert sorted(one.status_code for one in both) == [200, 409]


async def test_days_to_come_and_days_outside_are_refused(hub: Hub) -> None:
    await hub.task()
    who = await hub.ready()
    assert refusal(await hub.hours(who, 60, "2026-11-24")) == (409, "DayHasNotCome")
    assert refusal(await hub.hours(who, 60, "2026-11-15")) == (409, "DayIsOutside")
    for minutes in (-1, 1441, 1.5, "60", None, True):
        answer = await hub.post("/engagements/task-1/hours", {"volunteer_id": who, "day": TODAY, "minutes": minutes}, "charity", "mercy")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/minutes")
    assert refusal(await hub.hours(who, 0)) == (409, "MinutesAreNone")


async def test_verified_hours_become_points(hub: Hub) -> None:
    await hub.task(first_day="2024-01-01")
    who = await hub.ready()
    day = DAY
    for minutes in (1440, 1440, 119):
        assert (await hub.hours(who, minutes, day.isoformat())).status_code == 200
        day -= timedelta(days=1)
    assert (await hub.hours(who, 1440, "2025-12-31")).status_code == 200

    async def points(role: str | None = "gov", **body: Any) -> httpx.Response:
        return await hub.client.post(
            "/matching/v1/points/residence-permit", json=body, headers=hub.headers(role, "mercy" if role == "charity" else None)
        )

    def served(answer: httpx.Response) -> tuple[int, dict[str, int]]:
        item = next(one for one in answer.json()["items"] if one["item"] == "volunteer_service")
        return item["points"], item["by_year"]

    assert served(await points(volunteer_id=who)) == (0, {"2025": 0, "2026": 0})
    assert served(await points(volunteer_hours=[{"year": 2026, "hours": 49}])) == (0, {"2026": 0})
    await hub.hours(who, 120, (DAY - timedelta(days=2)).isoformat(), reason="miscounted")
    assert served(await points(volunteer_id=who)) == (2, {"2025": 0, "2026": 2})
    assert served(await points(volunteer_id=who, as_of="2026-11-22")) == (0, {"2025": 0, "2026": 0})
    for body, pointer in (
        ({"volunteer_id": who, "volunteer_hours": [{"year": 2026, "hours": 49}]}, "/volunteer_id"), ({"volunteer_id": "nobody"}, "/volunteer_id"),
    ):  # fmt: skip
        refused = await points(**body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    for role in (None, "charity", "finance"):
        assert (await points(role, volunteer_id=who)).status_code == 403
        assert (await points(role)).status_code == 200
    other = await hub.client.post("/matching/v1/points/home-purchase", json={"volunteer_id": who}, headers=hub.headers("gov"))
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "/volunteer_id")
