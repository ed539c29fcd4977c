"""What doors take of instants, days, languages and numbers, and the form in which they hand it on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.asked import Day, DayOrInstant, Instant, Language, Position, Value

INSTANT, DAY, EITHER = TypeAdapter[Any](Instant), TypeAdapter[Any](Day), TypeAdapter[Any](DayOrInstant)
LANGUAGE, VALUE, POSITION = TypeAdapter[Any](Language), TypeAdapter[Any](Value), TypeAdapter[Any](Position)


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("2026-11-23T09:12:00+08:00", datetime(2026, 11, 23, 1, 12, tzinfo=UTC)),
        ("1900-01-01T00:00:00Z", datetime(1900, 1, 1, tzinfo=UTC)),
        ("2200-12-31T23:59:59-00:00", datetime(2200, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-01-01T00:00:00+14:00", datetime(2025, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_an_instant_is_handed_on_in_utc(said: str, taken: datetime) -> None:
    found = INSTANT.validate_python(said)
    assert (found, found.tzinfo) == (taken, UTC)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("0001-01-01T00:00:00+14:00", "1900 to 2200"), ("9999-12-31T23:59:59-14:00", "1900 to 2200"), ("2201-01-01T00:00:00Z", "1900 to 2200"),
        ("2026-01-01T00:00:00+14:01", "at most 14 hours"), ("2026-01-01T00:00:00-23:59", "at most 14 hours"),
        ("2026-01-01T00:00:00", "time zone offset"), ("1700000000", "written as an instant"), (1_700_000_000, "written as an instant"),
    ],
)  # fmt: skip
def test_an_instant_beyond_the_bounds_is_told_the_rule(said: Any, rule: str) -> None:
    with pytest.raises(ValidationError, match=rule):
        INSTANT.validate_python(said)


@pytest.mark.parametrize("said", ["1899-12-31", "2201-01-01", "9999-12-31", "20261123", "0", 0, "2026-11-23T00:00:00Z"])
def test_a_day_beyond_the_bounds_is_refused(said: Any) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(said)


def test_the_first_and_the_last_day_are_taken() -> None:
    assert [DAY.validate_python(day) for day in ("1900-01-01", "2200-12-31")] == [date(1900, 1, 1), date(2200, 12, 31)]


def test_an_instant_stands_for_its_day_in_guangzhou() -> None:
    assert EITHER.validate_python("2026-11-23T20:00:00Z") == date(2026, 11, 24)
    assert EITHER.validate_python("2026-11-23") == date(2026, 11, 23)


@pytest.mark.parametrize("said", ["2026-11-23T20:00:00", "9999-12-31T23:59:59Z", "20261123", 0, "0001-01-01T00:00:00+14:00"])
def test_neither_day_nor_instant(said: Any) -> None:
    with pytest.raises(ValidationError):
        EITHER.validate_python(said)


@pytest.mark.parametrize("said", ["zh", "en", "yue", "zh-Hant", "zh-Hant-HK", "sgn-CN"])
def test_a_language_is_a_tag(said: str) -> None:
    assert LANGUAGE.validate_python(said) == said


@pytest.mark.parametrize("said", ["", "z", "张三丰 13800138000", "zh_CN", "zh\n", "zh-", "13800138000", "ZH", "zh-138001380", "zh\0"])
def test_a_language_is_nothing_but_a_tag(said: str) -> None:
    with pytest.raises(ValidationError):
        LANGUAGE.validate_python(said)


@pytest.mark.parametrize("said", [None, True, 0, -(2**63) + 1, 1.5, "code", ["a", "b"], []])
def test_a_value_is_kept_as_it_is(said: Any) -> None:
    assert VALUE.validate_python(said) == said


@pytest.mark.parametrize(
    "said",
    [
        10**400,
        -(10**400),
        2**63,
        float("nan"),
        float("inf"),
        1e300,
        "a\0",
        "a\ud800",
        "x" * 201,
        ["\0"],
        ["x" * 81],
        [1],
        {"a": 1},
        [["a"]],
    ],
    ids=str,
)
def test_a_value_that_nobody_could_read_back_is_refused(said: Any) -> None:
    with pytest.raises(ValidationError):
        VALUE.validate_python(said)


def test_a_position_fits_its_column() -> None:
    assert POSITION.validate_python(2**63 - 1) == 2**63 - 1
    with pytest.raises(ValidationError):
        POSITION.validate_python(2**63)
