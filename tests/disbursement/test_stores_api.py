"""The stores through the door: goods as lots in places, orders by two people, a month in units and fen, and nothing past its last day given out."""

from __future__ import annotations

import csv
import io
from typing import Any

from services.disbursement.checking import check_books
from tests.disbursement.conftest import Desk
from tests.disbursement.test_corrections_api import verified

RICE: dict[str, Any] = {"sku": "rice", "quantity": 10, "value_fen": 1_000, "place": "east", "lot": "L1", "expires": "2026-12-03"}
ORDER: dict[str, Any] = {"id": "o-1", "kind": "write_off", "sku": "rice", "lot": "L1", "place": "east", "quantity": 4, "reason": "damaged"}


async def given(desk: Desk, *items: dict[str, Any], ref: str = "goods") -> None:
    answer = await desk.post("/donations", {"donation_ref": ref, "kind": "goods", "items": list(items)})
    assert answer.status_code == 201, answer.text


async def lots(desk: Desk) -> dict[str, tuple[int, int, int]]:
    return {
        f"{o['sku']} {o['lot']} {o['place']}": (o["units"], o["value_fen"], o["held_units"])
        for o in (await desk.get("/goods/lots")).json()["items"]
    }


async def sound(desk: Desk) -> None:
    assert (await check_books(desk.room)).faults == []
    assert await verified(desk) == []


async def test_goods_lie_in_lots_and_leave_by_their_last_day(desk: Desk) -> None:
    await given(
        desk, RICE, {**RICE, "lot": "L2", "expires": "2027-06-01", "value_fen": 2_000}, {"sku": "rice", "quantity": 1, "value_fen": 7}
    )
    told = (await desk.get("/goods/lots")).json()["items"]
    assert [(o["lot"], o["state"]) for o in told] == [("L1", "soon"), ("L2", "good"), ("", "good")]
    first = await desk.granted("case-1", items=[{"sku": "rice", "quantity": 6}])
    assert (await lots(desk))["rice L1 east"] == (4, 400, 6)
    assert (await desk.get(f"/payouts/{first}")).json()["items"] == [
        {"sku": "rice", "quantity": 6, "value_fen": 600, "lot": "L1", "place": "east", "expires": "2026-12-03"}
    ]
    await desk.approved(first)
    assert (await lots(desk))["rice L1 east"] == (4, 400, 0)
    desk.turn(days=11)  # past the last day of the first lot
    second = await desk.granted("case-2", items=[{"sku": "rice", "quantity": 3}])
    assert (await desk.get(f"/payouts/{second}")).json()["items"][0]["lot"] == "L2"
    third = await desk.granted("case-3", items=[{"sku": "rice", "quantity": 9}])
    assert (await desk.state(third)).status == "refused", "what has expired is not given out, although it lies there"
    assert (await desk.get("/goods/lots", place="east")).json()["items"][0]["state"] == "expired"
    await sound(desk)


async def test_goods_are_held_no_longer_than_they_may_be_given_out(desk: Desk) -> None:
    await given(desk, {**RICE, "expires": "2026-11-30"})
    waits = await desk.granted("case-1", items=[{"sku": "rice", "quantity": 6}])
    await desk.passes(days=7)
    assert (await desk.state(waits)).status == "reserved", "on its last day it may still be given out"
    await desk.passes(days=1)
    await desk.until(waits, "cancelled")
    assert (await lots(desk))["rice L1 east"] == (10, 1_000, 0)
    off = {**ORDER, "quantity": 10, "reason": "expired"}
    await desk.post("/stock-orders", off, who="finance-1")
    assert (await desk.post("/stock-orders/o-1/confirm", who="finance-2")).json()["state"] == "done"
    assert (await desk.post("/stock-orders", off, who="finance-1")).json()["state"] == "done", "said again when nothing is left of the lot"
    await sound(desk)


async def test_what_others_hear_is_one_number_of_each_kind(desk: Desk) -> None:
    await given(desk, {**RICE, "quantity": 2, "value_fen": 20}, {**RICE, "lot": "L2", "quantity": 3, "value_fen": 30})
    payout_id = await desk.granted("case-1", items=[{"sku": "rice", "quantity": 4}])
    await desk.approved(payout_id)
    told = await desk.sql("select convert_from(messages, 'UTF8') as text from outbox")
    assert any('"items":[{"sku":"rice","quantity":4}]' in row["text"].replace(" ", "") for row in told) or told == []


async def test_writing_off_takes_two_people_and_is_published(desk: Desk) -> None:
    await given(desk, RICE)
    asked = await desk.post("/stock-orders", ORDER, who="finance-1")
    assert (asked.status_code, asked.json()["state"], (await lots(desk))["rice L1 east"]) == (201, "asked", (10, 1_000, 0))
    own = await desk.post("/stock-orders/o-1/confirm", who="finance-1")
    assert (own.status_code, own.json()["type"]) == (409, "urn:kapok:problem:AnotherPersonCounts")
    for _ in range(2):
        assert (await desk.post("/stock-orders/o-1/confirm", who="approver-1")).json()["state"] == "done"
    assert (await lots(desk))["rice L1 east"] == (6, 600, 0)
    last = (await desk.get("/public/entries", who=None)).json()["items"][0]
    assert (last["kind"], last["amount_fen"], last["units"], last["reason"]) == ("written_off", 400, 4, "damaged")
    assert (await desk.get("/public/summary", who=None)).json()["totals"]["written_off"] == {"count": 1, "amount_fen": 400, "units": 4}
    row = (await desk.get("/stock-orders", state="done")).json()["items"][0]
    assert (row["asked_by"], row["decided_by"], row["by_units"]) == ("finance-1", "approver-1", -4)
    await sound(desk)


async def test_a_count_that_fits_is_done_and_one_that_differs_waits(desk: Desk) -> None:
    await given(desk, RICE)
    held = await desk.granted("case-1", items=[{"sku": "rice", "quantity": 7}])
    count = {**ORDER, "kind": "count", "quantity": 10, "reason": None}
    assert (await desk.post("/stock-orders", count, who="finance-1")).json()["state"] == "done", "what is held lies there too"
    differs = {**count, "id": "o-2", "quantity": 12, "reason": "found"}
    assert (await desk.post("/stock-orders", differs, who="finance-1")).json()["state"] == "asked"
    assert (await desk.post("/stock-orders/o-2/confirm", who="finance-2")).json()["state"] == "done"
    assert (await lots(desk))["rice L1 east"] == (5, 500, 7)
    # The next count is overtaken by an issue: it is counted again.
    await desk.post("/stock-orders", {**count, "id": "o-3", "quantity": 11, "reason": "lost"}, who="finance-1")
    await desk.approved(held)
    late = await desk.post("/stock-orders/o-3/confirm", who="finance-2")
    assert (late.status_code, late.json()["type"]) == (409, "urn:kapok:problem:CountedBefore")
    assert (await desk.post("/stock-orders/o-3/refuse", who="finance-2")).json()["state"] == "refused"
    await sound(desk)


async def test_what_is_held_is_not_written_off_nor_carried(desk: Desk) -> None:
    await given(desk, RICE)
    await desk.granted("case-1", items=[{"sku": "rice", "quantity": 7}])
    await desk.post("/stock-orders", ORDER, who="finance-1")
    no = await desk.post("/stock-orders/o-1/confirm", who="finance-2")
    assert (no.status_code, no.json()["type"], no.json()["facts"]["units"]) == (409, "urn:kapok:problem:StockLacksUnits", 3)
    assert (await desk.get("/stock-orders")).json()["items"][0]["state"] == "asked"
    carry = {**ORDER, "id": "o-2", "kind": "move", "to_place": "west", "reason": None}
    assert (await desk.post("/stock-orders", carry)).status_code == 409
    assert (await desk.get("/stock-orders", state="done")).json()["items"] == [], "nothing half done"
    assert (await desk.post("/stock-orders", {**carry, "quantity": 3})).json()["state"] == "done"
    assert await lots(desk) == {"rice L1 east": (0, 0, 7), "rice L1 west": (3, 300, 0)}
    await sound(desk)


async def test_bad_orders_and_goods_are_answered_with_the_field(desk: Desk) -> None:
    await given(desk, RICE)
    for field, value in (("quantity", -1), ("quantity", 1.5), ("quantity", "4"), ("quantity", True), ("quantity", 10**9), ("kind", "burn"),
                         ("sku", "a|b"), ("lot", "x y"), ("place", ""), ("reason", "because"), ("id", "a b")):  # fmt: skip
        wrong = await desk.post("/stock-orders", {**ORDER, field: value})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, f"/{field}"), (field, value)
    assert (await desk.post("/stock-orders", {**ORDER, "to_place": "west"})).status_code == 422
    assert (await desk.post("/stock-orders", {**ORDER, "kind": "move"})).status_code == 422
    for other in ({"lot": "L9"}, {"place": "west"}, {"sku": "oil"}):
        assert (await desk.post("/stock-orders", {**ORDER, **other})).status_code == 404
    assert (await desk.post("/stock-orders", {**ORDER, "quantity": 0})).json()["type"] == "urn:kapok:problem:StockOrderIsNone"
    assert (await desk.post("/stock-orders", {**ORDER, "reason": "found"})).json()["type"] == "urn:kapok:problem:StockReasonUnknown"
    for call in ("confirm", "refuse"):
        assert (await desk.post(f"/stock-orders/nothing/{call}", who="finance-2")).status_code == 404
    for who in ("charity", "caseworker", "auditor", "ops", "approver"):
        assert (await desk.post("/stock-orders", ORDER, who=who, org="helpers" if who == "charity" else None)).status_code == 403
    for field, value in (("expires", "2026-13-01"), ("place", "a b"), ("quantity", 0), ("value_fen", -1)):
        body = {"donation_ref": "x", "kind": "goods", "items": [{**RICE, field: value}]}
        wrong = await desk.post("/donations", body)
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, f"/items/0/{field}"), field
    late = await desk.post("/donations", {"donation_ref": "x", "kind": "goods", "items": [{**RICE, "lot": "L5", "expires": "2026-11-22"}]})
    assert (late.status_code, late.json()["type"]) == (409, "urn:kapok:problem:LotExpired")
    unlike = await desk.post("/donations", {"donation_ref": "x", "kind": "goods", "items": [{**RICE, "expires": "2027-01-01"}]})
    assert (unlike.status_code, unlike.json()["type"]) == (409, "urn:kapok:problem:LotDiffers")


async def test_a_month_of_the_stores_adds_up_to_the_trial_balance(desk: Desk) -> None:
    await desk.funded(500_000)
    await given(desk, RICE, {"sku": "=quilt", "quantity": 1, "value_fen": 5} | {"sku": "quilt"})
    await desk.paid("case-1", items=[{"sku": "rice", "quantity": 2}])
    await desk.paid("case-2")
    await desk.post("/stock-orders", ORDER, who="finance-1")
    await desk.post("/stock-orders/o-1/confirm", who="finance-2")
    await desk.post("/stock-orders", {**ORDER, "id": "o-2", "kind": "move", "to_place": "west", "reason": None, "quantity": 1})
    told = (await desk.get("/goods/report", month="2026-11")).json()
    assert told["adds_up"] is True
    lines = {(line["what"], line["place"], line["unit"]): line for line in told["lines"]}
    east = lines["stock:rice", "east", "rice"]
    assert [east[c] for c in ("opening", "received", "issued", "moved", "written_off", "closing")] == [0, 10, -2, -1, -4, 3]
    assert [lines["stock:rice", "west", "fen"][c] for c in ("moved", "closing")] == [100, 100]
    assert [lines["fund:general", "", "fen"][c] for c in ("received", "issued", "closing")] == [500_000, -100_000, 400_000]
    trial = (await desk.get("/ledger/trial-balance")).json()["items"]
    assert told["fen"]["closing"] == sum(a["balance"] for a in trial if a["unit"] == "fen" and a["account"].startswith(("stock:", "fund:")))
    desk.turn(days=30)
    following = (await desk.get("/goods/report", month="2026-12")).json()
    assert (following["fen"]["opening"], following["fen"]["received"], following["adds_up"]) == (told["fen"]["closing"], 0, True)
    rows = list(csv.DictReader(io.StringIO((await desk.get("/goods/report.csv", month="2026-11")).text.removeprefix("\ufeff"))))
    assert {(r["what"], r["place"], r["unit"]): r["closing"] for r in rows}["stock:rice", "east", "rice"] == "3"
    assert (await desk.get("/goods/report", month="2026-13")).status_code == 422
    assert (await desk.get("/goods/report", month="2026-11", who="charity", org="helpers")).status_code == 403


async def test_a_part_is_handed_over_and_the_rest_is_free_again(desk: Desk) -> None:
    await given(desk, {**RICE, "quantity": 4, "value_fen": 401}, {**RICE, "lot": "L2", "expires": "2027-06-01"}, ref="two lots")
    payout_id = await desk.granted("case-1", items=[{"sku": "rice", "quantity": 6}])
    early = await desk.post(f"/payouts/{payout_id}/hand-over", {}, who="caseworker")
    assert (early.status_code, early.json()["type"]) == (409, "urn:kapok:problem:NotToBeHandedOver")
    waits = await desk.post(f"/payouts/{payout_id}/approve", {"pick_up": True}, who="approver-1")
    assert (waits.json()["state"], await lots(desk)) == ("approved", {"rice L1 east": (0, 0, 4), "rice L2 east": (8, 800, 2)})
    for items in ([{"sku": "rice", "quantity": 7}], [{"sku": "oil", "quantity": 1}]):
        no = await desk.post(f"/payouts/{payout_id}/hand-over", {"items": items}, who="caseworker")
        assert (no.status_code, no.json()["type"]) == (409, "urn:kapok:problem:MoreThanApproved")
    assert (
        await desk.post(f"/payouts/{payout_id}/hand-over", {"items": [{"sku": "rice", "quantity": 0}]}, who="caseworker")
    ).status_code == 422
    part = {"items": [{"sku": "rice", "quantity": 5}]}
    for _ in range(2):
        done = (await desk.post(f"/payouts/{payout_id}/hand-over", part, who="caseworker")).json()
        assert (done["state"], done["amount_fen"], [(i["lot"], i["quantity"]) for i in done["items"]]) == (
            "settled",
            501,
            [("L1", 4), ("L2", 1)],
        )
    assert await lots(desk) == {"rice L2 east": (9, 900, 0)}
    assert (await desk.get("/payouts", state="settled")).json()["items"][0]["amount_fen"] == 501
    assert (await desk.post(f"/payouts/{payout_id}/confirm-receipt", {}, who="caseworker")).json()["state"] == "confirmed"
    await sound(desk)


async def test_what_nobody_picks_up_goes_back_and_what_expired_meanwhile_is_not_given_out(desk: Desk) -> None:
    await given(desk, {**RICE, "expires": "2027-06-01"})
    for case, ends in (("case-1", "cancel"), ("case-2", "time")):
        payout_id = await desk.granted(case, items=[{"sku": "rice", "quantity": 1}])
        assert (await desk.post(f"/payouts/{payout_id}/approve", {"pick_up": True}, who="approver-1")).json()["state"] == "approved"
        if ends == "cancel":
            assert (await desk.post(f"/payouts/{payout_id}/cancel", {})).json()["state"] == "cancelled"
        else:
            await desk.passes(days=31)
            await desk.until(payout_id, "cancelled")
    assert await lots(desk) == {"rice L1 east": (10, 1_000, 0)}
    late = {**RICE, "lot": "L9", "expires": "2026-12-30"}
    await given(desk, late, ref="late")
    held, waits = [await desk.granted(case, items=[{"sku": "rice", "quantity": 2}]) for case in ("case-3", "case-4")]
    assert (await desk.post(f"/payouts/{waits}/approve", {"pick_up": True}, who="approver-1")).json()["state"] == "approved"
    desk.turn(days=10)
    for no in (await desk.approved(held), await desk.post(f"/payouts/{waits}/hand-over", {}, who="caseworker")):
        assert (no.status_code, no.json()["type"]) == (409, "urn:kapok:problem:LotExpired")
    await sound(desk)
