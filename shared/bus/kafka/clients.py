"""What every Kafka client here needs: few words in an outage, patience at the start, a stop that cannot hang."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka.errors import KafkaError

from shared.errors import NotNow

AWAY = (KafkaError, OSError, TimeoutError)
START_SECONDS = 10.0
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


def quieten() -> None:
    for name in _CHATTY:
        logger = logging.getLogger(name)
        if not any(isinstance(x, Seldom) for x in logger.filters):
            logger.addFilter(Seldom())


def slow_down_metadata_retries(client: Any, floor_seconds: float = 0.1) -> None:
    # While a partition has no leader the sender asks for metadata again at once and without end: a whole core.
    original: Callable[[Any, Any], Awaitable[bool]] = client._metadata_update

    async def update(cluster: Any, topics: Any) -> bool:
        done = await original(cluster, topics)
        if not done:
            await asyncio.sleep(floor_seconds)
        return done

    client._metadata_update = update


async def ended(stop: Callable[[], Awaitable[None]]) -> None:
    """Stop a client that may be broken: nothing it says matters any more."""
    with contextlib.suppress(*AWAY):
        async with asyncio.timeout(5):
            await stop()


async def patiently(start: Callable[[], Awaitable[None]], patience_seconds: float) -> None:
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
