"""Volunteers at the door: who is registered, found, leaves, and what is never kept of them."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.matching.hub import PERSON, TODAY, Hub, hub
from tests.matching.test_inbox import refusal

__all__ = ["hub"]


async def test_the_same_reference_is_the_same_volunteer_and_is_sealed(hub: Hub) -> None:
    first = await hub.volunteer("iv-20731")
    assert await hub.volunteer("iv-20731") == first
    assert "20731" not in first
    told = await hub.read(f"/volunteers/{first}")
    assert (told["external_ref"], told["status"], told["version"]) == ("iv-20731", "active", 1)
    for table in ("events", "outbox", "volunteer_list"):
        assert "20731" not in str(await hub.sql(f"select * from {table}"))
    assert await hub.volunteer("iv-20731", districts=["440104"]) == first
    assert (await hub.read(f"/volunteers/{first}"))["districts"] == ["440104"]


async def test_who_is_forgotten_cannot_be_read_or_registered_again(hub: Hub) -> None:
    await hub.task()
    who = await hub.ready()
    await hub.hours(who, 61)
    assert (await hub.post(f"/volunteers/{who}/leave", {"reason": "erased"}, "caseworker")).json()["status"] == "erased"
    told = await hub.read(f"/volunteers/{who}")
    assert (told["external_ref"], told["skills"], told["hours_by_year"]) == (None, [], [{"year": 2026, "hours": 1}])
    again = await hub.post("/volunteers", {"external_ref": "iv-1", **PERSON}, "caseworker")
    assert refusal(again) == (409, "VolunteerWasErased")
    for _ in range(100):
        if not await hub.sql("select 1 from subject_keys where subject = $1", who):
            break
        await asyncio.sleep(0.05)
    assert (await hub.room.history("volunteer", who))[0].data.external_ref != "iv-1"


async def test_who_leaves_frees_their_place(hub: Hub) -> None:
    await hub.task(wanted=1)
    await hub.task(id="task-2")
    gone, next_ = await hub.ready(), await hub.volunteer("iv-2")
    for who, task in ((next_, "task-1"), (gone, "task-2")):
        assert (await hub.step("invite", who, task)).status_code == 200
    assert refusal(await hub.step("confirm", next_)) == (409, "EngagementIsFull")
    assert (await hub.post(f"/volunteers/{gone}/leave", None, "gov")).json()["status"] == "left"
    assert (await hub.step("confirm", next_)).status_code == 200
    for task in ("task-1", "task-2"):
        told = (await hub.read(f"/engagements/{task}"))["members"]
        assert [one["reason"] for one in told if one["volunteer_id"] == gone] == ["left"]
    assert refusal(await hub.step("invite", gone)) == (409, "VolunteerIsNotActive")
    assert (await hub.hours(gone, 60)).status_code == 200


async def test_filters_pages_and_a_pause(hub: Hub) -> None:
    ids = [await hub.volunteer(f"iv-{n}") for n in range(3)]
    city = await hub.volunteer("iv-city", districts=[], skills=["driving"], languages=["en"])
    far = await hub.volunteer("iv-far", districts=["440118"])
    assert (await hub.post(f"/volunteers/{ids[0]}/pause", None, "operator")).json()["status"] == "paused"

    async def found(**filters: Any) -> set[str]:
        return {row["volunteer_id"] for row in (await hub.read("/volunteers", **filters))["items"]}

    assert await found() == {*ids, city, far}
    assert await found(district="440106") == {*ids, city}
    assert await found(skill="driving") == {city} == await found(language="en")
    assert await found(active="true", skill="tutoring") == {*ids[1:], far}
    assert await found(active="false") == {ids[0]}
    seen: list[str] = []
    cursor = None
    while True:
        page = await hub.read("/volunteers", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [row["volunteer_id"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted({*ids, city, far})
    assert (await hub.post(f"/volunteers/{ids[0]}/resume", None, "operator")).json()["status"] == "active"
    assert (await hub.post("/volunteers/nobody/pause", None, "operator")).status_code == 404


async def test_a_name_or_a_number_of_a_person_is_no_reference(hub: Hub) -> None:
    for wrong in ("陈大文", "Chan Tai Man", "", "x" * 65, "13812345678", "8613812345678", "44010619520307124X", "440106520307124"):
        answer = await hub.post("/volunteers", {"external_ref": wrong, **PERSON}, "caseworker")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/external_ref")
        assert not wrong or wrong not in answer.text
    for role in ("charity", "finance", "auditor"):
        assert (await hub.post("/volunteers", {"external_ref": "iv-1", **PERSON}, role, "mercy")).status_code == 403


async def test_the_city_in_numbers(hub: Hub) -> None:
    await hub.task()
    await hub.task(id="task-2", district="440104", first_day="2025-01-01")
    first = await hub.ready()
    for act in ("invite", "confirm"):
        await hub.step(act, first, "task-2")
    gone = await hub.ready("iv-2")
    paused = await hub.volunteer("iv-3")
    await hub.post(f"/volunteers/{gone}/leave", None, "gov")
    await hub.post(f"/volunteers/{paused}/pause", None, "gov")
    for who, minutes, day, task in ((first, 100, TODAY, "task-1"), (gone, 50, TODAY, "task-1"), (first, 59, "2025-12-31", "task-2")):
        assert (await hub.hours(who, minutes, day, task)).status_code == 200
    told = await hub.read("/volunteers/summary")
    assert {name: told[name] for name in ("registered", "active", "paused", "left")} == {
        "registered": 2,
        "active": 1,
        "paused": 1,
        "left": 1,
    }
    assert told["hours"] == [
        {"year": 2026, "district": "440106", "minutes": 150, "hours": 2, "volunteers": 2},
        {"year": 2025, "district": "440104", "minutes": 59, "hours": 0, "volunteers": 1},
    ]
