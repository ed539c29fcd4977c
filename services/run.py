"""The embedded run: database, simulators of bank and telephony and all four services on one port, the sample played where nothing is yet."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
from rich.console import Console

from deploy.sample.doors import DoorClosed, Doors
from deploy.sample.play import play, played_already
from deploy.sample.summary import print_summary
from services.main import SERVICES
from shared.embedded import EmbeddedProblem, dies_with_us
from shared.errors import KapokError
from shared.home import Home, tended
from shared.runtime import House
from shared.serving import Server, bound
from shared.settings import Settings
from shared.signing import new_secret

_ADDRESSES = (
    ("/", "what Kapok is doing now"),
    ("/intake/desk", "operator's desk"),
    ("/intake/import", "a file of reports"),
    ("/intake/tasks", "what waits for somebody"),
    ("/intake/clocks", "what is overdue"),
    ("/intake/campaigns", "telephone campaigns"),
    ("/intake/screenings", "data screening"),
    ("/matching/inbox", "charity's inbox"),
    ("/matching/city", "the city: coverage, goals, unmet needs"),
    ("/matching/directory", "who serves what, with free places"),
    ("/disbursement/desk", "finance: what waits for approval"),
    ("/disbursement/public", "public ledger"),
    ("/ops", "operations"),
)
PAYER_ACCOUNT = "44050100001"  # of the demo; a real one is told
_START_SECONDS = 60.0


class NotStarted(KapokError):
    """The services did not start; one clear sentence."""


@contextmanager
def bank_simulator(journal: Path | None = None, folder: Path | None = None, account: str = PAYER_ACCOUNT) -> Iterator[str]:
    """A bank in a process of its own on a free port; answers its address, ends with us, remembers its payments in `journal`.

    With `folder` it takes payment files there as well and writes its statements beside them.
    """
    told = {"JOURNAL": str(journal)} if journal else {}
    told |= {"FOLDER": str(folder), "ACCOUNT": account} if folder else {}
    with _simulator("deploy.bank_simulator:app", {f"KAPOK_BANK_{name}": text for name, text in told.items()}) as address:
        yield address


@contextmanager
def telephony_simulator(journal: Path | None = None, **more: str) -> Iterator[tuple[str, str]]:
    """A telephony provider in a process of its own; answers its address and the secret it signs with, made for this run alone.

    It remembers whom it rang in `journal`; `more` are further variables of its own (`LINES`, `SECONDS`).
    """
    secret = new_secret()
    told = {"SECRET": secret, **({"JOURNAL": str(journal)} if journal else {}), **more}
    with _simulator("deploy.telephony_simulator:app", {f"KAPOK_TELEPHONY_{name}": text for name, text in told.items()}) as address:
        yield address, secret


@contextmanager
def beside(settings: Settings) -> Iterator[Settings]:
    """The settings with a simulator beside us for whatever of the outside nobody named; the demo's people are rung at any hour."""
    with contextlib.ExitStack() as stack:
        more: dict[str, str] = {}
        if not settings.bank_url:
            if "bank" not in settings.model_fields_set:  # the demo shows the files that go between us and a bank
                settings = settings.model_copy(update={"bank": "folder", "bank_folder": settings.home / "bank"})
            folder = settings.bank_folder if settings.bank == "folder" else None
            more["bank_url"] = stack.enter_context(
                bank_simulator(settings.home / "bank.jsonl", folder, settings.payer_account or PAYER_ACCOUNT)
            )
        if not settings.payer_account:
            more |= {"payer_name": "Kapok", "payer_account": PAYER_ACCOUNT, "payer_bank": "102581000013"}
        if not settings.telephony_url:
            address, secret = stack.enter_context(telephony_simulator(settings.home / "telephony.jsonl"))
            more |= {"telephony_url": address, "telephony_secret": secret, "calling_hours": "00:00-24:00"}
        yield settings.model_copy(update=more)


@contextmanager
def _simulator(app: str, told: Mapping[str, str]) -> Iterator[str]:
    sock = bound("127.0.0.1", 0)
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "uvicorn", app, "--fd", str(sock.fileno()), "--log-level", "warning", "--no-access-log"],
        pass_fds=[sock.fileno()],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=dies_with_us(),  # noqa: PLW1509 - the fork arms the kernel's signal and nothing else
        env={**os.environ, "PYTHONUNBUFFERED": "1", **told},
    )
    address = f"http://127.0.0.1:{sock.getsockname()[1]}"
    sock.close()
    try:
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


@asynccontextmanager
async def served(here: Home, settings: Settings, sock: socket.socket) -> AsyncIterator[tuple[Server, str]]:
    """All four services answering on this socket; stopped cleanly afterwards. Raises `EmbeddedProblem` and `NotStarted`."""
    port = sock.getsockname()[1]
    at = settings.model_copy(update={"port": port})
    server = Server(House(SERVICES, lambda: here.environment(at)), host=settings.host, port=port)
    task = asyncio.create_task(_serving(server, sock))
    try:
        until = time.monotonic() + _START_SECONDS
        while not server.started and not task.done() and time.monotonic() < until:
            await asyncio.sleep(0.02)
        if not server.started:
            task.cancel()
            if fate := here.server.fate():
                raise EmbeddedProblem(f"The embedded PostgreSQL {fate} while the services were starting; start Kapok again.")
            raise NotStarted("The services did not start; the line above says what kept them from it.")
        yield server, f"http://{settings.host}:{port}"
    finally:
        server.end()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _serving(server: Server, sock: socket.socket) -> None:
    try:
        await server.serve(sockets=[sock])
    except SystemExit:
        return  # a start that failed: uvicorn has logged why, and would end the process before we can say it in a sentence


async def run(here: Home, settings: Settings, sock: socket.socket, *, once: bool, sample: bool) -> None:
    """Serve; play the sample where the store is empty; with `once` end after the summary, else at Ctrl-C.

    Raises `EmbeddedProblem` when the database server ended and could not be started again.
    """
    console = Console(stderr=True, soft_wrap=True)
    async with served(here, settings, sock) as (server, address):
        work = asyncio.create_task(_at_work(server, address, console, once=once, sample=sample))
        tending = asyncio.create_task(tended(here.server, console.print))
        try:
            await asyncio.wait({work, tending}, return_when=asyncio.FIRST_COMPLETED)
            (work if work.done() else tending).result()
        except (httpx.TransportError, DoorClosed):
            if not server.should_exit:  # else the doors close because somebody has had enough
                raise
        finally:
            for one in (work, tending):
                one.cancel()
            await asyncio.wait({work, tending})


async def _at_work(server: Server, address: str, console: Console, *, once: bool, sample: bool) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        doors = Doors(http, address)
        if sample and not await played_already(doors):
            print_summary(await play(doors, console), console)
        elif once:
            console.print("The store holds cases already; the sample is not played over them (`kapok play` does).")
    if once:
        return
    console.print(f"\nKapok serves at [bold]{address}[/bold] (Ctrl-C stops it)")
    for path, what in _ADDRESSES:
        console.print(f"  {address}{path:24} {what}")
    console.print(
        "  demo log-ins: operator, caseworker, gov, finance, approver, approver-2, approver-3, ops, auditor, admin, charity-<code>; secret: demo"
    )
    while not server.should_exit:
        await asyncio.sleep(0.2)
