"""When a webhook is tried again: the schedule of Standard Webhooks 1.0 and what an answer means."""

from __future__ import annotations

from msgspec import Struct

# Seconds before each attempt after the one that failed: 75 h 35 min 5 s in all.
PAUSES_SECONDS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS_MAX = len(PAUSES_SECONDS)
RETRY_AFTER_MAX_SECONDS = 86_400
_THROTTLED = (429, 502, 503, 504)


class Outcome(Struct, frozen=True, gc=False):
    """What one attempt came to: an HTTP status, or 0 and the reason why there was no answer."""

    status: int
    reason: str = ""
    retry_after_seconds: int | None = None
    took_millis: int = 0

    @property
    def delivered(self) -> bool:
        """2xx only: a redirect is a failure, it is not followed."""
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == 410

    @property
    def throttled(self) -> bool:
        return self.status in _THROTTLED and self.retry_after_seconds is not None

    @property
    def words(self) -> str:
        return str(self.status) if self.status else self.reason


def pause_seconds(attempts: int, outcome: Outcome, jitter: float) -> float | None:
    """How long to wait after `attempts` failures; None when the schedule is at its end. `jitter` is from 0 to 1."""
    if attempts >= ATTEMPTS_MAX:
        return None
    planned = PAUSES_SECONDS[attempts] * (1 + 0.1 * jitter)
    if outcome.retry_after_seconds is None:
        return planned
    return max(planned, float(min(outcome.retry_after_seconds, RETRY_AFTER_MAX_SECONDS)))
