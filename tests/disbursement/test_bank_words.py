"""What a bank says of a payment: its code is kept and told on, its free words are not."""

from __future__ import annotations

import pytest

from services.disbursement.effects import _noted


@pytest.mark.parametrize(
    ("said", "kept"),
    [("AC04", "AC04"), ("", ""), (None, ""), ("收款人张伟已销户 13612345678", "other"), ("x" * 41, "other"), (["AC04"], "other")],
)
def test_a_banks_code_travels_and_its_words_do_not(said: object, kept: str) -> None:
    assert _noted({"status": "rejected", "reason": said}, "2026-03").reason == kept
