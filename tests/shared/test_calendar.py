"""Working days agree with the announced calendar and never raise for a year that is not announced."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import add_working_days, is_working_day, provisional, working_days_between


@pytest.mark.parametrize("year", range(2020, 2027))
def test_every_day_of_an_announced_year_agrees_with_the_published_calendar(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        assert is_working_day(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)
    assert not provisional(date(year, 6, 1))


def test_a_make_up_saturday_is_worked_and_the_national_day_week_is_not() -> None:
    assert is_working_day(date(2024, 9, 29))
    assert not is_working_day(date(2024, 10, 1))


def test_a_deadline_over_an_unannounced_new_year_is_computed_and_marked() -> None:
    due = add_working_days(datetime(2026, 12, 30, 2, tzinfo=UTC), 5)
    assert due.date() == date(2027, 1, 6)
    assert provisional(due.date())


def test_the_time_of_day_stays_and_a_friday_goes_to_monday() -> None:
    assert add_working_days(datetime(2026, 11, 20, 8, 30, tzinfo=UTC), 1) == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


def test_late_evening_in_london_is_already_tomorrow_in_guangzhou() -> None:
    assert add_working_days(datetime(2026, 11, 20, 17, tzinfo=UTC), 0) == datetime(2026, 11, 22, 17, tzinfo=UTC)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), st.integers(0, 60))  # noqa: DTZ001 - bounds are naive, `timezones` adds the zone
def test_adding_and_counting_agree(instant: datetime, days: int) -> None:
    due = add_working_days(instant, days)
    first = (instant + timedelta(hours=8)).date()
    last = (due + timedelta(hours=8)).date()
    assert is_working_day(last)
    assert working_days_between(first, last) == (days if days else (0 if first == last else 1))


@given(st.integers(0, 35_000), st.integers(0, 40))
def test_days_that_are_remembered_are_days_that_are_counted(hours: int, days: int) -> None:
    instant = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    counted = add_working_days(instant, days, lambda day: is_working_day(day) is True)
    assert add_working_days(instant, days) == counted == add_working_days(instant, days)
