"""From what was decided to what is written: events sealed and encoded, public events worded, rows projected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from shared.clock import Clock
from shared.envelope import Envelope, Message
from shared.service import Effect, RowChange, Service
from shared.store import Store
from shared.store.commit import Commit, EffectRow, EventRow, InboxRow, KeyRow
from shared.store.rows import Batch, subjects_of

_encode = msgspec.json.encode
Piece = tuple[Sequence[Envelope], Sequence[RowChange], str | None]


class Scribe:
    """Words one batch of one service."""

    def __init__(self, service: Service, store: Store, clock: Clock) -> None:
        self._service, self._store, self._clock = service, store, clock
        self._topic = f"{service.name}.events"
        self._project: dict[type, list[Callable[[Envelope], Iterable[RowChange]]]] = {}
        for projection in service.projections:
            for event, fill in projection.on.items():
                self._project.setdefault(event, []).append(fill)
        self._effects: dict[type, list[Effect]] = {}
        for effect in service.effects:
            self._effects.setdefault(effect.on, []).append(effect)

    async def words(self, pieces: Iterable[Piece], inbox: Sequence[InboxRow]) -> Commit:
        """The commit of these units, in their order."""
        pieces = list(pieces)
        changes = self._changes(pieces)
        keys = await self._keys(pieces, changes)
        codec, ring = self._store.codec, self._store.ring
        events: list[EventRow] = []
        outbox: list[Message] = []
        effects: list[EffectRow] = []
        calls: list[Envelope] = []
        for envelopes, _, traceparent in pieces:
            silent: dict[str, str | None] = {}
            for e in envelopes:
                kind = type(e.data)
                name, version = codec.name_and_version(e.data)
                data = codec.encode(e.data, e.id, e.stream, ring)
                events.append(EventRow(e.stream, e.version, e.id, name, version, data.decode(), e.at, e.actor, e.correlation, e.causation))
                cause = silent.get(e.causation, e.causation) if e.causation else None
                if kind not in self._service.publish or not self._post(e, cause, traceparent, outbox):
                    silent[e.id] = cause  # what it led to names the nearest cause that was said aloud
                if kind in self._effects:
                    effects += [EffectRow(f"{e.id}:{x.name}", x.name, e.stream, e.version, e.at) for x in self._effects[kind]]
                    calls += [e] * len(self._effects[kind])
        batch = Batch(ring)
        batch.add(changes)
        return Commit(events, outbox, inbox, keys, effects, batch.stages(), calls)

    def unmake(self, commit: Commit) -> None:
        """The transaction failed: keys that were made for it do not exist."""
        for key in commit.keys:
            self._store.ring.forget(key.subject)

    def _changes(self, pieces: Iterable[Piece]) -> list[RowChange]:
        project = self._project
        changes: list[RowChange] = []
        for envelopes, rows, _ in pieces:
            for e in envelopes:
                for fill in project.get(type(e.data), ()):
                    changes.extend(fill(e))
            changes.extend(rows)
        return changes

    async def _keys(self, pieces: Iterable[Piece], changes: Iterable[RowChange]) -> list[KeyRow]:
        codec, ring = self._store.codec, self._store.ring
        subjects = {s for envelopes, _, _ in pieces for e in envelopes for s in codec.subjects(e.data)}
        for change in changes:
            subjects.update(subjects_of(change))
        if not ring.missing(subjects):
            return []
        return [KeyRow(s, ring.make(s)) for s in await self._store.know(subjects)]

    def _post(self, e: Envelope, cause: str | None, traceparent: str | None, outbox: list[Message]) -> bool:
        event_id = e.id
        for said in self._service.publish[type(e.data)](e):
            outbox.append(Message(event_id, said.type, self._topic, e.stream, _encode(said.data), e.at, e.correlation, cause, traceparent))
            cause, event_id = e.id, self._clock.new_id()
        return event_id != e.id
