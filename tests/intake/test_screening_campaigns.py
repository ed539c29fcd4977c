"""From a signal over a telephone call to a case and its outcome: whom a screening found is rung, and what came of it is counted to the signal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from services.intake.campaigns.forgetting import forget_due
from services.intake.campaigns.listing import listed
from services.intake.domain.campaign import AskList, FinishCampaign, ListAsked, PeopleAdded
from services.intake.domain.campaign_decisions import CAMPAIGN
from services.intake.manifest import INTAKE
from shared.service import EffectCall, To
from shared.testing import Database
from shared.testing.waiting import until
from tests.intake.campaigning import NOBODY, SECRET, calls, ringing, told
from tests.intake.conftest import Desk
from tests.intake.screening import MOTHER, SON, ended, lines, sent
from tests.intake.test_pages import Browser

SICK = {"id_number": MOTHER, "name": "张三丰", "phone": "13800138000", "category": "dibao", "medical_self_paid_year_fen": 900_000}
POOR = {"id_number": SON, "name": "张小明", "phone": "13800138001", "months_without_income": 7}
SILENT = {"id_number": "11010519491231002X", "months_without_income": 5}
STORY = "我老公上个月住院了，医药费交不起"


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk(INTAKE).open(database, telephony_url=NOBODY, telephony_secret=SECRET, home=tmp_path) as at_work:
        yield at_work


async def screened(desk: Desk, *rows: dict[str, Any]) -> str:
    key = await sent(desk, lines(*rows), as_of="2026-11-01", check_fen="500")
    assert (await ended(desk, key))["status"] == "done"
    desk.turn(minutes=1)
    return key


async def campaign_of(desk: Desk, key: str, **narrowed: str) -> tuple[str, dict[str, Any]]:
    plan = {"name": "数据线索回访", "purpose": "needs", "ref": f"of-{key}", "screening_id": key}
    campaign = (await desk.post("/campaigns", plan, who="gov")).json()["campaign_id"]
    added = await desk.post(f"/campaigns/{campaign}/people", {"screening_id": key, **narrowed}, who="gov")
    assert added.status_code == 200, added.text
    return campaign, added.json()


async def row_of(desk: Desk, key: str, threshold: str) -> dict[str, Any]:
    items = (await desk.get(f"/screenings/{key}/lineage", who="gov")).json()["items"]
    return dict(next(item for item in items if item["threshold"] == threshold))


async def test_whom_a_screening_found_is_rung_and_the_outcome_counts_to_the_signal(desk: Desk) -> None:
    key = await screened(desk, SICK, POOR, SILENT)
    campaign, added = await campaign_of(desk, key)
    assert (added["queued"], added["refused"]) == (2, 1), "who has no number cannot be rung"
    assert (await row_of(desk, key, "medical_dibao"))["called"] == 0
    await desk.post(f"/campaigns/{campaign}/start", who="gov")
    rung = await ringing(desk, campaign, 2)
    signals = {row["threshold"]: row["person_id"] for row in await desk.sql("select threshold, person_id from signal_list")}
    call = next(row["call_id"] for row in rung if row["about"] == signals["medical_dibao"])
    answer = (await told(desk, call, digits={"situation": "2", "consent": "1"}, transcript=STORY)).json()
    case = (await desk.get(f"/cases/{answer['case_id']}", x_access_reason="test")).json()
    assert case["person_id"] == signals["medical_dibao"], "the person of the signal, and nobody new"
    assert case["person"]["name"] == "张三丰"
    desk.turn(days=2)
    assert (await desk.post(f"/cases/{answer['case_id']}/close", {"reason": "got_help"})).status_code == 200
    sick, poor = await row_of(desk, key, "medical_dibao"), await row_of(desk, key, "income_unstable")
    counted = ("signals", "called", "answered", "reported", "decided", "admitted", "precision", "delay_days", "cost_fen")
    assert [sick[name] for name in counted] == [1, 1, 1, 1, 1, 1, 1.0, 2.0, 500]
    assert [poor[name] for name in (*counted[:5], "cost_fen")] == [2, 1, 0, 0, 0, 500]
    # The number of the paper comes later by whatever way: it is the same person.
    full = {"channel": "hotline", "received_at": desk.now.isoformat(), "needs": ["medical"], "person": {"id_number": MOTHER}}
    assert (await desk.reported(full))["person_id"] == signals["medical_dibao"]


async def test_a_campaign_rings_one_kind_of_signal_and_each_person_once(desk: Desk) -> None:
    key = await screened(desk, SICK, {**SICK, "months_without_income": 9}, POOR)
    campaign, added = await campaign_of(desk, key, threshold="medical_dibao")
    assert (added["lines"], added["queued"]) == (1, 1)
    again = (await desk.post(f"/campaigns/{campaign}/people", {"screening_id": key}, who="gov")).json()
    assert (again["lines"], again["queued"], again["already"]) == (2, 1, 1)


async def test_somebody_whose_signal_has_a_case_is_rung_about_that_case_by_their_own_number(desk: Desk) -> None:
    key = await screened(desk, SICK)
    opened = (await desk.post(f"/screenings/{key}/reports", {}, who="gov")).json()["opened"]
    newer = {"phone": "13900139000", "source": "visit"}
    (person,) = [row["person_id"] for row in await desk.sql("select person_id from signal_list")]
    assert (await desk.post(f"/persons/{person}/claims", newer, who="caseworker")).status_code == 200
    campaign, _ = await campaign_of(desk, key)
    (call,) = await calls(desk, campaign)
    state = await desk.room.state("call", call["call_id"])
    assert (state.queued.case_id, state.queued.known) == (opened[0]["case_id"], True)
    assert state.queued.listed.number == "13900139000"


async def test_nobody_who_was_erased_is_rung_and_no_screening_that_nobody_knows(desk: Desk) -> None:
    key = await screened(desk, SICK, POOR)
    opened = (await desk.post(f"/screenings/{key}/reports", {"threshold": "medical_dibao"}, who="gov")).json()["opened"]
    person = (await desk.get(f"/cases/{opened[0]['case_id']}")).json()["person_id"]
    assert (await desk.post(f"/persons/{person}/erasure", {"reason": "asked"}, who="admin")).status_code < 300
    _, added = await campaign_of(desk, key)
    assert (added["queued"], added["refused"]) == (1, 1)
    plan = {"name": "x", "purpose": "needs", "screening_id": "nobody"}
    unknown = await desk.post("/campaigns", plan, who="gov")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/screening_id")
    wrong = await desk.post("/campaigns/x/people", {"threshold": "medical_dibao"}, who="gov")
    assert wrong.status_code == 422


async def test_after_half_a_year_what_data_said_of_people_is_forgotten_and_the_numbers_stay(desk: Desk) -> None:
    key = await screened(desk, SICK, POOR, SILENT)
    opened = (await desk.post(f"/screenings/{key}/reports", {"threshold": "medical_dibao"}, who="gov")).json()["opened"][0]["case_id"]
    signals = "select told is not null as told, person_id from signal_list where screening_id = $1 order by row"
    silent = (await desk.sql(signals, key))[2]["person_id"]
    desk.turn(days=10)
    newer = await screened(desk, POOR)
    desk.turn(days=169)
    await desk.opened.schedule.work_off()
    assert (await desk.get(f"/screenings/{key}", who="gov")).json()["forgotten"] is False
    assert await told_of(desk, key) == 3
    desk.turn(days=2)
    await desk.opened.schedule.work_off()
    await until(lambda: told_of(desk, key), 0)
    assert await told_of(desk, newer) == 1
    # Whoever reports themselves later has the id that the signal was given, and what they say is kept.
    later = {
        "channel": "hotline",
        "received_at": desk.now.isoformat(),
        "needs": ["livelihood"],
        "person": {"id_number": SILENT["id_number"], "name": "王五"},
    }
    case = await desk.reported(later)
    assert case["person_id"] == silent
    assert (await desk.get(f"/cases/{case['case_id']}", x_access_reason="x")).json()["person"]["name"] == "王五"
    assert (await row_of(desk, key, "income_unstable"))["signals"] == 2
    assert "has been forgotten" in await Browser(desk, "gov", "en").open(f"/intake/screenings/{key}")
    assert (await desk.get(f"/cases/{opened}", x_access_reason="x")).json()["person"]["name"] == "张三丰"


async def test_a_campaign_that_is_forgotten_leaves_the_resident_able_to_report(desk: Desk) -> None:
    key = await screened(desk, POOR)
    campaign, _ = await campaign_of(desk, key)
    (call,) = await calls(desk, campaign)
    person = (await desk.sql("select person_id from signal_list"))[0]["person_id"]
    assert (call["about"], call["person_id"] == person) == (person, False)
    await desk.post(f"/campaigns/{campaign}/stop", who="gov")
    desk.turn(days=120)
    await forget_due(desk.room)

    async def gone() -> bool:
        rows = await desk.sql("select wrapped from subject_keys where subject = $1", call["person_id"])
        return bool(rows) and rows[0]["wrapped"] is None

    await until(gone)
    later = {
        "channel": "hotline",
        "received_at": desk.now.isoformat(),
        "needs": ["livelihood"],
        "person": {"id_number": SON, "name": "张小明"},
    }
    case = await desk.reported(later)
    assert case["person_id"] == person
    assert (await desk.get(f"/cases/{case['case_id']}", x_access_reason="x")).json()["person"]["name"] == "张小明"


async def told_of(desk: Desk, key: str) -> int:
    return int((await desk.sql("select count(*) as n from signal_list where screening_id = $1 and told is not null", key))[0]["n"])


async def test_a_rebuild_of_what_is_listed_leaves_signals_and_campaigns_as_they_are(desk: Desk) -> None:
    key = await screened(desk, SICK, POOR)
    await campaign_of(desk, key)
    before = await desk.sql("select * from signal_list order by signal_id")
    for name in ("screenings", "campaigns", "calls"):
        answer = await desk.client.post(f"/ops/v1/projections/intake.{name}/rebuild", headers=desk.headers("ops"))
        assert answer.status_code == 200, answer.text
        assert set(answer.json()["differing_rows"].values()) == {0}
    assert await desk.sql("select * from signal_list order by signal_id") == before
    assert (await row_of(desk, key, "medical_dibao"))["signals"] == 1


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_page_plans_the_campaign_once_and_shows_it(desk: Desk, language: str) -> None:
    key = await screened(desk, SICK, POOR)
    browser, at = Browser(desk, "gov", language), f"/intake/screenings/{key}"
    for _ in range(2):
        await browser.open(at)
        page = await browser.send(at, {"act": "ring"})
        assert ("数据筛查" if language == "zh" else "Data screening") in page
    (campaign,) = await desk.sql("select campaign_id, status, screening_id from campaign_list")
    assert (campaign["status"], campaign["screening_id"]) == ("planned", key)
    await until(lambda: _listed(desk, campaign["campaign_id"]), (2, 0))
    assert f"/intake/campaigns/{campaign['campaign_id']}" in await browser.open(at)
    assert at in await browser.open(f"/intake/campaigns/{campaign['campaign_id']}")


async def _listed(desk: Desk, campaign: str) -> tuple[int, int]:
    """How many calls there are, and how many lists still come in."""
    shown = (await desk.get(f"/campaigns/{campaign}", who="gov")).json()
    return shown["progress"]["people"], len(shown["coming"])


async def test_a_list_that_was_broken_off_goes_on_and_a_campaign_does_not_end_before_it_has_come_in(desk: Desk) -> None:
    key = await screened(desk, SICK, POOR, SILENT)
    plan = {"name": "数据线索回访", "purpose": "needs", "ref": f"of-{key}", "screening_id": key}
    campaign = (await desk.post("/campaigns", plan, who="gov")).json()["campaign_id"]
    asked = AskList("all", key, None, 3, desk.now)
    state = CAMPAIGN.evolve(await desk.room.state("campaign", campaign), ListAsked(campaign, "all", key, None, 3, desk.now))
    assert CAMPAIGN.decide(FinishCampaign(desk.now), replace(state, status="running")) == ()
    assert CAMPAIGN.decide(asked, state) == ()
    for _ in range(2):
        await desk.room.execute(To("campaign", campaign, asked), actor="test")
    await until(lambda: _listed(desk, campaign), (2, 0))
    added = [e.data for e in await desk.room.history("campaign", campaign) if isinstance(e.data, PeopleAdded)]
    assert [(one.list_id, one.queued, one.refused) for one in added] == [("all", 2, 1)]
    desk.room.stop.set()
    broken = EffectCall("e", (await desk.room.history("campaign", campaign))[1], 1)
    (answer,) = await listed([broken], desk.room)
    assert answer.retry, "whoever closes the room leaves it to the next"
