"""Words from outside without a token: looked at once, cheaply, so that whoever signed what they send has a rate of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from starlette.types import Message, Receive, Scope

from shared.service import Webhook
from shared.signing import proved, worth_reading

HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
BODY_MAX = 262_144  # bytes that are read to find out who sent them; whoever sends more is anybody


class Signed(Struct, frozen=True):
    """`sender` is the setting whose secret proves it, `message_id` the sender's own name of what is said."""

    sender: str
    message_id: str


class Webhooks:
    """The doors for signed words; `secret_of` reads a setting."""

    def __init__(self, webhooks: Iterable[Webhook], secret_of: Callable[[str], str], now: Callable[[], datetime]) -> None:
        self._known = tuple((re.compile(one.path), one.secret) for one in webhooks)
        self._secret_of, self._now = secret_of, now

    async def looked(self, scope: Scope, headers: Mapping[bytes, str], receive: Receive) -> tuple[Signed | None, Receive]:
        """Whose word this is, None: anybody's; and the body to be read again.

        The body is read only when the headers could be good: a few hundred bytes hashed cost less than the refusal. A flood of
        bad signatures thus pays the public rate, and does not use up the rate of the sender whose name it takes.
        """
        sender = self._sender(scope)
        if not sender or not _small(headers):
            return None, receive
        sent = {name: headers.get(name.encode(), "") for name in HEADERS}
        if not worth_reading(sent, self._now()):
            return None, receive
        parts: list[bytes] = []
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None, _again(message, receive)
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        body = b"".join(parts)
        message_id = proved(self._secret_of(sender), sent, body, self._now())
        again = _again({"type": "http.request", "body": body, "more_body": False}, receive)
        return Signed(sender, message_id) if message_id is not None else None, again

    def _sender(self, scope: Scope) -> str:
        if scope["method"] != "POST":
            return ""
        return next((secret for path, secret in self._known if path.fullmatch(scope["path"])), "")


def _small(headers: Mapping[bytes, str]) -> bool:
    length = headers.get(b"content-length", "")
    return length.isascii() and length.isdigit() and int(length) <= BODY_MAX


def _again(first: Message, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return first

    return again
