"""Messages packed together: what one row of an outbox, or of the embedded bus, holds of one topic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec import Raw, Struct

from shared.envelope import Message

_PAGE_BYTES = 7_400  # with its other columns such a row still fits one page of 8 KiB, so PostgreSQL neither splits nor compresses it
_AROUND_BYTES = 260  # what a message takes beside its value
_encode = msgspec.json.encode


class _Slot(Struct, array_like=True, gc=False):
    """One message in its parcel; the value stays the JSON it was."""

    id: str | None
    type: str | None
    key: str
    value: Raw
    at: datetime | None = None
    correlation: str | None = None
    causation: str | None = None
    traceparent: str | None = None


class Parcel(Struct, gc=False):
    """`messages` is the JSON array of `count` messages of one topic; `first` counts the messages packed before it; `at` is the oldest's time."""

    topic: str
    first: int
    count: int
    at: datetime
    messages: bytes


class Unreadable(Struct, gc=False):
    """What stands in a parcel where a message should: its key if it has one, its bytes, and what is wrong."""

    key: str
    raw: bytes
    problem: str


_slots = msgspec.json.Decoder(list[_Slot])
_one = msgspec.json.Decoder(_Slot)
_raws = msgspec.json.Decoder(list[Raw])


def packed(messages: Iterable[Message]) -> list[Parcel]:
    """The messages in their order, those of a topic together; raises nothing: a value is JSON where it was encoded."""
    parcels: list[Parcel] = []
    open_: dict[str, tuple[list[_Slot], int, int]] = {}
    for m in messages:
        size = len(m.value) + _AROUND_BYTES
        slots, first, filled = open_.get(m.topic, ([], 0, 0))
        if slots and filled + size > _PAGE_BYTES:
            parcels.append(_closed(m.topic, first, slots))
            slots, first, filled = [], first + len(slots), 0
        slots.append(_Slot(m.id, m.type, m.key, Raw(m.value), m.at, m.correlation, m.causation, m.traceparent))
        open_[m.topic] = slots, first, filled + size
    parcels += [_closed(topic, first, slots) for topic, (slots, first, _) in open_.items()]
    return parcels


def _closed(topic: str, first: int, slots: list[_Slot]) -> Parcel:
    at = slots[0].at
    assert at is not None
    return Parcel(topic, first, len(slots), at, _encode(slots))


def readable(parcel: Parcel) -> bool:
    """Whether every value in it is JSON, so that its neighbours can be read."""
    try:
        _raws.decode(parcel.messages)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True


def unpacked(topic: str, text: bytes, count: int) -> Sequence[Message | Unreadable]:
    """What `packed` put in, or what is wrong at its place; always `count` of them."""
    try:
        return [_message(topic, slot) for slot in _slots.decode(text)]
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        raws = _raws.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raws = []
    found = [_alone(topic, bytes(raw)) for raw in raws[:count]]
    return [*found, *[Unreadable("", b"", "the parcel cannot be decoded")] * (count - len(found))]


def _message(topic: str, s: _Slot) -> Message | Unreadable:
    if s.id is None or s.type is None or s.at is None:
        return Unreadable(s.key, _text(bytes(s.value)), "id, type or time is missing")
    return Message(s.id, s.type, topic, s.key, bytes(s.value), s.at, s.correlation or s.id, s.causation, s.traceparent)


def _alone(topic: str, raw: bytes) -> Message | Unreadable:
    try:
        return _message(topic, _one.decode(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Unreadable("", raw, "the message cannot be decoded")


def _text(value: bytes) -> bytes:
    """Bytes that are not JSON travel as a JSON string."""
    return msgspec.json.decode(value, type=str).encode() if value.startswith(b'"') else value
