"""Campaigns, pools and a giving day through the door: matched once, explained, never overdrawn, and reports that are due."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from tests.disbursement.conftest import Desk
from tests.disbursement.test_pages import read

CAMPAIGN: dict[str, Any] = {
    "id": "giving-day", "name": "九月 September", "org_id": "helpers", "fund_id": "general", "goal_fen": 1_000_000, "first_day": "2026-11-01",
    "last_day": "2027-06-30", "registered_on": "2020-01-01", "permit": "GZ-2026-1",
}  # fmt: skip
POOL: dict[str, Any] = {"id": "double", "campaign_id": "giving-day", "fund_id": "sponsor", "amount_fen": 10_000, "donation_max_fen": 2_000}


async def opened(desk: Desk, **pool: Any) -> None:
    for fund_id in ("general", "sponsor"):
        assert (await desk.post("/funds", {"id": fund_id, "name": fund_id})).status_code == 201
    await desk.post("/donations", {"donation_ref": "sponsor", "kind": "cash", "fund_id": "sponsor", "amount_fen": 50_000})
    assert (await desk.post("/campaigns", CAMPAIGN)).status_code == 201
    answer = await desk.post("/match-pools", {**POOL, **pool})
    assert answer.status_code == 201, answer.text


def gift(ref: str, fen: int, donor: str = "") -> dict[str, Any]:
    one: dict[str, Any] = {"donation_ref": ref, "kind": "cash", "campaign_id": "giving-day", "amount_fen": fen}
    return {**one, "donor": {"ref": donor}} if donor else one


async def batch(desk: Desk, gifts: list[dict[str, Any]]) -> httpx.Response:
    lines = "\n".join(json.dumps(one) for one in gifts)
    headers = {**desk.headers("finance"), "content-type": "application/x-ndjson"}
    return await desk.client.post("/disbursement/v1/donations:batch", content=lines, headers=headers)


async def funds(desk: Desk) -> dict[str, tuple[int, int]]:
    items = (await desk.get("/funds")).json()["items"]
    return {one["id"]: (one["available_fen"], one["reserved_fen"]) for one in items}


async def test_a_gift_is_matched_once_by_the_published_rule_and_explained(desk: Desk) -> None:
    await opened(desk)
    assert await funds(desk) == {"general": (0, 0), "sponsor": (40_000, 10_000)}, "the pool's money is held from the first day"
    first = (await desk.post("/donations", gift("g-1", 1_500))).json()
    assert (await desk.post("/donations", gift("g-1", 1_500))).json() == first
    await desk.post("/donations", gift("g-2", 5_000))
    assert await funds(desk) == {"general": (1_500 + 1_500 + 5_000 + 2_000, 0), "sponsor": (40_000, 6_500)}
    shown = (await desk.get("/public/campaigns/giving-day", who=None)).json()
    assert (shown["raised_fen"], shown["donations"], shown["pools"][0]["left_fen"]) == (6_500, 2, 6_500)
    items = (await desk.get("/match-pools/double/matches")).json()["items"]
    assert sorted((one["asked_fen"], one["amount_fen"], one["cut_by"]) for one in items) == [(1_500, 1_500, ""), (5_000, 2_000, "donation")]
    kinds = [e["kind"] for e in (await desk.get("/public/entries", who=None)).json()["items"]]
    assert kinds == ["match", "donation", "match", "donation", "donation"]
    assert (await desk.get("/ledger/trial-balance")).json()["balanced"] is True


async def test_a_matched_gift_that_goes_back_gives_its_match_back(desk: Desk) -> None:
    await opened(desk)
    given = (await desk.post("/donations", gift("g-1", 1_500))).json()["donation_id"]
    await desk.post(f"/donations/{given}/refund", {"amount_fen": 500, "reason": "donor_asked"}, who="finance-1")
    assert (await desk.post(f"/donations/{given}/refund/confirm", who="finance-2")).status_code == 200
    assert await funds(desk) == {"general": (2_000, 0), "sponsor": (40_500, 8_500)}
    assert (await desk.get("/campaigns/giving-day")).json()["raised_fen"] == 1_000
    assert (await desk.get(f"/match-pools/double/matches/{given}")).json()["amount_fen"] == 1_000


async def test_a_donor_is_one_donor_by_the_number_of_the_platform_and_a_day_has_a_limit(desk: Desk) -> None:
    await opened(desk, donor_day_max_fen=2_500)
    for ref, donor in (("g-1", "wx-1"), ("g-2", "wx-1"), ("g-3", "wx-2")):
        await desk.post("/donations", gift(ref, 2_000, donor))
    items = (await desk.get("/match-pools/double/matches")).json()["items"]
    assert sorted((one["amount_fen"], one["cut_by"]) for one in items) == [(500, "donor_day"), (2_000, ""), (2_000, "")]
    assert "wx-1" not in str([tuple(row) for row in await desk.sql("select * from events")])


async def test_a_giving_day_is_absorbed_matched_exactly_once_and_the_pool_is_not_overdrawn(desk: Desk) -> None:
    """Three senders with the same two thousand gifts, in pieces and at once: each is recorded and matched once."""
    await opened(desk, amount_fen=50_000, donation_max_fen=30)
    gifts = [gift(f"g-{n}", 1 + n % 97, f"donor-{n % 500}") for n in range(2_000)]
    pieces = [gifts[at : at + 500] for at in range(0, 2_000, 500)]
    answers = await asyncio.gather(*[batch(desk, piece) for piece in pieces + pieces[::-1] + pieces[1:3]])
    assert {a.status_code for a in answers} == {200}
    said = [one["status"] for a in answers for one in a.json()["items"]]
    assert (said.count("recorded"), set(said)) == (2_000, {"recorded", "already"})
    total = sum(one["amount_fen"] for one in gifts)
    wanted = sum(min(one["amount_fen"], 30) for one in gifts)
    pool = (await desk.get("/match-pools/double")).json()
    assert (pool["donations"], pool["drawn_fen"]) == (2_000, min(wanted, 50_000))
    assert await funds(desk) == {"general": (total + pool["drawn_fen"], 0), "sponsor": (0, 50_000 - pool["drawn_fen"])}
    matched = await desk.sql("select count(*) as n, sum(amount_fen) as fen from matches")
    assert (matched[0]["n"], matched[0]["fen"]) == (2_000, pool["drawn_fen"])
    assert (await desk.get("/ledger/trial-balance")).json()["balanced"] is True


async def test_by_pro_rata_the_pool_is_shared_when_it_closes_and_each_share_is_told(desk: Desk) -> None:
    await opened(desk, mode="pro_rata", amount_fen=1_000, donation_max_fen=None)
    ids = [(await desk.post("/donations", gift(f"g-{n}", fen))).json()["donation_id"] for n, fen in enumerate((100, 1_000, 2_000))]
    assert await funds(desk) == {"general": (3_100, 0), "sponsor": (49_000, 1_000)}
    closed = (await desk.post("/match-pools/double/close")).json()
    assert (closed["state"], closed["drawn_fen"], closed["left_fen"]) == ("closed", 1_000, 0)
    assert await funds(desk) == {"general": (4_100, 0), "sponsor": (49_000, 0)}
    told = [(await desk.get(f"/match-pools/double/matches/{i}")).json()["share_fen"] for i in ids]
    assert (sorted(told), sum(told)) == ([32, 323, 645], 1_000)
    await desk.post("/donations", gift("late", 500))
    assert (await desk.get("/match-pools/double")).json()["donations"] == 3


async def test_what_is_left_of_a_pool_is_free_again(desk: Desk) -> None:
    await opened(desk)
    await desk.post("/donations", gift("g-1", 1_500))
    for _ in range(2):
        assert (await desk.post("/match-pools/double/close")).json()["state"] == "closed"
    assert await funds(desk) == {"general": (3_000, 0), "sponsor": (48_500, 0)}


async def test_a_long_campaign_owes_reports_every_three_months_and_says_which_are_late(desk: Desk) -> None:
    await opened(desk)
    due = (await desk.get("/public/campaigns/giving-day", who=None)).json()["reports"]
    assert [(one["due"], one["state"]) for one in due] == [("2027-02-01", "due"), ("2027-05-01", "due"), ("2027-09-30", "due")]
    early = await desk.post("/campaigns/giving-day/reports", {"due": "2027-02-01", "url": "https://example.org/1"})
    assert early.json()["type"] == "urn:kapok:problem:ReportTooEarly"
    desk.turn(days=100)
    other = await desk.post(
        "/campaigns/giving-day/reports", {"due": "2027-02-01", "url": "https://example.org/1"}, who="charity", org="other"
    )
    assert other.status_code == 403
    shown = (await desk.get("/public/campaigns/giving-day", who=None)).json()["reports"]
    assert shown[0]["state"] == "overdue"
    own = await desk.post(
        "/campaigns/giving-day/reports", {"due": "2027-02-01", "url": "https://example.org/1"}, who="charity", org="helpers"
    )
    assert (own.status_code, own.json()["reports"][0]["state"]) == (200, "handed_in")


async def test_a_campaign_that_may_not_be_or_is_over_takes_nothing(desk: Desk) -> None:
    await opened(desk)
    young = await desk.post("/campaigns", {**CAMPAIGN, "id": "young", "registered_on": "2025-11-02"})
    assert (young.status_code, young.json()["type"]) == (409, "urn:kapok:problem:CampaignNotQualified")
    assert (await desk.post("/campaigns", {**CAMPAIGN, "fund_id": "nobody", "id": "x"})).status_code == 404
    assert (await desk.post("/campaigns", {**CAMPAIGN, "project_id": "nobody", "id": "x"})).status_code == 404
    assert (await desk.post("/projects", {"id": "homes", "name": "Homes", "org_id": "helpers"})).status_code == 201
    assert (await desk.post("/campaigns", {**CAMPAIGN, "project_id": "homes", "id": "homes-1"})).status_code == 201
    nothing = await desk.post("/donations", {**gift("g", 5), "campaign_id": "nothing"})
    assert nothing.json()["type"] == "urn:kapok:problem:CampaignUnknown"
    await desk.post("/campaigns/giving-day/close")
    assert (await desk.post("/donations", gift("today", 5))).status_code == 201, "its last day is today"
    desk.turn(days=1)
    over = await desk.post("/donations", gift("late", 5))
    assert (over.status_code, over.json()["type"]) == (409, "urn:kapok:problem:CampaignNotRunning")
    assert (await desk.post("/match-pools", {**POOL, "id": "huge", "amount_fen": 10**9})).json()[
        "type"
    ] == "urn:kapok:problem:FundLacksMoney"
    assert (await desk.get("/match-pools/huge")).status_code == 404, "nothing half-done"


async def test_terms_that_make_no_sense_name_their_field(desk: Desk) -> None:
    await opened(desk)
    of_campaigns: list[tuple[str, Any]] = [("goal_fen", 0), ("goal_fen", "5"), ("first_day", "yesterday"), ("permit", ""), ("id", "a b")]
    for field, value in of_campaigns:
        wrong = await desk.post("/campaigns", {**CAMPAIGN, "id": "new", field: value})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, f"/{field}"), field
    of_pools: list[tuple[str, Any]] = [("amount_fen", -1), ("give", 0), ("per", 1.5), ("mode", "lottery"), ("donation_max_fen", 0)]
    for field, value in of_pools:
        wrong = await desk.post("/match-pools", {**POOL, "id": "new", field: value})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, f"/{field}"), field
    both = await desk.post("/donations", {**gift("g", 5), "fund_id": "general"})
    assert both.status_code == 422
    for path in ("/campaigns/x", "/match-pools/x", "/match-pools/x/matches", "/match-pools/double/matches/x", "/public/campaigns/x"):
        assert (await desk.get(path)).status_code == 404, path
    for who in ("charity", "caseworker", "approver"):
        assert (await desk.post("/campaigns", CAMPAIGN, who=who, org="helpers" if who == "charity" else None)).status_code == 403


async def test_everybody_reads_a_campaign_its_rule_and_its_reports_in_both_languages(desk: Desk) -> None:
    await opened(desk, give=1, per=2, donor_day_max_fen=2_500)
    await desk.post("/donations", gift("g-1", 1_500))
    desk.turn(days=100)
    page = await read(desk, "/disbursement/public/campaigns/giving-day", None)
    for shown in ("September", "15.00", "10,000.00", "For every 2 yuan that somebody gives, 1 yuan are added", "At most 20.00 yuan are added to one gift",
                  "At most 25.00 yuan are added for one donor on one day", "as they come", "7.50", "GZ-2026-1", "overdue", "1 February 2027"):  # fmt: skip
        assert shown in page, shown
    chinese = await read(desk, "/disbursement/public/campaigns/giving-day", None, "zh")
    for shown in ("九月", "每捐 2 元，配捐 1 元", "先到先得", "已逾期"):
        assert shown in chinese, shown
    assert "/disbursement/public/campaigns/giving-day" in await read(desk, "/disbursement/public/campaigns", None)
    await read(desk, "/disbursement/public/campaigns/nothing", None, status=404)
    await desk.post("/match-pools/double/close")
    assert "closed" in await read(desk, "/disbursement/public/campaigns/giving-day", None)
