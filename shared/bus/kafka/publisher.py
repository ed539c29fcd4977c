"""Publishing: one batch a partition at a time, and nothing new while the fate of the last is unknown."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared.bus.cloudevents import headers_of
from shared.bus.kafka.clients import AWAY, START_SECONDS, ended, patiently
from shared.envelope import Message
from shared.errors import Malformed, NotNow


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
        await patiently(self._started, self._patience)

    async def _started(self) -> None:
        if self._producer is not None:
            return
        producer = self._make()
        try:
            async with asyncio.timeout(START_SECONDS):
                await producer.start()
        except AWAY as gone:
            await ended(producer.stop)
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
            await ended(producer.stop)
        for future, _ in self._unknown:
            future.cancel()
        self._unknown = []
