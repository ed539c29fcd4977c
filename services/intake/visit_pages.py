"""The page for whoever visits families: who waits, and a form that is filled in at the door, with or without a signal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from services.intake import views
from services.intake.desk import TooLong, between, fen_of, text_in
from services.intake.domain import case_commands as ask
from services.intake.domain.case_decisions import CaseIsUnknown
from services.intake.papers import PAPER_BYTES_MAX, paper_of
from services.intake.showing import known_case
from shared.asked import FIRST_DAY
from shared.clock import SHANGHAI
from shared.http import Invalid, NotFound
from shared.kernel import Rejected
from shared.service import To
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/intake", include_in_schema=False)
Worker = Annotated[Page, Depends(page_for("operator", "caseworker", "gov", "admin"))]
OUTCOMES = ("seen", "family", "not_home", "wrong_address")
_NOTE_MAX, _REF_MAX = 20_000, 64
_AHEAD = timedelta(minutes=5)


async def _shown(page: Page, status: int = 200, **values: Any) -> Response:
    clocks = await views.open_clocks(page.door, None, 100)
    return page.show(
        "intake/visits.html", status=status, clocks=clocks, now=page.door.now, outcomes=OUTCOMES, cases=await _cases(page),
        ref=page.door.new_id(), who=page.door.named_id("visits-of", page.door.principal.id), **{"wrong": [], "form": {}, "done": "", **values},
    )  # fmt: skip


async def _cases(page: Page) -> list[dict[str, Any]]:
    """Cases that can be visited, those whose clock ends first before the others; no personal data."""
    return await views.living_cases(page.door, 200)


@router.get("/visits")
async def visits(page: Worker) -> Response:
    """Who waits for a call or a visit, the first clock first, and the form of a visit."""
    done = page.request.query_params.get("done", "")
    return await _shown(page, done=done if len(done) <= _REF_MAX else "")


@router.post("/visits")
async def record_visit(page: Worker) -> Response:
    """One visit as one unit: seen, verified, facts, note, photograph; sent again it is the same. Scripts are answered in JSON."""
    form = await page.form()
    try:
        case_id, commands = await _commands(page, form)
        await page.request.close()  # the photograph was read: its spooled file goes
        await page.door.execute(*commands)
    except (NotFound, CaseIsUnknown):
        return await _refused(page, 404, "case", page.t("intake.visit.wrong_case"), form)
    except TooLong as long:
        return await _refused(page, 422, long.field, page.t("intake.wrong.too_long", most=f"{long.most:,}"), form)
    except Invalid as fault:
        name = fault.pointer.strip("/")
        return await _refused(page, 422, name, page.t(f"intake.visit.{_WRONG.get(name, 'wrong_fact')}"), form)
    except Rejected as no:
        return await _refused(page, 409, "", page.t(f"intake.refused.{no.code}"), form)
    if _by_script(page):
        return JSONResponse({"case_id": case_id})
    return page.back(f"/intake/visits?done={case_id}")


_WRONG = {"case": "wrong_case", "outcome": "wrong_outcome", "content": "wrong_photo", "photo": "wrong_photo", "happened_at": "wrong_when"}


def _by_script(page: Page) -> bool:
    return page.request.headers.get("accept", "") == "application/json"


async def _refused(page: Page, status: int, name: str, sentence: str, form: Mapping[str, str]) -> Response:
    """What is wrong, and nothing that was typed is lost: on the page in its fields, with a script on the telephone."""
    await page.request.close()
    if _by_script(page):
        return JSONResponse({"field": name, "sentence": sentence}, status)
    return await _shown(page, status, wrong=[("photo" if name == "content" else name, sentence)], form=form)


async def _commands(page: Page, form: Mapping[str, str]) -> tuple[str, list[To]]:
    """The case and what is to be recorded of it; raises `Invalid`, `TooLong` and `NotFound`."""
    door, case_id = page.door, form.get("case", "").strip()
    if not 0 < len(case_id) <= _REF_MAX:
        raise NotFound("case")
    if form.get("outcome") not in OUTCOMES:
        raise Invalid("/outcome", "is not one of the outcomes")
    _, report = await known_case(door, case_id)
    at, late = _happened(page, form)
    ref = form.get("ref", "")[:_REF_MAX] or door.new_id()
    note = text_in(form, "note", _NOTE_MAX) or None
    commands: list[Any] = [ask.RecordVisit(door.named_id("visit", case_id, ref), at, form["outcome"], note)]
    if form.get("verified") and form["outcome"] in ("seen", "family"):
        commands.append(ask.VerifyCase(at, "visit"))
    facts = _facts(form)
    if facts:
        edit_id, when = door.named_id("visit-edit", case_id, ref), at if late else None
        commands.append(ask.ChangeFacts(door.now, facts, "visit", author=door.principal.id, edit_id=edit_id, happened_at=when))
    addressed = [To("case", case_id, command) for command in commands]
    photo = page.form_file("photo")
    if photo is not None:
        data = await photo.read(PAPER_BYTES_MAX + 1)
        addressed += paper_of(door, case_id, report.person_id, "visit", data, at)[1]
    return case_id, addressed


def _happened(page: Page, form: Mapping[str, str]) -> tuple[datetime, bool]:
    """When the visit was, and whether that was told later: the telephone says when it kept it."""
    now, said = page.door.now, form.get("happened_at", "").strip()
    if not said:
        return now, False
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise Invalid("/happened_at", "is no instant") from None
    if at.tzinfo is None or not datetime(FIRST_DAY.year, 1, 2, tzinfo=SHANGHAI) <= at <= now + _AHEAD:
        raise Invalid("/happened_at", "must be an instant that is past")
    return min(at, now), True


def _facts(form: Mapping[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, key, read in (
        ("income_yuan", "monthly_income_fen", fen_of),
        ("household_size", "household_size", lambda text: between(text, 1, 60)),
    ):
        text = form.get(name, "").strip()
        if text:
            try:
                facts[key] = read(text)
            except ValueError:
                raise Invalid(f"/{name}", "is not a number that can be") from None
    return facts
