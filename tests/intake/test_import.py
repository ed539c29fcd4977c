"""`kapok import` against a real server in a process of its own: refused rows named, both sides killed, nothing lost and nothing twice."""

from __future__ import annotations

import asyncio
import base64
import csv
import gzip
import http.client as http_client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services import sending
from shared.embedded import dies_with_us
from shared.serving import bound
from shared.testing import Database
from shared.testing.waiting import ready, until

_KEY = base64.b64encode(b"m" * 32).decode()
_ROWS = 2400


@dataclass
class Served:
    """Intake in a process that can be killed and started again at the same address."""

    dsn: str
    bus: str
    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        if not self.port:
            with bound("127.0.0.1", 0) as free:
                self.port = free.getsockname()[1]
        keys = {f"KAPOK_{name}": _KEY for name in ("KEK", "INDEX_KEY", "SIGNING_KEY")}
        told = {"KAPOK_INTAKE_DSN": self.dsn, "KAPOK_BUS_DSN": self.bus, "KAPOK_PORT": str(self.port), "KAPOK_DEMO": "true"}
        with (self.folder / "intake.log").open("ab") as journal:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", "serve", "intake"], stdin=subprocess.DEVNULL, stdout=journal, stderr=journal,
                preexec_fn=dies_with_us(),  # noqa: PLW1509 - the fork arms the kernel's signal and nothing else
                env={**os.environ, **keys, **told, "KAPOK_LOG_LEVEL": "error"},
            )  # fmt: skip
        ready(self.process, f"{self.url}/intake/readyz")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(30)

    async def reported(self) -> list[int]:
        """How many reports there are, and how many different references they have."""
        connection = await asyncpg.connect(self.dsn)
        found = await connection.fetchrow("select count(*), count(distinct stream) from events where type = 'CaseReported'")
        await connection.close()
        return list(found)

    async def imports(self, file: Path, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.cli", "import", str(file), "--url", self.url, "--client", "gov", *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def imported(self, file: Path, *words: str) -> tuple[int | None, str]:
        process = await self.imports(file, *words)
        _, said = await asyncio.wait_for(process.communicate(), 90)
        return process.returncode, said.decode()


@pytest.fixture
async def served(database: Database, tmp_path: Path) -> AsyncIterator[Served]:
    at = Served(await database(), await database(), tmp_path)
    at.start()
    try:
        yield at
    finally:
        at.stop()


def _report(at: int, **more: Any) -> dict[str, Any]:
    """A report without a reference of its own."""
    said = {"channel": "data_signal", "received_at": "2026-11-20T09:12:00+08:00", "needs": ["medical"]}
    return {**said, "person": {"name": f"陈大文{at}"}, "household": {"size": 1 + at % 5}, **more}


def _file(folder: Path, rows: int) -> Path:
    path = folder / "reports.ndjson"
    path.write_text("".join(json.dumps(_report(at), ensure_ascii=False) + "\n" for at in range(rows)), "utf-8")
    return path


async def test_a_table_in_gbk_is_taken_its_bad_rows_are_named_and_twice_changes_nothing(served: Served, tmp_path: Path) -> None:
    rows = [
        "工单编号,渠道,受理时间,姓名,身份证号,家庭月收入（元）,诉求内容,需求",
        'g1,热线,2026-11-20 09:12,陈大文,,"1,234.50","父亲住院，\n没钱交医药费",医疗|生活',
        "g2,鸽子,2026-11-20 09:12,李小明,,,没饭吃,",
        "g3,热线,2026-11-20 09:12,王秀英,440106195512240024,,没饭吃,",
        "g4,热线,2099-01-01 09:12,赵六,,,没饭吃,",
        "g5,热线,昨天,钱七,,12.345,没饭吃,",
        "g6,走访,2026/11/20 9:12,孙八,,,=HYPERLINK(1),",
    ]
    path = tmp_path / "cases.csv.gz"
    path.write_bytes(gzip.compress("\r\n".join(rows).encode("gbk")))
    code, said = await served.imported(path)
    assert code == 3, said
    with (tmp_path / "cases.csv.gz.rejects.csv").open(newline="", encoding="utf-8") as file:
        refused = [(row["line"], row["field"], row["rule"]) for row in csv.DictReader(file)]
    assert [(line, field) for line, field, _ in refused] == [
        ("4", "/channel"), ("5", "/person/id_number"), ("6", "/received_at"), ("7", "/received_at"), ("7", "/household/monthly_income_yuan"),
    ]  # fmt: skip
    assert refused[2][2] == "lies in the future"
    written = (tmp_path / "cases.csv.gz.rejects.csv").read_text("utf-8") + said
    assert not [secret for secret in ("李小明", "440106195512240024", "没饭吃", "昨天", "鸽子") if secret in written]
    assert await served.reported() == [2, 2]
    assert (await served.imported(path))[0] == 3
    assert await served.reported() == [2, 2]
    assert not (tmp_path / "cases.csv.gz.position.json").exists()


async def test_an_import_that_is_killed_goes_on_where_it_stopped(served: Served, tmp_path: Path) -> None:
    path = _file(tmp_path, _ROWS)
    position = tmp_path / "reports.ndjson.position.json"
    process = await served.imports(path)
    await until(position.exists, seconds=30)
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    stopped = json.loads(position.read_bytes())["counts"]["line"]
    assert 0 < stopped < _ROWS
    code, said = await served.imported(path, "--resume")
    assert (code, f"Going on after line {stopped:,}" in said) == (0, True), said
    assert await served.reported() == [_ROWS, _ROWS]
    code, said = await served.imported(path)
    assert code == 0
    assert await served.reported() == [_ROWS, _ROWS]


async def test_a_server_that_is_killed_in_the_middle_loses_nothing_and_takes_nothing_twice(served: Served, tmp_path: Path) -> None:
    path = _file(tmp_path, _ROWS)
    process = await served.imports(path)
    await until(lambda: _some(served), seconds=30)
    served.kill()
    assert (await served.reported())[0] < _ROWS
    await asyncio.sleep(0.5)
    served.start()
    _, said = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, said.decode()
    assert await served.reported() == [_ROWS, _ROWS]


async def _some(served: Served) -> bool:
    return (await served.reported())[0] > 0


async def test_a_file_that_changed_is_not_gone_on_with(served: Served, tmp_path: Path) -> None:
    path = _file(tmp_path, 3)
    position = tmp_path / "reports.ndjson.position.json"
    position.write_bytes(b'{"file":"other","counts":{"line":1,"recorded":1,"already":0,"refused":0},"rejects":0}')
    code, said = await served.imported(path, "--resume")
    assert (code, "has changed since it was begun" in said) == (2, True), said
    assert await served.reported() == [0, 0]


async def test_a_sender_that_reads_nothing_while_it_sends_is_not_stopped(served: Served) -> None:
    """Lines and answers are larger than what the network holds; each line is refused, so that this is about the stream alone."""
    lines = 30_000
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{served.url}/auth/token", json={"client_id": "gov", "client_secret": "demo"})
    body = b'{"channel":"x","narrative":"%s"}\n' % (b"x" * 400) * lines
    head = (
        f"POST /intake/v1/reports:batch HTTP/1.1\r\nhost: kapok\r\nauthorization: Bearer {answer.json()['access_token']}\r\n"
        f"content-type: application/x-ndjson\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 262_144)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        connection.settimeout(60)
        await asyncio.to_thread(connection.sendall, head.encode() + body)
        came = await asyncio.to_thread(_read, connection)
    assert came.count(b'"status":"refused"') == lines


def _read(connection: socket.socket) -> bytes:
    answer = http_client.HTTPResponse(connection)
    answer.begin()
    return answer.read()


async def test_a_file_is_the_same_file_by_the_command_and_at_the_door(served: Served, tmp_path: Path) -> None:
    table = "渠道,受理时间,姓名,诉求内容\n" + "".join(f"走访,2026-11-20 09:12,陈大文{at},没饭吃\n" for at in range(600))
    path = tmp_path / "cases.csv"
    path.write_bytes((table + "鸽子,,,\n" + "走访,2026-11-20 09:12,王秀英,没饭吃\n").encode("gbk"))
    code, said = await served.imported(path)
    assert code == 3, said
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        asked = await http.post(f"{served.url}/auth/token", json={"client_id": "gov", "client_secret": "demo"})
        headers = {"authorization": f"Bearer {asked.json()['access_token']}", "content-type": "text/csv"}
        packed = gzip.compress(path.read_bytes().decode("gbk").encode())
        raw = await http.post(f"{served.url}/intake/v1/reports:batch", content=packed, headers={**headers, "content-encoding": "gzip"})
    told = [json.loads(line) for line in raw.text.splitlines()]
    assert [answer["status"] for answer in told] == ["already"] * 600 + ["refused", "already"]
    assert (await served.reported())[0] == 601


async def test_where_nobody_has_ever_answered_nobody_is_waited_for_long() -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(sending.NotSent, match="--url"):
            async with asyncio.timeout(5):
                await sending.Sender(http, "http://127.0.0.1:9", client="gov", first_seconds=0.3).sent([b"{}"])


@pytest.mark.parametrize("url", ["localhost:8080", "htp://127.0.0.1:9"])
async def test_what_is_no_address_is_said_at_once(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(sending.NotSent, match="--url"):
            async with asyncio.timeout(2):
                await sending.Sender(http, url).sent([b"{}"])


async def test_whoever_was_there_and_goes_away_is_waited_for() -> None:
    async def gone(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(gone, "127.0.0.1", 0) as server, httpx.AsyncClient(trust_env=False) as http:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(sending.NotSent, match="waited for long enough"):
            await sending.Sender(http, url, token=url[-5:], patience_seconds=0.5, first_seconds=0.1).sent([b"{}"])
