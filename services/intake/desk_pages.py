"""The operator's desk: search first, the story once, what we understand beside it while it is typed, saved with one key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.intake import views
from services.intake.api.persons import found_people
from services.intake.desk import RECIPIENTS, FormProblem, field_of, report_of, why_of
from services.intake.domain.case_commands import AddTask
from services.intake.domain.identity import DISTRICTS
from services.intake.domain.lexicon import NEEDS
from services.intake.taking import preview, take
from shared.clock import SHANGHAI, local_day
from shared.http import Invalid
from shared.kernel import Rejected
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/intake", include_in_schema=False)
Operator = Annotated[Page, Depends(page_for("operator", "caseworker"))]
# When a caller can be asked to wait until: code -> how long; None is the next morning.
CALL_BACKS: Mapping[str, timedelta | None] = {
    "15_minutes": timedelta(minutes=15), "1_hour": timedelta(hours=1), "3_hours": timedelta(hours=3), "tomorrow": None
}  # fmt: skip
_MORNING = time(9)
_MINE_MAX = 30


async def _desk(page: Page, status: int = 200, **values: Any) -> Response:
    """The desk with whatever is known so far; a fresh form has a reference of its own, so that two clicks save once."""
    form = dict(values.pop("form", {}))
    form.setdefault("ref", page.door.new_id())
    form.setdefault("received_at", page.door.now.astimezone(SHANGHAI).isoformat())
    return page.show(
        "intake/desk.html", status=status, form=form, need_codes=tuple(NEEDS), districts=DISTRICTS, recipients=RECIPIENTS,
        call_backs=tuple(CALL_BACKS), **await _mine(page), **{"needs": [], "wrong": [], "checked": None, "people": None, **values},
    )  # fmt: skip


async def _mine(page: Page) -> dict[str, Any]:
    """Whom I promised to call, what else waits for my hand, and which clocks run on my cases."""
    me = page.door.principal.id
    return {
        "waiting": sum(row["open"] for row in await views.task_counts(page.door, {"operator": me}, page.door.now)),
        "clocks": await views.open_clocks(page.door, me, _MINE_MAX), "promised": await views.call_backs(page.door, me, _MINE_MAX),
        "now": page.door.now,
    }  # fmt: skip


@router.get("/desk")
async def desk(page: Operator) -> Response:
    """The empty form, my promised calls, clocks and tasks beside it."""
    return await _desk(page, saved=page.request.query_params.get("saved"))


@router.get("/desk/mine")
async def mine(page: Operator) -> Response:
    """My call-backs and clocks alone, for the page to renew."""
    return page.show("intake/mine.html", **await _mine(page))


@router.post("/desk/judged")
async def judged(page: Operator) -> Response:
    """What we understand of a form that is still being typed; fields that are not right yet are left out, nothing is stored."""
    form = await page.form()
    needs = page.form_list("needs")
    return page.show("intake/judged.html", checked=await _understood(page, form, needs))


async def _understood(page: Page, form: Mapping[str, str], needs: list[str]) -> dict[str, Any] | None:
    """None where nothing can be said yet."""
    today = local_day(page.door.now)
    try:
        body = report_of(form, needs, today)
    except FormProblem as problem:
        unready = {name for name, _ in problem.wrong}
        if "narrative" in unready:
            return None
        try:
            body = report_of({name: value for name, value in form.items() if name not in unready}, needs, today)
        except FormProblem:
            return None
    try:
        return await preview(page.door, body)
    except Invalid:
        return None


@router.post("/desk")
async def use_desk(page: Operator) -> Response:
    """Search, check, or save: the button says which; without one (Ctrl+Enter) it is saved."""
    form = await page.form()
    needs = page.form_list("needs")
    act = form.get("act", "save")
    if act == "search":
        return await _search(page, form, needs)
    try:
        body = report_of(form, needs, local_day(page.door.now))
        if act == "check":
            return await _desk(page, form=form, needs=needs, checked=await preview(page.door, body))
        answered, _ = await take(page.door, body, similar=True, task=_promised(page, form))
    except FormProblem as problem:
        return await _desk(page, 422, form=form, needs=needs, wrong=[_said(page, name, why) for name, why in problem.wrong])
    except Invalid as fault:
        return await _desk(page, 422, form=form, needs=needs, wrong=[_said(page, field_of(fault.pointer), why_of(fault))])
    except Rejected as no:
        return await _desk(page, 409, form=form, needs=needs, wrong=[("narrative", page.t(f"intake.refused.{no.code}"))])
    return page.back(f"/intake/desk?saved={answered['case_id']}")


def _promised(page: Page, form: Mapping[str, str]) -> AddTask | None:
    """The call that was promised, as a task with its time; the form's reference makes two clicks one task."""
    when, door = form.get("call_back", ""), page.door
    if when not in CALL_BACKS:
        return None
    task_id = door.named_id("task", "call_back", form.get("ref") or door.new_id())
    return AddTask(task_id, "call_back", door.now, call_back_at(when, door.now))


def call_back_at(when: str, now: datetime) -> datetime:
    """The moment a code of `CALL_BACKS` means from now."""
    pause = CALL_BACKS[when]
    if pause is not None:
        return now + pause
    return datetime.combine(local_day(now) + timedelta(days=1), _MORNING, SHANGHAI)


def _said(page: Page, name: str, why: str) -> tuple[str, str]:
    """A field of the desk and the sentence that names it and its rule."""
    label = {"income_yuan": "income", "self_paid_yuan": "self_paid", "residence_code": "district", "hukou_code": "district"}.get(name, name)
    return name, page.t(f"intake.wrong.{why}", field=page.t(f"intake.field.{label}"))


async def _search(page: Page, form: Mapping[str, str], needs: list[str]) -> Response:
    """By telephone or identity number, whichever the digits look like; what was typed fills the form."""
    wanted = form.get("q", "").strip()
    if not wanted:
        return await _desk(page, 422, form=form, needs=needs, wrong=[("q", page.t("intake.wrong.q"))])
    people = await found_people(page.door, wanted, wanted, None, reason="desk")
    name = "id_number" if len(wanted.replace(" ", "")) >= 15 else "phone"
    filled = {**form, name: form.get(name) or wanted}
    return await _desk(page, form=filled, needs=needs, people=people)
