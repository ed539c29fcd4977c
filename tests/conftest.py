"""Fixtures for every test: a real PostgreSQL for the session, a fresh database for whoever asks."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest

from shared.clock import new_id
from shared.embedded import start
from shared.testing import Database
from shared.testing.fixtures_browser import browser
from shared.testing.fixtures_kafka import broker

__all__ = ["broker", "browser"]

hypothesis.settings.register_profile("kapok", deadline=None)  # a busy machine is no falsifying example
hypothesis.settings.load_profile("kapok")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The DSN of a superuser, without a database; `KAPOK_TEST_SERVER` names a server that runs already."""
    given = os.environ.get("KAPOK_TEST_SERVER")
    if given:
        yield given
        return
    home = Path(tempfile.mkdtemp(prefix="kapok-tests-"))
    home.chmod(0o755)  # a test that runs as root: the server's user must reach its own data
    running = start(home, durable=False)
    yield running.admin
    running.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
async def database(server: str) -> AsyncIterator[Database]:
    """Makes databases that are gone after the test."""
    made: list[str] = []
    at = await asyncpg.connect(dsn_of(server, "postgres"))

    async def fresh() -> str:
        name = f"t_{new_id().replace('-', '')}"
        await at.execute(f"create database {name} strategy wal_log")
        made.append(name)
        return dsn_of(server, name)

    yield fresh
    for name in made:
        await at.execute(f"drop database {name} with (force)")
    await at.close()


def dsn_of(server: str, name: str) -> str:
    """`server` holds `{}` where the database's name goes."""
    return server.format(name)
