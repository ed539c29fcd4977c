"""The page on which a host asks for volunteers: for what, where, when, how many; or asks with other terms."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.responses import Response

from services.matching import views
from services.matching.domain.rules import NEEDS
from services.matching.engaging import MATCHERS, engagement_opened, own_engagement
from services.matching.enrolling_pages import CODES
from services.matching.questions import Wrong, whole
from services.matching.volunteer_asked import EngagementIn
from shared.http import Invalid, NotFound
from shared.kernel import Rejected
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching/engage", include_in_schema=False)
Host = Annotated[Page, Depends(page_for(*MATCHERS, "charity"))]
_FIELDS = ("org_id", "need", "skills", "district", "times", "languages", "wanted", "first_day", "last_day", "referral_id", "case_id")
_LISTS = ("skills", "times", "languages")
_DAYS = ("first_day", "last_day")
_LINKS = ("referral_id", "case_id")
# The field that a rule's refusal is about.
_ABOUT = {"DaysAreTurned": "last_day", "FewerThanConfirmed": "wanted", "EngagementBelongsToAnother": "org_id"}


async def _show(page: Page, at: str, form: Mapping[str, Any], wrong: Wrong | None = None, status: int = 200) -> Response:
    hosts = sorted([(row["id"], row["name"]) for row in await views.all_rows(page.door, views.ORGANIZATIONS)], key=lambda one: one[1])
    return page.show(
        "matching/engage.html", status=status, at=at, form=form, wrong=wrong or [], codes=CODES, needs=NEEDS, hosts=hosts,
        chooses=page.door.may(*MATCHERS), own=dict(hosts).get(page.door.principal.org or "", page.door.principal.org),
    )  # fmt: skip


def _said(page: Page, form: Mapping[str, str]) -> dict[str, Any]:
    """The form as it stands: the last value of a field, every value of a list."""
    org = form.get("org_id", "") if page.door.may(*MATCHERS) else page.door.principal.org or ""
    plain = {name: form.get(name, "").strip() for name in _FIELDS if name not in _LISTS}
    return {**plain, "org_id": org, "id": form.get("id", ""), **{name: page.form_list(name) for name in _LISTS}}


def _asked(said: Mapping[str, Any]) -> EngagementIn:
    """As the door for programs takes it: what cannot be read goes as it stands and is refused there. Raises `ValidationError`."""
    told: dict[str, Any] = {**said, "id": said["id"] or None, **{name: said[name] or None for name in _LINKS}}
    with suppress(ValueError):
        told["wanted"] = whole(said["wanted"])
    for name in _DAYS:
        with suppress(ValueError):
            told[name] = date.fromisoformat(said[name])
    return EngagementIn.model_validate(told)


async def _opened(page: Page, at: str, said: Mapping[str, Any]) -> Response:
    try:
        key, _ = await engagement_opened(page.door, _asked(said))
    except ValidationError as fault:
        named = {str(one["loc"][0]) for one in fault.errors()}
        wrong = [(one, page.t(f"matching.engage.wrong_{one}")) for one in _FIELDS if one in named]
        return await _show(page, at, said, wrong or [("need", page.t("matching.volunteers.wrong_form"))], 422)
    except Invalid as fault:
        name = fault.pointer[1:]
        return await _show(page, at, said, [(name, page.t(f"matching.engage.wrong_{name}"))], 422)
    except Rejected as no:
        return await _show(page, at, said, [(_ABOUT.get(no.code, "need"), page.t(f"matching.refused.{no.code}"))], 409)
    return page.back(f"/matching/volunteers/{key}?saved=engaged")


@router.get("")
async def blank(page: Host) -> Response:
    """An empty task."""
    return await _show(page, "/matching/engage", {"id": page.door.new_id()})


@router.post("")
async def engage(page: Host) -> Response:
    """Ask for volunteers; sent twice it is asked once."""
    return await _opened(page, "/matching/engage", _said(page, await page.form()))


@router.get("/{engagement_id}")
async def terms(engagement_id: str, page: Host) -> Response:
    """The terms of a task, to be told anew."""
    terms = (await own_engagement(page.door, engagement_id)).terms
    if terms is None:
        raise NotFound("engagement")
    form = {name: getattr(terms, name) for name in _FIELDS}
    form |= {name: "" if form[name] is None else str(form[name]) for name in _FIELDS if name not in _LISTS}
    return await _show(page, f"/matching/engage/{engagement_id}", {**form, "id": engagement_id})


@router.post("/{engagement_id}")
async def again(engagement_id: str, page: Host) -> Response:
    """Ask with other terms."""
    await own_engagement(page.door, engagement_id)
    said = _said(page, await page.form())
    return await _opened(page, f"/matching/engage/{engagement_id}", {**said, "id": engagement_id})
