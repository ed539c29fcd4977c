"""A case: reported and open -> verified -> in_service -> closed <-> open again; withdrawn ends it.

    absent --ReportCase--> open --VerifyCase--> verified --NoteReferral(accepted)--> in_service --CloseCase--> closed
    open | verified | in_service --WithdrawCase--> withdrawn;  closed --ReopenCase--> open

Events and state (commands: `case_commands`); what somebody told in words is sealed under the person, who told it under the reporter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.intake.domain import casework, clocks
from services.intake.domain.casework import Work
from services.intake.domain.clocks import Ended, Running
from services.intake.domain.edits import Edit, Heads, taken
from services.intake.domain.urgency import Need
from shared.kernel import Shredded


class Told(Struct, frozen=True, gc=False):
    """What was told, as it was told; `words` are the words that led to each need and to the urgency (key `urgency`).

    `special` is what only a hospital, a school or a partner says.
    """

    narrative: str | None = None
    elements: Mapping[str, str] | None = None
    facts: Mapping[str, Any] = {}
    household: Mapping[str, Any] | None = None
    words: Mapping[str, tuple[str, ...]] = {}
    source_ref: str | None = None
    contact: Mapping[str, str] | None = None
    warnings: tuple[str, ...] = ()
    special: Mapping[str, Any] | None = None


class Reporter(Struct, frozen=True, gc=False):
    """Who told it."""

    name: str | None = None
    phone: str | None = None


class ConsentSummary(Struct, frozen=True, gc=False):
    """What was agreed when the report was taken; `consent_id` is empty when sharing was refused."""

    consent_id: str
    share: bool
    how: str
    at: datetime
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]


class Duplicate(Struct, frozen=True, gc=False):
    """Another case that may be the same; `because` are codes of what is equal."""

    case_id: str
    score: float
    because: tuple[str, ...]


class CaseReported(Struct, frozen=True, gc=False):
    """Everything one report said and what was made of it; `mark` tells a second copy from a different text."""

    case_id: str
    person_id: str
    reporter_id: str
    household_id: str
    report_id: str
    mark: str
    channel: str
    source: str
    received_at: datetime
    urgency: str
    because: tuple[str, ...]
    first_contact_due: datetime
    needs: tuple[Need, ...]
    told: Told | Shredded | None = None
    reporter: Reporter | Shredded | None = None
    residence_code: str | None = None
    hukou_code: str | None = None
    language: str = "zh"
    contact_by: str | None = None
    danger_now: bool = False
    relation: str | None = None
    anonymous: bool = False
    consent: ConsentSummary | None = None
    duplicates: tuple[Duplicate, ...] = ()
    clocks: tuple[Running, ...] = ()


class FirstContactMade(Struct, frozen=True, gc=False):
    """`stopped`, here as everywhere, are the clocks that end with it."""

    case_id: str
    at: datetime
    how: str
    stopped: tuple[Ended, ...] = ()


class FirstContactMissed(Struct, frozen=True, gc=False):
    """Nobody spoke with the person in time; `urgency` as it was."""

    case_id: str
    urgency: str
    at: datetime


class CaseVerified(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    at: datetime
    method: str
    stopped: tuple[Ended, ...] = ()
    contacted_at: datetime | None = None


class VisitRecorded(Struct, frozen=True, gc=False):
    """`met` says whether anybody was spoken with, `contacted_at` when that was first, where it was before."""

    case_id: str
    person_id: str
    visit_id: str
    at: datetime
    outcome: str
    note: str | Shredded | None = None
    stopped: tuple[Ended, ...] = ()
    contacted_at: datetime | None = None
    met: bool = True


class NoteAdded(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    note_id: str
    at: datetime
    text: str | Shredded


class CaseFactsChanged(Struct, frozen=True, gc=False):
    """Needs or facts as they are now, complete; `changed` names what is different, `source` says by whom.

    `edit` says whose word this was and what they knew, `named` which fields they spoke of, `values` what they said.
    """

    case_id: str
    person_id: str
    household_id: str
    at: datetime
    source: str
    changed: tuple[str, ...]
    needs: tuple[str, ...]
    urgency: str
    facts: Mapping[str, Any] | Shredded
    residence_code: str | None = None
    hukou_code: str | None = None
    received_at: datetime | None = None
    language: str = "zh"
    contact_by: str | None = None
    consent: ConsentSummary | None = None
    edit: Edit | None = None
    named: tuple[str, ...] = ()
    values: Mapping[str, Any] | Shredded = {}


class TaskAdded(Struct, frozen=True, gc=False):
    """`why` are codes; `text` is for people and sealed."""

    case_id: str
    person_id: str
    task_id: str
    kind: str
    at: datetime
    due_at: datetime | None = None
    why: tuple[str, ...] = ()
    text: str | Shredded | None = None


class TaskFinished(Struct, frozen=True, gc=False):
    """`outcome` is what came of its deed: upheld, not_upheld, accepted, declined; empty where somebody ended it."""

    case_id: str
    task_id: str
    at: datetime
    outcome: str = ""


class CaseTransferred(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    at: datetime
    reason: str
    to_org: str | None = None
    to_district: str | None = None
    clocks: tuple[Running, ...] = ()


class CaseClosed(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    at: datetime
    reason: str
    stopped: tuple[Ended, ...] = ()


class CaseReopened(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    at: datetime
    reason: str
    clocks: tuple[Running, ...] = ()


class CaseWithdrawn(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    at: datetime
    reason: str
    stopped: tuple[Ended, ...] = ()


class ReferralNoted(Struct, frozen=True, gc=False):
    """A charity accepted, or its help ended with this outcome; `moved` says that the case came into service by it."""

    case_id: str
    referral_id: str
    org_id: str
    need: str
    state: str
    at: datetime
    outcome: str = ""
    moved: bool = False
    stopped: tuple[Ended, ...] = ()


class ReporterForgotten(Struct, frozen=True, gc=False):
    """Name and number of whoever told it; the case stays."""

    case_id: str
    reporter_id: str
    at: datetime


class ConsentNoted(Struct, frozen=True, gc=False):
    """From now on this consent holds, or no longer."""

    case_id: str
    consent: ConsentSummary
    holds: bool
    at: datetime


class PayoutNoted(Struct, frozen=True, gc=False):
    case_id: str
    payout_id: str
    kind: str
    state: str
    at: datetime
    amount_fen: int = 0


class Task(Struct, frozen=True, gc=False):
    task_id: str
    kind: str
    done: bool = False
    why: tuple[str, ...] = ()
    outcome: str = ""


class Case(Struct, frozen=True, gc=False):
    """`status` is absent, open, verified, in_service, closed or withdrawn.

    `serving` are (referral, organisation) that accepted, `taken` which need each of these referrals is for, `consents` those that hold.
    """

    status: str = "absent"
    report: CaseReported | None = None
    needs: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    urgency: str = "none"
    facts: Mapping[str, Any] | Shredded = {}
    residence_code: str | None = None
    hukou_code: str | None = None
    contacted_at: datetime | None = None
    missed: bool = False
    tasks: tuple[Task, ...] = ()
    serving: tuple[tuple[str, str], ...] = ()
    taken: tuple[tuple[str, str], ...] = ()
    ended_referrals: tuple[str, ...] = ()
    payouts: tuple[tuple[str, str], ...] = ()
    org: str | None = None
    reason: str = ""
    seen: tuple[str, ...] = ()
    consents: tuple[ConsentSummary, ...] = ()
    version: int = 0
    clocks: tuple[Running, ...] = ()
    work: Work = Work()
    fields: Mapping[str, Heads] = {}
    contact_by: str | None = None
    language: str = "zh"
    sent_to: str | None = None

    @property
    def district(self) -> str | None:
        """Where the clocks of this case run: the district it was sent to, else that of the residence."""
        return self.sent_to or self.residence_code


Event = Struct  # those above, and those of clocks and casework


def evolve(state: Case, event: Event) -> Case:
    """The case after this event; its clocks and its casework know their own events."""
    after = _evolved(state, event)
    return replace(after, version=state.version + 1, clocks=clocks.after(after.clocks, event), work=casework.evolve(after.work, event))


def _evolved(state: Case, event: Event) -> Case:
    match event:
        case CaseReported():
            facts = event.told.facts if isinstance(event.told, Told) else {}
            needs = tuple([need.code for need in event.needs])
            consents = (event.consent,) if event.consent is not None and event.consent.share else ()
            return Case(
                "open", event, needs, (), event.urgency, facts,
                event.residence_code, event.hukou_code, consents=consents,
                contact_by=event.contact_by, language=event.language)  # fmt: skip
        case FirstContactMade():
            return replace(state, contacted_at=_first(state, event.at))
        case FirstContactMissed():
            return replace(state, missed=True)
        case CaseVerified():
            return replace(state, status="verified", contacted_at=_first(state, event.at))
        case VisitRecorded():
            contacted = _first(state, event.at) if event.met else state.contacted_at
            return replace(state, contacted_at=contacted, seen=(*state.seen, event.visit_id))
        case NoteAdded():
            return replace(state, seen=(*state.seen, event.note_id))
        case CaseFactsChanged():
            places: dict[str, Any] = {"residence_code": event.residence_code, "hukou_code": event.hukou_code}
            if event.residence_code != state.residence_code:
                places["sent_to"] = None  # whoever moves is where they live
            changed = replace(state, needs=event.needs, facts=event.facts, urgency=event.urgency, **places)
            return changed if event.edit is None else _edited(changed, event, event.edit)
        case TaskAdded():
            return replace(state, tasks=(*state.tasks, Task(event.task_id, event.kind, False, event.why)))
        case TaskFinished():
            tasks = [replace(t, done=True, outcome=event.outcome) if t.task_id == event.task_id else t for t in state.tasks]
            return replace(state, tasks=tuple(tasks))
        case CaseTransferred():
            return replace(state, org=event.to_org or state.org, sent_to=event.to_district or state.sent_to)
        case CaseClosed():
            return replace(state, status="closed", reason=event.reason)
        case CaseReopened():
            return replace(state, status="open", reason=event.reason)
        case CaseWithdrawn():
            return replace(state, status="withdrawn", reason=event.reason)
        case ReferralNoted():
            return _referral(state, event)
        case ReporterForgotten() if state.report is not None:
            return replace(state, report=replace(state.report, reporter=None))
        case ConsentNoted():
            rest = tuple([k for k in state.consents if k.consent_id != event.consent.consent_id])
            return replace(state, consents=(*rest, event.consent) if event.holds else rest)
        case PayoutNoted():
            others = tuple([p for p in state.payouts if p[0] != event.payout_id])
            return replace(state, payouts=(*others, (event.payout_id, event.state)))
    return state


def _first(state: Case, at: datetime) -> datetime:
    """A word that comes late takes its place by when it happened."""
    return at if state.contacted_at is None else min(at, state.contacted_at)


def _edited(state: Case, event: CaseFactsChanged, edit: Edit) -> Case:
    fields = taken(state.fields, edit, event.values, event.named, state.version + 1)
    return replace(
        state, fields=fields, seen=(*state.seen, edit.edit_id), contact_by=event.contact_by or state.contact_by, language=event.language
    )


def _referral(state: Case, event: ReferralNoted) -> Case:
    others, taken = (tuple([one for one in known if one[0] != event.referral_id]) for known in (state.serving, state.taken))
    if event.state == "accepted":
        ours = {"serving": (*others, (event.referral_id, event.org_id)), "taken": (*taken, (event.referral_id, event.need))}
        return replace(state, status="in_service" if event.moved else state.status, **ours)
    met = (*state.met, event.need) if event.outcome == "got_help" and event.need not in state.met else state.met
    work = state.work
    goes_on = any(need == event.need for _, need in taken) and not casework.settles(event.outcome)  # with somebody else
    if event.state == "closed" and event.need and event.outcome and not goes_on:
        work = casework.with_unit(work, casework.ended(casework.unit_of(work, event.need), event.outcome, event.org_id, event.at))
    return replace(state, serving=others, taken=taken, met=met, ended_referrals=(*state.ended_referrals, event.referral_id), work=work)
