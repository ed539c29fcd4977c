"""What a list brought is kept for so many days after the campaign has ended, and then forgotten by itself; counts, cases and refusals stay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.intake.campaigns import forgetting, views
from services.intake.campaigns.forgetting import forget_due
from services.intake.domain import call as c
from services.intake.domain.call_decisions import CALL, CallIsForgotten
from services.intake.manifest import INTAKE
from shared.kernel import SHREDDED, Shredded
from shared.room import Room
from shared.service import To
from shared.testing import Database
from shared.testing.waiting import until
from tests.intake.campaigning import NOBODY, PHONES, SECRET, calls, planned, progress, ringing, started, status_of, told
from tests.intake.conftest import Desk
from tests.intake.test_call_decisions import NOW, QUEUED, obeyed
from tests.intake.test_pages import Browser

UNCLEAR = "那个事情嘛，上次居委会的人来过，后来就那样了，你们看着办吧"
STORY = "我老公上个月住院了，医药费交不起"
FIVE = (*PHONES, "13800138004", "13800138005")


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk(INTAKE).open(database, telephony_url=NOBODY, telephony_secret=SECRET) as at_work:
        yield at_work


async def _by_number(desk: Desk, campaign: str) -> dict[str, str]:
    """The id of each call of a campaign by its number."""
    rows = await calls(desk, campaign)
    states = await desk.room.states("call", [row["call_id"] for row in rows])
    return {state.queued.listed.number: call_id for call_id, state in states.items()}


async def _ended(desk: Desk) -> tuple[str, dict[str, str]]:
    """A campaign that has ended: a case, a no, a call back, no need, and one on the do-not-call list that was never rung."""
    await desk.post("/do-not-call", {"phones": [FIVE[4]]})
    campaign = await started(desk, *FIVE)
    await ringing(desk, campaign, 4)
    of = await _by_number(desk, campaign)
    await told(desk, of[FIVE[0]], transcript=STORY)
    await told(desk, of[FIVE[1]], digits={"situation": "9"}, transcript="别再打来")
    await told(desk, of[FIVE[2]], transcript=UNCLEAR)
    await told(desk, of[FIVE[3]], transcript="没事，都好，谢谢。")
    await until(lambda: status_of(desk, campaign), "done")
    return campaign, of


async def _known(desk: Desk, call_id: str) -> bool:
    state: c.Call = await desk.room.state("call", call_id)
    assert state.queued is not None
    return not isinstance(state.queued.listed, Shredded) and not isinstance(state.transcript, Shredded)


async def _shredded(desk: Desk, of: dict[str, str], *phones: str) -> None:
    """The keys follow the word that they are to be destroyed."""

    async def gone() -> bool:
        return not any([await _known(desk, of[phone]) for phone in phones])

    await until(gone)


async def test_after_its_days_a_list_is_forgotten_and_what_stays_is_argued(desk: Desk) -> None:
    campaign, of = await _ended(desk)
    before = await progress(desk, campaign)
    desk.turn(days=29, hours=23)
    assert await forget_due(desk.room) == 0
    assert all([await _known(desk, call) for call in of.values()])
    desk.turn(hours=2)
    assert await forget_due(desk.room) == 3
    await _shredded(desk, of, FIVE[1], FIVE[3], FIVE[4])
    case = (await desk.sql("select case_id from case_list"))[0]["case_id"]
    assert (await desk.get(f"/cases/{case}", x_access_reason="test")).json()["told"]["narrative"] == STORY
    assert await _known(desk, of[FIVE[0]]), "a person of a case is not forgotten with a list"
    assert await _known(desk, of[FIVE[2]]), "who waits to be called back is called back first"
    shown = (await desk.get(f"/campaigns/{campaign}")).json()
    assert shown["progress"] == before, "counts stay"
    assert (shown["numbers"]["forgotten_at"], shown["numbers"]["known"], shown["numbers"]["forgotten"]) == (None, 2, 3)
    for phone, blocked, refused in ((FIVE[4], True, []), (FIVE[1], False, ["needs"])):
        check = (await desk.post("/do-not-call/check", {"phone": phone})).json()
        assert (check["blocked"], check["refused"]) == (blocked, refused), "a no is remembered without the number"
    await desk.post(f"/calls/{of[FIVE[2]]}/call-back", {"outcome": "no_need"})
    assert await forget_due(desk.room) == 1
    await _shredded(desk, of, FIVE[2])
    shown = (await desk.get(f"/campaigns/{campaign}")).json()
    assert shown["numbers"]["forgotten_at"]
    assert (shown["numbers"]["known"], shown["numbers"]["forgotten"]) == (1, 4)
    assert await views.ended_before(desk.room, desk.now) == [], "a campaign that has forgotten is not looked at again"
    assert await forget_due(desk.room) == 0


async def test_what_the_provider_tells_after_that_brings_nobody_back(desk: Desk) -> None:
    campaign, of = await _ended(desk)
    await desk.post(f"/calls/{of[FIVE[2]]}/call-back", {"outcome": "no_need"})
    desk.turn(days=31)
    await forget_due(desk.room)
    await _shredded(desk, of, FIVE[3], FIVE[2])
    silent = await planned(desk, "13900139009")
    quiet = await _by_number(desk, silent)
    await desk.post(f"/campaigns/{silent}/start")
    await ringing(desk, silent, 1)
    await desk.post(f"/campaigns/{silent}/stop")
    desk.turn(days=31)
    await until(lambda: _status(desk, quiet["13900139009"]), "unknown")  # a person was to call back, and nobody was reached
    await desk.post(f"/calls/{quiet['13900139009']}/call-back", {"outcome": "could_not_contact"})
    await forget_due(desk.room)
    late = await told(desk, quiet["13900139009"], transcript=STORY)
    assert (late.status_code, late.json()["type"]) == (409, "urn:kapok:problem:CallIsForgotten")
    assert (await desk.sql("select count(*) as n from case_list"))[0]["n"] == 1
    again = await started(desk, FIVE[1], FIVE[4])
    await until(lambda: status_of(desk, again), "done")
    assert (await progress(desk, again))["not_called"] == {"opted_out": 1, "do_not_call": 1}
    assert campaign != again


async def _status(desk: Desk, call_id: str) -> str:
    return str((await desk.room.state("call", call_id)).status)


async def test_who_was_known_before_is_not_the_lists_to_forget(desk: Desk, full_report: dict[str, Any]) -> None:
    reported = await desk.reported(full_report)
    campaign = await planned(desk, PHONES[0])
    await desk.post(f"/campaigns/{campaign}/people", {"case_ids": [reported["case_id"]]})
    await desk.post(f"/campaigns/{campaign}/stop")
    desk.turn(days=31)
    assert await forget_due(desk.room) == 1
    assert (await desk.get(f"/campaigns/{campaign}")).json()["numbers"]["known"] == 1
    case = (await desk.get(f"/cases/{reported['case_id']}", x_access_reason="test")).json()
    assert case["person"]["name"] == "张三丰"


async def test_a_person_who_becomes_known_in_between_is_not_forgotten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look and the word are two moments; the call and the person say yes in one unit."""
    campaign, of = await _ended(desk)
    desk.turn(days=31)
    looked = views.still_known

    async def then_a_case(room: Room, campaign_id: str, after: str, limit: int) -> list[dict[str, Any]]:
        rows = await looked(room, campaign_id, after, limit)
        if not after:
            said = {"outcome": "case", "narrative": STORY}
            assert (await desk.post(f"/calls/{of[FIVE[2]]}/call-back", said)).status_code == 200
        return rows

    monkeypatch.setattr(views, "still_known", then_a_case)
    await forget_due(desk.room)
    await _shredded(desk, of, FIVE[3])
    assert await _known(desk, of[FIVE[2]])
    assert (await desk.get(f"/campaigns/{campaign}")).json()["numbers"]["known"] == 2


async def test_a_list_that_nobody_ever_used_ends_and_is_forgotten_too(desk: Desk) -> None:
    never, later = await planned(desk, PHONES[0]), await started(desk, PHONES[1], hours={"from": "00:00", "until": "00:01"})
    of = await _by_number(desk, never)
    desk.turn(days=1)
    await desk.post(f"/campaigns/{later}/pause")
    desk.turn(days=89, minutes=1)
    await forget_due(desk.room)
    assert (await status_of(desk, never), await status_of(desk, later)) == ("done", "paused")
    desk.turn(days=30, minutes=1)
    await forget_due(desk.room)
    await _shredded(desk, of, PHONES[0])
    assert await status_of(desk, later) == "done"


async def test_it_goes_on_by_itself_after_a_death_between_any_two_steps(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two calls had said it and no key was gone when the process died: the next one finishes both, at its start."""
    names = [await database(), await database()]

    async def same() -> str:
        names.append(names.pop(0))
        return names[-1]

    told_ = {"telephony_url": NOBODY, "telephony_secret": SECRET}

    async def dies(*_: Any) -> Any:
        raise RuntimeError("died")

    with monkeypatch.context() as dying:
        dying.setattr(Room, "shred", dies)
        async with Desk(INTAKE).open(same, **told_) as desk:
            campaign, of = await _ended(desk)
            desk.turn(days=31)
            for phone in (FIVE[1], FIVE[3]):
                await desk.room.execute(To("call", of[phone], c.ForgetCall(desk.now)), actor="loop:forget")
            await asyncio.sleep(0.3)
            assert await _known(desk, of[FIVE[3]])
            now = desk.now
    later = Desk(INTAKE)
    later.now = now + timedelta(minutes=10)  # the pauses between tries
    async with later.open(same, **told_) as desk:
        await _shredded(desk, of, FIVE[1], FIVE[3], FIVE[4])
        assert await _known(desk, of[FIVE[0]])
        assert (await desk.get(f"/campaigns/{campaign}")).json()["numbers"]["forgotten"] == 3


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_page_says_until_when_and_since_when(desk: Desk, language: str) -> None:
    staff = Browser(desk, "caseworker", language)
    campaign, of = await _ended(desk)
    await desk.post(f"/calls/{of[FIVE[2]]}/call-back", {"outcome": "no_need"})
    assert {"zh": "2026年12月23日", "en": "23 December 2026"}[language] in await staff.open(f"/intake/campaigns/{campaign}")
    desk.turn(days=31)
    await forget_due(desk.room)
    shown = await staff.open(f"/intake/campaigns/{campaign}")
    assert {"zh": "已于 2026年12月24日 删除 4 人", "en": "of 4 people were forgotten on 24 December 2026"}[language] in shown


def test_a_forgotten_call_stays_as_it_was_and_takes_no_answer() -> None:
    _, rung = obeyed(CALL, [c.QueueCall(QUEUED), c.DialCall(NOW), c.RecordNoAnswer(1, NOW, "a", "rejected", 0, 60, NOW)])
    [said], gone = obeyed(CALL, [c.ForgetCall(NOW), c.ForgetCall(NOW)], rung)
    assert (type(said), gone.status) == (c.CallForgotten, "no_answer")
    with pytest.raises(CallIsForgotten):
        CALL.decide(c.RecordAnswer(1, NOW, "b", "case"), gone)
    known = c.CallQueued("call", "c", "p", "h", "n", "needs", "zh", NOW, SHREDDED, None, True)
    assert obeyed(CALL, [c.QueueCall(known), c.ForgetCall(NOW)])[0][1:] == []
    assert forgetting.FORGETTING in INTAKE.loops
