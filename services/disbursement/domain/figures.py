"""What the law asks of a year's money: enough of last year's income spent on people, and little on administration; in fen and ten-thousandths."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

SPEND_LEAST = 7_000
"""A foundation that may raise funds in public spends at least 70 % of last year's income in a year: Charity Law, article 61, and the
measures of 2016 (Order of the Ministry of Civil Affairs, the Ministry of Finance and the State Administration of Taxation), article 7."""
ADMINISTRATION_MOST = 1_000
"""Its yearly administration is at most 10 % of the year's whole spending: the same."""
ADMINISTRATION = "administration"
"""The kind of fund that the city's own work is paid from: what other funds move into it is what administration costs."""
KINDS = frozenset(("general", "community", "special", "city_association", ADMINISTRATION))


class FundYear(Struct, frozen=True):
    """One fund's calendar year: given to it (less what went back), spent on people (less what came back), moved between funds."""

    fund_id: str
    kind: str
    year: int
    income_fen: int
    spent_fen: int
    moved_in_fen: int = 0
    moved_out_fen: int = 0


class Figures(Struct, frozen=True):
    """A year of all funds and the stores. Shares in ten-thousandths, rounded down; None where there is nothing to share.

    `spending` and `administration` say kept, missed, or so_far while the year is not over and it is not kept yet.
    """

    year: int
    income_before_fen: int
    spent_fen: int
    administration_fen: int
    spent_share: int | None
    administration_share: int | None
    spending: str
    administration: str


def figures(rows: Iterable[FundYear], year: int, this_year: int) -> Figures:
    """The figures of one calendar year; what administration funds spend is theirs, not spending on people."""
    rows = list(rows)
    before = sum(r.income_fen for r in rows if r.year == year - 1)
    spent = sum(r.spent_fen for r in rows if r.year == year and r.kind != ADMINISTRATION)
    own = [r for r in rows if r.year == year and r.kind == ADMINISTRATION]
    administration = sum(r.moved_in_fen - r.moved_out_fen for r in own)
    whole = spent + administration
    spent_share = spent * 10_000 // before if before > 0 else None
    own_share = administration * 10_000 // whole if whole > 0 else None
    over = year < this_year
    enough = spent_share is None or spent_share >= SPEND_LEAST
    little = own_share is None or administration * 10_000 <= whole * ADMINISTRATION_MOST
    return Figures(
        year, before, spent, administration, spent_share, own_share,
        "kept" if enough else "missed" if over else "so_far", "kept" if little else "missed" if over else "so_far",
    )  # fmt: skip
