"""A donor's word kept through the doors, and what became of a donation by its receipt alone."""

from __future__ import annotations

from typing import Any

from tests.disbursement.conftest import Desk
from tests.disbursement.outside import leaf, led_to

WORD = {"programme": "TEMP-URGENT", "district": "440106"}


async def given(desk: Desk, ref: str, fen: int, status: int = 201, **more: Any) -> Any:
    body = {
        "donation_ref": ref,
        "kind": "cash",
        "fund_id": "rain",
        "amount_fen": fen,
        "donor": {"name": "李四", "contact": "13900139000"},
        **more,
    }
    answer = await desk.post("/donations", body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def told(desk: Desk, receipt: str) -> dict[str, Any]:
    answer = await desk.get(f"/public/receipts/{receipt}", who=None)
    assert answer.status_code == 200, answer.text
    [one] = answer.json()["items"]
    return dict(one)


async def test_a_donor_s_word_follows_the_money(desk: Desk) -> None:
    await desk.funded(1_000_000, "rain")
    await given(desk, "gift-1", 200_000, earmark=WORD)
    part = (await desk.get("/funds/rain~p.TEMP-URGENT~d.440106")).json()
    assert (part["programmes"], part["districts"], part["available_fen"]) == (["TEMP-URGENT"], ["440106"], 200_000)
    elsewhere = await desk.paid("case-1", 100_000, fund_id="rain", district="440103001")
    here = await desk.paid("case-2", 100_000, fund_id="rain")
    assert [(await desk.state(p)).terms.fund_id for p in (elsewhere, here)] == ["rain", part["id"]]  # type: ignore[union-attr]
    move = {"id": "t-1", "from_fund": part["id"], "to_fund": "rain", "amount_fen": 1, "reason": "correction"}
    assert (await desk.post("/transfers", move)).status_code == 201
    refused = await desk.post("/transfers/t-1/confirm", who="approver-1")
    assert refused.json()["type"].endswith("TransferLoosensFund")
    entries = (await desk.get("/public/entries", who=None)).json()["items"]
    assert {e["fund_id"] for e in entries} == {"rain"}, "an entry would say where and for what"
    assert (await desk.get("/ledger/trial-balance", who="auditor")).json()["balanced"]


async def test_a_word_that_the_fund_is_closed_to_is_refused_by_its_restriction(desk: Desk) -> None:
    await desk.funded(1_000_000, "rain", programmes=["TEMP-URGENT"], districts=["440106"], purposes=["food"])
    for word, why in (({"programme": "DIBAO"}, "Programme"), ({"district": "440103"}, "Territory"), ({"purpose": "rent"}, "Purpose")):
        answer = await given(desk, f"gift-{why}", 100, 409, earmark=word)
        assert answer["type"] == f"urn:kapok:problem:FundNotFor{why}"
    goods = {"donation_ref": "g", "kind": "goods", "items": [{"sku": "rice", "quantity": 1, "value_fen": 5}], "earmark": WORD}
    assert (await desk.post("/donations", goods)).status_code == 422


async def test_a_receipt_says_what_became_of_the_gift_and_never_who_gave(desk: Desk) -> None:
    await desk.post("/funds", {"id": "rain", "name": "Rain"})
    first = await given(desk, "gift-1", 400_000)
    desk.turn(seconds=1)
    second = await given(desk, "gift-2", 400_000)
    for n in range(6):
        await desk.paid(f"case-{n}", 100_000, fund_id="rain")
    one = await told(desk, first["receipt"])
    assert (one["went"]["spent_fen"], one["went"]["left_fen"]) == (0, 400_000), "a month is told when it is over"
    desk.next_month()
    one, two = await told(desk, first["receipt"]), await told(desk, second["receipt"].lower())
    assert one["went"]["months"] == [{"amount_fen": 400_000, "month": "2026-11"}]
    assert one["went"]["places"] == [{"amount_fen": 400_000, "district": "440106", "programme": "TEMP-URGENT"}]
    assert (two["went"]["spent_fen"], two["went"]["left_fen"]) == (200_000, 200_000)
    entry, proof = one["entry"], one["proof"]
    assert (entry["kind"], entry["amount_fen"], entry["fund_id"]) == ("donation", 400_000, "rain")
    path = [bytes.fromhex(step) for step in proof["path"]]
    assert led_to(leaf(bytes.fromhex(entry["hash"])), proof["index"], proof["head"]["size"], path) == bytes.fromhex(proof["head"]["root"])
    for secret in ("李四", "13900139000", "gift-1", "case-", "person-", "donation_id", "donor"):
        assert secret not in str(one).replace("'kind': 'donation'", ""), secret


async def test_an_earmarked_gift_is_told_only_in_groups_of_five(desk: Desk) -> None:
    await desk.funded(1_000_000, "rain")
    gift = await given(desk, "gift-1", 600_000, earmark=WORD)
    for n in range(4):
        await desk.paid(f"case-{n}", 100_000, fund_id="rain")
    desk.next_month()
    one = await told(desk, gift["receipt"])
    assert (one["earmark"]["programme"], one["went"]["spent_fen"]) == ("TEMP-URGENT", 0)
    await desk.paid("case-5", 100_000, fund_id="rain")
    desk.next_month()
    assert (await told(desk, gift["receipt"]))["went"]["spent_fen"] == 500_000


async def test_what_went_back_and_what_was_added_is_told(desk: Desk) -> None:
    await desk.funded(1_000_000, "rain")
    gift = await given(desk, "gift-1", 1_000)
    await desk.post(f"/donations/{gift['donation_id']}/refund", {"amount_fen": 400, "reason": "donor_asked"})
    await desk.post(f"/donations/{gift['donation_id']}/refund/confirm", who="approver-1")
    one = await told(desk, gift["receipt"])
    assert (one["amount_fen"], one["refunded_fen"], one["went"]["left_fen"]) == (1_000, 400, 600)
    assert (one["matched"], one["campaign_id"]) == ([], None)


async def test_an_unknown_receipt_gets_a_plain_answer(desk: Desk) -> None:
    assert (await desk.get("/public/receipts/KPK-202611-00000000", who=None)).status_code == 404


async def test_what_was_put_right_is_told_as_it_should_have_been(desk: Desk) -> None:
    await desk.post("/funds", {"id": "rain", "name": "Rain"})
    gift = await given(desk, "gift-1", 9_000)
    paid = [await desk.paid(f"case-{n}", 1_000, fund_id="rain") for n in range(5)]
    for n, (about, subject, fen) in enumerate((("donation", gift["donation_id"], 8_000), ("payout", paid[0], 700))):
        said = {"id": f"c-{n}", "about": about, "subject_id": subject, "to_fen": fen, "reason": "typed_wrong"}
        assert (await desk.post("/corrections", said)).status_code == 201
        assert (await desk.post(f"/corrections/c-{n}/confirm", who="approver-1")).status_code == 200
    desk.next_month()
    one = await told(desk, gift["receipt"])
    assert (one["amount_fen"], one["went"]["spent_fen"], one["went"]["left_fen"]) == (8_000, 4_700, 3_300)


async def test_what_is_read_grows_again_from_what_happened(desk: Desk) -> None:
    await desk.funded(10_000, "rain")
    await desk.funded(10_000, "other")
    gift = await given(desk, "gift-1", 9_000, earmark=WORD)
    await desk.paid("case-1", 1_000, fund_id="rain")
    await desk.post("/transfers", {"id": "t-1", "from_fund": "rain", "to_fund": "other", "amount_fen": 50, "reason": "city_decision"})
    await desk.post("/transfers/t-1/confirm", who="approver-1")
    await desk.post(f"/donations/{gift['donation_id']}/refund", {"amount_fen": 400, "reason": "donor_asked"})
    await desk.post(f"/donations/{gift['donation_id']}/refund/confirm", who="approver-1")
    for name in ("receipts", "fund_spending", "fund_moves"):
        answer = await desk.client.post(f"/ops/v1/projections/disbursement.{name}/rebuild", headers=desk.headers("ops"))
        assert answer.json()["differing_rows"] == {name: 0}, answer.text
