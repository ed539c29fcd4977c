"""Standard Webhooks 1.0: secrets, the headers that prove who sent a body and when, and the proof itself."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

_PREFIX = "whsec_"
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SECONDS = re.compile(r"[0-9]{1,12}")
_SIGNATURES_MAX = 10
_KEY_BYTES = (24, 64)
TOLERANCE_SECONDS = 300


def new_secret() -> str:
    """32 random bytes as `whsec_` + base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` + base64 of HMAC-SHA256 over `id.timestamp.body`."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers(signing: Iterable[str], message_id: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """The headers of one attempt: the id stays the same over all attempts, the time is this attempt's."""
    timestamp = int(at.timestamp())
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in signing),
    }


def usable(secret: str) -> bool:
    """Whether this is a secret of the standard: `whsec_` and 24 to 64 bytes in base64."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return secret.startswith(_PREFIX) and _KEY_BYTES[0] <= len(key) <= _KEY_BYTES[1]


def worth_reading(sent: Mapping[str, str], now: datetime) -> bool:
    """Whether these headers could prove anything: an id, a time within five minutes of `now`, and some signature."""
    told = sent.get("webhook-timestamp", "")
    if not _ID.fullmatch(sent.get("webhook-id", "")) or not _SECONDS.fullmatch(told) or not sent.get("webhook-signature"):
        return False
    return abs(int(now.timestamp()) - int(told)) <= TOLERANCE_SECONDS


def proved(secret: str, sent: Mapping[str, str], body: bytes, now: datetime) -> str | None:
    """The message's id when one of its signatures is ours and its time is within five minutes of `now`; else None.

    `sent` are the headers in small letters. What is compared is compared in constant time; nothing says which part was wrong.
    """
    message_id, told = sent.get("webhook-id", ""), sent.get("webhook-timestamp", "")
    if not usable(secret) or not worth_reading(sent, now):
        return None
    ours = signature(secret, message_id, int(told), body).encode()
    given = sent.get("webhook-signature", "").split(" ")[:_SIGNATURES_MAX]
    same = [hmac.compare_digest(one.encode(), ours) for one in given]  # all of them, whichever it is
    return message_id if any(same) else None
