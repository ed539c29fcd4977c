"""Report → assessment → referral → payout through the four real services and their doors, against a hand-written pipeline and two peers."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from bench.measure import Row, compared, in_turn
from deploy.sample.doors import Doors
from services.apart import Members
from services.run import bank_simulator
from shared.serving import bound
from shared.settings import SERVICES
from shared.testing.broker import KafkaBroker, missing
from shared.testing.waiting import ready

CASES = 3_000
_HALF_LOAD_CASES = 1_000
_HALF_LOAD_LINES = 5
_WARM = 300
_LINES = 125
_OPERATORS = 4
_APPROVED = 100
_FUND, _GRANT_FEN = "bench-rain", 200_000
_WAIT_SECONDS = 120.0
_KEY = base64.b64encode(b"b" * 32).decode()
BASELINES = Path(__file__).parent / "baselines"


class City:
    """A city that serves: its doors, and how many reports it was sent so far."""

    def __init__(self, addresses: dict[str, str], dsn: Callable[[str], str], processes: Callable[[], list[int]]) -> None:
        self.addresses, self.dsn, self.sent, self._processes = addresses, dsn, 0, processes
        self.waits: list[float] = []  # p99 of each run, seconds from acceptance to payout
        self.kept_up: list[float] = []  # payouts over reports at the moment the last report was accepted
        self.memory: list[float] = []  # megabytes in use after each run, all processes

    def ran(self, cases: int) -> float:
        """Cases a second from the first report to the last settled payout; counted in the stores afterwards."""
        return asyncio.run(self._ran(cases))

    def waited(self, cases: int, rate: float) -> float:
        """p99 in seconds from acceptance to payout when so many reports a second come in."""
        asyncio.run(self._ran(cases, rate))
        self.kept_up.pop()
        self.memory.pop()
        return self.waits.pop()

    async def _ran(self, cases: int, rate: float | None = None) -> float:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            doors = Doors(http, self.addresses)
            if not self.sent:
                await _furnished(doors)
            before, first = await _paid(doors), self.sent
            self.sent += cases
            began = time.perf_counter()
            approving = asyncio.create_task(_approving(doors))
            lines = _HALF_LOAD_LINES if rate else _LINES
            portions = iter(range(first, first + cases, lines))
            times = [began + n * lines / rate for n in range(cases // lines + 1)] if rate else []
            await asyncio.gather(*[self._operating(doors, portions, lines, first, first + cases, times) for _ in range(_OPERATORS)])
            self.kept_up.append((await _paid(doors) - before) / cases)
            async with asyncio.timeout(_WAIT_SECONDS):
                while not approving.done() and await _paid(doors) < before + cases:  # noqa: ASYNC110 - other processes are watched
                    await asyncio.sleep(0.05)
            seconds = time.perf_counter() - began
            assert not approving.done(), approving.exception()
            approving.cancel()
            assert await _paid(doors) == before + cases
            self.waits.append(await self._slowest(cases))
            self.memory.append(sum(_resident(process) for process in self._processes()))
            return cases / seconds

    async def _slowest(self, cases: int) -> float:
        """p99 of the last cases, in seconds from the acceptance of the report to the settled payout, as both were recorded."""
        opened = await self._moments(
            "intake", "select substr(stream, 13), at from events where type = 'CaseReported' order by position desc limit $1", cases
        )
        settled = await self._moments(
            "disbursement",
            "select data->'terms'->>'case_id', at from events where type = 'PayoutSettled' order by position desc limit $1",
            cases,
        )
        assert opened.keys() == settled.keys()
        return statistics.quantiles([(settled[case] - at).total_seconds() for case, at in opened.items()], n=100)[98]

    async def _moments(self, service: str, sql: str, cases: int) -> dict[str, datetime]:
        connection = await asyncpg.connect(self.dsn(service))
        rows = await connection.fetch(sql, cases)
        await connection.close()
        return dict(rows)

    @staticmethod
    async def _operating(doors: Doors, portions: Iterator[int], lines: int, first: int, end: int, times: Sequence[float]) -> None:
        """One of the operators: the next portion as soon as the last is answered, and not before its time if it has one."""
        for at in portions:
            if times:
                await asyncio.sleep(max(0.0, times[(at - first) // lines] - time.perf_counter()))
            answered = [line async for line in _sent(doors, range(at, min(end, at + lines)))]
            assert all(line["status"] == "recorded" for line in answered), answered[0]


async def _furnished(doors: Doors) -> None:
    await doors.told("admin", "/matching/v1/organizations", {"id": "bench", "kind": "charity", "name": "Bench"})
    await doors.told("finance", "/disbursement/v1/funds", {"id": _FUND, "name": "Bench"})
    gift = {"donation_ref": "BENCH", "kind": "cash", "fund_id": _FUND, "amount_fen": 10**12}
    await doors.told("finance", "/disbursement/v1/donations", gift)
    standing = [{"programme": "LOTTERY-RAIN", "fund_id": _FUND, "max_fen": 2_000_000}]
    service = {"id": "rain", "organization_id": "bench", "name": "Bench", "programmes": ["LOTTERY-RAIN"], "standing": standing}
    await doors.told("admin", "/matching/v1/services", service)


def _resident(process: int) -> float:
    """Megabytes a process holds in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _report(at: int) -> dict[str, Any]:
    """A full report: text for triage, eleven sealed fields, coded facts, consent."""
    return {
        "channel": "hotline", "source": "12345", "source_ref": f"bench-{at}", "received_at": datetime.now(UTC).isoformat(), "language": "zh",
        "narrative": "我妈妈得了尿毒症住院，没钱交医药费", "reporter": {"relation": "self"}, "needs": ["medical"],
        "person": {
            "name": f"张伟{at}", "phone": f"136{at + 10_000_000:08}", "hukou_code": "430106", "residence_code": "440106011",
            "address": "棠下大街一号", "account": {"bank": "ICBC", "number": f"62220200{at:08}11"},
        },
        "household": {"size": 3, "monthly_income_fen": 120_000},
        "facts": {"serious_illness": True, "cannot_pay": True, "medical_self_paid_year_fen": _GRANT_FEN, "lived_here_months": 3},
        "consent": {"share": True, "how": "read_aloud", "purposes": ["referral", "payment", "contact"], "recipients": ["charity", "hospital"]},
        "contact": {"by": "sms", "language": "zh"},
    }  # fmt: skip


async def _sent(doors: Doors, numbers: range) -> AsyncIterator[dict[str, Any]]:
    lines = b"\n".join(json.dumps(_report(at), ensure_ascii=False).encode() for at in numbers)
    answer = await doors.ask("operator", "POST", "/intake/v1/reports:batch", content=lines)
    assert answer.status_code == 200, answer.text
    for line in answer.text.splitlines():
        yield json.loads(line)


async def _approving(doors: Doors) -> None:
    """Another person approves what is reserved, as fast as it comes."""
    while True:
        reserved = (await doors.read("finance", "/disbursement/v1/payouts", state="reserved", limit=500))["items"]
        for at in range(0, len(reserved), _APPROVED):
            ids = [row["payout_id"] for row in reserved[at : at + _APPROVED]]
            await doors.told("approver", "/disbursement/v1/payouts:approve", {"ids": ids})
        await asyncio.sleep(0.02)


async def _paid(doors: Doors) -> int:
    answer = await doors.ask(None, "GET", "/disbursement/v1/public/summary")
    return int(answer.json()["totals"]["payout"]["count"])


@contextmanager
def _together(databases: Callable[[str], str], bank: str, folder: Path) -> Iterator[City]:
    """All four in one process on the PostgreSQL bus."""
    sock = bound("127.0.0.1", 0)
    port = sock.getsockname()[1]
    sock.close()
    address = f"http://127.0.0.1:{port}"

    def dsn(name: str) -> str:
        return databases(f"together_{name}")

    told = {f"KAPOK_{name.upper()}_DSN": dsn(name) for name in (*SERVICES, "bus")}
    with (folder / "together.log").open("ab") as journal:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "serve", *SERVICES],
            stdout=journal, stderr=journal, env={**os.environ, **_told(bank), **told, "KAPOK_PORT": str(port)},
        )  # fmt: skip
    try:
        ready(process, *(f"{address}/{name}/readyz" for name in SERVICES))
        yield City(dict.fromkeys(SERVICES, address), dsn, lambda: [process.pid])
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _apart(databases: Callable[[str], str], bank: str, bootstrap: str, folder: Path) -> Iterator[City]:
    """One process per service on Kafka."""

    def dsn(name: str) -> str:
        return databases(f"apart_{name}")

    told = {f"KAPOK_{name.upper()}_DSN": dsn(name) for name in SERVICES}
    four = Members({**_told(bank), **told, "KAPOK_BUS": "kafka", "KAPOK_KAFKA_BOOTSTRAP": bootstrap}, folder)
    try:
        four.start(*SERVICES)
        yield City(four.addresses, dsn, four.pids)
    finally:
        four.stop()


def _told(bank: str) -> dict[str, str]:
    keys = {f"KAPOK_{name}": _KEY for name in ("KEK", "INDEX_KEY", "SIGNING_KEY")}
    rates = {"KAPOK_RATE_PER_SECOND": "100000", "KAPOK_RATE_BURST": "100000", "KAPOK_PUBLIC_RATE_PER_SECOND": "100000"}
    return {
        **keys,
        **rates,
        "KAPOK_PUBLIC_RATE_BURST": "100000",
        "KAPOK_BANK_URL": bank,
        "KAPOK_DEMO": "true",
        "KAPOK_LOG_LEVEL": "warning",
    }


def _script(name: str, dsn: str, kafka: str, *words: str) -> dict[str, float]:
    """Run a baseline once; the medians of its table by variant."""
    done = subprocess.run(
        [sys.executable, name, *words], cwd=BASELINES, env={**os.environ, "BENCH_DSN": dsn, "BENCH_KAFKA": kafka},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = re.findall(r"^(.+?)\s{2,}([\d,]+)\s+[\d,]+\s+[\d,]+\s+[\d.]+$", done.stdout, re.MULTILINE)
    return {variant: float(rate.replace(",", "")) for variant, rate in found}


def rows(databases: Callable[[str], str], rounds: int) -> list[Row]:
    """Both ways of running the product against the reference on real Kafka and the two peers."""
    lack = missing()
    if lack:
        print(f"the flow is not measured: {lack}")
        return []
    with tempfile.TemporaryDirectory(prefix="kapok-flow-") as place:
        folder = Path(place)
        broker = KafkaBroker(folder / "broker", heap="512m").start()
        try:
            with (
                bank_simulator() as bank,
                _together(databases, bank, folder) as together,
                _apart(databases, bank, broker.bootstrap, folder) as apart,
            ):
                return _measured(together, apart, databases, broker.bootstrap, rounds)
        finally:
            broker.stop()


def _measured(together: City, apart: City, databases: Callable[[str], str], kafka: str, rounds: int) -> list[Row]:
    for city in (together, apart):
        city.ran(_WARM)
    dsn, peers = databases("bench_flow"), dict[str, list[float]]()

    def reference() -> float:
        return statistics.median(_script("pipeline.py", dsn, kafka, "4000", "1").values())

    def both_peers() -> float:
        for name, rate in _script("peers.py", dsn, kafka, "1").items():
            peers.setdefault(name.split(",")[0], []).append(rate)
        return peers["DBOS"][-1]

    ways = {
        "embedded": lambda: together.ran(CASES), "kafka": lambda: apart.ran(CASES), "reference": reference, "DBOS": both_peers,
    }  # fmt: skip
    results = in_turn(ways, rounds) | peers
    flow = "report → assessment → referral → payout, four services"
    return [
        compared(f"{flow}, one process each", "reference pipeline on Kafka", results, "kafka", "reference", 0.25, 0.7),
        compared(f"{flow}, embedded", "reference pipeline on Kafka", results, "embedded", "reference", 0.2, 0.5),
        compared(f"{flow}, embedded", "pyeventsourcing System", results, "embedded", "pyeventsourcing", 3, 10),
        compared(f"{flow}, embedded", "DBOS workflow", results, "embedded", "DBOS", 10, 40),
        *_under_saturation("one process each", apart, rounds),
        _at_half_load("one process each", apart, statistics.median(results["kafka"]), rounds),
        *_under_saturation("embedded", together, rounds),
        _at_half_load("embedded", together, statistics.median(results["embedded"]), rounds),
    ]


def _under_saturation(how: str, city: City, rounds: int) -> list[Row]:
    """Bulk loads come as fast as they are taken; the warm-up is left out."""
    kept_up, waits, memory = city.kept_up[1:], city.waits[1:], city.memory[1:]
    grown = (memory[-1] - memory[0]) / (CASES * max(1, len(memory) - 1)) * 1000
    return [
        _alone(f"paid of accepted while saturated, {how}", kept_up, 0.9, 0.95, rounds, "share", higher=True),
        _alone(f"acceptance to payout, p99, {how}", waits, 1.0, 0.3, rounds, "seconds", higher=False),
        _alone(f"memory grown for 1,000 more cases, {how}", [grown], 50.0, 10.0, rounds, "MB", higher=False),
    ]


def _at_half_load(how: str, city: City, rate: float, rounds: int) -> Row:
    waits = [city.waited(_HALF_LOAD_CASES, rate / 2) for _ in range(rounds)]
    return _alone(f"acceptance to payout, p99, at half load, {how}", waits, 1.0, 0.1, rounds, "seconds", higher=False)


def _alone(name: str, found: list[float], floor: float, goal: float, rounds: int, unit: str, *, higher: bool) -> Row:
    return Row(name, "-", statistics.median(found), 0, floor, goal, rounds, unit, higher, (min(found), max(found)))
