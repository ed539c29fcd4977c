"""The books through the door: a balance at any moment, the standing check with each planted fault named, and the figures of a year."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.disbursement.checking import check_books
from services.disbursement.domain.ledger import FEN, differing, unpublished
from services.tending import LedgerBroken, Refused
from services.tending import check_books as asked_to_check
from tests.disbursement.conftest import Desk
from tests.disbursement.test_corrections_api import put_right


async def busy(desk: Desk) -> list[tuple[datetime, dict[str, Any]]]:
    """Three days with gifts, payouts, goods, a transfer, a refund and a correction; the balances after each step, with its moment."""
    seen: list[tuple[datetime, dict[str, Any]]] = []

    async def note() -> None:
        accounts = (await desk.get("/ledger/accounts")).json()["items"]
        seen.append((desk.now, {f"{a['account']} {a['unit']}": a["balance"] for a in accounts}))
        desk.turn(hours=7)

    await desk.funded(1_000_000)
    await note()
    rice = {"donation_ref": "rice", "kind": "goods", "items": [{"sku": "rice", "quantity": 5, "value_fen": 999}]}
    assert (await desk.post("/donations", rice)).status_code == 201
    await note()
    await desk.paid("case-1")
    await note()
    await desk.paid("case-2", items=[{"sku": "rice", "quantity": 2}])
    await note()
    await desk.post("/funds", {"id": "office", "name": "Office", "kind": "administration"})
    await desk.post("/transfers", {"id": "t", "from_fund": "general", "to_fund": "office", "amount_fen": 9_000, "reason": "city_decision"})
    assert (await desk.post("/transfers/t/confirm", who="approver-1")).json()["state"] == "done"
    await note()
    given = next(d for d in (await desk.get("/donations")).json()["items"] if d["kind"] == "cash")["donation_id"]
    await desk.post(f"/donations/{given}/refund", {"amount_fen": 500, "reason": "donor_asked"})
    assert (await desk.post(f"/donations/{given}/refund/confirm", who="approver-1")).status_code == 200
    await note()
    await put_right(desk, subject_id=given, to_fen=999_000)
    await note()
    return seen


async def test_a_balance_at_any_moment_is_what_it_was_then(desk: Desk) -> None:
    for at, then in await busy(desk):
        for moment in (at, at + timedelta(hours=6)):
            told = (await desk.get("/ledger/trial-balance", as_of=moment.isoformat())).json()
            assert {f"{a['account']} {a['unit']}": a["balance"] for a in told["items"]} == then, moment
            assert told["balanced"] is True
    assert await desk.sql("select 1 from balance_days group by account, unit having count(*) > 1"), "it went over more than one day"


async def test_the_books_are_sound_and_the_metric_says_so(desk: Desk) -> None:
    await busy(desk)
    told = (await desk.post("/ledger/check", who="auditor")).json()
    assert (told["sound"], told["faults"]) == (True, [])
    assert 'kapok_ledger_faults{service="disbursement"} 0.0' in (await desk.client.get("/metrics")).text


@pytest.mark.parametrize(
    ("statement", "account", "what"),
    [
        ("update balances set credits = credits + 5 where account = 'fund:general:available'", "fund:general:available", "running balance"),
        ("update balance_days set debits = debits + 5 where account = 'donors' and unit = 'fen'", "donors", "sums by day"),
        ("delete from entries where kind = 'Spent' and unit = 'fen'", "*", "not what was published"),
        ("update public_totals set amount_fen = amount_fen - 1 where kind = 'payout'", "*", "not what was published"),
        ("update entries set amount = 2000000 where kind = 'Reserved' and unit = 'fen'", "fund:general:available", "below zero"),
    ],
)
async def test_each_fault_is_named_and_counted(desk: Desk, statement: str, account: str, what: str) -> None:
    await busy(desk)
    await desk.sql(statement)
    told = (await desk.post("/ledger/check", who="auditor")).json()
    assert told["sound"] is False
    assert any(what in f["what"] and f["account"] == account for f in told["faults"]), told["faults"]
    assert (await desk.get("/ledger/trial-balance")).json()["balanced"] is False
    assert f'kapok_ledger_faults{{service="disbursement"}} {float(len(told["faults"]))}' in (await desk.client.get("/metrics")).text
    token = desk.headers("auditor")["authorization"].removeprefix("Bearer ")
    with pytest.raises(LedgerBroken, match=what):
        await asked_to_check(desk.client, "", token)


async def test_who_may_check_the_books(desk: Desk) -> None:
    token = desk.headers("auditor")["authorization"].removeprefix("Bearer ")
    assert await asked_to_check(desk.client, "", token) == (await check_books(desk.room)).at.isoformat().replace("+00:00", "Z")
    for who in ("charity", "caseworker", "operator", "ops"):
        assert (await desk.post("/ledger/check", who=who, org="helpers")).status_code == 403
    with pytest.raises(Refused):
        await asked_to_check(desk.client, "", "nothing")
    assert isinstance(desk.client, httpx.AsyncClient)


async def test_the_figures_of_a_year(desk: Desk) -> None:
    await busy(desk)
    told = (await desk.get("/figures", year=2026)).json()
    assert (told["spent_fen"], told["administration_fen"], told["income_before_fen"]) == (100_399, 9_000, 0)
    assert (told["spending"], told["administration"], told["administration_share"]) == ("kept", "kept", 822)
    years = {row["fund_id"]: row for row in told["funds"]}
    assert (years["general"]["income_fen"], years["general"]["moved_out_fen"], years["office"]["moved_in_fen"]) == (998_500, 9_000, 9_000)
    assert (years["stores"]["income_fen"], years["stores"]["spent_fen"], years["office"]["kind"]) == (999, 399, "administration")
    following = (await desk.get("/figures", year=2027)).json()
    assert (following["income_before_fen"], following["spent_share"], following["spending"]) == (999_499, 0, "so_far")
    assert (await desk.get("/figures", year=1999)).status_code == 422
    assert (await desk.get("/figures", year=2026, who="charity", org="helpers")).status_code == 403


async def test_a_fund_of_administration_helps_nobody_by_itself(desk: Desk) -> None:
    await desk.post("/funds", {"id": "office", "name": "Office", "kind": "administration"})
    await desk.post("/donations", {"donation_ref": "o", "kind": "cash", "fund_id": "office", "amount_fen": 500_000})
    for payout_id in (await desk.granted("case-1", fund_id="office"), await desk.granted("case-2")):
        assert (await desk.state(payout_id)).status == "refused"
    other = await desk.post("/funds", {"id": "office", "name": "Office"})
    assert (other.status_code, other.json()["type"]) == (409, "urn:kapok:problem:FundOpenedDifferently")
    wrong = await desk.post("/funds", {"id": "x", "name": "X", "kind": "private"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/kind")


def row(account: str, debits: int, credits: int) -> dict[str, Any]:
    return {"account": account, "unit": FEN, "debits": debits, "credits": credits}


def test_differences_are_named_by_account() -> None:
    entries = [row("donors", 100, 0), row("fund:f:available", 30, 100), row("spent:f:A", 0, 30)]
    assert differing(entries, entries) == []
    assert [(f.account, f.value) for f in differing(entries[:2], entries)] == [("spent:f:A", -30)]
    assert unpublished(entries, {"donation": 100, "payout": 30, "match": 7}) == []
    for kind, fen in (
        ("donation", 101),
        ("payout", 31),
        ("refund", 1),
        ("returned", 1),
        ("donation_correction", -1),
        ("payout_correction", 1),
    ):
        assert len(unpublished(entries, {"donation": 100, "payout": 30, kind: fen})) == 1, kind


async def test_every_read_table_of_the_books_grows_again_also_where_a_column_came_later(desk: Desk) -> None:
    """A table of before has its new columns at its end; a table made today has them where they are told."""
    await busy(desk)
    await desk.sql("alter table donations drop column corrected_fen")
    await desk.sql("alter table donations add column corrected_fen bigint")
    await desk.sql("delete from balance_days")
    ops = desk.headers("ops")
    for name in ("donations", "ledger", "balance_days", "fund_years", "corrections", "public_chain", "stock_orders", "wishes"):
        answer = await desk.client.post(f"/ops/v1/projections/disbursement.{name}/rebuild", headers=ops)
        assert answer.status_code == 200, answer.text
        grown = sum(answer.json()["differing_rows"].values())
        assert (grown > 0) is (name in {"donations", "balance_days"}), (name, answer.json())
    rows = await desk.sql("select corrected_fen, receipt, kind from donations where kind = 'cash'")
    assert [(row["corrected_fen"], row["receipt"][:3]) for row in rows] == [(999_000, "KPK")]
    assert (await check_books(desk.room)).faults == []
