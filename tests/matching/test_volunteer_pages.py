"""The pages of volunteering, as a browser without script uses them, in both languages."""

from __future__ import annotations

import re

import httpx
import pytest

from services.matching.manifest import MATCHING
from services.matching.volunteer_pages import minutes_of
from shared.testing import Database
from tests.matching.hub import TODAY, Hub, hub

__all__ = ["hub"]
TASK = "/matching/volunteers/task-1"


async def pressed(browser: httpx.AsyncClient, **fields: str) -> httpx.Response:
    shown = await browser.get(TASK)
    token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
    assert token
    return await browser.post(TASK, data={"form_token": token.group(1), **fields})


@pytest.mark.parametrize(
    ("language", "says"), [("en", ("Volunteers", "0 / 2", "volunteers wanted")), ("zh", ("志愿者", "0 / 2", "招募中"))]
)
async def test_hosts_see_their_own_tasks_and_matchers_the_city(hub: Hub, language: str, says: tuple[str, ...]) -> None:
    await hub.task()
    async with (
        hub.browser(language=language) as host,
        hub.browser("charity", "hope", language) as other,
        hub.browser("gov", None, language) as gov,
    ):
        shown = (await host.get("/matching/volunteers")).text
        assert [word for word in says if word not in shown] == []
        assert TASK not in (await other.get("/matching/volunteers")).text
        assert (await other.get(TASK)).status_code == 404
        city = (await gov.get("/matching/volunteers")).text
        assert TASK in city
        assert ("are registered" if language == "en" else "已登记志愿者 0 人") in city
    async with hub.browser("finance", None) as finance:
        assert (await finance.get("/matching/volunteers")).status_code == 403


@pytest.mark.parametrize(("language", "says"), [("en", "10 hours in the last 90 days"), ("zh", "近 90 天服务 10 小时")])
async def test_who_fits_and_why_is_shown_and_somebody_is_asked(hub: Hub, language: str, says: str) -> None:
    await hub.task(wanted=1)
    await hub.task(id="task-2")
    who = await hub.ready("iv-1", "task-2")
    await hub.hours(who, 600, task="task-2")
    other = await hub.volunteer("iv-2")
    async with hub.browser(language=language) as host:
        page = (await host.get(TASK)).text
        assert says in page
        assert re.findall(r'<li id="v-([^"]+)"', page) == [other, who]
        assert "iv-1" not in page
        page = (await pressed(host, act="invite", volunteer_id=who)).text
        assert re.findall(r'<li id="v-([^"]+)"', page) == [other]
        assert 'role="status"' in page
        page = (await pressed(host, act="confirm", volunteer_id=who)).text
        assert "1 / 1" in page
        assert "iv-1" not in page, "a yes told by the host alone does not open the reference of their platform"
        await pressed(host, act="invite", volunteer_id=other)
        full = await pressed(host, act="confirm", volunteer_id=other)
        assert (full.status_code, f'href="#v-{other}"' in full.text) == (409, True)
        assert ("As many volunteers" if language == "en" else "名额已满") in full.text
        page = (await pressed(host, act="decline", volunteer_id=who, reason="ill")).text
        assert ("Ill" if language == "en" else "生病") in page
        assert (await pressed(host, act="decline", volunteer_id=other, reason="bored")).status_code == 422
        assert (await pressed(host, act="dance", volunteer_id=other)).status_code == 422
        assert (await pressed(host, act="invite", volunteer_id="nobody")).status_code == 422


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_host_verifies_hours_and_every_mistake_stands_at_its_field(hub: Hub, language: str) -> None:
    await hub.task()
    who = await hub.ready()
    async with hub.browser(language=language) as host, hub.browser("gov", None, language) as gov:
        assert 'value="verify"' not in (await gov.get(TASK)).text
        assert (await pressed(gov, act="verify", volunteer_id=who, day=TODAY, hours="2")).status_code == 403
        for fields, field, status in (
            ({"day": TODAY, "hours": "much"}, "hours", 422), ({"day": TODAY, "hours": "24:01"}, "hours", 422),
            ({"day": "soon", "hours": "2"}, "day", 422), ({"day": "2026-11-24", "hours": "2"}, "day", 409),
            ({"day": "9999-12-31", "hours": "2"}, "day", 422), ({"day": "2026-11-01", "hours": "2"}, "day", 409),
            ({"day": TODAY, "hours": "0"}, "hours", 409), ({"day": TODAY, "hours": "2", "reason": "mood"}, "reason", 422),
        ):  # fmt: skip
            answer = await pressed(host, act="verify", volunteer_id=who, **fields)
            anchor = f"{field}-{who}"
            assert answer.status_code == status, (fields, answer.text[:300])
            assert f'href="#{anchor}"' in answer.text, fields
            assert re.search(rf'id="{anchor}"[^>]* aria-invalid="true"', answer.text), fields
            assert f'value="{fields["hours"]}"' in answer.text, "what was typed stays"
        done = await pressed(host, act="verify", volunteer_id=who, day=TODAY, hours="2.5")
        assert (done.status_code, "2:30" in done.text) == (200, True)
        again = await pressed(host, act="verify", volunteer_id=who, day=TODAY, hours="3")
        assert (again.status_code, f'href="#reason-{who}"' in again.text) == (409, True)
        corrected = await pressed(host, act="verify", volunteer_id=who, day=TODAY, hours="3", reason="miscounted")
        assert "3:00" in corrected.text
        assert ("corrected" if language == "en" else "已更正") in corrected.text


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2", 120), ("2.5", 150), ("2:30", 150), ("2：05", 125), ("0.05", 3), ("24", 1440), (" 1 ", 60), ("", None), ("2:5", None), ("2:60", None),
        ("0.01", None), ("-1", None), ("1.234", None), ("two", None), ("100", None), ("٣", None), ("1e1", None),
    ],
)  # fmt: skip
def test_hours_as_people_write_them(text: str, minutes: int | None) -> None:
    assert minutes_of(text) == minutes


async def test_the_auditor_looks_and_presses_nothing(database: Database) -> None:
    async with Hub(MATCHING).open(database) as office:
        assert (await office.post("/organizations", {"id": "mercy", "name": "Mercy"})).status_code == 201
        await office.task()
        await office.volunteer("iv-1")
        async with office.browser("auditor", None) as auditor:
            page = await auditor.get(TASK)
            assert page.status_code == 200
            assert f'action="{TASK}"' not in page.text
