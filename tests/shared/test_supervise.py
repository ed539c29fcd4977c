"""A loop that fails is begun again; what it failed at long ago no longer counts."""

from __future__ import annotations

import asyncio

import pytest

from shared.supervise import Supervised
from shared.testing.waiting import until


async def test_a_loop_that_has_run_for_a_while_is_well_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.supervise._WELL_AFTER_SECONDS", 0.5)
    stop, runs = asyncio.Event(), 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs <= 2:
            raise OSError
        await stop.wait()

    loop = Supervised("oven", run, stop.set)
    loop.start()
    await until(lambda: (runs, loop.alive), (3, True))
    assert (loop.failures, loop.error) == (2, "OSError")
    await until(lambda: loop.failures, 0)
    assert await loop.ended(1)


async def test_a_loop_that_fails_again_soon_keeps_count() -> None:
    async def run() -> None:
        raise OSError

    loop = Supervised("oven", run, lambda: None)
    loop.start()
    await until(lambda: loop.failures >= 3, True)
    assert await loop.ended(1)
