"""What casework adds to a case: needs as units, hand-overs that are asked for, grievances and appeals, help before papers, papers.

    need        open -> helped | referred | unmet | dropped <-> open
    hand-over   asked -> accepted | declined
    grievance   raised -> answered;  an appeal is a grievance about an answer
    provisional none -> given -> complete | lapsed

Events, commands and the part of the state that they make; the case keeps it (`Case.work`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.intake.domain.clocks import Ended, Rules, Running
from shared.kernel import Shredded

PRIORITIES = ("low", "normal", "high", "urgent")
# How a need can end: the closing reasons of a referral that say what became of it, and those that a person gives.
OUTCOMES = (
    "got_help", "referred_elsewhere", "could_not_contact", "not_eligible", "no_capacity", "could_not_get_help", "no_longer_interested",
)  # fmt: skip
_SETTLED = frozenset(("got_help", "referred_elsewhere", "no_longer_interested", "not_eligible"))
DECISIONS = ("verdict", "refusal", "closing", "withholding")


class NeedUnit(Struct, frozen=True, gc=False):
    """One need as a unit of work: how pressing it is, what became of it, and who said so."""

    code: str
    priority: str = "normal"
    outcome: str | None = None
    by: str = ""
    at: datetime | None = None

    @property
    def state(self) -> str:
        return "open" if self.outcome is None else "done" if self.outcome in _SETTLED else "unmet"


class HandOver(Struct, frozen=True, gc=False):
    """A request that somebody else takes the case over; `answer` is empty, accepted or declined."""

    request_id: str
    reason: str
    to_org: str | None
    to_district: str | None
    at: datetime
    answer: str = ""
    why: str = ""


class Grievance(Struct, frozen=True, gc=False):
    """Against which decision, and what became of it; `appeal_of` names the grievance whose answer is not accepted."""

    grievance_id: str
    decision: str
    reference: str
    at: datetime
    appeal_of: str | None = None
    outcome: str = ""


class Provisional(Struct, frozen=True, gc=False):
    """Help before the papers; `state` is given, complete or lapsed."""

    given_at: datetime
    papers_due: datetime
    state: str = "given"


class Work(Struct, frozen=True, gc=False):
    """Casework of one case as it stands; `papers` are the ids of what was photographed."""

    units: tuple[NeedUnit, ...] = ()
    hand_overs: tuple[HandOver, ...] = ()
    grievances: tuple[Grievance, ...] = ()
    provisional: Provisional | None = None
    papers: tuple[str, ...] = ()


class SetNeed(Struct, frozen=True, gc=False):
    """A person says how pressing a need is, or what became of it; outcome `open` opens it again."""

    need: str
    by: str
    at: datetime
    priority: str | None = None
    outcome: str | None = None


class AskHandOver(Struct, frozen=True, gc=False):
    request_id: str
    reason: str
    to_org: str | None
    to_district: str | None
    rules: Rules
    at: datetime


class AnswerHandOver(Struct, frozen=True, gc=False):
    """The receiving side takes it or says why not (a code)."""

    request_id: str
    accepted: bool
    why: str
    at: datetime


class RaiseGrievance(Struct, frozen=True, gc=False):
    grievance_id: str
    decision: str
    reference: str
    rules: Rules
    at: datetime
    text: str | None = None
    appeal_of: str | None = None


class AnswerGrievance(Struct, frozen=True, gc=False):
    """upheld, partly or rejected; a closing that is upheld against opens the case again."""

    grievance_id: str
    outcome: str
    at: datetime
    rules: Rules
    text: str | None = None


class GiveProvisionalHelp(Struct, frozen=True, gc=False):
    rules: Rules
    at: datetime


class CompletePapers(Struct, frozen=True, gc=False):
    at: datetime


class NotePaper(Struct, frozen=True, gc=False):
    """A paper was photographed; the picture itself lies sealed in a stream of its own."""

    paper_id: str
    kind: str
    media: str
    size_bytes: int
    at: datetime


class SeekHelpAgain(Struct, frozen=True, gc=False):
    """Whoever had taken a need is gone and it is not met: from `at` on there are as many working days for help as at first."""

    need: str
    rules: Rules
    at: datetime


class NoteInReach(Struct, frozen=True, gc=False):
    """New numbers of the rules have brought these programmes into reach; `ref` is the word that said so."""

    ref: str
    programmes: tuple[str, ...]
    at: datetime


class SignCase(Struct, frozen=True, gc=False):
    """Somebody of the side that has the case says that it is theirs."""

    at: datetime


class NeedSet(Struct, frozen=True, gc=False):
    case_id: str
    need: str
    priority: str
    outcome: str | None
    by: str
    at: datetime


class HandOverAsked(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    request_id: str
    reason: str
    to_org: str | None
    to_district: str | None
    at: datetime
    clocks: tuple[Running, ...] = ()


class HandOverAnswered(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    request_id: str
    accepted: bool
    why: str
    at: datetime
    stopped: tuple[Ended, ...] = ()


class GrievanceRaised(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    grievance_id: str
    decision: str
    reference: str
    at: datetime
    appeal_of: str | None = None
    text: str | Shredded | None = None
    clocks: tuple[Running, ...] = ()


class GrievanceAnswered(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    grievance_id: str
    decision: str
    outcome: str
    at: datetime
    text: str | Shredded | None = None
    stopped: tuple[Ended, ...] = ()


class ProvisionalHelpGiven(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    papers_due: datetime
    at: datetime
    clocks: tuple[Running, ...] = ()


class PapersCompleted(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    at: datetime
    stopped: tuple[Ended, ...] = ()


class ProvisionalHelpLapsed(Struct, frozen=True, gc=False):
    """The papers did not come; nobody had to do anything for it."""

    case_id: str
    person_id: str
    at: datetime
    stopped: tuple[Ended, ...] = ()


class PaperNoted(Struct, frozen=True, gc=False):
    case_id: str
    person_id: str
    paper_id: str
    kind: str
    media: str
    size_bytes: int
    at: datetime


class HelpFailed(Struct, frozen=True, gc=False):
    """Whoever had taken this need helps no more, and it is not met; `outcome` is the reason of the referral's end."""

    case_id: str
    person_id: str
    need: str
    outcome: str
    at: datetime


class InReachNoted(Struct, frozen=True, gc=False):
    """Programmes that are in reach now of a case that is `closed`, or goes on."""

    case_id: str
    person_id: str
    programmes: tuple[str, ...]
    closed: bool
    at: datetime


class HelpSoughtAgain(Struct, frozen=True, gc=False):
    case_id: str
    need: str
    at: datetime
    clocks: tuple[Running, ...] = ()


class CaseSigned(Struct, frozen=True, gc=False):
    case_id: str
    at: datetime
    stopped: tuple[Ended, ...] = ()


COMMANDS = (
    SetNeed, AskHandOver, AnswerHandOver, RaiseGrievance, AnswerGrievance, GiveProvisionalHelp, CompletePapers, NotePaper, SignCase,
    SeekHelpAgain, NoteInReach,
)  # fmt: skip
EVENTS = (
    NeedSet, HandOverAsked, HandOverAnswered, GrievanceRaised, GrievanceAnswered, ProvisionalHelpGiven, PapersCompleted,
    ProvisionalHelpLapsed, PaperNoted, CaseSigned, HelpFailed, HelpSoughtAgain, InReachNoted,
)  # fmt: skip


def settles(outcome: str) -> bool:
    """Whether nobody has to go on looking for help after this."""
    return outcome in _SETTLED


def unit_of(work: Work, code: str) -> NeedUnit:
    return next((unit for unit in work.units if unit.code == code), NeedUnit(code))


def ended(unit: NeedUnit, outcome: str, by: str, at: datetime) -> NeedUnit:
    """What became of it with one who helped; what somebody achieved is not undone by what another did not."""
    return unit if unit.state == "done" and outcome not in _SETTLED else replace(unit, outcome=outcome, by=by, at=at)


def with_unit(work: Work, unit: NeedUnit) -> Work:
    return replace(work, units=(*[u for u in work.units if u.code != unit.code], unit))


def evolve(work: Work, event: Any) -> Work:
    """The casework after this event; events of other parts change nothing here."""
    match event:
        case NeedSet():
            return with_unit(work, NeedUnit(event.need, event.priority, event.outcome, event.by, event.at))
        case HandOverAsked():
            asked = HandOver(event.request_id, event.reason, event.to_org, event.to_district, event.at)
            return replace(work, hand_overs=(*work.hand_overs, asked))
        case HandOverAnswered():
            answer = "accepted" if event.accepted else "declined"
            answered = [replace(h, answer=answer, why=event.why) if h.request_id == event.request_id else h for h in work.hand_overs]
            return replace(work, hand_overs=tuple(answered))
        case GrievanceRaised():
            raised = Grievance(event.grievance_id, event.decision, event.reference, event.at, event.appeal_of)
            return replace(work, grievances=(*work.grievances, raised))
        case GrievanceAnswered():
            said = [replace(g, outcome=event.outcome) if g.grievance_id == event.grievance_id else g for g in work.grievances]
            return replace(work, grievances=tuple(said))
        case ProvisionalHelpGiven():
            return replace(work, provisional=Provisional(event.at, event.papers_due))
        case PapersCompleted() | ProvisionalHelpLapsed() if work.provisional is not None:
            state = "complete" if isinstance(event, PapersCompleted) else "lapsed"
            return replace(work, provisional=replace(work.provisional, state=state))
        case PaperNoted():
            return replace(work, papers=(*work.papers, event.paper_id))
    return work
