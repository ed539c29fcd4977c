"""The citizen's own door: told once, answered with a number and a time, found again with the last four places of the telephone."""

from __future__ import annotations

import re

import pytest

from tests.intake.conftest import Desk
from tests.intake.test_pages import Browser

_TOLD = {"for_whom": "self", "narrative": "我失业了，房租交不上，家里没米", "name": "陈大文", "phone": "138 0013 8000", "consent": "yes"}


@pytest.fixture(params=["zh", "en"])
def citizen(desk: Desk, request: pytest.FixtureRequest) -> Browser:
    return Browser(desk, None, request.param)


async def _applied(citizen: Browser, **told: str) -> str:
    """The number that a citizen is told."""
    await citizen.open("/intake/apply")
    await citizen.send("/intake/apply", {**_TOLD, **told}, 200)
    return str(re.findall(r"<code>([\w-]+)</code>", citizen.text)[0])


async def test_somebody_asks_for_help_and_follows_it(citizen: Browser, desk: Desk) -> None:
    await citizen.open("/intake/apply")
    page = citizen.text
    for _ in range(2):
        citizen.text = page
        await citizen.send("/intake/apply", _TOLD, 200)
    case = re.findall(r"<code>([\w-]+)</code>", citizen.text)[0]
    (row,) = await desk.sql("select case_id, channel, source, operator, needs from case_list")
    assert (row["case_id"], row["channel"], row["source"]) == (case, "web", "web")
    assert {"housing", "livelihood"} & set(row["needs"])
    await citizen.open("/intake/progress")
    await citizen.send("/intake/progress", {"case_id": case, "last_four": "8000"}, 200)
    assert 'aria-current="step"' in citizen.text


async def test_who_tells_it_of_somebody_else_is_not_that_person(citizen: Browser, desk: Desk) -> None:
    case = await _applied(citizen, for_whom="other")
    assert (await desk.sql("select phone from person_list"))[0]["phone"] is None
    await citizen.open("/intake/progress")
    await citizen.send("/intake/progress", {"case_id": case, "last_four": "8000"}, 200)
    assert 'aria-current="step"' in citizen.text, "they find it again with their own number"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"for_whom": ""}, "for_whom"), ({"phone": " "}, "phone"), ({"narrative": ""}, "narrative"), ({"id_number": "440106"}, "id_number"),
        ({"for_whom": "other", "phone": "x" * 400}, "phone"), ({"residence_code": "12"}, "residence_code"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_nothing_is_lost(desk: Desk, told: dict[str, str], field: str) -> None:
    citizen = Browser(desk, None)
    await citizen.open("/intake/apply")
    wrong = await citizen.send("/intake/apply", {**_TOLD, "narrative": "家里没米了", **told}, 422)
    assert f'href="#{field}"' in wrong
    assert "陈大文" in wrong
    assert await desk.sql("select case_id from case_list") == []


async def test_a_danger_is_answered_with_the_numbers_to_call(citizen: Browser) -> None:
    await _applied(citizen, narrative="他拿刀要砍我，我躲在厕所")
    assert "110" in citizen.text
    assert "110" not in await _calm(citizen)


async def _calm(citizen: Browser) -> str:
    await _applied(citizen)
    return citizen.text


async def test_a_form_cannot_speak_for_another_channel(citizen: Browser, desk: Desk) -> None:
    await _applied(citizen, channel="mobile_gov", needs="medical")
    assert [row["channel"] for row in await desk.sql("select channel from case_list")] == ["web"]


async def test_nobody_is_told_of_other_cases(citizen: Browser) -> None:
    first = await _applied(citizen)
    await _applied(citizen)
    assert first not in citizen.text
