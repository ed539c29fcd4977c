"""Made-up facts of residents and cases: always the same for the same number, with unknowns, and values near the limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl

from services.matching.columns import REPORTED

ON = date(2026, 11, 2)
AT_ONCE = 250_000
_DISTRICTS = ("440103", "440104", "440105", "440106", "440111", "440112", "440113", "440114", "440115", "440117", "440118")
_CERTIFICATES = (["none"], ["dibao"], ["disability"], ["edge_family"], ["none", "tekun"], [])
# How many of a hundred were asked, and of them how many say yes.
_FLAGS = {
    "serious_illness": (80, 8), "accident": (80, 4), "local_hukou": (97, 60), "residence_permit": (90, 50), "parent_works_here": (50, 80),
    "lives_with_parents": (60, 50), "special_circumstances": (10, 20), "application_running": (60, 5), "basic_life_threatened": (60, 10),
    "property_within_limits": (70, 90), "has_supporter": (60, 85), "cannot_pay": (30, 40), "rural_hukou": (80, 15), "papers_missing": (20, 30), "hmt_permit": (10, 20),
}  # fmt: skip
_NUMBERS = {
    "age": (98, 95), "disability_grade": (90, 5), "works_here_months": (60, 50), "pension_months": (60, 50), "lived_here_months": (80, 60),
    "parent_lived_here_months": (40, 50), "household_size": (90, 6),
}  # fmt: skip


def _drawn(column: int) -> pl.Expr:
    return pl.col("i").hash(column)


def _some(column: int, asked: int, value: pl.Expr) -> pl.Expr:
    return pl.when(_drawn(column) % 100 < asked).then(value)


def _one_of(column: int, values: tuple[Any, ...]) -> pl.Expr:
    return pl.lit(pl.Series([list(values)])).list.get((_drawn(column) % len(values)).cast(pl.Int64))


def _money(column: int, most: int) -> pl.Expr:
    """Few have much."""
    share = (_drawn(column) % 1_000_003 + 1).cast(pl.Float64) / 1_000_003
    return (most * share * share).cast(pl.Int64)


def people(first: int, count: int) -> pl.DataFrame:
    """Residents `first` to `first + count` with what was told of them, and their district."""
    numbers = {
        name: _some(n, asked, (_drawn(n + 100) % below).cast(pl.Int64)) for n, (name, (asked, below)) in enumerate(_NUMBERS.items(), 1)
    }
    flags = {name: _some(n, asked, _drawn(n + 100) % 100 < yes) for n, (name, (asked, yes)) in enumerate(_FLAGS.items(), 20)}
    columns = {
        **numbers, **flags,
        "student": _some(40, 90, _one_of(41, ("none", "none", "none", "school", "college", "vocational"))),
        "certificates": _some(42, 80, _one_of(43, _CERTIFICATES)),
        "disability_kind": _some(44, 90, _one_of(45, ("none", "none", "limb", "visual", "mental", "hearing"))),
        "wish_sku": _some(46, 5, pl.lit("radio")),
        "hukou_district": _one_of(47, _DISTRICTS), "district": _one_of(48, _DISTRICTS),
        "event_on": _some(50, 10, pl.lit(ON) - pl.duration(days=_drawn(51) % 90)),
        "medical_self_paid_year_fen": _some(52, 45, _money(53, 30_000_000)),
        "medical_total_year_fen": _some(54, 10, _money(55, 30_000_000)), "medical_reimbursed_year_fen": _some(56, 50, _money(57, 9_000_000)),
        "monthly_income_fen": _some(58, 70, _money(59, 3_000_000)), "necessary_spending_month_fen": _some(60, 40, _money(61, 2_000_000)),
    }  # fmt: skip
    frame = pl.DataFrame({"i": pl.int_range(first, first + count, dtype=pl.UInt64, eager=True)})
    coded = {
        "student": pl.Categorical,
        "disability_kind": pl.Categorical,
        "hukou_district": pl.Categorical,
        "certificates": pl.List(pl.Categorical),
    }
    return frame.lazy().select("i", *[value.alias(name) for name, value in columns.items()]).drop("i").cast(coded).collect()


def portions(count: int) -> Iterator[pl.DataFrame]:
    """That many residents, a quarter of a million at a time."""
    for first in range(0, count, AT_ONCE):
        yield people(first, min(AT_ONCE, count - first))


def facts(count: int) -> list[dict[str, Any]]:
    """Reported facts as they come in on line, without what nobody told."""
    rows = people(0, count).select([name for name in REPORTED if name != "rural_district"]).iter_rows(named=True)
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def dated(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as cases of the years since 2019, each with the day of its rules."""
    days = (pl.int_range(pl.len()).hash(7) % ((ON - date(2019, 1, 1)).days)).cast(pl.Int64)
    return frame.with_columns(on=pl.lit(ON) - pl.duration(days=days), seen_on=pl.lit(ON + timedelta(days=1)))
