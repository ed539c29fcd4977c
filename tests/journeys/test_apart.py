"""The whole journey with one process per service, on both buses, while members are killed under it."""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from rich.console import Console

from deploy.sample.doors import Doors
from deploy.sample.play import play
from deploy.sample.summary import FoundInData, Summary
from services.apart import Members, members
from services.run import bank_simulator
from services.tending import LedgerBroken, rebuild, verify_ledger
from shared.settings import SERVICES
from shared.testing import Database
from shared.testing.broker import KafkaBroker
from shared.testing.waiting import until

_KEY = base64.b64encode(b"j" * 32).decode()
_WAIT_SECONDS = 60.0


@asynccontextmanager
async def city(bus: dict[str, str], database: Database, folder: Path) -> AsyncIterator[tuple[Members, Doors, dict[str, str]]]:
    dsns = {f"KAPOK_{name.upper()}_DSN": await database() for name in SERVICES}
    keys = {f"KAPOK_{name}": _KEY for name in ("KEK", "INDEX_KEY", "SIGNING_KEY")}
    with bank_simulator() as bank, members({**dsns, **keys, **bus, "KAPOK_BANK_URL": bank}, folder) as four:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            yield four, Doors(http, four.addresses), dsns


async def seen(doors: Doors, service: str, path: str, at_least: int, **params: str) -> None:
    """Wait until the list has so many rows."""

    async def long_enough() -> bool:
        return len((await doors.read("auditor", f"/{service}/v1/{path}", limit=at_least, **params))["items"]) >= at_least

    await until(long_enough, seconds=_WAIT_SECONDS)


async def killed_under_it(four: Members, doors: Doors, played: asyncio.Task[Summary]) -> None:
    """Matching dies among assessments, disbursement among payouts; each is away for a second and comes back alone."""
    for service, path in (("matching", "cases"), ("disbursement", "payouts")):
        await seen(doors, service, path, 40)
        assert not played.done(), "the kill came too late to prove anything"
        four.kill(service)
        await asyncio.sleep(1)  # it is away for a second
        await asyncio.to_thread(four.start, service)


async def tended(four: Members, doors: Doors, dsn: str) -> None:
    """Every read table equals what the events say; the public ledger fits, and a changed entry does not."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        for address in doors.all():
            for one in (await doors.read("ops", f"{address}/ops/v1/projections"))["items"]:
                done = await rebuild(http, address, await doors.token("ops"), one["name"])
                assert not any(done["differing_rows"].values()), done
        at = four.addresses["disbursement"]
        assert (await verify_ledger(http, at))["entries"] > 100
        connection = await asyncpg.connect(dsn)
        await connection.execute("update public_entries set amount_fen = amount_fen + 1 where position = 7")
        with pytest.raises(LedgerBroken, match="Entry 7 "):
            await verify_ledger(http, at)
        await connection.execute("update public_entries set amount_fen = amount_fen - 1 where position = 7")
        await connection.close()


async def journey(bus: dict[str, str], database: Database, folder: Path) -> None:
    async with city(bus, database, folder) as (four, doors, dsns):
        played = asyncio.create_task(play(doors, Console(quiet=True)))
        await killed_under_it(four, doors, played)
        summary = await played
        assert summary.surprises == ()
        assert sum(summary.fates.values()) == summary.reports == 350
        assert summary.cases == summary.assessed == 340
        assert summary.found == FoundInData(187, 40, 5, 33)
        payouts = [row async for row in doors.pages("finance", "/disbursement/v1/payouts")]
        live = [row["referral_id"] for row in payouts if row["state"] in {"settled", "confirmed", "issued"}]
        assert len(live) == len(set(live)) == summary.payouts
        for address in doors.all():
            assert (await doors.read("ops", f"{address}/ops/v1/parked"))["items"] == []
        await tended(four, doors, dsns["KAPOK_DISBURSEMENT_DSN"])
        again = await play(doors, Console(quiet=True))
        assert again.found is not None
        assert (again.found.signals, again.found.rung) == (40, 33), "played again, nobody is screened or rung twice"
        assert (again.cases, again.payouts, again.paid_fen) == (summary.cases, summary.payouts, summary.paid_fen)


async def test_the_journey_on_the_postgresql_bus(database: Database, tmp_path: Path) -> None:
    await journey({"KAPOK_BUS": "postgres", "KAPOK_BUS_DSN": await database()}, database, tmp_path)


async def test_the_journey_on_kafka(broker: KafkaBroker, database: Database, tmp_path: Path) -> None:
    await journey({"KAPOK_BUS": "kafka", "KAPOK_KAFKA_BOOTSTRAP": broker.bootstrap}, database, tmp_path)


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_that_misses_its_keys_says_so_in_one_sentence(name: str, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.cli", "serve", name, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 2
    assert b"KAPOK_" in err
    assert err.count(b"\n") == 1
    assert b"Traceback" not in out + err
