"""Events to bytes and back: versions grow, sealed fields stay bound to their place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from shared.codec import Clear, Codec, Stored
from shared.errors import Malformed, UnknownEventType
from shared.kernel import SHREDDED, Shredded
from shared.sealing import Keyring
from tests.shared.bakery import Customer, OrderPlaced


class Baked(Struct, frozen=True):
    loaves: int
    kind: str = "rye"


CODEC = Codec(
    Stored(OrderPlaced, sealed={"customer": "customer_id"}),
    Stored(Baked, 3, upcasters={1: lambda d: {"loaves": d["n"]}, 2: lambda d: {**d, "kind": d.get("kind", "wheat")}}),
)
ORDER = OrderPlaced("o1", "c1", Customer("欧阳修", "13800138000"), 2, ("a",))


def ring(*subjects: str) -> Keyring:
    made = Keyring(b"k" * 32, b"i" * 32)
    for subject in subjects:
        made.make(subject)
    return made


def test_a_sealed_field_is_not_in_the_bytes_and_comes_back() -> None:
    keys = ring("c1")
    data = CODEC.encode(ORDER, "e1", "bakery.order-o1", keys)
    assert "欧阳修".encode() not in data
    assert b"13800138000" not in data
    assert CODEC.decode("OrderPlaced", 1, data, "e1", "bakery.order-o1", keys) == ORDER


@pytest.mark.parametrize(("event", "stream"), [("e2", "bakery.order-o1"), ("e1", "bakery.order-o2")])
def test_ciphertext_moved_to_another_event_or_stream_does_not_open(event: str, stream: str) -> None:
    keys = ring("c1")
    data = CODEC.encode(ORDER, "e1", "bakery.order-o1", keys)
    with pytest.raises(Malformed):
        CODEC.decode("OrderPlaced", 1, data, event, stream, keys)


def test_ciphertext_of_one_person_does_not_open_for_another() -> None:
    keys = ring("c1", "c2")
    data = CODEC.encode(ORDER, "e1", "s", keys).replace(b'"customer_id":"c1"', b'"customer_id":"c2"')
    with pytest.raises(Malformed):
        CODEC.decode("OrderPlaced", 1, data, "e1", "s", keys)


def test_a_destroyed_key_leaves_the_rest_of_the_event_readable() -> None:
    keys = ring("c1")
    data = CODEC.encode(ORDER, "e1", "s", keys)
    keys.learn("c1", None)
    read = CODEC.decode("OrderPlaced", 1, data, "e1", "s", keys)
    assert isinstance(read.customer, Shredded)
    assert (read.loaves, read.tags) == (2, ("a",))


def test_a_shredded_field_is_written_and_read_as_shredded() -> None:
    keys = ring("c1")
    data = CODEC.encode(OrderPlaced("o1", "c1", SHREDDED, 1), "e1", "s", keys)
    assert CODEC.decode("OrderPlaced", 1, data, "e1", "s", keys).customer is SHREDDED


def test_old_versions_are_read_through_every_upcaster_in_turn() -> None:
    assert CODEC.decode("Baked", 1, b'{"n": 4}', "e", "s", Clear()) == Baked(4, "wheat")
    assert CODEC.decode("Baked", 2, b'{"loaves": 4, "kind": "oat"}', "e", "s", Clear()) == Baked(4, "oat")
    assert CODEC.decode("Baked", 3, b'{"loaves": 4}', "e", "s", Clear()) == Baked(4, "rye")


def test_a_version_from_the_future_is_malformed_and_an_unknown_type_unknown() -> None:
    with pytest.raises(Malformed):
        CODEC.decode("Baked", 4, b"{}", "e", "s", Clear())
    with pytest.raises(UnknownEventType):
        CODEC.decode("Iced", 1, b"{}", "e", "s", Clear())


def test_unknown_fields_are_tolerated() -> None:
    assert CODEC.decode("Baked", 3, b'{"loaves": 4, "crust": "thick"}', "e", "s", Clear()) == Baked(4)


@given(st.text(), st.text(), st.integers(0, 2**31), st.lists(st.text()))
def test_every_event_survives_the_round_trip(name: str, phone: str, loaves: int, tags: list[str]) -> None:
    keys = ring("c1")
    event = OrderPlaced("o1", "c1", Customer(name, phone), loaves, tuple(tags))
    assert CODEC.decode("OrderPlaced", 1, CODEC.encode(event, "e", "s", keys), "e", "s", keys) == event
