"""Pages about people: one person under all their ids, who may be the same, what is learnt later; and for auditors who looked at whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.responses import Response

from services.intake import views
from services.intake.api.links import judged, suggested, undone
from services.intake.api.looks import looked
from services.intake.api.persons import claimed, shown_person
from services.intake.asked_persons import ClaimsIn, UndoIn
from services.intake.domain.consent import ReviewEmergency
from services.intake.domain.household import ROLES
from services.intake.household_steps import STEPS, homes, household_step
from services.intake.oneness import links_of
from shared.http import Invalid, NotFound
from shared.kernel import Rejected
from shared.service import To
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/intake", include_in_schema=False)
Worker = Annotated[Page, Depends(page_for("operator", "caseworker", "gov", "admin"))]
Auditor = Annotated[Page, Depends(page_for("auditor", "admin"))]
_CLAIMS = ("name", "phone", "id_number", "birth_date", "residence_code", "hukou_code", "address", "mailing_address")
_SHOWN = ("name", "phone", "id_type", "id_number", "birth_date", "sex", "address", "mailing_address", "account_bank", "account_number")
_LOOKS = 50


async def _person(page: Page, person_id: str, status: int = 200, **values: Any) -> Response:
    person = await shown_person(page.door, person_id)
    alike = await suggested(page.door, person_id) if person["status"] == "known" else []
    pairs = await links_of(page.door, (person_id, *person["linked"]))
    return page.show(
        "intake/person.html", status=status, person=person, alike=alike, pairs=pairs, fields=_SHOWN, ref=page.door.new_id(),
        homes=await homes(page.door, person["households"]), roles=ROLES,
        **{"wrong": [], "form": {}, "done": "", **values},
    )  # fmt: skip


@router.get("/persons/{person_id}")
async def person(person_id: str, page: Worker) -> Response:
    """One person: cases, household, who may be the same, where they lived; masked until a reason is given."""
    return await _person(page, person_id, done=page.request.query_params.get("done", ""))


@router.post("/persons/{person_id}")
async def work_on_person(person_id: str, page: Worker) -> Response:
    """A look at what is masked (with a reason, recorded), a verdict about two, an undo, the household, or what was learnt later."""
    form = await page.form()
    act, door = form.get("act", ""), page.door
    if act == "look":
        door.reason = form.get("reason", "").strip() or None
        wrong = [] if door.reason else [("reason", page.t("intake.wrong.reason"))]
        return await _person(page, person_id, 422 if wrong else 200, wrong=wrong)
    try:
        await _act(page, person_id, act, form)
    except ValidationError as fault:
        names = [str(e["loc"][-1]) if e["loc"] else "" for e in fault.errors(include_input=False, include_url=False)]
        return await _person(page, person_id, 422, form=form, wrong=[_wrong(page, name) for name in dict.fromkeys(names)])
    except Invalid as fault:
        return await _person(page, person_id, 422, form=form, wrong=[_wrong(page, fault.pointer.rpartition("/")[2])])
    except Rejected as no:
        return await _person(page, person_id, 409, wrong=[("", page.t(f"intake.refused.{no.code}"))])
    case = form.get("case", "")
    return page.back(f"/intake/cases/{case}?done=claims" if case else f"/intake/persons/{person_id}?done={act}")


def _wrong(page: Page, name: str) -> tuple[str, str]:
    """The field and a sentence that names it; nothing that was typed."""
    if name in ("who", "others", "role"):
        return name, page.t(f"intake.home.wrong_{name}")
    key = {"bank": "account_bank", "number": "account_number", "account": "account_number"}.get(name, name)
    if key not in (*_CLAIMS, "account_bank", "account_number"):
        return "phone", page.t("intake.person.nothing")
    return key, page.t("intake.wrong.wrong", field=page.t(f"intake.field.{key}"))


async def _act(page: Page, person_id: str, act: str, form: Mapping[str, str]) -> None:
    if act in STEPS:
        await household_step(page, person_id, act, form)
        return
    match act:
        case "same" | "different":
            await judged(page.door, person_id, form.get("other", ""), act, "looked")
        case "undo":
            await undone(page.door, person_id, form.get("link", ""), UndoIn())
        case "claims":
            await claimed(
                page.door, person_id, _claims(form), page.door.named_id("claims", person_id, form.get("ref") or page.door.new_id())
            )
        case _:
            raise NotFound("step")


def _claims(form: Mapping[str, str]) -> ClaimsIn:
    """Raises `ValidationError`."""
    said: dict[str, Any] = {name: text for name in _CLAIMS if (text := form.get(name, "").strip())}
    account = {"bank": form.get("account_bank", "").strip(), "number": form.get("account_number", "").strip()}
    if any(account.values()):
        said["account"] = {name: text for name, text in account.items() if text}
    return ClaimsIn.model_validate({**said, "source": "caseworker"})


@router.get("/looks")
async def looks(page: Auditor) -> Response:
    """Who looked at whose data, when and why; and what was shared without asking, as long as nobody has reviewed it."""
    return await _looks(page)


async def _looks(page: Page, status: int = 200, wrong: list[tuple[str, str]] | None = None) -> Response:
    query = page.request.query_params
    filters = {name: query.get(name, "").strip() for name in ("actor", "person_id", "case_id")}
    found = await looked(page.door, filters, _LOOKS, query.get("cursor"))
    waiting = await views.emergency_page(page.door, reviewed=False, limit=_LOOKS, cursor=None)
    asked = "&".join(f"{name}={value}" for name, value in filters.items() if value)
    return page.show(
        "intake/looks.html", status=status, filters=filters, looks=found["items"], next=found["next"], waiting=waiting["items"],
        path=f"/intake/looks?{asked}" if asked else "/intake/looks", wrong=wrong or [], done=query.get("done"),
    )  # fmt: skip


@router.post("/looks")
async def review(page: Auditor) -> Response:
    """The second pair of eyes over what was shared in an emergency."""
    form = await page.form()
    if form.get("act") not in ("uphold", "end"):  # what saves a life does not end by a form that says nothing
        return await _looks(page, 422, [("", page.t("intake.wrong.step"))])
    command = ReviewEmergency(form["act"] == "uphold", page.door.principal.id, page.door.now)
    try:
        await page.door.execute(To("consent", form.get("consent", ""), command))
    except Rejected as no:
        return await _looks(page, 409, [("", page.t(f"intake.refused.{no.code}"))])
    return page.back("/intake/looks?done=review")
