"""Funds, donations and the books through the door: who may, what is wrong, and that nothing is counted twice."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from shared.security import ROLES
from shared.testing.alone import NOW
from tests.disbursement.conftest import Desk

CASH = {
    "donation_ref": "bank-1",
    "kind": "cash",
    "fund_id": "general",
    "amount_fen": 500,
    "donor": {"name": "李四", "contact": "13900139000"},
}
GOODS = {"donation_ref": "shop-1", "kind": "goods", "items": [{"sku": "rice", "quantity": 3, "value_fen": 100}]}
SEES_ALL = {"finance", "approver", "auditor", "admin", "gov", "ops", "caseworker", "operator"}
BOOKS = {"finance", "approver", "auditor", "admin"}
STORES = BOOKS | {"gov", "charity", "caseworker"}
DOORS: tuple[tuple[str, str, Any, set[str]], ...] = (
    ("POST", "/funds", {"id": "f", "name": "F"}, {"finance", "admin"}),
    ("GET", "/funds", None, STORES | {"ops"}),
    ("GET", "/funds/f", None, STORES | {"ops"}),
    ("GET", "/funds/f/balance", None, STORES | {"ops"}),
    ("POST", "/donations", CASH, {"finance", "charity", "admin"}),
    ("POST", "/donations:batch", None, {"finance", "charity", "admin"}),
    ("GET", "/donations", None, BOOKS | {"gov", "charity"}),
    ("GET", "/payouts", None, SEES_ALL | {"charity"}),
    ("GET", "/payouts/p", None, SEES_ALL | {"charity"}),
    ("POST", "/payouts:approve", {"ids": ["p"]}, {"approver"}),
    ("POST", "/payouts/p/approve", None, {"approver"}),
    ("POST", "/payouts/p/refuse", {"reason": "other"}, {"approver"}),
    ("POST", "/payouts/p/cancel", {}, {"finance", "approver"}),
    ("POST", "/payouts/p/resolve", {"outcome": "settled"}, {"finance", "approver"}),
    ("POST", "/payouts/p/confirm-receipt", {}, {"caseworker", "operator", "charity", "finance"}),
    ("GET", "/ledger/entries", None, BOOKS),
    ("GET", "/ledger/accounts", None, BOOKS),
    ("GET", "/ledger/trial-balance", None, BOOKS),
    ("GET", "/goods", None, STORES),
    ("GET", "/goods/movements", None, STORES),
)


async def test_each_door_lets_in_its_roles_and_nobody_else(desk: Desk) -> None:
    for method, path, body, allowed in DOORS:
        for role in (*sorted(ROLES), None):
            url = f"/disbursement/v1{path}"
            answer = await desk.client.request(method, url, json=body, headers=desk.headers(role))
            name = f"{method} {path} by {role}: {answer.status_code}"
            if role is None:
                assert answer.status_code == 401, name
            elif role not in allowed:
                assert answer.status_code == 403, name
                assert answer.json()["type"] == "urn:kapok:problem:Forbidden", name
            else:
                assert answer.status_code in {200, 201, 404, 409}, name


async def test_a_fund_is_opened_once_and_shown(desk: Desk) -> None:
    tianhe = {"id": "tianhe", "name": "天河专项", "programmes": ["TEMP-URGENT"], "districts": ["440106"], "purposes": ["food"]}
    first = await desk.post("/funds", tianhe)
    assert (first.status_code, first.json()) == (201, {"id": "tianhe", "version": 1})
    assert (await desk.post("/funds", tianhe)).json()["version"] == 1
    other = await desk.post("/funds", {**tianhe, "programmes": []})
    assert (other.status_code, other.json()["type"]) == (409, "urn:kapok:problem:FundOpenedDifferently")
    assert other.json()["facts"] == {"fund_id": "tianhe"}
    shown = (await desk.get("/funds/tianhe")).json()
    assert shown == {**tianhe, "available_fen": 0, "reserved_fen": 0, "spent_fen": 0, "kind": "general", "closed": False}
    assert (await desk.get("/funds/nobody")).status_code == 404
    assert (await desk.get("/funds/nobody/balance")).status_code == 404


async def test_funds_come_in_pages_newest_first(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        await desk.post("/funds", {"id": name, "name": name})
        desk.turn(seconds=1)
    first = (await desk.get("/funds", limit=2)).json()
    second = (await desk.get("/funds", limit=2, cursor=first["next"])).json()
    assert [[f["id"] for f in page["items"]] for page in (first, second)] == [["c", "b"], ["a"]]
    assert second["next"] is None
    assert (await desk.get("/funds", cursor="nonsense")).status_code == 422


WRONG: tuple[tuple[str, Any, str], ...] = (
    ("/funds", {"id": "f"}, "/name"),
    ("/funds", {"id": "", "name": "F"}, "/id"),
    ("/funds", {"id": "a b", "name": "F"}, "/id"),
    ("/funds", {"id": "f", "name": 5}, "/name"),
    ("/funds", {"id": "f", "name": "F", "districts": ["44010"]}, "/districts/0"),
    ("/funds", {"id": "f", "name": "F", "programmes": ["", "A"]}, "/programmes/0"),
    ("/funds", {"id": "f", "name": "F", "colour": "red"}, "/colour"),
    ("/donations", {**CASH, "amount_fen": 0}, "/amount_fen"),
    ("/donations", {**CASH, "amount_fen": 5.5}, "/amount_fen"),
    ("/donations", {**CASH, "amount_fen": "500"}, "/amount_fen"),
    ("/donations", {**CASH, "amount_fen": 10**12 + 1}, "/amount_fen"),
    ("/donations", {**CASH, "kind": "gold"}, "/kind"),
    ("/donations", {**CASH, "donation_ref": ""}, "/donation_ref"),
    ("/donations", {**CASH, "donor": {"name": "x", "id_number": "1"}}, "/donor/id_number"),
    ("/donations", {"donation_ref": "x", "kind": "cash", "fund_id": "general"}, ""),
    ("/donations", {**CASH, "fund_id": None}, ""),
    ("/donations", {**CASH, "items": GOODS["items"]}, ""),
    ("/donations", {**GOODS, "items": []}, ""),
    ("/donations", {**GOODS, "amount_fen": 5}, ""),
    ("/donations", {**GOODS, "items": [{"sku": "rice", "quantity": 0, "value_fen": 1}]}, "/items/0/quantity"),
    ("/donations", {**GOODS, "items": [{"sku": "rice", "quantity": 1, "value_fen": -1}]}, "/items/0/value_fen"),
    ("/donations", {**GOODS, "items": [{"sku": "a:b", "quantity": 1, "value_fen": 1}]}, "/items/0/sku"),
)


@pytest.mark.parametrize("of", ["/funds", "/donations"])
async def test_a_body_that_is_wrong_is_answered_with_the_field(desk: Desk, of: str) -> None:
    await desk.post("/funds", {"id": "general", "name": "General"})
    for path, body, pointer in WRONG:
        if path == of:
            answer = await desk.post(path, body)
            assert answer.status_code == 422, body
            assert [e["pointer"] for e in answer.json()["errors"]] == [pointer], (body, answer.text)
    broken = await desk.client.post(
        f"/disbursement/v1{of}", content=b"{", headers={**desk.headers("finance"), "content-type": "application/json"}
    )
    assert (broken.status_code, broken.json()["type"]) == (400, "urn:kapok:problem:MalformedBody")
    assert (await desk.sql("select count(*) as n from donations"))[0]["n"] == 0


async def test_money_is_received_once_with_a_receipt(desk: Desk) -> None:
    await desk.post("/funds", {"id": "general", "name": "General"})
    first = await desk.post("/donations", CASH)
    assert first.status_code == 201
    given = first.json()
    assert given["receipt"] == f"KPK-202611-{given['donation_id'][-8:].upper()}"
    desk.turn(days=40)
    assert (await desk.post("/donations", CASH, who="charity", org="helpers")).json() == given
    assert (await desk.get("/funds/general")).json()["available_fen"] == 500
    other = await desk.post("/donations", {**CASH, "amount_fen": 501})
    assert (other.status_code, other.json()["type"]) == (409, "urn:kapok:problem:DonationDiffersFromFirst")
    nobody = await desk.post("/donations", {**CASH, "donation_ref": "bank-2", "fund_id": "nobody"})
    assert (nobody.status_code, nobody.json()["type"]) == (409, "urn:kapok:problem:FundUnknown")
    assert [d["donation_id"] for d in (await desk.get("/donations")).json()["items"]] == [given["donation_id"]]


async def test_who_gave_is_neither_shown_nor_readable_in_the_store(desk: Desk) -> None:
    await desk.post("/funds", {"id": "general", "name": "General"})
    await desk.post("/donations", CASH)
    assert "李四" not in (await desk.get("/donations")).text
    for table in await desk.sql("select table_name from information_schema.tables where table_schema = 'public'"):
        for row in await desk.sql(f'select t::text as line from "{table["table_name"]}" t'):
            assert not [secret for secret in ("李四", "13900139000") if secret in row["line"]], table["table_name"]
    state = await desk.room.state("donation", (await desk.get("/donations")).json()["items"][0]["donation_id"])
    assert state.received.donor.name == "李四"


async def test_goods_are_received_and_issued(desk: Desk) -> None:
    assert (await desk.post("/donations", GOODS)).status_code == 201
    again = {**GOODS, "donation_ref": "shop-2", "items": [{"sku": "rice", "quantity": 1, "value_fen": 0}] * 2}
    assert (await desk.post("/donations", again)).status_code == 201
    payout_id = await desk.granted(items=[{"sku": "rice", "quantity": 2}])
    rice = (await desk.get("/goods")).json()["items"]
    assert rice == [
        {"sku": "rice", "units": 3, "value_fen": 60, "held_units": 2, "held_value_fen": 40, "issued_units": 0, "issued_value_fen": 0}
    ]
    issued = (await desk.approved(payout_id)).json()
    assert (issued["state"], issued["amount_fen"], issued["fund_id"]) == ("settled", 40, "stores")
    assert issued["items"] == [{"sku": "rice", "quantity": 2, "value_fen": 40, "lot": "", "place": "", "expires": None}]
    assert (await desk.get("/goods")).json()["items"][0]["issued_units"] == 2
    moves = (await desk.get("/goods/movements", sku="rice")).json()["items"]
    assert sorted((m["kind"], m["unit"], m["amount"]) for m in moves) == [
        ("Reserved", "rice", 2), ("Spent", "rice", 2), ("TakenIn", "rice", 1), ("TakenIn", "rice", 1), ("TakenIn", "rice", 3),
    ]  # fmt: skip
    assert (await desk.get("/goods/movements", sku="oil")).json()["items"] == []
    assert desk.bank.payments == {}


async def test_many_donations_at_once_are_answered_line_by_line(desk: Desk) -> None:
    await desk.post("/funds", {"id": "general", "name": "General"})
    lines = [json.dumps({**CASH, "donation_ref": f"b{n}"}) for n in range(5)]
    lines[1] = "{broken"
    lines[2] = json.dumps({**CASH, "donation_ref": "b2", "amount_fen": -5})
    lines[3] = json.dumps({**CASH, "donation_ref": "b3", "fund_id": "nobody"})
    body, headers = "\n\n".join(lines).encode(), {**desk.headers("finance"), "content-type": "application/x-ndjson"}
    first = (await desk.client.post("/disbursement/v1/donations:batch", content=body, headers=headers)).json()["items"]
    assert [(a["line"], a["status"]) for a in first] == [(1, "recorded"), (2, "refused"), (3, "refused"), (4, "refused"), (5, "recorded")]
    assert first[2]["problem"]["errors"][0]["pointer"] == "/amount_fen"
    assert first[3]["problem"]["type"] == "urn:kapok:problem:FundUnknown"
    again = (await desk.client.post("/disbursement/v1/donations:batch", content=body, headers=headers)).json()["items"]
    assert [a["status"] for a in again] == ["already", "refused", "refused", "refused", "already"]
    assert [a.get("receipt") for a in again] == [a.get("receipt") for a in first]
    assert (await desk.get("/funds/general")).json()["available_fen"] == 1_000


async def test_the_same_key_is_answered_the_same_and_another_request_is_refused(desk: Desk) -> None:
    await desk.post("/funds", {"id": "general", "name": "General"})
    first = await desk.post("/donations", CASH, Idempotency_Key="k-1")
    again = await desk.post("/donations", CASH, Idempotency_Key="k-1")
    assert (again.status_code, again.content, again.headers["idempotency-replayed"]) == (201, first.content, "true")
    other = await desk.post("/donations", {**CASH, "amount_fen": 5}, Idempotency_Key="k-1")
    assert (other.status_code, other.json()["type"]) == (422, "urn:kapok:problem:IdempotencyKeyReused")
    assert (await desk.get("/funds/general")).json()["available_fen"] == 500


async def test_a_balance_is_told_now_and_as_it_was(desk: Desk) -> None:
    await desk.funded(300_000)
    desk.turn(hours=1)
    await desk.paid("case-1", 100_000)
    desk.turn(hours=1)
    await desk.granted("case-2", 50_000)
    fund = (await desk.get("/funds/general")).json()
    assert (fund["available_fen"], fund["reserved_fen"], fund["spent_fen"]) == (150_000, 50_000, 100_000)
    for minutes, expected in ((-1, (0, 0, 0)), (30, (300_000, 0, 0)), (90, (200_000, 0, 100_000)), (150, (150_000, 50_000, 100_000))):
        at = NOW.timestamp() + minutes * 60
        then = (await desk.get("/funds/general/balance", as_of=NOW.fromtimestamp(at, NOW.tzinfo).isoformat())).json()
        assert (then["available_fen"], then["reserved_fen"], then["spent_fen"]) == expected, minutes
    naive = await desk.get("/funds/general/balance", as_of="2026-11-23T10:00:00")
    assert (naive.status_code, naive.json()["errors"][0]["pointer"]) == (422, "/query/as_of")


async def test_the_balance_of_a_fund_is_its_own_whatever_its_name(desk: Desk) -> None:
    for name, fen in (("rain", 1), ("rain:2026", 20), ("rain:2026:available", 300)):
        await desk.funded(fen, name)
    for name, fen in (("rain", 1), ("rain:2026", 20), ("rain:2026:available", 300)):
        answer = await desk.get(f"/funds/{name}/balance")
        assert answer.status_code == 200, answer.text
        assert answer.json()["available_fen"] == fen


async def test_the_books_are_open_and_add_up(desk: Desk) -> None:
    await desk.funded(300_000)
    await desk.post("/donations", GOODS)
    await desk.paid()
    entries = (await desk.get("/ledger/entries", limit=2)).json()
    rest = (await desk.get("/ledger/entries", cursor=entries["next"], limit=500)).json()["items"]
    every = entries["items"] + rest
    assert len({(e["entry_id"], e["line"]) for e in every}) == len(every) == 5
    spent = (await desk.get("/ledger/entries", account="spent:general:TEMP-URGENT")).json()["items"]
    assert [(e["kind"], e["debit"], e["amount"]) for e in spent] == [("Spent", "fund:general:reserved", 100_000)]
    accounts = {(a["account"], a["unit"]): a["balance"] for a in (await desk.get("/ledger/accounts")).json()["items"]}
    assert accounts == {
        ("donors", "fen"): -300_100, ("donors", "rice"): -3, ("fund:general:available", "fen"): 200_000, ("fund:general:reserved", "fen"): 0,
        ("spent:general:TEMP-URGENT", "fen"): 100_000, ("stock:rice:available", "fen"): 100, ("stock:rice:available", "rice"): 3,
    }  # fmt: skip
    trial = (await desk.get("/ledger/trial-balance")).json()
    assert (trial["balanced"], trial["faults"], set(trial["sums"])) == (True, [], {"fen", "rice"})
    assert all(s["debits"] == s["credits"] for s in trial["sums"].values())
    assert (await desk.get("/ledger/trial-balance", as_of="2020-01-01T00:00:00Z")).json()["items"] == []
    assert (await desk.get("/ledger/trial-balance", as_of="2026-11-23T00:00:00")).status_code == 422


async def test_a_book_that_was_tampered_with_no_longer_balances(desk: Desk) -> None:
    await desk.funded(300_000)
    await desk.sql("update balances set credits = credits + 5 where account = 'fund:general:available'")
    assert (await desk.post("/ledger/check")).json()["sound"] is False
    trial = (await desk.get("/ledger/trial-balance")).json()
    assert trial["balanced"] is False
    assert [(f["account"], f["value"]) for f in trial["faults"]] == [("fund:general:available", 5)]


async def test_no_yuan_is_promised_twice_when_many_ask_at_once(desk: Desk) -> None:
    await desk.funded(350_000)
    ids = await asyncio.gather(*[desk.granted(f"case-{n}", 100_000) for n in range(8)])
    assert sorted([(await desk.state(i)).status for i in ids]) == ["refused"] * 5 + ["reserved"] * 3
    fund = (await desk.get("/funds/general")).json()
    assert (fund["available_fen"], fund["reserved_fen"]) == (50_000, 300_000)
    assert (await desk.get("/ledger/trial-balance")).json()["balanced"] is True
