"""THE COMPOSITION ROOT: the only place where anything that is open is made, joined and closed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from joserfc.jwk import KeySet
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.asyncapi import asyncapi
from shared.bus import Bus
from shared.bus.kafka import KafkaBus
from shared.bus.postgres import PostgresBus
from shared.clock import Clock
from shared.health import health_router
from shared.issuing import auth_router
from shared.manners import Buckets, Manners
from shared.metrics import metrics_router
from shared.opened import Opened
from shared.ops import Ops
from shared.problems import install
from shared.sealing import Keyring
from shared.security import Clients, Issuer, RemoteKeys, Verifier
from shared.service import Service
from shared.settings import Settings, SettingsProblem, read_settings
from shared.telemetry import configure
from shared.tracing import Tracing, tracing_to
from shared.web.calls import calls_router
from shared.web.mounting import frame_routers, install_pages
from shared.webhooks import Webhooks


@dataclass(frozen=True)
class Environment:
    """Everything around the services, as a value: settings, keys, databases by name, bus, clock, tokens."""

    settings: Settings
    kek: bytes
    index_key: bytes
    signing_key: bytes
    dsns: Mapping[str, str]
    bus: Bus
    clock: Clock
    issuer: Issuer
    verifier: Verifier
    tracing: Tracing | None = None


def environment(
    settings: Settings, *, dsns: Mapping[str, str] | None = None, keys: Mapping[str, bytes] | None = None, clock: Clock | None = None
) -> Environment:
    """The environment these settings describe; `dsns` and `keys` are what the embedded run made for itself.

    Raises `SettingsProblem` for a key or a database that nobody gave.
    """
    known = dict(keys or {})
    for name in ("kek", "index_key", "signing_key"):
        given = settings.key(name)
        if given is not None:
            known[name] = given
        if name not in known:
            raise SettingsProblem(f"KAPOK_{name.upper()} is not set; outside the embedded run it must be given (32 bytes in base64).")
    embedded = not settings.issuer
    if embedded and not settings.demo:
        raise SettingsProblem("KAPOK_ISSUER is not set; only the embedded run brings its own issuer.")
    name = settings.issuer or f"http://{settings.host}:{settings.port}"
    issuer = Issuer(name, settings.audience, known["signing_key"], Clients("demo") if settings.demo else None)
    foreign = RemoteKeys(settings.jwks_url or f"{name}/.well-known/jwks.json", httpx.Client(trust_env=False))
    keys_of: Callable[[bool], KeySet] = issuer.key_set if embedded or settings.demo else foreign
    verifier = Verifier(name, settings.audience, keys_of)
    where = {
        **(dsns or {}),
        **{n: settings.dsn(n) for n in ("intake", "matching", "disbursement", "notifications", "bus") if settings.dsn(n)},
    }
    bus: Bus
    if settings.bus == "kafka":
        bus = KafkaBus(settings.kafka_bootstrap)
    elif "bus" in where:
        bus = PostgresBus(where["bus"])
    else:
        raise SettingsProblem("KAPOK_BUS_DSN is not set.")
    tracing = tracing_to(settings.otlp_endpoint, settings.member) if settings.otlp_endpoint else None
    return Environment(
        settings, known["kek"], known["index_key"], known["signing_key"], where, bus, clock or Clock(), issuer, verifier, tracing
    )


class House:
    """One ASGI app for one or more services: each answers under its own prefix, the frame under everything else."""

    def __init__(self, services: tuple[Service, ...], around: Callable[[], Environment]) -> None:
        self.services, self._around = services, around
        self.stopping = asyncio.Event()
        self.opened: dict[str, Opened] = {}
        self.environment: Environment | None = None
        self._apps: dict[str, ASGIApp] = {}
        self._frame: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        first = scope["path"].split("/", 2)[1] if scope["path"].startswith("/") else ""
        app = self._apps.get(first) or self._frame
        assert app is not None, "the house is not open"
        await app(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self.open():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as fault:
            await send({"type": "lifespan.startup.failed" if not self._apps else "lifespan.shutdown.failed", "message": str(fault)})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def open(self) -> AsyncIterator[House]:
        """Everything opened first, then everything at work; closed in the other order."""
        env = self.environment = self._around()
        configure(env.settings.log_level)
        for service in self.services:
            if service.name not in env.dsns:
                raise SettingsProblem(f"KAPOK_{service.name.upper()}_DSN is not set.")
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(10), follow_redirects=False))
            stack.push_async_callback(env.bus.close)
            if env.tracing is not None:
                stack.push_async_callback(asyncio.to_thread, env.tracing.close)
            for service in self.services:
                one = Opened(
                    service, env.dsns[service.name], ring=Keyring(env.kek, env.index_key), bus=env.bus, clock=env.clock, settings=env.settings,
                    http=http, service_token=env.issuer.service_token, sign=env.issuer.sign_bytes, stop=self.stopping,
                    member=f"{service.name}-{env.settings.member}", tracing=env.tracing,
                )  # fmt: skip
                await one.open()
                stack.push_async_callback(one.close)
                self.opened[service.name] = one
            for one in self.opened.values():
                await one.subscribe()
            self._apps = {name: self._service_app(one, env) for name, one in self.opened.items()}
            self._frame = self._frame_app(env)
            for one in self.opened.values():
                one.work()
            try:
                yield self
            finally:
                self.stopping.set()

    def _service_app(self, one: Opened, env: Environment) -> ASGIApp:
        name = one.service.name
        app = FastAPI(
            title=f"Kapok {name}", version="1", openapi_url=f"/{name}/openapi.json", docs_url=None, redoc_url=None,
            responses={400: {"description": "the body is not JSON"}, 422: {"description": "fields are missing or wrong"}},
            telemetry=_spans(env.tracing),
        )  # fmt: skip
        app.state.room, app.state.opened, app.state.verify, app.state.environment = one.room, one, env.verifier, env
        install(app)
        install_pages(app, one.service)
        app.include_router(health_router(name))
        for router in (*one.service.routers, *one.service.pages, calls_router(name)):
            app.include_router(router)
        return self._mannered(app, env, one)

    def _frame_app(self, env: Environment) -> ASGIApp:
        app = FastAPI(title="Kapok", version="1", openapi_url="/openapi.json", docs_url=None, redoc_url=None, telemetry=_spans(None))
        app.state.verify, app.state.environment, app.state.opened = env.verifier, env, None
        ops = Ops(self.opened, env.bus, env.verifier)
        app.state.ops = ops
        install(app)
        install_pages(app, None)
        routers: list[APIRouter] = [ops.router, metrics_router(ops), auth_router(env.issuer), *frame_routers(self.services)]
        for router in routers:
            app.include_router(router)
        said = msgspec.json.encode(asyncapi(self.services))
        app.add_api_route("/asyncapi.json", lambda: Response(said, media_type="application/json"), include_in_schema=False)
        return self._mannered(app, env, None)

    def _mannered(self, app: ASGIApp, env: Environment, one: Opened | None) -> ASGIApp:
        s = env.settings
        return Manners(
            app, clock=env.clock, verify=env.verifier, answers=one.answers if one else None, body_max_bytes=s.body_max_bytes,
            rate=Buckets(s.rate_per_second, s.rate_burst), public_rate=Buckets(s.public_rate_per_second, s.public_rate_burst),
            signed_rate=Buckets(s.signed_rate_per_second, s.signed_rate_burst),
            webhooks=Webhooks(one.service.webhooks if one else (), lambda name: str(getattr(s, name)), env.clock.now),
            uploads={path for service in self.services for path in service.uploads}, upload_max_bytes=s.upload_max_bytes,
            files=_files(one.service.routers if one else ()),
        )  # fmt: skip


def application(*services: Service) -> House:
    """The app of these services in one process; settings are read when it starts, nothing happens at import."""
    return House(services, lambda: environment(read_settings()))


def _files(routers: Iterable[APIRouter]) -> list[tuple[re.Pattern[str], tuple[str, ...]]]:
    """The doors that say themselves which bodies they take, as their description says it."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    told = [(route.path_regex, (route.openapi_extra or {}).get("requestBody", {})) for route in routes]
    return [(pattern, tuple(body["content"])) for pattern, body in told if "content" in body]


def _spans(tracing: Tracing | None) -> TelemetryConfig:
    """One span a request where there is a collector; never the framework's logs, which repeat what they were sent."""
    if tracing is None:
        return {"tracing": False, "metrics": False, "logs": False}
    return {"tracer_provider": tracing.provider, "operation_spans": False, "metrics": False, "logs": False, "exclude": _unasked}


def _unasked(scope: MutableMapping[str, Any]) -> bool:
    return str(scope.get("path", "")).endswith(("/livez", "/readyz", "/metrics"))
