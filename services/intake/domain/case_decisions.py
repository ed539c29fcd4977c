"""Every yes and no about a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.intake.domain import case as c
from services.intake.domain import case_commands as ask
from shared.kernel import Decider, Rejected, Shredded


class CaseIsUnknown(Rejected):
    """There is no such case."""


class CaseIsClosed(Rejected):
    """This case is closed; reopen it first."""


class CaseIsWithdrawn(Rejected):
    """The person has withdrawn this case; it stays withdrawn."""


class CaseIsNotClosed(Rejected):
    """Only a closed case can be reopened."""


class CaseHasHelpUnderWay(Rejected):
    """An organisation is still helping in this case; it cannot be closed yet."""


class ReportDiffersFromFirst(Rejected):
    """A report with this source and reference is recorded already, with different content; the first one stays."""


class TaskIsUnknown(Rejected):
    """There is no such task in this case."""


class PersonOfCaseIsErased(Rejected):
    """The data of this person have been erased; nothing more can be recorded about them here."""


def report(command: ask.ReportCase, state: c.Case) -> tuple[c.Event, ...]:
    if state.report is None:
        return (command.report,)
    if state.report.mark != command.report.mark:
        raise ReportDiffersFromFirst
    return ()


def _living(state: c.Case) -> c.CaseReported:
    """The report of a case that can still be worked on."""
    known = _known(state)
    if state.status == "withdrawn":
        raise CaseIsWithdrawn
    if state.status == "closed":
        raise CaseIsClosed(reason=state.reason)
    return known


def _known(state: c.Case) -> c.CaseReported:
    if state.report is None:
        raise CaseIsUnknown
    return state.report


def first_contact(command: ask.RecordFirstContact, state: c.Case) -> tuple[c.Event, ...]:
    if state.contacted_at is not None:
        return ()
    return (c.FirstContactMade(_living(state).case_id, command.at, command.how),)


def miss_first_contact(command: ask.MissFirstContact, state: c.Case) -> tuple[c.Event, ...]:
    known = _known(state)
    if state.contacted_at is not None or state.missed or state.status in ("closed", "withdrawn"):
        return ()
    if command.at < known.first_contact_due:
        return ()
    return (c.FirstContactMissed(known.case_id, state.urgency, command.at),)


def verify(command: ask.VerifyCase, state: c.Case) -> tuple[c.Event, ...]:
    known = _living(state)
    if state.status in ("verified", "in_service"):
        return ()
    return (c.CaseVerified(known.case_id, known.person_id, command.at, command.method),)


def visit(command: ask.RecordVisit, state: c.Case) -> tuple[c.Event, ...]:
    known = _living(state)
    if command.visit_id in state.seen:
        return ()
    _writable(known, command.note)
    return (c.VisitRecorded(known.case_id, known.person_id, command.visit_id, command.at, command.outcome, command.note),)


def note(command: ask.AddNote, state: c.Case) -> tuple[c.Event, ...]:
    known = _known(state)
    if command.note_id in state.seen:
        return ()
    _writable(known, command.text)
    return (c.NoteAdded(known.case_id, known.person_id, command.note_id, command.at, command.text),)


def _writable(known: c.CaseReported, text: str | None) -> None:
    if text is not None and isinstance(known.told, Shredded):
        raise PersonOfCaseIsErased


def change_needs(command: ask.ChangeNeeds, state: c.Case) -> tuple[c.Event, ...]:
    known = _living(state)
    needs = tuple([n for n in state.needs if n not in command.remove])
    needs += tuple([n for n in dict.fromkeys(command.add) if n not in needs])
    if needs == state.needs:
        return ()
    urgency = "normal" if needs and state.urgency == "none" else state.urgency
    return (_changed(known, state, command.at, "caseworker", ("needs",), needs=needs, urgency=urgency),)


def change_facts(command: ask.ChangeFacts, state: c.Case) -> tuple[c.Event, ...]:
    known = _living(state)
    if isinstance(state.facts, Shredded):
        raise PersonOfCaseIsErased
    facts = {**state.facts, **command.facts}
    facts = {key: value for key, value in facts.items() if value is not None}
    changed = [key for key in command.facts if facts.get(key) != state.facts.get(key)]
    residence, hukou = command.residence_code or state.residence_code, command.hukou_code or state.hukou_code
    changed += ["residence_code"] * (residence != state.residence_code) + ["hukou_code"] * (hukou != state.hukou_code)
    if not changed:
        return ()
    if hukou != state.hukou_code and hukou is not None and "local_hukou" not in command.facts:
        facts["local_hukou"] = hukou.startswith("4401")
    return (_changed(known, state, command.at, command.source, tuple(changed), facts=facts, residence_code=residence, hukou_code=hukou),)


def _changed(known: c.CaseReported, state: c.Case, at: datetime, source: str, changed: tuple[str, ...], **new: Any) -> c.CaseFactsChanged:
    now: dict[str, Any] = {
        "needs": state.needs, "urgency": state.urgency, "facts": state.facts, "residence_code": state.residence_code,
        "hukou_code": state.hukou_code, **new,
    }  # fmt: skip
    return c.CaseFactsChanged(
        known.case_id, known.person_id, known.household_id, at, source, changed, **now,
        received_at=known.received_at, language=known.language, contact_by=known.contact_by, consent=_holding(state),
    )  # fmt: skip


def _holding(state: c.Case) -> c.ConsentSummary | None:
    """What the person agrees to now, over all consents that hold; None where there is none."""
    if not state.consents:
        return None
    newest = state.consents[-1]
    purposes = tuple(dict.fromkeys([purpose for k in state.consents for purpose in k.purposes]))
    recipients = tuple(dict.fromkeys([recipient for k in state.consents for recipient in k.recipients]))
    return c.ConsentSummary(newest.consent_id, True, newest.how, newest.at, purposes, recipients)


def note_consent(command: ask.NoteConsent, state: c.Case) -> tuple[c.Event, ...]:
    """Kept beside the case, so that whatever is told of it later never speaks of a consent that has ended."""
    known = _known(state)
    holding = any(k.consent_id == command.consent.consent_id for k in state.consents)
    return () if holding == command.holds else (c.ConsentNoted(known.case_id, command.consent, command.holds, command.at),)


def ask_for_information(command: ask.AskForInformation, state: c.Case) -> tuple[c.Event, ...]:
    """One open question at a time: a new one takes the place of the old."""
    known = _known(state)
    open_one = next((t for t in state.tasks if t.kind == "information" and not t.done), None)
    if open_one is not None and open_one.why == command.missing:
        return ()
    ended = (c.TaskFinished(known.case_id, open_one.task_id, command.at),) if open_one is not None else ()
    if not command.missing or state.status in ("closed", "withdrawn") or any(t.task_id == command.task_id for t in state.tasks):
        return ended
    return (*ended, c.TaskAdded(known.case_id, known.person_id, command.task_id, "information", command.at, None, command.missing))


def add_task(command: ask.AddTask, state: c.Case) -> tuple[c.Event, ...]:
    known = _known(state)
    if any(task.task_id == command.task_id for task in state.tasks):
        return ()
    _writable(known, command.text)
    task = c.TaskAdded(known.case_id, known.person_id, command.task_id, command.kind, command.at, command.due_at, command.why, command.text)
    return (task,)


def finish_task(command: ask.FinishTask, state: c.Case) -> tuple[c.Event, ...]:
    known = _known(state)
    task = next((t for t in state.tasks if t.task_id == command.task_id), None)
    if task is None:
        raise TaskIsUnknown
    return () if task.done else (c.TaskFinished(known.case_id, command.task_id, command.at),)


def transfer(command: ask.TransferCase, state: c.Case) -> tuple[c.Event, ...]:
    known = _living(state)
    if command.to_district is None and command.to_org == state.org:
        return ()
    return (c.CaseTransferred(known.case_id, known.person_id, command.at, command.reason, command.to_org, command.to_district),)


def close(command: ask.CloseCase, state: c.Case) -> tuple[c.Event, ...]:
    known = _known(state)
    if state.status == "withdrawn":
        raise CaseIsWithdrawn
    if state.status == "closed":
        return ()
    if state.serving:
        raise CaseHasHelpUnderWay(referrals=[referral for referral, _ in state.serving])
    return (c.CaseClosed(known.case_id, known.person_id, command.at, command.reason),)


def reopen(command: ask.ReopenCase, state: c.Case) -> tuple[c.Event, ...]:
    known = _known(state)
    if state.status == "withdrawn":
        raise CaseIsWithdrawn
    if state.status != "closed":
        raise CaseIsNotClosed(status=state.status)
    return (c.CaseReopened(known.case_id, known.person_id, command.at, command.reason),)


def withdraw(command: ask.WithdrawCase, state: c.Case) -> tuple[c.Event, ...]:
    known = _known(state)
    if state.status == "withdrawn":
        return ()
    if state.status == "closed":
        raise CaseIsClosed(reason=state.reason)
    return (c.CaseWithdrawn(known.case_id, known.person_id, command.at, command.reason),)


def note_referral(command: ask.NoteReferral, state: c.Case) -> tuple[c.Event, ...]:
    """Matching's word counts whatever our status is; a late word about an ended referral changes nothing."""
    known = _known(state)
    if command.referral_id in state.ended_referrals:
        return ()
    if command.state == "accepted" and any(referral == command.referral_id for referral, _ in state.serving):
        return ()
    moved = command.state == "accepted" and state.status in ("open", "verified")
    noted = c.ReferralNoted(
        known.case_id, command.referral_id, command.org_id, command.need, command.state, command.at, command.outcome, moved
    )
    if command.state == "accepted":
        return (noted,)
    return (noted, *_proposed_closing(known, c.evolve(state, noted), command))


def _proposed_closing(known: c.CaseReported, state: c.Case, command: ask.NoteReferral) -> tuple[c.Event, ...]:
    """When every need has its help and nobody is helping any more, a person is asked to close."""
    if state.status in ("closed", "withdrawn") or state.serving or not state.needs or not set(state.needs) <= set(state.met):
        return ()
    task_id = f"{known.case_id}:close:{command.referral_id}"
    return (c.TaskAdded(known.case_id, known.person_id, task_id, "propose_closing", command.at, None, state.needs),)


def note_payout(command: ask.NotePayout, state: c.Case) -> tuple[c.Event, ...]:
    known = _known(state)
    if (command.payout_id, command.state) in state.payouts:
        return ()
    return (c.PayoutNoted(known.case_id, command.payout_id, command.kind, command.state, command.at, command.amount_fen),)


_OBEY: dict[type, Callable[[Any, c.Case], tuple[c.Event, ...]]] = {
    ask.ReportCase: report,
    ask.RecordFirstContact: first_contact,
    ask.MissFirstContact: miss_first_contact,
    ask.VerifyCase: verify,
    ask.RecordVisit: visit,
    ask.AddNote: note,
    ask.ChangeNeeds: change_needs,
    ask.ChangeFacts: change_facts,
    ask.AddTask: add_task,
    ask.FinishTask: finish_task,
    ask.TransferCase: transfer,
    ask.CloseCase: close,
    ask.ReopenCase: reopen,
    ask.WithdrawCase: withdraw,
    ask.NoteReferral: note_referral,
    ask.NotePayout: note_payout,
    ask.NoteConsent: note_consent,
    ask.AskForInformation: ask_for_information,
}


def decide(command: Any, state: c.Case) -> tuple[c.Event, ...]:
    return _OBEY[type(command)](command, state)


CASE = Decider(
    noun="case", absent=c.Case(), decide=decide, evolve=c.evolve, commands=tuple(_OBEY),
    events=(
        c.CaseReported, c.FirstContactMade, c.FirstContactMissed, c.CaseVerified, c.VisitRecorded, c.NoteAdded, c.CaseFactsChanged,
        c.TaskAdded, c.TaskFinished, c.CaseTransferred, c.CaseClosed, c.CaseReopened, c.CaseWithdrawn, c.ReferralNoted, c.PayoutNoted,
        c.ConsentNoted,
    ),
)  # fmt: skip
