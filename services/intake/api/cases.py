"""The door for casework: lists, one case, its history and tasks, and every step of its life."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.intake import views
from services.intake.api.history import changes
from services.intake.asked import (
    CloseIn,
    ContactMadeIn,
    EditIn,
    FactsIn,
    NeedCode,
    NeedsIn,
    NoteIn,
    ReasonIn,
    TaskIn,
    TransferIn,
    Urgency,
    VerifyIn,
    VisitIn,
)  # fmt: skip
from services.intake.casework_showing import shown_clocks
from services.intake.clockwork import rules_now
from services.intake.domain import case_commands as ask
from services.intake.domain.case_decisions import BY_DEED, CaseIsUnknown
from services.intake.domain.consent import WithdrawConsent
from services.intake.domain.edits import conflicts
from services.intake.domain.identity import DISTRICTS
from services.intake.domain.person import Person
from services.intake.oneness import one_person
from services.intake.showing import SEES_CASES, SEES_PERSONS, known_case, may_open, may_see_persons, record_look, shown_case
from shared.asked import Instant
from shared.errors import NotNow
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/intake/v1/cases", tags=["cases"])
tasks_router = APIRouter(prefix="/intake/v1", tags=["cases"])
Reader = Annotated[Door, Depends(door_for(*SEES_CASES))]
Worker = Annotated[Door, Depends(door_for(*SEES_PERSONS))]
AtLeast = Annotated[int | None, Query(ge=1)]
_AHEAD = timedelta(minutes=5)  # how far a telephone's clock may be ahead of ours


@router.get("")
async def list_cases(
    door: Annotated[Door, Depends(door_for(*SEES_PERSONS, "auditor"))], status: str | None = None, district: str | None = None,
    urgency: Urgency | None = None, need: NeedCode | None = None, overdue: bool | None = None, person_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50, cursor: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Cases, newest first, by status, district, urgency, need, overdue (any clock that ran out), person (all their ids); no personal data."""
    filters: dict[str, Any] = {"status": status, "district": district, "urgency": urgency, "need": need, "overdue": overdue}
    filters["person_ids"] = await one_person(door, person_id) if person_id is not None else None
    return dict(await views.case_page(door, filters, limit=limit, cursor=cursor))


@tasks_router.get("/tasks")
async def list_tasks(
    door: Annotated[Door, Depends(door_for(*SEES_PERSONS, "auditor"))], kind: Annotated[str | None, Query(max_length=40)] = None,
    district: Annotated[str | None, Query(max_length=9)] = None, operator: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:  # fmt: skip
    """Open tasks over all cases, late ones first, then the most urgent, by kind, district and operator of the case; codes, no texts."""
    filters = {"kind": kind, "district": district[:6] if district else None, "operator": operator}
    return {
        "items": await views.open_tasks(door, filters, limit),
        "counts": await views.task_counts(door, {**filters, "kind": None}, door.now),
    }


@router.get("/{case_id}")
async def one_case(case_id: str, door: Reader, as_of: Instant | None = None, at_least: AtLeast = None) -> dict[str, Any]:
    """One case, now or as it was; personal data in full only for those who may and say why (X-Access-Reason)."""
    shown = await shown_case(door, case_id, as_of=as_of)
    if at_least is not None and shown["version"] < at_least:
        raise NotNow("this version is not known here yet")
    shown["consents"] = await views.consents_of_case(door, case_id) if as_of is None else []
    return shown


@router.get("/{case_id}/history")
async def history(case_id: str, door: Reader) -> dict[str, Any]:
    """Every change with from, to, author and time."""
    _, report = await known_case(door, case_id)
    person: Person = await door.state("person", report.person_id)
    full = may_see_persons(door) and person.status != "restricted"
    if full:
        await record_look(door, "history", persons=(report.person_id,), cases=(case_id,))
    return {"items": changes(await door.history("case", case_id), full=full), "next": None}


@router.get("/{case_id}/tasks")
async def tasks(case_id: str, door: Reader) -> dict[str, Any]:
    """What is to be done, the first contact first; what somebody wrote there only with a reason."""
    state, report = await known_case(door, case_id)
    rows = await views.tasks_of_case(door, case_id)
    if not any(row["text"] for row in rows) or not await may_open(door, report.person_id):
        rows = [{**row, "text": None} for row in rows]
    else:
        await record_look(door, "tasks", persons=(report.person_id,), cases=(case_id,))
    late = [row["done_at"] is None and row["due_at"] is not None and row["due_at"] < door.now for row in rows]
    items = [{**row, "overdue": overdue} for row, overdue in zip(rows, late, strict=True)]
    return {"items": items, "next": None, "clocks": shown_clocks(state, door.now)}


def happened(door: Door, at: datetime | None, field: str = "at") -> datetime:
    """When something happened, now where that is not said; raises `Invalid` for what is still to come."""
    if at is not None and at > door.now + _AHEAD:
        raise Invalid(f"/{field}", "must not lie in the future")
    return min(at, door.now) if at is not None else door.now


async def obeyed(door: Door, case_id: str, *commands: Any, more: tuple[To, ...] = ()) -> dict[str, Any]:
    try:
        done = await door.execute(*[To("case", case_id, command) for command in commands], *more)
    except CaseIsUnknown as unknown:
        raise NotFound("case") from unknown
    said = {"case_id": case_id, "version": done.version, "status": done.state.status}
    differing = sorted(conflicts(done.state.fields))
    return {**said, "conflicts": differing} if differing else said


def in_the_city(district: str | None) -> None:
    """Raises `Invalid` for a district in which nobody works for us."""
    if district is not None and district[:6] not in DISTRICTS:
        raise Invalid("/to_district", "is no district of Guangzhou")


@router.post("/{case_id}/first-contact")
async def first_contact(case_id: str, body: ContactMadeIn, door: Worker) -> dict[str, Any]:
    """Somebody of ours spoke with the person: the clock stops."""
    return await obeyed(door, case_id, ask.RecordFirstContact(happened(door, body.at), body.how))


@router.post("/{case_id}/verify")
async def verify(case_id: str, door: Worker, body: VerifyIn | None = None) -> dict[str, Any]:
    """Somebody has made sure of it (visit, documents, telephone, data, community): the case can be helped."""
    said = body or VerifyIn()
    return await obeyed(door, case_id, ask.VerifyCase(happened(door, said.at), said.method))


@router.post("/{case_id}/visits", status_code=201)
async def visit(case_id: str, body: VisitIn, door: Worker) -> dict[str, Any]:
    """Somebody went there: whom they met, and what they saw, in words that are sealed; sent again it is the same visit."""
    visit_id = door.new_id()
    done = await obeyed(door, case_id, ask.RecordVisit(visit_id, happened(door, body.at), body.outcome, body.note))
    return {**done, "visit_id": visit_id}


@router.post("/{case_id}/notes", status_code=201)
async def note(case_id: str, body: NoteIn, door: Worker) -> dict[str, Any]:
    """A note for those who work on the case, sealed under its person."""
    note_id = door.new_id()
    done = await obeyed(door, case_id, ask.AddNote(note_id, happened(door, body.at), body.text))
    return {**done, "note_id": note_id}


def edit_of(door: Door, body: EditIn) -> dict[str, Any]:
    """Whose word this is, and what they knew when they said it."""
    at = happened(door, body.happened_at, "happened_at") if body.happened_at is not None else None
    return {"author": door.principal.id, "edit_id": door.new_id(), "happened_at": at, "base": body.base_version}


@router.post("/{case_id}/needs")
async def needs(case_id: str, body: NeedsIn, door: Worker) -> dict[str, Any]:
    """Needs added and removed; said off line or on an older view, a difference with somebody else stays to be seen."""
    change = ask.ChangeNeeds(door.now, tuple(body.add), tuple(body.remove), **edit_of(door, body))
    return await obeyed(door, case_id, change)


@router.post("/{case_id}/facts")
async def facts(case_id: str, body: FactsIn, door: Worker) -> dict[str, Any]:
    """What was learnt later, with its source; the case is assessed anew."""
    change = ask.ChangeFacts(door.now, body.facts, body.source, body.residence_code, body.hukou_code, **edit_of(door, body))
    return await obeyed(door, case_id, change)


@router.post("/{case_id}/tasks", status_code=201)
async def add_task(case_id: str, body: TaskIn, door: Worker) -> dict[str, Any]:
    """Something to be done by a moment; its kind and reasons are codes, its text is sealed."""
    if body.kind in BY_DEED:
        raise Invalid("/kind", "is for tasks that end by a deed of their own")
    task_id = door.new_id()
    done = await obeyed(door, case_id, ask.AddTask(task_id, body.kind, door.now, body.due_at, tuple(body.why), body.text))
    return {**done, "task_id": task_id}


@router.post("/{case_id}/tasks/{task_id}/finish")
async def finish_task(case_id: str, task_id: str, door: Worker) -> dict[str, Any]:
    """Done. A task that ends by a deed of its own (a review, an answer) is refused here."""
    if task_id == f"{case_id}:first_contact":
        return await obeyed(door, case_id, ask.RecordFirstContact(door.now, "phone"))
    return await obeyed(door, case_id, ask.FinishTask(task_id, door.now))


@router.post("/{case_id}/transfer")
async def transfer(case_id: str, body: TransferIn, door: Worker) -> dict[str, Any]:
    """The case goes to another organisation or district at once; they have to sign for it. To ask first, see hand-overs."""
    in_the_city(body.to_district)
    return await obeyed(door, case_id, ask.TransferCase(door.now, body.reason, body.to_org, body.to_district, await rules_now(door.room)))


@router.post("/{case_id}/close")
async def close(case_id: str, body: CloseIn, door: Worker) -> dict[str, Any]:
    """The case ends with a reason; not while somebody is still helping."""
    return await obeyed(door, case_id, ask.CloseCase(door.now, body.reason))


@router.post("/{case_id}/reopen")
async def reopen(case_id: str, door: Worker, body: ReasonIn | None = None) -> dict[str, Any]:
    """A closed case goes on, with the time for help anew."""
    return await obeyed(door, case_id, ask.ReopenCase(door.now, (body or ReasonIn()).reason, await rules_now(door.room)))


@router.post("/{case_id}/withdraw")
async def withdraw(case_id: str, door: Worker, body: ReasonIn | None = None) -> dict[str, Any]:
    """The person wants no more of it: the case ends and every consent given for it is withdrawn in the same unit."""
    given = await views.consents_of_case(door, case_id)
    ended = tuple(
        [To("consent", row["consent_id"], WithdrawConsent(door.now, "case_withdrawn")) for row in given if row["withdrawn_at"] is None]
    )
    return await obeyed(door, case_id, ask.WithdrawCase(door.now, (body or ReasonIn()).reason), more=ended)


@router.get("/{case_id}/payouts")
async def payouts(case_id: str, door: Reader) -> dict[str, Any]:
    """What was paid or handed out for this case, newest state of each."""
    await known_case(door, case_id)
    return {"items": await views.payouts_of_case(door, case_id), "next": None}
