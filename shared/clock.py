"""Time and identity enter here and nowhere else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from shared.keyed import keyed

SHANGHAI = ZoneInfo("Asia/Shanghai")  # the zone of days, clocks and pages

_POOL_BYTES = 4096
_RANDOM_DIGITS = 19  # 76 bits, two of which give way to the variant
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
_pool = ""
_at = 0


def new_id() -> str:
    """A UUIDv7: ordered by time to the millisecond, so indexes grow at one end."""
    # One system call serves four hundred ids, and digits are cut, not computed: a case takes forty of them.
    global _pool, _at
    if _at + _RANDOM_DIGITS > len(_pool):
        _pool, _at = os.urandom(_POOL_BYTES).hex(), 0
    r = _pool[_at : _at + _RANDOM_DIGITS]
    _at += _RANDOM_DIGITS
    t = f"{time.time_ns() // 1_000_000:012x}"
    return f"{t[:8]}-{t[8:]}-7{r[:3]}-{_VARIANT[r[3]]}{r[4:7]}-{r[7:]}"


def named_id(key: bytes, *parts: str) -> str:
    """A UUIDv8 that is always the same for the same parts, and tells nothing without the key.

    For natural keys: the same report sent twice falls on the same stream.
    """
    d = keyed(key).digest("\x1f".join(parts).encode()).hex()
    return f"{d[:8]}-{d[8:12]}-8{d[13:16]}-{_VARIANT[d[16]]}{d[17:20]}-{d[20:32]}"


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """What time it is and what the next id is; tests turn their own by hand."""

    now: Callable[[], datetime] = utc_now
    new_id: Callable[[], str] = new_id


def local_day(instant: datetime) -> date:
    """The calendar day in Asia/Shanghai at this instant."""
    return instant.astimezone(SHANGHAI).date()
