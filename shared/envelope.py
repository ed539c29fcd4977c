"""What travels: one fact and its provenance, private in a store or public on a topic."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct


class Envelope(Struct, frozen=True, gc=False):
    """One private event as stored.

    `stream` is `<service>.<noun>-<id>`, `version` counts from 1 in its stream, `correlation` is the same along a whole
    story, `causation` is the id of the event (private or public) that led to this one, or None at a door.
    """

    id: str
    stream: str
    version: int
    data: Any
    at: datetime
    actor: str
    correlation: str
    causation: str | None = None

    @property
    def key(self) -> str:
        """The id behind the noun: `intake.case-7f3` -> `7f3`."""
        return self.stream.split("-", 1)[1]


class Public(Struct, frozen=True, gc=False):
    """What contract.py words for the outside: a type with its version (`intake.case_opened.v1`) and coded data only."""

    type: str
    data: Any


class Message(Struct, frozen=True, gc=False):
    """One public event on a topic (CloudEvents 1.0 attributes); `value` is the JSON of `data`, `key` the stream id."""

    id: str
    type: str
    topic: str
    key: str
    value: bytes
    at: datetime
    correlation: str
    causation: str | None = None
    traceparent: str | None = None


class Received(Struct, frozen=True, gc=False):
    """A message with the place it was read from. `message` is None where headers could not be read; `raw` keeps them."""

    topic: str
    partition: int
    offset: int
    key: str
    message: Message | None
    raw: bytes = b""
    problem: str = ""


class Heard(Struct, frozen=True, gc=False):
    """A public event as its hearer reads it: `data` is the hearer's own struct (or a dict for those that hear all)."""

    id: str
    type: str
    stream: str
    data: Any
    at: datetime
    correlation: str
    causation: str | None = None
