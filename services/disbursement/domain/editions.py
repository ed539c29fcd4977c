"""The public sums in editions, one for each month that is over: what is told once is never told again with one payment more.

A summary of everything tells whoever reads it before and after a payment what the difference was. Here each edition tells
only groups of payments that no edition told before, each of five or more in one place and programme. Whatever does not
reach five waits for a later month. So every number that anybody can add up or take away is made of whole groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from services.disbursement.domain.summary import K, Sum

Cell = tuple[str, str]
"""District and programme."""


class Edition(Struct, frozen=True):
    """`cells` are new in this edition; `waiting` says how many payments, over all places, no edition has told yet."""

    month: str
    cells: tuple[Sum, ...]
    waiting: Sum


def editions(found: Iterable[Sum], before: str, k: int = K) -> tuple[Edition, ...]:
    """The editions of all months before this one (YYYY-MM), oldest first, from sums by month, district and programme.

    What came back is in a sum without being counted as a payment, so a cell of it alone waits for payments. Months that
    are over change no more, so an edition is the same whenever it is computed.
    """
    every = sorted((s for s in found if s.month is not None and s.month < before), key=lambda s: s.month or "")
    waiting: dict[Cell, tuple[int, int]] = {}
    made = []
    for month in sorted({s.month or "" for s in every}):
        for s in every:
            if s.month == month:
                cell = (s.district or "", s.programme or "")
                payouts, fen = waiting.get(cell, (0, 0))
                waiting[cell] = (payouts + s.payouts, fen + s.amount_fen)
        told = _told(waiting, k)
        cells = tuple(Sum(*waiting[cell], district=cell[0], programme=cell[1]) for cell in sorted(told))
        waiting = {cell: counted for cell, counted in waiting.items() if cell not in told}
        made.append(Edition(month, cells, Sum(sum(p for p, _ in waiting.values()), sum(fen for _, fen in waiting.values()))))
    return tuple(made)


def _told(waiting: Mapping[Cell, tuple[int, int]], k: int) -> set[Cell]:
    """The cells that are large enough; the smallest of them wait too while what waits would be a number about fewer than `k`."""
    told = {cell for cell, (payouts, _) in waiting.items() if payouts >= k}
    while told:
        rest = [payouts for cell, (payouts, _) in waiting.items() if cell not in told]
        if not rest or sum(rest) >= k:
            break
        told.remove(min(told, key=lambda cell: (waiting[cell], cell)))
    return told
