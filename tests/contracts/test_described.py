"""The descriptions that other systems read: OpenAPI and AsyncAPI name what the contract fixes, and hold no personal field."""

from __future__ import annotations

import json

import pytest

from services.main import SERVICES
from shared.asyncapi import asyncapi
from shared.service import Service

_PERSONAL = {
    "name", "phone", "id_number", "address", "account", "number", "narrative", "birth_date", "text", "note", "words", "demand", "place",
    "elements", "reporter", "transcript", "email",
}  # fmt: skip


def test_every_public_event_is_described_once_with_its_data() -> None:
    told = asyncapi(SERVICES)
    said = {name for room in SERVICES for name in room.public_types}
    assert set(told["components"]["messages"]) == said
    assert {m for channel in told["channels"].values() for m in channel["messages"]} == said
    for message in told["components"]["messages"].values():
        assert message["payload"]["$ref"].rsplit("/", 1)[1] in told["components"]["schemas"]


def test_every_reference_leads_somewhere() -> None:
    told = asyncapi(SERVICES)
    text = json.dumps(told)
    for piece in text.split('"$ref": "#/')[1:]:
        at = told
        for step in piece.split('"', 1)[0].split("/"):
            at = at[step]


def test_no_field_of_a_public_event_can_hold_a_person() -> None:
    schemas = asyncapi(SERVICES)["components"]["schemas"]
    named = {(schema, field) for schema, one in schemas.items() for field in one.get("properties", {}) if field in _PERSONAL}
    assert named == set()


@pytest.mark.parametrize("room", SERVICES, ids=lambda room: room.name)
def test_every_type_is_called_as_the_contract_wants(room: Service) -> None:
    for name in room.public_types:
        service, event, version = name.split(".")
        assert service == room.name
        assert event.replace("_", "").isalpha()
        assert event.islower()
        assert version.removeprefix("v").isdigit()
