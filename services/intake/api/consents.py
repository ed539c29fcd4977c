"""The door for consents, and for those who may reach a person because they agreed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.intake import views
from services.intake.asked import ConsentGivenIn, ContactsIn, Purpose, ReasonIn
from services.intake.domain.case import Case
from services.intake.domain.consent import Consent, GiveConsent, WithdrawConsent
from services.intake.domain.consent_decisions import ConsentIsUnknown
from services.intake.domain.person import Claims, Person
from services.intake.showing import SEES_PERSONS, allowed_purpose, contact_data, known_case, record_look
from services.intake.taking import end_of
from shared.http import Door, Forbidden, NotFound, door_for
from shared.service import To

router = APIRouter(prefix="/intake/v1", tags=["consents"])
Worker = Annotated[Door, Depends(door_for(*SEES_PERSONS))]
Asker = Annotated[Door, Depends(door_for("service", "charity", "admin"))]


@router.post("/cases/{case_id}/consents", status_code=201)
async def give(case_id: str, body: ConsentGivenIn, door: Worker) -> dict[str, Any]:
    """A consent for purposes and kinds of recipients; the answer is its receipt."""
    _, report = await known_case(door, case_id)
    consent_id, last = door.new_id(), body.expires_on
    command = GiveConsent(
        consent_id, case_id, report.person_id, tuple(body.purposes), tuple(body.recipients), body.how, body.at or door.now, last,
        end_of(last) if last else None,
    )  # fmt: skip
    done = await door.execute(To("consent", consent_id, command))
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
        "expires_on": g.expires_on.isoformat() if g.expires_on else None,
    }  # fmt: skip


@router.get("/cases/{case_id}/contact")
async def contact(case_id: str, purpose: Annotated[Purpose, Query()], door: Asker) -> dict[str, Any]:
    """Contact or payee data under consent, for a service or the organisation that accepted; every look is audited."""
    state, report = await known_case(door, case_id)
    serving = door.principal.org in {org for _, org in state.serving}
    allowed_purpose(door, purpose, serving)
    agreed = (await views.agreed_cases(door, [case_id], _consent_for(purpose), door.now)).get(case_id)
    if agreed is None:
        raise Forbidden("the person has not agreed to this purpose")
    if door.may("charity") and not door.may("service", "admin") and "charity" not in agreed[1]:
        raise Forbidden("the person has not agreed to this recipient")
    await record_look(door, f"contact.{purpose}", persons=(report.person_id,), cases=(case_id,))
    person: Person = await door.state("person", report.person_id)
    return _data(state, report.person_id, person, purpose)


@router.post("/contacts:batch")
async def contacts(body: ContactsIn, door: Annotated[Door, Depends(door_for("service"))]) -> dict[str, Any]:
    """The same for many cases at once, one audited event for all; cases without consent are named, not shown."""
    agreed = await views.agreed_cases(door, body.case_ids, _consent_for(body.purpose), door.now)
    wanted = [case_id for case_id in dict.fromkeys(body.case_ids) if case_id in agreed]
    if wanted:
        persons = tuple(dict.fromkeys(agreed[case_id][0] for case_id in wanted))
        await record_look(door, f"contact.{body.purpose}", persons=persons, cases=tuple(wanted))
    cases: dict[str, Case] = await door.states("case", wanted)
    people: dict[str, Person] = await door.states("person", dict.fromkeys(agreed[case_id][0] for case_id in wanted))
    items = [_data(cases[i], agreed[i][0], people[agreed[i][0]], body.purpose) for i in wanted]
    return {"items": items, "without_consent": [case_id for case_id in dict.fromkeys(body.case_ids) if case_id not in agreed]}


def _consent_for(purpose: str) -> str:
    """Who agreed to be referred agreed to be called about it."""
    return "referral" if purpose == "contact" else purpose


def _data(state: Case, person_id: str, person: Person, purpose: str) -> dict[str, Any]:
    report = state.report
    assert report is not None
    channel = {
        "case_id": report.case_id,
        "person_id": person_id,
        "contact_by": report.contact_by,
        "language": report.language,
        "status": state.status,
    }
    if not isinstance(person.claims, Claims):
        return {**channel, "erased": True}
    return {**channel, **contact_data(person.claims, purpose)}
