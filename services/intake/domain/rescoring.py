"""What a moved threshold would have signalled: counted from what a screening kept, exact or between two bounds."""

from __future__ import annotations

from collections.abc import Mapping

from services.intake.domain.thresholds import Dated, passes

STEPS, STEPS_MAX = 20, 60


def bounds(steps: Mapping[str, int], threshold: Dated, limit: int) -> tuple[int, int]:
    """At least and at most how many of everybody in scope would pass the moved limit.

    Values were counted in twentieths of the limit that was used: a twentieth that lies wholly on one side is sure, the one
    that holds the moved limit is not.
    """
    surely = perhaps = 0
    for name, count in steps.items():
        step = int(name)
        low = -(-step * threshold.limit // STEPS) if step else None
        high = -(-(step + 1) * threshold.limit // STEPS) - 1 if step < STEPS_MAX else None
        sides = [_side(threshold.op, low, limit, below=True), _side(threshold.op, high, limit, below=False)]
        surely += count if all(sides) else 0
        perhaps += count if any(sides) else 0
    return surely, perhaps


def _side(op: str, value: int | None, limit: int, *, below: bool) -> bool:
    """Whether this end of a twentieth passes; an open end passes where the threshold looks that way."""
    if value is not None:
        return passes(op, value, limit)
    return (op in ("lt", "le")) is below


def stricter(threshold: Dated, limit: int) -> bool:
    """Whether everybody who passes the moved limit had passed the one that was used."""
    return limit >= threshold.limit if threshold.op in ("gt", "ge") else limit <= threshold.limit


def precision(admitted: int, decided: int) -> float | None:
    """The share of those decided who were helped; None while nobody is."""
    return round(admitted / decided, 4) if decided else None
