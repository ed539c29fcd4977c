"""`make run` and its own database server: killed, it is started again on the same data, or the run ends with one sentence."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from shared.settings import SERVICES
from shared.testing.waiting import until

_BOUND_SECONDS = 90.0


class Run:
    """The embedded run in a process of its own, on a free port and a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, 0
        self.process: asyncio.subprocess.Process

    async def start(self, *words: str) -> None:
        surroundings = {name: text for name, text in os.environ.items() if not name.startswith("KAPOK_")} | {"PYTHONFAULTHANDLER": "1"}
        with (self.home / "said").open("wb") as said:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.cli", "run", *words,
                env={**surroundings, "KAPOK_HOME": str(self.home / "kapok"), "KAPOK_PORT": "0"}, stdout=said, stderr=said,
                preexec_fn=_hears_ctrl_c,
            )  # fmt: skip

    def said(self) -> list[str]:
        """What people read: the lines that are not the log's."""
        return [line for line in (self.home / "said").read_text("utf-8").splitlines() if line and not line.startswith("{")]

    def database(self) -> int:
        """The database server's process, 0 while there is none."""
        with suppress(FileNotFoundError, IndexError, ValueError):
            return int((self.home / "kapok/postgresql/postmaster.pid").read_text().splitlines()[0])
        return 0

    async def serves(self) -> httpx.AsyncClient:
        await until(lambda: any("Kapok serves at" in line for line in self.said()), seconds=_BOUND_SECONDS)
        address = next(line for line in self.said() if "Kapok serves at" in line).split()[3]
        return httpx.AsyncClient(base_url=address, trust_env=False, timeout=20)

    async def ended(self) -> int:
        """The exit code; whoever does not end is made to say where it stands."""
        try:
            return await asyncio.wait_for(self.process.wait(), _BOUND_SECONDS)
        except TimeoutError:
            self.process.send_signal(signal.SIGABRT)
            await asyncio.wait_for(self.process.wait(), _BOUND_SECONDS)
            pytest.fail(f"it did not end in {_BOUND_SECONDS} seconds: {(self.home / 'said').read_text('utf-8')[-4000:]}")


def _hears_ctrl_c() -> None:
    """Also where the tests run in the background of a shell, which lets its children ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="kapok-run-"))
    folder.chmod(0o755)  # a test that runs as root: the server's user must reach its own data
    return folder


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    folder = _folder()
    one = Run(folder)
    await one.start("--no-sample")
    yield one
    with suppress(ProcessLookupError):
        one.process.send_signal(signal.SIGTERM)
    await one.ended()
    shutil.rmtree(folder, ignore_errors=True)


async def _ready(http: httpx.AsyncClient) -> bool:
    return all([(await http.get(f"/{name}/readyz")).status_code == 200 for name in SERVICES])


async def test_a_database_that_was_killed_is_started_again_and_the_services_recover(run: Run) -> None:
    report = {"channel": "web", "received_at": "2026-11-23T09:12:00+08:00", "source_ref": "before", "needs": ["housing"]}
    async with await run.serves() as http:
        before = await http.post("/intake/v1/reports", json=report)
        assert before.status_code == 201
        killed = run.database()
        os.kill(killed, signal.SIGKILL)
        await until(lambda: run.database() not in (0, killed), seconds=_BOUND_SECONDS)
        await until(lambda: _ready(http), seconds=_BOUND_SECONDS)
        again = (await http.post("/intake/v1/reports", json=report)).json()
        assert {**again, "version": 1} == before.json()  # what was committed is there; its clocks may have spoken since
        assert (await http.post("/intake/v1/reports", json={**report, "source_ref": "after"})).status_code == 201
        told = [line for line in run.said() if "PostgreSQL" in line]
        assert told == [
            "The embedded PostgreSQL was killed (SIGKILL); it is started again.",
            "The embedded PostgreSQL answers again; everything that was committed is there.",
        ]
        started_again = run.database()
    run.process.send_signal(signal.SIGINT)
    await run.ended()
    with pytest.raises(ProcessLookupError):  # it ends with its owner as the first one did
        os.kill(started_again, 0)
    assert not [line for line in run.said() if "Traceback" in line]


async def test_a_database_that_cannot_be_started_again_ends_the_run_with_a_sentence(run: Run) -> None:
    await (await run.serves()).aclose()
    with (run.home / "kapok/postgresql/postgresql.conf").open("a") as settings:
        settings.write("\nno_such_setting = on\n")
    os.kill(run.database(), signal.SIGKILL)
    assert await run.ended() == 2
    assert run.said()[-1].startswith("The embedded PostgreSQL was killed (SIGKILL) and could not be started again in 5 attempts")
    assert not [line for line in run.said() if "Traceback" in line]


async def test_a_database_that_is_killed_while_the_services_start_ends_the_run_with_a_sentence(run: Run) -> None:
    await until((run.home / "kapok/databases").exists, seconds=_BOUND_SECONDS)
    os.kill(run.database(), signal.SIGKILL)
    assert await run.ended() == 2
    assert run.said() == ["The embedded PostgreSQL was killed (SIGKILL) while the services were starting; start Kapok again."]


async def _after(seen: Path, *words: str) -> tuple[int, list[str]]:
    """Ctrl-C as soon as this is in the home: how it ended, and what was said."""
    folder = _folder()
    one = Run(folder)
    try:
        await one.start(*words)
        await until((folder / seen).exists, seconds=_BOUND_SECONDS)
        one.process.send_signal(signal.SIGINT)
        return await one.ended(), one.said()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def test_ctrl_c_before_anything_is_served_ends_without_a_traceback() -> None:
    code, said = await _after(Path("kapok/postgresql/postmaster.pid"), "--no-sample")
    assert (code, [line for line in said if "Traceback" in line or "Error" in line]) == (0, [])


async def test_ctrl_c_while_the_sample_is_played_ends_without_a_traceback() -> None:
    code, said = await _after(Path("kapok/bank/bank-books.json"))
    assert (code, [line for line in said if "Traceback" in line or "Error" in line]) == (0, [])
