"""Waiting until it is so: a test never sleeps in the hope that something has happened meanwhile."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import time
from collections.abc import Awaitable, Callable

import httpx


async def until(look: Callable[[], object | Awaitable[object]], expected: object = True, *, seconds: float = 10.0) -> None:
    """Looks again and again, returns when it sees what is expected, and fails with what it saw last."""
    give_up_at = time.monotonic() + seconds
    while True:
        seen = look()
        if inspect.isawaitable(seen):
            seen = await seen
        if seen == expected:
            return
        assert time.monotonic() < give_up_at, f"after {seconds} seconds it is {seen!r} and not {expected!r}"
        await asyncio.sleep(0.01)


def ready(process: subprocess.Popen[bytes], *urls: str, seconds: float = 60.0) -> None:
    """Returns when all these addresses answer 200; fails when the process ends first or takes too long."""
    give_up_at = time.monotonic() + seconds
    while not all(_answers(url) for url in urls):
        assert process.poll() is None, f"the process ended with {process.returncode} before it was ready"
        assert time.monotonic() < give_up_at, f"not ready after {seconds} seconds"
        time.sleep(0.05)  # another process is waited for, and nothing else happens in this one


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=2).status_code == 200
    except httpx.TransportError:
        return False
