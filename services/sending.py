"""Rows sent to the door for many, with answers that are complete: whatever is between, each row is answered or the sending stops."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec

from shared.errors import KapokError

_PATH = "/intake/v1/reports:batch"
_AGAIN = ("urn:kapok:problem:NotNow", "urn:kapok:problem:OurFault")  # of a row: it may be sent once more
_ROW_TRIES = 5
_WAIT_MAX = 5.0  # seconds
# Somebody was there when we began to speak; and what no waiting mends.
_SPOKEN = (httpx.ReadError, httpx.ReadTimeout, httpx.WriteError, httpx.WriteTimeout, httpx.RemoteProtocolError, httpx.CloseError)
_NO_ADDRESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)

Answer = dict[str, Any]
_DECODER = msgspec.json.Decoder(Answer)


class NotSent(KapokError):
    """The door is closed, or stays away longer than we wait; the message says so in one sentence."""


class Sender:
    """Whoever sends: with a token, or as a client that asks for one when it needs it.

    A server that is away, restarts or is busy is waited for up to `patience_seconds`; rows that were recorded meanwhile are answered
    `already`. Where nobody has ever answered, nobody is more likely there than restarting: `first_seconds`.
    """

    def __init__(
        self, http: httpx.AsyncClient, url: str, *, token: str = "", client: str = "", secret: str = "", patience_seconds: float = 300.0,
        first_seconds: float = 10.0,
    ) -> None:  # fmt: skip
        self._http, self._url, self._token, self._client, self._secret = http, url.rstrip("/"), token, client, secret
        self._patience, self._first, self._answers = patience_seconds, first_seconds, False

    async def sent(self, rows: Sequence[bytes]) -> list[Answer]:
        """The answers to these rows, in their order. Raises `NotSent`."""
        answers: list[Answer] = [{}] * len(rows)
        left = list(range(len(rows)))
        for attempt in range(_ROW_TRIES):
            for at, answer in zip(left, await self._once([rows[at] for at in left]), strict=True):
                answers[at] = answer
            left = [at for at in left if answers[at].get("problem", {}).get("type") in _AGAIN]
            if not left:
                break
            await asyncio.sleep(min(_WAIT_MAX, 0.2 * 2**attempt))
        return answers

    async def _once(self, rows: Sequence[bytes]) -> list[Answer]:
        body, since, attempt = b"\n".join(rows), time.monotonic(), 0
        while True:
            wait, why = min(_WAIT_MAX, 0.1 * 2**attempt), "it does not answer"
            attempt += 1
            try:
                answer = await self._http.post(f"{self._url}{_PATH}", content=body, headers=await self._headers(attempt > 1))
            except httpx.TransportError as away:
                self._answers |= isinstance(away, _SPOKEN)
                if isinstance(away, _NO_ADDRESS):
                    raise NotSent(f"{self._url} is no address of Kapok; `--url` names one, such as http://127.0.0.1:8080.") from None
                why = f"nobody answers ({type(away).__name__})"
                if not self._answers and time.monotonic() + wait > since + self._first:
                    raise NotSent(f"Nobody answers at {self._url}; is Kapok running there? `--url` names another address.") from None
            else:
                self._answers = True
                if answer.status_code == 200:
                    answers = _complete(answer.content, len(rows))
                    if answers is not None:
                        return answers
                    why = "its answer breaks off"
                elif answer.status_code in (429, 503):
                    why = f"it answers {answer.status_code}"
                    wait = max(wait, min(_WAIT_MAX, float(answer.headers.get("retry-after") or 0)))
                elif answer.status_code != 401 or not self._client or attempt > 2:
                    raise NotSent(f"{self._url}{_PATH} answers {answer.status_code}: {_title(answer)}")
            if time.monotonic() + wait > since + self._patience:
                raise NotSent(f"{self._url} was waited for long enough: {why}.")
            await asyncio.sleep(wait)

    async def _headers(self, anew: bool) -> dict[str, str]:
        if self._client and (anew or not self._token):
            asked = {"client_id": self._client, "client_secret": self._secret}
            answer = await self._http.post(f"{self._url}/auth/token", json=asked)
            if answer.status_code in (400, 401, 403, 404):
                raise NotSent("Unknown client or wrong secret.")
            if answer.status_code == 200:
                self._token = answer.json()["access_token"]
        return {"authorization": f"Bearer {self._token}", "content-type": "application/x-ndjson; charset=utf-8"}


def _complete(content: bytes, rows: int) -> list[Answer] | None:
    """The answers, when there is one for each row."""
    try:
        answers = _DECODER.decode_lines(content)
    except msgspec.DecodeError:
        return None
    lines = {answer["line"] for answer in answers}
    return answers if len(answers) == rows and lines == set(range(1, rows + 1)) else None


def _title(answer: httpx.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        return "no words of ours"
    return f"{told.get('title', '')} {told.get('detail', '')}".strip()
