"""Messages as CloudEvents 1.0 in the binary mode of the Kafka protocol binding: attributes as headers, data as value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from shared.envelope import Message, Received

Header = tuple[str, bytes]
Sent = tuple[str, bytes | None]  # a foreign producer may send a header without a value

_SPEC = ("ce_specversion", b"1.0")
_JSON = ("content-type", b"application/json")
_known: dict[tuple[str, str], tuple[Header, Header, Header, Header]] = {}
_KNOWN_MAX = 2000
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _fixed(message: Message) -> tuple[Header, Header, Header, Header]:
    """The headers that are the same for every message of this type on this topic."""
    service = message.topic.split(".", 1)[0]
    return (_SPEC, _JSON, ("ce_source", f"/{service}".encode()), ("ce_type", message.type.encode()))


def headers_of(message: Message) -> list[Header]:
    place = message.topic, message.type
    fixed = _known.get(place)
    if fixed is None:
        if len(_known) >= _KNOWN_MAX:
            _known.clear()
        fixed = _known[place] = _fixed(message)
    spec, content, source, kind = fixed
    headers = [
        spec, content, source, kind,
        ("ce_id", message.id.encode()),
        ("ce_time", message.at.isoformat().encode()),
        ("ce_subject", message.key.encode()),
        ("ce_correlationid", message.correlation.encode()),
    ]  # fmt: skip
    if message.causation is not None:
        headers.append(("ce_causationid", message.causation.encode()))
    if message.traceparent is not None:
        headers.append(("traceparent", message.traceparent.encode()))
    return headers


def received(
    topic: str, partition: int, offset: int, key: bytes | None, value: bytes | None, headers: Iterable[Sent], published_ms: int
) -> Received:
    """What stood at this place; without a message but with the problem when it cannot be read."""
    found = {name: content for name, content in headers if content is not None}
    try:
        name = key.decode() if key is not None else found["ce_subject"].decode()
        when = found.get("ce_time")
        ident = found["ce_id"].decode()
        if _UUID.fullmatch(ident):
            ident = ident.lower()  # the same id in whichever case, and the inbox answers in this one
        correlation, causation, trace = found.get("ce_correlationid"), found.get("ce_causationid"), found.get("traceparent")
        if found["ce_specversion"] != b"1.0" or "ce_source" not in found:
            return _unreadable(topic, partition, offset, key, value, "not a CloudEvent 1.0")
        if any(b"\x00" in text for text in (key or b"", *found.values())):
            return _unreadable(topic, partition, offset, key, value, "a key or header holds a zero byte")
        if not ident or value is None:
            return _unreadable(topic, partition, offset, key, value, "id or data is empty")
        at = datetime.fromisoformat(when.decode()) if when else datetime.fromtimestamp(published_ms / 1000, UTC)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)  # what lies outside the calendar fails here, not in the store
        message = Message(
            ident, found["ce_type"].decode(), topic, name, value, at,
            correlation.decode() if correlation else ident,
            causation.decode() if causation else None,
            trace.decode() if trace else None,
        )  # fmt: skip
    except KeyError as missing:
        return _unreadable(topic, partition, offset, key, value, f"header {missing.args[0]} is missing")
    except (ValueError, OverflowError):
        return _unreadable(topic, partition, offset, key, value, "a header cannot be decoded")
    return Received(topic, partition, offset, name, message)


def _unreadable(topic: str, partition: int, offset: int, key: bytes | None, value: bytes | None, problem: str) -> Received:
    return Received(topic, partition, offset, (key or b"").decode(errors="replace").replace("\x00", "\ufffd"), None, value or b"", problem)
