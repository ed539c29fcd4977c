"""Engagements at the door: who opens and sees one, who is asked first, and never more than are wanted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_any
from hypothesis import strategies as st

from services.matching import volunteer_views
from services.matching.domain.engagement import Terms
from services.matching.domain.volunteer_ranking import ranked
from services.matching.domain.volunteering import LANGUAGES, SKILLS, TIMES
from shared.http import Door
from shared.security import Principal
from tests.matching.hub import TASK, Hub, hub
from tests.matching.stories import DAY
from tests.matching.test_inbox import CARE, CASE, refusal

__all__ = ["hub"]


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
