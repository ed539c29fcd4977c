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
from services.run import bank_simulator
from shared.errors import KapokError
from shared.home import home
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
        with bank_simulator(folder / "bank.jsonl") as bank:
            try:
                bus = {"KAPOK_BUS": "kafka", "KAPOK_KAFKA_BOOTSTRAP": broker.start().bootstrap}
                with members({**here.surroundings(), **keys, **bus, "KAPOK_BANK_URL": bank}, folder / "journals", ports) as four:
                    asyncio.run(_at_work(four, broker.bootstrap, once=once))
            finally:
                broker.stop()


async def _at_work(four: Members, bootstrap: str, *, once: bool) -> None:
    console = Console(stderr=True)
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
