"""The public ledger as files: the chain whole and in order, sums as a table, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import pytest

from services.disbursement.api import public_columns, public_files
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
    assert json.loads(await file(desk, "entries.json")) == []
    await desk.funded(10_000_000)
    for n in range(4):
        await desk.paid(f"case-{n}")
    entries = [json.loads(line) for line in (await file(desk, "entries.ndjson")).splitlines()]
    assert chain_holds(entries)
    assert [e["position"] for e in entries] == [1, 2, 3, 4, 5]
    assert json.loads(await file(desk, "entries.json")) == entries
    rows = list(csv.DictReader(io.StringIO((await file(desk, "entries.csv")).removeprefix("\ufeff"))))
    assert [{**row, "withheld": row["withheld"] == "True"} for row in rows] == [
        {name: value if name == "withheld" else str(value) for name, value in entry.items()} for entry in entries
    ]


async def test_the_chain_in_columns_is_the_same_chain(desk: Desk) -> None:
    async def table() -> pl.DataFrame:
        answer = await desk.get("/public/entries.parquet", who=None)
        assert answer.status_code == 200, answer.text
        return pl.read_parquet(io.BytesIO(answer.content))

    empty = await table()
    await desk.funded(10_000_000)
    await desk.paid("case-1")
    entries = [json.loads(line) for line in (await file(desk, "entries.ndjson")).splitlines()]
    full = await table()
    assert full.to_dicts() == [{name: entry[name] for name in COLUMNS} for entry in entries]
    assert empty.schema == full.schema


async def test_a_table_that_cannot_be_written_is_said_and_nothing_is_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    await desk.funded(1_000)
    assert (await desk.get("/public/entries.parquet", who=None)).status_code == 200
    monkeypatch.setattr(public_columns, "COLUMNS", ("position",))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert (await desk.get("/public/entries.parquet", who=None)).status_code == 503
    assert os.listdir(tmp_path) == []


def test_the_service_does_not_load_what_writes_columns() -> None:
    told = "import sys, services.disbursement.main; sys.exit('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], check=False).returncode == 0


async def test_a_fund_that_looks_like_a_formula_is_a_text(desk: Desk) -> None:
    await desk.room.execute(To("chain", "public", Publish("e", "donation", "-2+3", "", "", "2026-11", 1)), actor="test")
    assert ",'-2+3," in await file(desk, "entries.csv")
    assert '"fund_id":"-2+3"' in await file(desk, "entries.ndjson"), "what is hashed stays as it is"
    assert [harmless(v) for v in ("=1", "@a", "\tb", "'c", "d", -5)] == ["'=1", "'@a", "'\tb", "''c", "d", -5]


async def test_the_sums_of_the_file_are_those_of_the_summary(desk: Desk) -> None:
    await desk.funded(10_000_000)
    for n in range(5):
        await desk.paid(f"case-{n}")
    desk.next_month()
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
