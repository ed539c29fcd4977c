"""Made-up residents of a city: seeded, with real check digits and the spread of a real one; for tests, exercises and measuring."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

from services.intake.domain.identity import CHECKS, DISTRICTS, WEIGHTS

_AT_ONCE = 500_000
_FIRST_BORN = date(1935, 1, 1)
_DAYS = 32_800  # to 2024: with a thousand numbers a day, more people than any city has


def residents(first: int, count: int, seed: int = 0, on: date = date(2026, 11, 1)) -> pl.DataFrame:
    """Residents `first` to `first + count`: always the same for the same seed. Nobody twice."""

    def share(column: int) -> pl.Expr:
        """A number from 0 to 1 that hangs on the resident, the column and the seed."""
        return (pl.col("i").hash(seed * 1000 + column) % 1_000_003 + 1).cast(pl.Float64) / 1_000_003

    def chosen(column: int, *odds: tuple[float, str], otherwise: str) -> pl.Expr:
        found: pl.Expr = pl.lit(otherwise)
        for below, value in reversed(odds):
            found = pl.when(share(column) < below).then(pl.lit(value)).otherwise(found)
        return found

    def some(column: int, said: float, value: pl.Expr) -> pl.Expr:
        return pl.when(share(column) < said).then(value)

    people = pl.DataFrame({"i": pl.int_range(first, first + count, dtype=pl.UInt64, eager=True)})
    income = 184_500 / share(4) ** 0.45
    fallen = pl.when(share(5) < 0.02).then(2 + 3 * share(6)).otherwise(0.9 + 0.3 * share(6))
    return (
        people.lazy()
        .with_columns(
            district=(share(1) * 10.99).cast(pl.Int64),
            born=(pl.lit(_FIRST_BORN) + pl.duration(days=pl.col("i") // 1000 % _DAYS)),
        )
        .with_columns(body=_body())
        .select(
            (pl.col("body").cast(pl.String) + _check()).alias("id_number"),
            chosen(2, (0.002, "tekun"), (0.012, "dibao"), (0.02, "edge"), otherwise="other").alias("category"),
            pl.lit(DISTRICTS[0][:4]).alias("city") + pl.lit([d[4:] for d in DISTRICTS]).list.get(pl.col("district")),
            (share(3) < 0.05).cast(pl.Int8).alias("lives_alone"),
            some(7, 0.45, 30_000 / share(8) ** 0.6).cast(pl.Int64).alias("medical_self_paid_year_fen"),
            some(9, 0.6, income).cast(pl.Int64).alias("income_per_head_month_fen"),
            some(9, 0.6, income * fallen).cast(pl.Int64).alias("income_per_head_month_before_fen"),
            pl.when(share(10) < 0.96).then(0).otherwise((share(11) * 10).cast(pl.Int64)).alias("months_without_income"),
            some(12, 0.3, pl.lit(on) - pl.duration(days=(8 / share(13) ** 0.5).clip(0, 900).cast(pl.Int64))).alias("last_contact_on"),
        )
        .rename({"city": "residence_code"})
        .collect()
    )


def _body() -> pl.Expr:
    """17 digits: the district of the first paper, the birth day, a number within the day."""
    code = pl.lit([int(d) for d in DISTRICTS]).list.get(pl.col("district"))
    born = pl.col("born")
    day = born.dt.year().cast(pl.Int64) * 10_000 + born.dt.month().cast(pl.Int64) * 100 + born.dt.day().cast(pl.Int64)
    return code * 10**11 + day * 1000 + (pl.col("i") % 1000).cast(pl.Int64)


def _check() -> pl.Expr:
    total = pl.sum_horizontal([(pl.col("body") // 10 ** (16 - i) % 10) * weight for i, weight in enumerate(WEIGHTS)]) % 11
    return pl.lit(list(CHECKS)).list.get(total)


def write(count: int, out: Path, seed: int, told: Callable[[int], None] = lambda done: None) -> None:
    """A file of that many residents, CSV or Parquet by its name; memory holds half a million of them."""
    if out.suffix == ".parquet":
        _parquet(count, out, seed, told)
        return
    with out.open("wb") as file:
        for first in range(0, count, _AT_ONCE):
            residents(first, min(_AT_ONCE, count - first), seed).write_csv(file, include_header=first == 0)
            told(min(first + _AT_ONCE, count))


def _parquet(count: int, out: Path, seed: int, told: Callable[[int], None]) -> None:
    parts = Path(tempfile.mkdtemp(prefix="kapok-residents-", dir=out.parent))
    try:
        for first in range(0, max(count, 1), _AT_ONCE):
            residents(first, min(_AT_ONCE, count - first), seed).write_parquet(parts / f"{first:012}.parquet")
            told(min(first + _AT_ONCE, count))
        pl.scan_parquet(parts / "*.parquet").sink_parquet(out, row_group_size=100_000)
    finally:
        shutil.rmtree(parts, ignore_errors=True)
