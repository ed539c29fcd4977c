"""The thresholds of the room as they stand in their dated file."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import date
from functools import lru_cache
from pathlib import Path

import msgspec
import yaml

from services.intake.domain.thresholds import Dated, Threshold, dated

_FILE = Path(__file__).with_name("thresholds.yaml")


@lru_cache(1)
def thresholds() -> tuple[Threshold, ...]:
    return msgspec.convert(yaml.safe_load(_FILE.read_text("utf-8")), tuple[Threshold, ...])


@lru_cache(1)
def version() -> str:
    """A mark of the file's content: two screenings with the same mark used the same book."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()[:12]


def in_force(on: date, codes: Collection[str] = ()) -> tuple[Dated, ...]:
    """The thresholds with the limits that count on this day, all or those named."""
    found = (dated(one, on) for one in thresholds() if not codes or one.code in codes)
    return tuple(one for one in found if one is not None)
