"""The citizen's own door: say once what has happened, be told a number and when somebody calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.intake.desk import RECIPIENTS, FormProblem, field_of, report_of, why_of
from services.intake.domain.identity import DISTRICTS
from services.intake.taking import take
from shared.clock import SHANGHAI, local_day
from shared.http import Invalid
from shared.kernel import Rejected
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/intake", include_in_schema=False)
Citizen = Annotated[Page, Depends(page_for(public=True))]
_FOR_WHOM = ("self", "other")


async def _form(page: Page, status: int = 200, **values: Any) -> Response:
    form = dict(values.pop("form", {}))
    form.setdefault("ref", page.door.new_id())
    form.setdefault("received_at", page.door.now.astimezone(SHANGHAI).isoformat())
    return page.show("intake/apply.html", status=status, form=form, districts=DISTRICTS, recipients=RECIPIENTS, **{"wrong": [], **values})


@router.get("/apply")
async def apply(page: Citizen) -> Response:
    """Anybody tells their own hardship, or that of somebody else."""
    return await _form(page)


@router.post("/apply")
async def applied(page: Citizen) -> Response:
    """A report by the channel `web`; the page's own reference makes two clicks one report, and no number stands in an address."""
    form = await page.form()
    try:
        answered, _ = await take(page.door, report_of(_told(form), [], local_day(page.door.now), channel="web", source="web"))
    except FormProblem as problem:
        return await _form(page, 422, form=form, wrong=[_said(page, name, why) for name, why in problem.wrong])
    except Invalid as fault:
        return await _form(page, 422, form=form, wrong=[_said(page, field_of(fault.pointer), why_of(fault))])
    except Rejected as no:
        return await _form(page, 409, form=form, wrong=[("narrative", page.t(f"intake.refused.{no.code}"))])
    due = datetime.fromisoformat(answered["urgency"]["first_contact_due"])
    return page.show("intake/applied.html", case_id=answered["case_id"], due=due, urgent=answered["urgency"]["level"] == "critical")


def _told(form: Mapping[str, str]) -> dict[str, str]:
    """The form as the desk's; raises `FormProblem` where somebody could neither be called nor find the case again."""
    told = {name: value for name, value in form.items() if name not in ("needs", "channel")}
    if told.get("for_whom") not in _FOR_WHOM:
        raise FormProblem([("for_whom", "for_whom")])
    if not told.get("phone", "").strip():
        raise FormProblem([("phone", "apply_phone")])
    if told["for_whom"] == "self":
        return {**told, "relation": "self"}
    # The number of whoever tells it is not the number of the person who needs help.
    return {**told, "relation": "other", "reporter_phone": told["phone"], "phone": ""}


def _said(page: Page, name: str, why: str) -> tuple[str, str]:
    if why == "empty":
        why = "apply_empty"
    name = "phone" if name == "reporter_phone" else name
    label = {"residence_code": "district"}.get(name, name)
    return name, page.t(f"intake.wrong.{why}", field=page.t(f"intake.field.{label}"))
