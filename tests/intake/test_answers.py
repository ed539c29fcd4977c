"""Answers that wait: in their order, in bounded memory, whoever is faster."""

from __future__ import annotations

import asyncio

import pytest

from services.intake.api import answers as module
from services.intake.api.answers import Answers


async def test_what_is_not_listened_to_waits_in_a_file_and_comes_in_its_order() -> None:
    with Answers() as answers:
        sent = [b"%d\n" % at * 50 for at in range(20_000)]
        for one in sent:
            await answers.put(one)
        assert answers._held <= module._MEMORY_MAX
        assert answers.in_file > 1_000_000
        answers.end()
        came = bytearray()
        while told := await answers.get():
            came += told
        assert bytes(came) == b"".join(sent)
        assert answers.in_file == 0


async def test_whoever_listens_gets_everything_while_it_comes() -> None:
    with Answers() as answers:
        came: list[bytes] = []

        async def listen() -> None:
            while told := await answers.get():
                came.append(told)

        listening = asyncio.create_task(listen())
        for at in range(300):
            await answers.put(b"%d," % at)
            if at % 7 == 0:
                await asyncio.sleep(0)
        answers.end()
        await asyncio.wait_for(listening, 5)
        assert b"".join(came) == b"".join(b"%d," % at for at in range(300))


async def test_the_file_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FILE_MAX", 1000)
    monkeypatch.setattr(module, "_MEMORY_MAX", 100)
    with Answers() as answers:
        putting = asyncio.create_task(_put(answers, 200))
        await asyncio.sleep(0.05)
        assert not putting.done()
        came = bytearray()
        while len(came) < 200 * 50:
            came += await answers.get()
        await asyncio.wait_for(putting, 5)
        assert len(came) == 200 * 50


async def _put(answers: Answers, times: int) -> None:
    for _ in range(times):
        await answers.put(b"x" * 50)
