"""The page on which a desk hands in somebody's application for a place: the points are counted first, and only they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.matching.allocation_pages import SCHEMES_BY_CODE
from services.matching.api.allocations import known
from services.matching.api.applications import applied
from services.matching.domain.assessment import Assessment
from services.matching.domain.points import Counted, points
from services.matching.domain.schemes import Scheme, asked, in_the_way
from services.matching.domain.volunteer import Volunteer, hours_by_year
from services.matching.questions import Wrong, applicant_of, facts_told, years_asked
from services.matching.rulebook import POINTS, SCHEMES
from shared.http import Door
from shared.kernel import Rejected
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching/allocations/{allocation_id}", include_in_schema=False)
DESK = ("gov", "admin", "caseworker", "operator")
Desk = Annotated[Page, Depends(page_for(*DESK))]
_HOURS = "volunteer_service"


async def points_told(page: Page, form: Mapping[str, str], on: date, wrong: Wrong) -> tuple[Counted, ...]:
    """Every item as it counts on this day; hours that hosts verified take the place of those that are typed."""
    told, reference = applicant_of(page, form, on, wrong), form.get("reference", "").strip()
    if reference:
        state: Volunteer = await page.door.state("volunteer", page.door.named_id("volunteer", reference))
        if told.volunteer_service or state.registered is None:
            wrong.append(("reference", page.t(f"matching.apply.wrong_reference_{'unknown' if state.registered is None else 'twice'}")))
        else:
            told = msgspec.structs.replace(told, volunteer_service=hours_by_year(state, on))
    return points(POINTS, told, on)


def items_of(counted: tuple[Counted, ...]) -> dict[str, int]:
    return {one.item: one.points for one in counted}


async def _person(door: Door, case_id: str) -> str | None:
    """Whose case this is; None for a case that we do not know."""
    if not case_id.isascii() or not 0 < len(case_id) <= 64:
        return None
    state: Assessment = await door.state("assessment", case_id)
    return None if state.latest is None else state.latest.person_id


@router.get("/apply")
async def form_of(allocation_id: str, page: Desk) -> Response:
    """The questions of the table of points, and of the scheme's conditions where it has some."""
    return await _show(page, await known(page.door, allocation_id), {})


def _conditions(page: Page, scheme: Scheme | None, facts: Mapping[str, Any]) -> Wrong:
    """What stands in the way, each at its question."""
    return [
        (
            name,
            page.t(
                "matching.apply.not_told" if b.met is None else "matching.apply.not_met", condition=b.zh if page.language == "zh" else b.en
            ),
        )
        for name, b in (in_the_way(scheme, facts) if scheme else ())
    ]


@router.post("/apply")
async def applying(allocation_id: str, page: Desk) -> Response:
    """See the points, or hand the application in; said twice it is handed in once."""
    row, form, wrong = await known(page.door, allocation_id), await page.form(), Wrong()
    scheme = SCHEMES.get(row["scheme"])
    person = await _person(page.door, form.get("case", "").strip())
    if person is None:
        wrong.append(("case", page.t("matching.apply.wrong_case")))
    facts = {} if scheme is None else facts_told(page, scheme, asked(scheme, None), form, wrong)
    counted = await points_told(page, form, row["points_on"], wrong)
    wrong = wrong or _conditions(page, scheme, facts)
    if wrong or person is None:
        return await _show(page, row, form, wrong=wrong, status=422)
    if form.get("act") != "apply":
        return await _show(page, row, form, counted=counted)
    try:
        done = await applied(page.door, row, person, items_of(counted), facts)
    except Rejected as no:
        about = "case" if no.code == "AppliedAlready" else ""
        return await _show(page, row, form, wrong=[(about, page.t(f"matching.refused.{no.code}"))], status=409)
    return page.show("matching/applied.html", a=row, schemes=SCHEMES_BY_CODE, one=done.state, items={i.id: i for i in POINTS.items})


async def _show(
    page: Page, row: Mapping[str, Any], form: Mapping[str, str], *, wrong: Wrong | None = None, counted: tuple[Counted, ...] = (),
    status: int = 200,
) -> Response:  # fmt: skip
    scheme = SCHEMES.get(row["scheme"])
    return page.show(
        "matching/apply.html", status=status, a=row, form=form, wrong=wrong or [], schemes=SCHEMES_BY_CODE, table=POINTS,
        years=years_asked(row["points_on"]), scheme=scheme, names=asked(scheme, None) if scheme else (), result=counted,
        total=sum(one.points for one in counted),
    )  # fmt: skip
