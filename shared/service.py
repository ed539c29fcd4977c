"""The Service value: every part of a room named once, and the small values its parts are made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from msgspec import Struct
from sqlalchemy import Column, MetaData, Table

from shared.codec import Codec
from shared.envelope import Envelope, Heard, Public
from shared.kernel import Decider, Rejected
from shared.store.changes import Add, Change, Drop, Put, RowChange

__all__ = ["Add", "Answer", "Change", "Drop", "Effect", "EffectCall", "Listener", "Loop", "Projection", "Put", "Reaction", "RowChange"]
__all__ += ["WITHOUT_END", "Service", "To", "Webhook", "shredding"]


class To(Struct, frozen=True, gc=False):
    """A command with its address: the stream `<service>.<noun>-<id>`.

    `otherwise` makes the compensating command out of a refusal; without it a refused follow-up refuses its whole unit.
    """

    noun: str
    id: str
    command: Any
    otherwise: Callable[[Rejected], To | None] | None = None


@dataclass(frozen=True)
class Projection:
    """Read tables and how each event fills them; one event, no other stream, no call, no decision."""

    name: str
    tables: tuple[Table, ...]
    on: Mapping[type, Callable[[Envelope], Iterable[RowChange]]]


@dataclass(frozen=True)
class Reaction:
    """A public event of anybody -> commands of ours; pure.

    `reads` is the hearer's own reading of the data: a struct with just the fields it needs (unknown fields are skipped,
    a missing needed field parks the message). `then` answers addressed commands, none when it is no concern of ours.
    """

    hears: str
    reads: type
    then: Callable[[Heard], Iterable[To]]

    @property
    def name(self) -> str:
        return self.then.__name__


@dataclass(frozen=True)
class Listener:
    """Read tables filled straight from public events; `hears` is exact or ends in `*`; decides nothing.

    `known` is the column, under a unique index, in which a row keeps the message's id: then the rows say themselves what was
    worked through, the inbox needs no second row for each message, and all rows of a poll are written as one unit. Without
    it the inbox remembers.
    """

    name: str
    tables: tuple[Table, ...]
    hears: tuple[str, ...]
    reads: type
    rows: Callable[[Heard], Iterable[RowChange]]
    known: Column[Any] | None = None


class EffectCall(Struct, frozen=True, gc=False):
    """One due call to the outside: `id` is the idempotency key (the event's id), `attempt` counts from 1."""

    id: str
    envelope: Envelope
    attempt: int


class Answer(Struct, frozen=True, gc=False):
    """What a call led to: commands that record the outcome, or `retry` (in `delay_seconds`) when nothing is known yet."""

    commands: tuple[To, ...] = ()
    retry: bool = False
    delay_seconds: float = 0.0
    why: str = ""


WITHOUT_END = 1_000_000  # attempts: with pauses of ten minutes at most that is nineteen years


def nothing_to_name(_: EffectCall) -> tuple[To, ...]:
    """Of an act on our own store nothing is unknown."""
    return ()


@dataclass(frozen=True)
class Effect:
    """Our event -> a call to the outside -> a command that records the outcome.

    `call(calls, environment)` takes up to `batch_max` calls and returns one `Answer` for each, in order. After
    `attempts_max` retries `gave_up(call)` names the unknown outcome as a command; what must never be given up goes `WITHOUT_END`.
    """

    name: str
    on: type
    call: Callable[[Sequence[EffectCall], Any], Awaitable[Sequence[Answer]]]
    gave_up: Callable[[EffectCall], tuple[To, ...]] = nothing_to_name
    batch_max: int = 100
    attempts_max: int = 10

    def __post_init__(self) -> None:
        assert self.attempts_max == WITHOUT_END or self.gave_up is not nothing_to_name, f"what is unknown of {self.name} has no name"


def shredding(name: str, on: type, whose: Callable[[Any], str | None]) -> Effect:
    """The key of whom this event names (None: of nobody) is destroyed, also where a process died after it was said."""

    async def shred(calls: Sequence[EffectCall], room: Any) -> Sequence[Answer]:
        for call in calls:
            subject = whose(call.envelope.data)
            if subject is not None:
                await room.shred(subject)
        return [Answer()] * len(calls)

    return Effect(name, on, shred, attempts_max=WITHOUT_END)


@dataclass(frozen=True)
class Loop:
    """Work that goes on by itself while the room is open; one holder at a time over all processes of the service.

    `run(room)` returns when `room.stop` is set; when it raises it is started again after a pause, and readiness fails.
    """

    name: str
    run: Callable[[Any], Awaitable[None]]


@dataclass(frozen=True)
class Measure:
    """A number for those who watch, by a name of Prometheus; `value(room)` reads what is in memory and asks nobody."""

    name: str
    text: str
    value: Callable[[Any], float]


@dataclass(frozen=True)
class Webhook:
    """Where somebody outside speaks who has no token and signs each word (Standard Webhooks); they have a rate of their own.

    `path` is a pattern of the whole path; `secret` names the setting that proves the word. The door itself checks it again.
    """

    path: str
    secret: str


@dataclass(frozen=True)
class Service:
    """A room of the house as a value; it starts nothing. See ARCHITECTURE.md for how each part is used."""

    name: str
    deciders: tuple[Decider[Any], ...]
    codec: Codec
    publish: Mapping[type, Callable[[Envelope], Iterable[Public]]]
    public_types: Mapping[str, type]
    tables: MetaData
    projections: tuple[Projection, ...]
    follow: Mapping[type, Callable[[Envelope], Iterable[To]]] = field(default_factory=dict)
    reactions: tuple[Reaction, ...] = ()
    listeners: tuple[Listener, ...] = ()
    effects: tuple[Effect, ...] = ()
    loops: tuple[Loop, ...] = ()
    measures: tuple[Measure, ...] = ()
    due: Mapping[str, Callable[[str, Mapping[str, Any]], Iterable[To]]] = field(default_factory=dict)
    routers: tuple[APIRouter, ...] = ()
    pages: tuple[APIRouter, ...] = ()
    uploads: tuple[str, ...] = ()  # paths of pages that take files
    webhooks: tuple[Webhook, ...] = ()
    templates: Path | None = None
    words: Path | None = None
