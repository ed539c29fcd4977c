"""Intake's pages for people: a case, and a citizen's progress."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from services.intake import views
from services.intake.api.consents import who_may_agree
from services.intake.api.history import changes
from services.intake.asked import CloseIn, VerifyIn
from services.intake.case_steps import STEPS, case_step
from services.intake.casework_steps import REASONS, casework_step
from services.intake.clockwork import rules_now
from services.intake.consent_projections import NOTICE
from services.intake.desk import (
    PURPOSES,
    QUESTIONS,
    RECIPIENTS,
    FormProblem,
    TooLong,
    facts_of,
    field_of_fact,
    text_in,
    unanswered,
)
from services.intake.domain import case as c
from services.intake.domain import case_commands as ask
from services.intake.domain.case_decisions import PersonOfCaseIsErased
from services.intake.domain.casework import DECISIONS, OUTCOMES, PRIORITIES, GrievanceRaised, RaiseGrievance
from services.intake.domain.clocks import open_clocks
from services.intake.domain.consent import GiveConsent, WithdrawConsent
from services.intake.domain.facts import travelling
from services.intake.domain.identity import DISTRICTS
from services.intake.domain.lexicon import NEEDS
from services.intake.domain.person import Claims, Person
from services.intake.papers import read_paper
from services.intake.showing import ABOVE, first_contact_due, known_case, shown_case
from services.intake.tables import progress_try
from shared.clock import SHANGHAI, local_day
from shared.envelope import Envelope
from shared.http import Invalid
from shared.kernel import Rejected
from shared.service import Drop, Put, To
from shared.web.frame import Page, page_for

router = APIRouter(prefix="/intake", include_in_schema=False)
Worker = Annotated[Page, Depends(page_for("operator", "caseworker", "gov", "admin"))]
Citizen = Annotated[Page, Depends(page_for(public=True))]
_METHODS = VerifyIn.model_fields["method"].annotation
_PICTURES_MAX, _NOTE_MAX, _GRIEVANCE_MAX = 6, 20_000, 4000
_FIELDS = {"phone": "intake.field.phone", "to_district": "intake.work.to_district"}
_TRIES_MAX, _LOCKED = 10, timedelta(hours=1)
_CLOSINGS = CloseIn.model_fields["reason"].annotation


async def _case(page: Page, case_id: str, status: int = 200, **values: Any) -> Response:
    door = page.door
    as_of = _as_of(page)
    shown = await shown_case(door, case_id, as_of=as_of)
    tasks, consents = await views.tasks_of_case(door, case_id), await views.consents_of_case(door, case_id)
    asked = [key for task in tasks if task["kind"] == "information" and task["done_at"] is None for key in task["why"]]
    events = await door.history("case", case_id)
    return page.show(
        "intake/case.html", status=status, case=shown, now=door.now, tasks=tasks, consents=consents, need_codes=tuple(NEEDS),
        methods=getattr(_METHODS, "__args__", ()), closings=getattr(_CLOSINGS, "__args__", ()), questions=QUESTIONS,
        answers=_answers(page), missing=unanswered(asked, travelling(shown["facts"])), field_of_fact=field_of_fact, recipients=RECIPIENTS,
        agrees_to_all=_agrees_to_all(consents), ref=door.new_id(),
        history=changes(events, full=not shown["masked"]), said_in={} if shown["masked"] else _grievances(events), as_of=as_of,
        as_of_local=as_of.astimezone(SHANGHAI) if as_of else None, districts=DISTRICTS,
        outcomes=("open", *OUTCOMES), priorities=PRIORITIES, decisions=DECISIONS, reasons=REASONS,
        pictures=await _pictures(page, case_id, shown), asked=await views.consents_asked(door, case_id), above=door.may(*ABOVE),
        soon=door.now + NOTICE, **{"wrong": [], "form": {}, "chosen": {}, **values},
    )  # fmt: skip


def _grievances(events: Iterable[Envelope]) -> dict[str, str]:
    """What people said about a decision, by grievance; for whoever may read it and said why."""
    raised = (e.data for e in events if isinstance(e.data, GrievanceRaised))
    return {one.grievance_id: one.text for one in raised if isinstance(one.text, str)}


def _as_of(page: Page) -> datetime | None:
    """The instant of `?as_of=`, as a browser's field writes it; None where it is missing or no instant."""
    given = page.request.query_params.get("as_of", "")
    if page.request.method != "GET" or not given:
        return None
    try:
        at = datetime.fromisoformat(given)
        return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


async def _pictures(page: Page, case_id: str, shown: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The newest papers for whoever may see them and said why; the look was recorded."""
    if shown["masked"]:
        return []
    return [await read_paper(page.door, case_id, paper_id) for paper_id in shown["papers"][-_PICTURES_MAX:]]


def _answers(page: Page) -> dict[str, list[tuple[str, str]]]:
    """The words of the codes that may be chosen, by fact."""
    return {
        key: [(code, page.t(f"intake.option.{key}.{code}")) for code in question.codes]
        for key, question in QUESTIONS.items()
        if question.codes
    }


def _holding(consents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in consents if row["withdrawn_at"] is None]


def _agrees_to_all(consents: list[dict[str, Any]]) -> bool:
    """Whether there is nothing left that the text read aloud would ask for."""
    held = _holding(consents)
    return {p for row in held for p in row["purposes"]} >= set(PURPOSES) and {r for row in held for r in row["recipients"]} >= set(
        RECIPIENTS
    )


@router.get("/cases/{case_id}")
async def case(case_id: str, page: Worker) -> Response:
    """One case: needs, clocks, tasks, consents, casework and its history, masked until a reason is given."""
    return await _case(page, case_id, done=page.request.query_params.get("done"))


@router.post("/cases/{case_id}")
async def work_on_case(case_id: str, page: Worker) -> Response:
    """One step of casework, what was learnt, a consent, danger, or a look at what is masked (with a reason, recorded)."""
    form = await page.form()
    act, door = form.get("act", ""), page.door
    if act == "look":
        door.reason = form.get("reason", "").strip() or None
        wrong = [] if door.reason else [("reason", page.t("intake.wrong.reason"))]
        return await _case(page, case_id, 422 if wrong else 200, wrong=wrong)
    try:
        if act in STEPS:
            if wrong := await case_step(page, case_id, act, form):
                return await _case(page, case_id, 422, wrong=wrong, form=form)
            return page.back(f"/intake/cases/{case_id}?done={act}")
        commands = await _commands(page, case_id, act, form)
        if not commands:
            return await _case(page, case_id, 422, wrong=[(act, page.t("intake.wrong.step"))])
        await door.execute(*commands)
    except FormProblem as problem:
        chosen = {key: page.form_list(field_of_fact(key)) for key, question in QUESTIONS.items() if question.kind == "choices"}
        wrong = [_said_of_fact(page, name, why) for name, why in problem.wrong]
        return await _case(page, case_id, 422, wrong=wrong, form=form, chosen=chosen)
    except TooLong as long:
        return await _case(page, case_id, 422, wrong=[_too_long(page, long)], form=form)
    except Invalid as fault:
        name = fault.pointer.strip("/")
        return await _case(
            page, case_id, 422, wrong=[(name, page.t("intake.wrong.wrong", field=page.t(_FIELDS.get(name, "intake.case.work"))))], form=form
        )
    except Rejected as no:
        return await _case(page, case_id, 409, wrong=[("", page.t(f"intake.refused.{no.code}"))])
    return page.back(f"/intake/cases/{case_id}?done={act}")


async def _commands(page: Page, case_id: str, act: str, form: Mapping[str, str]) -> list[To]:
    """What a button stands for, as one unit; nothing when something it needs is missing. Raises `FormProblem`."""
    match act:
        case "facts":
            return await _facts(page, case_id, form)
        case "give_consent":
            return [await _consent(page, case_id, form)]
        case "withdraw_consent":
            return await _no_consent(page, case_id)
    command = _step(page, act, form)
    return [To("case", case_id, command)] if command is not None else await casework_step(page, case_id, act, form)


async def _facts(page: Page, case_id: str, form: Mapping[str, str]) -> list[To]:
    """What was learnt, and the end of the question when it leaves nothing open."""
    state, _ = await known_case(page.door, case_id)
    said = facts_of(form, page.form_list, local_day(page.door.now))
    if not isinstance(state.facts, Mapping):
        raise PersonOfCaseIsErased
    change = ask.ChangeFacts(page.door.now, said.facts, said.source, author=page.door.principal.id, edit_id=page.door.new_id())
    commands: list[Any] = [change]
    after = {**state.facts, **said.facts}
    # What is left open may be needed no more (most facts are alternatives to each other): matching reads the change and says so.
    for task in state.tasks:
        if task.kind == "information" and not task.done and not unanswered(task.why, travelling(after)):
            commands.append(ask.FinishTask(task.task_id, page.door.now))
    return [To("case", case_id, command) for command in commands]


async def _consent(page: Page, case_id: str, form: Mapping[str, str]) -> To:
    """The consent whose text stands on the page; the page's own reference makes two clicks one consent."""
    report = await who_may_agree(page.door, case_id)
    consent_id = page.door.named_id("consent", case_id, form.get("ref") or page.door.new_id())
    given = GiveConsent(
        consent_id, case_id, report.person_id, PURPOSES, RECIPIENTS, "read_aloud", page.door.now, read_by=page.door.principal.id
    )
    return To("consent", consent_id, given)


async def _no_consent(page: Page, case_id: str) -> list[To]:
    """Every consent of the case ends: whoever takes it back does not think in receipts."""
    held = _holding(await views.consents_of_case(page.door, case_id))
    return [To("consent", row["consent_id"], WithdrawConsent(page.door.now, "asked")) for row in held]


def _need(page: Page, need: str) -> Any:
    door = page.door
    return ask.ChangeNeeds(door.now, (need,), author=door.principal.id, edit_id=door.new_id()) if need in NEEDS else None


def _too_long(page: Page, long: TooLong) -> tuple[str, str]:
    return long.field, page.t("intake.wrong.too_long", most=f"{long.most:,}")


def _said_of_fact(page: Page, name: str, why: str) -> tuple[str, str]:
    """A fact's field and the sentence that names its question and its rule."""
    key = name.removeprefix("fact_")
    return name, page.t(f"intake.wrong.{why}", field=page.t(f"intake.fact.{key}") if key in QUESTIONS else "")


def _step(page: Page, act: str, form: Mapping[str, str]) -> Any:
    """The command a button stands for; None when what it needs is missing. Raises `TooLong`."""
    now = page.door.now
    match act:
        case "first_contact":
            return ask.RecordFirstContact(now, "phone")
        case "verify":
            return ask.VerifyCase(now, form.get("method", "visit")) if form.get("method") in getattr(_METHODS, "__args__", ()) else None
        case "note":
            text = text_in(form, "text", _NOTE_MAX)
            return ask.AddNote(page.door.new_id(), now, text) if text else None
        case "need":
            return _need(page, form.get("need", ""))
        case "finish":
            return ask.FinishTask(form.get("task", ""), now)
        case "close":
            return ask.CloseCase(now, form["reason"]) if form.get("reason") in getattr(_CLOSINGS, "__args__", ()) else None
    return None


@router.get("/progress")
async def progress(page: Citizen) -> Response:
    """The form in which a person asks how far their case is."""
    return page.show("intake/progress.html", form={}, wrong=[], steps=None)


@router.post("/progress")
async def ask_progress(page: Citizen) -> Response:
    """Case number and last four digits of the identity number or telephone; nothing personal in an address."""
    form = await page.form()
    case_id, last = form.get("case_id", "").strip(), form.get("last_four", "").strip().upper()
    state = await _own_case(page, case_id, last)
    if state is None:
        return page.show("intake/progress.html", status=404, form=form, wrong=[("case_id", page.t("intake.wrong.progress"))], steps=None)
    done, wrong = "", []
    try:
        done = await _asked_by_citizen(page, case_id, state, form)
    except TooLong as long:
        wrong = [_too_long(page, long)]
    if done:
        state = await page.door.state("case", case_id)
    consents = _holding(await views.consents_of_case(page.door, case_id))
    tasks = [t for t in await views.tasks_of_case(page.door, case_id) if t["done_at"] is None]
    payouts = await views.payouts_of_case(page.door, case_id)
    missing = [why for task in tasks if task["kind"] == "information" for why in task["why"]]
    return page.show(
        "intake/progress.html", status=422 if wrong else 200, form=form, wrong=wrong, done=done, steps=_steps(state),
        dates=await _dates(page, case_id), state=state, consents=consents, missing=missing, payouts=payouts,
        call_before=first_contact_due(state), clocks={one.name: one.due for one in open_clocks(state.clocks)},
    )  # fmt: skip


async def _asked_by_citizen(page: Page, case_id: str, state: c.Case, form: Mapping[str, str]) -> str:
    """What the person asks for beside looking: an end of consent, or a grievance; the code of what was done. Raises `TooLong`."""
    match form.get("act"):
        case "withdraw_consent":
            ended = await _no_consent(page, case_id)
            if ended:
                await page.door.execute(*ended)
            return "consent_withdrawn"
        case "raise" if form.get("text", "").strip() and state.status != "withdrawn":
            if any(not one.outcome for one in state.work.grievances):
                return "grievance_raised"  # it has not been answered yet, and another would not be sooner
            door = page.door
            text = text_in(form, "text", _GRIEVANCE_MAX)
            decision = "closing" if state.status == "closed" else "refusal"
            answered = [one for one in state.work.grievances if one.decision == decision]
            appeal_of = answered[-1].grievance_id if answered else None  # who speaks up again does not accept the answer
            grievance_id, rules = door.named_id("grievance", case_id, str(len(answered)), text), await rules_now(door.room)
            raised = RaiseGrievance(grievance_id, decision, case_id, rules, door.now, text, appeal_of)
            await door.execute(To("case", case_id, raised))
            return "grievance_raised"
    return ""


async def _dates(page: Page, case_id: str) -> dict[str, datetime]:
    """When each step was first reached."""
    reached: dict[str, datetime] = {}
    before = c.Case()
    for e in await page.door.history("case", case_id):
        now = c.evolve(before, e.data)
        if before.report is None:
            reached["received"] = now.report.received_at if now.report else e.at
        if before.contacted_at is None and now.contacted_at is not None:
            reached["contacted"] = now.contacted_at
        if now.status != before.status:
            reached.setdefault(now.status, e.at)
        before = now
    return reached


async def _own_case(page: Page, case_id: str, last: str) -> c.Case | None:
    """The case, when the four digits are those of its person or of whoever reported it; the same no for every other reason.

    Four digits are found by trying: after ten wrong ones in an hour the case answers nobody until the hour is over.
    """
    state: c.Case = await page.door.state("case", case_id) if 0 < len(case_id) <= 64 else c.Case()
    if state.report is None or len(last) != 4:
        return None
    if not await _may_try(page, case_id, tried := page.door.new_id()):
        return None
    person: Person = await page.door.state("person", state.report.person_id)
    if not isinstance(person.claims, Claims):
        return None
    reporter = state.report.reporter
    caller = reporter.phone if isinstance(reporter, c.Reporter) else None
    known = [number[-4:] for number in (person.claims.id_number, person.claims.phone, caller) if number]
    if not any(hmac.compare_digest(last.encode(), four.encode()) for four in known):
        return None
    await page.door.record(Drop(progress_try, {"try_id": tried}))
    return state


async def _may_try(page: Page, case_id: str, tried: str) -> bool:
    """Recorded before it is looked at: of many at once the eleventh sees the ten before it. What is refused does not lock for longer."""
    door, since = page.door, page.door.now - _LOCKED
    over = [Drop(progress_try, {"try_id": one}) for one in await views.progress_tries_over(door, case_id, since)]
    await door.record(*over, Put(progress_try, {"try_id": tried, "case_id": case_id, "at": door.now}))
    if await views.progress_tries(door, case_id, since) <= _TRIES_MAX:
        return True
    await door.record(Drop(progress_try, {"try_id": tried}))
    return False


def _steps(state: c.Case) -> list[tuple[str, str]]:
    """(step, done | now | later) in the order a person lives through them."""
    order = ["received", "contacted", "verified", "in_service", "closed"]
    if state.status == "withdrawn":
        return [("received", "done"), ("withdrawn", "now")]
    reached = {"open": 0, "verified": 2, "in_service": 2, "closed": 4}[state.status]
    if reached == 0 and state.contacted_at is not None:
        reached = 1
    return [(step, "done" if at <= reached else "now" if at == reached + 1 else "later") for at, step in enumerate(order)]
