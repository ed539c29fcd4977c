"""Time and identity enter here and nowhere else."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")  # the zone of days, clocks and pages

_POOL_BYTES = 4096
_pool = b""
_at = 0


def _random10() -> bytes:
    # One system call serves four hundred ids.
    global _pool, _at
    if _at + 10 > len(_pool):
        _pool, _at = os.urandom(_POOL_BYTES), 0
    _at += 10
    return _pool[_at - 10 : _at]


def _dashed(number: int) -> str:
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_id() -> str:
    """A UUIDv7: ordered by time to the millisecond, so indexes grow at one end."""
    bits = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(_random10(), "big")
    bits = bits & ~(0xF << 76) | 0x7 << 76
    return _dashed(bits & ~(0x3 << 62) | 0x2 << 62)


def named_id(key: bytes, *parts: str) -> str:
    """A UUIDv8 that is always the same for the same parts, and tells nothing without the key.

    For natural keys: the same report sent twice falls on the same stream.
    """
    digest = hmac.new(key, "\x1f".join(parts).encode(), hashlib.sha256).digest()
    bits = int.from_bytes(digest[:16], "big")
    bits = bits & ~(0xF << 76) | 0x8 << 76
    return _dashed(bits & ~(0x3 << 62) | 0x2 << 62)


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
