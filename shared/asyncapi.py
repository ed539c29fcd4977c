"""The AsyncAPI 3 description of what services say on their topics, made from their manifests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from shared.service import Service

_HEADERS: dict[str, Any] = {
    "type": "object",
    "required": ["ce_id", "ce_source", "ce_type", "ce_specversion", "ce_time", "ce_subject", "ce_correlationid"],
    "properties": {
        "ce_id": {"type": "string", "format": "uuid", "description": "Same id, same event: hearers absorb what comes twice."},
        "ce_source": {"type": "string"},
        "ce_type": {"type": "string"},
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {"type": "string", "description": "The stream the event belongs to; also the key of the message."},
        "ce_correlationid": {"type": "string", "description": "The same along a whole story."},
        "ce_causationid": {"type": "string", "description": "The event that led to this one."},
        "traceparent": {"type": "string"},
    },
}


def asyncapi(services: Iterable[Service]) -> dict[str, Any]:
    """One channel for each service's topic, one message for each public event with the JSON Schema of its data."""
    services = tuple(services)
    types = [kind for service in services for kind in service.public_types.values()]
    references, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    named = dict(zip(types, references, strict=True))
    messages = {
        name: {
            "name": name, "title": name, "contentType": "application/json", "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
            "payload": named[data], "summary": (data.__doc__ or "").strip().split("\n")[0] if not _made_up(data) else "",
        }
        for service in services for name, data in service.public_types.items()
    }  # fmt: skip
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kapok public events",
            "version": "1",
            "description": "CloudEvents 1.0 in the binary mode of the Kafka binding. No direct identifier and no free text travels.",
        },
        "defaultContentType": "application/json",
        "channels": {s.name: _channel(s) for s in services},
        "operations": {
            f"hear_{s.name}": {"action": "receive", "channel": {"$ref": f"#/channels/{s.name}"}, "summary": f"Hear what {s.name} says."}
            for s in services
        },
        "components": {"messages": messages, "schemas": {**schemas, "CloudEventHeaders": _HEADERS}},
    }


def _channel(service: Service) -> dict[str, Any]:
    return {
        "address": f"{service.name}.events",
        "description": "Key: the stream's id; in order within a key.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in service.public_types},
    }


def _made_up(data: type) -> bool:
    """msgspec gives a struct without a docstring its signature for one."""
    return (data.__doc__ or "").startswith(f"{data.__name__}(")
