"""The pages on which people count their points, and see what a school or a flat asks for; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.matching.domain.points import Applicant, points
from services.matching.domain.schemes import Scheme, answer, asked
from services.matching.rulebook import POINTS, POINTS_CODE, SCHEMES
from shared.clock import local_day
from shared.http import NotFound
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching/points", include_in_schema=False)
Anyone = Annotated[Page, Depends(page_for(public=True))]
_MOST = 1_000_000
_FEN = 100
Wrong = list[tuple[str, str]]


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


def _whole(text: str) -> int | None:
    """A whole number as people write it; None for nothing. Raises `ValueError`."""
    plain = text.replace(",", "").replace("，", "").strip()
    if not plain:
        return None
    if not plain.isascii() or not plain.isdigit() or int(plain[:8]) > _MOST or len(plain) > 7:
        raise ValueError("no whole number")
    return int(plain)


def _by_year(page: Page, form: Mapping[str, str], name: str, years: range, wrong: Wrong) -> dict[int, int]:
    found: dict[int, int] = {}
    for year in years:
        try:
            told = _whole(form.get(f"{name}_{year}", ""))
        except ValueError:
            wrong.append((f"{name}_{year}", page.t("matching.points.wrong_number")))
            continue
        if told is not None:
            found[year] = told
    return found


def _points(page: Page, form: Mapping[str, str], *, counted: bool = False) -> Response:
    on: date = local_day(page.door.now)
    years = {one.id: _years(one.rule, one.years, on) for one in POINTS.items if one.rule in ("each_in_a_year", "sum_of_years")}
    wrong: Wrong = []
    told: dict[str, Any] = {name: _by_year(page, form, name, span, wrong) for name, span in years.items()}
    told["tax"] = {year: yuan * _FEN for year, yuan in told["tax"].items()}
    for one in POINTS.items:
        said = form.get(one.id, "")
        if one.rule == "highest" and said:
            if said in one.points:
                told[one.id] = said
            else:
                wrong.append((one.id, page.t("matching.points.wrong_choice")))
        elif one.rule == "yes_or_no" and said in ("yes", "no"):
            told[one.id] = said == "yes"
    result = points(POINTS, Applicant(**told), on) if counted and not wrong else ()
    return page.show(
        "matching/points.html", status=422 if wrong else 200, table=POINTS, years=years, form=form, wrong=wrong, result=result,
        total=sum(one.points for one in result),
    )  # fmt: skip


def _years(rule: str, before: int, on: date) -> range:
    """The calendar years that count, the newest last: with the present one, or those before it."""
    return range(on.year - before, on.year) if rule == "sum_of_years" else range(on.year - POINTS.window_years + 1, on.year + 1)


def _scheme(page: Page, scheme: Scheme, district: str, form: Mapping[str, str], *, counted: bool = False) -> Response:
    places = tuple(sorted({*scheme.districts, *scheme.not_in_table}))
    wrong: Wrong = []
    if places and district not in places:
        if district or counted:
            wrong.append(("district", page.t("matching.points.wrong_district")))
        district = ""
    names = asked(scheme, district or None) if not places or district in scheme.districts else ()
    facts: dict[str, Any] = {}
    for name in names:
        said = form.get(name, "")
        if scheme.facts[name].kind == "flag":
            if said in ("yes", "no"):
                facts[name] = said == "yes"
            continue
        try:
            number = _whole(said)
        except ValueError:
            wrong.append((name, page.t("matching.points.wrong_number")))
        else:
            if number is not None:
                facts[name] = number
    told = answer(scheme, facts, district or None) if not wrong and (counted or district in scheme.not_in_table) else None
    return page.show(
        "matching/scheme.html", status=422 if wrong else 200, scheme=scheme, places=places, district=district, names=names, form=form,
        wrong=wrong, told=told,
    )  # fmt: skip
