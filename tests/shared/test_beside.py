"""A process beside: it answers in order, nothing hangs on it, and it outlives nobody."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from shared import beside
from shared.beside import Beside

pytestmark = pytest.mark.skipif(not beside.SPARE, reason="on one core there is no process beside")


@pytest.fixture
async def stop() -> AsyncIterator[asyncio.Event]:
    asked = asyncio.Event()
    yield asked
    asked.set()


async def _started(one: Beside) -> int:
    """Its process, once it answers."""
    for _ in range(400):
        if await one.answer(b"x") == b"xx":
            assert one.process is not None
            return one.process.pid
        await asyncio.sleep(0.02)
    raise AssertionError("it never answered")


async def _gone(pid: int) -> bool:
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_many_questions_are_answered_in_their_order(stop: asyncio.Event) -> None:
    one = Beside("tests.shared.doubling", stop)
    assert await one.answer(b"too early") is None
    pid = await _started(one)
    questions = [os.urandom(size) for size in (0, 1, 70_000, 300_000, 5) * 4]
    assert await asyncio.gather(*[one.answer(question) for question in questions]) == [question * 2 for question in questions]
    stop.set()
    assert await _gone(pid)
    assert await one.answer(b"too late") is None


async def test_whoever_waited_for_one_that_died_is_told_and_another_is_started(
    stop: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "_PAUSE_SECONDS", 0.05)
    one = Beside("tests.shared.doubling", stop)
    first = await _started(one)
    assert list(await asyncio.gather(one.answer(b"a"), one.answer(b"die"), one.answer(b"b"))) == [b"aa", None, None]
    assert await _gone(first)
    assert await _started(one) != first


async def test_one_that_hangs_is_given_up_and_one_that_nobody_asks_ends(stop: asyncio.Event) -> None:
    one = Beside("tests.shared.doubling", stop, idle_seconds=0.4)
    first = await _started(one)
    assert await one.answer(b"hang") is None
    assert await _gone(first)
    idle = Beside("tests.shared.doubling", stop, idle_seconds=0.4)
    assert await _gone(await _started(idle))


async def test_a_question_that_nobody_waits_for_any_more_costs_no_other(stop: asyncio.Event) -> None:
    one = Beside("tests.shared.doubling", stop)
    await _started(one)
    left = asyncio.create_task(one.answer(b"left"))
    await asyncio.sleep(0)
    left.cancel()
    assert await one.answer(b"b") == b"bb"
