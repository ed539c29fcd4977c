"""The bus on Apache Kafka: publishing in acknowledged rounds, reading in groups, rebuilt when a client has died."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, MessageSizeTooLargeError, for_code

from shared.bus import Consumer, GroupLag, Publisher, TopicState
from shared.bus.cloudevents import headers_of, received
from shared.envelope import Message, Received
from shared.errors import Malformed, NotNow

log = structlog.get_logger(__name__)

_AWAY = (KafkaError, OSError, TimeoutError)
_ALREADY_THERE = 36
_RETENTION_MS = 30 * 24 * 3600 * 1000
_BATCH_MAX_BYTES = 256 * 1024
_START_SECONDS = 10.0
_HANDOVER_SECONDS = 5.0
_SILENCE_SECONDS = 30.0
_REJOINS_MAX, _REJOINS_WITHIN_SECONDS = 6, 20.0
_CHATTY = (
    "aiokafka", "aiokafka.cluster", "aiokafka.conn", "aiokafka.client", "aiokafka.producer.sender", "aiokafka.producer.producer",
    "aiokafka.consumer.fetcher", "aiokafka.consumer.consumer", "aiokafka.consumer.group_coordinator",
)  # fmt: skip


class Seldom(logging.Filter):
    """Lets one wording of a logger through a few times in ten seconds: an outage repeats itself ninety times a second."""

    def __init__(self, times: int = 3, within_seconds: float = 10.0) -> None:
        super().__init__()
        self._times, self._within = times, within_seconds
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        seen = self._seen.setdefault((record.name, str(record.msg)), deque(maxlen=self._times))
        if len(seen) == self._times and now - seen[0] < self._within:
            return False
        seen.append(now)
        return True


def _quieten() -> None:
    for name in _CHATTY:
        logger = logging.getLogger(name)
        if not any(isinstance(x, Seldom) for x in logger.filters):
            logger.addFilter(Seldom())


def _slow_down_metadata_retries(client: Any, floor_seconds: float = 0.1) -> None:
    # While a partition has no leader the sender asks for metadata again at once and without end: a whole core.
    original: Callable[[Any, Any], Awaitable[bool]] = client._metadata_update

    async def update(cluster: Any, topics: Any) -> bool:
        done = await original(cluster, topics)
        if not done:
            await asyncio.sleep(floor_seconds)
        return done

    client._metadata_update = update


async def _ended(stop: Callable[[], Awaitable[None]]) -> None:
    """Stop a client that may be broken: nothing it says matters any more."""
    with contextlib.suppress(*_AWAY):
        async with asyncio.timeout(5):
            await stop()


async def _patiently(start: Callable[[], Awaitable[None]], patience_seconds: float) -> None:
    """Tried again until the patience ends; then `NotNow`."""
    until, pause = time.monotonic() + patience_seconds, 0.1
    while True:
        try:
            return await start()
        except NotNow:
            if time.monotonic() + pause > until:
                raise
            await asyncio.sleep(pause)
            pause = min(2.0, pause * 2)


class KafkaBus:
    """`session_seconds`: how long a dead member keeps its partitions; `patience_seconds`: how long opening waits for brokers."""

    def __init__(
        self, bootstrap: str, *, session_seconds: float = 10.0, send_seconds: float = 15.0, patience_seconds: float = 30.0
    ) -> None:
        self._bootstrap, self._session, self._send, self.patience = bootstrap, session_seconds, send_seconds, patience_seconds
        self._admin: AIOKafkaAdminClient | None = None
        self._describing = asyncio.Lock()
        _quieten()

    async def provide(self, topics: Mapping[str, int]) -> None:
        await _patiently(lambda: self._provided(topics), self.patience)

    async def _provided(self, topics: Mapping[str, int]) -> None:
        try:
            async with asyncio.timeout(2 * _START_SECONDS):
                admin = await self._administering()
                copies = min(3, len((await admin.describe_cluster())["brokers"]))
                config = {"retention.ms": str(_RETENTION_MS), "min.insync.replicas": str(max(1, copies - 1))}
                answer = await admin.create_topics([NewTopic(n, p, copies, topic_configs=config) for n, p in topics.items()])
        except _AWAY as gone:
            await self._forget_admin()
            raise NotNow(f"Kafka does not make topics ({type(gone).__name__})") from gone
        for name, code, *_ in answer.topic_errors:  # never raised by the client
            if code not in {0, _ALREADY_THERE}:
                raise NotNow(f"topic {name} was not made ({for_code(code).__name__})")

    async def _administering(self) -> AIOKafkaAdminClient:
        if self._admin is None:
            admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=10_000)
            try:
                await admin.start()
            except BaseException:
                await _ended(admin.close)
                raise
            self._admin = admin
        return self._admin

    async def _forget_admin(self) -> None:
        if self._admin is not None:
            admin, self._admin = self._admin, None
            await _ended(admin.close)

    def publisher(self, name: str) -> Publisher:
        return KafkaPublisher(self._producer, self._send, self.patience)

    def _producer(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=_BATCH_MAX_BYTES,
            compression_type="lz4", request_timeout_ms=10_000, retry_backoff_ms=100, metadata_max_age_ms=60_000,
        )  # fmt: skip
        _slow_down_metadata_retries(producer.client)
        return producer

    def consumer(self, group: str, topics: Sequence[str], member: str) -> Consumer:
        return KafkaConsumer(self._reader, group, topics, member, self.patience)

    def _reader(self, group: str | None, instance: str | None) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, group_id=group, group_instance_id=instance, enable_auto_commit=False,
            auto_offset_reset="earliest", session_timeout_ms=int(self._session * 1000),
            heartbeat_interval_ms=min(1000, int(self._session * 250)), rebalance_timeout_ms=30_000, max_poll_records=500,
            partition_assignment_strategy=(RangePartitionAssignor,), request_timeout_ms=10_000, retry_backoff_ms=100,
            metadata_max_age_ms=60_000, max_partition_fetch_bytes=1_048_576 if group else 65_536,
        )  # fmt: skip

    async def describe(self) -> list[TopicState]:
        async with self._describing:
            try:
                async with asyncio.timeout(15):
                    return await _described(await self._administering(), self._reader)
            except _AWAY as gone:
                await self._forget_admin()
                raise NotNow(f"Kafka does not answer ({type(gone).__name__})") from gone

    async def close(self) -> None:
        await self._forget_admin()


class KafkaPublisher:
    """Hands over at most one batch a partition at a time, so a batch that fails cannot be overtaken by the next of its keys.

    A send that timed out is unknown, not failed: nothing else is sent before its outcome is known, and what turns out to
    have arrived is not sent again.
    """

    def __init__(self, make: Callable[[], AIOKafkaProducer], send_seconds: float, patience_seconds: float) -> None:
        self._make, self._send, self._patience = make, send_seconds, patience_seconds
        self._producer: AIOKafkaProducer | None = None
        self._unknown: list[tuple[asyncio.Future[Any], list[Message]]] = []
        self._arrived: list[Sequence[Message]] = []

    async def open(self) -> None:
        await _patiently(self._started, self._patience)

    async def _started(self) -> None:
        if self._producer is not None:
            return
        producer = self._make()
        try:
            async with asyncio.timeout(_START_SECONDS):
                await producer.start()
        except _AWAY as gone:
            await _ended(producer.stop)
            raise NotNow(f"Kafka does not answer ({type(gone).__name__})") from gone
        self._producer = producer

    async def publish(self, messages: Sequence[Message]) -> None:
        await self._started()
        assert self._producer is not None
        try:
            await self._settled()
            if self._arrived:
                arrived = {(m.id, m.type, m.topic) for handed in self._arrived for m in handed}
                messages = [m for m in messages if (m.id, m.type, m.topic) not in arrived]
            waiting = await self._by_partition(self._producer, messages)
            while waiting:
                await self._round(self._producer, waiting)
                await self._settled()
        except MessageSizeTooLargeError as large:
            raise Malformed("a message is larger than the topic takes") from large
        except TimeoutError as late:
            raise NotNow("Kafka has not acknowledged in time") from late
        except (KafkaError, OSError) as fault:
            await self.close()
            raise NotNow(f"Kafka did not take it ({type(fault).__name__})") from fault
        self._arrived.clear()

    async def _by_partition(self, producer: AIOKafkaProducer, messages: Sequence[Message]) -> dict[TopicPartition, deque[Message]]:
        waiting: dict[TopicPartition, deque[Message]] = {}
        places: dict[str, list[TopicPartition]] = {}
        for message in messages:
            of_topic = places.get(message.topic)
            if of_topic is None:
                async with asyncio.timeout(self._send):
                    partitions = await producer.partitions_for(message.topic)
                of_topic = places[message.topic] = [TopicPartition(message.topic, n) for n in sorted(partitions)]
            place = of_topic[zlib.crc32(message.key.encode()) % len(of_topic)]
            queue = waiting.get(place)
            if queue is None:
                queue = waiting[place] = deque()
            queue.append(message)
        return waiting

    async def _round(self, producer: AIOKafkaProducer, waiting: dict[TopicPartition, deque[Message]]) -> None:
        now = int(time.time() * 1000)
        for place in list(waiting):
            queue, batch, handed = waiting[place], producer.create_batch(), []
            append = batch.append
            while queue:
                m = queue[0]
                if append(timestamp=now, key=m.key.encode(), value=m.value, headers=headers_of(m)) is None:
                    break
                handed.append(queue.popleft())
            if not queue:
                del waiting[place]
            async with asyncio.timeout(self._send):
                future = await producer.send_batch(batch, place.topic, partition=place.partition)
            self._unknown.append((future, handed))

    async def _settled(self) -> None:
        """Every batch handed over is acknowledged; raises the first failure, `TimeoutError` while any is unknown."""
        if not self._unknown:
            return
        _, pending = await asyncio.wait([future for future, _ in self._unknown], timeout=self._send)
        if pending:
            raise TimeoutError
        outcome, self._unknown = self._unknown, []
        faults = [future.exception() for future, _ in outcome]
        for (_, handed), fault in zip(outcome, faults, strict=True):
            if fault is None:
                self._arrived.append(handed)
        for fault in faults:
            if fault is not None:
                raise fault

    async def close(self) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await _ended(producer.stop)
        for future, _ in self._unknown:
            future.cancel()
        self._unknown = []


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
        self._rejoins: deque[float] = deque(maxlen=_REJOINS_MAX)
        self._quarrel = False
        self._spoke_at = 0.0
        self.oldest_in_flight: float | None = None

    async def open(self) -> None:
        await _patiently(self._started, self._patience)

    async def _started(self) -> None:
        if self._consumer is not None:
            return
        consumer = self._make(self._group, self._instance)
        consumer.subscribe(topics=self._topics, listener=_Handover(self))
        try:
            async with asyncio.timeout(_START_SECONDS + 5):
                await consumer.start()  # without a time limit a missing topic is waited for without end
        except _AWAY as gone:
            await _ended(consumer.stop)
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
        found: list[Received] = []
        for place, records in batches.items():
            first, _ = self._uncommitted.get(place, (records[0].offset, 0))
            self._uncommitted[place] = (first, records[-1].offset + 1)
            topic, partition = place
            found += [received(topic, partition, r.offset, r.key, r.value, r.headers, r.timestamp) for r in records]
        return found

    async def commit(self, upto: Mapping[tuple[str, int], int]) -> None:
        places = {TopicPartition(*where): offset for where, offset in upto.items()}
        ours = {place: offset for place, offset in places.items() if place in self._uncommitted}
        try:
            if ours and self._consumer is not None:
                async with asyncio.timeout(_START_SECONDS):
                    await self._consumer.commit(ours)
            if len(ours) < len(places):
                log.info("rejoined", group=self._group, partitions=len(places) - len(ours))
        except (CommitFailedError, IllegalStateError):
            log.info("rejoined", group=self._group, partitions=len(places))
        except _AWAY as gone:
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
        except _AWAY:
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
            await _ended(consumer.stop)

    async def close(self) -> None:
        await self._dropped()

    async def revoked(self) -> None:
        """Before partitions go to somebody else: whoever works on them may finish and commit."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HANDOVER_SECONDS):
                await self._idle.wait()
        self._uncommitted.clear()

    def assigned(self) -> None:
        now = time.monotonic()
        self._rejoins.append(now)
        often = len(self._rejoins) == _REJOINS_MAX and now - self._rejoins[0] < _REJOINS_WITHIN_SECONDS
        self._quarrel = often and self._instance is not None


class _Handover(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._consumer.revoked()

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._consumer.assigned()


async def _described(admin: AIOKafkaAdminClient, reader: Callable[[str | None, str | None], AIOKafkaConsumer]) -> list[TopicState]:
    sizes = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics() if not t["topic"].startswith("__")}
    groups = [name for name, kind in await admin.list_consumer_groups() if kind == "consumer"]
    probe = reader(None, None)
    try:
        await probe.start()
        places = [TopicPartition(name, n) for name, size in sizes.items() for n in range(size)]
        ends, begins = await probe.end_offsets(places), await probe.beginning_offsets(places)
        lags: dict[str, list[GroupLag]] = {name: [] for name in sizes}
        for group in sorted(groups):
            committed = {place: at.offset for place, at in (await admin.list_consumer_group_offsets(group)).items() if at.offset >= 0}
            topics = {place.topic for place in committed} | await _subscribed(admin, group)
            at = {place: max(committed.get(place, 0), begins[place]) for place in places if place.topic in topics}
            ages = await _ages(probe, {place: offset for place, offset in at.items() if offset < ends[place]})
            for topic in sorted(topics & set(sizes)):
                mine = [place for place in at if place.topic == topic]
                behind = sum(max(0, ends[place] - at[place]) for place in mine)
                lags[topic].append(GroupLag(group, behind, max((ages.get(place, 0.0) for place in mine), default=0.0)))
    finally:
        await _ended(probe.stop)
    return [
        TopicState(name, size, sum(ends[TopicPartition(name, n)] for n in range(size)), tuple(lags[name])) for name, size in sorted(sizes.items())
    ]


async def _subscribed(admin: AIOKafkaAdminClient, group: str) -> set[str]:
    """What its members read now: a group that has never committed is behind, too."""
    answers = await admin.describe_consumer_groups([group])
    members = [member for _, _, _, _, _, found, *_ in answers[0].groups for member in found]
    return {name for member in members if member[-1] for name, _ in ConsumerProtocolMemberAssignment.decode(member[-1]).assignment}


async def _ages(probe: AIOKafkaConsumer, unread: Mapping[TopicPartition, int]) -> dict[TopicPartition, float]:
    """Seconds since the first unread message of each partition was published."""
    ages: dict[TopicPartition, float] = {}
    if not unread:
        return ages
    probe.assign(list(unread))
    for place, offset in unread.items():
        probe.seek(place, offset)
    until = time.monotonic() + 2
    while len(ages) < len(unread) and time.monotonic() < until:
        for place, records in (await probe.getmany(timeout_ms=300)).items():
            if place not in ages:
                ages[place] = max(0.0, time.time() - records[0].timestamp / 1000)
                probe.pause(place)
    return ages
