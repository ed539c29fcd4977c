"""The numbers of the first page by district: of none what stands on fewer than five people, nor what would tell it by subtraction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

FEW = 5
COUNTED = ("reports", "cases", "referred", "accepted", "paid")
# A page that is live would show each payment as it is made; sums are in the public ledger.
WITHHELD = ("paid_fen", "goods")


def by_district(districts: Sequence[tuple[str, Mapping[str, int]]]) -> list[dict[str, str | int | None]]:
    """A row for each district, None where a number is withheld: below five, or the next larger while those withheld sum to less."""
    withheld = {name: _few({district: row[name] for district, row in districts}) for name in COUNTED}
    return [
        {"district": district} | {name: None if district in withheld[name] else row[name] for name in COUNTED} | dict.fromkeys(WITHHELD)
        for district, row in districts
    ]


def _few(numbers: Mapping[str, int]) -> set[str]:
    """The whole city's number stands beside them: what is missing from it must stand on five people too, and on two districts."""
    found: dict[str, int] = {}
    for district, number in sorted(numbers.items(), key=lambda one: one[1]):
        if number and (number < FEW or (found and (sum(found.values()) < FEW or len(found) < 2))):
            found[district] = number
    return set(found)
