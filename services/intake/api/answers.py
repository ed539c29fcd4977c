"""Answers that wait to be told: in memory while the caller listens, in a file while it only sends."""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from types import TracebackType
from typing import BinaryIO, Self

_MEMORY_MAX = 262_144  # bytes
_FILE_MAX = 512 * 1024**2  # bytes; beyond it whoever answers waits until the caller listens
_PIECE = 65_536


class Answers:
    """A queue of bytes in bounded memory.

    A caller that sends all of its lines before it reads an answer must not stop the lines from being read: what it does not
    read yet goes into a file without a name, which ends with the queue.
    """

    def __init__(self) -> None:
        self._memory, self._held = deque[bytes](), 0
        self._file: BinaryIO | None = None
        self._written = self._read = 0
        self._ended, self._changed = False, asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def in_file(self) -> int:
        """Bytes that wait in the file."""
        return self._written - self._read

    async def put(self, answer: bytes) -> None:
        while self.in_file > _FILE_MAX:
            await self._wait()
        if not self.in_file and self._held + len(answer) <= _MEMORY_MAX:
            self._memory.append(answer)
            self._held += len(answer)
        else:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the queue, and is closed with it
            self._file.seek(self._written)
            self._file.write(answer)
            self._written += len(answer)
        self._changed.set()

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._changed.set()

    async def get(self) -> bytes:
        """What waits, the oldest first, not all of it at once; nothing when all is told."""
        while not self._held and not self.in_file:
            if self._ended:
                return b""
            await self._wait()
        if self._held:
            told = b"".join(self._memory)
            self._memory.clear()
            self._held = 0
            return told
        assert self._file is not None
        self._file.seek(self._read)
        told = self._file.read(_PIECE)
        self._read += len(told)
        if not self.in_file:
            self._file.truncate(0)
            self._written = self._read = 0
        self._changed.set()
        return told

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()
