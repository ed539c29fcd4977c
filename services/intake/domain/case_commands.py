"""What may be asked of a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from services.intake.domain.case import CaseReported, ConsentSummary


class ReportCase(Struct, frozen=True, gc=False):
    """Take this report; complete in itself: ids, clock, triage and look-ups were made at the door."""

    report: CaseReported


class RecordFirstContact(Struct, frozen=True, gc=False):
    """Somebody of ours spoke with the person; `how` is phone, visit or message."""

    at: datetime
    how: str


class VerifyCase(Struct, frozen=True, gc=False):
    """What was told is true, seen by the actor; `method` is visit, documents, phone, data or community."""

    at: datetime
    method: str


class RecordVisit(Struct, frozen=True, gc=False):
    visit_id: str
    at: datetime
    outcome: str
    note: str | None = None


class AddNote(Struct, frozen=True, gc=False):
    note_id: str
    at: datetime
    text: str


class ChangeNeeds(Struct, frozen=True, gc=False):
    at: datetime
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class ChangeFacts(Struct, frozen=True, gc=False):
    """Facts learnt later; None takes one away. `source` says by whom, as a code."""

    at: datetime
    facts: Mapping[str, Any]
    source: str
    residence_code: str | None = None
    hukou_code: str | None = None


class AddTask(Struct, frozen=True, gc=False):
    task_id: str
    kind: str
    at: datetime
    due_at: datetime | None = None
    why: tuple[str, ...] = ()
    text: str | None = None


class FinishTask(Struct, frozen=True, gc=False):
    task_id: str
    at: datetime


class TransferCase(Struct, frozen=True, gc=False):
    """Another organisation or district takes over; `reason` is a code."""

    at: datetime
    reason: str
    to_org: str | None = None
    to_district: str | None = None


class CloseCase(Struct, frozen=True, gc=False):
    at: datetime
    reason: str


class ReopenCase(Struct, frozen=True, gc=False):
    at: datetime
    reason: str


class WithdrawCase(Struct, frozen=True, gc=False):
    at: datetime
    reason: str


class MissFirstContact(Struct, frozen=True, gc=False):
    """The clock of the first contact has run out."""

    at: datetime


class NoteReferral(Struct, frozen=True, gc=False):
    """What matching says about a referral: accepted, or closed with an outcome for a need."""

    referral_id: str
    org_id: str
    need: str
    state: str
    at: datetime
    outcome: str = ""


class NotePayout(Struct, frozen=True, gc=False):
    payout_id: str
    kind: str
    state: str
    at: datetime
    amount_fen: int = 0


class NoteConsent(Struct, frozen=True, gc=False):
    """A consent for this case began or ended."""

    consent: ConsentSummary
    holds: bool
    at: datetime


class AskForInformation(Struct, frozen=True, gc=False):
    """What matching still has to know, complete; nothing missing ends the open question."""

    task_id: str
    missing: tuple[str, ...]
    at: datetime
