"""The process that writes the chain as Parquet: lines of JSON in, columns out; the service itself never loads what that needs."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

NUMBERS = ("position", "amount_fen", "units")
TRUTHS = ("withheld",)


def written(lines: Path, table: Path, columns: list[str]) -> None:
    """Some rows at a time, so that a long chain needs no more memory than a short one."""
    shape = {name: pl.Int64() if name in NUMBERS else pl.Boolean() if name in TRUTHS else pl.String() for name in columns}
    if lines.stat().st_size == 0:
        pl.DataFrame(schema=shape).write_parquet(table)
    else:
        pl.scan_ndjson(lines, schema=shape).sink_parquet(table)


if __name__ == "__main__":
    written(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].split(","))
