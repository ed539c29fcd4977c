"""What was stored stays readable, and what is said is what others hear: examples kept in files, never made anew by accident.

A changed shape fails here until the event has a new version with an upcaster, or the change is meant and the file written anew
(`KAPOK_WRITE_GOLDEN=1`, before a shape has ever been stored anywhere).
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from services.main import SERVICES
from shared.codec import Clear, Stored
from shared.service import Reaction, Service
from tests.contracts.examples import example

STORED = Path(__file__).parents[1] / "golden"
PUBLISHED = Path(__file__).parent / "published"
_WRITING = os.environ.get("KAPOK_WRITE_GOLDEN") == "1"

_stored = [pytest.param(room, stored, id=f"{room.name}.{stored.name}") for room in SERVICES for stored in room.codec.stored]
_said = [pytest.param(name, data, id=name) for room in SERVICES for name, data in room.public_types.items()]
_heard = [pytest.param(one, id=f"{room.name}.{one.name} {one.hears}") for room in SERVICES for one in room.reactions]


def _kept(path: Path, now: bytes) -> bytes:
    if _WRITING:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(now, indent=1) + b"\n")
    assert path.exists(), f"{path.name} has no golden file"
    return msgspec.json.format(path.read_bytes(), indent=0)


@pytest.mark.parametrize(("room", "stored"), _stored)
def test_a_stored_event_keeps_its_shape(room: Service, stored: Stored) -> None:
    now = room.codec.encode(example(stored.event), "e", "s", Clear())
    assert _kept(STORED / room.name / f"{stored.name}.v{stored.version}.json", now) == msgspec.json.format(now, indent=0)


@pytest.mark.parametrize("room", SERVICES, ids=lambda room: room.name)
def test_every_version_ever_stored_is_read_and_none_is_a_stranger(room: Service) -> None:
    known = {stored.name: stored for stored in room.codec.stored}
    for path in sorted((STORED / room.name).glob("*.json")):
        name, version = path.stem.rsplit(".v", 1)
        read = room.codec.decode(name, int(version.partition(".")[0]), path.read_bytes(), "e", "s", Clear())
        assert type(read) is known[name].event


@pytest.mark.parametrize(("name", "data"), _said)
def test_a_public_event_keeps_its_shape(name: str, data: type) -> None:
    now = msgspec.json.encode(example(data))
    assert _kept(PUBLISHED / f"{name}.json", now) == msgspec.json.format(now, indent=0)


def test_what_is_said_no_more_is_not_promised_any_more() -> None:
    said = {name for room in SERVICES for name in room.public_types}
    assert {path.name.removesuffix(".json") for path in PUBLISHED.glob("*.json")} == said


@pytest.mark.parametrize("reaction", _heard)
def test_what_one_room_says_another_can_read(reaction: Reaction) -> None:
    text = (PUBLISHED / f"{reaction.hears}.json").read_bytes()
    msgspec.json.decode(text, type=reaction.reads)
