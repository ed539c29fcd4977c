"""What the law asks of a year: at least 70 % of last year's income spent, at most 10 % of all spending on administration."""

from __future__ import annotations

import pytest

from services.disbursement.domain.figures import FundYear, figures


def given(fen: int) -> FundYear:
    return FundYear("general", "", 2025, fen, 0)


def spent(fen: int, fund_id: str = "general", kind: str = "") -> FundYear:
    return FundYear(fund_id, kind, 2026, 5, fen)


def costs(into: int, back: int = 0) -> FundYear:
    return FundYear("office", "administration", 2026, 0, 0, into, back)


@pytest.mark.parametrize(
    ("fen", "share", "now", "word"),
    [
        (69_999, 6_999, 2026, "so_far"), (69_999, 6_999, 2027, "missed"), (70_000, 7_000, 2027, "kept"), (70_000, 7_000, 2026, "kept"),
        (130_000, 13_000, 2027, "kept"),
    ],
)  # fmt: skip
def test_spending_of_last_years_income(fen: int, share: int, now: int, word: str) -> None:
    found = figures([given(100_000), spent(fen)], 2026, now)
    assert (found.spent_share, found.spending, found.income_before_fen, found.spent_fen) == (share, word, 100_000, fen)


@pytest.mark.parametrize(
    ("own", "share", "now", "word"),
    [(10_000, 1_000, 2027, "kept"), (10_001, 1_000, 2027, "missed"), (10_001, 1_000, 2026, "so_far"), (0, 0, 2026, "kept")],
)
def test_administration_of_all_spending(own: int, share: int, now: int, word: str) -> None:
    """One fen above the tenth is above it, although the share reads the same in ten-thousandths."""
    found = figures([spent(90_000), costs(own)], 2026, now)
    assert (found.administration_share, found.administration, found.administration_fen) == (share, word, own)


def test_what_moves_back_is_no_cost_and_what_is_not_of_the_year_does_not_count() -> None:
    found = figures([given(100), spent(90), costs(30, 20), FundYear("office", "administration", 2025, 0, 0, 99), costs(0)], 2026, 2027)
    assert (found.administration_fen, found.spent_fen, found.income_before_fen) == (10, 90, 100)


def test_goods_and_all_funds_count_and_an_administration_fund_spends_on_nobody() -> None:
    rows = [given(100), spent(40), spent(35, "stores"), spent(50, "office", "administration")]
    assert figures(rows, 2026, 2027).spent_fen == 75


def test_nothing_to_compare_is_no_share() -> None:
    found = figures([], 2026, 2027)
    assert (found.spent_share, found.administration_share, found.spending, found.administration) == (None, None, "kept", "kept")
