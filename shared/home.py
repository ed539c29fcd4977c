"""The embedded run's home: its database server, its keys, and the environment made of both."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.clock import Clock
from shared.embedded import DATABASES, EmbeddedProblem, Running, start
from shared.runtime import Environment, environment
from shared.settings import Settings

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
