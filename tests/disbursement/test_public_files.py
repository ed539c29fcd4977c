"""The public ledger as files: the chain whole and in order, sums as a table, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json

import pytest

from services.disbursement.api import public_files
from services.disbursement.api.public_files import COLUMNS, harmless
from services.disbursement.domain.chain import Publish
from shared.service import To
from tests.disbursement.conftest import Desk
from tests.disbursement.outside import chain_holds


async def file(desk: Desk, name: str) -> str:
    answer = await desk.get(f"/public/{name}", who=None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    return answer.text


async def test_the_chain_is_whole_and_in_order_in_both_forms(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_files, "_RUN", 2)
    assert (await file(desk, "entries.csv")).strip("\ufeff\r\n") == ",".join(COLUMNS)
    assert await file(desk, "entries.ndjson") == ""
    await desk.funded(10_000_000)
    for n in range(4):
        await desk.paid(f"case-{n}")
    entries = [json.loads(line) for line in (await file(desk, "entries.ndjson")).splitlines()]
    assert chain_holds(entries)
    assert [e["position"] for e in entries] == [1, 2, 3, 4, 5]
    rows = list(csv.DictReader(io.StringIO((await file(desk, "entries.csv")).removeprefix("\ufeff"))))
    assert [{**row, "withheld": row["withheld"] == "True"} for row in rows] == [
        {name: value if name == "withheld" else str(value) for name, value in entry.items()} for entry in entries
    ]


async def test_a_fund_that_looks_like_a_formula_is_a_text(desk: Desk) -> None:
    await desk.room.execute(To("chain", "public", Publish("e", "donation", "-2+3", "", "", "2026-11", 1)), actor="test")
    assert ",'-2+3," in await file(desk, "entries.csv")
    assert '"fund_id":"-2+3"' in await file(desk, "entries.ndjson"), "what is hashed stays as it is"
    assert [harmless(v) for v in ("=1", "@a", "\tb", "'c", "d", -5)] == ["'=1", "'@a", "'\tb", "''c", "d", -5]


async def test_the_sums_of_the_file_are_those_of_the_summary(desk: Desk) -> None:
    await desk.funded(10_000_000)
    for n in range(5):
        await desk.paid(f"case-{n}")
    rows = list(csv.DictReader(io.StringIO((await file(desk, "summary.csv")).removeprefix("\ufeff"))))
    assert {row["table"] for row in rows} == {"by_programme", "by_district", "by_month", "cells"}
    assert {(row["payouts"], row["amount_fen"]) for row in rows} == {("5", "500000")}
    assert rows[-1] == {
        "table": "cells",
        "month": "",
        "district": "440106",
        "programme": "TEMP-URGENT",
        "payouts": "5",
        "amount_fen": "500000",
    }
