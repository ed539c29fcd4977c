"""Loops that must not die quietly: each is restarted after a pause, and while it is down the service is not ready."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)
_PAUSE_MAX_SECONDS = 10.0
_WELL_AFTER_SECONDS = 60.0


class Supervised:
    """One loop and how it fares: `alive` between its start and its end, `failures` in a row, `error` the last class.

    A loop that has run for a minute is well again: what it failed at before no longer counts.
    """

    def __init__(self, name: str, run: Callable[[], Awaitable[None]], stop: Callable[[], None]) -> None:
        self.name, self._run, self._stop = name, run, stop
        self.alive, self._failures, self.error = False, 0, ""
        self.started_at = 0.0
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def failures(self) -> int:
        return 0 if self.alive and self._well() else self._failures

    def _well(self) -> bool:
        return time.monotonic() - self.started_at >= _WELL_AFTER_SECONDS

    def start(self) -> None:
        self._task = asyncio.create_task(self._forever(), name=self.name)

    async def _forever(self) -> None:
        while not self._stopping.is_set():
            self.alive, self.started_at = True, time.monotonic()
            try:
                await self._run()
                if self._stopping.is_set():
                    break
                self.error = "ended"
            except Exception as fault:
                self.error = type(fault).__name__
                log.error("loop_failed", loop=self.name, error=self.error, exc_info=fault)
            self.alive = False
            self._failures = 1 if self._well() else self._failures + 1
            try:
                await asyncio.wait_for(self._stopping.wait(), min(_PAUSE_MAX_SECONDS, 0.1 * 2 ** min(self._failures, 10)))
            except TimeoutError:
                continue
        self.alive = False

    async def ended(self, within_seconds: float) -> bool:
        """Ask the loop to stop and wait; only one that does not listen is cancelled. Answers whether it stopped by itself."""
        self._stopping.set()
        self._stop()
        if self._task is None:
            return True
        done, _ = await asyncio.wait({self._task}, timeout=within_seconds)
        if not done:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=2)
        return bool(done)
