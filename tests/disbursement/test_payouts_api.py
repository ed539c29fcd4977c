"""Payouts through the door: who sees them, who approves, and what is answered to a second try."""

from __future__ import annotations

import asyncio
from typing import Any

from services.disbursement.domain.payout import NoteBankAnswer
from services.disbursement.reactions import payout_key
from shared.service import To
from shared.testing.alone import NOW
from tests.disbursement.conftest import PROGRAMME, Desk

CLOSED_ACCOUNT = "6222020000000404"
RICE = [{"sku": "rice", "quantity": 2}]


async def _in_the_stores(desk: Desk, quantity: int = 9) -> None:
    given = {"donation_ref": "shop", "kind": "goods", "items": [{"sku": "rice", "quantity": quantity, "value_fen": quantity * 50_000}]}
    assert (await desk.post("/donations", given)).status_code == 201


async def test_a_payout_is_shown_without_the_person(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted("case-1", 200_000)
    shown = (await desk.get(f"/payouts/{payout_id}")).json()
    assert shown == {
        "payout_id": payout_id, "case_id": "case-1", "referral_id": "referral-case-1", "org_id": "helpers", "programme": "TEMP-URGENT",
        "period": "2026", "district": "440106011", "kind": "cash", "fund_id": "general", "amount_fen": 200_000, "items": [],
        "state": "reserved", "approvals_needed": 1, "approved_by": [], "end_to_end_id": payout_id.replace("-", ""), "receipt": None,
        "followed_up": None, "version": 2,
    }  # fmt: skip
    assert "person-case-1" not in (await desk.get("/payouts")).text


async def test_payouts_are_listed_by_what_is_known_of_them(desk: Desk) -> None:
    await desk.funded(1_000_000)
    ids: list[str] = []
    kinds: list[dict[str, Any]] = [{}, {"programme": "GOV-MEDICAL"}, {"org_id": "others"}]
    for n, more in enumerate(kinds):
        ids.append(await desk.granted(f"case-{n}", **more))
        desk.turn(seconds=1)
    await desk.post(f"/payouts/{ids[0]}/refuse", {"reason": "other"}, who="approver")
    for query, expected in (
        ({}, [2, 1, 0]), ({"state": "reserved"}, [2, 1]), ({"state": "refused"}, [0]), ({"case_id": "case-1"}, [1]), ({"state": "x"}, []),
        ({"referral_id": "referral-case-2"}, [2]), ({"programme": "GOV-MEDICAL"}, [1]),
    ):  # fmt: skip
        items = (await desk.get("/payouts", **query)).json()["items"]
        assert [i["payout_id"] for i in items] == [ids[n] for n in expected], query
    first = (await desk.get("/payouts", limit=2)).json()
    second = (await desk.get("/payouts", limit=2, cursor=first["next"])).json()
    assert ([i["payout_id"] for i in second["items"]], second["next"]) == ([ids[0]], None)
    assert (await desk.get("/payouts", limit=0)).status_code == 422


async def test_a_charity_sees_the_payouts_of_its_own_grants(desk: Desk) -> None:
    await desk.funded(1_000_000)
    mine, other = await desk.granted("case-1"), await desk.granted("case-2", org_id="others")
    seen = (await desk.get("/payouts", who="charity", org="helpers")).json()["items"]
    assert [i["payout_id"] for i in seen] == [mine]
    assert (await desk.get(f"/payouts/{mine}", who="charity", org="helpers")).status_code == 200
    assert (await desk.get(f"/payouts/{other}", who="charity", org="helpers")).status_code == 404
    assert (await desk.get("/payouts", who="charity")).json()["items"] == []
    assert (await desk.get(f"/payouts/{mine}", who="charity")).status_code == 404
    answer = await desk.post(f"/payouts/{other}/confirm-receipt", {}, who="charity", org="helpers")
    assert answer.status_code == 404


async def test_an_unknown_payout_is_not_found_by_any_call(desk: Desk) -> None:
    assert (await desk.get("/payouts/nobody")).status_code == 404
    calls: tuple[tuple[str, Any, str], ...] = (
        ("approve", None, "approver"), ("refuse", {"reason": "other"}, "approver"), ("cancel", {}, "finance"),
        ("resolve", {"outcome": "settled"}, "finance"), ("confirm-receipt", {}, "operator"),
        ("follow-up", {"outcome": "recall_asked"}, "finance"),
    )  # fmt: skip
    for call, body, who in calls:
        answer = await desk.post(f"/payouts/nobody/{call}", body, who=who)
        assert (answer.status_code, answer.json()["detail"]) == (404, "no such payout"), call
    assert (await desk.get("/public/proof/nobody", who=None)).status_code == 404


async def test_a_payout_is_seen_as_it_was(desk: Desk) -> None:
    await desk.funded(1_000_000)
    desk.turn(hours=1)
    payout_id = await desk.granted()
    desk.turn(hours=1)
    await desk.approved(payout_id)
    await desk.until(payout_id, "settled")
    then = (await desk.get(f"/payouts/{payout_id}", as_of="2026-11-23T11:30:00+08:00")).json()
    assert (then["state"], (await desk.get(f"/payouts/{payout_id}")).json()["state"]) == ("reserved", "settled")
    assert (await desk.get(f"/payouts/{payout_id}", as_of=NOW.isoformat())).status_code == 404
    naive = await desk.get(f"/payouts/{payout_id}", as_of="2026-11-23T11:30:00")
    assert (naive.status_code, naive.json()["errors"][0]["pointer"]) == (422, "/query/as_of")


async def test_a_body_that_is_wrong_is_answered_with_the_field(desk: Desk) -> None:
    await desk.funded(1_000_000)
    at = f"/payouts/{await desk.granted()}"
    calls: tuple[tuple[str, Any, str, str], ...] = (
        (f"{at}/refuse", {}, "/reason", "approver"), (f"{at}/refuse", {"reason": "Because I say so"}, "/reason", "approver"),
        (f"{at}/cancel", {"reason": 5}, "/reason", "finance"), (f"{at}/resolve", {"outcome": "perhaps"}, "/outcome", "finance"),
        (f"{at}/resolve", {}, "/outcome", "finance"), (f"{at}/confirm-receipt", {"answer": "all"}, "/answer", "finance"),
        ("/payouts:approve", {"ids": []}, "/ids", "approver"), ("/payouts:approve", {"ids": ["a b"]}, "/ids/0", "approver"),
        ("/payouts:approve", {"id": ["x"]}, "/ids", "approver"),
    )  # fmt: skip
    for path, body, pointer, who in calls:
        answer = await desk.post(path, body, who=who)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), (path, body)
    assert (await desk.get(at)).json()["state"] == "reserved"


async def test_one_approves_a_small_sum_and_a_second_try_changes_nothing(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted("case-1", 200_000)
    first = await desk.approved(payout_id, "approver-1")
    assert (first.status_code, first.json()["state"], first.json()["approved_by"]) == (200, "instructed", ["approver-1"])
    again = await desk.approved(payout_id, "approver-1")
    other = await desk.approved(payout_id, "approver-2")
    assert (again.status_code, other.status_code) == (200, 200)
    await desk.until(payout_id, "settled")
    assert (await desk.facts(payout_id)).count("PayoutInstructed") == 1
    assert [p.asked for p in desk.bank.payments.values()] == [1]


async def test_two_different_people_approve_a_large_sum(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted("case-1", 200_001)
    first = (await desk.approved(payout_id, "approver-1")).json()
    assert (first["state"], first["approvals_needed"], first["approved_by"]) == ("reserved", 2, ["approver-1"])
    twice = await desk.approved(payout_id, "approver-1")
    assert (twice.status_code, twice.json()["type"]) == (409, "urn:kapok:problem:SamePersonTwice")
    assert twice.json()["facts"] == {"approvals": 1, "needed": 2}
    assert desk.bank.payments == {}
    assert (await desk.approved(payout_id, "approver-2")).json()["approved_by"] == ["approver-1", "approver-2"]
    await desk.until(payout_id, "settled")


async def test_whoever_asked_for_the_money_may_not_approve_it(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted()
    own = await desk.post(f"/payouts/{payout_id}/approve", who="approver", org="helpers")
    assert (own.status_code, own.json()["type"]) == (409, "urn:kapok:problem:RequesterMayNotApprove")
    assert (await desk.state(payout_id)).status == "reserved"


async def test_two_approvals_at_the_same_moment_are_one_instruction(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted("case-1", 300_000)
    answers = await asyncio.gather(*[desk.approved(payout_id, f"approver-{n}") for n in (1, 2, 1, 2)])
    assert {a.status_code for a in answers} <= {200, 409}
    await desk.until(payout_id, "settled")
    assert (await desk.facts(payout_id)).count("PayoutInstructed") == 1
    assert sorted((await desk.state(payout_id)).approved_by) == ["approver-1", "approver-2"]


async def test_many_approvals_are_answered_one_by_one_in_order(desk: Desk) -> None:
    await desk.funded(1_000_000)
    await _in_the_stores(desk)
    small, large = await desk.granted("case-1", 100), await desk.granted("case-2", 300_000)
    goods, lacking = await desk.granted("case-3", items=RICE), await desk.granted("case-4", 9_000_000)
    await desk.approved(large, "approver-1")
    ids = [lacking, small, "nobody", large, goods, small]
    answer = await desk.post("/payouts:approve", {"ids": ids}, who="approver-1")
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [i["payout_id"] for i in items] == ids[:-1]
    assert [i["status"] for i in items] == ["refused", "approved", "refused", "refused", "approved"]
    problems = [i["problem"]["type"].rsplit(":", 1)[1] for i in items if i["status"] == "refused"]
    assert problems == ["PayoutNotReserved", "NotFound", "SamePersonTwice"]
    assert [i["state"] for i in items if i["status"] == "approved"] == ["instructed", "settled"]
    await desk.until(small, "settled")
    too_many = await desk.post("/payouts:approve", {"ids": [f"p{n}" for n in range(1001)]}, who="approver")
    assert too_many.status_code == 422


async def test_the_same_key_gives_the_same_answer_to_an_approval(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted("case-1", 300_000)
    first = await desk.post(f"/payouts/{payout_id}/approve", who="approver-1", Idempotency_Key="a-1")
    again = await desk.post(f"/payouts/{payout_id}/approve", who="approver-1", Idempotency_Key="a-1")
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    own = await desk.post(f"/payouts/{payout_id}/approve", who="approver-2", Idempotency_Key="a-1")
    assert own.json()["state"] == "instructed"


async def test_a_no_frees_what_was_held(desk: Desk) -> None:
    await desk.funded(100_000)
    await _in_the_stores(desk, 2)
    cash, goods = await desk.granted("case-1", 100_000), await desk.granted("case-2", items=RICE)
    refused = await desk.post(f"/payouts/{cash}/refuse", {"reason": "wrong_amount"}, who="approver")
    assert refused.json()["state"] == "refused"
    cancelled = await desk.post(f"/payouts/{goods}/cancel", {}, who="finance")
    assert cancelled.json()["state"] == "cancelled"
    assert (await desk.get("/funds/general")).json()["available_fen"] == 100_000
    stock = (await desk.get("/goods")).json()["items"][0]
    assert (stock["units"], stock["held_units"], stock["value_fen"]) == (2, 0, 100_000)
    rows = (await desk.get("/payouts")).json()["items"]
    assert {r["payout_id"]: r["reason"] for r in rows} == {cash: "wrong_amount", goods: "asked"}
    late = await desk.approved(cash)
    assert (late.status_code, late.json()["type"]) == (409, "urn:kapok:problem:PayoutNotReserved")


async def test_what_the_bank_was_told_is_not_taken_back(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.paid()
    for call, body, who in (("refuse", {"reason": "other"}, "approver"), ("cancel", {}, "finance")):
        answer = await desk.post(f"/payouts/{payout_id}/{call}", body, who=who)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:kapok:problem:PayoutAlreadyOnItsWay")
    known = await desk.post(f"/payouts/{payout_id}/resolve", {"outcome": "rejected"})
    assert (known.status_code, known.json()["type"]) == (409, "urn:kapok:problem:PayoutNotUnknown")


async def test_what_cannot_be_reserved_is_refused_at_once_with_the_reason(desk: Desk) -> None:
    await desk.funded(1_000)
    await desk.funded(500_000, "students", programmes=["GOV-STUDENT"])
    await desk.funded(500_000, "tianhe", districts=["440106"])
    grants: tuple[tuple[int, dict[str, Any], str], ...] = (
        (1_000, {"fund_id": "nobody"}, "FundUnknown"), (1_001, {"fund_id": "general"}, "FundLacksMoney"), (1_001, {}, "NoFundFits"),
        (1_000, {"fund_id": "students"}, "FundNotForProgramme"), (1_000, {"fund_id": "tianhe"}, "FundNotForTerritory"),
        (0, {}, "NothingToReserve"), (0, {"items": RICE}, "StockLacksUnits"),
    )  # fmt: skip
    for n, (fen, grant, reason) in enumerate(grants):
        payout_id = await desk.granted(f"case-{n}", fen, district="440103001", **grant)
        shown = (await desk.get("/payouts", case_id=f"case-{n}")).json()["items"]
        assert [(p["payout_id"], p["state"], p["reason"]) for p in shown] == [(payout_id, "refused", reason)]
    assert (await desk.get("/funds/general")).json()["available_fen"] == 1_000
    assert (await desk.get("/ledger/entries", account="fund:general:reserved")).json()["items"] == []


async def test_a_grant_for_which_there_was_no_money_is_kept_when_there_is(desk: Desk) -> None:
    await desk.funded(1_000)
    payout_id = await desk.granted("case-1", 5_000)
    assert (await desk.state(payout_id)).status == "refused"
    await desk.post("/donations", {"donation_ref": "more", "kind": "cash", "fund_id": "general", "amount_fen": 9_000})
    assert await desk.granted("case-1", 5_000) == payout_id
    assert (await desk.get(f"/payouts/{payout_id}")).json()["state"] == "reserved"
    row = (await desk.get("/payouts")).json()["items"][0]
    assert (row["state"], row["reason"]) == ("reserved", None)


async def test_the_person_says_what_arrived_and_may_correct_it(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted()
    early = await desk.post(f"/payouts/{payout_id}/confirm-receipt", {"answer": "received"}, who="caseworker")
    assert (early.status_code, early.json()["type"]) == (409, "urn:kapok:problem:PayoutNotSettled")
    await desk.approved(payout_id)
    await desk.until(payout_id, "settled")
    for answer, state in (("partly", "settled"), ("received", "confirmed"), ("received", "confirmed"), ("not", "settled")):
        said = (await desk.post(f"/payouts/{payout_id}/confirm-receipt", {"answer": answer}, who="charity", org="helpers")).json()
        row = (await desk.get("/payouts")).json()["items"][0]
        assert (said["state"], said["receipt"]) == (row["state"], row["receipt"]) == (state, answer)
    assert (await desk.facts(payout_id)).count("ReceiptConfirmed") == 3


async def test_money_that_comes_back_is_there_again(desk: Desk) -> None:
    await desk.funded(100_000)
    payout_id = await desk.paid("case-1", 100_000)
    await desk.room.execute(To("payout", payout_id, NoteBankAnswer("returned", "2026-12", "closed")), actor="statement")
    assert (await desk.get(f"/payouts/{payout_id}")).json()["state"] == "returned"
    fund = (await desk.get("/funds/general")).json()
    assert (fund["available_fen"], fund["spent_fen"]) == (100_000, 0)
    totals = (await desk.get("/public/summary", who=None)).json()["totals"]
    assert (totals["payout"]["amount_fen"], totals["returned"]["amount_fen"]) == (100_000, 100_000)
    assert (await desk.get("/ledger/trial-balance")).json()["balanced"] is True


async def test_what_never_arrived_is_granted_anew_under_the_next_id_and_what_did_is_not(desk: Desk) -> None:
    """The bank keeps its first word under the first id; the person has the money once."""
    await desk.funded(1_000_000)
    first = await desk.granted(account=CLOSED_ACCOUNT)
    await desk.approved(first)
    await desk.until(first, "rejected")
    again = payout_key("case-1", PROGRAMME, "2026", 1, 2)
    await desk.granted(referral_id="referral-other")
    assert (await desk.state(again)).status == "reserved", "another charity may pay what the first could not"
    await desk.approved(again)
    await desk.until(again, "settled")
    assert (await desk.state(first)).status == "rejected"
    await desk.granted(referral_id="referral-third")
    shown = (await desk.get("/payouts", case_id="case-1")).json()["items"]
    assert sorted((p["state"], p["reason"]) for p in shown) == [
        ("refused", "EntitlementAlreadyGranted"), ("rejected", "AC04"), ("settled", None)
    ]  # fmt: skip
    told = desk.bank.payments
    assert {i: (told[i].status, told[i].amount_fen) for i in (first.replace("-", ""), again.replace("-", ""))} == {
        first.replace("-", ""): ("rejected", 100_000), again.replace("-", ""): ("settled", 100_000)
    }  # fmt: skip


async def test_an_account_that_always_fails_is_left_to_people(desk: Desk) -> None:
    await desk.funded(10_000_000)
    for attempt in range(1, 6):
        await desk.granted(account=CLOSED_ACCOUNT, referral_id=f"referral-{attempt}")
        payout_id = payout_key("case-1", PROGRAMME, "2026", 1, attempt)
        await desk.approved(payout_id)
        await desk.until(payout_id, "rejected")
    await desk.granted(referral_id="referral-6")
    states = [p["state"] for p in (await desk.get("/payouts", case_id="case-1")).json()["items"]]
    assert (states.count("rejected"), states.count("refused")) == (5, 1)
