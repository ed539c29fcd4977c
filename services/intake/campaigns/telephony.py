"""The telephony provider: told of a try under the try's own id, asked what became of it; never told under another id.

    POST <provider>/calls {"scripts":{name: what is read out}, "calls":[{"id","call_id","attempt","to","language","script": name,"webhook"}]}
         -> {"calls":[{"id","status":"accepted" | "rejected","reason"}]}     an id it knows already is not rung again
    GET  <provider>/calls?ids=a,b -> {"calls":[{"id","status":"ringing" | "ended","outcome":{...}}]} for those it knows;
         the outcome reads as the one that the webhook brings

Both are signed as Standard Webhooks with the secret that signs what comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from services.intake.domain.script import OPT_OUT_KEY, Script
from shared.room import Room
from shared.signing import headers, usable

_SECONDS = 8.0
_RETRY_AFTER_MAX = 60.0
ASKED_MAX = 200


class ProviderAway(Exception):
    """The provider does not answer, or not now; `pause_seconds` is how long it asked us to wait, 0: it did not say."""

    def __init__(self, why: str, pause_seconds: float = 0.0) -> None:
        super().__init__(why)
        self.pause_seconds = pause_seconds


def try_id(call_id: str, attempt: int) -> str:
    """The id of one try, the same however often it is told; a try that is over is followed by one with a new id."""
    return f"{call_id}.{attempt}"


def read_out(script: Script, language: str) -> dict[str, Any]:
    """The script as the provider reads it out, in one language."""
    return {
        "code": script.code,
        "version": script.version,
        "greeting": script.greeting[language],
        "questions": [
            {"key": q.key, "kind": q.kind, "text": q.text[language], "keys": {key: o.text[language] for key, o in q.keys.items()}}
            for q in script.questions
        ],
        "closing": script.closing[language],
        "opt_out_key": OPT_OUT_KEY,
    }


async def tell(room: Room, tries: Sequence[Mapping[str, Any]], scripts: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What the provider says of each of these tries, by id; raises `ProviderAway` when nobody knows whether it heard us."""
    body = msgspec.json.encode({"scripts": scripts, "calls": list(tries)})
    return await _answered(room, "POST", "/calls", body, {})


async def ask(room: Room, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """What the provider knows of these tries, by id; those it never heard of are missing. Raises `ProviderAway`."""
    return await _answered(room, "GET", "/calls", b"", {"ids": ",".join(ids)})


async def _answered(room: Room, method: str, path: str, body: bytes, params: Mapping[str, str]) -> dict[str, Mapping[str, Any]]:
    secret = room.settings.telephony_secret
    signed = headers([secret] if usable(secret) else [], f"kapok-{room.clock.new_id()}", room.clock.now(), body)
    try:
        answer = await room.http.request(
            method, room.settings.telephony_url + path, content=body or None, params=params, headers=signed, timeout=_SECONDS
        )
        if answer.status_code in (429, 503):
            raise ProviderAway("busy", _pause(answer.headers.get("retry-after", "")))
        answer.raise_for_status()
        return {str(one["id"]): one for one in answer.json()["calls"]}
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as fault:
        raise ProviderAway(type(fault).__name__) from fault


def _pause(told: str) -> float:
    return min(float(told), _RETRY_AFTER_MAX) if told.isascii() and told.isdigit() else 0.0
