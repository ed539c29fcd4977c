"""Lines of a body of any size, as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import Request

LINE_MAX = 4096  # bytes


async def lines_of(request: Request) -> AsyncIterator[bytes]:
    """Each line; of one that is too long only its beginning, one byte more than is allowed, and never more than that is held."""
    rest, skipping = b"", False
    async for chunk in request.stream():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if skipping:
                skipping = False
            else:
                yield line
        if len(rest) > LINE_MAX:
            if not skipping:
                yield rest[: LINE_MAX + 1]
            rest, skipping = b"", True
    if rest and not skipping:
        yield rest
