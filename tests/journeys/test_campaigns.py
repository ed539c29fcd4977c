"""A campaign in processes of its own: intake is killed in the middle again and again, and the provider's record shows that nobody was rung twice."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from services.run import telephony_simulator
from shared.embedded import dies_with_us
from shared.serving import bound
from shared.testing import Database
from shared.testing.waiting import ready, until

pytestmark = pytest.mark.journey
_KEY = base64.b64encode(b"c" * 32).decode()
_ALL_DAY = {"from": "00:00", "until": "24:00"}


@dataclass
class Intake:
    """Intake in a process that can be killed and comes again on the same port and the same data."""

    told: dict[str, str]
    journal: Path
    address: str = ""
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False, timeout=30))
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.journal.open("ab") as journal:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", "serve", "intake"],
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=journal,
                preexec_fn=dies_with_us(),  # noqa: PLW1509 - the fork arms the kernel's signal and nothing else
                env={**{name: text for name, text in os.environ.items() if not name.startswith("KAPOK_")}, **self.told},
            )
        ready(self.process, f"{self.address}/intake/readyz")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    async def ask(self, method: str, path: str, body: Any = None, content: bytes | None = None) -> dict[str, Any]:
        token = await self.http.post(f"{self.address}/auth/token", json={"client_id": "operator", "client_secret": "demo"})
        headers = {"authorization": f"Bearer {token.json()['access_token']}"}
        if content is not None:
            headers["content-type"] = "application/x-ndjson"
        answer = await self.http.request(method, f"{self.address}/intake/v1{path}", json=body, content=content, headers=headers)
        assert answer.is_success, answer.text
        return dict(answer.json())


@asynccontextmanager
async def _intake(database: Database, folder: Path, url: str, secret: str) -> AsyncIterator[Intake]:
    sock = bound("127.0.0.1", 0)
    port = sock.getsockname()[1]
    sock.close()
    told = {
        **{f"KAPOK_{name}": _KEY for name in ("KEK", "INDEX_KEY", "SIGNING_KEY")},
        "KAPOK_INTAKE_DSN": await database(), "KAPOK_BUS_DSN": await database(), "KAPOK_DEMO": "true", "KAPOK_PORT": str(port),
        "KAPOK_TELEPHONY_URL": url, "KAPOK_TELEPHONY_SECRET": secret, "KAPOK_CALLING_HOURS": "00:00-24:00", "KAPOK_LOG_LEVEL": "warning",
        "KAPOK_PUBLIC_RATE_PER_SECOND": "5000", "KAPOK_PUBLIC_RATE_BURST": "5000",
    }  # fmt: skip
    one = Intake(told, folder / "intake.log", f"http://127.0.0.1:{port}")
    one.start()
    try:
        yield one
    finally:
        await one.http.aclose()
        if one.process is not None and one.process.poll() is None:
            one.process.terminate()
            one.process.wait(20)


def _numbers(count: int) -> list[str]:
    """Telephone numbers that end in every way but one: who is never told of is asked about after minutes, which is tested elsewhere."""
    found = (f"139{n:08d}" for n in range(10_000_000, 99_999_999))
    return [number for number, _ in zip((n for n in found if n[-2:] not in ("13", "09")), range(count), strict=False)]


async def _at_least(count: Callable[[], Awaitable[int]], least: int) -> bool:
    return await count() >= least


@pytest.mark.timeout(180)
async def test_intake_killed_in_the_middle_rings_nobody_twice_and_forgets_nobody(database: Database, tmp_path: Path) -> None:
    numbers = _numbers(200)
    with telephony_simulator(tmp_path / "rings.jsonl", SECONDS="0.1") as (url, secret):
        async with _intake(database, tmp_path, url, secret) as intake:
            plan = {"name": "kill", "purpose": "needs", "lines": 20, "retries": 0, "hours": _ALL_DAY}
            campaign = (await intake.ask("POST", "/campaigns", plan))["campaign_id"]
            lines = b"\n".join(msgspec.json.encode({"phone": number}) for number in numbers)
            assert (await intake.ask("POST", f"/campaigns/{campaign}/people", content=lines))["queued"] == len(numbers)
            await intake.ask("POST", f"/campaigns/{campaign}/start")

            async def rings() -> int:
                return int((await intake.http.get(f"{url}/_rings")).json()["rings"])

            for share in (0, 60, 120):
                await until(partial(_at_least, rings, share), seconds=30)
                # An order that rings at once and is answered late: when intake dies, nobody on our side knows whether it was heard.
                await intake.http.put(f"{url}/_rules", json={"mode": "hang", "times": 1, "seconds": 4})
                before = await rings()
                await until(partial(_at_least, rings, before + 1), seconds=30)
                intake.kill()
                intake.start()

            async def done() -> str:
                return str((await intake.ask("GET", f"/campaigns/{campaign}"))["status"])

            await until(done, "done", seconds=60)
            progress = (await intake.ask("GET", f"/campaigns/{campaign}"))["progress"]
            told = (await intake.http.get(f"{url}/_rings")).json()
    not_to_be_rung = sum(number.endswith("15") for number in numbers)  # the provider refuses these
    assert told["most"] == 1, "somebody was rung twice"
    assert told["numbers"] == told["rings"] == len(numbers) - not_to_be_rung
    assert progress["people"] == progress["done"] == len(numbers)
    assert progress["unknown"] == 0
    assert progress["answered"] + progress["no_answer"] + progress["opted_out"] == len(numbers)
    assert "Traceback" not in (tmp_path / "intake.log").read_text("utf-8")
