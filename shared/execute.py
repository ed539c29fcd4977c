"""Commands in, committed batches out: load, fold, decide, append, project, post, in one transaction for all that wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import asyncpg
from msgspec import Struct

from shared.clock import Clock
from shared.decide import Cache, Decided, Known, Missing, Provenance, Rules, decide_unit
from shared.envelope import Envelope
from shared.errors import Conflict, KapokError, NotNow, Overloaded
from shared.kernel import Rejected, fold
from shared.service import RowChange, Service, To
from shared.store import Store
from shared.store.commit import Commit, InboxRow
from shared.write import Scribe

_LOADS_MAX = 12
_CONFLICTS_MAX = 5


class Done(Struct, frozen=True):
    """The answer to an obeyed unit: version and state of the first command's stream, and everything that happened.

    `again` says that this message had been worked through before; then nothing happened now.
    """

    version: int
    state: Any
    events: Sequence[Envelope] = ()
    again: bool = False


class Lane:
    """An order to be kept: units of one lane are decided in the order they were submitted; a fault closes it."""

    __slots__ = ("broken",)

    def __init__(self) -> None:
        self.broken = False


class LaneClosed(KapokError):
    """An earlier unit of the same lane failed."""


class Unit:
    """Commands (or rows of a listener) that commit together, and the caller who waits for it."""

    __slots__ = ("answer", "commands", "heard", "lane", "rows", "who")

    def __init__(
        self, commands: tuple[To, ...], who: Provenance, answer: asyncio.Future[Done], *,
        heard: tuple[str, str] | None = None, lane: Lane | None = None, rows: Sequence[RowChange] = (),
    ) -> None:  # fmt: skip
        self.commands, self.who, self.answer = commands, who, answer
        self.heard, self.lane, self.rows = heard, lane, rows


class _Outcome:
    """What a batch was decided to, not yet durable.

    `doubts` are streams (with their versions) that were decided on from memory and to which nothing is appended: a refusal, or
    nothing left to do. No version check would notice that another process was there since.
    """

    __slots__ = ("decided", "doubts", "generation", "refused")

    def __init__(self, generation: int) -> None:
        self.decided: list[tuple[Unit, Decided | None]] = []
        self.refused: list[tuple[Unit, Rejected]] = []
        self.doubts: dict[str, int] = {}
        self.generation = generation


class Executor:
    """The one writer of a store in this process: it collects what waits and commits it together.

    Back-pressure: `queue_max` units may wait, the next caller gets `Overloaded`. A batch holds up to `batch_max` units.
    """

    def __init__(
        self, service: Service, store: Store, clock: Clock, *, queue_max: int = 4000, batch_max: int = 400, states_max: int = 50_000
    ) -> None:
        self.rules, self.store, self.clock = Rules(service), store, clock
        self.cache = Cache(states_max)
        self._scribe = Scribe(service, store, clock)
        self._waiting: deque[Unit] = deque()
        self._queue_max, self._batch_max = queue_max, batch_max
        self._work, self._stopping = asyncio.Event(), False
        self._wakes: list[Callable[[Commit], None]] = []
        self.commits = 0
        self.busy_since: float | None = None
        self._under_way = 0

    def after_commit(self, wake: Callable[[Commit], None]) -> None:
        """`wake` is called with every commit once it is durable: relay, effects and loops sleep until it concerns them."""
        self._wakes.append(wake)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def pending(self) -> int:
        """Units that wait, and those of the batch that is being committed."""
        return len(self._waiting) + self._under_way

    def submit(
        self, commands: Iterable[To], who: Provenance, *, heard: tuple[str, str] | None = None, lane: Lane | None = None,
        rows: Sequence[RowChange] = (), patient: bool = False,
    ) -> asyncio.Future[Done]:  # fmt: skip
        """Put a unit in the queue; the future answers after the commit.

        `patient` callers (consume, schedule) bound themselves and are never turned away.
        """
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        if self._stopping:
            answer.set_exception(NotNow("the service is stopping"))
        elif len(self._waiting) >= self._queue_max and not patient:
            answer.set_exception(Overloaded("too many commands wait"))
        else:
            self._waiting.append(Unit(tuple(commands), who, answer, heard=heard, lane=lane, rows=rows))
            self._work.set()
        return answer

    async def states(self, streams: Iterable[str]) -> dict[str, Known]:
        """Versions and states as committed, by whichever process, by one look-up; a decision looks for itself."""
        found = {stream: self.cache.get(stream) or (0, self.rules.decider_of(stream).absent) for stream in streams}
        later = await self.store.load_after({stream: version for stream, (version, _) in found.items()})
        for stream, history in later.items():
            found[stream] = history[-1].version, fold(self.rules.decider_of(stream), (e.data for e in history), found[stream][1])
        return found

    async def run(self) -> None:
        """Commit batches until `stop`; what waits then is still committed."""
        while True:
            while not self._waiting:
                if self._stopping:
                    return
                self._work.clear()
                await self._work.wait()
            units = [self._waiting.popleft() for _ in range(min(self._batch_max, len(self._waiting)))]
            self.busy_since, self._under_way = asyncio.get_running_loop().time(), len(units)
            try:
                await self._batch(units)
            except NotNow as away:
                self._fail(units, away)
            except BaseException as fault:
                self._fail(units, fault)  # nobody waits for a writer that has ended
                raise
            finally:
                self.busy_since, self._under_way = None, 0

    def stop(self) -> None:
        self._stopping = True
        self._work.set()

    def _fail(self, units: Iterable[Unit], why: BaseException) -> None:
        for unit in units:
            if unit.lane is not None:
                unit.lane.broken = True
            if not unit.answer.done():
                unit.answer.set_exception(why)

    async def _batch(self, units: list[Unit]) -> None:
        for _ in range(_CONFLICTS_MAX):
            outcome = _Outcome(self.cache.generation)
            try:
                await self._decide(units, outcome)
                if outcome.doubts and await self._overtaken(outcome.doubts):
                    units = [u for u in units if not u.answer.done()]
                    continue
                await self._commit(outcome)
                return
            except asyncpg.UniqueViolationError:
                units = await self._sort_out(units)
                if not units:
                    return
            except NotNow:
                self._forget(outcome)
                raise
            except Exception as fault:
                self._forget(outcome)
                if len(units) == 1:
                    self._fail(units, fault)
                else:
                    await self._each_alone(units)
                return
        if len(units) > 1:
            await self._each_alone(units)
        else:
            self._fail(units, NotNow(str(Conflict("this stream changes too often"))))

    async def _each_alone(self, units: Iterable[Unit]) -> None:
        """One bad command never fails its neighbours."""
        for unit in units:
            if not unit.answer.done():
                await self._batch([unit])

    async def _overtaken(self, doubts: Mapping[str, int]) -> bool:
        """Whether another process was at one of these streams since; what we kept of it is then brought up to date."""
        later = await self.store.load_after(doubts)
        for stream, history in later.items():
            version, state = self.cache.get(stream) or (0, None)
            if version == doubts[stream]:
                news = (e.data for e in history)
                self.cache.keep(stream, (history[-1].version, fold(self.rules.decider_of(stream), news, state)))
            else:
                self.cache.drop(stream)
        return bool(later)

    def _forget(self, outcome: _Outcome) -> None:
        for _, what in outcome.decided:
            if what is not None:
                for stream in what.touched:
                    self.cache.drop(stream)

    async def _decide(self, units: list[Unit], outcome: _Outcome) -> None:
        """Decide all units on the states that the batch itself makes; unknown streams are loaded together, then tried again."""
        states: dict[str, Known] = {}
        kept: dict[str, int] = {}  # streams whose state came from memory, with its version
        rules, cache, new_id = self.rules, self.cache, self.clock.new_id

        def look(stream: str) -> Known | None:
            known = states.get(stream)
            if known is None:
                known = cache.get(stream)
                if known is not None:
                    kept[stream] = known[0]
            return known

        todo, missing = units, self._roots(units)
        for _ in range(_LOADS_MAX):
            if missing:
                for stream, history in (await self.store.load(list(missing))).items():
                    states[stream] = rules.folded(stream, history)
            missing, later = set(), []
            held: set[Lane] = set()
            for unit in todo:
                if unit.lane is not None and unit.lane.broken:
                    self._fail([unit], LaneClosed("an earlier message of this key failed"))
                    continue
                if unit.lane is not None and unit.lane in held:  # order within a key: nobody overtakes a unit that waits for a load
                    later.append(unit)
                    continue
                if not unit.commands:
                    outcome.decided.append((unit, None))
                    continue
                try:
                    what = decide_unit(rules, unit.commands, unit.who, look, new_id)
                except Missing as unknown:
                    missing |= unknown.streams
                    later.append(unit)
                    if unit.lane is not None:
                        held.add(unit.lane)
                except Rejected as no:
                    outcome.refused.append((unit, no))
                except Exception as fault:
                    self._fail([unit], fault)
                else:
                    states.update(what.touched)
                    outcome.decided.append((unit, what))
            if not later:
                break
            todo = later
        else:
            self._fail(todo, AssertionError("streams of a unit could not be gathered"))
        appended = {e.stream for _, what in outcome.decided if what is not None for e in what.events}
        outcome.doubts = {stream: version for stream, version in kept.items() if stream not in appended}

    def _roots(self, units: Iterable[Unit]) -> set[str]:
        stream = self.rules.stream
        wanted = {stream(to) for unit in units for to in unit.commands}
        return {s for s in wanted if self.cache.get(s) is None}

    async def _commit(self, outcome: _Outcome) -> None:
        decided, refused = outcome.decided, outcome.refused
        inbox = [InboxRow(u.heard[0], u.heard[1]) for u, _ in decided if u.heard]
        inbox += [InboxRow(u.heard[0], u.heard[1], no.code) for u, no in refused if u.heard]
        pieces = [(what.events if what else (), unit.rows, unit.who.traceparent) for unit, what in decided]
        commit: Commit = await self._scribe.words(pieces, inbox)
        try:
            await self.store.write(commit)
        except BaseException:
            self._scribe.unmake(commit)
            raise
        self.commits += 1
        if outcome.generation == self.cache.generation:  # else a key was destroyed meanwhile: what was opened before is not kept
            for _, what in decided:
                if what is not None:
                    for stream, known in what.touched.items():
                        self.cache.keep(stream, known)
        for unit, what in decided:
            if not unit.answer.done():
                unit.answer.set_result(Done(what.first[0], what.first[1], what.events) if what else Done(0, None))
        for unit, no in refused:
            if not unit.answer.done():
                unit.answer.set_exception(no)
        for wake in self._wakes:
            wake(commit)

    async def _sort_out(self, units: Iterable[Unit]) -> list[Unit]:
        """Somebody was first: what they did already is answered, the rest is decided anew, in its order, on what is true now."""
        rest = [u for u in units if not u.answer.done()]
        heard = [u.heard[0] for u in rest if u.heard]
        known: set[tuple[str, str]] = set()
        if heard:
            async with self.store.reading() as connection:
                rows = await connection.fetch("select event::text, reaction from inbox where event = any($1::uuid[])", heard)
            known = {(row["event"], row["reaction"]) for row in rows}
        self.cache.clear()
        for unit in rest:
            if unit.heard in known:
                unit.answer.set_result(Done(0, None, again=True))
        return [u for u in rest if not u.answer.done()]
