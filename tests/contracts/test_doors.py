"""No door of any room lets in what cannot be kept or asked for: every parameter and field of its own description is tried with the worst."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest

from services.main import SERVICES
from shared.security import Principal
from shared.service import Service
from shared.testing import Database
from shared.testing.alone import Alone

EVERYBODY = Principal(
    "everybody", frozenset({"operator", "caseworker", "gov", "charity", "finance", "approver", "auditor", "admin", "ops", "service"}), "org"
)
INSTANTS = (
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "1899-12-31T23:59:59Z", "2201-01-01T00:00:00Z",
    "2026-11-23T10:00:00+23:59", "2026-11-23T10:00:00+14:01", "2026-11-23T10:00:00", "2026-11-23", "1700000000", "soon", "",
)  # fmt: skip
DAYS = ("0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31", "2026-02-30", "0", "1700000000", "soon", "")
HUGE = int("9" * 400)
CURSORS = ("WzkyMjMzNzIwMzY4NTQ3NzU4MDhd", "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwiYSJd", "W1tbW1tb", "nonsense", "%00", "WyJcdTAwMDAiXQ")

Place = tuple[str, ...]


@pytest.fixture(params=SERVICES, ids=lambda room: room.name)
async def room(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Alone]:
    service: Service = request.param
    async with Alone(service).open(database) as alone:
        yield alone


async def described(room: Alone) -> dict[str, Any]:
    answer = await room.client.get(f"/{room.service.name}/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


def headers(room: Alone) -> dict[str, str]:
    assert room.house.environment is not None
    token = room.house.environment.issuer.sign(EVERYBODY, 36_000)
    return {"authorization": f"Bearer {token}", "x-access-reason": "test"}


def calls(told: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            yield method, path, one


def kinds(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The plain types that a schema allows."""
    if "$ref" in schema:
        yield from kinds(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
        return
    for one in schema.get("anyOf", schema.get("oneOf", ())):
        yield from kinds(one, schemas)
    if "anyOf" not in schema and "oneOf" not in schema:
        yield schema


def leaves(schema: Mapping[str, Any], schemas: Mapping[str, Any], at: Place = ()) -> Iterator[tuple[Place, list[Mapping[str, Any]]]]:
    """Every field of a body, however deep, with the plain types it allows."""
    allowed = list(kinds(schema, schemas))
    yield at, allowed
    for one in allowed:
        for name, inner in one.get("properties", {}).items():
            yield from leaves(inner, schemas, (*at, name))
        if "items" in one:
            yield from leaves(one["items"], schemas, (*at, "0"))
        if isinstance(one.get("additionalProperties"), dict):
            yield from leaves(one["additionalProperties"], schemas, (*at, "some_key"))


def around(at: Place, value: Any) -> Any:
    """The smallest body that holds this value there."""
    for name in reversed(at):
        value = [value] if name == "0" else {name: value}
    return value


def worst(allowed: list[Mapping[str, Any]]) -> list[Any]:
    """What no field of these types may take."""
    formats = {one.get("format") for one in allowed}
    bad: list[Any] = []
    if "date-time" in formats:
        bad += [one for one in INSTANTS if "date" not in formats or one != "2026-11-23"] + [0, 1_700_000_000]
    elif "date" in formats:
        bad += [*DAYS, 0]
    types = {one.get("type") for one in allowed}
    if "string" in types:
        bad.append("a\0b")
    if "integer" in types or "number" in types:
        bad += [HUGE, -HUGE]
    return bad


def pointers(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [error["pointer"] for error in answer.json().get("errors", [])]


def named(pointer: str, said: str) -> bool:
    """Whether this field is named: as such, by the member of a union that it was read as, or as an entry of a list."""
    return said == pointer or said.startswith(f"{pointer}/") or f"{said}/0" == pointer


async def test_every_field_of_every_body_is_bounded(room: Alone) -> None:
    told, tried = await described(room), 0
    schemas, mine = told["components"]["schemas"], headers(room)
    for method, path, one in calls(told):
        content = one.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        for at, allowed in leaves(content["application/json"]["schema"], schemas):
            for value in worst(allowed):
                url, pointer = path.replace("{", "x").replace("}", ""), "/" + "/".join(at)
                body = json.dumps(around(at, value))
                answer = await room.client.request(method, url, content=body, headers={**mine, "content-type": "application/json"})
                assert answer.status_code == 422, f"{method} {path} {pointer} {str(value)[:40]!r}: {answer.status_code} {answer.text[:300]}"
                assert any(named(pointer, p) for p in pointers(answer)), f"{path} {pointer}: {answer.text[:300]}"
                tried += 1
    assert tried > 10


def asked(name: str, allowed: list[Mapping[str, Any]]) -> list[str]:
    bad = [str(value) for value in worst(allowed) if value != "a\0b"]
    if "integer" in {one.get("type") for one in allowed}:
        bad += ["-1", "9" * 30, "1.5", "a"]
    return [*bad, *(CURSORS if name == "cursor" else ())]


async def test_every_parameter_of_every_call_is_bounded(room: Alone) -> None:
    told, tried = await described(room), 0
    schemas, mine = told["components"]["schemas"], headers(room)
    for method, path, one in calls(told):
        for parameter in one.get("parameters", ()):
            name, place = parameter["name"], parameter["in"]
            if method != "get" or place not in {"query", "path"}:
                continue
            allowed = list(kinds(parameter["schema"], schemas))
            url = path.replace("{", "x").replace("}", "")
            tries = [(url, value) for value in asked(name, allowed)] if place == "query" else []
            zero = url if place == "query" else path.replace(f"{{{name}}}", "a%00b").replace("{", "x").replace("}", "")
            for at, value in [*tries, (zero, "a\0b")]:
                answer = await room.client.get(at, params={name: value} if place == "query" else None, headers=mine)
                unknown = answer.status_code == 404 and name == "cursor"  # nothing of which there could be a page
                assert answer.status_code == 422 or unknown, f"{path} {name}={value[:40]!r}: {answer.status_code} {answer.text[:300]}"
                assert unknown or f"/{place}/{name}" in pointers(answer), f"{path} {name}={value[:40]!r}: {answer.text[:300]}"
                tried += 1
    assert tried > 10


async def test_every_list_is_bounded_at_both_ends(room: Alone) -> None:
    for _, path, one in calls(await described(room)):
        for parameter in one.get("parameters", ()):
            if parameter["name"] == "limit":
                assert {"minimum", "maximum"} <= set(parameter["schema"]), path


async def test_what_ops_list_is_bounded_too(database: Database) -> None:
    async with Alone(SERVICES[0]).open(database) as room:
        for limit in ("-1", "0", "1001", "9" * 30):
            answer = await room.client.get("/ops/v1/parked", params={"limit": limit}, headers=headers(room))
            assert (answer.status_code, pointers(answer)) == (422, ["/query/limit"]), answer.text
        assert (await room.client.get("/ops/v1/parked", params={"limit": 1000}, headers=headers(room))).status_code == 200
