"""Reading in a group: what was polled is remembered until it is committed, handed over or read again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shared.bus.cloudevents import received
from shared.bus.kafka.clients import AWAY, START_SECONDS, ended, patiently
from shared.envelope import Received
from shared.errors import NotNow

log = structlog.get_logger(__name__)

_HANDOVER_SECONDS = 5.0
_SILENCE_SECONDS = 30.0
_REJOINS_MAX, _REJOINS_WITHIN_SECONDS = 6, 20.0


class KafkaConsumer:
    """One static member: restarted under the same name within the session it takes its partitions up again at once.

    `oldest_in_flight` is the monotonic moment at which what has been polled and not yet committed was polled.
    """

    def __init__(
        self, make: Callable[[str, str | None], AIOKafkaConsumer], group: str, topics: Sequence[str], member: str, patience_seconds: float
    ) -> None:
        self._make, self._group, self._topics, self._patience = make, group, tuple(topics), patience_seconds
        self._instance = f"{group}-{member}" if member else None
        self._consumer: AIOKafkaConsumer | None = None
        self._uncommitted: dict[TopicPartition, tuple[int, int]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._rejoins: deque[float] = deque(maxlen=_REJOINS_MAX)
        self._quarrel = False
        self._spoke_at = 0.0
        self.turns = 0
        self.oldest_in_flight: float | None = None

    async def open(self) -> None:
        await patiently(self._started, self._patience)

    async def _started(self) -> None:
        if self._consumer is not None:
            return
        consumer = self._make(self._group, self._instance)
        consumer.subscribe(topics=self._topics, listener=_Handover(self))
        try:
            async with asyncio.timeout(START_SECONDS + 5):
                await consumer.start()  # without a time limit a missing topic is waited for without end
        except AWAY as gone:
            await ended(consumer.stop)
            raise NotNow(f"Kafka does not let {self._group} in ({type(gone).__name__})") from gone
        self._consumer, self._spoke_at = consumer, time.monotonic()

    async def poll(self, limit: int, wait_seconds: float) -> list[Received]:
        self._done()
        if self._quarrel:
            await self._renamed()
        await self._started()
        consumer = self._consumer
        assert consumer is not None
        try:
            # Awaited here and not in a task of its own: no handover may come between reading and remembering what was read.
            async with asyncio.timeout(wait_seconds + 0.05):
                batches = await consumer.getmany(timeout_ms=int(wait_seconds * 1000), max_records=limit)
        except TimeoutError:
            return []
        except (KafkaError, OSError) as fault:
            await self._dropped()
            raise NotNow(f"Kafka does not hand out ({type(fault).__name__})") from fault
        if not batches:
            await self._heard_nothing(consumer)
            return []
        return self._remembered(batches)

    def _remembered(self, batches: Mapping[TopicPartition, Sequence[Any]]) -> list[Received]:
        self._spoke_at = time.monotonic()
        self.oldest_in_flight = self.oldest_in_flight or self._spoke_at
        self._idle.clear()
        for place, records in batches.items():  # every place first: a record that breaks the reading of others must be found again
            first, _ = self._uncommitted.get(place, (records[0].offset, 0))
            self._uncommitted[place] = (first, records[-1].offset + 1)
        found: list[Received] = []
        for (topic, partition), records in batches.items():
            found += [received(topic, partition, r.offset, r.key, r.value, r.headers, r.timestamp) for r in records]
        return found

    async def commit(self, upto: Mapping[tuple[str, int], int]) -> None:
        places = {TopicPartition(*where): offset for where, offset in upto.items()}
        ours = {place: offset for place, offset in places.items() if place in self._uncommitted}
        try:
            if ours and self._consumer is not None:
                async with asyncio.timeout(START_SECONDS):
                    await self._consumer.commit(ours)
            if len(ours) < len(places):
                log.info("rejoined", group=self._group, partitions=len(places) - len(ours))
        except (CommitFailedError, IllegalStateError):
            log.info("rejoined", group=self._group, partitions=len(places))
        except AWAY as gone:
            raise NotNow(f"Kafka does not note the place ({type(gone).__name__})") from gone
        for place, offset in ours.items():
            first, end = self._uncommitted.get(place, (0, 0))
            if offset >= end:
                self._uncommitted.pop(place, None)
            else:
                self._uncommitted[place] = (max(first, offset), end)
        if not self._uncommitted:
            self._done()

    async def rewind(self) -> None:
        if self._consumer is not None:
            assigned = self._consumer.assignment()
            for place, (first, _) in self._uncommitted.items():
                if place in assigned:
                    self._consumer.seek(place, first)
        self._uncommitted.clear()
        self.turns += 1
        self._done()

    def _done(self) -> None:
        """Nobody works on what was polled: partitions may change hands."""
        self._idle.set()
        if not self._uncommitted:
            self.oldest_in_flight = None

    async def _heard_nothing(self, consumer: AIOKafkaConsumer) -> None:
        # A client that has lost its way after an outage polls nothing for ever and says so nowhere.
        if time.monotonic() - self._spoke_at < _SILENCE_SECONDS:
            return
        self._spoke_at = time.monotonic()
        try:
            async with asyncio.timeout(5):
                ends = await consumer.end_offsets(list(consumer.assignment()))
                behind = [place for place, end in ends.items() if await consumer.position(place) < end]
        except AWAY:
            return
        if behind and consumer.assignment() >= set(behind):
            log.warning("consumer_stuck", group=self._group, partitions=len(behind))
            await self._dropped()

    async def _renamed(self) -> None:
        log.error("member_name_taken", group=self._group, member=self._instance, hint="give every process its own KAPOK_MEMBER")
        self._instance, self._quarrel = None, False
        await self._dropped()

    async def _dropped(self) -> None:
        self._uncommitted.clear()
        self._done()
        if self._consumer is not None:
            consumer, self._consumer = self._consumer, None
            await ended(consumer.stop)

    async def close(self) -> None:
        await self._dropped()

    async def revoked(self) -> None:
        """Before partitions go to somebody else: whoever works on them may finish and commit."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HANDOVER_SECONDS):
                await self._idle.wait()
        self._uncommitted.clear()

    def assigned(self) -> None:
        self.turns += 1
        now = time.monotonic()
        self._rejoins.append(now)
        often = len(self._rejoins) == _REJOINS_MAX and now - self._rejoins[0] < _REJOINS_WITHIN_SECONDS
        self._quarrel = often and self._instance is not None


class _Handover(ConsumerRebalanceListener):  # type: ignore[misc]  # the library has no types
    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._consumer.revoked()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._consumer.assigned()
