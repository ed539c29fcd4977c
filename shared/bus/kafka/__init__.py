"""The bus on Apache Kafka: publishing in acknowledged rounds, reading in groups, rebuilt when a client has died."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import for_code

from shared.bus import KEEP_SECONDS, Behind, Consumer, Publisher, TopicState
from shared.bus.kafka.clients import AWAY, START_SECONDS, ended, patiently, quieten, slow_down_metadata_retries
from shared.bus.kafka.consumer import KafkaConsumer
from shared.bus.kafka.lag import described, unread
from shared.bus.kafka.publisher import KafkaPublisher
from shared.errors import NotNow

_ALREADY_THERE = 36
_BATCH_MAX_BYTES = 256 * 1024
_GROUPS_SECONDS = 10.0


class KafkaBus:
    """`session_seconds`: how long a dead member keeps its partitions; `patience_seconds`: how long opening waits for brokers."""

    def __init__(
        self, bootstrap: str, *, session_seconds: float = 10.0, send_seconds: float = 15.0, patience_seconds: float = 30.0
    ) -> None:
        self._bootstrap, self._session, self._send, self.patience = bootstrap, session_seconds, send_seconds, patience_seconds
        self._admin: AIOKafkaAdminClient | None = None
        # Bulk loads ask `behind` many times a second; an ops page that describes every topic takes seconds. Neither waits for the other.
        self._starting, self._describing, self._looking = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()
        self._probe: AIOKafkaConsumer | None = None
        self._groups, self._groups_at = dict[str, int](), 0.0
        quieten()

    async def provide(self, topics: Mapping[str, int]) -> None:
        await patiently(lambda: self._provided(topics), self.patience)

    async def _provided(self, topics: Mapping[str, int]) -> None:
        try:
            async with asyncio.timeout(2 * START_SECONDS):
                admin = await self._administering()
                copies = min(3, len((await admin.describe_cluster())["brokers"]))
                config = {"retention.ms": str(KEEP_SECONDS * 1000), "min.insync.replicas": str(max(1, copies - 1))}
                answer = await admin.create_topics([NewTopic(n, p, copies, topic_configs=config) for n, p in topics.items()])
        except AWAY as gone:
            await self._forget_admin()
            raise NotNow(f"Kafka does not make topics ({type(gone).__name__})") from gone
        for name, code, *_ in answer.topic_errors:  # never raised by the client
            if code not in {0, _ALREADY_THERE}:
                raise NotNow(f"topic {name} was not made ({for_code(code).__name__})")

    async def _administering(self) -> AIOKafkaAdminClient:
        async with self._starting:  # two who come at once would both start one, and the first would never be closed
            if self._admin is None:
                admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=10_000)
                try:
                    await admin.start()
                except BaseException:
                    await ended(admin.close)
                    raise
                self._admin = admin
            return self._admin

    async def _forget_admin(self) -> None:
        if self._admin is not None:
            admin, self._admin = self._admin, None
            await ended(admin.close)

    async def _forget_probe(self) -> None:
        self._groups = {}
        if self._probe is not None:
            probe, self._probe = self._probe, None
            await ended(probe.stop)

    def publisher(self, name: str) -> Publisher:
        return KafkaPublisher(self._producer, self._send, self.patience)

    def _producer(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=_BATCH_MAX_BYTES,
            compression_type="zstd", request_timeout_ms=10_000, retry_backoff_ms=100, metadata_max_age_ms=60_000,
        )  # fmt: skip
        slow_down_metadata_retries(producer.client)
        return producer

    def consumer(self, group: str, topics: Sequence[str], member: str) -> Consumer:
        return KafkaConsumer(self._reader, group, topics, member, self.patience)

    def _reader(self, group: str | None, instance: str | None) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, group_id=group, group_instance_id=instance, enable_auto_commit=False,
            auto_offset_reset="earliest", session_timeout_ms=int(self._session * 1000),
            heartbeat_interval_ms=min(1000, int(self._session * 250)), rebalance_timeout_ms=30_000, max_poll_records=500,
            partition_assignment_strategy=(RangePartitionAssignor,), request_timeout_ms=10_000, retry_backoff_ms=100 if group else 10,
            metadata_max_age_ms=60_000, max_partition_fetch_bytes=1_048_576 if group else 65_536, fetch_max_wait_ms=500 if group else 20,
        )  # fmt: skip

    async def describe(self) -> list[TopicState]:
        async with self._describing:
            try:
                async with asyncio.timeout(15):
                    return await described(await self._administering(), self._reader)
            except AWAY as gone:
                await self._forget_admin()
                raise NotNow(f"Kafka does not answer ({type(gone).__name__})") from gone

    async def behind(self, groups: Collection[str]) -> Mapping[str, Behind]:
        async with self._looking:
            try:
                async with asyncio.timeout(5):
                    admin, probe = await self._administering(), await self._probing()
                    if self._groups.keys() != set(groups) or time.monotonic() - self._groups_at > _GROUPS_SECONDS:
                        nodes = await asyncio.gather(*[admin.find_coordinator(group) for group in groups])
                        self._groups, self._groups_at = dict(zip(groups, nodes, strict=True)), time.monotonic()
                    return await unread(admin, probe, self._groups)
            except AWAY as gone:
                await self._forget_probe()
                await self._forget_admin()
                raise NotNow(f"Kafka does not answer ({type(gone).__name__})") from gone

    async def _probing(self) -> AIOKafkaConsumer:
        if self._probe is None:
            probe = self._reader(None, None)
            try:
                await probe.start()
            except BaseException:  # whoever waits for a turn may be cancelled at any moment
                await ended(probe.stop)
                raise
            self._probe = probe
        return self._probe

    async def prune(self, topics: Sequence[str], keep_seconds: float) -> int:
        """The brokers do it, by the topics' `retention.ms`, whether read or not."""
        return 0

    async def close(self) -> None:
        await self._forget_probe()
        await self._forget_admin()
