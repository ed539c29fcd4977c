"""The pages on which everybody reads the rule and the order of a quota, finds their own application, and appeals against its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.matching import allocation_views as views
from services.matching.api.allocations import known
from services.matching.api.applications import appealed, shown_application
from services.matching.domain import allocation as al
from services.matching.domain.appeal_decisions import NOT_THE_SAME, REASONS
from services.matching.questions import Wrong
from services.matching.rulebook import POINTS, SCHEMES
from shared.http import NotFound
from shared.kernel import Rejected
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching/allocations", include_in_schema=False)
Anyone = Annotated[Page, Depends(page_for(public=True))]
_ROWS = 100
_NUMBER = re.compile(r"[0-9A-F]{16}")
SCHEMES_BY_CODE = {POINTS.code: POINTS, **SCHEMES}


@router.get("")
async def allocations(page: Anyone) -> Response:
    """Which quotas there are, and how far each is."""
    listed = (await views.allocation_page(page.door, {}, limit=200, cursor=None))["items"]
    return page.show("matching/allocations.html", allocations=listed, schemes=SCHEMES_BY_CODE)


@router.get("/{allocation_id}")
async def allocation(allocation_id: str, page: Anyone) -> Response:
    """The rule in words, the published order or the waiting list, and the question for one's own number."""
    return await _shown(page, allocation_id, {})


@router.post("/{allocation_id}/appeal")
async def appeal(allocation_id: str, page: Anyone) -> Response:
    """Whoever has the whole number of an application appeals against its place, while the days of appeal last."""
    await known(page.door, allocation_id)
    form, wrong = await page.form(), Wrong()
    number = whole_number(form.get("number", ""))
    if form.get("reason", "") not in REASONS:
        wrong.append(("reason", page.t("matching.allocations.wrong_appeal")))
    elif await views.application_row(page.door, allocation_id, number):
        try:
            await appealed(page.door, allocation_id, number, form["reason"])
        except Rejected as no:
            return await _shown(
                page, allocation_id, form, asked=True, wrong=[("reason", page.t(f"matching.refused.{no.code}"))], status=409
            )
        return await _shown(page, allocation_id, form, asked=True, saved=True)
    return await _shown(page, allocation_id, form, asked=True, wrong=wrong)


def whole_number(text: str) -> str:
    """An application number as it is kept, however it was typed; nothing for what is none."""
    digits = re.sub(r"[\s-]", "", text).upper()
    return "-".join(digits[n : n + 4] for n in range(0, 16, 4)) if _NUMBER.fullmatch(digits) else ""


@router.post("/{allocation_id}")
async def find(allocation_id: str, page: Anyone) -> Response:
    """Where the application with this number stands, and why."""
    return await _shown(page, allocation_id, await page.form(), asked=True)


def _after(page: Page) -> int:
    told = page.request.query_params.get("cursor", "0")
    if not told.isascii() or not told.isdigit() or len(told) > 8:
        raise NotFound("page")
    return int(told)


def _reasons(found: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What can be said against a place, or against counting as another's application."""
    if found is not None and found["outcome"] == "duplicate":
        return (NOT_THE_SAME,)
    return tuple([code for code in REASONS if code != NOT_THE_SAME])


async def _shown(
    page: Page, allocation_id: str, form: Mapping[str, str], *, asked: bool = False, wrong: Wrong | None = None, saved: bool = False,
    status: int = 422,
) -> Response:  # fmt: skip
    door, show = page.door, page.request.query_params.get("show")
    row, wrong = await known(door, allocation_id), list(wrong or ())
    found = await views.application_row(door, allocation_id, whole_number(form.get("number", ""))) if asked else None
    if asked and found is None:
        wrong = [("number", page.t("matching.allocations.wrong_number"))]
    outcome = "waiting" if show == "waiting" else None
    rows = await views.ranking(door, allocation_id, after=_after(page), limit=_ROWS + 1, outcome=outcome)
    state: al.Allocation = await door.state("allocation", allocation_id)
    return page.show(
        "matching/allocation.html", status=status if wrong else 200, a=row, now=await views.outcomes(door, allocation_id),
        publications=await views.publications(door, allocation_id), rows=rows[:_ROWS],
        next=str(rows[_ROWS - 1]["rank"]) if len(rows) > _ROWS else None, show=outcome, form=form, wrong=wrong,
        found=shown_application(found, row["quota"]) if found else None, until=state.until.get(found["number"]) if found else None,
        schemes=SCHEMES_BY_CODE, items={one.id: one for one in POINTS.items},
        masked=views.masked, reasons=_reasons(found), saved=saved and not wrong,
        appeal=next((one for one in state.appeals.values() if found and one.number == found["number"]), None),
        can_appeal=row["status"] == "ranked" and row["appeals_until"] is not None and door.now <= row["appeals_until"],
    )  # fmt: skip
