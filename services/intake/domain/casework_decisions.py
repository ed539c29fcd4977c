"""Every yes and no about casework: needs as units, hand-overs, grievances and appeals, help before papers."""

from __future__ import annotations

from datetime import datetime

from services.intake.domain import case as c
from services.intake.domain import casework as w
from services.intake.domain.case_commands import NoteReferral
from services.intake.domain.clocks import Rules, Running, open_clocks, started, stopping
from services.intake.domain.standing import known, living, not_withdrawn, writable
from shared.kernel import Rejected


class NeedIsUnknown(Rejected):
    """This case does not have that need; add it first."""


class HandOverIsUnknown(Rejected):
    """There is no such request to take over this case."""


class HandOverIsAnswered(Rejected):
    """This request was answered already, the other way."""


class HandOverGoesNowhere(Rejected):
    """The case is there already."""


class HandOverIsAskedAlready(Rejected):
    """Somebody has been asked to take this case over and has not answered yet."""


class GrievanceIsUnknown(Rejected):
    """There is no such grievance in this case."""


class GrievanceIsAnswered(Rejected):
    """This grievance was answered already, with another outcome; an appeal is a grievance of its own."""


class GrievanceIsNotAnswered(Rejected):
    """An appeal is against an answer; this grievance has none yet."""


class CaseIsNotUrgent(Rejected):
    """Help before the papers is for urgent cases only."""


class PapersAreNotAwaited(Rejected):
    """No help was given before the papers in this case."""


class ProvisionalHelpHasLapsed(Rejected):
    """The help lapsed because the papers did not come in time; give it anew."""


def set_need(command: w.SetNeed, state: c.Case) -> tuple[c.Event, ...]:
    report = living(state)
    if command.need not in state.needs:
        raise NeedIsUnknown(need=command.need)
    unit = w.unit_of(state.work, command.need)
    outcome = unit.outcome if command.outcome is None else None if command.outcome == "open" else command.outcome
    priority = command.priority or unit.priority
    if (priority, outcome) == (unit.priority, unit.outcome):
        return ()
    said = w.NeedSet(report.case_id, command.need, priority, outcome, command.by, command.at)
    return (said, *proposed_closing(report, c.evolve(state, said), command.need, command.at))


def proposed_closing(report: c.CaseReported, state: c.Case, ref: str, at: datetime) -> tuple[c.Event, ...]:
    """When every need has its help and nobody is helping any more, a person is asked to close."""
    done = {*state.met, *[unit.code for unit in state.work.units if unit.state == "done"]}
    reopened = {unit.code for unit in state.work.units if unit.state != "done"}
    asked = any(task.kind == "propose_closing" and not task.done for task in state.tasks)
    if state.status in ("closed", "withdrawn") or state.serving or asked or not state.needs or not set(state.needs) <= done - reopened:
        return ()
    task_id = f"{report.case_id}:close:{ref}:{state.version}"
    return (c.TaskAdded(report.case_id, report.person_id, task_id, "propose_closing", at, None, state.needs),)


# Closing reasons of whom nobody asks again: gone, the same case twice, or help was not wanted.
_STAYS_CLOSED = ("died", "moved_away", "duplicate", "no_longer_interested")
_NOBODY_HELPS = ("unmet_need", "help_failed")


def found(report: c.CaseReported, state: c.Case, need: str, at: datetime) -> tuple[c.Event, ...]:
    """Somebody takes this need now: nobody has to look for help any more."""
    asked = [task for task in state.tasks if not task.done and task.kind in _NOBODY_HELPS and need and need in task.why]
    return tuple([c.TaskFinished(report.case_id, task.task_id, at) for task in asked])


def answered_clocks(state: c.Case, need: str) -> tuple[str, ...]:
    """What ends when somebody takes this need: the time for help runs on while another need's help has come to nothing."""
    waits = any(task.kind == "help_failed" and not task.done and need not in task.why for task in state.tasks)
    return ("sign",) if waits else ("help", "sign")


def help_failed(report: c.CaseReported, after: c.Case, command: NoteReferral) -> tuple[c.Event, ...]:
    """Who had taken it is gone and the need is not met: somebody must look, and the time for help runs again."""
    unit = w.unit_of(after.work, command.need)
    gone = command.outcome == "subject_erased"  # nobody is looked for who is to be forgotten
    helped = any(need == command.need for _, need in after.taken)  # by somebody else, as before
    met = (
        gone or helped or command.need not in after.needs or command.need in after.met or unit.state == "done" or w.settles(command.outcome)
    )
    if after.status in ("closed", "withdrawn") or met:
        return ()
    task_id, why = f"{report.case_id}:failed:{command.referral_id}", (command.need, command.outcome)
    return (
        w.HelpFailed(report.case_id, report.person_id, *why, command.at),
        c.TaskAdded(report.case_id, report.person_id, task_id, "help_failed", command.at, None, why),
    )


def seek_again(command: w.SeekHelpAgain, state: c.Case) -> tuple[c.Event, ...]:
    """Unless somebody else has taken the need meanwhile, or the time for help runs already."""
    report = known(state)
    failed = any(not task.done and task.kind == "help_failed" and command.need in task.why for task in state.tasks)
    runs = any(one.name == "help" for one in open_clocks(state.clocks))
    if not failed or runs or state.status in ("closed", "withdrawn"):
        return ()
    clock = started(command.rules, "help", state.urgency, state.district, command.at)
    return (w.HelpSoughtAgain(report.case_id, command.need, command.at, (clock,)),)


def note_in_reach(command: w.NoteInReach, state: c.Case) -> tuple[c.Event, ...]:
    """Somebody asks the person; whoever withdrew, or has died or gone away, is not asked."""
    report = known(state)
    task_id = f"{report.case_id}:in_reach:{command.ref}"
    gone = state.status == "withdrawn" or (state.status == "closed" and state.reason in _STAYS_CLOSED)
    if gone or any(task.task_id == task_id for task in state.tasks):
        return ()
    return (
        w.InReachNoted(report.case_id, report.person_id, command.programmes, state.status == "closed", command.at),
        c.TaskAdded(report.case_id, report.person_id, task_id, "in_reach", command.at, None, command.programmes),
    )


def sign(command: w.SignCase, state: c.Case) -> tuple[c.Event, ...]:
    report = living(state)
    stopped = stopping(state.clocks, "sign")
    return (w.CaseSigned(report.case_id, command.at, stopped),) if stopped else ()


def ask_hand_over(command: w.AskHandOver, state: c.Case) -> tuple[c.Event, ...]:
    report = living(state)
    if any(one.request_id == command.request_id for one in state.work.hand_overs):
        return ()
    if any(not one.answer for one in state.work.hand_overs):
        raise HandOverIsAskedAlready
    there = command.to_district is None or (state.district or "").startswith(command.to_district)
    if there and (command.to_org or state.org) == state.org:
        raise HandOverGoesNowhere
    clock = started(command.rules, "sign", state.urgency, command.to_district or state.district, command.at)
    asked = w.HandOverAsked(
        report.case_id, report.person_id, command.request_id, command.reason, command.to_org, command.to_district, command.at, (clock,)
    )
    whom = tuple([one for one in (command.to_org, command.to_district) if one])
    return (
        asked,
        c.TaskAdded(report.case_id, report.person_id, _asked(command.request_id), "answer_hand_over", command.at, clock.due, whom),
    )


def _asked(request_id: str) -> str:
    """The task of answering this request."""
    return f"{request_id}:answer"


def answer_hand_over(command: w.AnswerHandOver, state: c.Case) -> tuple[c.Event, ...]:
    report = living(state)
    asked = next((one for one in state.work.hand_overs if one.request_id == command.request_id), None)
    if asked is None:
        raise HandOverIsUnknown
    if asked.answer:
        if (asked.answer == "accepted") != command.accepted:
            raise HandOverIsAnswered(answer=asked.answer)
        return ()
    ended = stopping(state.clocks, "sign")
    answered = w.HandOverAnswered(report.case_id, report.person_id, command.request_id, command.accepted, command.why, command.at, ended)
    said, ours = "accepted" if command.accepted else "declined", _asked(command.request_id)
    done = [c.TaskFinished(report.case_id, t.task_id, command.at, said) for t in state.tasks if t.task_id == ours and not t.done]
    if not command.accepted:
        return (answered, *done)
    return (answered, *done, c.CaseTransferred(report.case_id, report.person_id, command.at, asked.reason, asked.to_org, asked.to_district))


def raise_grievance(command: w.RaiseGrievance, state: c.Case) -> tuple[c.Event, ...]:
    """Also about a case that is closed: that may be what it is about."""
    report = not_withdrawn(state)
    known_ones = {one.grievance_id: one for one in state.work.grievances}
    if command.grievance_id in known_ones:
        return ()
    if command.appeal_of is not None:
        earlier = known_ones.get(command.appeal_of)
        if earlier is None:
            raise GrievanceIsUnknown
        if not earlier.outcome:
            raise GrievanceIsNotAnswered
    writable(report, command.text)
    running = any(one.name == "complaint" for one in open_clocks(state.clocks))
    clocks = () if running else (started(command.rules, "complaint", state.urgency, state.district, command.at),)
    return (
        w.GrievanceRaised(
            report.case_id, report.person_id, command.grievance_id, command.decision, command.reference, command.at, command.appeal_of,
            command.text, clocks,
        ),
    )  # fmt: skip


def answer_grievance(command: w.AnswerGrievance, state: c.Case) -> tuple[c.Event, ...]:
    report = not_withdrawn(state)
    raised = next((one for one in state.work.grievances if one.grievance_id == command.grievance_id), None)
    if raised is None:
        raise GrievanceIsUnknown
    if raised.outcome:
        if raised.outcome != command.outcome:
            raise GrievanceIsAnswered(outcome=raised.outcome)
        return ()
    writable(report, command.text)
    others = any(not one.outcome for one in state.work.grievances if one is not raised)
    ended = () if others else stopping(state.clocks, "complaint")
    answered = w.GrievanceAnswered(
        report.case_id, report.person_id, command.grievance_id, raised.decision, command.outcome, command.at, command.text, ended
    )
    if command.outcome == "upheld" and raised.decision == "closing" and state.status == "closed":
        clocks = reopened_clocks(command.rules, state, command.at)
        return (answered, c.CaseReopened(report.case_id, report.person_id, command.at, "grievance_upheld", clocks))
    return (answered,)


def reopened_clocks(rules: Rules | None, state: c.Case, at: datetime) -> tuple[Running, ...]:
    return () if rules is None else (started(rules, "help", state.urgency, state.district, at),)


def give_provisional_help(command: w.GiveProvisionalHelp, state: c.Case) -> tuple[c.Event, ...]:
    report = living(state)
    before = state.work.provisional
    if before is not None and before.state == "given":
        return ()
    if state.urgency not in ("high", "critical"):
        raise CaseIsNotUrgent(urgency=state.urgency)
    clock = started(command.rules, "papers", state.urgency, state.district, command.at)
    return (w.ProvisionalHelpGiven(report.case_id, report.person_id, clock.due, command.at, (clock,)),)


def complete_papers(command: w.CompletePapers, state: c.Case) -> tuple[c.Event, ...]:
    report = living(state)
    help_given = state.work.provisional
    if help_given is None:
        raise PapersAreNotAwaited
    if help_given.state == "lapsed":
        raise ProvisionalHelpHasLapsed
    if help_given.state == "complete":
        return ()
    return (w.PapersCompleted(report.case_id, report.person_id, command.at, stopping(state.clocks, "papers")),)


def note_paper(command: w.NotePaper, state: c.Case) -> tuple[c.Event, ...]:
    report = known(state)
    if command.paper_id in state.work.papers:
        return ()
    writable(report, "")
    return (w.PaperNoted(report.case_id, report.person_id, command.paper_id, command.kind, command.media, command.size_bytes, command.at),)
