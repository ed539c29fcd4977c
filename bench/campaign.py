"""`python -m bench.campaign`: a whole telephone campaign against the provider's simulator, intake killed in the middle; nobody may be rung twice.

It answers how long it takes to queue everybody, to send the same list again, and to ring them all; fsync is on, and everything runs
on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec

from services.run import telephony_simulator
from shared.embedded import start
from shared.serving import bound
from shared.testing.waiting import ready

_KEY = base64.b64encode(b"b" * 32).decode()
_LOOK_SECONDS = 2.0
_NOT_RUNG = "15"  # the simulator refuses numbers that end so
_NEVER_TOLD = "13"  # and never tells of these, which would be asked for after minutes


def numbers(count: int) -> list[str]:
    found = (f"139{n:08d}" for n in range(10_000_000, 99_999_999))
    return [number for number, _ in zip((n for n in found if not n.endswith(_NEVER_TOLD)), range(count), strict=False)]


def serve(told: dict[str, str], address: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-m", "services.cli", "serve", "intake"], env={**os.environ, **told})
    ready(process, f"{address}/intake/readyz")
    return process


async def ask(http: httpx.AsyncClient, method: str, path: str, body: Any = None, content: bytes | None = None) -> dict[str, Any]:
    token = (await http.post("/auth/token", json={"client_id": "operator", "client_secret": "demo"})).json()["access_token"]
    headers = {"authorization": f"Bearer {token}", **({"content-type": "application/x-ndjson"} if content else {})}
    answer = await http.request(method, f"/intake/v1{path}", json=body, content=content, headers=headers)
    answer.raise_for_status()
    return dict(answer.json())


async def campaign(told: dict[str, str], address: str, provider: str, people: int, lines: int) -> None:
    process = serve(told, address)
    try:
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=600) as http:
            plan = {"name": "bench", "lines": lines, "retries": 0, "hours": {"from": "00:00", "until": "24:00"}}
            planned = (await ask(http, "POST", "/campaigns", plan))["campaign_id"]
            body = b"\n".join(msgspec.json.encode({"phone": number}) for number in numbers(people))
            for what in ("queued", "the same list again"):
                began = time.perf_counter()
                added = await ask(http, "POST", f"/campaigns/{planned}/people", content=body)
                print(f"{what}: {added['queued']} new, {added['already']} there already, in {time.perf_counter() - began:.1f} s")
            await ask(http, "POST", f"/campaigns/{planned}/start")
            began, killed = time.perf_counter(), 0.0
            while (shown := await ask(http, "GET", f"/campaigns/{planned}"))["status"] != "done":
                if not killed and shown["progress"]["done"] > people // 2:
                    killed = time.perf_counter()
                    process.send_signal(signal.SIGKILL)
                    process.wait(10)
                    process = serve(told, address)
                    killed = time.perf_counter() - killed
                await asyncio.sleep(_LOOK_SECONDS)
            took = time.perf_counter() - began
            rings = (await http.get(f"{provider}/_rings")).json()
        print(f"rung: {people} people over {lines} lines in {took:.1f} s ({people / took:.0f} calls a second), {killed:.1f} s of it killed")
        print(f"came to: {shown['progress']['results']}, {shown['progress']['no_answer']} not reached")
        print(f"the provider's record: {rings['rings']} rings of {rings['numbers']} numbers, at most {rings['most']} of one")
        assert rings["most"] == 1, "somebody was rung twice"
        assert rings["rings"] == people - sum(number.endswith(_NOT_RUNG) for number in numbers(people)), "somebody was forgotten"
    finally:
        process.terminate()
        process.wait(20)


async def _databases(admin: str) -> dict[str, str]:
    connection = await asyncpg.connect(admin.format("postgres"))
    for name in ("bench_intake", "bench_bus"):
        await connection.execute(f"create database {name}")
    await connection.close()
    return {"KAPOK_INTAKE_DSN": admin.format("bench_intake"), "KAPOK_BUS_DSN": admin.format("bench_bus")}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=60_000)
    options.add_argument("--lines", type=int, default=200)
    options.add_argument("--seconds", default="0.05", help="how long a simulated call takes")
    chosen = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="kapok-campaign-"))
    home.chmod(0o755)
    sock = bound("127.0.0.1", 0)
    port = sock.getsockname()[1]
    sock.close()
    running = start(home)
    try:
        with telephony_simulator(home / "rings.jsonl", SECONDS=chosen.seconds) as (provider, secret):
            told = {
                **{f"KAPOK_{name}": _KEY for name in ("KEK", "INDEX_KEY", "SIGNING_KEY")}, **asyncio.run(_databases(running.admin)),
                "KAPOK_DEMO": "true", "KAPOK_PORT": str(port), "KAPOK_LOG_LEVEL": "warning", "KAPOK_CALLING_HOURS": "00:00-24:00",
                "KAPOK_TELEPHONY_URL": provider, "KAPOK_TELEPHONY_SECRET": secret, "KAPOK_SIGNED_RATE_PER_SECOND": "5000",
                "KAPOK_SIGNED_RATE_BURST": "5000",
            }  # fmt: skip
            asyncio.run(campaign(told, f"http://127.0.0.1:{port}", provider, chosen.people, chosen.lines))
    finally:
        running.stop()


if __name__ == "__main__":
    main()
