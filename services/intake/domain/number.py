"""A telephone number as far as calling it goes: who holds it, what it refuses, whether it may be called at all; never the number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace


class ClaimNumber(Struct, frozen=True, gc=False):
    """This call wants to ring the number; `living` are the campaigns of the same purpose that have not ended."""

    number_id: str
    purpose: str
    campaign_id: str
    call_id: str
    living: tuple[str, ...]
    at: datetime


class OptOut(Struct, frozen=True, gc=False):
    number_id: str
    purpose: str
    how: str
    at: datetime


class BlockNumber(Struct, frozen=True, gc=False):
    """On the do-not-call list for every purpose; `reason` is a code."""

    number_id: str
    reason: str
    at: datetime


class UnblockNumber(Struct, frozen=True, gc=False):
    """Off the do-not-call list; what the person refused themselves stays refused."""

    number_id: str
    reason: str
    at: datetime


class NumberClaimed(Struct, frozen=True, gc=False):
    number_id: str
    purpose: str
    campaign_id: str
    call_id: str
    at: datetime


class NumberOptedOut(Struct, frozen=True, gc=False):
    """`refused` are all purposes that this number refuses by now."""

    number_id: str
    purpose: str
    how: str
    at: datetime
    refused: tuple[str, ...]
    blocked: bool = False


class NumberBlocked(Struct, frozen=True, gc=False):
    number_id: str
    reason: str
    at: datetime
    refused: tuple[str, ...] = ()


class NumberUnblocked(Struct, frozen=True, gc=False):
    number_id: str
    reason: str
    at: datetime
    refused: tuple[str, ...] = ()


class Number(Struct, frozen=True, gc=False):
    """`held` says by purpose which campaign and call rang it last."""

    blocked: bool = False
    refused: tuple[str, ...] = ()
    held: Mapping[str, tuple[str, str]] = {}


Event = NumberClaimed | NumberOptedOut | NumberBlocked | NumberUnblocked


def evolve(state: Number, event: Event) -> Number:
    match event:
        case NumberClaimed():
            return replace(state, held={**state.held, event.purpose: (event.campaign_id, event.call_id)})
        case NumberOptedOut():
            return replace(state, refused=event.refused)
        case NumberBlocked():
            return replace(state, blocked=True)
        case NumberUnblocked():
            return replace(state, blocked=False)
