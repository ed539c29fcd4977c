"""The embedded issuer's door: who gets a token, what is said to everybody else, and the keys that are published."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import FastAPI

from shared.issuing import auth_router
from shared.problems import install
from shared.security import Clients, Issuer, Principal, RemoteKeys, Verifier

NAME = "https://kapok.test"
GOOD = {"client_id": "operator", "client_secret": "demo"}


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(NAME, "kapok", b"s" * 32, Clients("demo"))


@pytest.fixture
async def door(issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install(app)
    app.include_router(auth_router(issuer))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=NAME) as http:
        yield http


async def test_a_known_client_gets_a_token_that_nobody_may_cache(door: httpx.AsyncClient, issuer: Issuer) -> None:
    answer = await door.post("/auth/token", json=GOOD)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in"}
    assert Verifier(NAME, "kapok", issuer.key_set)(body["access_token"]) == Principal("operator", frozenset({"operator"}))


@pytest.mark.parametrize(
    "changed",
    [
        {"client_secret": "guess"},
        {"client_secret": ""},
        {"client_secret": "演示"},
        {"client_id": "nobody"},
        {"client_id": "service"},
        {"client_id": ""},
    ],
)
async def test_a_bad_client_and_a_bad_secret_look_the_same(door: httpx.AsyncClient, changed: dict[str, str]) -> None:
    answer = await door.post("/auth/token", json={**GOOD, **changed})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json() | {"instance": ""} == {
        "type": "urn:kapok:problem:Unauthenticated", "title": "A valid token is needed.", "status": 401, "instance": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**GOOD, "grant_type": "password"}, "/grant_type"),
        ({**GOOD, "grant_type": "client_credentials"}, "/grant_type"),
        ({**GOOD, "client_secret": 7}, "/client_secret"),
        ({**GOOD, "client_secret": None}, "/client_secret"),
        ({**GOOD, "client_id": "x" * 101}, "/client_id"),
        ({"client_id": "operator"}, "/client_secret"),
        ([GOOD], ""),
        (None, ""),
    ],
)
async def test_what_is_not_offered_is_named(door: httpx.AsyncClient, body: Any, pointer: str) -> None:
    answer = await door.post("/auth/token", json=body)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
    assert "xxx" not in answer.text


@pytest.mark.parametrize(
    ("content", "media", "status"),
    [
        (b"grant_type=client_credentials&client_id=operator&client_secret=demo", "application/x-www-form-urlencoded", 422),
        (b'{"client_id": "operator", "client_secret": "\\ud800"}', "application/json", 422),
        (b'{"client_id": "\\u0000", "client_secret": "demo"}', "application/json", 401),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 5000, "application/json", 400),
    ],
)
async def test_a_body_that_makes_no_sense_is_the_callers_fault(door: httpx.AsyncClient, content: bytes, media: str, status: int) -> None:
    answer = await door.post("/auth/token", content=content, headers={"Content-Type": media})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_token_is_asked_for_by_post_only(door: httpx.AsyncClient) -> None:
    answer = await door.get("/auth/token", params=GOOD)
    assert (answer.status_code, answer.json()["type"]) == (405, "urn:kapok:problem:MethodNotAllowed")


async def test_the_published_keys_are_public_and_enough_for_a_stranger(door: httpx.AsyncClient, issuer: Issuer) -> None:
    answer = await door.get("/auth/jwks.json")
    assert answer.status_code == 200
    (key,) = answer.json()["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "Ed25519", "sig")
    token = (await door.post("/auth/token", json=GOOD)).json()["access_token"]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer.content))
    with httpx.Client(transport=transport) as elsewhere:
        assert Verifier(NAME, "kapok", RemoteKeys(f"{NAME}/auth/jwks.json", elsewhere))(token) is not None


def test_the_key_id_follows_the_key_and_tells_nothing_of_it() -> None:
    one, same, other = (Issuer(NAME, "kapok", bytes([n]) * 32).public_keys()["keys"][0]["kid"] for n in (1, 1, 2))
    assert one == same != other
    assert (
        Verifier(NAME, "kapok", Issuer(NAME, "kapok", b"o" * 32).key_set)(Issuer(NAME, "kapok", b"s" * 32).service_token("a", "b")) is None
    )


def test_a_public_head_can_be_checked_with_the_published_key(issuer: Issuer) -> None:
    signature = issuer.sign_bytes(b"head 42")
    published = base64.urlsafe_b64decode(issuer.public_keys()["keys"][0]["x"] + "=")
    key = Ed25519PublicKey.from_public_bytes(published)
    key.verify(signature, b"head 42")
    with pytest.raises(InvalidSignature):
        key.verify(signature, b"head 43")
    assert len(signature) == 64
