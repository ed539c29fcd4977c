"""The public ledger as files: the whole chain oldest first, and the sums of the summary, for a spreadsheet or for the verifier."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from services.disbursement.api.public import Anyone, summed
from services.disbursement.views import chain_rows
from shared.http import Door

router = APIRouter(prefix="/disbursement/v1/public", tags=["public"])
COLUMNS = (
    "position", "entry_id", "kind", "fund_id", "programme", "district", "month", "amount_fen", "units", "previous", "hash", "corrects", "reason",
    "withheld",
)  # fmt: skip
SUMS = ("table", "month", "district", "programme", "payouts", "amount_fen")
_TABLES = ("by_programme", "by_district", "by_month", "cells")
_RUN = 2_000
_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ORDER_MARK = "\ufeff"  # without it a spreadsheet takes Chinese for another encoding


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith((*_AS_FORMULA, "'")) else value


def table(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...], *, named: bool = True) -> str:
    out = io.StringIO()
    lines = csv.writer(out)
    if named:
        lines.writerow(columns)
    lines.writerows([harmless(row.get(name, "")) for name in columns] for row in rows)
    return out.getvalue()


def lines(rows: list[dict[str, Any]], _: int) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _listed(rows: list[dict[str, Any]], after: int) -> bytes:
    """One JSON list over all runs; the last of them closes it."""
    return b"".join((b"[" if after == 0 and n == 0 else b",\n") + msgspec.json.encode(row) for n, row in enumerate(rows))


def _cells(rows: list[dict[str, Any]], after: int) -> bytes:
    first = after == 0
    return ((_ORDER_MARK if first else "") + table(rows, COLUMNS, named=first)).encode()


async def chain(door: Door, written: Callable[[list[dict[str, Any]], int], bytes]) -> AsyncIterator[bytes]:
    """Some entries at a time, so that a long chain needs no more memory than a short one; an empty one still has its columns."""
    after = 0
    statement = chain_rows()
    position = statement.selected_columns.position
    while rows := await door.rows(statement.where(position > after).order_by(position).limit(_RUN)):
        yield written(rows, after)
        after = int(rows[-1]["position"])
    if after == 0:
        yield written([], after)


def _file(name: str, kind: str, content: Any) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    made = Response if isinstance(content, bytes) else StreamingResponse
    return made(content, media_type=kind, headers=headers)


@router.get("/entries.csv", response_class=Response)
async def entries_csv(door: Anyone) -> Response:
    """The whole chain as a table, oldest first; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    return _file("entries.csv", "text/csv; charset=utf-8", chain(door, _cells))


@router.get("/entries.ndjson", response_class=Response)
async def entries_ndjson(door: Anyone) -> Response:
    """The whole chain, one entry a line, oldest first: saved as `entries.json` it is what the verifier reads."""
    return _file("entries.ndjson", "application/x-ndjson", chain(door, lines))


@router.get("/entries.json", response_class=Response)
async def entries_json(door: Anyone) -> Response:
    """The whole chain as one JSON list, oldest first."""

    async def pieces() -> AsyncIterator[bytes]:
        empty = True
        async for piece in chain(door, _listed):
            empty = empty and not piece
            yield piece
        yield b"[]\n" if empty else b"]\n"

    return _file("entries.json", "application/json", pieces())


@router.get("/summary.csv", response_class=Response)
async def summary_csv(door: Anyone) -> Response:
    """The tables of the summary as one: by programme, by district, by month, and district by programme."""
    found = await summed(door)
    rows = [{"table": name, **row} for name in _TABLES for row in found[name]]
    return _file("summary.csv", "text/csv; charset=utf-8", (_ORDER_MARK + table(rows, SUMS)).encode())
