"""Money that moves by people's word, through the door: between funds, back to donors, and funds that close."""

from __future__ import annotations

from typing import Any

from tests.disbursement.conftest import Desk

MOVE: dict[str, Any] = {"id": "t-1", "from_fund": "general", "to_fund": "students", "amount_fen": 300, "reason": "city_decision"}


async def two_funds(desk: Desk) -> None:
    await desk.funded(1_000)
    assert (await desk.post("/funds", {"id": "students", "name": "Students", "programmes": ["GOV-STUDENT"]})).status_code == 201


async def sums(desk: Desk, fund_id: str) -> tuple[int, int]:
    fund = (await desk.get(f"/funds/{fund_id}")).json()
    return fund["available_fen"], fund["spent_fen"]


async def test_a_transfer_moves_when_another_person_agrees_and_once(desk: Desk) -> None:
    await two_funds(desk)
    first = await desk.post("/transfers", MOVE, who="finance-1")
    assert (first.status_code, first.json()["state"], await sums(desk, "general")) == (201, "proposed", (1_000, 0))
    assert (await desk.post("/transfers", MOVE, who="finance-1")).json() == first.json()
    own = await desk.post("/transfers/t-1/confirm", who="finance-1")
    assert (own.status_code, own.json()["type"]) == (409, "urn:kapok:problem:AnotherPersonConfirms")
    for _ in range(2):
        assert (await desk.post("/transfers/t-1/confirm", who="finance-2")).json()["state"] == "done"
    assert (await sums(desk, "general"), await sums(desk, "students")) == ((700, 0), (300, 0))
    row = (await desk.get("/transfers", state="done")).json()["items"][0]
    assert (row["transfer_id"], row["proposed_by"], row["decided_by"]) == ("t-1", "finance-1", "finance-2")
    assert (await desk.get("/ledger/trial-balance")).json()["balanced"] is True


async def test_what_the_funds_do_not_allow_stays_proposed_and_nothing_moves(desk: Desk) -> None:
    await two_funds(desk)
    await desk.post("/transfers", {**MOVE, "amount_fen": 1_001}, who="finance-1")
    no = await desk.post("/transfers/t-1/confirm", who="finance-2")
    assert (no.status_code, no.json()["type"], no.json()["facts"]["available_fen"]) == (409, "urn:kapok:problem:FundLacksMoney", 1_000)
    assert (await desk.get("/transfers")).json()["items"][0]["state"] == "proposed"
    assert (await desk.post("/transfers/t-1/refuse", who="finance-2")).json()["state"] == "refused"
    assert (await desk.post("/transfers/t-1/confirm", who="finance-2")).json()["type"] == "urn:kapok:problem:TransferIsOver"
    back = {**MOVE, "id": "t-2", "from_fund": "students", "to_fund": "general"}
    await desk.post("/donations", {"donation_ref": "s", "kind": "cash", "fund_id": "students", "amount_fen": 500})
    await desk.post("/transfers", back, who="finance-1")
    loose = await desk.post("/transfers/t-2/confirm", who="finance-2")
    assert loose.json()["type"] == "urn:kapok:problem:TransferLoosensFund"
    assert (await sums(desk, "general"), await sums(desk, "students")) == ((1_000, 0), (500, 0))


async def test_a_transfer_that_is_none_is_answered_with_the_field(desk: Desk) -> None:
    await two_funds(desk)
    for field, value in (("amount_fen", 0), ("amount_fen", -5), ("amount_fen", 1.5), ("amount_fen", "300"), ("amount_fen", True),
                         ("amount_fen", 10**15), ("reason", "because"), ("id", "a b"), ("to_fund", "")):  # fmt: skip
        wrong = await desk.post("/transfers", {**MOVE, field: value}, who="finance-1")
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, f"/{field}"), (field, value)
    assert (await desk.post("/transfers", {**MOVE, "to_fund": "nobody"}, who="finance-1")).status_code == 404
    for call in ("confirm", "refuse"):
        assert (await desk.post(f"/transfers/nothing/{call}", who="finance-2")).status_code == 404
    for who in ("charity", "caseworker", "auditor", "ops"):
        assert (await desk.post("/transfers", MOVE, who=who, org="helpers" if who == "charity" else None)).status_code == 403


async def test_money_goes_back_to_a_donor_by_two_people_and_the_public_sees_it(desk: Desk) -> None:
    await desk.funded(1_000)
    given = (await desk.get("/donations")).json()["items"][0]["donation_id"]
    at = f"/donations/{given}/refund"
    early = await desk.post(f"{at}/confirm", who="finance-2")
    assert early.json()["type"] == "urn:kapok:problem:NoRefundAsked"
    waits = (await desk.post(at, {"amount_fen": 600, "reason": "donor_asked"}, who="finance-1")).json()["waits"]
    assert waits == {"amount_fen": 600, "reason": "donor_asked", "asked_by": "finance-1"}
    assert (await desk.post(f"{at}/confirm", who="finance-1")).json()["type"] == "urn:kapok:problem:AnotherPersonRefunds"
    assert (await desk.post(f"{at}/confirm", who="finance-2")).json()["refunded_fen"] == 600
    assert (await desk.post(f"{at}/confirm", who="finance-2")).status_code == 409, "once"
    assert await sums(desk, "general") == (400, 0)
    more = await desk.post(at, {"amount_fen": 401, "reason": "donor_asked"}, who="finance-1")
    assert (more.json()["type"], more.json()["facts"]["left_fen"]) == ("urn:kapok:problem:RefundMoreThanGiven", 400)
    kinds = [(e["kind"], e["amount_fen"]) for e in (await desk.get("/public/entries", who=None)).json()["items"]]
    assert kinds == [("refund", 600), ("donation", 1_000)]
    assert (await desk.get("/donations")).json()["items"][0]["refunded_fen"] == 600


async def test_what_is_spent_or_promised_does_not_go_back(desk: Desk) -> None:
    await desk.funded(100_000)
    await desk.granted("case-1", 60_000)
    given = (await desk.get("/donations")).json()["items"][0]["donation_id"]
    await desk.post(f"/donations/{given}/refund", {"amount_fen": 50_000, "reason": "donor_asked"}, who="finance-1")
    no = await desk.post(f"/donations/{given}/refund/confirm", who="finance-2")
    assert (no.json()["type"], no.json()["facts"]["available_fen"]) == ("urn:kapok:problem:FundLacksMoney", 40_000)
    assert await sums(desk, "general") == (40_000, 0)


async def test_a_fund_closes_when_nothing_is_left_and_takes_nothing_more(desk: Desk) -> None:
    await two_funds(desk)
    no = await desk.post("/funds/general/close")
    assert (no.status_code, no.json()["type"], no.json()["facts"]["available_fen"]) == (409, "urn:kapok:problem:FundNotEmpty", 1_000)
    assert (await desk.post("/funds/students/close")).json()["closed"] is True
    late = await desk.post("/donations", {"donation_ref": "late", "kind": "cash", "fund_id": "students", "amount_fen": 5})
    assert (late.status_code, late.json()["type"]) == (409, "urn:kapok:problem:FundIsClosed")
    assert (await desk.post("/funds/nobody/close")).status_code == 404


async def test_a_fund_for_one_need_pays_for_no_other(desk: Desk) -> None:
    await desk.funded(1_000_000, "homes", purposes=["housing"])
    other = await desk.granted("case-1", fund_id="homes")
    assert (await desk.state(other)).status == "refused"
    assert (await desk.get("/payouts", state="refused")).json()["items"][0]["reason"] == "FundNotForPurpose"
    await desk.funded(1_000_000, "living", purposes=["livelihood"])
    fitting = await desk.granted("case-2")
    assert ((await desk.state(fitting)).status, (await desk.get(f"/payouts/{fitting}")).json()["fund_id"]) == ("reserved", "living")
