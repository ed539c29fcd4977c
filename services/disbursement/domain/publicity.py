"""The public summary: sums by month, district and programme in which no cell stands for fewer than k payouts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

OTHER = "other"


def anonymous(cells: Iterable[Mapping[str, Any]], k: int) -> list[dict[str, Any]]:
    """Merge cells below k: first the districts of a month and programme, then its programmes, then the months.

    Sums stay the same; a rest that is still too small is left as one cell of everything small, or joined to the smallest other.
    """
    rows = [dict(cell) for cell in cells]
    for blur in ("district", "programme", "month"):
        kept = [r for r in rows if r["count"] >= k]
        small: dict[tuple[str, str, str], dict[str, Any]] = {}
        for row in (r for r in rows if r["count"] < k):
            _joined(small, {**row, blur: OTHER})
        rows = kept + list(small.values())
    rest = [r for r in rows if r["count"] < k]
    enough = sorted((r for r in rows if r["count"] >= k), key=lambda r: int(r["count"]))
    if rest and enough:
        for column in ("count", "cash", "goods", "units"):
            enough[0][column] += sum(r[column] for r in rest)
        enough[0]["district"] = OTHER
        rows = enough
    return sorted(rows, key=lambda r: (r["month"], r["district"], r["programme"]))


def _joined(cells: dict[tuple[str, str, str], dict[str, Any]], row: dict[str, Any]) -> None:
    at = cells.get((row["month"], row["district"], row["programme"]))
    if at is None:
        cells[(row["month"], row["district"], row["programme"])] = row
        return
    for column in ("count", "cash", "goods", "units"):
        at[column] += row[column]
