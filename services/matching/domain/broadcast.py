"""One need offered to several at once: whoever accepts first has it, the others are told, and nobody has it twice.

absent --JoinBroadcast--> open --TakeBroadcast--> taken;  open --MissBroadcast (all of them)--> failed
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Decider, Rejected


class JoinBroadcast(Struct, frozen=True, gc=False):
    """One more offer of it; the need and case are those of the first."""

    case_id: str
    need: str
    referral_id: str
    at: datetime


class TakeBroadcast(Struct, frozen=True, gc=False):
    """Refused when another was first."""

    referral_id: str
    at: datetime


class MissBroadcast(Struct, frozen=True, gc=False):
    """This one declined, let it lapse, or had its offer revoked."""

    referral_id: str
    at: datetime


class BroadcastJoined(Struct, frozen=True, gc=False):
    case_id: str
    need: str
    referral_id: str
    at: datetime


class BroadcastTaken(Struct, frozen=True, gc=False):
    """`others` are the offers that are still open and come back now."""

    case_id: str
    need: str
    referral_id: str
    others: tuple[str, ...]
    at: datetime


class BroadcastMissed(Struct, frozen=True, gc=False):
    referral_id: str
    at: datetime


class BroadcastFailed(Struct, frozen=True, gc=False):
    """Nobody of them took it; `last` is the offer at which the search stands."""

    case_id: str
    need: str
    last: str
    at: datetime


class OfferTakenByAnother(Rejected):
    """Another provider has accepted this offer first."""


class BroadcastIsUnknown(Rejected):
    """Nothing was offered to several under this name."""


COMMANDS = (JoinBroadcast, TakeBroadcast, MissBroadcast)
EVENTS = (BroadcastJoined, BroadcastTaken, BroadcastMissed, BroadcastFailed)


class Broadcast(Struct, frozen=True, gc=False):
    """`offers` in the order in which they joined; `missed` said no; `winner` has it."""

    case_id: str = ""
    need: str = ""
    offers: tuple[str, ...] = ()
    missed: frozenset[str] = frozenset()
    winner: str | None = None
    failed: bool = False

    def waiting(self, but: str = "") -> tuple[str, ...]:
        return tuple([one for one in self.offers if one not in self.missed and one != but])


ABSENT = Broadcast()


def evolve(state: Broadcast, event: Any) -> Broadcast:
    match event:
        case BroadcastJoined():
            return replace(state, case_id=event.case_id, need=event.need, offers=(*state.offers, event.referral_id))
        case BroadcastTaken():
            return replace(state, winner=event.referral_id)
        case BroadcastMissed():
            return replace(state, missed=state.missed | {event.referral_id})
        case BroadcastFailed():
            return replace(state, failed=True)
    raise AssertionError(f"{type(event).__name__} is no event of a broadcast")


def join(command: JoinBroadcast, state: Broadcast) -> tuple[Any, ...]:
    c = command
    return () if c.referral_id in state.offers else (BroadcastJoined(c.case_id, c.need, c.referral_id, c.at),)


def take(command: TakeBroadcast, state: Broadcast) -> tuple[Any, ...]:
    key = command.referral_id
    if key not in state.offers:
        raise BroadcastIsUnknown
    if state.winner == key:
        return ()
    if state.winner is not None:
        raise OfferTakenByAnother
    return (BroadcastTaken(state.case_id, state.need, key, state.waiting(key), command.at),)


def miss(command: MissBroadcast, state: Broadcast) -> tuple[Any, ...]:
    """Of the others of what is taken nothing follows."""
    key = command.referral_id
    if key not in state.offers:
        raise BroadcastIsUnknown
    if key in state.missed or state.winner is not None:
        return ()
    missed = BroadcastMissed(key, command.at)
    if state.waiting(key):
        return (missed,)
    return (missed, BroadcastFailed(state.case_id, state.need, state.offers[-1], command.at))


def decide(command: Any, state: Broadcast) -> tuple[Any, ...]:
    match command:
        case JoinBroadcast():
            return join(command, state)
        case TakeBroadcast():
            return take(command, state)
        case MissBroadcast():
            return miss(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to a broadcast")


BROADCAST = Decider("broadcast", ABSENT, decide, evolve, COMMANDS, EVENTS)
