"""A household's chain of help: what was granted to it, and how much of each cap is used.

nothing --GrantHelp--> helped (cut to what the caps leave) --ReleaseHelp--> the sum is free again
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from services.matching.domain.asking import About, Grant
from services.matching.domain.rulebook import Limit


class GrantHelp(Struct, frozen=True, gc=False):
    """`limits` are the caps of the programme on the day of the event; `value_fen` is what goods count for."""

    about: About
    grant: Grant
    limits: tuple[Limit, ...]
    at: datetime
    value_fen: int = 0


class ReleaseHelp(Struct, frozen=True, gc=False):
    referral_id: str
    at: datetime


class HelpGranted(Struct, frozen=True, gc=False):
    """`cut_by` names the cap that made the grant smaller than `asked_fen`; `counted_fen` is what it uses of each cap."""

    about: About
    grant: Grant
    asked_fen: int
    counted_fen: int
    caps: tuple[str, ...]
    at: datetime
    cut_by: str | None = None


class HelpReleased(Struct, frozen=True, gc=False):
    referral_id: str
    counted_fen: int
    caps: tuple[str, ...]
    at: datetime


class Household(Struct, frozen=True, gc=False):
    """`used` in fen by cap; `grants` by referral."""

    used: Mapping[str, int]
    grants: Mapping[str, HelpGranted]


ABSENT = Household({}, {})
COMMANDS = (GrantHelp, ReleaseHelp)
EVENTS = (HelpGranted, HelpReleased)


def _used(used: Mapping[str, int], caps: tuple[str, ...], fen: int) -> dict[str, int]:
    now = dict(used)
    for cap in caps:
        now[cap] = now.get(cap, 0) + fen
    return now


def evolve(state: Household, event: Any) -> Household:
    match event:
        case HelpGranted():
            return Household(_used(state.used, event.caps, event.counted_fen), {**state.grants, event.about.referral_id: event})
        case HelpReleased():
            rest = {key: grant for key, grant in state.grants.items() if key != event.referral_id}
            return Household(_used(state.used, event.caps, -event.counted_fen), rest)
    raise AssertionError(f"{type(event).__name__} is no event of a household")
