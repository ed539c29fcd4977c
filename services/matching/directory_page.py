"""The page of the directory: who serves what, for whom, when and at what cost, searched by need, district and language."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.matching import views
from services.matching.domain.rules import NEEDS
from services.matching.listings import shown
from services.matching.rulebook import RULEBOOK
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching", include_in_schema=False)
LANGUAGES = ("zh", "cmn", "yue", "hak", "en", "fr", "ar", "ko", "ja", "ug", "bo", "sgn")
DISTRICTS = ("440103", "440104", "440105", "440106", "440111", "440112", "440113", "440114", "440115", "440117", "440118")
_LISTED = 25
"""So many at once: on a telephone each is a card, and a longer list is lost."""


@router.get("/directory")
async def directory(page: Annotated[Page, Depends(page_for())]) -> Response:
    """Who serves what, where, and how many places are free."""
    asked = {name: page.request.query_params.get(name, "").strip() for name in ("need", "district", "language")}
    good = {
        "need": asked["need"] in ("", *NEEDS), "district": asked["district"] in ("", *DISTRICTS),
        "language": asked["language"] in ("", *LANGUAGES),
    }  # fmt: skip
    wrong = [(name, page.t(f"matching.directory.wrong_{name}")) for name, held in good.items() if not held]
    said = page.request.query_params.get("after", "0")
    after = int(said) if said.isascii() and said.isdigit() and len(said) <= 6 else 0
    total, rows = (0, []) if wrong else await views.services_found(page.door, **asked, limit=_LISTED, after=after)
    if rows == [] and total:  # an address of before, when there were more
        after = 0
        total, rows = await views.services_found(page.door, **asked, limit=_LISTED, after=after)
    kept = urlencode({name: value for name, value in asked.items() if value})
    shown_to = after + len(rows)
    names = await views.organization_names(page.door, [row["organization_id"] for row in rows])
    return page.show(
        "matching/directory.html", status=422 if wrong else 200, services=await shown(page.door, rows), asked=asked, wrong=wrong,
        names=names, total=total, first=after + 1, last=shown_to, before=max(0, after - _LISTED) if after else None, kept=kept,
        programmes=RULEBOOK.by_code, needs=[(need, page.t(f"matching.need.{need}")) for need in NEEDS],
        districts=[(code, page.t(f"place.{code}")) for code in DISTRICTS],
        languages=[(code, page.t(f"matching.language.{code}")) for code in LANGUAGES],
    )  # fmt: skip
