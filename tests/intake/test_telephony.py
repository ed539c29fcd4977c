"""Intake and a provider in a process of its own: what is told twice rings once, what is lost is asked for, what was never told is found out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services.intake.manifest import INTAKE
from services.run import telephony_simulator
from shared.testing import Database
from shared.testing.waiting import until
from tests.intake.campaigning import calls, planned
from tests.intake.conftest import Desk

_ALL_DAY = {"from": "00:00", "until": "24:00"}
_AWAY = "http://127.0.0.1:9"  # where the provider's webhook does not reach us: everything has to be asked for


class Beside:
    """A desk and the provider beside it."""

    def __init__(self, desk: Desk, url: str, http: httpx.AsyncClient) -> None:
        self.desk, self._url, self._http = desk, url, http

    async def rule(self, mode: str, times: int) -> None:
        assert (await self._http.put(f"{self._url}/_rules", json={"mode": mode, "times": times})).status_code == 200

    async def rings(self) -> dict[str, Any]:
        return dict((await self._http.get(f"{self._url}/_rings")).json())

    async def rung(self, count: int) -> None:
        async def so_many() -> bool:
            return int((await self.rings())["rings"]) >= count

        await until(so_many, seconds=20)

    async def started(self, *phones: str, **more: Any) -> str:
        campaign = await planned(self.desk, *phones, **{"hours": _ALL_DAY, "retries": 0, **more})
        assert (await self.desk.post(f"/campaigns/{campaign}/start")).status_code == 200
        return campaign

    async def found_out(self, campaign: str) -> dict[str, dict[str, Any]]:
        """Minutes later, when the provider is asked: every call by the last two digits of its number, in the order they were planned."""
        self.desk.turn(minutes=4)

        async def over() -> bool:
            return all(row["status"] not in ("queued", "ringing") for row in await calls(self.desk, campaign))

        await until(over, seconds=20)
        states = await self.desk.room.states("call", [row["call_id"] for row in await calls(self.desk, campaign)])
        rows = {row["call_id"]: row for row in await calls(self.desk, campaign)}
        return {state.queued.listed.number[-2:]: rows[call_id] for call_id, state in states.items()}


@asynccontextmanager
async def _beside(database: Database) -> AsyncIterator[Beside]:
    with telephony_simulator(SECONDS="0.05") as (url, secret):
        told = {"telephony_url": url, "telephony_secret": secret, "calling_hours": "00:00-24:00", "intake_url": _AWAY}
        async with Desk(INTAKE).open(database, **told) as desk, httpx.AsyncClient(trust_env=False, timeout=10) as http:
            desk.now = datetime.now(UTC)  # signatures hold for minutes, and the provider has a clock of its own
            yield Beside(desk, url, http)


@pytest.fixture
async def beside(database: Database) -> AsyncIterator[Beside]:
    async with _beside(database) as opened:
        yield opened


async def test_every_way_a_call_can_go_comes_to_its_end_though_no_webhook_arrives(beside: Beside) -> None:
    campaign = await beside.started(*[f"138001300{n:02d}" for n in range(1, 16)])
    await beside.rung(14)
    await asyncio.sleep(0.5)  # the provider's calls take a twentieth of a second
    ended = {two: (row["status"], row["result"] or row["why"]) for two, row in (await beside.found_out(campaign)).items()}
    assert ended == {
        "01": ("answered", "case"), "02": ("answered", "no_need"), "03": ("answered", "no_need"), "04": ("no_answer", "busy"),
        "05": ("no_answer", "no_answer"), "06": ("answered", "call_back"), "07": ("opted_out", None), "08": ("answered", "case"),
        "09": ("answered", "case"), "10": ("answered", "case"), "11": ("opted_out", None), "12": ("answered", "call_back"),
        "13": ("answered", "case"), "14": ("answered", "case"), "15": ("no_answer", "rejected"),
    }  # fmt: skip
    assert (await beside.rings())["most"] == 1


@pytest.mark.parametrize("mode", ["busy", "deaf", "lost"])
async def test_an_order_whose_answer_is_not_known_is_asked_for_and_rings_once(beside: Beside, mode: str) -> None:
    await beside.rule(mode, 3)
    campaign = await beside.started("13800130003", "13800130102", "13800130202")
    for _ in range(12):
        if (await beside.rings())["rings"] == 3:
            break
        beside.desk.turn(seconds=5)  # the pauses between orders
        await asyncio.sleep(0.55)
    await asyncio.sleep(0.3)
    assert {row["status"] for row in (await beside.found_out(campaign)).values()} == {"answered"}
    assert await beside.rings() == {**await beside.rings(), "rings": 3, "most": 1}


async def test_what_waited_until_after_hours_is_made_the_next_day_under_the_same_id(beside: Beside) -> None:
    """The provider never heard of it, so nobody was rung, and nobody is at night."""
    await beside.rule("deaf", 1000)
    campaign = await beside.started("13800130003")

    async def status() -> tuple[str, int]:
        row = (await calls(beside.desk, campaign))[0]
        return row["status"], row["attempt"]

    await until(status, ("ringing", 1))
    ring = next(one for one in beside.desk.opened.effects if one.effect.name == "ring")
    await until(lambda: ring.retries > 0)  # it was told once, and did not hear
    now = beside.desk.now.astimezone(UTC)
    night = {"from": f"{(now.hour + 8 + 2) % 23:02d}:00", "until": f"{(now.hour + 8 + 2) % 23:02d}:30"}
    assert (await beside.desk.post(f"/campaigns/{campaign}/pace", {"hours": night})).status_code == 200
    await beside.rule("work", 0)
    beside.desk.turn(seconds=30)
    await until(status, ("queued", 0))
    assert (await beside.rings())["rings"] == 0
    assert (await beside.desk.post(f"/campaigns/{campaign}/pace", {"hours": _ALL_DAY})).status_code == 200
    await until(status, ("ringing", 1))
    await beside.rung(1)
