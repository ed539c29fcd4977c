"""The page on which anybody checks the public chain in their own browser."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from shared.web.frame import Page, page_for

router = APIRouter(prefix="/disbursement/public", include_in_schema=False)
Anyone = Annotated[Page, Depends(page_for(public=True))]
SAID = (
    "reading", "hashing", "moved", "unlinked", "changed", "baseless", "cut", "root", "forged", "rolled", "broken", "holds", "since", "unsigned",
    "insecure", "failed",
)  # fmt: skip
"""The sentences of `static/check.js`, by name."""


def address(page: Page) -> str:
    """Where this city is served, as the visitor wrote it."""
    return str(page.request.base_url).rstrip("/")


@router.get("/check")
async def check(page: Anyone) -> Response:
    """Check the whole chain in the browser; without a script, how to use the verifier."""
    return page.show("disbursement/check.html", said=SAID, address=address(page))
