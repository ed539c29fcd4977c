"""A new number of the rules brings help into reach: whoever was turned away is asked again, and whoever is gone is left in peace."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from services.intake.asked import CloseIn
from services.intake.domain import case as c
from services.intake.domain import case_decisions as d
from services.intake.domain import casework as w
from shared.clock import new_id
from shared.envelope import Message
from shared.testing.alone import worked_through
from shared.testing.given import Given
from shared.testing.waiting import until
from tests.intake.conftest import Desk
from tests.intake.test_case_decisions import AT, CLOSED, REPORTED
from tests.intake.test_pages import Browser

NOTE = w.NoteInReach("word", ("DIBAO", "TEMP-EXPENSE"), AT)
TASK = c.TaskAdded("c1", "p1", "c1:in_reach:word", "in_reach", AT, None, ("DIBAO", "TEMP-EXPENSE"))


def test_it_is_somebodys_task_once() -> None:
    noted = (w.InReachNoted("c1", "p1", NOTE.programmes, False, AT), TASK)
    Given(d.CASE, REPORTED).when(NOTE).then(*noted)
    Given(d.CASE, REPORTED, *noted).when(NOTE).then()
    Given(d.CASE, REPORTED, CLOSED).when(NOTE).then(w.InReachNoted("c1", "p1", NOTE.programmes, True, AT), TASK)


GONE = ("died", "moved_away", "duplicate", "no_longer_interested")


@pytest.mark.parametrize("end", [c.CaseWithdrawn("c1", "p1", AT, "asked"), *[c.CaseClosed("c1", "p1", AT, why) for why in GONE]])
def test_whoever_withdrew_or_is_gone_is_not_asked(end: Any) -> None:
    Given(d.CASE, REPORTED, end).when(NOTE).then()


def test_whoever_stays_closed_is_closed_by_a_reason_that_can_be_said() -> None:
    reasons = set(get_args(CloseIn.model_fields["reason"].annotation))
    assert set(GONE) <= reasons
    for reason in reasons - set(GONE):
        assert Given(d.CASE, REPORTED, c.CaseClosed("c1", "p1", AT, reason)).when(NOTE).events != (), reason


async def test_a_closed_case_is_opened_again_with_its_time_for_help_and_says_why(desk: Desk, full_report: dict[str, Any]) -> None:
    case = str((await desk.reported(full_report))["case_id"])
    await desk.post(f"/cases/{case}/close", {"reason": "not_eligible"})
    data = msgspec.json.encode({"case_id": case, "programmes": ["DIBAO"]})
    message = Message(new_id(), "matching.case_in_reach.v1", "matching.events", case, data, desk.now, "story")
    for _ in range(2):
        await worked_through(desk.room, message)

    async def opened() -> bool:
        return bool((await desk.get(f"/cases/{case}")).json()["status"] == "open")

    await until(opened)
    shown = (await desk.get(f"/cases/{case}")).json()
    page = Browser(desk, "caseworker", "en")
    assert "A new rule brings help into reach: please ask the person: Minimum living allowance" in await page.open(f"/intake/cases/{case}")
    assert [one["clock"] for one in shown["clocks"] if one["light"] == "green"] == ["help"]
    events = [item["event"] for item in (await desk.get(f"/cases/{case}/history")).json()["items"]]
    assert events.count("CaseReopened") == 1
