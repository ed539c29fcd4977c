"""The door for casework that has states of its own: signing, needs as units, hand-overs, grievances, help before papers, conflicts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.intake import views
from services.intake.api.cases import Reader, Worker, edit_of, happened, in_the_city, obeyed
from services.intake.asked import NeedCode, PlaceCode
from services.intake.asked_casework import (
    GrievanceAnswerIn,
    GrievanceIn,
    HandOverAnswerIn,
    HandOverIn,
    NeedIn,
    PaperIn,
    ReachIn,
    ResolveIn,
)
from services.intake.clockwork import rules_now
from services.intake.domain import case_commands as ask
from services.intake.domain import casework as w
from services.intake.domain.case import Case, CaseClosed
from services.intake.domain.edit_decisions import FACT
from services.intake.domain.facts import wrong_fact
from services.intake.domain.identity import number_of
from services.intake.papers import keep_paper, read_paper
from services.intake.showing import ABOVE, SEES_PERSONS, known_case
from shared.http import Door, Forbidden, Invalid, NotFound, door_for

router = APIRouter(prefix="/intake/v1/cases", tags=["casework"])
asked_router = APIRouter(prefix="/intake/v1", tags=["casework"])
Receiver = Annotated[Door, Depends(door_for(*SEES_PERSONS, "charity"))]
Superior = Annotated[Door, Depends(door_for(*ABOVE))]


@router.post("/{case_id}/sign")
async def sign(case_id: str, door: Worker) -> dict[str, Any]:
    """Somebody of the side that has the case says that it is theirs; the clock of signing stops."""
    return await obeyed(door, case_id, w.SignCase(door.now))


@router.post("/{case_id}/needs/{need}")
async def set_need(case_id: str, need: NeedCode, body: NeedIn, door: Worker) -> dict[str, Any]:
    """One need as a unit: how pressing it is, and what became of it; when all are settled a person is asked to close."""
    return await obeyed(door, case_id, w.SetNeed(need, door.principal.id, door.now, body.priority, body.outcome))


def ringable(phone: str) -> str:
    """The number in its one spelling; raises `Invalid` for one that nobody can ring."""
    number = number_of(phone)
    if number is None:
        raise Invalid("/phone", "no number that can be rung")
    return number


@router.post("/{case_id}/contact-details")
async def reach(case_id: str, body: ReachIn, door: Worker) -> dict[str, Any]:
    """Where and how the person is reached from now on, for the case and for the person."""
    said = body.model_dump(include={"phone", "address", "contact_by", "language"}, exclude_none=True)
    if body.phone is not None:
        said["phone"] = ringable(body.phone)
    return await obeyed(door, case_id, ask.ChangeFacts(door.now, {}, "caseworker", reach=said, **edit_of(door, body)))


@router.post("/{case_id}/conflicts/{field}/resolve")
async def resolve(case_id: str, field: str, body: ResolveIn, door: Worker) -> dict[str, Any]:
    """A person says which of the values holds; both stay in the history with their authors."""
    if "value" not in body.model_fields_set and body.edit_id is None:
        raise Invalid("/edit_id", "the edit whose value holds, or a value, is needed")
    rule = (
        wrong_fact(field.removeprefix(FACT), body.value)
        if body.edit_id is None and field.startswith(FACT) and body.value is not None
        else None
    )
    if rule is not None:
        raise Invalid("/value", rule)
    command = ask.ResolveConflict(field, door.now, door.principal.id, door.new_id(), body.edit_id, body.value)
    return await obeyed(door, case_id, command)


@router.post("/{case_id}/hand-overs", status_code=201)
async def ask_hand_over(case_id: str, body: HandOverIn, door: Worker) -> dict[str, Any]:
    """Ask another organisation or district to take the case over; it stays here until they accept."""
    in_the_city(body.to_district)
    request_id = door.new_id()
    rules = await rules_now(door.room)
    asked = w.AskHandOver(request_id, body.reason, body.to_org, body.to_district, rules, door.now)
    return {**await obeyed(door, case_id, asked), "request_id": request_id}


@asked_router.get("/hand-overs")
async def hand_overs(
    door: Receiver, district: PlaceCode | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100, cursor: str | None = None
) -> dict[str, Any]:
    """Requests to take a case over that nobody has answered, newest first; an organisation finds those to itself.

    Codes and instants only: whose case it is can be read once it has been taken, and with a consent to be referred.
    """
    org = None if door.may(*SEES_PERSONS) else door.principal.org or ""
    page = await views.hand_overs(door, org, district, limit, cursor)
    rows = page["items"]
    states: dict[str, Case] = await door.states("case", {row["case_id"] for row in rows})
    waiting = [(row, states[row["case_id"]], one) for row in rows for one in states[row["case_id"]].work.hand_overs if not one.answer]
    asked = [
        (row, state, one)
        for row, state, one in waiting
        if (org is None or one.to_org == org) and (district is None or (one.to_district or "").startswith(district))
    ]
    return {
        "items": [
            {
                "request_id": one.request_id, "case_id": row["case_id"], "to_org": one.to_org, "to_district": one.to_district,
                "reason": one.reason, "urgency": state.urgency, "district": state.district, "asked_at": row["added_at"],
                "answer_by": row["due_at"],
            }
            for row, state, one in asked
        ],
        "next": page["next"],
    }  # fmt: skip


@router.post("/{case_id}/hand-overs/{request_id}/accept")
async def accept_hand_over(case_id: str, request_id: str, door: Receiver, body: HandOverAnswerIn | None = None) -> dict[str, Any]:
    """The receiving side takes the case: it moves, and those who asked know."""
    await receives(door, case_id, request_id)
    return await obeyed(door, case_id, w.AnswerHandOver(request_id, True, (body or HandOverAnswerIn()).reason, door.now))


@router.post("/{case_id}/hand-overs/{request_id}/decline")
async def decline_hand_over(case_id: str, request_id: str, door: Receiver, body: HandOverAnswerIn) -> dict[str, Any]:
    """The receiving side says no, and why; the case stays where it is."""
    await receives(door, case_id, request_id)
    return await obeyed(door, case_id, w.AnswerHandOver(request_id, False, body.reason, door.now))


async def receives(door: Door, case_id: str, request_id: str) -> None:
    """An organisation answers only what it was asked itself, and knows of nothing else."""
    if door.may(*SEES_PERSONS):
        await refuse_own(door, case_id, w.HandOverAsked, request_id, "somebody else has to answer what you asked for")
        return
    state = await door.state("case", case_id)
    asked = next((one for one in state.work.hand_overs if one.request_id == request_id), None)
    if asked is None or not door.principal.org or asked.to_org != door.principal.org:
        raise NotFound("request")


@router.post("/{case_id}/reporter/erasure")
async def forget_reporter(case_id: str, door: Superior) -> dict[str, Any]:
    """The name and number of whoever told it can never be read again; the case and its person stay as they are."""
    answered = await obeyed(door, case_id, ask.ForgetReporter(door.now))
    _, report = await known_case(door, case_id)
    await door.shred(report.reporter_id)  # after it is durable; a crash before this leaves it to the effect beside the event
    return {**answered, "reporter": None}


@router.post("/{case_id}/grievances", status_code=201)
async def raise_grievance(case_id: str, body: GrievanceIn, door: Worker) -> dict[str, Any]:
    """The person does not accept a decision, or the answer to an earlier grievance; a clock of its own starts."""
    grievance_id = door.new_id()
    rules = await rules_now(door.room)
    raised = w.RaiseGrievance(grievance_id, body.decision, body.reference or case_id, rules, door.now, body.text, body.appeal_of)
    return {**await obeyed(door, case_id, raised), "grievance_id": grievance_id}


@router.post("/{case_id}/grievances/{grievance_id}/answer")
async def answer_grievance(case_id: str, grievance_id: str, body: GrievanceAnswerIn, door: Superior) -> dict[str, Any]:
    """Upheld, partly or rejected, by somebody above those who decided; a closing that falls opens the case again."""
    await _not_the_decider(door, case_id, grievance_id)
    rules = await rules_now(door.room)
    return await obeyed(door, case_id, w.AnswerGrievance(grievance_id, body.outcome, door.now, rules, body.text))


async def _not_the_decider(door: Door, case_id: str, grievance_id: str) -> None:
    """Nobody answers a grievance about a closing of their own, or an appeal against their own answer."""
    raised = next((one for one in (await door.state("case", case_id)).work.grievances if one.grievance_id == grievance_id), None)
    if raised is None:
        return
    why = "somebody else has to answer a grievance about your own decision"
    if raised.appeal_of:
        await refuse_own(door, case_id, w.GrievanceAnswered, raised.appeal_of, why)
    if raised.decision == "closing":
        await refuse_own(door, case_id, CaseClosed, "", why)


async def refuse_own(door: Door, case_id: str, event: type, key: str, why: str) -> None:
    """Raises `Forbidden` when the newest event of this kind (about this request or grievance) is the caller's own.

    Asked here and not decided in the case, because who did something stands with its event and not in the state that is folded from it.
    What could come between is another answer, and that is refused by the decision.
    """
    about = [
        e.actor
        for e in await door.history("case", case_id)
        if type(e.data) is event and (not key or key in (getattr(e.data, "request_id", ""), getattr(e.data, "grievance_id", "")))
    ]
    if about and about[-1] == door.principal.id:
        raise Forbidden(why)


@router.post("/{case_id}/provisional")
async def give_provisional_help(case_id: str, door: Worker) -> dict[str, Any]:
    """Help first, papers within ten working days; without them it lapses by itself. Urgent cases only."""
    return await obeyed(door, case_id, w.GiveProvisionalHelp(await rules_now(door.room), door.now))


@router.post("/{case_id}/provisional/papers")
async def complete_papers(case_id: str, door: Worker) -> dict[str, Any]:
    """The papers are complete: the help holds."""
    return await obeyed(door, case_id, w.CompletePapers(door.now))


@router.post("/{case_id}/papers", status_code=201)
async def add_paper(case_id: str, body: PaperIn, door: Worker) -> dict[str, Any]:
    """A photograph of a paper (JPEG, PNG, WebP or PDF), kept sealed; the same picture sent again is the same paper."""
    return await keep_paper(door, case_id, body.kind, body.content, happened(door, body.at))


@router.get("/{case_id}/papers/{paper_id}")
async def one_paper(case_id: str, paper_id: str, door: Reader) -> dict[str, Any]:
    """What is kept of a paper; the picture itself for those who may see the person and say why, and the look is recorded."""
    await known_case(door, case_id)
    return await read_paper(door, case_id, paper_id)
