"""The door for consents, and for those who may reach a person because they agreed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.intake import views
from services.intake.api.cases import happened
from services.intake.asked import ConsentGivenIn, ContactsIn, Purpose, ReasonIn
from services.intake.asked_persons import AnswerIn, ConsentAskedIn, EmergencyIn, ReviewIn
from services.intake.domain.case import Case, CaseReported
from services.intake.domain.consent import (
    AskConsent,
    Consent,
    GiveConsent,
    RefuseConsent,
    ReviewEmergency,
    ShareInEmergency,
    WithdrawConsent,
)
from services.intake.domain.consent_decisions import ConsentIsUnknown, NothingToReview
from services.intake.domain.person import Claims
from services.intake.domain.standing import PersonOfCaseIsErased, living
from services.intake.oneness import claims_of, claims_of_each, linked_to, one_person
from services.intake.showing import ABOVE, SEES_PERSONS, allowed_purpose, contact_data, known_case, record_look, serves
from services.intake.taking import end_of
from shared.clock import local_day
from shared.http import Door, Forbidden, Invalid, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/intake/v1", tags=["consents"])
Worker = Annotated[Door, Depends(door_for(*SEES_PERSONS))]
EMERGENCY_HOLDS = timedelta(hours=72)  # ASSUMPTION: long enough to find somebody who can be asked
Asker = Annotated[Door, Depends(door_for("service", "charity", "admin"))]


@router.post("/cases/{case_id}/consents", status_code=201)
async def give(case_id: str, body: ConsentGivenIn, door: Worker) -> dict[str, Any]:
    """A consent for purposes and kinds of recipients; the answer is its receipt."""
    report = await who_may_agree(door, case_id)
    consent_id, last = door.new_id(), body.expires_on
    _in_days_to_come(door, last)
    command = GiveConsent(
        consent_id, case_id, report.person_id, tuple(body.purposes), tuple(body.recipients), body.how, happened(door, body.at), last,
        end_of(last) if last else None, door.principal.id,
    )  # fmt: skip
    done = await door.execute(To("consent", consent_id, command))
    return _receipt(done.state, done.version)


async def who_may_agree(door: Door, case_id: str) -> CaseReported:
    """The report of a case whose person can still agree to something; raises `Rejected` where it has ended or they were erased."""
    state, _ = await known_case(door, case_id)
    report = living(state)
    if (await door.state("person", report.person_id)).status in ("restricted", "erased"):
        raise PersonOfCaseIsErased
    return report


def _in_days_to_come(door: Door, last: date | None) -> None:
    if last is not None and last < local_day(door.now):
        raise Invalid("/expires_on", "is a day that is over")


@router.post("/cases/{case_id}/consents/ask", status_code=201)
async def ask(case_id: str, body: ConsentAskedIn, door: Worker) -> dict[str, Any]:
    """Somebody has been asked and will answer later; nothing leaves until they agree."""
    report = await who_may_agree(door, case_id)
    consent_id = door.new_id()
    command = AskConsent(consent_id, case_id, report.person_id, tuple(body.purposes), tuple(body.recipients), body.how, door.now)
    done = await door.execute(To("consent", consent_id, command))
    return {"consent_id": consent_id, "case_id": case_id, "version": done.version, "status": done.state.status}


@router.post("/consents/{consent_id}/answer")
async def answer(consent_id: str, body: AnswerIn, door: Worker) -> dict[str, Any]:
    """The answer to what was asked: agreed to (the receipt is answered), or refused."""
    state: Consent = await door.state("consent", consent_id)
    asked, last = state.asked, body.expires_on
    if asked is None:
        raise NotFound("consent")
    _in_days_to_come(door, last)
    await who_may_agree(door, asked.case_id)
    if not body.agreed:
        done = await door.execute(To("consent", consent_id, RefuseConsent(door.now)))
        return {"consent_id": consent_id, "case_id": asked.case_id, "version": done.version, "status": done.state.status}
    command = GiveConsent(
        consent_id, asked.case_id, asked.person_id, asked.purposes, asked.recipients, body.how or asked.how, door.now, last,
        end_of(last) if last else None, door.principal.id,
    )  # fmt: skip
    done = await door.execute(To("consent", consent_id, command))
    return _receipt(done.state, done.version)


@router.get("/consents/{consent_id}")
async def receipt(consent_id: str, door: Annotated[Door, Depends(door_for(*SEES_PERSONS, "auditor"))]) -> dict[str, Any]:
    """The receipt again, as it stands now."""
    state: Consent = await door.state("consent", consent_id)
    if state.given is None:
        raise NotFound("consent")
    return _receipt(state, await door.version("consent", consent_id))


@router.post("/cases/{case_id}/emergency-share", status_code=201)
async def share_in_emergency(case_id: str, body: EmergencyIn, door: Worker) -> dict[str, Any]:
    """Share what saves a life without asking: only while the case is critical, for three days, and somebody else reviews it.

    One share at a time; after one that was not upheld, or that nobody reviewed, the government side alone shares again.
    """
    _, report = await known_case(door, case_id)
    consent_id = door.new_id()
    command = ShareInEmergency(
        consent_id, case_id, report.person_id, tuple(body.purposes), tuple(body.recipients), body.reason, door.principal.id, door.now,
        door.now + EMERGENCY_HOLDS, door.may(*ABOVE),
    )  # fmt: skip
    done = await door.execute(To("consent", consent_id, command))
    return _receipt(done.state, done.version)


@router.post("/consents/{consent_id}/review")
async def review(consent_id: str, body: ReviewIn, door: Annotated[Door, Depends(door_for("gov", "auditor", "admin"))]) -> dict[str, Any]:
    """Somebody else looks at what was shared in an emergency: upheld, or it ends now."""
    try:
        done = await door.execute(To("consent", consent_id, ReviewEmergency(body.upheld, door.principal.id, door.now)))
    except NothingToReview as unknown:
        raise NotFound("emergency share") from unknown
    return _receipt(done.state, done.version)


@router.post("/consents/{consent_id}/withdraw")
async def withdraw(consent_id: str, door: Worker, body: ReasonIn | None = None) -> dict[str, Any]:
    """Withdrawn for everything at once; whoever was told under it hears of it."""
    try:
        done = await door.execute(To("consent", consent_id, WithdrawConsent(door.now, (body or ReasonIn()).reason)))
    except ConsentIsUnknown as unknown:
        raise NotFound("consent") from unknown
    return _receipt(done.state, done.version)


def _receipt(state: Consent, version: int) -> dict[str, Any]:
    assert state.given is not None
    g = state.given
    return {
        "consent_id": g.consent_id, "case_id": g.case_id, "person_id": g.person_id, "version": version, "status": state.status,
        "purposes": list(g.purposes), "recipients": list(g.recipients), "how": g.how, "at": g.at.isoformat(),
        "expires_on": g.expires_on.isoformat() if g.expires_on else None, "read_by": g.read_by or None, "reason": state.reason or None,
        "expires_at": g.expires_at.isoformat() if g.expires_at else None, "emergency": state.emergency, "reviewed": state.reviewed or None,
    }  # fmt: skip


@router.get("/cases/{case_id}/contact")
async def contact(case_id: str, purpose: Annotated[Purpose, Query()], door: Asker) -> dict[str, Any]:
    """Contact or payee data under consent, for a service or the organisation that accepted; every look is audited."""
    state, report = await known_case(door, case_id)
    allowed_purpose(door, purpose, serves(state, door.principal.org))
    agreed = (await views.agreed_cases(door, [case_id], _consent_for(purpose), door.now)).get(case_id)
    if agreed is None:
        raise Forbidden("the person has not agreed to this purpose")
    if door.may("charity") and not door.may("service", "admin") and "charity" not in agreed[1]:
        raise Forbidden("the person has not agreed to this recipient")
    together = await one_person(door, report.person_id)
    await record_look(door, f"contact.{purpose}", persons=together, cases=(case_id,))
    return _data(state, report.person_id, await claims_of(door, report.person_id, together), purpose)


@router.post("/contacts:batch")
async def contacts(body: ContactsIn, door: Annotated[Door, Depends(door_for("service"))]) -> dict[str, Any]:
    """The same for many cases at once, one audited event for all; cases without consent are named, not shown."""
    allowed_purpose(door, body.purpose, serving=False)
    agreed = await views.agreed_cases(door, body.case_ids, _consent_for(body.purpose), door.now)
    wanted = [case_id for case_id in dict.fromkeys(body.case_ids) if case_id in agreed]
    if wanted:
        persons = tuple(dict.fromkeys(agreed[case_id][0] for case_id in wanted))
        await record_look(door, f"contact.{body.purpose}", persons=persons, cases=tuple(wanted))
    cases: dict[str, Case] = await door.states("case", wanted)
    together = await linked_to(door, [agreed[case_id][0] for case_id in wanted])
    claims = await claims_of_each(door, together)
    items = [_data(cases[i], agreed[i][0], claims[agreed[i][0]], body.purpose) for i in wanted]
    return {"items": items, "without_consent": [case_id for case_id in dict.fromkeys(body.case_ids) if case_id not in agreed]}


def _consent_for(purpose: str) -> str:
    """Who agreed to be referred agreed to be called about it."""
    return "referral" if purpose == "contact" else purpose


def _data(state: Case, person_id: str, claims: Claims | None, purpose: str) -> dict[str, Any]:
    report = state.report
    assert report is not None
    channel = {
        "case_id": report.case_id,
        "person_id": person_id,
        "contact_by": report.contact_by,
        "language": report.language,
        "status": state.status,
    }
    if claims is None:
        return {**channel, "erased": True}
    return {**channel, **contact_data(claims, purpose)}
