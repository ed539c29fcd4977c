"""Commands in, committed batches out: load, fold, decide, append, project, post, in one transaction for all that wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
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

    __slots__ = ("answer", "commands", "heard", "lane", "rows", "tries", "who")

    def __init__(
        self, commands: tuple[To, ...], who: Provenance, answer: asyncio.Future[Done], *,
        heard: tuple[str, str] | None = None, lane: Lane | None = None, rows: Sequence[RowChange] = (),
    ) -> None:  # fmt: skip
        self.commands, self.who, self.answer = commands, who, answer
        self.heard, self.lane, self.rows, self.tries = heard, lane, rows, 0


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

    def after_commit(self, wake: Callable[[Commit], None]) -> None:
        """`wake` is called with every commit once it is durable: relay, effects and loops sleep until it concerns them."""
        self._wakes.append(wake)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

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
            self.busy_since = asyncio.get_running_loop().time()
            try:
                await self._batch(units)
            except NotNow as away:
                self._fail(units, away)
            finally:
                self.busy_since = None

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
        for attempt in range(_CONFLICTS_MAX + 1):
            decided, refused = await self._decide(units)
            try:
                await self._commit(decided, refused)
                return
            except asyncpg.UniqueViolationError:
                units = await self._sort_out([u for u, _ in decided] + [u for u, _ in refused], last=attempt == _CONFLICTS_MAX)
                if not units:
                    return
            except NotNow:
                self._forget(decided)
                raise
            except (asyncpg.PostgresError, AssertionError, KapokError, TypeError, ValueError) as fault:
                self._forget(decided)
                if len(units) == 1:
                    self._fail(units, fault)
                    return
                for unit in units:  # one bad command never fails its neighbours: each is tried alone
                    if not unit.answer.done():
                        await self._batch([unit])
                return

    def _forget(self, decided: Iterable[tuple[Unit, Decided | None]]) -> None:
        for _, what in decided:
            if what is not None:
                for stream in what.touched:
                    self.cache.drop(stream)

    async def _decide(self, units: list[Unit]) -> tuple[list[tuple[Unit, Decided | None]], list[tuple[Unit, Rejected]]]:
        """Decide all units on the states that the batch itself makes; unknown streams are loaded together, then tried again."""
        states: dict[str, Known] = {}
        decided: list[tuple[Unit, Decided | None]] = []
        refused: list[tuple[Unit, Rejected]] = []
        todo = units
        missing = self._roots(units, states)
        cache = self.cache
        new_id, rules = self.clock.new_id, self.rules

        def look(stream: str) -> Known | None:
            return states.get(stream) or cache.get(stream)

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
                    decided.append((unit, None))
                    continue
                try:
                    what = decide_unit(rules, unit.commands, unit.who, look, new_id)
                except Missing as stream:
                    missing.add(stream.stream)
                    later.append(unit)
                    if unit.lane is not None:
                        held.add(unit.lane)
                except Rejected as no:
                    refused.append((unit, no))
                except Exception as fault:
                    self._fail([unit], fault)
                else:
                    states.update(what.touched)
                    decided.append((unit, what))
            if not later:
                return decided, refused
            todo = later
        self._fail(todo, AssertionError("streams of a unit could not be gathered"))
        return decided, refused

    def _roots(self, units: Iterable[Unit], states: dict[str, Known]) -> set[str]:
        stream = self.rules.stream
        wanted = {stream(to) for unit in units for to in unit.commands}
        return {s for s in wanted if self.cache.get(s) is None}

    async def _commit(self, decided: list[tuple[Unit, Decided | None]], refused: list[tuple[Unit, Rejected]]) -> None:
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
        for unit, what in decided:
            if what is None:
                if not unit.answer.done():
                    unit.answer.set_result(Done(0, None))
                continue
            for stream, known in what.touched.items():
                self.cache.keep(stream, known)
            if not unit.answer.done():
                unit.answer.set_result(Done(what.first[0], what.first[1], what.events))
        for unit, no in refused:
            if not unit.answer.done():
                unit.answer.set_exception(no)
        for wake in self._wakes:
            wake(commit)

    async def _sort_out(self, units: list[Unit], *, last: bool) -> list[Unit]:
        """Somebody was first: what they did already is answered, the rest is decided anew on what is true now."""
        heard = [u.heard for u in units if u.heard]
        known: set[tuple[str, str]] = set()
        if heard:
            async with self.store.reading() as connection:
                rows = await connection.fetch(
                    "select event::text, reaction from inbox where event = any($1::uuid[])", [event for event, _ in heard]
                )
            known = {(row["event"], row["reaction"]) for row in rows}
        self.cache.clear()
        rest = []
        for unit in units:
            unit.tries += 1
            if unit.heard in known:
                if not unit.answer.done():
                    unit.answer.set_result(Done(0, None, again=True))
            elif last:
                self._fail([unit], NotNow(str(Conflict("this stream changes too often"))))
            elif not unit.answer.done():
                rest.append(unit)
        return rest
