"""A store of an earlier version becomes one of today, with what was on its way still in it."""

from __future__ import annotations

import asyncpg
from sqlalchemy import Column, Index, MetaData, Table, Text

from shared.bus.postgres import PostgresBus
from shared.parcel import packed, unpacked
from shared.parked import Parking
from shared.store.migrate import migrate
from shared.testing import Database
from shared.testing.bus_suite import message
from shared.testing.counter import Counter
from tests.shared.bakery import OVEN


async def test_parcels_that_were_json_are_read_as_bytes(database: Database) -> None:
    connection = await asyncpg.connect(await database())
    said = [message("bakery.events", "k", n) for n in (1, 2)]
    (parcel,) = packed(said)
    await connection.execute(
        "create table outbox (id bigint generated always as identity primary key, topic text not null, count integer not null, "
        "at timestamptz not null, messages json not null)"
    )
    await connection.execute(
        "insert into outbox (topic, count, at, messages) values ($1, $2, $3, $4)", parcel.topic, 2, parcel.at, parcel.messages.decode()
    )
    for _ in range(2):  # and again at every start
        await migrate(connection, MetaData())
    kept = await connection.fetchval("select messages from outbox")
    assert unpacked(parcel.topic, kept, 2) == said
    await connection.close()


async def test_a_column_that_is_new_may_have_an_index(database: Database) -> None:
    connection = await asyncpg.connect(await database())
    await connection.execute("create table loaves (id text primary key)")
    await connection.execute("insert into loaves values ('rye')")
    room = MetaData()
    Table("loaves", room, Column("id", Text, primary_key=True), Column("oven", Text), Index("loaves_oven", "oven"))
    for _ in range(2):
        await migrate(connection, room)
    assert await connection.fetchval("select oven from loaves") is None
    assert await connection.fetchval("select count(*) from pg_indexes where indexname = 'loaves_oven'") == 1
    await connection.close()


async def test_the_bus_reads_what_an_earlier_one_was_told(database: Database) -> None:
    dsn = await database()
    connection = await asyncpg.connect(dsn)
    said = [message("bakery.events", "k", n) for n in (1, 2)]
    (parcel,) = packed(said)
    await connection.execute(
        "create table parcels (topic text not null, first bigint not null, count integer not null, messages json not null, "
        "published_at timestamptz not null default now(), primary key (topic, first))"
    )
    bus = PostgresBus(dsn)
    await connection.execute(
        "insert into parcels (topic, first, count, messages) values ('bakery.events', 0, 2, $1)", parcel.messages.decode()
    )
    await bus.provide({"bakery.events": 1})
    await connection.execute("update topics set next = 2")
    consumer = bus.consumer("oven", ["bakery.events"], "0")
    await consumer.open()
    assert [one.message for one in await consumer.poll(10, 1)] == said
    await consumer.close()
    await bus.close()
    await connection.close()


async def test_what_an_earlier_version_parked_can_be_set_aside(database: Database) -> None:
    dsn = await database()
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "create table parked (id bigint generated always as identity primary key, event text, topic text not null, partition integer not null, "
        "place bigint not null, key text not null, type text, value bytea not null, at timestamptz, correlation text, causation text, reaction text, "
        "reason text not null, attempts integer not null default 1, first_at timestamptz not null default now(), "
        "last_at timestamptz not null default now(), redriven_at timestamptz, unique (topic, partition, place))"
    )
    await connection.execute(
        "insert into parked (topic, partition, place, key, value, reason) select 'bakery.events', 0, n, 'k', '', 'unreadable' from generate_series(1, 2) n"
    )
    for _ in range(2):  # and again at every start
        await migrate(connection, MetaData())
    await connection.close()
    oven = await Counter(OVEN, dsn).open()
    parking = Parking("oven", oven.store, oven.clock)
    assert await parking.set_aside(1, "ops", "nobody can read it")
    assert [(row["id"], row["reason"]) for row in await parking.listed()] == [(2, "unreadable")]
    assert await oven.value("select set_aside_why from parked where id = 1") == "nobody can read it"
    await oven.close()
