"""The page on which an office publishes a quota before anybody applies: how many places, in which order, and the days."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.responses import Response

from services.matching.allocation_office import OFFICE
from services.matching.allocation_pages import SCHEMES_BY_CODE
from services.matching.api.allocations import known, plan
from services.matching.asked_allocations import AllocationIn
from services.matching.directory_page import DISTRICTS
from services.matching.domain.allocation import GROUPS
from services.matching.questions import Wrong, whole
from services.matching.rulebook import POINTS
from shared.clock import SHANGHAI
from shared.http import Invalid
from shared.kernel import Rejected
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/matching/announce", include_in_schema=False)
Office = Annotated[Page, Depends(page_for(*OFFICE))]
_SCHEMES = ("residence-permit", "public-rental")
_FIELDS = (
    "scheme", "group", "year", "district", "quota", "minimum", "order", "points_on", "opens_at", "closes_at", "appeal_days", "take_days", "source",
)  # fmt: skip
_NUMBERS, _MOMENTS = ("year", "quota", "minimum", "appeal_days", "take_days"), ("opens_at", "closes_at")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[^0-9]{1,3}([0-9]{2}:[0-9]{2})")
_STEPS, _STEPS_MAX = 5, 12
_LINES = [f"{of}_{n}" for n in range(1, _STEPS_MAX + 1) for of in ("step", "least")]
_PLACES = [name for field in _FIELDS for name in (_LINES if field == "order" else [field])]
# The field that a rule's refusal is about.
_ABOUT = {"OrderIsNotTotal": "step_1", "DaysAreOutOfOrder": "closes_at", "PlanIsPublished": "scheme"}


def _moment(text: str) -> datetime | None:
    """A day and a time in Guangzhou, as a browser or a person writes them; None for what is none."""
    told = _MOMENT.fullmatch(text.strip())
    try:
        return datetime.fromisoformat("T".join(told.groups())).replace(tzinfo=SHANGHAI) if told else None
    except ValueError:
        return None


def _order(form: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[int]]:
    """The steps that are told, and in which line each stands."""
    steps, lines = [], []
    for n in range(1, _STEPS_MAX + 1):
        by, _, item = form.get(f"step_{n}", "").partition(":")
        if by:
            least = form.get(f"least_{n}", "").strip()
            steps.append({"by": by, "item": item or None, "at_least": int(least) if least.isascii() and least.isdigit() else least or None})
            lines.append(n)
    return steps, lines


def _said(form: Mapping[str, str]) -> tuple[dict[str, Any], list[int]]:
    """The form as the door for programs takes it: what cannot be read goes as it stands and is refused there."""
    said: dict[str, Any] = {name: form.get(name, "").strip() for name in _FIELDS if name != "order"}
    for name in _NUMBERS:
        try:
            said[name] = whole(said[name])
        except ValueError:
            continue
    said |= {name: _moment(said[name]) for name in _MOMENTS}
    with suppress(ValueError):
        said["points_on"] = date.fromisoformat(said["points_on"]) if said["points_on"] else None
    steps, lines = _order(form)
    return {
        **said,
        "id": form.get("id") or None,
        **{name: 0 if said[name] is None else said[name] for name in ("minimum", "take_days")},
        "order": steps or None,
    }, lines


def _faults(page: Page, fault: ValidationError, lines: list[int]) -> Wrong:
    """Each field once, in the order of the page."""
    found: dict[str, str] = {}
    for error in fault.errors():
        name, *more = [str(part) for part in error["loc"]]
        if name == "order" and len(more) > 1:
            of = "least" if more[1] == "at_least" else "step"
            found[f"{of}_{lines[int(more[0])]}"] = page.t(f"matching.announce.wrong_{of}")
        elif name == "order":
            found["step_1"] = page.t("matching.announce.wrong_order")
        else:
            found[name if name in _FIELDS else "scheme"] = page.t(f"matching.announce.wrong_{name if name in _FIELDS else 'form'}")
    return sorted(found.items(), key=lambda one: _PLACES.index(one[0]))


async def _publish(page: Page, form: Mapping[str, str]) -> tuple[str, Wrong, int]:
    """The quota's id once it is published, or what is wrong, and the status of that answer."""
    said, lines = _said(form)
    try:
        asked = AllocationIn.model_validate(said)
        return str((await plan(asked, page.door))["id"]), [], 303
    except ValidationError as fault:
        return "", _faults(page, fault, lines), 422
    except Invalid as fault:
        _, _, n, name = fault.pointer.split("/")
        of = "least" if name == "at_least" else "step"
        return "", [(f"{of}_{lines[int(n)]}", page.t(f"matching.announce.wrong_{of}"))], 422
    except Rejected as no:
        return "", [(_ABOUT.get(no.code, "scheme"), page.t(f"matching.refused.{no.code}"))], 409


def _show(page: Page, form: Mapping[str, str], at: str, wrong: Wrong | None = None, status: int = 200) -> Response:
    lines = max([_STEPS, *[n for n in range(1, _STEPS_MAX + 1) if form.get(f"step_{n}")]])
    return page.show(
        "matching/announce.html", status=status, form=form, at=at, wrong=wrong or [], groups=GROUPS, lines=range(1, lines + 1),
        schemes=[SCHEMES_BY_CODE[code] for code in _SCHEMES], districts=("440100", *DISTRICTS), items=POINTS.items,
    )  # fmt: skip


@router.get("")
async def blank(page: Office) -> Response:
    """An empty plan."""
    return _show(page, {"id": page.door.new_id(), "appeal_days": "5", "take_days": "10", "district": "440100"}, "/matching/announce")


@router.post("")
async def announced(page: Office) -> Response:
    """Publish the quota; sent twice it is published once."""
    return await _announced(page, "/matching/announce", await page.form())


async def _announced(page: Page, at: str, form: Mapping[str, str]) -> Response:
    key, wrong, status = await _publish(page, form)
    if wrong:
        return _show(page, form, at, wrong, status)
    return page.back(f"/matching/allocations/{key}/office?saved=announced")


@router.get("/{allocation_id}")
async def planned(allocation_id: str, page: Office) -> Response:
    """A plan as it is published, to be corrected until applications open."""
    row = await known(page.door, allocation_id)
    form = {name: "" if row[name] is None else str(row[name]) for name in _FIELDS if name not in ("order", *_MOMENTS)}
    form |= {name: row[name].astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M") for name in _MOMENTS}
    for n, key in enumerate(row["order"], 1):
        form[f"step_{n}"] = f"{key['by']}:{key['item']}" if key.get("item") else key["by"]
        form[f"least_{n}"] = str(key.get("at_least") or "")
    return _show(page, {**form, "id": allocation_id}, f"/matching/announce/{allocation_id}")


@router.post("/{allocation_id}")
async def corrected(allocation_id: str, page: Office) -> Response:
    """Publish it with what was corrected; refused once applications are open."""
    await known(page.door, allocation_id)
    return await _announced(page, f"/matching/announce/{allocation_id}", {**(await page.form()), "id": allocation_id})
