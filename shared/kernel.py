"""What a decision is: commands in, events out, state folded from events, and no as a value with a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from msgspec import Struct

State = TypeVar("State")


class Rejected(Exception):
    """The answer is no.

    A refusal is a subclass that reads as a sentence: its class name is the code on the wire, the first line of its
    docstring is what people read, and `facts` are the coded values that led to it (never a name, number or free text).
    """

    def __init__(self, **facts: Any) -> None:
        super().__init__(type(self).__name__)
        self.facts = facts

    @property
    def code(self) -> str:
        return type(self).__name__

    @property
    def sentence(self) -> str:
        return (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]


class Shredded(Struct, frozen=True):
    """Stands where personal data stood whose key has been destroyed; a fold must accept it."""


SHREDDED = Shredded()


@dataclass(frozen=True)
class Decider(Generic[State]):
    """One kind of stream: how it starts, what it answers, what becomes true.

    `noun` names the stream (`case` -> `intake.case-<id>`). `decide(command, state)` returns a tuple of events, an empty
    tuple when the command was already obeyed, or raises `Rejected`. `evolve(state, event)` is total over `events`.

    `rests_on` names one other stream (`<noun>-<id>`) whose state every decision reads: `decide(command, state, ground)`.
    It is read as of the same commit, so that nobody decides by what has been replaced.
    """

    noun: str
    absent: State
    decide: Callable[..., tuple[Any, ...]]
    evolve: Callable[[State, Any], State]
    commands: tuple[type, ...]
    events: tuple[type, ...]
    rests_on: str | None = None


def fold(decider: Decider[State], events: Iterable[Any], state: State | None = None) -> State:
    """The state that these events make true, from `state` or from nothing."""
    now = decider.absent if state is None else state
    evolve = decider.evolve
    for event in events:
        now = evolve(now, event)
    return now
