"""HTTP manners around a room: correlation, limits of size and rate, media types, and answers kept under an Idempotency-Key."""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any

import msgspec
import structlog
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.clock import Clock
from shared.idempotency import Answers, Kept
from shared.problems import problem
from shared.security import Principal
from shared.webhooks import Signed, Webhooks

log = structlog.get_logger(__name__)
_CORRELATION = re.compile(r"[A-Za-z0-9._-]{8,64}")
_KEY = re.compile(r'"?[\x21-\x7e]{1,255}"?')
_WRITES = {"POST", "PUT", "PATCH", "DELETE"}
_MEDIA = (
    "application/json",
    "application/x-ndjson",
    "text/csv",
    "application/vnd.apache.parquet",
    "application/zip",
    "application/gzip",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/xml",
    "text/plain",
)
_STREAMED, _TABLE = "application/x-ndjson", "text/csv"
SESSION_COOKIE = "kapok_session"
_SESSIONS_MAX = 10_000
_TOLD_AGAIN = (1.0, 10)  # a second and at once, of one signed word: enough for a sender who tries again, too little for a flood of copies


class Buckets:
    """A token bucket for each caller; bounded, the longest unused goes first."""

    def __init__(self, per_second: float, burst: int, callers_max: int = 10_000) -> None:
        self._rate, self._burst, self._max = per_second, burst, callers_max
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, caller: str) -> float:
        """0 when the caller may go on, else how long to wait."""
        now = time.monotonic()
        left, then = self._left.pop(caller, (float(self._burst), now))
        left = min(self._burst, left + (now - then) * self._rate)
        allowed = left >= 1
        self._left[caller] = (left - 1 if allowed else left, now)
        if len(self._left) > self._max:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate


class TooLarge(Exception):
    """The body is larger than the door takes."""


class Manners:
    """The outermost layer of a service's app."""

    def __init__(
        self, app: ASGIApp, *, clock: Clock, verify: Callable[[str], Principal | None], answers: Answers | None,
        body_max_bytes: int, rate: Buckets, public_rate: Buckets, signed_rate: Buckets, webhooks: Webhooks,
        uploads: Collection[str] = (), upload_max_bytes: int = 0, files: Collection[tuple[re.Pattern[str], tuple[str, ...]]] = (),
    ) -> None:  # fmt: skip
        self._app, self._clock, self._verify, self._answers = app, clock, verify, answers
        self._body_max, self._rate, self._public_rate = body_max_bytes, rate, public_rate
        self._signed_rate, self._webhooks = signed_rate, webhooks
        self._told_again = Buckets(*_TOLD_AGAIN)
        self._uploads, self._upload_max = frozenset(uploads), upload_max_bytes  # pages that take files, and how large
        self._files = files  # the doors that describe bodies of their own, and which
        self._sessions: OrderedDict[bytes, None] = OrderedDict()  # marks of those found good, the longest unused first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {k: v.decode("latin-1") for k, v in scope["headers"]}
        given = headers.get(b"x-correlation-id", "")
        correlation = given if _CORRELATION.fullmatch(given) else self._clock.new_id()
        scope.setdefault("state", {})["correlation"] = correlation

        started = False

        async def told(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], (b"x-correlation-id", correlation.encode())]
            await send(message)

        signed, receive = await self._webhooks.looked(scope, headers, receive)
        refusal = self._refusal(scope, headers, signed)
        if refusal is not None:
            await refusal(scope, receive, told)
            return
        try:
            if scope["method"] in _WRITES and b"idempotency-key" in headers and self._answers is not None:
                await self._once(scope, headers, receive, told)
            else:
                await self._app(scope, self._bounded(scope, receive, headers), told)
        except TooLarge:
            await self._too_large(scope)(scope, receive, told)
        except Exception as fault:
            # Answered and logged further in; the server's own log would print the exception's words.
            if not started:
                log.error("request_failed", exc_info=fault)
                await problem(500, "OurFault", "Something broke on our side.", instance=f"urn:kapok:request:{correlation}")(
                    scope, receive, told
                )

    def _too_large(self, scope: Scope) -> Any:
        detail = f"at most {self._most(scope)} bytes"
        where = f"urn:kapok:request:{scope['state']['correlation']}"
        return problem(413, "BodyTooLarge", "The body is too large.", detail, instance=where)

    def _most(self, scope: Scope) -> int:
        """The bytes that a body may have here."""
        return self._upload_max if scope["path"] in self._uploads else self._body_max

    def _taken(self, path: str) -> str:
        """What this door takes, in words."""
        taken = next((media for pattern, media in self._files if pattern.fullmatch(path)), ())
        return " or ".join(taken) or "application/json (or what the page's form sends)"

    def _refusal(self, scope: Scope, headers: dict[bytes, str], signed: Signed | None) -> Any:
        where = f"urn:kapok:request:{scope['state']['correlation']}"
        wait = self._wait_seconds(scope, headers) if signed is None else self._signed_wait_seconds(signed)
        if wait > 0:
            seconds = {"Retry-After": str(max(1, round(wait)))}
            return problem(429, "TooManyRequests", "Too many requests from this caller.", instance=where, headers=seconds)
        if scope["method"] not in _WRITES:
            return None
        media = _media(headers)
        length = headers.get(b"content-length", "")
        has_body = length not in ("", "0") or b"transfer-encoding" in headers
        if has_body and media not in _MEDIA:
            return problem(415, "UnsupportedMediaType", f"Send {self._taken(scope['path'])}.", instance=where)
        if length.isdigit() and int(length) > self._most(scope) and not _streamed(scope, media):
            return self._too_large(scope)
        key = headers.get(b"idempotency-key")
        if key is not None and not _KEY.fullmatch(key):
            return problem(400, "BadIdempotencyKey", "An Idempotency-Key has 1 to 255 visible characters.", instance=where)
        return None

    def _wait_seconds(self, scope: Scope, headers: dict[bytes, str]) -> float:
        """0 when this caller may go on: whoever is known has a rate of their own, everybody else one for their address.

        A session that was not seen here before is checked after its address has paid like any visitor: made-up cookies buy
        neither a larger rate nor more checks of signatures than requests without one.
        """
        token = headers.get(b"authorization", "")
        session = cookie_parser(headers[b"cookie"]).get(SESSION_COOKIE, "") if b"cookie" in headers else ""
        mark = hashlib.sha256(session.encode()).digest()
        principal = self._verify(token.partition(" ")[2].strip()) if token else None
        if principal is None and mark in self._sessions:
            principal = self._verify(session)  # remembered there until it ends, so this costs little
            self._sessions.move_to_end(mark)
            if principal is None:
                del self._sessions[mark]
        if principal is not None:
            return self._rate.wait_seconds(principal.id)
        client = scope.get("client")
        wait = self._public_rate.wait_seconds(f"address:{client[0] if client else ''}")
        if session and wait == 0 and self._verify(session) is not None:
            self._sessions[mark] = None
            if len(self._sessions) > _SESSIONS_MAX:
                self._sessions.popitem(last=False)
        return wait

    def _signed_wait_seconds(self, signed: Signed) -> float:
        """One sender's words share a rate; one word that is told again and again waits for itself and for no other."""
        return self._told_again.wait_seconds(signed.message_id) or self._signed_rate.wait_seconds(signed.sender)

    def _bounded(self, scope: Scope, receive: Receive, headers: dict[bytes, str]) -> Receive:
        if _streamed(scope, _media(headers)):
            return receive
        seen, most = 0, self._most(scope)

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise TooLarge
            return message

        return counted

    async def _once(self, scope: Scope, headers: dict[bytes, str], receive: Receive, send: Send) -> None:
        assert self._answers is not None
        where = f"urn:kapok:request:{scope['state']['correlation']}"
        principal = self._verify(headers.get(b"authorization", "").partition(" ")[2].strip())
        if principal is None or _streamed(scope, _media(headers)) or scope["path"] in self._uploads:  # files are never held whole
            await self._app(scope, self._bounded(scope, receive, headers), send)
            return
        body = await self._whole(self._bounded(scope, receive, headers))
        text = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}\n".encode() + _canonical(body)
        key, mark = headers[b"idempotency-key"].strip('"'), hashlib.sha256(text).hexdigest()
        kept = await self._answers.begin(principal.id, key, mark)
        if kept == "other":
            await problem(422, "IdempotencyKeyReused", "This Idempotency-Key was used for another request.", instance=where)(
                scope, receive, send
            )
        elif kept == "running":
            answer = problem(
                409, "StillRunning", "The first request with this key is still running.", instance=where, headers={"Retry-After": "1"}
            )
            await answer(scope, receive, send)
        elif isinstance(kept, Kept):
            await _replay(kept, send)
        else:
            await self._record(scope, body, send, principal.id, key)

    async def _whole(self, receive: Receive) -> bytes:
        parts = []
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                return b"".join(parts)

    async def _record(self, scope: Scope, body: bytes, send: Send, client: str, key: str) -> None:
        assert self._answers is not None
        sent, status, media, parts = False, 500, "", []

        async def given() -> Message:
            nonlocal sent
            if sent:
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def noted(message: Message) -> None:
            nonlocal status, media
            if message["type"] == "http.response.start":
                status = message["status"]
                media = next((v.decode("latin-1") for k, v in message["headers"] if k.lower() == b"content-type"), "")
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                # Kept before it is sent: who got an answer will get the same one again.
                await self._answers_end(client, key, status, media, b"".join(parts))
            await send(message)

        try:
            await self._app(scope, given, noted)
        except BaseException:
            await self._answers.forget(client, key)
            raise

    async def _answers_end(self, client: str, key: str, status: int, media: str, body: bytes) -> None:
        assert self._answers is not None
        # A refusal is an answer; a failure, a conflict in time or an invalid request may be tried again.
        if status < 400 or (status == 409 and b"StillRunning" not in body):
            await self._answers.end(client, key, Kept(status, media, body))
        else:
            await self._answers.forget(client, key)


def _media(headers: dict[bytes, str]) -> str:
    return headers.get(b"content-type", "").split(";", 1)[0].strip().lower()


def _streamed(scope: Scope, media: str) -> bool:
    """Whether the body is read row by row and never held: lines, and tables at the doors for many."""
    return media == _STREAMED or (media == _TABLE and scope["path"].endswith(":batch"))


def _canonical(body: bytes) -> bytes:
    """The same JSON with other spaces or another order of fields is the same request."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # no JSON, or deeper than we read: the door says so
        return body


async def _replay(kept: Kept, send: Send) -> None:
    headers = [
        (b"content-type", kept.media.encode("latin-1")),
        (b"idempotency-replayed", b"true"),
        (b"content-length", str(len(kept.body)).encode()),
    ]
    await send({"type": "http.response.start", "status": kept.status, "headers": headers})
    await send({"type": "http.response.body", "body": kept.body})
