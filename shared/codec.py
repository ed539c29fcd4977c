"""Events to JSON bytes and back, by registered name and version; upcasters and sealing of personal fields live here."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from shared.errors import Malformed, UnknownEventType
from shared.kernel import SHREDDED, Shredded

_encode = msgspec.json.encode
_SHREDDED_TOKEN = "shredded"  # noqa: S105 - it opens nothing


class Sealer(Protocol):
    """What the codec asks of a keyring: seal and open one field of one subject; `open` answers None when the key is gone."""

    def seal(self, subject: str, plain: bytes, aad: bytes) -> str: ...

    def open(self, subject: str, token: str, aad: bytes) -> bytes | None: ...


@dataclass(frozen=True)
class Stored:
    """One event class as it is kept.

    `version` counts changes of its fields; `upcasters[n]` turns the plain dict of version n into version n + 1.
    `sealed` maps a field with personal data to the field that holds its subject's id; a sealed field may be a struct, a
    string or None, and is read back as `Shredded` once the subject's key is destroyed.
    """

    event: type
    version: int = 1
    sealed: Mapping[str, str] = field(default_factory=dict)
    upcasters: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.event.__name__


def _without_shredded(hint: Any) -> Any:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        rest = tuple(a for a in typing.get_args(hint) if a is not Shredded)
        return typing.Union[rest]  # noqa: UP007 - its parts are known only here
    return hint


class _Kept:
    """A `Stored` made ready: decoders built once, sealed fields replaced by strings in the shape that is on disk."""

    def __init__(self, stored: Stored) -> None:
        self.stored, self.event, self.name = stored, stored.event, stored.name
        hints = typing.get_type_hints(stored.event, include_extras=True)
        fields = msgspec.structs.fields(stored.event)
        unknown = (set(stored.sealed) | set(stored.sealed.values())) - {f.name for f in fields}
        assert not unknown, f"{self.name}: sealed fields {unknown} are not fields"
        self.sealed = tuple((name, subject, [f.name for f in fields].index(name)) for name, subject in stored.sealed.items())
        if not self.sealed:
            self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(stored.event)
            return
        shape: list[Any] = []
        for f in fields:
            hint = str | None if f.name in stored.sealed else hints[f.name]
            if f.default is not msgspec.NODEFAULT:
                shape.append((f.name, hint, f.default))
            elif f.default_factory is not msgspec.NODEFAULT:
                shape.append((f.name, hint, msgspec.field(default_factory=f.default_factory)))
            else:
                shape.append((f.name, hint))
        self.shape = msgspec.defstruct(f"{self.name}OnDisk", shape, frozen=True, gc=False)
        self.decoder = msgspec.json.Decoder(self.shape)
        self.opened = {name: msgspec.json.Decoder(_without_shredded(hints[name])) for name in stored.sealed}


class Codec:
    """The registry of one service's stored events."""

    def __init__(self, *stored: Stored) -> None:
        self.stored = stored
        self._by_class = {s.event: _Kept(s) for s in stored}
        self._by_name = {k.name: k for k in self._by_class.values()}
        assert len(self._by_name) == len(stored), "two stored events share a name"

    def name_and_version(self, event: Any) -> tuple[str, int]:
        kept = self._by_class[type(event)]
        return kept.name, kept.stored.version

    def name_of(self, event: type) -> str:
        return self._by_class[event].name

    def subjects(self, event: Any) -> list[str]:
        """Whose keys are needed to write this event."""
        kept = self._by_class[type(event)]
        return [getattr(event, subject) for name, subject, _ in kept.sealed if getattr(event, name) not in (None, SHREDDED)]

    def encode(self, event: Any, event_id: str, stream: str, ring: Sealer) -> bytes:
        """The bytes that are stored; sealed fields are bound to this event, stream, field and subject."""
        kept = self._by_class[type(event)]
        if kept.sealed:
            hidden: dict[str, Any] = {}
            for name, subject_field, _ in kept.sealed:
                value = getattr(event, name)
                if value is None:
                    continue
                if value is SHREDDED:
                    hidden[name] = _SHREDDED_TOKEN
                    continue
                subject = getattr(event, subject_field)
                hidden[name] = ring.seal(subject, _encode(value), f"{event_id}|{stream}|{kept.name}|{name}|{subject}".encode())
            if hidden:
                event = msgspec.structs.replace(event, **hidden)
        return _encode(event)

    def read(self, name: str, version: int, data: bytes) -> tuple[_Kept, Any]:
        """First half of decoding: bytes to the shape on disk, upcast to today's version."""
        kept = self._by_name.get(name)
        if kept is None:
            raise UnknownEventType(name)
        if version == kept.stored.version:
            return kept, kept.decoder.decode(data)
        if version > kept.stored.version:
            raise Malformed(f"{name} has version {version}, this program knows {kept.stored.version}")
        plain = msgspec.json.decode(data)
        for step in range(version, kept.stored.version):
            plain = kept.stored.upcasters[step](plain)
        return kept, msgspec.convert(plain, kept.shape if kept.sealed else kept.event)

    def subjects_of(self, kept: _Kept, shape: Any) -> list[str]:
        """Whose keys are needed to open what was read."""
        return [getattr(shape, subject) for name, subject, _ in kept.sealed if getattr(shape, name) is not None]

    def open(self, kept: _Kept, shape: Any, event_id: str, stream: str, ring: Sealer) -> Any:
        """Second half: sealed fields opened, or `Shredded` where the key is gone."""
        if not kept.sealed:
            return shape
        values = list(msgspec.structs.astuple(shape))
        for name, subject_field, place in kept.sealed:
            token = values[place]
            if token is None:
                continue
            subject = getattr(shape, subject_field)
            plain = None
            if token != _SHREDDED_TOKEN:
                plain = ring.open(subject, token, f"{event_id}|{stream}|{kept.name}|{name}|{subject}".encode())
            values[place] = SHREDDED if plain is None else kept.opened[name].decode(plain)
        return kept.event(*values)

    def decode(self, name: str, version: int, data: bytes, event_id: str, stream: str, ring: Sealer) -> Any:
        """Both halves, for callers that hold the keys already."""
        kept, shape = self.read(name, version, data)
        return self.open(kept, shape, event_id, stream, ring)


class Clear:
    """A sealer that seals nothing, for golden files and pure tests."""

    def seal(self, subject: str, plain: bytes, aad: bytes) -> str:
        return plain.decode()

    def open(self, subject: str, token: str, aad: bytes) -> bytes | None:
        return token.encode()
