"""The pages on which everybody reads the rule and the order of a yearly quota, and finds where their own application stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.matching import allocation_views as views
from services.matching.api.allocations import known
from services.matching.api.applications import shown_application
from services.matching.rulebook import POINTS, SCHEMES
from shared.http import NotFound
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching/allocations", include_in_schema=False)
Anyone = Annotated[Page, Depends(page_for(public=True))]
_ROWS = 100
_NUMBER = re.compile(r"[0-9A-F]{16}")
_SCHEMES = {POINTS.code: POINTS, **SCHEMES}


@router.get("")
async def allocations(page: Anyone) -> Response:
    """Which quotas there are, and how far each is."""
    listed = (await views.allocation_page(page.door, {}, limit=200, cursor=None))["items"]
    return page.show("matching/allocations.html", allocations=listed, schemes=_SCHEMES)


@router.get("/{allocation_id}")
async def allocation(allocation_id: str, page: Anyone) -> Response:
    """The rule in words, the published order or the waiting list, and the question for one's own number."""
    return await _shown(page, allocation_id, {})


@router.post("/{allocation_id}")
async def find(allocation_id: str, page: Anyone) -> Response:
    """Where the application with this number stands, and why."""
    return await _shown(page, allocation_id, await page.form(), asked=True)


def _after(page: Page) -> int:
    told = page.request.query_params.get("cursor", "0")
    if not told.isascii() or not told.isdigit() or len(told) > 8:
        raise NotFound("page")
    return int(told)


async def _shown(page: Page, allocation_id: str, form: Mapping[str, str], *, asked: bool = False) -> Response:
    door, show = page.door, page.request.query_params.get("show")
    row = await known(door, allocation_id)
    wrong: list[tuple[str, str]] = []
    found: dict[str, Any] | None = None
    if asked:
        digits = re.sub(r"[\s-]", "", form.get("number", "")).upper()
        if _NUMBER.fullmatch(digits):
            number = "-".join(digits[n : n + 4] for n in range(0, 16, 4))
            found = await views.application_row(door, allocation_id, number)
        if found is None:
            wrong.append(("number", page.t("matching.allocations.wrong_number")))
    outcome = "waiting" if show == "waiting" else None
    rows = await views.ranking(door, allocation_id, after=_after(page), limit=_ROWS + 1, outcome=outcome)
    return page.show(
        "matching/allocation.html", status=422 if wrong else 200, a=row, now=await views.outcomes(door, allocation_id),
        publications=await views.publications(door, allocation_id), rows=rows[:_ROWS],
        next=str(rows[_ROWS - 1]["rank"]) if len(rows) > _ROWS else None, show=outcome, form=form, wrong=wrong,
        found=shown_application(found, row["quota"]) if found else None, schemes=_SCHEMES, items={one.id: one for one in POINTS.items},
        masked=views.masked,
    )  # fmt: skip
