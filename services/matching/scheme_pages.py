"""The pages on which people count their points, and see what a school or a flat asks for; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.matching.domain.points import points
from services.matching.domain.schemes import Scheme, answer, asked
from services.matching.questions import Wrong, applicant_of, facts_told, years_asked
from services.matching.rulebook import POINTS, POINTS_CODE, SCHEMES
from shared.clock import local_day
from shared.http import NotFound
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching/points", include_in_schema=False)
Anyone = Annotated[Page, Depends(page_for(public=True))]


@router.get("")
async def schemes(page: Anyone) -> Response:
    """Which schemes there are."""
    return page.show("matching/schemes.html", schemes=(POINTS, *SCHEMES.values()))


@router.get("/{code}")
async def form_of(code: str, page: Anyone) -> Response:
    """The questions of one scheme; of a school those of the district in the address."""
    if code == POINTS_CODE:
        return _points(page, {})
    return _scheme(page, _known(code), page.request.query_params.get("district", ""), {})


@router.post("/{code}")
async def count(code: str, page: Anyone) -> Response:
    """What the answers come to."""
    form = await page.form()
    if code == POINTS_CODE:
        return _points(page, form, counted=True)
    return _scheme(page, _known(code), form.get("district", ""), form, counted=True)


def _known(code: str) -> Scheme:
    if code not in SCHEMES:
        raise NotFound("scheme")
    return SCHEMES[code]


def _points(page: Page, form: Mapping[str, str], *, counted: bool = False) -> Response:
    on: date = local_day(page.door.now)
    wrong: Wrong = []
    told = applicant_of(page, form, on, wrong)
    result = points(POINTS, told, on) if counted and not wrong else ()
    return page.show(
        "matching/points.html", status=422 if wrong else 200, table=POINTS, years=years_asked(on), form=form, wrong=wrong, result=result,
        total=sum(one.points for one in result),
    )  # fmt: skip


def _scheme(page: Page, scheme: Scheme, district: str, form: Mapping[str, str], *, counted: bool = False) -> Response:
    places = tuple(sorted({*scheme.districts, *scheme.not_in_table}))
    wrong: Wrong = []
    if places and district not in places:
        if district or counted:
            wrong.append(("district", page.t("matching.points.wrong_district")))
        district = ""
    names = asked(scheme, district or None) if not places or district in scheme.districts else ()
    facts = facts_told(page, scheme, names, form, wrong)
    told = answer(scheme, facts, district or None) if not wrong and (counted or district in scheme.not_in_table) else None
    return page.show(
        "matching/scheme.html", status=422 if wrong else 200, scheme=scheme, places=places, district=district, names=names, form=form,
        wrong=wrong, told=told,
    )  # fmt: skip
