"""The numbers of the first page tell of no district what the public ledger withholds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.numbers import COUNTED, FEW, by_district

_ROW = dict.fromkeys(COUNTED, 9) | {"paid_fen": 777_700, "goods": 3}


def shown(*reports: int) -> list[int | str | None]:
    return [row["reports"] for row in by_district([(f"44010{n}", _ROW | {"reports": of}) for n, of in enumerate(reports)])]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ((9, 7, 12), [9, 7, 12]),
        ((9, 1, 12), [None, None, 12]),
        ((3, 0, 2), [None, 0, None]),
        ((1, 2, 30), [None, None, None]),
        ((4, 4, 5), [None, None, 5]),
        ((), []),
    ],
)
def test_no_number_below_five_is_shown_or_follows(reports: tuple[int, ...], expected: list[int | None]) -> None:
    assert shown(*reports) == expected


@given(st.lists(st.integers(0, 12), max_size=11))
def test_what_is_missing_from_the_sum_stands_on_five_people_and_two_districts(reports: list[int]) -> None:
    left = shown(*reports)
    hidden = [of for of, seen in zip(reports, left, strict=True) if seen is None]
    assert all(seen == 0 or int(seen) >= FEW for seen in left if seen is not None)
    others = [of for of in reports if of]
    assert not hidden or (sum(hidden) >= FEW and len(hidden) >= 2) or len(hidden) == len(others)


def test_money_and_goods_are_told_of_the_whole_city_only() -> None:
    (row,) = by_district([("440106", _ROW)])
    assert (row["paid_fen"], row["goods"], row["paid"]) == (None, None, 9)
