"""The embedded run's home: its database server, its keys, and the environment made of both."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.clock import Clock
from shared.embedded import DATABASES, EmbeddedProblem, Running, start
from shared.runtime import Environment, environment
from shared.settings import Settings

_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before the database server is started again, and once more
_WELL_SECONDS = 60.0  # a server that ran so long did not die of its start
_KEYS = ("kek", "index_key", "signing_key")


@dataclass(frozen=True)
class Home:
    """A folder with a running database server and keys; `environment` joins them with settings."""

    folder: Path
    server: Running
    keys: dict[str, bytes]

    def environment(self, settings: Settings, clock: Clock | None = None) -> Environment:
        """The whole city in one process: embedded databases, the PostgreSQL bus unless told otherwise, demo log-ins."""
        dsns = {name: self.server.dsn(name) for name in DATABASES}
        mine = settings.model_copy(update={"demo": not settings.issuer, "webhook_private_allowed": True})
        return environment(mine, dsns=dsns, keys=self.keys, clock=clock)

    def surroundings(self) -> dict[str, str]:
        """The same for processes of their own (`make kafka`): environment variables that name databases; keys stay in files."""
        return {f"KAPOK_{name.upper()}_DSN": self.server.dsn(name) for name in DATABASES}


def keys_of(folder: Path) -> dict[str, bytes]:
    """The keys of this home, made the first time; each in a file only the owner reads.

    The key-encryption key lies apart from the database folder: a copy of the database alone opens nothing.
    """
    place = folder / "keys"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = {}
        for name in _KEYS:
            file = place / name
            if not file.exists():
                handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as out:
                    out.write(secrets.token_bytes(32))
            found[name] = file.read_bytes()
    except OSError as wrong:
        raise EmbeddedProblem(f"The folder {place} cannot be read or written ({type(wrong).__name__}).") from None
    return found


@contextmanager
def home(folder: Path, *, durable: bool = True) -> Iterator[Home]:
    """Open a home from the main thread; the server ends with us, however we end. Raises `EmbeddedProblem`."""
    folder = folder.absolute()
    server = start(folder, durable=durable)
    try:
        yield Home(folder, server, keys_of(folder))
    finally:
        server.stop()


async def tended(database: Running, say: Callable[[str], object]) -> None:
    """Start the database server again whenever it has ended, on the same data, and say so; the services find it by themselves.

    Raises `EmbeddedProblem` when it does not come, or comes and goes.
    """
    attempts, up_since = 0, time.monotonic()
    while True:
        while not (fate := database.fate()):  # noqa: ASYNC110 - another process is watched
            await asyncio.sleep(0.2)
        if time.monotonic() - up_since > _WELL_SECONDS:
            attempts = 0
        say(f"The embedded PostgreSQL {fate}; it is started again.")
        while True:
            if attempts == len(_PAUSES):
                raise EmbeddedProblem(
                    f"The embedded PostgreSQL {fate} and could not be started again in {attempts} attempts: {database.program.last_words()}"
                )
            attempts += 1
            if await database.again():
                break
            say(f"It does not start; once more in {_PAUSES[attempts - 1]:g} seconds.")
            await asyncio.sleep(_PAUSES[attempts - 1])
        up_since = time.monotonic()
        say("The embedded PostgreSQL answers again; everything that was committed is there.")
