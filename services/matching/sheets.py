"""A table of facts as somebody sends it, row by row in words, made ready for columns: every cell that cannot be read is named."""

from __future__ import annotations

import io
from typing import Any

import polars as pl

from services.matching.columns import REPORTED
from services.matching.file_order import Fault

ROWS_MAX = 1_000_000
_DAYS = ("on", "seen_on")
_TRUE, _FALSE = ("true", "yes", "1", "是"), ("false", "no", "0", "否")


class Unreadable(Exception):
    """What was sent is no table."""


def _cells(data: bytes) -> pl.DataFrame:
    try:
        found = pl.read_csv(io.BytesIO(data), infer_schema=False, encoding="utf8", truncate_ragged_lines=False)
    except (pl.exceptions.PolarsError, ValueError) as why:
        raise Unreadable("no table of comma-separated values in UTF-8 with the names of facts in its first line") from why
    if found.height > ROWS_MAX:
        raise Unreadable(f"more than {ROWS_MAX:,} rows")
    return found.with_columns(pl.all().str.strip_chars().replace("", None))


def _read(name: str, kind: Any) -> tuple[pl.Expr, str]:
    """The cells of a column as values of its kind, null where they are none, and the rule that such a cell breaks."""
    cell = pl.col(name)
    if name in _DAYS or kind == pl.Date:
        return cell.str.to_date("%Y-%m-%d", strict=False), "a day as 2026-11-23 is expected"
    if kind == pl.Boolean:
        low = cell.str.to_lowercase()
        return pl.when(low.is_in(_TRUE)).then(True).when(low.is_in(_FALSE)).then(False).otherwise(None), "yes or no is expected"
    if kind == pl.List(pl.String):
        return cell.str.split("|"), ""
    if kind == pl.String:
        return cell, ""
    whole = cell.str.to_integer(strict=False)
    return pl.when(whole.is_between(0, 10**12)).then(whole).otherwise(None), "a whole number from 0 to 10^12 is expected"


def frame_of(data: bytes, most: int) -> tuple[pl.DataFrame, list[Fault]]:
    """The table ready for columns, and what is wrong with it (`most` faults at the longest); with faults the table is of no use.

    Columns are facts by name, `on` (the day of the rules), and may be `district` and `seen_on`. Raises `Unreadable`.
    """
    cells = _cells(data)
    kinds: dict[str, Any] = {**REPORTED, "on": pl.Date, "seen_on": pl.Date, "district": pl.String}
    faults = [Fault(0, name, "there is no such fact") for name in cells.columns if name not in kinds]
    if "on" not in cells.columns:
        faults.append(Fault(0, "on", "is missing"))
    if faults:
        return cells, faults[:most]
    read = {name: _read(name, kinds[name]) for name in cells.columns}
    found = cells.select([value.alias(name) for name, (value, _) in read.items()])
    for name, (_, rule) in read.items():
        bad = cells[name].is_not_null() & found[name].is_null() if rule else None
        if bad is not None:
            faults += [Fault(row + 1, name, rule) for row in bad.arg_true().head(most).to_list()]
    faults += [Fault(row + 1, "on", "is missing") for row in cells["on"].is_null().arg_true().head(most).to_list()]
    if "district" not in found.columns:
        found = found.with_columns(district=pl.lit("440100"))
    found = found.with_columns(pl.col("district").fill_null("440100"))
    if "seen_on" in found.columns:
        found = found.with_columns(pl.col("seen_on").fill_null(pl.col("on")))
    return found, sorted(faults, key=lambda one: (one.row, one.field))[:most]
