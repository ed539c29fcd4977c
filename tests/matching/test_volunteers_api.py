"""Volunteers, engagements and hours at the door: who may, what is refused, what is counted once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_any
from hypothesis import strategies as st

from services.matching import volunteer_views
from services.matching.domain.engagement import Terms
from services.matching.domain.volunteer_ranking import ranked
from services.matching.domain.volunteering import LANGUAGES, SKILLS, TIMES
from services.matching.manifest import MATCHING
from shared.http import Door
from shared.security import Principal
from shared.testing import Database
from tests.matching.stories import DAY
from tests.matching.test_inbox import CARE, CASE, Office, refusal

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


async def test_100_confirmations_at_once_are_as_many_as_are_wanted(hub: Hub) -> None:
    await hub.task(wanted=7)
    ids = [await hub.volunteer(f"iv-{n}") for n in range(100)]
    assert {(await hub.step("invite", who)).status_code for who in ids} == {200}
    answers = await asyncio.gather(*[hub.step("confirm", who) for who in ids])
    codes = [answer.status_code for answer in answers]
    assert (codes.count(200), codes.count(409)) == (7, 93)
    assert {refusal(answer) for answer in answers if answer.status_code == 409} == {(409, "EngagementIsFull")}
    told = await hub.read("/engagements/task-1")
    assert told["confirmed"] == 7 == [one["status"] for one in told["members"]].count("confirmed")
    happened = [type(e.data).__name__ for e in await hub.room.history("engagement", "task-1")]
    assert happened.count("EngagementConfirmed") == 7


async def test_only_who_is_active_is_asked_and_unknown_ids_are_named(hub: Hub) -> None:
    await hub.task()
    who = await hub.volunteer("iv-1")
    await hub.post(f"/volunteers/{who}/pause", None, "operator")
    assert refusal(await hub.step("invite", who)) == (409, "VolunteerIsNotActive")
    assert (await hub.read("/engagements/task-1"))["members"] == []
    unknown = await hub.step("invite", "nobody")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/volunteer_id")
    assert (await hub.step("invite", who, "task-9")).status_code == 404


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


async def test_a_host_opens_and_sees_its_own_only(hub: Hub) -> None:
    await hub.task()
    assert (await hub.post("/engagements", TASK, "charity", "hope")).status_code == 403
    assert refusal(await hub.post("/engagements", {**TASK, "org_id": "hope"}, "charity", "hope")) == (409, "EngagementBelongsToAnother")
    await hub.task(id="task-2", org_id="hope")
    assert [row["engagement_id"] for row in (await hub.read("/engagements", "charity", "hope", org_id="mercy"))["items"]] == ["task-2"]
    assert len((await hub.read("/engagements"))["items"]) == 2
    assert [row["engagement_id"] for row in (await hub.read("/engagements", org_id="mercy"))["items"]] == ["task-1"]
    await hub.read("/engagements/task-1", "charity", "hope", 404)
    await hub.read("/engagements/task-1/hours", "charity", "hope", 404)
    for path in ("/volunteers", "/volunteers/summary", "/volunteers/x"):
        await hub.read(path, "charity", "mercy", 403)
    who = await hub.volunteer("iv-1")
    for act in ("invite", "confirm", "decline"):
        assert (await hub.step(act, who, "task-1", "hope")).status_code == 404
    assert (await hub.post("/engagements/task-1/close", None, "charity", "hope")).status_code == 404
    assert (await hub.post("/engagements/task-1/close", {"reason": "cancelled"}, "charity", "mercy")).json()["status"] == "closed"
    assert [row["status"] for row in (await hub.read("/engagements", status="closed"))["items"]] == ["closed"]
    assert refusal(await hub.step("invite", who)) == (409, "EngagementIsClosed")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"org_id": "nobody"}, "/org_id"), ({"wanted": 0}, "/wanted"), ({"district": "310101"}, "/district"),
        ({"skills": ["juggling"]}, "/skills/0"), ({"times": ["sat"]}, "/times/0"), ({"languages": ["tlh"]}, "/languages/0"),
        ({"last_day": "2026-11-15"}, "/last_day"), ({"referral_id": "r"}, "/referral_id"), ({"case_id": "c"}, "/case_id"),
        ({"referral_id": "r", "case_id": "c"}, "/case_id"), ({"title": "Help Mr Chan"}, "/title"),
    ],
)  # fmt: skip
async def test_a_task_that_makes_no_sense_names_its_field(hub: Hub, wrong: dict[str, Any], pointer: str) -> None:
    answer = await hub.post("/engagements", {**TASK, **wrong}, "gov")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text


async def test_a_host_ties_its_task_only_to_what_was_referred_to_it(hub: Hub) -> None:
    await hub.reported({})
    owner = (await hub.row())["org_id"]
    other = "hope" if owner == "mercy" else "mercy"
    for link in ({"referral_id": CARE}, {"case_id": CASE}):
        refused = await hub.post("/engagements", {**TASK, **link, "org_id": other, "id": f"{other}-1"}, "charity", other)
        assert refused.json()["errors"][0]["pointer"] == f"/{next(iter(link))}"
        assert (
            await hub.post("/engagements", {**TASK, **link, "org_id": owner, "id": f"own-{len(link)}"}, "charity", owner)
        ).status_code == 201
    told = await hub.read("/engagements/own-1", "charity", owner)
    assert (told["referral_id"], told["case_id"]) == (None, CASE)


async def test_a_name_or_a_number_of_a_person_is_no_reference(hub: Hub) -> None:
    for wrong in ("陈大文", "Chan Tai Man", "", "x" * 65, "13812345678", "8613812345678", "44010619520307124X", "440106520307124"):
        answer = await hub.post("/volunteers", {"external_ref": wrong, **PERSON}, "caseworker")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/external_ref")
        assert not wrong or wrong not in answer.text
    for role in ("charity", "finance", "auditor"):
        assert (await hub.post("/volunteers", {"external_ref": "iv-1", **PERSON}, role, "mercy")).status_code == 403


async def test_the_best_come_first_and_each_step_is_explained(hub: Hub) -> None:
    await hub.task()
    await hub.task(id="task-2", languages=[], times=[], skills=[])
    busy, free = await hub.ready("iv-busy", "task-2"), await hub.volunteer("iv-free")
    await hub.hours(busy, 600, task="task-2")
    mute = await hub.volunteer("iv-mute", languages=["en"])
    city = await hub.volunteer("iv-city", districts=[])
    await hub.volunteer("iv-far", districts=["440118"])
    await hub.volunteer("iv-driver", skills=["driving"])
    told = await hub.read("/engagements/task-1", "charity", "mercy")
    assert told["order"] == ["skill", "place", "time", "language", "load", "id"]
    assert [(one["volunteer_id"], one["rank"], one["fits"]) for one in told["candidates"]] == [
        (free, 1, True), (busy, 2, True), (mute, 3, False), (city, 4, True),
    ]  # fmt: skip
    assert told["candidates"][1]["why"][4] == {"step": "load", "has": [], "lacks": [], "minutes": 600}
    assert told["candidates"][2]["why"][3] == {"step": "language", "has": [], "lacks": ["zh-yue"], "minutes": 0}
    hub.turn(days=91)
    later = [one["volunteer_id"] for one in (await hub.read("/engagements/task-1"))["candidates"]]
    assert later == [*sorted([free, busy]), mute, city]  # what was long ago is no load
    await hub.step("invite", free)
    assert free not in [one["volunteer_id"] for one in (await hub.read("/engagements/task-1"))["candidates"]]


async def test_the_reference_is_told_to_the_host_once_somebody_confirmed(hub: Hub) -> None:
    await hub.task()
    who = await hub.volunteer("iv-77")
    await hub.step("invite", who)
    assert [one["external_ref"] for one in (await hub.read("/engagements/task-1", "charity", "mercy"))["members"]] == [None]
    await hub.step("confirm", who)  # told by the host alone it opens nothing
    assert [one["external_ref"] for one in (await hub.read("/engagements/task-1", "charity", "mercy"))["members"]] == [None]
    await hub.step("decline", who, reason="ill")
    await hub.step("invite", who)
    assert (await hub.post("/engagements/task-1/confirm", {"volunteer_id": who}, "caseworker")).status_code == 200
    assert [one["external_ref"] for one in (await hub.read("/engagements/task-1", "charity", "mercy"))["members"]] == ["iv-77"]
    await hub.step("decline", who, reason="ill")
    told = (await hub.read("/engagements/task-1", "charity", "mercy"))["members"]
    assert [(one["external_ref"], one["status"], one["reason"]) for one in told] == [(None, "declined", "ill")]


_SOME = st.builds(
    lambda skills, districts, times, languages: {"skills": skills, "districts": districts, "times": times, "languages": languages},
    st.lists(st.sampled_from(SKILLS[:3]), min_size=1, max_size=3), st.lists(st.sampled_from(("440106", "440104")), max_size=2),
    st.lists(st.sampled_from(TIMES[:3]), max_size=3), st.lists(st.sampled_from(LANGUAGES[:3]), min_size=1, max_size=3),
)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@for_any(people=st.lists(_SOME, min_size=4, max_size=9), asked=_SOME, limit=st.integers(1, 5))
async def test_the_store_finds_the_first_of_the_published_order(
    hub: Hub, people: list[dict[str, Any]], asked: dict[str, Any], limit: int
) -> None:
    for number, person in enumerate(people):
        await hub.volunteer(f"iv-{number}", **person)
    door = Door(hub.room, Principal("g", frozenset({"gov"})), correlation="c")
    lists = {name: tuple(sorted(set(asked[name]))) for name in ("skills", "times", "languages")}
    terms = Terms("t", "mercy", "education", lists["skills"], "440106", lists["times"], lists["languages"], 1, DAY, DAY)
    everybody = await volunteer_views.able(door, terms, DAY, 500)
    few = await volunteer_views.able(door, terms, DAY, limit)
    assert [fit.volunteer_id for fit in ranked(terms, reversed(few))] == [fit.volunteer_id for fit in ranked(terms, everybody)][:limit]
    assert [one.volunteer_id for one in everybody] == [fit.volunteer_id for fit in ranked(terms, everybody)]


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
