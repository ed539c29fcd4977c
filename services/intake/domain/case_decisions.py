"""Every yes and no about a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from services.intake.domain import case as c
from services.intake.domain import case_commands as ask
from services.intake.domain import casework as w
from services.intake.domain import casework_decisions as working
from services.intake.domain import clock_decisions, edit_decisions
from services.intake.domain import clocks as k
from services.intake.domain.standing import (
    CaseIsClosed,
    CaseIsUnknown,
    CaseIsWithdrawn,
    PersonOfCaseIsErased,
    living,
    not_withdrawn,
    writable,
)
from services.intake.domain.standing import known as known_case
from shared.kernel import Decider, Rejected

__all__ = ["BY_DEED", "CASE", "CaseIsClosed", "CaseIsUnknown", "CaseIsWithdrawn", "PersonOfCaseIsErased"]


class CaseIsNotClosed(Rejected):
    """Only a closed case can be reopened."""


class CaseHasHelpUnderWay(Rejected):
    """An organisation is still helping in this case; it cannot be closed yet."""


class ReportDiffersFromFirst(Rejected):
    """A report with this source and reference is recorded already, with different content; the first one stays."""


class TaskIsUnknown(Rejected):
    """There is no such task in this case."""


class ReporterIsThePerson(Rejected):
    """Whoever told this case is the one it is about: they are erased as a person."""


class NobodyIsInDanger(Rejected):
    """Without a consent only what saves a life may be shared: the case must be critical."""


class EmergencyIsSharedAlready(Rejected):
    """What saves a life is shared already and waits for its review."""


class EmergencyNeedsSuperior(Rejected):
    """An earlier share of this case was not upheld, or ended without a review: now somebody above has to share."""


class TaskEndsWithItsDeed(Rejected):
    """This task ends by itself when what it asks for was done: a review, an answer to a request."""


BY_DEED = ("review_emergency", "answer_hand_over")
NOBODY_THERE = ("not_home", "wrong_address")


def report(command: ask.ReportCase, state: c.Case) -> tuple[c.Event, ...]:
    if state.report is None:
        return (command.report,)
    if state.report.mark != command.report.mark:
        raise ReportDiffersFromFirst
    return ()


def first_contact(command: ask.RecordFirstContact, state: c.Case) -> tuple[c.Event, ...]:
    """The first of all contacts counts, also when it is told after a later one."""
    if state.contacted_at is not None and state.contacted_at <= command.at:
        return ()
    return (c.FirstContactMade(living(state).case_id, command.at, command.how, k.stopping(state.clocks, *_CONTACT)),)


# A contact ends the wait for it, says whose case it is, and answers a question.
_CONTACT = ("first_contact", "sign", "consult")


def _first(state: c.Case, at: datetime) -> datetime | None:
    """The first contact where it was not this one."""
    return state.contacted_at if state.contacted_at is not None and state.contacted_at < at else None


def verify(command: ask.VerifyCase, state: c.Case) -> tuple[c.Event, ...]:
    known = living(state)
    if state.status in ("verified", "in_service"):
        return ()
    ended = k.stopping(state.clocks, *_CONTACT)
    return (c.CaseVerified(known.case_id, known.person_id, command.at, command.method, ended, _first(state, command.at)),)


def visit(command: ask.RecordVisit, state: c.Case) -> tuple[c.Event, ...]:
    known = living(state)
    if command.visit_id in state.seen:
        return ()
    writable(known, command.note)
    # Whoever stood before a closed door has signed for the case, but has not spoken with anybody.
    met = command.outcome not in NOBODY_THERE
    ended = k.stopping(state.clocks, *(_CONTACT if met else ("sign",)))
    seen = c.VisitRecorded(known.case_id, known.person_id, command.visit_id, command.at, command.outcome, command.note, ended)
    return (replace(seen, contacted_at=_first(state, command.at), met=met),)


def note(command: ask.AddNote, state: c.Case) -> tuple[c.Event, ...]:
    known = known_case(state)
    if command.note_id in state.seen:
        return ()
    writable(known, command.text)
    return (c.NoteAdded(known.case_id, known.person_id, command.note_id, command.at, command.text),)


def note_consent(command: ask.NoteConsent, state: c.Case) -> tuple[c.Event, ...]:
    """Kept beside the case, so that whatever is told of it later never speaks of a consent that has ended."""
    known = known_case(state)
    holding = any(k.consent_id == command.consent.consent_id for k in state.consents)
    return () if holding == command.holds else (c.ConsentNoted(known.case_id, command.consent, command.holds, command.at),)


def note_emergency(command: ask.NoteEmergency, state: c.Case) -> tuple[c.Event, ...]:
    """One share at a time, each reviewed by somebody else; after one that was not upheld, or that nobody reviewed, only from above."""
    known = living(state)
    writable(known, "")
    if state.urgency != "critical":
        raise NobodyIsInDanger(urgency=state.urgency)
    earlier = [task for task in state.tasks if task.kind == "review_emergency"]
    holding = {consent.consent_id for consent in state.consents}
    if any(not task.outcome and holding.intersection(task.why) for task in earlier):
        raise EmergencyIsSharedAlready
    # What was ended before tasks kept what came of them is held against nobody.
    if any(task.outcome == "not_upheld" or not task.done for task in earlier) and not command.above:
        raise EmergencyNeedsSuperior
    consent_id = command.consent.consent_id
    task = c.TaskAdded(known.case_id, known.person_id, f"{consent_id}:review", "review_emergency", command.at, command.until, (consent_id,))
    return (c.ConsentNoted(known.case_id, command.consent, True, command.at), task)


def ask_for_information(command: ask.AskForInformation, state: c.Case) -> tuple[c.Event, ...]:
    """One open question at a time: a new one takes the place of the old."""
    known = known_case(state)
    open_one = next((t for t in state.tasks if t.kind == "information" and not t.done), None)
    if open_one is not None and open_one.why == command.missing:
        return ()
    ended = (c.TaskFinished(known.case_id, open_one.task_id, command.at),) if open_one is not None else ()
    if not command.missing or state.status in ("closed", "withdrawn") or any(t.task_id == command.task_id for t in state.tasks):
        return ended
    return (*ended, c.TaskAdded(known.case_id, known.person_id, command.task_id, "information", command.at, None, command.missing))


def forget_reporter(command: ask.ForgetReporter, state: c.Case) -> tuple[c.Event, ...]:
    known = known_case(state)
    if known.reporter_id == known.person_id:
        raise ReporterIsThePerson(person_id=known.person_id)
    return () if known.reporter is None else (c.ReporterForgotten(known.case_id, known.reporter_id, command.at),)


def add_task(command: ask.AddTask, state: c.Case) -> tuple[c.Event, ...]:
    known = known_case(state)
    if any(task.task_id == command.task_id for task in state.tasks):
        return ()
    writable(known, command.text)
    task = c.TaskAdded(known.case_id, known.person_id, command.task_id, command.kind, command.at, command.due_at, command.why, command.text)
    return (task,)


def finish_task(command: ask.FinishTask, state: c.Case) -> tuple[c.Event, ...]:
    known = known_case(state)
    task = next((t for t in state.tasks if t.task_id == command.task_id), None)
    if task is None:
        raise TaskIsUnknown
    if task.done and (task.outcome or not command.outcome):
        return ()
    if task.kind in BY_DEED and not command.outcome:
        raise TaskEndsWithItsDeed(kind=task.kind)
    return (c.TaskFinished(known.case_id, command.task_id, command.at, command.outcome),)


def transfer(command: ask.TransferCase, state: c.Case) -> tuple[c.Event, ...]:
    known = living(state)
    if command.to_district in (None, state.sent_to) and command.to_org in (None, state.org):
        return ()
    clocks = (
        ()
        if command.rules is None
        else (k.started(command.rules, "sign", state.urgency, command.to_district or state.district, command.at),)
    )
    moved = c.CaseTransferred(known.case_id, known.person_id, command.at, command.reason, command.to_org, command.to_district, clocks)
    return (moved,)


def close(command: ask.CloseCase, state: c.Case) -> tuple[c.Event, ...]:
    known = not_withdrawn(state)
    if state.status == "closed":
        return ()
    if state.serving:
        raise CaseHasHelpUnderWay(referrals=[referral for referral, _ in state.serving])
    # A grievance outlives the case: its clock runs on.
    ended = k.stopping(state.clocks, *[one.name for one in state.clocks if one.name != "complaint"], "") if state.clocks else ()
    return (c.CaseClosed(known.case_id, known.person_id, command.at, command.reason, ended),)


def reopen(command: ask.ReopenCase, state: c.Case) -> tuple[c.Event, ...]:
    known = not_withdrawn(state)
    if state.status != "closed":
        raise CaseIsNotClosed(status=state.status)
    clocks = working.reopened_clocks(command.rules, state, command.at)
    return (c.CaseReopened(known.case_id, known.person_id, command.at, command.reason, clocks),)


def withdraw(command: ask.WithdrawCase, state: c.Case) -> tuple[c.Event, ...]:
    known = known_case(state)
    if state.status == "withdrawn":
        return ()
    if state.status == "closed":
        raise CaseIsClosed(reason=state.reason)
    return (c.CaseWithdrawn(known.case_id, known.person_id, command.at, command.reason, k.stopping(state.clocks)),)


def note_referral(command: ask.NoteReferral, state: c.Case) -> tuple[c.Event, ...]:
    """Matching's word counts whatever our status is; a late word about an ended referral changes nothing."""
    known = known_case(state)
    if command.referral_id in state.ended_referrals:
        return ()
    served = any(referral == command.referral_id for referral, _ in state.serving)
    if command.state == "accepted" and served:
        return ()
    moved = command.state == "accepted" and state.status in ("open", "verified")
    ended = k.stopping(state.clocks, *working.answered_clocks(state, command.need)) if command.state == "accepted" else ()
    noted = c.ReferralNoted(
        known.case_id, command.referral_id, command.org_id, command.need, command.state, command.at, command.outcome, moved, ended
    )
    if command.state == "accepted":
        return (noted, *working.found(known, state, command.need, command.at))
    after = c.evolve(state, noted)
    failed = working.help_failed(known, after, command) if served else ()
    return (noted, *failed, *working.proposed_closing(known, after, command.referral_id, command.at))


def note_payout(command: ask.NotePayout, state: c.Case) -> tuple[c.Event, ...]:
    known = known_case(state)
    if (command.payout_id, command.state) in state.payouts:
        return ()
    return (c.PayoutNoted(known.case_id, command.payout_id, command.kind, command.state, command.at, command.amount_fen),)


_OBEY: dict[type, Callable[[Any, c.Case], tuple[c.Event, ...]]] = {
    ask.ReportCase: report,
    ask.RecordFirstContact: first_contact,
    ask.VerifyCase: verify,
    ask.RecordVisit: visit,
    ask.AddNote: note,
    ask.ChangeNeeds: edit_decisions.change_needs,
    ask.ChangeFacts: edit_decisions.change_facts,
    ask.ResolveConflict: edit_decisions.resolve,
    ask.AddTask: add_task,
    ask.FinishTask: finish_task,
    ask.TransferCase: transfer,
    ask.CloseCase: close,
    ask.ReopenCase: reopen,
    ask.WithdrawCase: withdraw,
    ask.NoteReferral: note_referral,
    ask.NotePayout: note_payout,
    ask.NoteConsent: note_consent,
    ask.NoteEmergency: note_emergency,
    ask.ForgetReporter: forget_reporter,
    ask.AskForInformation: ask_for_information,
    k.TellClock: clock_decisions.tell,
    k.RecomputeClocks: clock_decisions.recompute,
    w.SetNeed: working.set_need,
    w.AskHandOver: working.ask_hand_over,
    w.AnswerHandOver: working.answer_hand_over,
    w.RaiseGrievance: working.raise_grievance,
    w.AnswerGrievance: working.answer_grievance,
    w.GiveProvisionalHelp: working.give_provisional_help,
    w.CompletePapers: working.complete_papers,
    w.NotePaper: working.note_paper,
    w.SignCase: working.sign,
    w.SeekHelpAgain: working.seek_again,
    w.NoteInReach: working.note_in_reach,
}


def decide(command: Any, state: c.Case) -> tuple[c.Event, ...]:
    return _OBEY[type(command)](command, state)


CASE = Decider(
    noun="case", absent=c.Case(), decide=decide, evolve=c.evolve, commands=tuple(_OBEY),
    events=(
        c.CaseReported, c.FirstContactMade, c.FirstContactMissed, c.CaseVerified, c.VisitRecorded, c.NoteAdded, c.CaseFactsChanged,
        c.TaskAdded, c.TaskFinished, c.CaseTransferred, c.CaseClosed, c.CaseReopened, c.CaseWithdrawn, c.ReferralNoted, c.PayoutNoted,
        c.ConsentNoted, c.ReporterForgotten, k.ClockWarned, k.ClockBreached, k.ClockEscalated, k.ClocksRecomputed, *w.EVENTS,
    ),
)  # fmt: skip
