"""Who is asking: principals, tokens checked against an issuer's keys, and the embedded issuer of the embedded run."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from msgspec import Struct

ROLES = frozenset({"operator", "caseworker", "gov", "charity", "finance", "approver", "ops", "auditor", "admin", "service"})
_ALGORITHMS = ["Ed25519", "ES256", "RS256", "PS256"]
_TYPES = {"at+jwt", "application/at+jwt"}
_LEEWAY_SECONDS = 60
_TOKEN_SECONDS = 3600
_REFETCH_SECONDS = 30.0
_CACHE_MAX = 10_000


class Principal(Struct, frozen=True):
    """Somebody known: `id` is stable and no name; `org` binds a charity; `purpose` is what a service token is for."""

    id: str
    roles: frozenset[str]
    org: str | None = None
    purpose: str | None = None


def _principal(claims: Mapping[str, Any]) -> Principal:
    roles = claims.get("roles") or []
    known = frozenset(r for r in roles if isinstance(r, str) and r in ROLES) if isinstance(roles, list) else frozenset()
    org, purpose = claims.get("org"), claims.get("purpose")
    return Principal(str(claims["sub"]), known, org if isinstance(org, str) else None, purpose if isinstance(purpose, str) else None)


class Verifier:
    """Checks signature (fixed algorithms), type, issuer, audience and times; remembers tokens it has found good until they end."""

    def __init__(self, issuer: str, audience: str, keys: Callable[[bool], KeySet], now: Callable[[], float] = time.time) -> None:
        self._issuer, self._audience, self._keys, self._now = issuer, audience, keys, now
        self._good: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    def __call__(self, token: str) -> Principal | None:
        """The principal, None for a token that is not good for us."""
        mark = hashlib.sha256(token.encode()).digest()
        known = self._good.get(mark)
        if known is not None and known[0] > self._now():
            return known[1]
        claims = self._claims(token, fresh_keys=False) or self._claims(token, fresh_keys=True)
        if claims is None:
            return None
        principal = _principal(claims)
        self._good[mark] = (float(claims["exp"]), principal)
        if len(self._good) > _CACHE_MAX:
            self._good.popitem(last=False)
        return principal

    def _claims(self, token: str, *, fresh_keys: bool) -> dict[str, Any] | None:
        try:
            decoded = jwt.decode(token, self._keys(fresh_keys), algorithms=_ALGORITHMS)
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        claims, now = decoded.claims, self._now()
        audience = claims.get("aud")
        times = [claims.get("exp"), claims.get("nbf", 0), claims.get("iat", 0)]
        good = (
            str(decoded.header.get("typ", "")).lower() in _TYPES
            and claims.get("iss") == self._issuer
            and (self._audience in audience if isinstance(audience, list) else audience == self._audience)
            and all(isinstance(t, int | float) for t in times)
            and claims["exp"] > now - _LEEWAY_SECONDS
            and claims.get("nbf", 0) < now + _LEEWAY_SECONDS
            and isinstance(claims.get("sub"), str)
        )
        return claims if good else None


class RemoteKeys:
    """A foreign issuer's keys, fetched when first needed and again for an unknown key, not more often than every half minute."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self._url, self._client = url, client
        self._keys, self._fetched_at = KeySet([]), -math.inf

    def __call__(self, fresh: bool) -> KeySet:
        due = time.monotonic() - self._fetched_at > _REFETCH_SECONDS
        if due and (fresh or not self._keys.keys):
            self._fetched_at = time.monotonic()
            try:
                answer = self._client.get(self._url, timeout=5)
                answer.raise_for_status()
                self._keys = KeySet.import_key_set(answer.json())
            except (httpx.HTTPError, ValueError, JoseError):
                return self._keys
        return self._keys


class Clients:
    """Who may ask the embedded issuer for a token: roles by client id, and one shared demo secret.

    `charity-<org code>` speaks for that organisation. Wrong secrets are slowed down by client.
    """

    def __init__(self, secret: str, extra: Mapping[str, Principal] | None = None) -> None:
        self._secret = secret.encode()
        self._extra = dict(extra or {})
        self._wrong: dict[str, tuple[int, float]] = {}

    def principal(self, client_id: str, secret: str) -> Principal | None:
        failures, until = self._wrong.get(client_id, (0, 0.0))
        if time.monotonic() < until:
            return None
        if not hmac.compare_digest(self._secret, secret.encode()) or (principal := self._of(client_id)) is None:
            self._wrong[client_id] = (failures + 1, time.monotonic() + 0.05 * 2 ** min(failures, 9))
            if len(self._wrong) > _CACHE_MAX:
                self._wrong.clear()
            return None
        self._wrong.pop(client_id, None)
        return principal

    def _of(self, client_id: str) -> Principal | None:
        if client_id in self._extra:
            return self._extra[client_id]
        if client_id.startswith("charity-") and len(client_id) > len("charity-"):
            return Principal(client_id, frozenset({"charity"}), client_id.removeprefix("charity-"))
        role = client_id.rsplit("-", 1)[0] if client_id.rsplit("-", 1)[-1].isdigit() else client_id
        return Principal(client_id, frozenset({role})) if role in ROLES - {"service", "charity"} else None


class Issuer:
    """Signs tokens with an Ed25519 key of its own: the embedded run's log-ins, and service-to-service tokens."""

    def __init__(
        self, name: str, audience: str, private: bytes, clients: Clients | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self.name, self._audience, self._clients, self._now = name, audience, clients, now
        self._key = OKPKey.import_key(_ed25519_jwk(private))
        self._raw = Ed25519PrivateKey.from_private_bytes(private)
        self._kid = hashlib.sha256(b"kapok kid" + private).hexdigest()[:16]

    def token(self, client_id: str, secret: str) -> dict[str, Any] | None:
        """What `POST /auth/token` answers; None for an unknown client or a wrong secret."""
        principal = self._clients.principal(client_id, secret) if self._clients else None
        return None if principal is None else self.answer(principal)

    def answer(self, principal: Principal) -> dict[str, Any]:
        return {"access_token": self.sign(principal, _TOKEN_SECONDS), "token_type": "Bearer", "expires_in": _TOKEN_SECONDS}

    def sign(self, principal: Principal, seconds: int) -> str:
        now = int(self._now())
        claims: dict[str, Any] = {
            "iss": self.name, "aud": self._audience, "sub": principal.id, "client_id": principal.id, "iat": now, "exp": now + seconds,
            "jti": hashlib.sha256(f"{principal.id}{time.time_ns()}".encode()).hexdigest()[:24], "roles": sorted(principal.roles),
        }  # fmt: skip
        if principal.org:
            claims["org"] = principal.org
        if principal.purpose:
            claims["purpose"] = principal.purpose
        return jwt.encode({"alg": "Ed25519", "typ": "at+jwt", "kid": self._kid}, claims, self._key, algorithms=["Ed25519"])

    def service_token(self, service: str, purpose: str) -> str:
        """Five minutes for one service and one purpose."""
        return self.sign(Principal(f"service-{service}", frozenset({"service"}), None, purpose), 300)

    def sign_bytes(self, data: bytes) -> bytes:
        """An Ed25519 signature, for public heads; the key is in `public_keys`."""
        return self._raw.sign(data)

    def public_keys(self) -> dict[str, Any]:
        """What `/auth/jwks.json` answers."""
        return {"keys": [{**self._key.as_dict(private=False), "kid": self._kid, "alg": "Ed25519", "use": "sig"}]}

    def key_set(self, fresh: bool = False) -> KeySet:
        return KeySet.import_key_set({"keys": self.public_keys()["keys"]})


def _ed25519_jwk(private: bytes) -> dict[str, Any]:
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "d": _b64(private), "x": _b64(public)}


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
