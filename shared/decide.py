"""A unit of commands decided in memory: states folded, follow-ups obeyed, all or nothing."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from shared.envelope import Envelope
from shared.kernel import Decider, Rejected, fold
from shared.service import Service, To

Known = tuple[int, Any]  # version and state of a stream
_FOLLOW_UPS_MAX, _MORE_PER_COMMAND = 200, 20  # what does not end is caught; whoever hands in many commands may lead to more


class Missing(Exception):
    """Streams that must be loaded before this unit can be decided: the next one, and all that are known to come after it."""

    def __init__(self, streams: Iterable[str]) -> None:
        self.streams = frozenset(streams)
        super().__init__(*sorted(self.streams))


class Provenance(Struct, frozen=True, gc=False):
    """Who asked, when, and because of what; carried into every event of the unit."""

    actor: str
    at: datetime
    correlation: str
    causation: str | None = None
    traceparent: str | None = None


class Cache:
    """Folded states by stream: bounded, oldest use goes first; may hold opened personal fields, never written anywhere."""

    def __init__(self, states_max: int) -> None:
        self._max = states_max
        self._states: OrderedDict[str, Known] = OrderedDict()
        self.generation = 0  # counts clearings: what was folded before one must not be kept after it

    def get(self, stream: str) -> Known | None:
        known = self._states.get(stream)
        if known is not None:
            self._states.move_to_end(stream)
        return known

    def keep(self, stream: str, known: Known) -> None:
        self._states[stream] = known
        self._states.move_to_end(stream)
        while len(self._states) > self._max:
            self._states.popitem(last=False)

    def drop(self, stream: str) -> None:
        self._states.pop(stream, None)

    def clear(self) -> None:
        self._states.clear()
        self.generation += 1


class Rules:
    """A service's deciders and follow-ups, found by name."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.deciders: dict[str, Decider[Any]] = {d.noun: d for d in service.deciders}
        assert len(self.deciders) == len(service.deciders), "two deciders share a noun"
        self._prefix = {d.noun: f"{service.name}.{d.noun}-" for d in service.deciders}
        self.follow: Mapping[type, Callable[[Envelope], Any]] = service.follow

    def stream(self, to: To) -> str:
        return self._prefix[to.noun] + to.id

    def decider_of(self, stream: str) -> Decider[Any]:
        return self.deciders[stream.split(".", 1)[1].split("-", 1)[0]]

    def folded(self, stream: str, history: list[Envelope]) -> Known:
        if not history:
            return 0, self.decider_of(stream).absent
        return history[-1].version, fold(self.decider_of(stream), (e.data for e in history))


class Decided(Struct, gc=False):
    """What a unit led to, not yet durable."""

    events: list[Envelope]
    touched: dict[str, Known]
    first: Known


def decide_unit(
    rules: Rules, commands: tuple[To, ...], who: Provenance, look: Callable[[str], Known | None], new_id: Callable[[], str]
) -> Decided:
    """Decide commands in order, each event's follow-ups after it.

    `look` answers the state as the batch left it; raises `Missing` for streams nobody loaded, `Rejected` when any command
    without an `otherwise` is refused: then nothing of the unit happened.
    """
    events: list[Envelope] = []
    touched: dict[str, Known] = {}
    waiting: deque[tuple[To, str | None]] = deque((to, who.causation) for to in commands)
    follow, steps, most = rules.follow, 0, _FOLLOW_UPS_MAX + _MORE_PER_COMMAND * len(commands)
    while waiting:
        to, cause = waiting.popleft()
        stream = rules.stream(to)
        known = touched.get(stream) or look(stream)
        if known is None:
            later = [rules.stream(after) for after, _ in waiting]
            raise Missing([stream, *[after for after in later if after not in touched and look(after) is None]])
        version, state = known
        decider = rules.deciders[to.noun]
        ground: tuple[Any, ...] = ()
        if decider.rests_on is not None:
            below = f"{rules.service.name}.{decider.rests_on}"
            rested = touched.get(below) or look(below)
            if rested is None:
                raise Missing([below])
            touched[below] = rested  # kept in memory with the rest
            ground = (rested[1],)
        try:
            happened = decider.decide(to.command, state, *ground)
        except Rejected as no:
            if to.otherwise is None:
                raise
            instead = to.otherwise(no)
            if instead is not None:
                waiting.appendleft((instead, cause))
            continue
        for event in happened:
            version += 1
            state = decider.evolve(state, event)
            envelope = Envelope(new_id(), stream, version, event, who.at, who.actor, who.correlation, cause)
            events.append(envelope)
            then = follow.get(type(event))
            if then is not None:
                waiting.extend((after, envelope.id) for after in then(envelope))
        touched[stream] = (version, state)
        steps += 1
        assert steps <= most, f"follow-ups of {stream} do not end"
    first = rules.stream(commands[0])
    known = touched.get(first) or look(first)  # untouched where the first command was refused and another obeyed instead
    assert known is not None
    return Decided(events, touched, known)
