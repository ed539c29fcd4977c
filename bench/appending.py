"""A command through `execute` against the shortest ways to append durably, and against peers."""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from eventsourcing.persistence import InfrastructureFactory, StoredEvent
from eventsourcing.utils import Environment

from bench.measure import Row, compared, in_turn
from bench.report_service import REPORTS, command, provenance
from shared.clock import Clock, new_id
from shared.execute import Executor
from shared.sealing import Keyring
from shared.store import Store
from shared.store.migrate import migrate

SECONDS = 1.5
PAYLOAD = '{"type":"ReportReceived","data":{"channel":"hotline","district":"440106","note":"' + "x" * 560 + '"}}'
DDL = """
drop table if exists b_events; drop table if exists b_streams;
create table b_streams(stream uuid primary key, version int not null);
create table b_events(position bigint generated always as identity primary key, stream uuid not null, version int not null,
                      type text not null, payload jsonb not null, recorded_at timestamptz not null default now(), unique(stream, version));
"""
ONE = """with s as (insert into b_streams values ($1, $2) on conflict (stream) do update set version = excluded.version
                    where b_streams.version = excluded.version - 1 returning 1)
         insert into b_events(stream, version, type, payload) select $1, $2, $3, $4 from s returning position"""


async def _one_statement(dsn: str, connections: int = 32) -> float:
    pool = [await asyncpg.connect(dsn) for _ in range(connections)]
    await pool[0].execute(DDL)
    done, start = [0] * connections, time.perf_counter()

    async def caller(i: int, connection: asyncpg.Connection) -> None:
        statement, version, stream = await connection.prepare(ONE), 0, uuid.uuid4()
        while time.perf_counter() - start < SECONDS:
            version = version % 4 + 1
            if version == 1:
                stream = uuid.uuid4()
            assert await statement.fetchval(stream, version, "ReportReceived", PAYLOAD) is not None
            done[i] += 1

    await asyncio.gather(*[caller(i, c) for i, c in enumerate(pool)])
    rate = sum(done) / (time.perf_counter() - start)
    assert await pool[0].fetchval("select count(*) from b_events") == sum(done)
    for connection in pool:
        await connection.close()
    return rate


async def _ours(dsn: str, callers: int = 32) -> float:
    store = Store("reports", dsn, REPORTS.codec, Keyring(b"k" * 32, b"i" * 32))
    await store.open()
    connection = await store.connect()
    await migrate(connection, REPORTS.tables)
    await connection.execute("truncate events, outbox, subject_keys, cases")
    executor = Executor(REPORTS, store, Clock())
    run = asyncio.create_task(executor.run())
    who, done, start = provenance(new_id()), [0] * callers, time.perf_counter()

    async def caller(i: int) -> None:
        version, case, person = 0, "", ""
        while time.perf_counter() - start < SECONDS:
            version = version % 4 + 1
            if version == 1:
                case, person = new_id(), new_id()
            assert (await executor.submit((command(case, person),), who)).version == version
            done[i] += 1

    await asyncio.gather(*[caller(i) for i in range(callers)])
    rate = sum(done) / (time.perf_counter() - start)
    executor.stop()
    await run
    counts = await connection.fetchrow("select (select count(*) from events), (select sum(count) from outbox), (select sum(1) from cases)")
    assert (counts[0], counts[1]) == (sum(done), sum(done)), counts
    await connection.close()
    await store.close()
    return rate


def _pyeventsourcing(server: dict[str, str], threads: int = 8) -> float:
    factory: Any = InfrastructureFactory.construct(
        Environment(
            "bench",
            {
                "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_DBNAME": server["dbname"], "POSTGRES_HOST": server["host"], "POSTGRES_PORT": "5432",
                "POSTGRES_USER": server["user"], "POSTGRES_PASSWORD": "x", "POSTGRES_POOL_SIZE": "10", "POSTGRES_MAX_OVERFLOW": "10",
            },
        )
    )  # fmt: skip
    recorder, done, start = factory.application_recorder(), [0] * threads, time.perf_counter()

    def caller(i: int) -> None:
        while time.perf_counter() - start < SECONDS:
            recorder.insert_events([StoredEvent(uuid.uuid4(), 1, "ReportReceived", PAYLOAD.encode())])
            done[i] += 1

    workers = [threading.Thread(target=caller, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    rate = sum(done) / (time.perf_counter() - start)
    factory.close()
    return rate


async def _message_db(dsn: str, connections: int = 32) -> float:
    pool = [await asyncpg.connect(dsn, server_settings={"search_path": "message_store,public"}) for _ in range(connections)]
    done, start = [0] * connections, time.perf_counter()

    async def caller(i: int, connection: asyncpg.Connection) -> None:
        statement, version, stream = await connection.prepare("select write_message($1, $2, 'ReportReceived', $3::jsonb, null, $4)"), 3, ""
        while time.perf_counter() - start < SECONDS:
            version = (version + 1) % 4
            if version == 0:
                stream = f"case-{uuid.uuid4().hex}"
            await statement.fetchval(str(uuid.uuid4()), stream, PAYLOAD, version - 1)
            done[i] += 1

    await asyncio.gather(*[caller(i, c) for i, c in enumerate(pool)])
    rate = sum(done) / (time.perf_counter() - start)
    for connection in pool:
        await connection.close()
    return rate


def _emmett(dsn: str, node: Path) -> float:
    ran = subprocess.run(["node", "emmett.mjs", dsn, "4800"], cwd=node, capture_output=True, text=True, timeout=120, check=True)
    return float(ran.stdout.split(":")[1].split("}")[0])


def rows(databases: Callable[[str], str], server: dict[str, str], node: Path | None, rounds: int) -> list[Row]:
    """Every way in turn; message-db and Emmett only where their packages could be installed."""
    plain, own = databases("bench_plain"), databases("bench_own")
    ways: dict[str, Callable[[], float]] = {
        "ours": lambda: uvloop.run(_ours(own)),
        "asyncpg": lambda: uvloop.run(_one_statement(plain)),
        "pyeventsourcing": lambda: _pyeventsourcing({**server, "dbname": "bench_es"}),
    }
    databases("bench_es")
    if node is not None:
        ways["message-db"] = lambda: uvloop.run(_message_db(databases("message_store")))
        ways["emmett"] = lambda: _emmett(databases("bench_emmett"), node)
    results = in_turn(ways, rounds)
    name = "a command through execute, 32 callers"
    table = [
        compared(name, "asyncpg one statement, 32 connections", results, "ours", "asyncpg", 0.8, 1.5),
        compared(name, "pyeventsourcing recorder, 8 threads", results, "ours", "pyeventsourcing", 5, 10),
    ]
    if node is not None:
        table.append(compared(name, "message-db, one category", results, "ours", "message-db", 3, 6))
        table.append(compared(name, "Emmett on PostgreSQL", results, "ours", "emmett", 2.5, 5))
    return table
