"""The public summary: sums by month, district and programme in which nobody can be found."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

K = 5
"""No published cell counts fewer payouts than this."""
MERGED = "merged"


class Cell(Struct, frozen=True):
    """So many payouts with this sum; a merged cell names no district, no programme and perhaps no month."""

    month: str
    district: str
    programme: str
    payouts: int
    cash_fen: int
    goods_fen: int
    units: int


def _joined(into: Cell, cells: Iterable[Cell]) -> Cell:
    for c in cells:
        into = replace(
            into, payouts=into.payouts + c.payouts, cash_fen=into.cash_fen + c.cash_fen, goods_fen=into.goods_fen + c.goods_fen,
            units=into.units + c.units,
        )  # fmt: skip
    return into


def k_anonymous(cells: Iterable[Cell], k: int = K) -> list[Cell]:
    """Small cells join the other small cells of their month, then of all months, then the smallest cell that is left.

    Fewer than `k` payouts in all are not published; the sum of what is published is then less than the whole.
    """
    every = sorted(cells, key=lambda c: (c.month, c.district, c.programme))
    kept = [c for c in every if c.payouts >= k]
    small: dict[str, Cell] = {}
    for c in every:
        if c.payouts < k:
            small[c.month] = _joined(small.get(c.month, Cell(c.month, MERGED, MERGED, 0, 0, 0, 0)), [c])
    kept += [c for c in small.values() if c.payouts >= k]
    left = [c for c in small.values() if c.payouts < k]
    if left:
        rest = _joined(Cell(MERGED, MERGED, MERGED, 0, 0, 0, 0), left)
        while rest.payouts < k and kept:
            smallest = min(kept, key=lambda c: (c.payouts, c.month, c.district, c.programme))
            kept.remove(smallest)
            rest = _joined(rest, [smallest])
        if rest.payouts >= k:
            kept.append(rest)
    return sorted(kept, key=lambda c: (c.month, c.district, c.programme))
