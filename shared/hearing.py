"""What a service makes of one public event: which reactions and listeners it concerns, read and turned into work; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Column

from shared.envelope import Heard, Message
from shared.errors import Malformed
from shared.service import Listener, RowChange, Service, To

_VALUE = re.compile(r"(Invalid (?:enum )?value) (?:.*(?= - at `)|.*$)", re.DOTALL)  # up to the last place: a value may look like one


def said_without_values(fault: Exception) -> str:
    """The decoder's words: which field, which type it should have. Only an unknown code would be repeated; it is left out."""
    return _VALUE.sub(r"\1", str(fault))[:200]


class Work(Struct, gc=False):
    """What one message asks of us under one name: commands, or rows of a listener.

    `known` is the listener's column that remembers the message; None asks for a row in the inbox.
    """

    name: str
    commands: tuple[To, ...]
    rows: Sequence[RowChange]
    known: Column[Any] | None = None


class Hearing:
    """A service's reactions and listeners, found by type."""

    def __init__(self, service: Service) -> None:
        self._reactions: dict[str, list[tuple[str, msgspec.json.Decoder[Any], Any]]] = {}
        for reaction in service.reactions:
            self._reactions.setdefault(reaction.hears, []).append((reaction.name, msgspec.json.Decoder(reaction.reads), reaction.then))
        # One function may hear several types: a message has one type, so its id and the name still tell hearers apart.
        hearers = [f"{r.name} {r.hears}" for r in service.reactions] + [x.name for x in service.listeners]
        apart = len(set(hearers)) == len(hearers) and not {r.name for r in service.reactions} & {x.name for x in service.listeners}
        assert apart, f"{service.name}: two hearers share a name, the inbox could not tell them apart"
        self._listeners: list[tuple[Listener, msgspec.json.Decoder[Any]]] = [(x, msgspec.json.Decoder(x.reads)) for x in service.listeners]
        self._for: dict[str, tuple[list[tuple[str, msgspec.json.Decoder[Any], Any]], list[Any]]] = {}
        self._families = {t.rsplit(".", 1)[0] for t in self._reactions}
        self._deaf: dict[str, bool] = {}

    @staticmethod
    def topics(service: Service) -> tuple[str, ...]:
        """The topics a service must read."""
        heard = [r.hears for r in service.reactions] + [t for x in service.listeners for t in x.hears]
        return tuple(sorted({f"{t.split('.', 1)[0]}.events" for t in heard}))

    def concerns(self, kind: str) -> tuple[list[tuple[str, msgspec.json.Decoder[Any], Any]], list[Any]]:
        found = self._for.get(kind)
        if found is None:
            listeners = [
                (x, decoder)
                for x, decoder in self._listeners
                if any(kind == t or (t.endswith("*") and kind.startswith(t[:-1])) for t in x.hears)
            ]
            found = self._for[kind] = (self._reactions.get(kind, []), listeners)
        return found

    def deaf(self, kind: str) -> bool:
        """Nobody here listens to this type, nor to another version of it."""
        deaf = self._deaf.get(kind)
        if deaf is None:
            deaf = self._deaf[kind] = not any(self.concerns(kind)) and kind.rsplit(".", 1)[0] not in self._families
        return deaf

    def work(self, message: Message) -> list[Work]:
        """Raises `Malformed` for what a hearer cannot read; an unknown version of a known type is that too."""
        reactions, listeners = self.concerns(message.type)
        if not reactions and message.type.rsplit(".", 1)[0] in self._families:
            raise Malformed(f"{message.type}: this version is not known here")
        work = []
        try:
            for name, decoder, then in reactions:
                heard = Heard(
                    message.id, message.type, message.key, decoder.decode(message.value), message.at, message.correlation, message.causation
                )
                commands = tuple(then(heard))
                if commands:
                    work.append(Work(name, commands, ()))
            for listener, decoder in listeners:
                heard = Heard(
                    message.id, message.type, message.key, decoder.decode(message.value), message.at, message.correlation, message.causation
                )
                rows = tuple(listener.rows(heard))
                if rows:
                    work.append(Work(listener.name, (), rows, listener.known))
        except (msgspec.DecodeError, msgspec.ValidationError) as fault:
            raise Malformed(f"{message.type}: {said_without_values(fault)}") from fault
        return work
