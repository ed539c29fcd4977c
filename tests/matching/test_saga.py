"""A referral beyond its straight way, through the doors: several at once, reminders, tries to reach people, out and back, drafts, again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.matching.manifest import MATCHING
from shared.testing import Database
from tests.matching.test_inbox import CASE, ILL, Office, refusal

ORGS = ("mercy", "hope", "care")


@pytest.fixture
async def office(database: Database) -> AsyncIterator[Office]:
    async with Office(MATCHING).open(database) as at_work:
        for org in ORGS:
            assert (await at_work.post("/organizations", {"id": org, "name": org.title()})).status_code == 201
            service = {
                "id": f"{org}-s",
                "organization_id": org,
                "name": org.title(),
                "needs": ["housing"],
                "districts": ["440104"],
                "places": 1,
            }
            assert (await at_work.post("/services", service)).status_code == 201
        await at_work.reported(ILL)  # lives somewhere that none of them serves by itself
        yield at_work


async def offered_to_all(office: Office, status: int = 201, **more: Any) -> dict[str, Any]:
    body = {"service_ids": [f"{org}-s" for org in ORGS], "need": "housing", **more}
    answer = await office.post(f"/cases/{CASE}/referrals", body, "caseworker")
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def counts(office: Office) -> dict[str, tuple[int, int]]:
    answer = await office.client.get("/matching/v1/services", headers=office.headers("gov"))
    return {one["id"]: (one["held"], one["used"]) for one in answer.json()["items"]}


async def standing_at(office: Office, need: str = "housing") -> str | None:
    state = await office.room.state("assessment", CASE)
    one = state.of(need)
    return None if one is None else one.referral_id


async def work_off(office: Office) -> None:
    while await office.opened.schedule.work_off():
        pass


async def test_the_first_of_several_to_accept_has_it_and_the_others_get_their_place_back(office: Office) -> None:
    told = await offered_to_all(office)
    keys = {one["service_id"]: one["referral_id"] for one in told["offered"]}
    assert (set(keys), told["passed_over"]) == ({f"{org}-s" for org in ORGS}, [])
    assert await counts(office) == {f"{org}-s": (1, 0) for org in ORGS}
    again = await office.post(f"/cases/{CASE}/referrals", {"service_ids": ["mercy-s", "hope-s"], "need": "housing"}, "caseworker")
    assert refusal(again) == (409, "OfferToSeveralIsOpen")
    assert (await office.accept(keys["hope-s"], "hope")).json()["state"] == "accepted"
    rows = {org: await office.row(keys[f"{org}-s"]) for org in ORGS}
    assert {org: (row["state"], row["reason"]) for org, row in rows.items()} == {
        "mercy": ("revoked", "taken_by_another"), "hope": ("accepted", None), "care": ("revoked", "taken_by_another"),
    }  # fmt: skip
    assert await counts(office) == {"mercy-s": (0, 0), "hope-s": (1, 0), "care-s": (0, 0)}
    assert await standing_at(office) == keys["hope-s"]
    assert refusal(await office.accept(keys["care-s"], "care")) == (409, "ReferralIsNotOpenToAnswers")
    async with office.browser("charity", "care") as page:
        assert "another organisation was first" in (await page.get("/matching/inbox")).text


async def test_of_many_acceptances_at_once_exactly_one_wins(office: Office) -> None:
    keys = {one["service_id"]: one["referral_id"] for one in (await offered_to_all(office))["offered"]}
    answers = await asyncio.gather(*[office.accept(keys[f"{org}-s"], org) for _ in range(34) for org in ORGS])
    states = [(await office.row(key))["state"] for key in keys.values()]
    assert sorted(states) == ["accepted", "revoked", "revoked"]
    assert {answer.status_code for answer in answers} <= {200, 409}
    winners = {answer.json()["referral_id"] for answer in answers if answer.status_code == 200}
    assert len(winners) == 1
    assert sum(held for held, _ in (await counts(office)).values()) == 1


async def test_when_all_say_no_or_nothing_the_need_is_nobodys_again(office: Office) -> None:
    keys = {one["service_id"]: one["referral_id"] for one in (await offered_to_all(office))["offered"]}
    for org in ("mercy", "care"):
        await office.post(f"/referrals/{keys[f'{org}-s']}/decline", {"reason": "no_capacity"}, "charity", org)
        assert await standing_at(office) is not None
    office.turn(days=8)
    await work_off(office)
    assert (await office.row(keys["hope-s"]))["state"] == "lapsed"
    assert await standing_at(office) is None
    assert set((await counts(office)).values()) == {(0, 0)}


async def test_who_cannot_take_it_is_passed_over_and_named(office: Office) -> None:
    await office.post("/services/mercy-s/pause", {"reason": "holiday"})
    await office.post("/services/care-s/capacity", {"places": 0})
    told = await offered_to_all(office)
    assert ([one["service_id"] for one in told["offered"]], told["passed_over"]) == (["hope-s"], ["mercy-s", "care-s"])
    await office.accept(told["offered"][0]["referral_id"], "hope")
    assert refusal(await office.post(f"/cases/{CASE}/referrals", {"service_ids": ["mercy-s", "care-s"], "need": "housing"}, "caseworker")) == (
        409, "NobodyCanTakeIt",
    )  # fmt: skip


async def test_consent_that_is_taken_back_revokes_all_of_them(office: Office) -> None:
    keys = [one["referral_id"] for one in (await offered_to_all(office))["offered"]]
    await office.hears("intake.consent_withdrawn.v1", case_id=CASE)
    assert {(await office.row(key))["reason"] for key in keys} == {"consent_withdrawn"}
    assert set((await counts(office)).values()) == {(0, 0)}
    assert (await office.accept(keys[0], "mercy")).status_code == 409


async def test_what_is_no_offer_to_several_is_refused(office: Office) -> None:
    all_wrong: list[dict[str, Any]] = [
        {"service_ids": ["mercy-s"]}, {"service_ids": ["mercy-s", "mercy-s"]}, {"service_id": "mercy-s"}, {"service_ids": []},
        {"draft": True}, {"programme": "DIBAO"}, {"service_ids": [f"s{n}" for n in range(11)]},
    ]  # fmt: skip
    for wrong in all_wrong:
        await offered_to_all(office, 422, **wrong)


async def one_offer(office: Office, org: str = "mercy") -> str:
    answer = await office.post(f"/cases/{CASE}/referrals", {"service_id": f"{org}-s", "need": "housing"}, "caseworker")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["referral_id"])


async def test_an_offer_has_three_working_days_and_is_reminded_of_half_way(office: Office) -> None:
    key = await one_offer(office)
    row = await office.row(key)
    assert row["due_at"].startswith("2026-11-26T02:00")  # Monday to Thursday
    office.turn(hours=35)
    await work_off(office)
    assert (await office.row(key))["reminded_at"] is None
    office.turn(hours=2)
    await work_off(office)
    await work_off(office)
    assert (await office.row(key))["reminded_at"] is not None
    assert len(await office.sql("select 1 from events where type = 'ReferralReminded'")) == 1
    async with office.browser() as page:
        assert "half the time is over" in (await page.get("/matching/inbox")).text


async def test_over_a_week_end_the_working_days_count(office: Office) -> None:
    office.turn(days=3)  # Thursday
    assert (await office.row(await one_offer(office)))["due_at"].startswith("2026-12-01T02:00")  # Tuesday


async def test_whoever_has_answered_is_reminded_of_nothing(office: Office) -> None:
    key = await one_offer(office)
    await office.accept(key)
    office.turn(days=3)
    await work_off(office)
    assert await office.sql("select 1 from events where type = 'ReferralReminded'") == []
    assert await office.sql("select 1 from deadlines") == []


async def test_nobody_counts_as_not_to_be_reached_before_three_tries_on_two_days(office: Office) -> None:
    key = await one_offer(office)
    await office.accept(key)

    async def tried(outcome: str = "no_answer", status: int = 201) -> None:
        answer = await office.post(f"/referrals/{key}/contacts", {"channel": "telephone", "outcome": outcome}, "charity", "mercy")
        assert answer.status_code == status, answer.text

    async def close(org: str = "mercy") -> tuple[int, str]:
        answer = await office.post(f"/referrals/{key}/close", {"reason": "could_not_contact"}, "charity", org)
        return (200, "") if answer.status_code == 200 else refusal(answer)

    assert await close() == (409, "ContactNotTriedEnough")
    for _ in range(3):
        await tried()
    assert await close() == (409, "ContactNotTriedEnough")  # all on one day
    office.turn(days=1)
    await tried("reached")
    assert (await office.row(key))["tries"] == 0
    assert await close() == (409, "ContactNotTriedEnough")
    await tried("wrong_number")
    await tried("left_message")
    office.turn(days=1)
    async with office.browser() as page:
        text = (await page.get("/matching/inbox")).text
        token = text.split('name="form_token" value="')[1].split('"')[0] if 'name="form_token"' in text else ""
        said = {"act": "contact", "channel": "visit", "outcome": "no_answer", "form_token": token}
        assert "Recorded: a try to reach the person." in (await page.post(f"/matching/inbox/{key}", data=said)).text
    assert (await office.row(key))["tries"] == 3
    await tried("sang", 422)
    assert await close("hope") == (404, refusal(await office.client.get("/matching/v1/referrals/none", headers=office.headers("gov")))[1])
    assert await close() == (200, "")


async def test_work_goes_to_an_outside_system_and_back(office: Office) -> None:
    key = await one_offer(office)
    out = {"system": "elder-care", "reference": "EC-1", "due_at": "2026-12-01T10:00:00+08:00"}
    assert refusal(await office.post(f"/referrals/{key}/transfer", out, "charity", "mercy")) == (409, "ReferralIsNotUnderWay")
    await office.accept(key)
    assert (
        await office.post(f"/referrals/{key}/transfer", {**out, "due_at": "2026-11-01T10:00:00+08:00"}, "charity", "mercy")
    ).status_code == 422
    assert (
        await office.post(f"/referrals/{key}/transfer", {**out, "due_at": "2027-11-01T10:00:00+08:00"}, "charity", "mercy")
    ).status_code == 422
    assert (
        await office.post(f"/referrals/{key}/transfer", {**out, "reference": "Chen 13800138000"}, "charity", "mercy")
    ).status_code == 422
    assert refusal(await office.post(f"/referrals/{key}/return", {"outcome": "done"}, "charity", "mercy")) == (409, "ReferralIsNotOutside")
    assert (await office.post(f"/referrals/{key}/transfer", out, "charity", "mercy")).status_code == 200
    again = await office.post(f"/referrals/{key}/transfer", {**out, "system": "other"}, "charity", "mercy")
    assert refusal(again) == (409, "ReferralIsOutside")
    assert ((await office.row(key))["outside"], (await office.row(key))["state"]) == ("elder-care", "accepted")
    assert (await office.post(f"/referrals/{key}/return", {"outcome": "done"}, "charity", "mercy")).status_code == 200
    assert ((await office.row(key))["outside"], (await office.row(key))["reason"]) == (None, "outside_done")
    await office.post(f"/referrals/{key}/transfer", out, "charity", "mercy")
    office.turn(days=9)
    await work_off(office)
    assert ((await office.row(key))["outside"], (await office.row(key))["reason"]) == (None, "outside_silent")


async def test_a_draft_is_shown_to_nobody_outside_until_it_is_offered(office: Office) -> None:
    body = {"service_id": "mercy-s", "need": "housing", "draft": True}
    told = (await office.post(f"/cases/{CASE}/referrals", body, "caseworker")).json()
    key = told["referral_id"]
    assert told["state"] == (await office.row(key))["state"] == "drafted"
    assert (await counts(office))["mercy-s"] == (0, 0)
    mine = office.headers("charity", "mercy")
    assert (await office.client.get(f"/matching/v1/referrals/{key}", headers=mine)).status_code == 404
    assert (await office.client.get("/matching/v1/referrals", headers=mine)).json()["items"] == []
    assert (await office.accept(key)).status_code == 404
    assert (await office.post(f"/referrals/{key}/offer", None, "charity", "mercy")).status_code == 403
    assert (await office.post(f"/referrals/{key}/offer", None, "caseworker")).json()["state"] == "offered"
    assert (await counts(office))["mercy-s"] == (1, 0)
    assert refusal(await office.post(f"/referrals/{key}/offer", None, "caseworker")) == (409, "ReferralAlreadyOffered")
    assert (await office.accept(key)).json()["state"] == "accepted"


async def test_what_was_closed_without_help_goes_once_more_to_the_same_provider(office: Office) -> None:
    key = await one_offer(office)
    await office.accept(key)
    assert refusal(await office.post(f"/referrals/{key}/reopen", None, "caseworker")) == (409, "ReferralCannotBeReopened")
    await office.post(f"/referrals/{key}/close", {"reason": "could_not_get_help"}, "charity", "mercy")
    told = (await office.post(f"/referrals/{key}/reopen", None, "caseworker")).json()
    assert (told["state"], told["service_id"]) == ("offered", "mercy-s")
    row = await office.row(key)
    assert (row["state"], row["reopened_as"]) == ("closed", told["referral_id"])
    assert refusal(await office.post(f"/referrals/{key}/reopen", None, "caseworker")) == (409, "ReferralCannotBeReopened")
    assert await standing_at(office) == told["referral_id"]
    await office.accept(told["referral_id"])
    await office.post(f"/referrals/{told['referral_id']}/close", {"reason": "got_help"}, "charity", "mercy")
    assert refusal(await office.post(f"/referrals/{told['referral_id']}/reopen", None, "caseworker"))[0] == 409
    assert (await office.post("/referrals/none/reopen", None, "caseworker")).status_code == 404


async def test_without_consent_nothing_is_opened_again(office: Office) -> None:
    key = await one_offer(office)
    await office.hears("intake.consent_withdrawn.v1", case_id=CASE)
    refused = await office.post(f"/referrals/{key}/reopen", None, "caseworker")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/service_id")
    assert (await office.row(key))["reopened_as"] is None


async def test_a_service_that_is_not_counted_for_a_while_keeps_its_open_offers(office: Office) -> None:
    keys = {one["service_id"]: one["referral_id"] for one in (await offered_to_all(office))["offered"]}
    for places, status in ((None, 200), (0, 409), (1, 200), (None, 200)):
        assert (await office.post("/services/mercy-s/capacity", {"places": places})).status_code == status
        assert (await counts(office))["mercy-s"] == (1, 0)
    await office.post(f"/referrals/{keys['mercy-s']}/decline", {"reason": "no_capacity"}, "charity", "mercy")
    assert (await counts(office))["mercy-s"] == (0, 0)
    assert (await office.post("/services/mercy-s/capacity", {"places": 0})).status_code == 200
