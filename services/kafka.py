"""The city apart: a real Kafka broker, an embedded database and one process per service, the sample played through their doors."""

from __future__ import annotations

import asyncio
import base64
import signal

import httpx
from rich.console import Console

from deploy.sample.doors import Doors
from deploy.sample.play import play, played_already
from deploy.sample.summary import print_summary
from services.apart import Members, members
from services.run import bank_simulator, telephony_simulator
from shared.errors import KapokError
from shared.home import Home, home, tended
from shared.settings import SERVICES, Settings
from shared.testing.broker import KafkaBroker, missing


class NoBroker(KapokError):
    """What keeps a broker from running here, in one sentence."""


def run_on_kafka(settings: Settings, *, once: bool) -> None:
    """Serve on `settings.port` and the three after it; with `once` end after the summary, else at Ctrl-C. Raises `NoBroker`."""
    lack = missing()
    if lack:
        raise NoBroker(f"Kafka cannot run here: {lack}.")
    folder = settings.home / "kafka"
    ports = {name: settings.port + at for at, name in enumerate(SERVICES)} if settings.port else None
    with home(folder) as here:
        broker = KafkaBroker(folder / "broker", heap="512m")
        keys = {f"KAPOK_{name.upper()}": base64.b64encode(key).decode() for name, key in here.keys.items()}
        with bank_simulator(folder / "bank.jsonl") as bank, telephony_simulator(folder / "telephony.jsonl") as (telephony, secret):
            try:
                bus = {"KAPOK_BUS": "kafka", "KAPOK_KAFKA_BOOTSTRAP": broker.start().bootstrap}
                outside = {
                    "KAPOK_BANK_URL": bank, "KAPOK_TELEPHONY_URL": telephony, "KAPOK_TELEPHONY_SECRET": secret,
                    "KAPOK_CALLING_HOURS": "00:00-24:00",
                }  # fmt: skip
                with members({**here.surroundings(), **keys, **bus, **outside}, folder / "journals", ports) as four:
                    asyncio.run(_watched(here, four, broker.bootstrap, once=once))
            finally:
                broker.stop()


async def _watched(here: Home, four: Members, bootstrap: str, *, once: bool) -> None:
    """The work, and beside it whoever starts the database server again. Raises `EmbeddedProblem` when it does not come back."""
    console = Console(stderr=True)
    work = asyncio.create_task(_at_work(four, bootstrap, console, once=once))
    tending = asyncio.create_task(tended(here.server, console.print))
    try:
        await asyncio.wait({work, tending}, return_when=asyncio.FIRST_COMPLETED)
        (work if work.done() else tending).result()
    finally:
        for one in (work, tending):
            one.cancel()
        await asyncio.wait({work, tending})


async def _at_work(four: Members, bootstrap: str, console: Console, *, once: bool) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        doors = Doors(http, four.addresses)
        if await played_already(doors):
            console.print("The store holds cases already; the sample is not played over them.")
        else:
            print_summary(await play(doors, console), console)
    if once:
        return
    console.print(f"\nKafka at {bootstrap}; one process per service (Ctrl-C stops all):")
    for name, address in four.addresses.items():
        console.print(f"  {address}  {name}, its log in {four.journal(name)}")
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
