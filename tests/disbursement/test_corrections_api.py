"""Sums put right through the door: by two people, in the books, on the public ledger with what is corrected and why, and nowhere edited."""

from __future__ import annotations

from typing import Any

from services.disbursement.domain.chain import entry_number
from services.disbursement.domain.payout import NoteBankAnswer
from services.tending import verify_ledger
from shared.service import To
from tests.disbursement.conftest import Desk
from tests.disbursement.outside import entry_hash
from tests.disbursement.test_verifier import VERIFIER

WRONG: dict[str, Any] = {"id": "k-1", "about": "donation", "subject_id": "", "to_fen": 90_000, "reason": "typed_wrong"}


async def put_right(desk: Desk, **told: Any) -> None:
    body = {**WRONG, **told}
    assert (await desk.post("/corrections", body, who="finance-1")).status_code == 201
    answer = await desk.post(f"/corrections/{body['id']}/confirm", who="finance-2")
    assert (answer.status_code, answer.json().get("state")) == (200, "done"), answer.text


async def chain(desk: Desk) -> list[dict[str, Any]]:
    return list(reversed((await desk.get("/public/entries", who=None, limit=500)).json()["items"]))


async def sums(desk: Desk) -> tuple[int, int, int]:
    fund = (await desk.get("/funds/general")).json()
    booked = (await desk.get("/funds/general/balance")).json()
    names = ("available_fen", "reserved_fen", "spent_fen")
    assert (await desk.get("/ledger/trial-balance")).json()["balanced"] is True
    assert [booked[name] for name in names] == [fund[name] for name in names], "the entries say what the fund says"
    return fund["available_fen"], fund["reserved_fen"], fund["spent_fen"]


async def verified(desk: Desk) -> list[str]:
    """What the stand-alone verifier says of what is published now, summary and all; our own command agrees."""
    heads = (await desk.get("/public/heads", who=None)).json()["items"]
    jwks = (await desk.client.get("/auth/jwks.json")).json()
    summary = (await desk.get("/public/summary", who=None)).json()
    told: list[str] = VERIFIER.checked(await chain(desk), heads, jwks, summary)
    await verify_ledger(desk.client, "")
    return told


async def test_a_donation_typed_wrong_is_put_right_by_two_people(desk: Desk) -> None:
    await desk.funded(100_000)
    given = (await desk.get("/donations")).json()["items"][0]["donation_id"]
    body = {**WRONG, "subject_id": given}
    first = await desk.post("/corrections", body, who="finance-1")
    assert (first.status_code, first.json()["state"], await sums(desk)) == (201, "proposed", (100_000, 0, 0))
    own = await desk.post("/corrections/k-1/confirm", who="finance-1")
    assert (own.status_code, own.json()["type"]) == (409, "urn:kapok:problem:AnotherPersonCorrects")
    for _ in range(2):
        assert (await desk.post("/corrections/k-1/confirm", who="approver-1")).json()["state"] == "done"
    assert await sums(desk) == (90_000, 0, 0)
    donation, correction = await chain(desk)
    assert (correction["kind"], correction["amount_fen"], correction["corrects"], correction["reason"]) == (
        "correction", -10_000, donation["entry_id"], "typed_wrong",
    )  # fmt: skip
    row = (await desk.get("/corrections", state="done")).json()["items"][0]
    assert (row["correction_id"], row["proposed_by"], row["decided_by"]) == ("k-1", "finance-1", "approver-1")
    assert (await desk.get("/donations")).json()["items"][0]["corrected_fen"] == 90_000
    totals = (await desk.get("/public/summary", who=None)).json()["totals"]
    assert (totals["donation"]["amount_fen"], totals["correction"]) == (100_000, {"count": 1, "amount_fen": -10_000, "units": 0})
    assert await verified(desk) == []


async def test_what_was_paid_is_put_right_up_and_down_and_to_nothing(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.paid()
    number = entry_number("payout", payout_id, "440106", "TEMP-URGENT")
    await put_right(desk, about="payout", subject_id=payout_id, to_fen=120_000, reason="bank_says_otherwise")
    assert await sums(desk) == (880_000, 0, 120_000)
    last = (await chain(desk))[-1]
    assert (last["kind"], last["amount_fen"], last["corrects"], last["reason"]) == ("correction", 20_000, number, "bank_says_otherwise")
    assert (last["programme"], last["district"]) == ("", "")
    assert (await desk.get(f"/payouts/{payout_id}")).json()["state"] == "settled"
    await put_right(desk, id="k-2", about="payout", subject_id=payout_id, to_fen=0, reason="audit_finding")
    assert await sums(desk) == (1_000_000, 0, 0)
    assert (await desk.state(payout_id)).status == "rejected"
    assert await verified(desk) == []
    await put_right(desk, id="k-3", about="payout", subject_id=payout_id, to_fen=100_000, reason="bank_says_otherwise")
    entries = await chain(desk)
    assert [e["entry_id"] for e in entries].count(number) == 1, "one payment is one entry, however often it is put right"
    assert (entries[-1]["kind"], entries[-1]["corrects"], entries[-1]["amount_fen"]) == ("correction", number, 100_000)
    assert (await desk.get("/public/summary", who=None)).json()["totals"]["payout"]["count"] == 1
    assert (await desk.get(f"/payouts/{payout_id}")).json()["amount_fen"] == 100_000
    assert (await sums(desk), await verified(desk)) == ((900_000, 0, 100_000), [])


async def test_what_was_paid_although_the_bank_had_said_no_is_published_as_paid(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.granted(account="6222020000000404")
    await desk.approved(payout_id)
    await desk.until(payout_id, "rejected")
    await put_right(desk, about="payout", subject_id=payout_id, to_fen=100_000, reason="bank_says_otherwise")
    last = (await chain(desk))[-1]
    assert (last["kind"], last["entry_id"], last["reason"]) == (
        "payout", entry_number("payout", payout_id, "440106", "TEMP-URGENT"), "bank_says_otherwise",
    )  # fmt: skip
    assert (await desk.state(payout_id)).status == "settled"
    assert await sums(desk) == (900_000, 0, 100_000)
    assert (await desk.post(f"/payouts/{payout_id}/confirm-receipt", {"answer": "received"})).status_code == 200
    assert await verified(desk) == []


async def test_what_the_fund_does_not_have_stays_proposed_and_nothing_moves(desk: Desk) -> None:
    await desk.funded(100_000)
    payout_id = await desk.paid()
    assert (
        await desk.post("/corrections", {**WRONG, "about": "payout", "subject_id": payout_id, "to_fen": 100_001}, who="finance-1")
    ).is_success
    before = len(await chain(desk))
    no = await desk.post("/corrections/k-1/confirm", who="finance-2")
    assert (no.status_code, no.json()["type"]) == (409, "urn:kapok:problem:FundLacksMoney")
    assert (await sums(desk), len(await chain(desk))) == ((0, 0, 100_000), before)
    assert (await desk.get("/corrections")).json()["items"][0]["state"] == "proposed"
    assert (await desk.post("/corrections/k-1/refuse", who="finance-2")).json()["state"] == "refused"
    assert (await desk.post("/corrections/k-1/confirm", who="finance-2")).json()["type"] == "urn:kapok:problem:CorrectionIsOver"


async def test_a_correction_that_is_none_is_answered_with_the_field(desk: Desk) -> None:
    await desk.funded(1_000)
    given = (await desk.get("/donations")).json()["items"][0]["donation_id"]
    body = {**WRONG, "subject_id": given}
    for field, value in (("to_fen", -1), ("to_fen", 1.5), ("to_fen", "300"), ("to_fen", True), ("to_fen", 10**15), ("about", "fund"),
                         ("reason", "because"), ("id", "a b"), ("subject_id", "")):  # fmt: skip
        wrong = await desk.post("/corrections", {**body, field: value}, who="finance-1")
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, f"/{field}"), (field, value)
    for about in ("donation", "payout"):
        assert (await desk.post("/corrections", {**body, "about": about, "subject_id": "nobody"}, who="finance-1")).status_code == 404
    for call in ("confirm", "refuse"):
        assert (await desk.post(f"/corrections/nothing/{call}", who="finance-2")).status_code == 404
    for who in ("charity", "caseworker", "auditor", "ops", "approver"):
        assert (await desk.post("/corrections", body, who=who, org="helpers" if who == "charity" else None)).status_code == 403


async def test_the_verifier_names_a_correction_of_nothing(desk: Desk) -> None:
    await desk.funded(100_000)
    given = (await desk.get("/donations")).json()["items"][0]["donation_id"]
    await put_right(desk, subject_id=given)
    heads = (await desk.get("/public/heads", who=None)).json()["items"]
    jwks = (await desk.client.get("/auth/jwks.json")).json()
    for planted, said in (
        ({"corrects": "nothing"}, "corrects an entry that was not there"), ({"corrects": ""}, "does not say what or why"),
        ({"reason": "another"}, "something in it was changed"), ({"amount_fen": 10_000}, "something in it was changed"),
    ):  # fmt: skip
        entries = await chain(desk)
        entries[1] = {**entries[1], **planted}
        assert any(said in fault for fault in VERIFIER.checked(entries, heads, jwks)), planted
    entries = await chain(desk)
    assert entries[1]["hash"] == entry_hash(entries[1]["previous"], entries[1])


async def test_what_came_back_by_mistake_is_corrected_under_its_own_number(desk: Desk) -> None:
    await desk.funded(1_000_000)
    payout_id = await desk.paid()
    await desk.room.execute(To("payout", payout_id, NoteBankAnswer("returned", "2026-11", "closed")), actor="bank")
    await put_right(desk, about="payout", subject_id=payout_id, to_fen=100_000, reason="bank_says_otherwise")
    last = (await chain(desk))[-1]
    assert last["corrects"] == entry_number("returned", payout_id, "440106", "TEMP-URGENT")
    assert (await sums(desk), await verified(desk)) == ((900_000, 0, 100_000), [])


async def test_the_tables_of_the_public_add_up_with_a_correction_and_count_nobody_twice(desk: Desk) -> None:
    await desk.funded(1_000_000)
    ids = [await desk.paid(f"case-{n}", 10_000) for n in range(6)]
    await put_right(desk, about="payout", subject_id=ids[0], to_fen=15_000, reason="bank_says_otherwise")
    desk.next_month()
    summary = (await desk.get("/public/summary", who=None)).json()
    for table in ("by_programme", "by_district", "by_month", "cells"):
        assert [(row["payouts"], row["amount_fen"]) for row in summary[table]] == [(6, 65_000)], table
    assert await verified(desk) == []
