"""From what happened to rows that are read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from services.intake.consent_projections import asked, given, refused, reviewed, shared_in_emergency
from services.intake.domain import case as c
from services.intake.domain.clocks import ClocksRecomputed
from services.intake.domain.consent import (
    ConsentAsked,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    EmergencyReviewed,
    SharedInEmergency,
)
from services.intake.domain.identity import canonical_name
from services.intake.domain.look import PersonalDataShown
from services.intake.domain.person import Claims, PersonErased, PersonTold
from services.intake.sounding import marks_of
from services.intake.tables import case_list, consent_asked, consent_list, look_list, payout_list, person_list, task_list
from shared.clock import SHANGHAI
from shared.envelope import Envelope
from shared.kernel import Shredded
from shared.schedule import deadlines
from shared.service import Change, Drop, Projection, Put, RowChange


def name_birth(name: str | None, birth_date: str | None) -> str | None:
    """Name and birth date as one text for an equality search; None unless both are known."""
    return f"{canonical_name(name)}|{birth_date}" if name and birth_date else None


def _reported(e: Envelope) -> Iterable[RowChange]:
    r: c.CaseReported = e.data
    yield Put(
        case_list,
        {
            "case_id": r.case_id,
            "person_id": r.person_id,
            "household_id": r.household_id,
            "report_id": r.report_id,
            "status": "open",
            "urgency": r.urgency,
            "needs": [n.code for n in r.needs],
            "district": r.residence_code[:6] if r.residence_code else None,
            "residence_code": r.residence_code,
            "channel": r.channel,
            "source": r.source,
            "operator": e.actor,
            "org": None,
            "received_at": r.received_at,
            "first_contact_due": r.first_contact_due,
            "contacted_at": None,
            "overdue": False,
            "reason": None,
            "changed_at": e.at,
        },
    )


def _case(e: Envelope, **values: Any) -> Change:
    return Change(case_list, {"case_id": e.data.case_id}, {**values, "changed_at": e.at})


def _contacted(e: Envelope) -> Iterable[RowChange]:
    if isinstance(e.data, c.VisitRecorded) and not e.data.met:
        return
    yield _case(e, contacted_at=_first_contact(e), overdue=False)


def _first_contact(e: Envelope) -> datetime:
    first: datetime = getattr(e.data, "contacted_at", None) or e.data.at
    return first


def _missed(e: Envelope) -> Iterable[RowChange]:
    yield _case(e, overdue=True)


def _verified(e: Envelope) -> Iterable[RowChange]:
    yield _case(e, status="verified", contacted_at=_first_contact(e), overdue=False)


def _facts_changed(e: Envelope) -> Iterable[RowChange]:
    f: c.CaseFactsChanged = e.data
    district = f.residence_code[:6] if f.residence_code else None
    place = {"residence_code": f.residence_code, "district": district} if "residence_code" in f.changed else {}
    yield _case(e, needs=list(f.needs), urgency=f.urgency, **place)


def _task_added(e: Envelope) -> Iterable[RowChange]:
    t: c.TaskAdded = e.data
    yield Put(
        task_list,
        {
            "task_id": t.task_id,
            "case_id": t.case_id,
            "person_id": t.person_id,
            "kind": t.kind,
            "why": list(t.why),
            "text": None if isinstance(t.text, Shredded) else t.text,
            "added_at": t.at,
            "due_at": t.due_at,
            "done_at": None,
        },
    )


def _task_finished(e: Envelope) -> Iterable[RowChange]:
    yield Change(task_list, {"task_id": e.data.task_id}, {"done_at": e.data.at})


def _transferred(e: Envelope) -> Iterable[RowChange]:
    to = e.data
    yield _case(e, **({"org": to.to_org} if to.to_org else {}), **({"district": to.to_district[:6]} if to.to_district else {}))


def _closed(e: Envelope) -> Iterable[RowChange]:
    yield _case(e, status="closed", reason=e.data.reason, overdue=False)


def _reopened(e: Envelope) -> Iterable[RowChange]:
    yield _case(e, status="open", reason=e.data.reason)


def _withdrawn(e: Envelope) -> Iterable[RowChange]:
    yield _case(e, status="withdrawn", reason=e.data.reason, overdue=False)


def _referral(e: Envelope) -> Iterable[RowChange]:
    if e.data.state == "accepted" and e.data.moved:
        yield _case(e, status="in_service")


def _payout(e: Envelope) -> Iterable[RowChange]:
    p: c.PayoutNoted = e.data
    yield Put(
        payout_list,
        {"payout_id": p.payout_id, "case_id": p.case_id, "kind": p.kind, "state": p.state, "amount_fen": p.amount_fen, "at": p.at},
    )


def _person(e: Envelope) -> Iterable[RowChange]:
    told: PersonTold = e.data
    claims = told.claims
    known = claims if isinstance(claims, Claims) else Claims()
    yield Put(
        person_list,
        {
            "person_id": told.person_id,
            "household_id": told.household_id,
            "id_number": known.id_number,
            "phone": known.phone,
            "name_birth": name_birth(known.name, known.birth_date),
            **dict.fromkeys(("sound_year", "sound_place", "born_surname")),
            **marks_of(known),
        },
    )


def _erased(e: Envelope) -> Iterable[RowChange]:
    """Nobody finds them again; what the law wants kept gets the day on which it is destroyed."""
    p: PersonErased = e.data
    yield Drop(person_list, {"person_id": p.person_id})
    if p.kept_until is not None:
        due = datetime.combine(p.kept_until + timedelta(days=1), time(), SHANGHAI)
        row = {"id": f"retention:{p.person_id}", "name": "retention", "stream_id": p.person_id, "due_at": due}
        yield Put(deadlines, {**row, "facts": {"due_at": due.isoformat()}})


def _consent_ended(e: Envelope) -> Iterable[RowChange]:
    w: ConsentWithdrawn = e.data
    yield Change(consent_list, {"consent_id": w.consent_id}, {"withdrawn_at": w.at, "reason": w.reason})
    yield Drop(deadlines, {"id": f"consent:{w.consent_id}"})
    yield Drop(deadlines, {"id": f"consent_notice:{w.consent_id}"})


def _look(e: Envelope) -> Iterable[RowChange]:
    look: PersonalDataShown = e.data
    yield Put(
        look_list,
        {
            "look_id": look.look_id,
            "actor": look.actor,
            "purpose": look.purpose,
            "at": look.at,
            "person_ids": list(look.person_ids),
            "case_ids": list(look.case_ids),
            "reason": look.reason if isinstance(look.reason, str) else None,
        },
    )


def _recomputed(e: Envelope) -> Iterable[RowChange]:
    """The desk, visits and tasks go by the time that stands with the case."""
    for running in e.data.clocks:
        if running.name == "first_contact":
            yield _case(e, first_contact_due=running.due)


CASES = Projection(
    "cases",
    (case_list, task_list, payout_list),
    {
        c.CaseReported: _reported,
        c.FirstContactMade: _contacted,
        c.FirstContactMissed: _missed,
        c.CaseVerified: _verified,
        c.VisitRecorded: _contacted,
        c.CaseFactsChanged: _facts_changed,
        c.TaskAdded: _task_added,
        c.TaskFinished: _task_finished,
        c.CaseTransferred: _transferred,
        c.CaseClosed: _closed,
        c.CaseReopened: _reopened,
        c.CaseWithdrawn: _withdrawn,
        c.ReferralNoted: _referral,
        c.PayoutNoted: _payout,
        ClocksRecomputed: _recomputed,
    },
)
PEOPLE = Projection("people", (person_list,), {PersonTold: _person, PersonErased: _erased})
CONSENTS = Projection(
    "consents",
    (consent_list, consent_asked),
    {
        ConsentGiven: given,
        ConsentWithdrawn: _consent_ended,
        SharedInEmergency: shared_in_emergency,
        EmergencyReviewed: reviewed,
        ConsentAsked: asked,
        ConsentRefused: refused,
    },
)
LOOKS = Projection("looks", (look_list,), {PersonalDataShown: _look})
