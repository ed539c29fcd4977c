"""The public summary: sums by programme, by district, by month, and by district and programme, in which nobody can be found.

No sum stands on fewer than five payouts, and none that does follows from those that are shown. Small numbers are not left
out but added together, so every table adds up to the whole. Money and goods are one amount here: one parcel of goods among
five payments would be a number about one person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from msgspec import Struct
from msgspec.structs import replace

K = 5
"""No published sum counts fewer payouts than this."""
MERGED = "merged"


class Sum(Struct, frozen=True, omit_defaults=True):
    """So many payouts of this amount together, in money or in goods by value; what it does not say, it is the sum of."""

    payouts: int
    amount_fen: int
    month: str | None = None
    district: str | None = None
    programme: str | None = None


class Summary(Struct, frozen=True):
    by_programme: tuple[Sum, ...] = ()
    by_district: tuple[Sum, ...] = ()
    by_month: tuple[Sum, ...] = ()
    cells: tuple[Sum, ...] = ()


def summarised(found: Iterable[Sum], k: int = K) -> Summary:
    """What may be shown of sums by month, district and programme: nothing while there are fewer than `k` payouts in all.

    The cells are coarser than the totals beside them: a district or programme with a small cell is in them a part of `merged`.
    """
    every = list(found)
    if sum(s.payouts for s in every) < k:
        return Summary()
    small = {by: small_ones(_added(every, (by,)), k) for by in ("month", "district", "programme")}

    def totals(by: str) -> tuple[Sum, ...]:
        return tuple(_added(_merged(every, {by: small[by]}), (by,)).values())

    of_cells = {"district": small["district"], "programme": small["programme"]}
    while True:
        cells = _added(_merged(every, of_cells), ("district", "programme"))
        too_small = next((s for s in cells.values() if s.payouts < k), None)
        if too_small is None:
            return Summary(totals("programme"), totals("district"), totals("month"), tuple(cells.values()))
        by, code = _next_to_merge(too_small, _merged(every, of_cells))
        of_cells[by] = of_cells[by] | {code}


def _added(sums: Iterable[Sum], by: tuple[str, ...]) -> dict[tuple[str, ...], Sum]:
    """One sum for each combination of these codes, in the order of the codes."""
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    for s in sums:
        codes = tuple(getattr(s, name) for name in by)
        payouts, fen = found.get(codes, (0, 0))
        found[codes] = (payouts + s.payouts, fen + s.amount_fen)
    return {codes: replace(Sum(*found[codes]), **dict(zip(by, codes, strict=True))) for codes in sorted(found)}


def _merged(sums: Iterable[Sum], small: Mapping[str, Set[str]]) -> list[Sum]:
    """The same sums, with these codes called `merged`."""

    def code(s: Sum, by: str) -> str:
        own: str = getattr(s, by)
        return MERGED if own in small.get(by, ()) else own

    return [Sum(s.payouts, s.amount_fen, code(s, "month"), code(s, "district"), code(s, "programme")) for s in sums]


def small_ones(totals: Mapping[tuple[str, ...], Sum], k: int) -> Set[str]:
    """The codes whose totals are small, and the next larger ones until all that is merged is not small itself."""
    merged: set[str] = set()
    payouts = 0
    for (code,), total in sorted(totals.items(), key=lambda kv: (kv[1].payouts, kv[0])):
        if total.payouts < k or (merged and payouts < k):
            merged.add(code)
            payouts += total.payouts
    return merged


def _next_to_merge(small: Sum, sums: list[Sum]) -> tuple[str, str]:
    """The smaller one of a small cell's district and programme; where both are merged already, the smallest there is."""
    lines = [(s.payouts, by, code) for by in ("district", "programme") for (code,), s in _added(sums, (by,)).items() if code != MERGED]
    own = [(payouts, by, code) for payouts, by, code in lines if code == getattr(small, by)]
    _, by, code = min(own or lines)
    return by, code
