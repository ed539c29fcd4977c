"""What may be asked of a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from services.intake.domain.case import CaseReported, ConsentSummary
from services.intake.domain.clocks import Rules


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
    """Whose word it is, when it happened where that was not now, and the version it was based on: see `edits`."""

    at: datetime
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    author: str = ""
    edit_id: str = ""
    happened_at: datetime | None = None
    base: int | None = None


class ChangeFacts(Struct, frozen=True, gc=False):
    """Facts learnt later; None takes one away. `source` says by whom, as a code.

    `reach` are phone, address, contact_by and language as somebody says them; the rest as in `ChangeNeeds`.
    """

    at: datetime
    facts: Mapping[str, Any]
    source: str
    residence_code: str | None = None
    hukou_code: str | None = None
    reach: Mapping[str, str] = {}
    author: str = ""
    edit_id: str = ""
    happened_at: datetime | None = None
    base: int | None = None


class ResolveConflict(Struct, frozen=True, gc=False):
    """A person says which of the values of a field holds: that of an edit, or one of their own."""

    field: str
    at: datetime
    author: str
    edit_id: str
    chosen: str | None = None
    value: Any = None


class AddTask(Struct, frozen=True, gc=False):
    task_id: str
    kind: str
    at: datetime
    due_at: datetime | None = None
    why: tuple[str, ...] = ()
    text: str | None = None


class ForgetReporter(Struct, frozen=True, gc=False):
    """Who told it asks that their name and number go."""

    at: datetime


class FinishTask(Struct, frozen=True, gc=False):
    """`outcome` says what came of the deed that the task asks for; empty, it is a click of somebody."""

    task_id: str
    at: datetime
    outcome: str = ""


class TransferCase(Struct, frozen=True, gc=False):
    """Another organisation or district takes over, and has to sign; `reason` is a code."""

    at: datetime
    reason: str
    to_org: str | None = None
    to_district: str | None = None
    rules: Rules | None = None


class CloseCase(Struct, frozen=True, gc=False):
    at: datetime
    reason: str


class ReopenCase(Struct, frozen=True, gc=False):
    """The clock of help runs anew by these rules."""

    at: datetime
    reason: str
    rules: Rules | None = None


class WithdrawCase(Struct, frozen=True, gc=False):
    at: datetime
    reason: str


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


class NoteEmergency(Struct, frozen=True, gc=False):
    """What saves a life is to be shared without asking until then; `above` says that somebody who answers for others does it."""

    consent: ConsentSummary
    until: datetime
    above: bool
    at: datetime


class AskForInformation(Struct, frozen=True, gc=False):
    """What matching still has to know, complete; nothing missing ends the open question."""

    task_id: str
    missing: tuple[str, ...]
    at: datetime
