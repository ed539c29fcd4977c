"""Coded facts: what a report says in numbers and codes, what follows from it, and what of it may travel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from services.intake.domain.identity import whole_years

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}|[0-9]{1,6}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONG_DIGITS = re.compile(r"[0-9]{7}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# A key that speaks of a person, a number, a place or a text never travels, whatever its value looks like.
_PERSONAL = re.compile(
    r"name|phone|mobile|tel(?:_|$)|number|address|account|card|mail|wechat|qq|contact|note|text|remark|narrative|story|born|birth"
)
_NUMBER_MAX = 10_000_000
_FEN_MAX = 1_000_000_000_000
_CODES_MAX = 40
_MONTHS_MAX = 1200
_COUNTS = {"household_size": 60, "age": 130, "disability_grade": 4}

BILL, PARTS = "medical_total_year_fen", ("medical_reimbursed_year_fen", "medical_self_paid_year_fen")

Facts = Mapping[str, Any]


def travelling(facts: Facts) -> dict[str, Any]:
    """The facts that may leave intake: numbers, yes or no, days and codes; nothing that could name or reach a person."""
    return {key: value for key, value in facts.items() if _KEY.fullmatch(key) and not _PERSONAL.search(key) and _coded(key, value)}


def _coded(key: str, value: Any) -> bool:
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):  # what is no number is not below the bound either
        return abs(value) <= (_FEN_MAX if key.endswith("_fen") else _NUMBER_MAX)
    if isinstance(value, str):
        return _DAY.fullmatch(value) is not None or (_CODE.fullmatch(value) is not None and not _LONG_DIGITS.search(value))
    if isinstance(value, list | tuple):
        return len(value) <= _CODES_MAX and all(isinstance(one, str) and _coded(key, one) for one in value)
    return False


def wrong_fact(key: str, value: Any) -> str | None:
    """The rule that a fact of a known kind breaks: fen and counts are whole and not below nothing, a day is a day of our time."""
    if key.endswith(("_fen", "_months")) or key in _COUNTS:
        most = _FEN_MAX if key.endswith("_fen") else _COUNTS.get(key, _MONTHS_MAX)
        good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most
        return None if good else f"must be a whole number from 0 to {most}"
    if key.endswith("_on"):
        return None if isinstance(value, str) and _a_day(value) else "must be a day as 2026-11-23, from 1900 on"
    return None


def above_the_bill(facts: Facts) -> str | None:
    """The part of the medical bills of a year that is above their total, which cannot be; None where there is none."""
    total = amount_of(facts, BILL)
    return None if total is None else next((part for part in PARTS if (amount_of(facts, part) or 0) > total), None)


def _a_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and 1900 <= date.fromisoformat(text).year <= 2200
    except ValueError:
        return False


def code_or_other(text: str) -> str:
    """A word as it may travel: a code or an id of ours does, whatever else it may be does not."""
    return text if not text or _ID.fullmatch(text) or (_WORD.fullmatch(text) and not _LONG_DIGITS.search(text)) else "other"


def derived(
    facts: Facts, *, on: date, birth_date: date | None, sex: str | None, hukou_code: str | None,
    household_size: int | None, monthly_income_fen: int | None,
) -> dict[str, Any]:  # fmt: skip
    """The facts with what follows from who the person is; what was said in so many words stays."""
    more: dict[str, Any] = {}
    if birth_date is not None and birth_date <= on:
        more["age"] = whole_years(birth_date, on)
    if sex in ("male", "female"):
        more["sex"] = sex
    if hukou_code:
        more["local_hukou"] = hukou_code.startswith("4401")
    if household_size is not None:
        more["household_size"] = household_size
    if monthly_income_fen is not None:
        more["monthly_income_fen"] = monthly_income_fen
    more.update(facts)
    return more


def day_of(facts: Facts, key: str) -> date | None:
    """A fact that is a day; None where it is missing or no real day."""
    value = facts.get(key)
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def amount_of(facts: Facts, key: str) -> int | None:
    """A fact that is a whole number; a yes or no is none."""
    value = facts.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
