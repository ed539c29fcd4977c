"""Heads kept as they were published: who kept one can ask whether what is published now still begins with it.

One stream. A head says how many entries it covers, their Merkle root and the last one's hash; it can only grow.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from shared.kernel import Decider, Rejected

APART = timedelta(minutes=1)
"""Heads are at least this far apart, so that a busy day has 1,440 of them and not one for each payment."""


class HeadGoesBack(Rejected):
    """A head must not cover fewer entries than one that was published before."""


class PublishHead(Struct, frozen=True, gc=False):
    """`signature` is over size, root and hash (hexadecimal all three); the key is at /auth/jwks.json."""

    size: int
    root: str
    hash: str
    signature: str
    at: datetime


class HeadPublished(Struct, frozen=True, gc=False):
    size: int
    root: str
    hash: str
    signature: str
    at: datetime


class Heads(Struct, frozen=True, gc=False):
    size: int = 0
    at: datetime | None = None


def due(state: Heads, at: datetime) -> bool:
    """Whether a head may be published at this moment."""
    return state.at is None or at - state.at >= APART


def decide(command: PublishHead, state: Heads) -> tuple[HeadPublished, ...]:
    if command.size < state.size:
        raise HeadGoesBack
    if command.size == state.size or not due(state, command.at):
        return ()
    return (HeadPublished(command.size, command.root, command.hash, command.signature, command.at),)


def evolve(state: Heads, event: Any) -> Heads:
    return Heads(event.size, event.at)


HEAD = Decider(noun="head", absent=Heads(), decide=decide, evolve=evolve, commands=(PublishHead,), events=(HeadPublished,))
