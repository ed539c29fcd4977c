"""Pure work done by a process beside this one, so that the loop that writes keeps its core for itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)
_ROOT = Path(__file__).parents[1]
_LENGTH_BYTES = 4
_IDLE_SECONDS = 30.0
_PAUSE_SECONDS = 10.0  # before one that died is started anew
SPARE = len(os.sched_getaffinity(0)) > 1  # on one core it would only take turns with us


class Beside:
    """A process that answers bytes with bytes, in the order they were asked; one module's `serve` runs in it.

    It is started by the first question and ends when nobody has asked for half a minute, when `stop` is set, and with this process.
    Nothing hangs on it: a question it cannot answer (it is starting, it died, it hangs) is answered None, and the caller
    does the work itself.
    """

    def __init__(self, module: str, stop: asyncio.Event, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._module, self._stop, self._idle = module, stop, idle_seconds
        self._asked = deque[asyncio.Future[bytes | None]]()
        self._into: asyncio.StreamWriter | None = None
        self._life: asyncio.Task[None] | None = None
        self.process: asyncio.subprocess.Process | None = None

    async def answer(self, question: bytes) -> bytes | None:
        if self._life is None or self._life.done():
            if self._stop.is_set() or not SPARE:
                return None
            self._life = asyncio.create_task(self._lives())
        if self._into is None:
            return None
        answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self._into.write(len(question).to_bytes(_LENGTH_BYTES, "big") + question)
        return await answer

    async def _lives(self) -> None:
        self.process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        stopping, died = asyncio.create_task(self._killed_at_stop()), False
        try:
            died = await self._heard(process)
        finally:
            self._into = None
            while self._asked:
                _settle(self._asked.popleft(), None)
            stopping.cancel()
            self._kill()
            await process.wait()
        if died and not self._stop.is_set():
            log.warning("process_beside_died", module=self._module)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _PAUSE_SECONDS)

    async def _killed_at_stop(self) -> None:
        await self._stop.wait()
        self._kill()

    def _kill(self) -> None:
        """Once only: asked to end what has ended, Python takes note of its end and the loop waits for it in vain."""
        process, self.process = self.process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def _heard(self, process: asyncio.subprocess.Process) -> bool:
        """Until it has been idle for long; answers whether it died, or hangs, instead."""
        out = process.stdout
        assert out is not None
        try:
            await _word(out)  # it has loaded what it needs
            self._into = process.stdin
            while True:
                async with asyncio.timeout(self._idle):
                    word = await _word(out)
                _settle(self._asked.popleft(), word)
        except TimeoutError:
            return bool(self._asked)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.process = None
            return True


async def _word(out: asyncio.StreamReader) -> bytes:
    return await out.readexactly(int.from_bytes(await out.readexactly(_LENGTH_BYTES), "big"))


def _settle(answer: asyncio.Future[bytes | None], word: bytes | None) -> None:
    if not answer.done():  # whoever asked may have gone
        answer.set_result(word)


def serve(work: Callable[[bytes], bytes]) -> None:
    """Answer questions until there is nobody who could ask; runs in the process beside."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    answer = b""
    while True:
        answers.write(len(answer).to_bytes(_LENGTH_BYTES, "big") + answer)
        answers.flush()
        head = questions.read(_LENGTH_BYTES)
        if len(head) < _LENGTH_BYTES:
            return
        answer = work(questions.read(int.from_bytes(head, "big")))
