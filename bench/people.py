"""Search and single reports beside a million people: by blind index, and with triage and the search for duplicates at half load."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx

from bench.measure import Row
from services.intake.domain.identity import check_digit
from services.intake.lookup import people_like
from services.intake.manifest import INTAKE
from shared.http import Door
from shared.runtime import House, environment
from shared.security import Principal
from shared.settings import Settings

PEOPLE, KNOWN = 1_000_000, 20_000
_SEARCHES, _SECONDS, _CALLERS = 2_000, 10.0, 8
_COPIED_AT_ONCE = 100_000
_LINES = 500
_KEY = base64.b64encode(b"p" * 32).decode()
_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文辉力梅琴云"
_SOUNDS_ALIKE = {"张": "章", "李": "黎", "陈": "程", "杨": "羊", "吴": "武"}


def rows(dsn: Callable[[str], str], rounds: int) -> list[Row]:
    return asyncio.run(_measured(dsn("people_intake"), dsn("people_bus"), rounds))


def somebody(number: int) -> dict[str, Any]:
    """Always the same person for the same number, with a number that passes its check."""
    draw = random.Random(number)  # noqa: S311 - a story, not a secret
    born = date(1940, 1, 1) + timedelta(days=draw.randrange(25_000))
    first = f"4401{draw.choice(('03', '04', '05', '06', '11'))}{born:%Y%m%d}{number % 1000:03}"
    name = draw.choice(_FAMILY) + "".join(draw.choice(_GIVEN) for _ in range(2))
    return {
        "name": name, "id_number": first + check_digit(first), "phone": f"13{number:09}", "residence_code": f"{first[:6]}{draw.randrange(1, 20):03}",
    }  # fmt: skip


def report(number: int, at: int) -> dict[str, Any]:
    """A third about somebody known by number, a third about one who only sounds alike, a third about somebody new."""
    person = somebody(number % KNOWN if at % 3 < 2 else KNOWN + at)
    if at % 3 == 1:
        born = person.pop("id_number")[6:14]
        person |= {
            "name": _SOUNDS_ALIKE.get(person["name"][0], person["name"][0]) + person["name"][1:],
            "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}",
        }
        del person["phone"]
    return {
        "channel": "hotline", "source": "bench", "source_ref": f"{number}-{at}", "received_at": "2026-11-23T09:12:00+08:00", "person": person,
        "narrative": "我妈妈得了尿毒症住院，没钱交医药费，家里只有她一个人，房租也交不起了",
    }  # fmt: skip


class Intake:
    """Intake in this process, asked through its door without a socket between."""

    def __init__(self, house: House, client: httpx.AsyncClient, token: str) -> None:
        self.house, self.client = house, client
        self._headers = {"authorization": f"Bearer {token}", "x-access-reason": "bench"}
        self.sent = 0

    async def asked(self, path: str, body: Any) -> dict[str, Any]:
        answer = await self.client.post(f"/intake/v1{path}", json=body, headers=self._headers)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    async def known(self) -> None:
        """People with streams, keys and cases of their own, through the door for loads."""
        lines = b"\n".join(json.dumps({**report(n, 0), "source_ref": f"known-{n}"}).encode() for n in range(KNOWN))
        headers = {**self._headers, "content-type": "application/x-ndjson"}
        answer = await self.client.post("/intake/v1/reports:batch", content=lines, headers=headers)
        assert answer.text.count('"recorded"') == KNOWN, answer.text[:500]

    async def single(self) -> float:
        """Seconds that one report took."""
        self.sent += 1
        start = time.perf_counter()
        await self.asked("/reports", report(self.sent * 7, self.sent))
        return time.perf_counter() - start


def _strangers() -> Iterator[list[tuple[Any, ...]]]:
    """Rows of people who are only looked past: a keyed hash is random to whoever has no key; common names share their marks."""
    marks = [os.urandom(32) for _ in range(200_000)]
    for start in range(0, PEOPLE - KNOWN, _COPIED_AT_ONCE):
        size = min(_COPIED_AT_ONCE, PEOPLE - KNOWN - start)
        yield [
            (
                f"stranger-{start + n}", f"stranger-{start + n}", os.urandom(32), os.urandom(32), os.urandom(32), random.choice(marks),  # noqa: S311 - made-up people
                random.choice(marks), os.urandom(32),  # noqa: S311 - made-up people
            )
            for n in range(size)
        ]  # fmt: skip


_COLUMNS = ("person_id", "household_id", "id_number", "phone", "name_birth", "sound_year", "sound_place", "born_surname")


async def _measured(store: str, bus: str, rounds: int) -> list[Row]:
    told = Settings(kek=_KEY, index_key=_KEY, signing_key=_KEY, demo=True, rate_per_second=100_000, rate_burst=100_000)
    house = House((INTAKE,), lambda: environment(told, dsns={"intake": store, "bus": bus}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=house), base_url="http://kapok", timeout=120) as client, house.open():
        assert house.environment is not None
        intake = Intake(house, client, house.environment.issuer.sign(Principal("bench", frozenset({"operator", "gov"}), None), 36_000))
        await intake.known()
        connection = await asyncpg.connect(store)
        for some in _strangers():
            await connection.copy_records_to_table("person_list", records=some, columns=_COLUMNS)
        await connection.execute("analyze person_list")
        await connection.close()
        print(f"  {PEOPLE:,} people", flush=True)
        door = Door(house.opened["intake"].room, Principal("bench", frozenset({"operator"}), None), correlation="bench")
        alone = [await _by_index(door) for _ in range(rounds)]
        looked = [await _looked_up(intake) for _ in range(rounds)]
        p99s = [await _at_half_load(intake) for _ in range(max(1, rounds // 2))]
    return [
        _row("a person among 1,000,000 looked up by blind index, p99 (ms)", alone, 5.0),
        _row("that person through the door, shown masked, its look recorded and durable first, p99 (ms)", looked, 20.0),
        _row("one report with triage and similar people sought among 1,000,000, p99 at half load (ms)", p99s, 50.0),
    ]


def _row(name: str, values: list[float], most: float) -> Row:
    return Row(name, "-", statistics.median(values), 0, most, most, len(values), "ms", False, (min(values), max(values)))


async def _by_index(door: Door) -> float:
    """p99 in milliseconds of the look-up alone, one after the other."""
    taken = []
    for n in range(_SEARCHES):
        start = time.perf_counter()
        found = await people_like(door, id_number=None, phone=somebody(n * 11 % KNOWN)["phone"], name_birth=None)
        taken.append(time.perf_counter() - start)
        assert found
    print(f"  index: median {statistics.median(taken) * 1e3:.2f} ms, p99 {_p99(taken) * 1e3:.2f} ms", flush=True)
    return _p99(taken) * 1e3


async def _looked_up(intake: Intake) -> float:
    """p99 in milliseconds of a search through the door, one after the other."""
    taken = []
    for n in range(_SEARCHES):
        person = somebody(n * 11 % KNOWN)
        body = {"reason": "bench", "id_number": person["id_number"]} if n % 2 else {"reason": "bench", "phone": person["phone"]}
        start = time.perf_counter()
        found = await intake.asked("/persons/search", body)
        taken.append(time.perf_counter() - start)
        assert found["items"], body
    print(f"  search: median {statistics.median(taken) * 1e3:.2f} ms, p99 {_p99(taken) * 1e3:.2f} ms", flush=True)
    return _p99(taken) * 1e3


async def _at_half_load(intake: Intake) -> float:
    """First as fast as callers get answers, then half as many a second, evenly; p99 in milliseconds."""
    full = await _as_fast_as_it_goes(intake)
    rate, waiting = full / 2, list[asyncio.Task[float]]()
    begun = time.perf_counter()
    for n in range(int(rate * _SECONDS)):
        await asyncio.sleep(max(0.0, begun + n / rate - time.perf_counter()))
        waiting.append(asyncio.create_task(intake.single()))
    taken = await asyncio.gather(*waiting)
    print(
        f"  reports: {full:,.0f} a second at most; at {rate:,.0f} median {statistics.median(taken) * 1e3:.1f}, p99 {_p99(taken) * 1e3:.1f} ms",
        flush=True,
    )
    return _p99(taken) * 1e3


async def _as_fast_as_it_goes(intake: Intake) -> float:
    until, count = time.perf_counter() + _SECONDS / 2, 0

    async def caller() -> None:
        nonlocal count
        while time.perf_counter() < until:
            await intake.single()
            count += 1

    callers: list[Awaitable[None]] = [caller() for _ in range(_CALLERS)]
    await asyncio.gather(*callers)
    return count / (_SECONDS / 2)


def _p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]
