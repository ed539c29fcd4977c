"""The pages on which volunteers are registered, found and corrected, and on which hosts ask for them, as a browser without script uses them."""

from __future__ import annotations

import pytest

from tests.matching.hub import TODAY, Hub, hub
from tests.matching.test_allocation_office import errors, sent

__all__ = ["hub"]
PERSON = {
    "external_ref": "iv-7",
    "skills": ["tutoring", "driving"],
    "districts": ["440106"],
    "times": ["sat_morning"],
    "languages": ["zh-cmn"],
}
TASK = {
    "need": "education", "district": "440106", "wanted": "2", "first_day": TODAY, "last_day": TODAY, "skills": ["tutoring"],
    "times": ["sat_morning"], "languages": ["zh-cmn"],
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_volunteer_is_registered_found_and_corrected(hub: Hub, language: str) -> None:
    async with hub.browser("caseworker", None, language) as desk:
        page = await sent(desk, "/matching/enrol", {**PERSON, "external_ref": "13911122233", "skills": []}, 422)
        assert errors(page) == ["external_ref", "skills"]
        assert 'value="13911122233"' in page
        assert page.count(" checked") == 3, "what was chosen stays"
        page = await sent(desk, "/matching/enrol", PERSON)
        assert ("已保存。" if language == "zh" else "The volunteer is registered.") in page
        await sent(desk, "/matching/enrol", PERSON)
        assert errors(await sent(desk, "/matching/enrol", {**PERSON, "skills": ["cooking"]}, 409)) == ["external_ref"]
        assert errors(await sent(desk, "/matching/enrolled", {"reference": "iv-8"}, 422)) == ["reference"]
        page = await sent(desk, "/matching/enrolled", {"reference": " iv-7 "})
        assert ("课业辅导" if language == "zh" else "Tutoring") in page
        at = f"/matching/volunteer/{(await hub.read('/volunteers'))['items'][0]['volunteer_id']}"
        assert at in (await desk.get("/matching/enrolled?skill=tutoring&district=440106")).text
        assert at not in (await desk.get("/matching/enrolled?skill=cooking")).text
        assert (await desk.get("/matching/enrolled?skill=juggling")).status_code == 422
        assert errors(await sent(desk, f"{at}/correct", {"skills": ["cooking"], "external_ref": "iv-9"}, 422)) == ["languages"]
        await sent(desk, f"{at}/correct", {"skills": ["cooking"], "languages": ["en"], "external_ref": "iv-9"})
        row = (await hub.read("/volunteers"))["items"][0]
        assert (row["external_ref"], row["skills"], row["districts"]) == ("iv-7", ["cooking"], []), "the reference stays"


async def test_a_volunteer_rests_comes_back_and_is_forgotten(hub: Hub) -> None:
    who = await hub.volunteer("iv-1")
    at = f"/matching/volunteer/{who}"
    async with hub.browser("operator", None) as desk:
        for act, status in (("pause", "paused"), ("resume", "active"), ("leave", "left"), ("erase", "erased")):
            await sent(desk, at, {"act": act})
            assert (await hub.read(f"/volunteers/{who}"))["status"] == status
        assert "iv-1" not in (await desk.get(at)).text
        assert (await desk.get(f"{at}/correct")).status_code == 404
        assert errors(await sent(desk, "/matching/enrol", {**PERSON, "external_ref": "iv-1"}, 409)) == ["external_ref"]
        assert (await desk.get("/matching/volunteer/nobody")).status_code == 404


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_host_asks_for_volunteers_and_asks_with_other_terms(hub: Hub, language: str) -> None:
    async with hub.browser("charity", "mercy", language) as host, hub.browser("charity", "hope", language) as other:
        wrong = {**TASK, "wanted": "0", "first_day": "soon", "need": "", "skills": ["tutoring", "juggling"]}
        page = await sent(host, "/matching/engage", wrong, 422)
        assert errors(page) == ["need", "skills", "wanted", "first_day"]
        assert 'value="soon"' in page
        assert errors(await sent(host, "/matching/engage", {**TASK, "last_day": "2026-11-01"}, 422)) == ["last_day"]
        assert errors(await sent(host, "/matching/engage", {**TASK, "case_id": "case-x"}, 422)) == ["case_id"]
        page = await sent(host, "/matching/engage", {**TASK, "id": "task-9", "org_id": "hope"})
        assert ("招募已发布" if language == "zh" else "The task is open.") in page
        told = await hub.read("/engagements/task-9")
        assert (told["org_id"], told["wanted"], told["skills"]) == ("mercy", 2, ["tutoring"]), "a host asks for itself only"
        shown = (await host.get("/matching/engage/task-9")).text
        assert shown.count(" checked") == 3
        await sent(host, "/matching/engage/task-9", {**TASK, "wanted": "3"})
        assert (await hub.read("/engagements/task-9"))["wanted"] == 3
        assert (await other.get("/matching/engage/task-9")).status_code == 404
        page = await sent(host, "/matching/volunteers/task-9", {"act": "close", "reason": "done"})
        assert ("任务已结束" if language == "zh" else "The task is closed.") in page
        assert (await hub.read("/engagements/task-9"))["status"] == "closed"
        assert errors(await sent(host, "/matching/engage/task-9", TASK, 409)) == ["need"]


async def test_who_matches_chooses_the_host_and_asks_by_reference(hub: Hub) -> None:
    await hub.volunteer("iv-far", districts=["440118"], skills=["driving"])
    async with hub.browser("gov", None) as gov, hub.browser("charity", "mercy") as host:
        assert errors(await sent(gov, "/matching/engage", TASK, 422)) == ["org_id"]
        await sent(gov, "/matching/engage", {**TASK, "id": "task-9", "org_id": "mercy"})
        at = "/matching/volunteers/task-9"
        assert errors(await sent(gov, at, {"act": "invite", "reference": "iv-none"}, 422)) == ["reference"]
        await sent(gov, at, {"act": "invite", "reference": "iv-far"})
        assert [one["status"] for one in (await hub.read("/engagements/task-9"))["members"]] == ["invited"]
        await hub.volunteer("iv-2")
        await sent(host, at, {"act": "invite", "reference": "iv-2"}, 422)
        assert len((await hub.read("/engagements/task-9"))["members"]) == 1, "a host learns nothing by a reference"


@pytest.mark.parametrize("who", ["charity", "finance", "auditor"])
async def test_only_who_matches_registers(hub: Hub, who: str) -> None:
    volunteer = await hub.volunteer("iv-1")
    async with hub.browser(who, "mercy" if who == "charity" else None) as other:
        for path in ("/matching/enrol", f"/matching/volunteer/{volunteer}/correct"):
            assert (await other.get(path)).status_code == 403
            assert (await other.post(path, data=PERSON)).status_code == 403
        assert (await other.get("/matching/enrolled")).status_code == (200 if who == "auditor" else 403)
        assert (await other.post(f"/matching/volunteer/{volunteer}", data={"act": "erase"})).status_code == 403
