"""The public APIs as the people of the sample use them: each with a token of their own, each refusal heard, each busy door tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import httpx

_TRIES = 8
_LIMIT = 500
_AT_ONCE = 32
_SECRET = "demo"  # noqa: S105  the embedded run's demo clients; elsewhere the issuer refuses it


class DoorClosed(Exception):
    """A door stayed busy or refused what the player must be able to do; the message names the door and the rule, no data."""


class Doors:
    """Every service's door, wherever it is: one address for all, or one for each service."""

    def __init__(self, http: httpx.AsyncClient, addresses: str | Mapping[str, str]) -> None:
        self._http = http
        self._addresses = addresses
        self._tokens: dict[str, str] = {}
        self._free = asyncio.Semaphore(_AT_ONCE)

    def all(self) -> tuple[str, ...]:
        """Every address once."""
        return (self._addresses,) if isinstance(self._addresses, str) else tuple(dict.fromkeys(self._addresses.values()))

    def _at(self, path: str) -> str:
        if isinstance(self._addresses, str):
            return self._addresses + path
        return self._addresses.get(path.split("/")[1], next(iter(self._addresses.values()))) + path

    async def token(self, client: str, *, anew: bool = False) -> str:
        """This client's token, asked for once."""
        if anew or client not in self._tokens:
            answer = await self._http.post(self._at("/auth/token"), json={"client_id": client, "client_secret": _SECRET})
            if answer.status_code != 200:
                raise DoorClosed(f"{client} gets no token: the demo clients exist in the embedded run only")
            self._tokens[client] = answer.json()["access_token"]
        return self._tokens[client]

    async def ask(
        self,
        client: str | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        media: str = "application/x-ndjson",
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """One request as this client (None: without a token), `body` as JSON or `content` of this media type.

        A busy door is tried again as it asks, not for ever.
        """
        target = path if path.startswith("http") else self._at(path)
        async with self._free:
            for attempt in range(_TRIES):
                headers = {} if client is None else {"authorization": f"Bearer {await self.token(client, anew=attempt > 0)}"}
                if content is not None:
                    headers["content-type"] = media
                try:
                    answer = await self._http.request(method, target, json=body, content=content, headers=headers, params=params)
                except httpx.TransportError:
                    if attempt == _TRIES - 1:
                        raise
                    await asyncio.sleep(0.1 * 2**attempt)
                    continue
                if answer.status_code not in {401, 429, 503}:
                    return answer
                await asyncio.sleep(min(5.0, float(answer.headers.get("retry-after", "0") or 0) or 0.1 * 2**attempt))
        raise DoorClosed(f"{method} {path} as {client or 'nobody'}: still {answer.status_code} after {_TRIES} tries")

    async def told(self, client: str, path: str, body: Any) -> dict[str, Any]:
        """A request that must succeed."""
        answer = await self.ask(client, "POST", path, body)
        if answer.status_code >= 300:
            raise DoorClosed(f"POST {path} as {client}: {answer.status_code} {title_of(answer)}")
        return dict(answer.json())

    async def read(self, client: str, path: str, **params: Any) -> dict[str, Any]:
        """One page."""
        answer = await self.ask(client, "GET", path, params={k: v for k, v in params.items() if v is not None})
        if answer.status_code != 200:
            raise DoorClosed(f"GET {path} as {client}: {answer.status_code} {title_of(answer)}")
        return dict(answer.json())

    async def pages(self, client: str, path: str, **params: Any) -> AsyncIterator[dict[str, Any]]:
        """Every row of a list, page by page."""
        cursor = None
        while True:
            page = await self.read(client, path, limit=_LIMIT, cursor=cursor, **params)
            for row in page["items"]:
                yield row
            cursor = page["next"]
            if cursor is None:
                return

    async def each(self, client: str, requests: Iterable[tuple[str, Any]]) -> None:
        """Many requests side by side that must all succeed."""
        await asyncio.gather(*[self.told(client, path, body) for path, body in requests])


def title_of(answer: httpx.Response) -> str:
    """A problem's name and fields; what was sent is not repeated."""
    try:
        problem = answer.json()
    except ValueError:
        return ""
    fields = ", ".join(f"{e.get('pointer')}: {e.get('detail')}" for e in problem.get("errors", []))
    return f"{problem.get('type', '').rpartition(':')[2]} {fields}".strip()
