"""The same FastAPI app with a store behind it and without: `uvicorn bench.door_server:with_store` or `:without_store`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from bench.report_service import REPORTS, Person, Report, provenance
from shared.clock import Clock, new_id
from shared.execute import Executor
from shared.sealing import Keyring
from shared.service import To
from shared.store import Store
from shared.store.migrate import migrate


class ReportIn(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    name: str
    phone: str
    number: str
    address: str
    words: str
    district: str
    needs: list[str]


def _command(body: ReportIn) -> To:
    case = new_id()
    person = Person(body.name, body.phone, body.number, body.address, body.words)
    return To("case", case, Report(case, new_id(), person, body.district, tuple(body.needs)))


without_store = FastAPI(telemetry={"tracing": False})


@without_store.post("/reports", status_code=201)
async def taken(body: ReportIn) -> dict[str, object]:
    return {"case_id": _command(body).id, "version": 1}


@asynccontextmanager
async def _opened(app: FastAPI) -> AsyncIterator[None]:
    store = Store("reports", os.environ["BENCH_DSN"], REPORTS.codec, Keyring(b"k" * 32, b"i" * 32))
    await store.open()
    connection = await store.connect()
    await migrate(connection, REPORTS.tables)
    await connection.close()
    app.state.executor = Executor(REPORTS, store, Clock())
    run = asyncio.create_task(app.state.executor.run())
    yield
    app.state.executor.stop()
    await run
    await store.close()


with_store = FastAPI(lifespan=_opened, telemetry={"tracing": False})


@with_store.post("/reports", status_code=201)
async def kept(body: ReportIn) -> dict[str, object]:
    to = _command(body)
    done = await with_store.state.executor.submit((to,), provenance(new_id()))
    return {"case_id": to.id, "version": done.version}
