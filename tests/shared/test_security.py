"""Tokens: what is good for us, everything that is not, and a foreign issuer's keys that may be out of reach."""

from __future__ import annotations

import base64
import hmac
import json
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from shared import security
from shared.security import ROLES, Clients, Issuer, Principal, RemoteKeys, Verifier

NAME, AUDIENCE, NOW = "https://issuer.test", "kapok", 1_900_000_000.0
KEY = OKPKey.generate_key("Ed25519", {"kid": "k1"}, private=True)
OTHER = OKPKey.generate_key("Ed25519", {"kid": "k2"}, private=True)
CLAIMS = {"iss": NAME, "aud": AUDIENCE, "sub": "u-1", "iat": int(NOW) - 10, "exp": int(NOW) + 100, "roles": ["operator"]}
HEADER = {"alg": "Ed25519", "typ": "at+jwt", "kid": "k1"}
JWKS = "https://issuer.test/jwks.json"


class Moment:
    """A clock turned by hand."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def published(*keys: Any) -> KeySet:
    return KeySet.import_key_set({"keys": [k.as_dict(private=False) for k in keys]})


def signed(changed: Mapping[str, Any] | None = None, *, without: str = "", key: Any = KEY, header: Mapping[str, Any] | None = None) -> str:
    claims = {k: v for k, v in {**CLAIMS, **(changed or {})}.items() if k != without}
    head = {k: v for k, v in {**HEADER, **(header or {})}.items() if v is not None}
    return jwt.encode(head, claims, key, algorithms=[head["alg"]])


def text64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def by_hand(header: Any, claims: Any, signature: Callable[[bytes], bytes] = lambda _: b"") -> str:
    body = f"{text64(json.dumps(header).encode())}.{text64(json.dumps(claims).encode())}"
    return f"{body}.{text64(signature(body.encode()))}"


@pytest.fixture
def moment() -> Moment:
    return Moment(NOW)


@pytest.fixture
def verify(moment: Moment) -> Verifier:
    return Verifier(NAME, AUDIENCE, lambda fresh: published(KEY), moment)


def test_a_good_token_says_who_asks(verify: Verifier) -> None:
    found = verify(signed({"roles": ["charity", "gov"], "org": "org-7", "purpose": "payout"}))
    assert found == Principal("u-1", frozenset({"charity", "gov"}), "org-7", "payout")
    assert verify(signed()) == Principal("u-1", frozenset({"operator"}))


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE], ["other", AUDIENCE]])
def test_one_of_several_audiences_may_be_ours(verify: Verifier, audience: object) -> None:
    assert verify(signed({"aud": audience})) is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://issuer.test.evil"}, {"iss": ""}, {"iss": None}, {"iss": [NAME]},
        {"aud": "other"}, {"aud": "kapok-other"}, {"aud": []}, {"aud": ["other"]}, {"aud": None}, {"aud": {"kapok": 1}},
        {"exp": int(NOW) - 61}, {"exp": "2099"}, {"exp": None}, {"exp": 0},
        {"nbf": int(NOW) + 61}, {"nbf": "soon"}, {"iat": "yesterday"},
        {"sub": 7}, {"sub": None},
    ],
)  # fmt: skip
def test_a_wrong_claim_makes_a_token_worthless(verify: Verifier, changed: dict[str, Any]) -> None:
    assert verify(signed(changed)) is None


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "sub"])
def test_a_missing_claim_makes_a_token_worthless(verify: Verifier, name: str) -> None:
    assert verify(signed(without=name)) is None


def test_clocks_may_differ_by_a_minute(verify: Verifier) -> None:
    assert verify(signed({"exp": int(NOW) - 59})) is not None
    assert verify(signed({"nbf": int(NOW) + 59})) is not None


def test_a_token_that_was_found_good_ends_when_it_ends(verify: Verifier, moment: Moment) -> None:
    token = signed()
    assert verify(token) is not None
    moment.now = NOW + 99
    assert verify(token) is not None
    moment.now = NOW + 161
    assert verify(token) is None


@pytest.mark.parametrize("kind", ["JWT", None, "id+jwt", "logout+jwt", ""])
def test_a_token_of_another_kind_is_not_an_access_token(verify: Verifier, kind: str | None) -> None:
    assert verify(signed(header={"typ": kind})) is None
    assert verify(signed(header={"typ": "application/AT+JWT"})) is not None


@pytest.mark.parametrize("name", ["none", "None", "NONE", ""])
def test_a_token_without_a_signature_is_worthless(verify: Verifier, name: str) -> None:
    assert verify(by_hand({**HEADER, "alg": name}, CLAIMS)) is None
    assert verify(by_hand({**HEADER, "alg": name}, CLAIMS).rstrip(".")) is None


def _mac(secret: bytes, digest: str, body: bytes) -> bytes:
    return hmac.digest(secret, body, digest)


def test_our_public_key_is_no_shared_secret(verify: Verifier) -> None:
    public = KEY.as_dict(private=False)
    raw = base64.urlsafe_b64decode(str(public["x"]) + "=")
    pem = Ed25519PublicKey.from_public_bytes(raw).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (raw, pem, json.dumps(public).encode(), str(public["x"]).encode(), b""):
        for hashing in ("HS256", "HS512"):
            digest = {"HS256": "sha256", "HS512": "sha512"}[hashing]
            token = by_hand({**HEADER, "alg": hashing}, CLAIMS, partial(_mac, secret, digest))
            assert verify(token) is None


def test_a_key_that_comes_with_the_token_proves_nothing(verify: Verifier) -> None:
    assert verify(signed(key=OTHER, header={"jwk": OTHER.as_dict(private=False)})) is None
    assert verify(signed(key=OTHER, header={"jku": "https://evil.test/jwks.json"})) is None


@pytest.mark.parametrize("kid", ["k1", "k2", "k3", None])
def test_a_strangers_signature_is_worthless_under_any_key_id(verify: Verifier, kid: str | None) -> None:
    assert verify(signed(key=OTHER, header={"kid": kid})) is None


@given(st.integers(0, 2), st.integers(0, 5000), st.integers(0, 7))
def test_a_tampered_token_is_worthless(part: int, at: int, bit: int) -> None:
    verify = Verifier(NAME, AUDIENCE, lambda fresh: published(KEY), Moment(NOW))
    parts = [bytearray(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4))) for p in signed().split(".")]
    parts[part][at % len(parts[part])] ^= 1 << bit
    assert verify(".".join(text64(bytes(p)) for p in parts)) is None


@given(st.text(st.characters(max_codepoint=255)) | st.builds(by_hand, st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit"]), st.none() | st.integers() | st.text() | st.lists(st.text())), st.none()))  # fmt: skip
def test_nonsense_is_no_token_and_breaks_nothing(text: str) -> None:
    assert Verifier(NAME, AUDIENCE, lambda fresh: published(KEY), Moment(NOW))(text) is None


@pytest.mark.parametrize(
    ("roles", "known"),
    [
        (["operator", "king"], {"operator"}), (["OPERATOR"], set()), ([], set()), (None, set()), ("operator", set()), ({"operator": 1}, set()),
        ([{"name": "operator"}], set()), ([["operator"], "gov"], {"gov"}), ([1, None, True], set()), (sorted(ROLES), set(ROLES)),
    ],
)  # fmt: skip
def test_only_roles_that_we_know_are_granted(verify: Verifier, roles: object, known: set[str]) -> None:
    found = verify(signed({"roles": roles}))
    assert found is not None
    assert found.roles == known


@pytest.mark.parametrize("org", [7, None, ["org-1"], {"code": "org-1"}])
def test_an_organisation_is_a_text_or_none(verify: Verifier, org: object) -> None:
    found = verify(signed({"org": org, "purpose": org}))
    assert found is not None
    assert (found.org, found.purpose) == (None, None)


@pytest.mark.parametrize(
    ("key", "alg"), [(ECKey.generate_key("P-256", {"kid": "e"}), "ES256"), (RSAKey.generate_key(2048, {"kid": "r"}), "PS256")]
)
def test_a_foreign_issuer_may_sign_with_other_strong_algorithms(key: Any, alg: str) -> None:
    verify = Verifier(NAME, AUDIENCE, lambda fresh: published(KEY, key), Moment(NOW))
    assert verify(signed(key=key, header={"alg": alg, "kid": key.kid})) is not None
    assert verify(signed(header={"kid": key.kid})) is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "_CACHE_MAX", 3)
    verify = Verifier(NAME, AUDIENCE, lambda fresh: published(KEY), Moment(NOW))
    for n in range(9):
        assert verify(signed({"sub": f"u-{n}"})) is not None
        assert verify(f"nonsense-{n}") is None
    assert len(verify._good) == 3


class Foreign:
    """A foreign issuer's key document behind HTTP; counts how often it was asked."""

    def __init__(self, *keys: Any) -> None:
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(200, json={"keys": [k.as_dict(private=False) for k in keys]})
        self.asked = 0

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._asked))

    def _asked(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == JWKS
        self.asked += 1
        return self.answer()


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Moment:
    """The seconds since the machine was started."""
    since = Moment(1000.0)
    monkeypatch.setattr("shared.security.time.monotonic", since)
    return since


def remote(foreign: Foreign) -> Verifier:
    return Verifier(NAME, AUDIENCE, RemoteKeys(JWKS, foreign.client()), Moment(NOW))


def test_foreign_keys_are_fetched_once_for_many_tokens(ticks: Moment) -> None:
    foreign = Foreign(KEY)
    verify = remote(foreign)
    assert all(verify(signed({"sub": f"u-{n}"})) for n in range(20))
    assert foreign.asked == 1


def test_foreign_keys_are_fetched_on_a_machine_that_was_started_just_now(ticks: Moment) -> None:
    ticks.now = 3.0
    assert remote(Foreign(KEY))(signed()) is not None


def test_an_unknown_key_is_looked_for_but_not_at_every_token(ticks: Moment) -> None:
    foreign = Foreign(KEY)
    verify = remote(foreign)
    assert verify(signed()) is not None
    new = signed(key=OTHER, header={"kid": "k2"})
    for _ in range(50):
        assert verify(new) is None
    assert foreign.asked == 1
    foreign.answer = Foreign(KEY, OTHER).answer
    ticks.now += 31
    assert verify(new) is not None
    assert foreign.asked == 2


BROKEN_ANSWERS = [
    httpx.Response(500), httpx.Response(503, text=json.dumps(published(OTHER).as_dict())), httpx.Response(200, text="<html>"), httpx.Response(302, headers={"Location": "https://evil.test"}),
    *[httpx.Response(200, text=body) for body in ("[]", "{}", "null", '"x"', '{"keys": 5}', '{"keys": [5]}', '{"keys": [{}]}', '{"keys": [{"kty": []}]}')],
    *[httpx.Response(200, json={"keys": [{"kty": "OKP", "crv": crv, "x": "AA"}]}) for crv in ("Ed25519", "Ed9")],
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN_ANSWERS, ids=lambda r: f"{r.status_code}-{r.text[:14]}")
def test_a_key_document_that_makes_no_sense_leaves_the_keys_as_they_were(ticks: Moment, broken: httpx.Response) -> None:
    foreign = Foreign(KEY)
    good, foreign.answer = foreign.answer, lambda: broken
    verify = remote(foreign)
    assert verify(signed()) is None
    ticks.now += 31
    foreign.answer = good
    assert verify(signed()) is not None
    ticks.now += 31
    foreign.answer = lambda: broken
    assert verify(signed(key=OTHER, header={"kid": "k2"})) is None
    assert verify(signed({"sub": "u-2"})) is not None
    assert foreign.asked == 3


def test_an_issuer_out_of_reach_gives_nobody_entry_and_is_asked_again_later(ticks: Moment) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/jwks.json"
    with httpx.Client(trust_env=False) as client:
        keys = RemoteKeys(nobody, client)
        assert Verifier(NAME, AUDIENCE, keys, Moment(NOW))(signed()) is None
        assert keys(True).keys == []


def test_a_wrong_secret_slows_its_client_down_and_nobody_else(ticks: Moment) -> None:
    clients = Clients("demo")
    assert clients.principal("operator", "guess") is None
    assert clients.principal("operator", "demo") is None  # still waiting
    assert clients.principal("finance", "demo") is not None
    ticks.now += 1
    assert clients.principal("operator", "demo") is not None
    for _ in range(1200):
        ticks.now += 31
        assert clients.principal("operator", "guess") is None
    assert clients.principal("operator", "demo") is None
    ticks.now += 31
    assert clients.principal("operator", "demo") is not None


def test_demo_clients_speak_for_their_role_or_organisation() -> None:
    extra = Principal("robot", frozenset({"service"}), None, "bench")
    clients = Clients("demo", {"robot": extra})
    assert clients.principal("operator", "demo") == Principal("operator", frozenset({"operator"}))
    assert clients.principal("operator-12", "demo") == Principal("operator-12", frozenset({"operator"}))
    assert clients.principal("charity-hy-7", "demo") == Principal("charity-hy-7", frozenset({"charity"}), "hy-7")
    assert clients.principal("robot", "demo") == extra
    for stranger in ("", "charity", "charity-", "service", "service-1", "king", "operator-x", "-1", "Operator"):
        assert Clients("demo").principal(stranger, "demo") is None, stranger


def test_our_own_tokens_last_as_long_as_they_say_and_service_tokens_five_minutes() -> None:
    moment = Moment(NOW)
    issuer = Issuer(NAME, AUDIENCE, b"s" * 32, Clients("demo"), moment)
    answer = issuer.token("charity-hy", "demo")
    assert answer is not None
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    service = issuer.service_token("matching", "read-case")
    verify = Verifier(NAME, AUDIENCE, issuer.key_set, moment)
    assert verify(answer["access_token"]) == Principal("charity-hy", frozenset({"charity"}), "hy")
    assert verify(service) == Principal("service-matching", frozenset({"service"}), None, "read-case")
    moment.now += 361
    assert verify(service) is None
    assert verify(answer["access_token"]) is not None
    assert Verifier(NAME, "other", issuer.key_set, moment)(answer["access_token"]) is None
    assert Issuer(NAME, AUDIENCE, b"s" * 32).token("operator", "demo") is None
