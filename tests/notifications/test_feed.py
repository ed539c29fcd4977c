"""What the feed keeps, who may see it, and what a withdrawal does to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
from sqlalchemy import select

from services.notifications.domain.withdrawal import TellRecipients
from services.notifications.effects import tell_recipients
from services.notifications.tables import feed
from shared.service import EffectCall
from tests.notifications.conftest import Hall, told
from tests.notifications.stories import accepted, opened, payout, referral


async def pulled(door: httpx.AsyncClient, who: str, **asked: Any) -> list[str]:
    answer = await door.get("/notifications/v1/feed", params=asked, headers=told(who))
    assert answer.status_code == 200, answer.text
    return [item["type"].split(".")[1] for item in answer.json()["items"]]


async def withdrawn(hall: Hall) -> list[str]:
    """The person takes back the consent; answers the organisations that are told."""
    await hall.hears("intake.consent_withdrawn.v1", {
        "case_id": "case-1", "person_id": "person-1", "consent_id": "consent-1", "purposes": ["referral"], "recipients": ["charity"],
    })  # fmt: skip
    noted = (await hall.room.history("withdrawal", "consent-1"))[0]
    (answer,) = await tell_recipients([EffectCall(noted.id, noted, 1)], hall.room)
    done = await hall.room.execute(*answer.commands, actor="effect")
    command = answer.commands[0].command
    assert isinstance(command, TellRecipients)
    for e in done.events:
        data = {"org_id": e.data.org_id, "person_id": "person-1", "case_id": "case-1", "case_ids": ["case-1"], "erased": False}
        await hall.hears("notifications.subject_withdrawn.v1", data, event_id=e.id)
    return sorted(command.org_ids)


async def test_positions_are_gapless_and_an_event_heard_twice_is_one_row(hall: Hall) -> None:
    ids = await accepted(hall)
    rows = await hall.room.rows(select(feed).order_by(feed.c.position))
    assert [row["position"] for row in rows] == [1, 2, 3, 4]
    assert [row["event_id"] for row in rows] == ids


async def test_the_row_names_whom_it_concerns_and_drops_coded_facts(hall: Hall) -> None:
    await hall.hears("intake.case_opened.v1", opened())
    (row,) = await hall.room.rows(select(feed))
    assert (row["case_id"], row["district"], row["needs"], row["person_id"]) == ("case-1", "440106", ["medical"], "person-1")
    assert "facts" not in row["data"]
    assert row["data"]["household_id"] == "house-1"
    assert isinstance(row["at"], datetime)


async def test_ops_see_everything_and_a_caller_without_the_role_nothing(hall: Hall, door: httpx.AsyncClient) -> None:
    await accepted(hall)
    assert await pulled(door, "ops") == ["report_received", "case_opened", "referral_offered", "referral_accepted"]
    assert (await door.get("/notifications/v1/feed", headers=told("finance"))).status_code == 403
    assert (await door.get("/notifications/v1/feed")).status_code == 401


async def test_a_charity_sees_its_own_and_of_an_accepted_case_what_consent_shares(hall: Hall, door: httpx.AsyncClient) -> None:
    await hall.hears("intake.case_opened.v1", opened())
    await hall.hears("matching.case_assessed.v1", {"case_id": "case-1", "person_id": "person-1", "verdicts": []})
    await hall.hears("matching.referral_offered.v1", referral())
    assert await pulled(door, "mercy") == ["referral_offered"]
    await hall.hears("matching.referral_accepted.v1", referral())
    assert await pulled(door, "mercy") == ["case_opened", "referral_offered", "referral_accepted"]
    assert await pulled(door, "hope") == []


async def test_without_consent_an_accepted_case_shows_only_what_concerns_the_charity(hall: Hall, door: httpx.AsyncClient) -> None:
    await hall.hears("intake.case_opened.v1", opened(consent=None))
    await hall.hears("matching.referral_accepted.v1", referral())
    assert await pulled(door, "mercy") == ["referral_accepted"]
    await hall.hears("intake.consent_given.v1", {
        "case_id": "case-1", "person_id": "person-1", "consent_id": "c2", "purposes": ["referral"], "recipients": ["charity"],
    })  # fmt: skip
    assert await pulled(door, "mercy") == ["case_opened", "referral_accepted"]


async def test_public_facts_about_nobody_reach_everybody(hall: Hall, door: httpx.AsyncClient) -> None:
    await hall.hears(
        "disbursement.donation_received.v1", {"donation_id": "d", "fund_id": "f", "kind": "cash", "amount_fen": 1, "items": []}
    )
    assert await pulled(door, "hope") == ["donation_received"]


async def test_a_withdrawal_removes_the_person_and_tells_who_had_received_them(hall: Hall, door: httpx.AsyncClient) -> None:
    await accepted(hall)
    assert len(await pulled(door, "mercy")) == 4 - 1  # a report is not a case event
    assert await withdrawn(hall) == ["mercy"]
    await hall.hears("matching.referral_revoked.v1", referral(state="revoked"))
    await hall.hears("disbursement.payout_settled.v1", payout())
    assert await pulled(door, "mercy") == ["subject_withdrawn", "referral_revoked"]
    assert await pulled(door, "hope") == []


async def test_who_received_nothing_is_not_told_of_a_withdrawal(hall: Hall) -> None:
    await accepted(hall)
    assert await withdrawn(hall) == []


async def test_consent_given_again_shares_again(hall: Hall, door: httpx.AsyncClient) -> None:
    await accepted(hall)
    await withdrawn(hall)
    assert await pulled(door, "mercy") == []
    hall.later(hours=1)
    await hall.hears("intake.consent_given.v1", {
        "case_id": "case-1", "person_id": "person-1", "consent_id": "c2", "purposes": ["referral"], "recipients": ["charity"],
    })  # fmt: skip
    assert "case_opened" in await pulled(door, "mercy")


async def test_an_erased_person_stays_erased(hall: Hall, door: httpx.AsyncClient) -> None:
    await accepted(hall)
    await hall.hears("intake.subject_erased.v1", {"person_id": "person-1", "case_ids": ["case-1"]})
    hall.later(hours=1)
    await hall.hears("intake.consent_given.v1", {
        "case_id": "case-1", "person_id": "person-1", "consent_id": "c2", "purposes": ["referral"], "recipients": ["charity"],
    })  # fmt: skip
    assert await pulled(door, "mercy") == []


async def test_a_consent_for_payment_only_may_go_without_ending_the_referral(hall: Hall, door: httpx.AsyncClient) -> None:
    await accepted(hall)
    await hall.hears("intake.consent_withdrawn.v1", {
        "case_id": "case-1", "person_id": "person-1", "consent_id": "c3", "purposes": ["payment"], "recipients": ["bank"],
    })  # fmt: skip
    assert "case_opened" in await pulled(door, "mercy")


async def test_filters_by_type_district_and_need(hall: Hall, door: httpx.AsyncClient) -> None:
    await accepted(hall)
    await hall.hears("intake.case_opened.v1", opened("case-2", residence_code="440111001", needs=["housing"]))
    await hall.hears("intake.case_verified.v1", {"case_id": "case-2", "person_id": "person-2"})
    assert await pulled(door, "ops", type="matching.referral_*") == ["referral_offered", "referral_accepted"]
    assert await pulled(door, "ops", type="intake.case_verified.v1") == ["case_verified"]
    assert await pulled(door, "ops", district="440111") == ["case_opened", "case_verified"]
    assert await pulled(door, "ops", need="housing") == ["case_opened", "case_verified"]


async def test_the_pull_feed_goes_on_where_it_was(hall: Hall, door: httpx.AsyncClient) -> None:
    await accepted(hall)
    first = (await door.get("/notifications/v1/feed", params={"limit": 3}, headers=told("ops"))).json()
    second = (await door.get("/notifications/v1/feed", params={"after": first["next"]}, headers=told("ops"))).json()
    assert [i["position"] for i in first["items"] + second["items"]] == [1, 2, 3, 4]
    assert second["next"] == 4


async def test_the_timeline_hangs_each_event_under_its_cause(hall: Hall, door: httpx.AsyncClient) -> None:
    await accepted(hall)
    await hall.hears("disbursement.payout_settled.v1", payout())
    story = (await door.get("/notifications/v1/cases/case-1/timeline", headers=told("operator"))).json()["items"]
    kinds = []
    node = story[0]
    while True:
        kinds.append(node["type"].split(".")[1])
        if not node["then"]:
            break
        (node,) = node["then"]
    assert kinds == ["report_received", "case_opened", "referral_offered", "referral_accepted"]
    assert story[1]["told"]["amount_fen"] == 100_000
    assert (await door.get("/notifications/v1/cases/case-1/timeline", headers=told("hope"))).status_code == 404


async def test_the_first_page_counts_by_day_and_district(hall: Hall, door: httpx.AsyncClient) -> None:
    await accepted(hall)
    await hall.hears("disbursement.payout_settled.v1", payout())
    hall.later(days=1)
    await hall.hears("disbursement.goods_issued.v1", payout(kind="goods", items=[{"sku": "rice", "quantity": 3}]))
    flow = (await door.get("/notifications/v1/public/flow")).json()
    assert flow["all"] == {"reports": 1, "cases": 1, "referred": 1, "accepted": 1, "paid": 1, "paid_fen": 100_000, "goods": 3}
    assert flow["today"] == {"reports": 0, "cases": 0, "referred": 0, "accepted": 0, "paid": 0, "paid_fen": 0, "goods": 3}
    assert flow["districts"][0]["district"] == "440106"
