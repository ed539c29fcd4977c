"""When a webhook is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.retries import ATTEMPTS_MAX, PAUSES_SECONDS, Outcome, pause_seconds

NO = Outcome(500)


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    assert [pause_seconds(n, NO, 0.0) for n in range(1, ATTEMPTS_MAX)] == list(PAUSES_SECONDS[1:])
    assert sum(PAUSES_SECONDS) == 75 * 3600 + 35 * 60 + 5
    assert pause_seconds(ATTEMPTS_MAX, NO, 0.0) is None


def test_retry_after_is_honoured_and_bounded() -> None:
    assert pause_seconds(1, Outcome(429, "", 60), 0.0) == 60
    assert pause_seconds(9, Outcome(503, "", 60), 0.0) == 86_400
    assert pause_seconds(1, Outcome(429, "", 10**8), 0.0) == 86_400


@pytest.mark.parametrize(
    ("status", "delivered"), [(200, True), (204, True), (299, True), (301, False), (308, False), (404, False), (0, False)]
)
def test_only_2xx_is_success(status: int, delivered: bool) -> None:
    assert Outcome(status).delivered is delivered


@given(st.integers(1, ATTEMPTS_MAX - 1), st.floats(0, 1), st.one_of(st.none(), st.integers(0, 10**9)))
def test_a_pause_is_never_shorter_than_planned_nor_longer_than_a_day_and_a_tenth(
    attempts: int, jitter: float, retry_after: int | None
) -> None:
    pause = pause_seconds(attempts, Outcome(429, "", retry_after), jitter)
    assert pause is not None
    assert PAUSES_SECONDS[attempts] <= pause <= 86_400 * 1.1
