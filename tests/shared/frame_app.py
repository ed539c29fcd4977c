"""A small app inside the page frame: the frame's own pages, one page with a form, and a sample of what ops see."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import HTMLResponse, Response

from shared.kernel import Rejected
from shared.parked import SetAside
from shared.problems import install
from shared.security import Clients, Issuer, Verifier
from shared.settings import Settings
from shared.web.frame import Frame, Page, page_for
from shared.web.mounting import frame_routers, install_pages

NAME = "http://issuer.test"


class OvenCold(Rejected):
    """The oven is cold."""


class SampleOps:
    """What the ops end points answer, at one moment of a house with a little trouble."""

    why = ""

    async def topics(self, request: Request) -> dict[str, Any]:
        services = [
            {
                "service": name, "troubles": ["loop relay: ConnectionError"] if name == "matching" else [], "waiting": 3, "commits": 12345,
                "outbox": {"rows": 12, "oldest_seconds": 0.4}, "effects": [{"effect": "instruct_bank", "due": 2, "attempts": 3, "last_failure": "ReadTimeout"}],
                "deadlines": {"due": 4, "oldest_seconds": 61.5, "failed": 3 if name == "intake" else 0, "last_failure": "KeyError"},
                "heard": 48211, "duplicates": 17, "blocked_keys": 1,
                "loops": [
                    {"name": "relay", "alive": name != "matching", "failures": 0, "error": ""},
                    {"name": "consume", "alive": True, "failures": 2, "error": "TimeoutError"},
                ],
            }
            for name in ("intake", "matching", "disbursement", "notifications")
        ]  # fmt: skip
        topics = [
            {
                "topic": f"{name}.events", "partitions": 12, "published": 1204331,
                "groups": [{"group": "matching", "lag_messages": 120, "lag_seconds": 0.812}],
            }
            for name in ("intake", "matching")
        ]  # fmt: skip
        return {"topics": topics, "services": services}

    async def parked(self, request: Request) -> dict[str, Any]:
        row = {
            "id": "matching-1", "service": "matching", "topic": "intake.events", "partition": 3, "place": 8812, "key": "k", "event": "e",
            "type": "intake.case_opened.v1", "reaction": "on_case_opened", "reason": "Malformed: facts.age", "attempts": 2,
            "first_at": "2026-11-23T01:00:00+00:00", "last_at": "2026-11-23T01:00:00+00:00",
        }  # fmt: skip
        return {"items": [row], "next": None}

    async def projections(self, request: Request) -> dict[str, Any]:
        tables = {"case_list": 12044, "case_needs": 30112}
        return {"items": [{"name": "intake.case_list", "tables": tables, "rebuilt_at": None}]}

    async def redrive(self, parked_id: str, request: Request) -> dict[str, Any]:
        raise OvenCold(reason="Malformed")

    async def set_aside(self, parked_id: str, body: SetAside, request: Request) -> dict[str, Any]:
        self.why = body.why
        return {"set_aside": 1}


def small_app(*, demo: bool = True) -> FastAPI:
    """The app; its caller is whoever logs in with a demo client."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    issuer = Issuer(NAME, "kapok", b"k" * 32, Clients("demo"))
    app.state.verify = Verifier(NAME, "kapok", issuer.key_set)
    app.state.environment = SimpleNamespace(settings=Settings(demo=demo), issuer=issuer)
    app.state.ops = SampleOps()
    install(app)
    install_pages(app, None)
    app.state.frame = Frame(Path(__file__).parent / "pages")
    for router in (*frame_routers(()), _pages()):
        app.include_router(router)
    return app


def _pages() -> APIRouter:
    router = APIRouter()

    @router.get("/notifications/flow")
    async def flow() -> Response:
        return HTMLResponse('<section id="flow" hx-get="/notifications/flow" hx-trigger="every 1s" hx-swap="outerHTML"><p>7</p></section>')

    @router.get("/intake/desk")
    async def desk(page: Annotated[Page, Depends(page_for("operator"))]) -> Response:
        return page.show("help.html")

    @router.post("/intake/desk")
    async def save(page: Annotated[Page, Depends(page_for("operator"))]) -> dict[str, Any]:
        return {"form": await page.form(), "needs": page.form_list("needs")}

    @router.get("/gallery")
    async def gallery(page: Annotated[Page, Depends(page_for(public=True))]) -> Response:
        return page.show("gallery.html")

    @router.get("/intake/oven")
    async def oven() -> Response:
        raise OvenCold

    @router.get("/intake/broken")
    async def broken() -> Response:
        raise ZeroDivisionError

    return router


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The app on a free port of the loopback; yields its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()
