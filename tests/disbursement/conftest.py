"""Disbursement opened alone on a database of its own, a bank and an intake on loopback, and a clock turned by hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from deploy.bank_simulator import app as bank_app
from deploy.bank_simulator import bank
from services.disbursement.domain.payout import Payout
from services.disbursement.manifest import DISBURSEMENT
from services.disbursement.reactions import payout_key
from shared.clock import new_id
from shared.envelope import Message
from shared.serving import bound
from shared.testing import Database
from shared.testing.alone import Alone, worked_through
from shared.testing.waiting import until

PROGRAMME = "TEMP-URGENT"
GOOD_ACCOUNT = "6222020000001111"


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the tests."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Loopback:
    """An app on a port of its own that can go away and come back under the same address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._port = app, 0
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def come(self) -> None:
        if self._task is not None:
            return
        sock = bound("127.0.0.1", self._port)
        self._port = sock.getsockname()[1]
        config = uvicorn.Config(self._app, lifespan="off", log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[sock]))
        await until(lambda: self._server is not None and self._server.started)

    async def go(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
        self._server = self._task = None


@dataclass
class Lookup:
    """What intake would answer about payees: those who agreed, those who were erased; everybody else has not agreed."""

    agreed: dict[str, dict[str, Any]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    tokens: list[str] = field(default_factory=list)
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    broken: int = 0

    def clear(self) -> None:
        for kept in (self.agreed, self.erased, self.tokens, self.asked):
            kept.clear()
        self.broken = 0

    async def contacts(self, request: Request) -> Response:
        body = await request.json()
        self.tokens.append(request.headers["authorization"].removeprefix("Bearer "))
        self.asked.append(body)
        if self.broken:
            self.broken -= 1
            return JSONResponse({"title": "broken"}, 503)
        cases = body["case_ids"]
        items = [{"case_id": c, **self.agreed[c]} for c in cases if c in self.agreed]
        items += [{"case_id": c, "erased": True} for c in cases if c in self.erased]
        return JSONResponse({"items": items, "without_consent": [c for c in cases if c not in self.agreed and c not in self.erased]})


LOOKUP = Lookup()


class Desk(Alone):
    """Disbursement as a test uses it."""

    def __init__(self, intake: Loopback, bank_server: Loopback) -> None:
        super().__init__(DISBURSEMENT)
        self.intake, self.bank_server, self.bank, self.lookup = intake, bank_server, bank, LOOKUP

    async def passes(self, **by: float) -> None:
        """Turn the clock and wake whoever waits for a commit."""
        self.turn(**by)
        await self.room.execute(actor="clock")

    def next_month(self) -> None:
        """To the third day of the next month, so that everybody may be told the month before."""
        then = datetime(self.now.year + self.now.month // 12, self.now.month % 12 + 1, 3, tzinfo=UTC)
        self.turn(seconds=(then - self.now).total_seconds())

    async def post(
        self, path: str, body: Any = None, *, who: str | None = "finance", org: str | None = None, **headers: str
    ) -> httpx.Response:
        return await self.client.post(f"/disbursement/v1{path}", json=body, headers=self.headers(who, org, **headers))

    async def get(self, path: str, *, who: str | None = "finance", org: str | None = None, **query: Any) -> httpx.Response:
        return await self.client.get(f"/disbursement/v1{path}", params=query, headers=self.headers(who, org))

    async def hears(self, kind: str, data: Mapping[str, Any]) -> None:
        """One public event, worked through as the consumer would."""
        topic = f"{kind.split('.', 1)[0]}.events"
        await worked_through(self.room, Message(new_id(), kind, topic, "key", msgspec.json.encode(data), self.now, "story"))

    async def funded(self, fen: int, fund_id: str = "general", **terms: Any) -> None:
        """A fund with this much money."""
        opened = await self.post("/funds", {"id": fund_id, "name": fund_id, **terms})
        assert opened.status_code == 201, opened.text
        given = {"donation_ref": f"gift-{fund_id}-{new_id()}", "kind": "cash", "fund_id": fund_id, "amount_fen": fen}
        answer = await self.post("/donations", given)
        assert answer.status_code == 201, answer.text

    async def granted(
        self, case_id: str = "case-1", amount_fen: int = 100_000, *, account: str | None = GOOD_ACCOUNT, programme: str = PROGRAMME,
        referral_id: str | None = None, org_id: str = "helpers", district: str = "440106011", **grant: Any,
    ) -> str:  # fmt: skip
        """An accepted referral with a grant; answers the payout's id. Without an account the person has not agreed."""
        if account is not None:
            self.lookup.agreed[case_id] = {"name": "张三丰", "id_number": "440106195512240023", "account_number": account}
        grant = {"kind": "goods" if "items" in grant else "cash", "programme": programme, **grant}
        if grant["kind"] == "cash":
            grant["amount_fen"] = amount_fen
        said = {
            "referral_id": referral_id or f"referral-{case_id}", "case_id": case_id, "person_id": f"person-{case_id}", "org_id": org_id,
            "need": "livelihood", "district": district, "grant": grant,
        }  # fmt: skip
        await self.hears("matching.referral_accepted.v1", said)
        return payout_key(case_id, programme, str(self.now.year), grant.get("instalment", 1))

    async def approved(self, payout_id: str, who: str = "approver-1") -> httpx.Response:
        return await self.post(f"/payouts/{payout_id}/approve", who=who)

    async def paid(self, case_id: str = "case-1", amount_fen: int = 100_000, **how: Any) -> str:
        """Granted, approved by as many as are needed, and settled."""
        payout_id = await self.granted(case_id, amount_fen, **how)
        for who in ("approver-1", "approver-2"):
            if (await self.state(payout_id)).status == "reserved":
                assert (await self.approved(payout_id, who)).status_code == 200
        await self.until(payout_id, "settled")
        return payout_id

    async def state(self, payout_id: str) -> Payout:
        found: Payout = await self.room.state("payout", payout_id)
        return found

    async def until(self, payout_id: str, status: str) -> Payout:
        for _ in range(100):
            found = await self.state(payout_id)
            if found.status == status:
                return found
            await self.room.changed(0.05)
        raise AssertionError(f"the payout is {found.status}, not {status}")

    async def facts(self, payout_id: str) -> list[str]:
        """The names of everything that happened to a payout."""
        return [type(e.data).__name__ for e in await self.room.history("payout", payout_id)]


@pytest.fixture(scope="session")
async def bank_server() -> AsyncIterator[Loopback]:
    """The bank simulator, listening on loopback; shared by all tests."""
    server = Loopback(bank_app)
    await server.come()
    yield server
    await server.go()


@pytest.fixture(scope="session")
async def intake() -> AsyncIterator[Loopback]:
    """Intake's door to payees, listening on loopback; shared by all tests."""
    server = Loopback(Starlette(routes=[Route("/intake/v1/contacts:batch", LOOKUP.contacts, methods=["POST"])]))
    await server.come()
    yield server
    await server.go()


@pytest.fixture
async def desk(database: Database, intake: Loopback, bank_server: Loopback) -> AsyncIterator[Desk]:
    bank.payments.clear()
    bank.times = 0
    LOOKUP.clear()
    await intake.come()
    await bank_server.come()
    async with Desk(intake, bank_server).open(database, bank_url=bank_server.url, intake_url=intake.url) as at_work:
        yield at_work
