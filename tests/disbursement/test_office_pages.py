"""The office's pages of money that moves by people's word, as they are filled in: campaigns, pools, transfers, refunds, closed funds."""

from __future__ import annotations

import re

import httpx

from shared.web.session import LANGUAGE, SESSION
from tests.disbursement.conftest import Desk
from tests.disbursement.test_campaigns_api import CAMPAIGN, gift, opened
from tests.disbursement.test_pages import read
from tests.disbursement.test_transfers_api import MOVE, sums, two_funds

HOME = "/disbursement"


async def sends(desk: Desk, path: str, who: str = "finance-1", org: str | None = None, page: str = "", **fields: str) -> httpx.Response:
    """A form of a page that this person opened, with these fields."""
    desk.client.cookies.clear()
    desk.client.cookies.set(LANGUAGE, "en")
    desk.client.cookies.set(SESSION, desk.headers(who, org)["authorization"].removeprefix("Bearer "))
    shown = await desk.client.get(page or path)
    token = re.search(r'name="form_token" value="(\w+)"', shown.text)
    assert token is not None, shown.text
    answer = await desk.client.post(path, data={"form_token": token[1], **fields})
    desk.client.cookies.clear()
    return answer


async def waits(desk: Desk, who: str) -> str:
    page = await read(desk, f"{HOME}/desk", who)
    return page.partition("What waits for you")[2].partition("Waiting for approval")[0]


async def test_a_transfer_is_proposed_on_a_page_and_waits_for_another_person(desk: Desk) -> None:
    await two_funds(desk)
    asked = {"id": "t-9", "from_fund": "general", "to_fund": "students", "yuan": "3.00", "reason": "city_decision"}
    for _ in range(2):
        assert (await sends(desk, f"{HOME}/transfers", **asked)).headers["location"].startswith(f"{HOME}/transfers/t-9")
    desk.turn(hours=50)
    assert "Another person has to confirm it." in await waits(desk, "finance-1")
    for shown in ("A transfer between funds", "3.00", "2 days", "Confirm it, or turn it down."):
        assert shown in await waits(desk, "finance-2"), shown
    assert "Waits for somebody else" in await waits(desk, "auditor")
    own = await sends(desk, f"{HOME}/transfers/t-9", act="confirm")
    assert (own.status_code, "Whoever proposed a transfer does not confirm it." in own.text) == (409, True)
    assert (await sends(desk, f"{HOME}/transfers/t-9", "finance-2", act="confirm")).status_code == 303
    assert (await sums(desk, "general"), await sums(desk, "students")) == ((700, 0), (300, 0))
    assert "transfer" not in await waits(desk, "finance-2")
    assert "moved" in await read(desk, f"{HOME}/transfers/t-9", "auditor")


async def test_a_transfer_that_may_not_be_is_refused_with_the_reason_and_the_field(desk: Desk) -> None:
    await two_funds(desk)
    asked = {"id": "t-9", "from_fund": "general", "to_fund": "students", "yuan": "three", "reason": ""}
    wrong = await sends(desk, f"{HOME}/transfers", **asked)
    assert (wrong.status_code, 'href="#yuan"' in wrong.text, 'href="#reason"' in wrong.text) == (422, True, True)
    unknown = await sends(desk, f"{HOME}/transfers", **{**asked, "yuan": "3", "reason": "correction", "to_fund": "nobody"})
    assert (unknown.status_code, "There is no such fund" in unknown.text) == (422, True)
    await desk.post("/transfers", {**MOVE, "amount_fen": 1_001}, who="finance-1")
    no = await sends(desk, f"{HOME}/transfers/t-1", "finance-2", act="confirm")
    assert (no.status_code, "The fund has too little left" in no.text or "fund" in no.text) == (409, True)
    assert (await sends(desk, f"{HOME}/transfers/t-1", "finance-2", act="burn")).status_code == 422
    assert (await sends(desk, f"{HOME}/transfers/t-1", "finance-2", act="refuse")).status_code == 303
    assert (await sums(desk, "general")) == (1_000, 0)
    await read(desk, f"{HOME}/transfers/none", "finance", status=404)
    await read(desk, f"{HOME}/transfers", "charity", status=403)


async def test_a_donation_goes_back_when_another_person_agrees_and_not_when_they_do_not(desk: Desk) -> None:
    await desk.funded(1_000)
    given = (await desk.get("/donations")).json()["items"][0]["donation_id"]
    at = f"{HOME}/donations/{given}"
    too_much = await sends(desk, at, act="ask", yuan="10.01", reason="donor_asked")
    assert (too_much.status_code, "No more goes back than was given" in too_much.text) == (409, True)
    wrong = await sends(desk, at, act="ask", yuan="", reason="because")
    assert (wrong.status_code, 'href="#yuan"' in wrong.text, 'href="#reason"' in wrong.text) == (422, True, True)
    assert (await sends(desk, at, act="ask", yuan="6", reason="donor_asked")).status_code == 303
    assert "Another person has to confirm it." in await waits(desk, "finance-1")
    desk.turn(hours=3)
    for shown in ("A refund to a donor", "6.00", "3 hours", "Agree, or turn it down."):
        assert shown in await waits(desk, "approver"), shown
    own = await sends(desk, at, act="confirm")
    assert (own.status_code, "Whoever asked for a refund does not confirm it." in own.text) == (409, True)
    unsaid = await sends(desk, at, "approver", act="refuse", no_reason="")
    assert (unsaid.status_code, 'href="#no_reason"' in unsaid.text) == (422, True)
    assert (await sends(desk, at, "approver", act="refuse", no_reason="not_the_donor")).status_code == 303
    assert "refund" not in await waits(desk, "approver")
    assert await sums(desk, "general") == (1_000, 0)
    late = await sends(desk, at, "approver", page=f"{HOME}/desk", act="confirm")
    assert (late.status_code, "Nobody has asked" in late.text) == (409, True)
    await sends(desk, at, act="ask", yuan="6", reason="donor_asked")
    assert (await sends(desk, at, "approver", act="confirm")).status_code == 303
    assert await sums(desk, "general") == (400, 0)
    page = await read(desk, at, "auditor")
    assert "The refund was turned down" in page
    assert "A second person agreed" in page
    assert (await sends(desk, at, "approver", page=f"{HOME}/desk", act="ask", yuan="1", reason="donor_asked")).status_code == 422


async def test_a_fund_is_closed_on_its_page_when_nothing_is_left(desk: Desk) -> None:
    await two_funds(desk)
    no = await sends(desk, f"{HOME}/funds/general")
    assert (no.status_code, "A fund is closed once nothing is available or set aside in it." in no.text) == (409, True)
    assert (await sends(desk, f"{HOME}/funds/students")).status_code == 303
    assert "closed" in await read(desk, f"{HOME}/funds/students", "auditor")
    assert "Students" not in (await read(desk, f"{HOME}/transfers", "finance")).partition("To the fund")[2], "it takes nothing more in"
    await read(desk, f"{HOME}/funds/none", "finance", status=404)


TERMS = {name: str(CAMPAIGN[name]) for name in ("id", "name", "org_id", "fund_id", "first_day", "last_day", "registered_on", "permit")}


async def test_a_campaign_is_opened_on_a_page_and_a_wrong_field_is_named(desk: Desk) -> None:
    await desk.funded(5_000, "general")
    for field, value in (("goal", "much"), ("first_day", ""), ("id", "a b"), ("permit", "")):
        wrong = await sends(desk, f"{HOME}/campaigns", **{**TERMS, "goal": "100", field: value})
        assert (wrong.status_code, f'href="#{field}"' in wrong.text) == (422, True), field
    young = await sends(desk, f"{HOME}/campaigns", **{**TERMS, "goal": "100", "registered_on": "2026-05-01"})
    assert (young.status_code, "has not been registered for a year" in young.text) == (409, True)
    good = await sends(desk, f"{HOME}/campaigns", **{**TERMS, "goal": "10,000"})
    assert good.headers["location"].startswith(f"{HOME}/campaigns/giving-day")
    page = await read(desk, f"{HOME}/campaigns/giving-day", "finance")
    assert "10,000.00" in page
    assert (await sends(desk, f"{HOME}/campaigns", "auditor", page="/disbursement/desk", **TERMS)).status_code == 403


async def test_a_pool_is_opened_on_the_campaigns_page_and_each_fen_of_it_is_explained(desk: Desk) -> None:
    await opened(desk)
    at = f"{HOME}/campaigns/giving-day"
    asked = {"act": "pool", "pool_id": "second", "pool_fund": "sponsor", "amount": "20", "give": "1", "per": "2", "mode": "first_come"}
    for field, value in (("amount", "0"), ("give", "x"), ("per", "0"), ("mode", "luck"), ("donation_max_fen", "-1")):
        wrong = await sends(desk, at, **{**asked, field: value})
        assert (wrong.status_code, f'href="#{field}"' in wrong.text) == (422, True), field
    lacks = await sends(desk, at, **{**asked, "amount": "100000"})
    assert lacks.status_code == 409
    assert (await sends(desk, at, **{**asked, "donation_max_fen": "15"})).status_code == 303
    await desk.post("/donations", gift("g-1", 5_000))
    page = await read(desk, f"{HOME}/match-pools/second", "auditor")
    for shown in ("50.00", "25.00", "15.00", "Cut by the most for one gift", "5.00"):
        assert shown in page, shown
    page = await read(desk, f"{HOME}/match-pools/double", "finance")
    assert "Cut by the most for one gift" in page
    assert (await sends(desk, f"{HOME}/match-pools/second")).status_code == 303
    assert "Freed again" in await read(desk, f"{HOME}/match-pools/second", "finance")
    await read(desk, f"{HOME}/match-pools/none", "finance", status=404)


async def test_by_pro_rata_the_page_says_what_is_possible_and_then_the_share(desk: Desk) -> None:
    await opened(desk, mode="pro_rata", amount_fen=1_000, donation_max_fen=None)
    for n, fen in enumerate((100, 1_000, 2_000)):
        await desk.post("/donations", gift(f"g-{n}", fen))
    page = await read(desk, f"{HOME}/match-pools/double", "finance")
    assert "At most; it is shared when the pool closes" in page
    await sends(desk, f"{HOME}/match-pools/double")
    page = await read(desk, f"{HOME}/match-pools/double", "finance")
    for shown in ("0.32", "3.23", "6.45", "Its share of a pool that was too small for all"):
        assert shown in page, shown


async def test_reports_wait_from_when_they_may_be_handed_in_and_late_ones_are_late(desk: Desk) -> None:
    await opened(desk)
    at = f"{HOME}/campaigns/giving-day"
    assert "report" not in await waits(desk, "finance")
    desk.turn(days=100)
    for shown in ("A report is late", "Hand it in today"):
        assert shown in await waits(desk, "finance"), shown
    assert "Late by" in await read(desk, at, "finance")
    report = {"act": "report", "due": "2027-02-01", "url": "https://example.org/report"}
    other = await sends(desk, at, "charity", "other", f"{HOME}/campaigns", **report)
    assert other.status_code == 403
    for field, value in (("url", "nowhere"), ("due", "soon")):
        wrong = await sends(desk, at, **{**report, field: value})
        assert (wrong.status_code, f'href="#{field}"' in wrong.text) == (422, True), field
    early = await sends(desk, at, **{**report, "due": "2027-05-01"})
    assert (early.status_code, "is not over" in early.text) == (409, True)
    assert (await sends(desk, at, "charity", "helpers", **report)).status_code == 303
    assert "report" not in await waits(desk, "finance")
    assert (await sends(desk, at, "charity", "helpers", act="close")).status_code == 422, "an organisation does not end a campaign"
    assert (await sends(desk, at, act="close")).status_code == 303
    assert "Ended earlier than planned" in await read(desk, at, "finance")


async def test_an_organisation_sees_its_own_campaigns_in_the_office(desk: Desk) -> None:
    await opened(desk)
    desk.client.cookies.clear()
    for org, sees in (("helpers", True), ("other", False)):
        desk.client.cookies.set(SESSION, desk.headers("charity", org)["authorization"].removeprefix("Bearer "))
        assert ("九月" in (await desk.client.get(f"{HOME}/campaigns")).text) is sees, org
        desk.client.cookies.clear()


async def test_the_desk_says_what_waits_at_the_bank_and_among_payouts(desk: Desk) -> None:
    await desk.funded(1_000_000)
    await desk.granted("case-1", 100_000)
    page = await waits(desk, "approver")
    for shown in ("Payments that wait for approval", "1,000.00", "Approve or refuse each."):
        assert shown in page, shown
    assert "Waits for somebody else" in await waits(desk, "finance")


async def test_a_payment_that_the_bank_did_not_make_says_why_in_words(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted("case-1", account="6222020000000404")
    await desk.approved(payout_id)
    await desk.until(payout_id, "rejected")
    page = await read(desk, f"{HOME}/payouts/{payout_id}", "finance")
    assert "The account is closed" in page
    assert "AC04" not in page
    assert "银行" in (await read(desk, f"{HOME}/payouts/{payout_id}", "finance", "zh")).partition("<ol")[2]
