"""A file of reports through the door for many, against COPY of the same rows into a bare table, and of everything that is written for them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from bench.flow import _report, _resident, _told
from bench.measure import Row, compared, in_turn
from shared.serving import bound
from shared.testing.waiting import ready

ROWS = 4_000
_WRITTEN = ("events", "outbox", "subject_keys", "case_list", "person_list", "consent_list")


class _Loads:
    """Files with new reports each time, as they are sent and as they are copied."""

    def __init__(self, url: str, dsn: str, bare: str, process: int) -> None:
        self._url, self._dsn, self._bare, self._process, self._first = url, dsn, bare, process, 0
        self.memory: list[float] = []

    def _new(self) -> list[dict[str, Any]]:
        self._first += ROWS
        return [_report(at) for at in range(self._first, self._first + ROWS)]

    def imported(self) -> float:
        """Rows a second through the door, each with an answer that says `recorded`."""
        body = b"\n".join([json.dumps(one, ensure_ascii=False).encode() for one in self._new()])
        with httpx.Client(trust_env=False, timeout=300) as http:
            token = http.post(f"{self._url}/auth/token", json={"client_id": "gov", "client_secret": "demo"}).json()["access_token"]
            headers = {"authorization": f"Bearer {token}", "content-type": "application/x-ndjson"}
            began = time.perf_counter()
            answer = http.post(f"{self._url}/intake/v1/reports:batch", content=body, headers=headers)
            seconds = time.perf_counter() - began
        assert answer.text.count('"status":"recorded"') == ROWS, answer.text[:500]
        self.memory.append(_resident(self._process))
        return ROWS / seconds

    def copied(self) -> float:
        """Rows a second of COPY of the reports themselves into a table without an index."""
        rows = [(one["source_ref"], one["channel"], json.dumps(one, ensure_ascii=False)) for one in self._new()]
        return asyncio.run(self._copied(rows))

    async def _copied(self, rows: list[tuple[str, str, str]]) -> float:
        connection = await asyncpg.connect(self._bare)
        await connection.execute("create table if not exists reports (source_ref text, channel text, body jsonb)")
        began = time.perf_counter()
        await connection.copy_records_to_table("reports", records=rows)
        seconds = time.perf_counter() - began
        await connection.close()
        return len(rows) / seconds

    def copied_all(self) -> float:
        """Reports a second of COPY of every row that was written for them, sealed already, into tables without an index."""
        return asyncio.run(self._copied_all())

    async def _copied_all(self) -> float:
        kept, bare, seconds = await asyncpg.connect(self._dsn), await asyncpg.connect(self._bare), 0.0
        reports = await kept.fetchval("select count(*) from events where type = 'CaseReported'")
        there = {row[0] for row in await kept.fetch("select table_name from information_schema.tables where table_schema = 'public'")}
        for name in [name for name in _WRITTEN if name in there]:
            columns = await kept.fetch(
                "select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped",
                name,
            )
            words = ", ".join(f'"{column}" {kind}' for column, kind in columns)
            await bare.execute(f'drop table if exists "{name}"')
            await bare.execute(f'create table "{name}" ({words})')
            rows = [tuple(row) for row in await kept.fetch(f'select * from "{name}"')]
            began = time.perf_counter()
            await bare.copy_records_to_table(name, records=rows)
            seconds += time.perf_counter() - began
        await kept.close()
        await bare.close()
        return float(reports) / seconds


@contextmanager
def _intake(databases: Callable[[str], str], folder: Path) -> Iterator[_Loads]:
    with bound("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    dsn = databases("import_intake")
    told = {**_told(""), "KAPOK_INTAKE_DSN": dsn, "KAPOK_BUS_DSN": databases("import_bus"), "KAPOK_PORT": str(port)}
    with (folder / "intake.log").open("ab") as journal:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "serve", "intake"], stdout=journal, stderr=journal, env={**os.environ, **told}
        )
    try:
        url = f"http://127.0.0.1:{port}"
        ready(process, f"{url}/intake/readyz")
        yield _Loads(url, dsn, databases("import_bare"), process.pid)
    finally:
        process.terminate()
        process.wait(30)


def rows(databases: Callable[[str], str], rounds: int) -> list[Row]:
    """Intake alone, so that nothing behind the door is waited for."""
    with tempfile.TemporaryDirectory(prefix="kapok-import-") as place, _intake(databases, Path(place)) as loads:
        loads.imported()
        results = in_turn({"import": loads.imported, "COPY": loads.copied, "COPY all": loads.copied_all}, rounds)
        memory = loads.memory
    name = "a file of reports through the door, intake alone"
    return [
        compared(name, "COPY of the reports into a bare table", results, "import", "COPY", 0.05, 0.5),
        compared(name, "COPY of every row written for them", results, "import", "COPY all", 0.1, 0.5),
        Row(
            "memory of intake after an import",
            "-",
            max(memory),
            0,
            400.0,
            250.0,
            rounds,
            "MB",
            higher=False,
            spread=(min(memory), max(memory)),
        ),
    ]
