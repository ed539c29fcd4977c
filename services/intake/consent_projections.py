"""From what became of consents to rows: asked and answered, given with its last day, taken in an emergency and reviewed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from services.intake.domain import consent as k
from services.intake.tables import consent_asked, consent_list
from shared.envelope import Envelope
from shared.schedule import deadlines
from shared.service import Change, Put, RowChange

NOTICE = timedelta(days=14)  # ASSUMPTION: time enough to reach somebody and ask again


def given(e: Envelope) -> Iterable[RowChange]:
    g: k.ConsentGiven = e.data
    yield Put(consent_list, {**_row(g), "how": g.how, "expires_on": g.expires_on, "expires_at": g.expires_at, "read_by": g.read_by or None})
    yield Change(consent_asked, {"consent_id": g.consent_id}, {"answer": "given", "answered_at": g.at})
    yield from _clocks(g.consent_id, g.at, g.expires_at)


def shared_in_emergency(e: Envelope) -> Iterable[RowChange]:
    s: k.SharedInEmergency = e.data
    reason = s.reason if isinstance(s.reason, str) else None
    taken = {"how": k.EMERGENCY, "expires_on": None, "expires_at": s.expires_at, "read_by": s.by, "emergency": reason}
    yield Put(consent_list, {**_row(s), **taken})
    yield from _clocks(s.consent_id, s.at, s.expires_at)


def _row(g: k.ConsentGiven | k.SharedInEmergency) -> dict[str, Any]:
    return {
        "consent_id": g.consent_id, "case_id": g.case_id, "person_id": g.person_id, "purposes": list(g.purposes),
        "recipients": list(g.recipients), "given_at": g.at, "withdrawn_at": None, "reason": None,
    }  # fmt: skip


def _clocks(consent_id: str, at: datetime, expires_at: datetime | None) -> Iterable[RowChange]:
    """The end of a consent, and before that the day to ask again, where there is time between."""
    if expires_at is None:
        return
    yield _clock(f"consent:{consent_id}", "consent_expiry", consent_id, expires_at)
    if expires_at - NOTICE > at:
        yield _clock(f"consent_notice:{consent_id}", "consent_notice", consent_id, expires_at - NOTICE)


def _clock(key: str, name: str, consent_id: str, due_at: datetime) -> Put:
    facts = {"due_at": due_at.isoformat()}
    return Put(deadlines, {"id": key, "name": name, "stream_id": consent_id, "due_at": due_at, "facts": facts})


def reviewed(e: Envelope) -> Iterable[RowChange]:
    r: k.EmergencyReviewed = e.data
    yield Change(consent_list, {"consent_id": r.consent_id}, {"reviewed_by": r.by, "reviewed_at": r.at, "upheld": r.upheld})


def asked(e: Envelope) -> Iterable[RowChange]:
    a: k.ConsentAsked = e.data
    row = {
        "consent_id": a.consent_id, "case_id": a.case_id, "person_id": a.person_id, "purposes": list(a.purposes),
        "recipients": list(a.recipients), "how": a.how, "asked_by": e.actor, "asked_at": a.at, "answer": None, "answered_at": None,
    }  # fmt: skip
    yield Put(consent_asked, row)


def refused(e: Envelope) -> Iterable[RowChange]:
    yield Change(consent_asked, {"consent_id": e.data.consent_id}, {"answer": "refused", "answered_at": e.data.at})
