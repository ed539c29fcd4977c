"""The pages on which those who match volunteers register them, find them, correct what they can do, and let them rest or leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.responses import Response

from services.matching import views
from services.matching import volunteer_views as asked_of
from services.matching.api.volunteers import leave, pause, register, resume
from services.matching.api.volunteers import volunteer as volunteer_of
from services.matching.directory_page import DISTRICTS
from services.matching.domain import volunteer as v
from services.matching.domain.volunteering import LANGUAGES, PARTS, SKILLS, WEEKDAYS
from services.matching.engaging import MATCHERS, SEES_VOLUNTEERS
from services.matching.questions import Wrong
from services.matching.volunteer_asked import LeaveIn, VolunteerIn
from shared.http import NotFound
from shared.kernel import Rejected
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching", include_in_schema=False)
Reader = Annotated[Page, Depends(page_for(*SEES_VOLUNTEERS))]
Keeper = Annotated[Page, Depends(page_for(*MATCHERS))]
CODES: Mapping[str, Any] = {"skills": SKILLS, "districts": DISTRICTS, "weekdays": WEEKDAYS, "parts": PARTS, "languages": LANGUAGES}
_FIELDS = ("external_ref", "skills", "districts", "times", "languages")
_LISTS = _FIELDS[1:]
_FILTERS: Mapping[str, tuple[str, ...]] = {"district": DISTRICTS, "skill": SKILLS, "language": LANGUAGES}
_ROWS, _TEXT_MAX = 50, 64


@router.get("/enrolled")
async def enrolled(page: Reader) -> Response:
    """Who is registered, by district, skill and language; a reference is asked for by a form, so that no address holds it."""
    return await _enrolled(page)


async def _enrolled(page: Page, form: Mapping[str, str] | None = None, wrong: Wrong | None = None) -> Response:
    told = page.request.query_params
    asked = {name: told.get(name, "").strip() for name in _FILTERS}
    faults = list(wrong or ()) + [
        (name, page.t(f"matching.enrol.wrong_{name}")) for name in _FILTERS if asked[name] not in ("", *_FILTERS[name])
    ]
    district, skill, language = [None if asked[name] not in codes else asked[name] for name, codes in _FILTERS.items()]
    found = await asked_of.volunteer_page(page.door, district, skill, language, None, limit=_ROWS, cursor=told.get("cursor"))
    kept = "&".join(f"{name}={value}" for name, value in (("district", district), ("skill", skill), ("language", language)) if value)
    return page.show(
        "matching/enrolled.html", status=422 if faults else 200, items=found["items"], next=found["next"], asked=asked, form=form or {},
        wrong=faults, codes=CODES, here_again=f"/matching/enrolled{'?' if kept else ''}{kept}",
    )  # fmt: skip


@router.post("/enrolled")
async def find(page: Reader) -> Response:
    """The volunteer with this reference."""
    form = await page.form()
    reference = form.get("reference", "").strip()[:_TEXT_MAX]
    key = page.door.named_id("volunteer", reference)
    if not reference or await asked_of.volunteer_row(page.door, key) is None:
        return await _enrolled(page, form, [("reference", page.t("matching.enrol.wrong_unknown"))])
    return page.back(f"/matching/volunteer/{key}")


def _form(
    page: Page, at: str, form: Mapping[str, Any], wrong: Wrong | None = None, status: int = 200, known: str | None = None
) -> Response:
    return page.show("matching/enrol.html", status=status, at=at, form=form, wrong=wrong or [], codes=CODES, known=known)


@router.get("/enrol")
async def blank(page: Keeper) -> Response:
    """An empty registration."""
    return _form(page, "/matching/enrol", {})


async def _registered(page: Page, at: str, told: Mapping[str, Any], known: str | None = None) -> Response:
    try:
        asked = VolunteerIn.model_validate(told)
        # Somebody who registers a reference anew would write over what another has told; that is what correcting is for.
        if known is None and await _differs(page, asked):
            return _form(page, at, told, [("external_ref", page.t("matching.enrol.wrong_known"))], 409)
        key = (await register(asked, page.door))["volunteer_id"]
    except ValidationError as fault:
        named = {str(one["loc"][0]) for one in fault.errors()}
        return _form(page, at, told, [(one, page.t(f"matching.enrol.wrong_{one}")) for one in _FIELDS if one in named], 422, known)
    except Rejected as no:
        return _form(page, at, told, [("external_ref", page.t(f"matching.refused.{no.code}"))], 409, known)
    return page.back(f"/matching/volunteer/{key}?saved=registered")


async def _differs(page: Page, asked: VolunteerIn) -> bool:
    state: v.Volunteer = await page.door.state("volunteer", page.door.named_id("volunteer", asked.external_ref))
    r = state.registered
    if r is None or state.status not in ("active", "paused"):
        return False
    return [list(getattr(r, name)) for name in _LISTS] != [getattr(asked, name) for name in _LISTS]


@router.post("/enrol")
async def enrol(page: Keeper) -> Response:
    """Register a volunteer under the reference of their platform."""
    form = await page.form()
    told = {"external_ref": form.get("external_ref", "").strip(), **{name: page.form_list(name) for name in _LISTS}}
    return await _registered(page, "/matching/enrol", told)


@router.get("/volunteer/{volunteer_id}")
async def one(volunteer_id: str, page: Reader) -> Response:
    """One volunteer: what they can do, whole hours by year, and the tasks they were asked for."""
    return await _one(page, volunteer_id)


async def _one(page: Page, volunteer_id: str, wrong: Wrong | None = None) -> Response:
    told, saved = await volunteer_of(volunteer_id, page.door), page.request.query_params.get("saved")
    names = await views.organization_names(page.door, [row["org_id"] for row in told["engagements"]])
    return page.show(
        "matching/volunteer.html", status=409 if wrong else 200, one=told, names=names, wrong=wrong or [],
        saved=saved if saved in ("registered", "pause", "resume", "leave", "erase") and not wrong else None,
    )  # fmt: skip


@router.post("/volunteer/{volunteer_id}")
async def act(volunteer_id: str, page: Keeper) -> Response:
    """Not to be asked for a while, to be asked again, to leave, or to be forgotten."""
    act = (await page.form()).get("act", "")
    try:
        match act:
            case "pause":
                await pause(volunteer_id, page.door)
            case "resume":
                await resume(volunteer_id, page.door)
            case "leave":
                await leave(volunteer_id, page.door, LeaveIn())
            case "erase":
                await leave(volunteer_id, page.door, LeaveIn(reason="erased"))
            case _:
                raise NotFound("button")
    except Rejected as no:
        return await _one(page, volunteer_id, [("state", page.t(f"matching.refused.{no.code}"))])
    return page.back(f"/matching/volunteer/{volunteer_id}?saved={act}")


async def _known(page: Page, volunteer_id: str) -> dict[str, Any]:
    row = await asked_of.volunteer_row(page.door, volunteer_id)
    if row is None or row["external_ref"] is None:
        raise NotFound("volunteer")
    return row


@router.get("/volunteer/{volunteer_id}/correct")
async def correct(volunteer_id: str, page: Keeper) -> Response:
    """What a volunteer can do, to be told anew."""
    row = await _known(page, volunteer_id)
    return _form(page, f"/matching/volunteer/{volunteer_id}/correct", row, known=row["external_ref"])


@router.post("/volunteer/{volunteer_id}/correct")
async def corrected(volunteer_id: str, page: Keeper) -> Response:
    """Told anew; the reference stays."""
    row = await _known(page, volunteer_id)
    await page.form()
    told = {"external_ref": row["external_ref"], **{name: page.form_list(name) for name in _LISTS}}
    return await _registered(page, f"/matching/volunteer/{volunteer_id}/correct", told, row["external_ref"])
