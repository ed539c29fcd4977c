"""A bank over HTTP: told at once, asked by id; it brings its messages to our door itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

_SECONDS = 8.0


class HttpBank:
    """`url` is where it answers. A time-out is no answer, not a no."""

    at_once = True

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http, self._url = http, url

    async def tell(self, payments: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
        try:
            answer = await self._http.post(f"{self._url}/payments", json={"payments": list(payments)}, timeout=_SECONDS)
            answer.raise_for_status()
            return {p["end_to_end_id"]: p for p in answer.json()["payments"]}
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return {}

    async def found(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]] | None:
        try:
            answer = await self._http.get(f"{self._url}/payments", params={"ids": ",".join(ids)}, timeout=_SECONDS)
            answer.raise_for_status()
            return {p["end_to_end_id"]: p for p in answer.json()["payments"]}
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None

    async def hand_over(self, name: str, content: bytes) -> None:
        answer = await self._http.post(
            f"{self._url}/files/{name}", content=content, headers={"content-type": "application/xml"}, timeout=_SECONDS
        )
        answer.raise_for_status()
