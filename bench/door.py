"""FastAPI answering 2xx after the commit, against the same app without a store; load from this process over loopback."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg
import msgspec
import uvloop

from bench.measure import Row, compared, in_turn
from bench.report_service import PERSON
from shared.serving import bound

SECONDS = 2.0
CALLERS = 32
BODY = msgspec.json.encode(
    {
        "name": PERSON.name,
        "phone": PERSON.phone,
        "number": PERSON.number,
        "address": PERSON.address,
        "words": PERSON.words,
        "district": "440106",
        "needs": ["medical"],
    }
)
REQUEST = (
    b"POST /reports HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: "
    + str(len(BODY)).encode()
    + b"\r\n\r\n"
    + BODY
)


@contextmanager
def _server(app: str, dsn: str) -> Iterator[int]:
    sock = bound("127.0.0.1", 0)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "uvicorn",
            f"bench.door_server:{app}",
            "--fd",
            str(sock.fileno()),
            "--log-level",
            "error",
            "--no-access-log",
        ],
        pass_fds=[sock.fileno()],
        env={**os.environ, "BENCH_DSN": dsn},
    )
    port = sock.getsockname()[1]
    sock.close()
    try:
        yield port
    finally:
        process.terminate()
        process.wait(15)


async def _load(port: int) -> float:
    done, end = [0] * CALLERS, 0.0

    async def caller(i: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            writer.write(REQUEST)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 201"), head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            done[i] += 1
        writer.close()

    for _ in range(200):
        try:
            _, probe = await asyncio.open_connection("127.0.0.1", port)
            probe.close()
            break
        except OSError:
            await asyncio.sleep(0.05)
    end = time.perf_counter() + 0.5
    await asyncio.gather(*[caller(i) for i in range(CALLERS)])
    done[:] = [0] * CALLERS
    start = time.perf_counter()
    end = start + SECONDS
    await asyncio.gather(*[caller(i) for i in range(CALLERS)])
    return sum(done) / (time.perf_counter() - start)


async def _count(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    count: int = await connection.fetchval("select count(*) from events")
    await connection.close()
    return count


def rows(databases: Callable[[str], str], rounds: int) -> list[Row]:
    dsn = databases("bench_door")
    with _server("with_store", dsn) as kept, _server("without_store", dsn) as without:
        results = in_turn({"ours": lambda: uvloop.run(_load(kept)), "without": lambda: uvloop.run(_load(without))}, rounds)
    assert uvloop.run(_count(dsn)) >= sum(results["ours"]) * SECONDS * 0.9
    return [compared("FastAPI 2xx after durable commit", "the same app without a store", results, "ours", "without", 0.6, 0.75)]
