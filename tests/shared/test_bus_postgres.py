"""The PostgreSQL bus, held to what every bus promises."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.bus import Bus
from shared.bus.postgres import PostgresBus
from shared.testing.bus_suite import BusSuite, Spoil
from tests.shared.conftest import Database


class TestPostgresBus(BusSuite):
    @pytest.fixture
    async def dsn(self, database: Database) -> str:
        return await database()

    @pytest.fixture
    async def bus(self, dsn: str) -> AsyncIterator[Bus]:
        opened = PostgresBus(dsn, poll_seconds=0.1)
        yield opened
        await opened.close()

    @pytest.fixture
    async def spoil(self, dsn: str, bus: Bus) -> Spoil:
        async def put(topic: str, key: str, value: bytes) -> None:
            connection = await asyncpg.connect(dsn)
            await connection.execute(
                "with n as (update topics set next = next + 1 where name = $1 returning next - 1 as place) "
                "insert into messages (topic, place, key, value) select $1, place, $2, $3 from n",
                topic, key, value.decode(errors="replace"),
            )  # fmt: skip
            await connection.close()

        return put
