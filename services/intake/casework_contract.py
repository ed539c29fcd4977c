"""What intake promises to say of clocks and casework: ids, codes and instants, nothing of a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from services.intake.domain import casework as w
from services.intake.domain import clocks as k
from services.intake.domain.facts import code_or_other
from shared.envelope import Envelope, Public


class ClockSaid(Struct, frozen=True, gc=False):
    """A clock of a case turned yellow, ran out, or still runs after that; `to` is the rung of the ladder that is told."""

    case_id: str
    clock: str
    to: str
    due: datetime


class NeedOutcome(Struct, frozen=True, gc=False):
    """What became of one need; `outcome` is null while it is open."""

    case_id: str
    need: str
    priority: str
    outcome: str | None


class HandOverSaid(Struct, frozen=True, gc=False):
    """`state` is asked, accepted or declined; `to_org`, `to_district` and `reason` (a code) say of whom it was asked and why."""

    case_id: str
    request_id: str
    state: str
    to_org: str | None = None
    to_district: str | None = None
    reason: str | None = None


class GrievanceSaid(Struct, frozen=True, gc=False):
    """`outcome` is null until the grievance is answered."""

    case_id: str
    grievance_id: str
    decision: str
    outcome: str | None = None


class ProvisionalHelp(Struct, frozen=True, gc=False):
    """Help before the papers; `state` is given, complete or lapsed."""

    case_id: str
    state: str
    papers_due: datetime | None = None


def on_clock(e: Envelope) -> tuple[Public, ...]:
    said = e.data
    return (Public(_CLOCKS[type(said)], ClockSaid(said.case_id, said.clock, said.to, said.due)),)


def on_need(e: Envelope) -> tuple[Public, ...]:
    n: w.NeedSet = e.data
    return (Public("intake.need_set.v1", NeedOutcome(n.case_id, n.need, n.priority, n.outcome)),)


def on_hand_over(e: Envelope) -> tuple[Public, ...]:
    h = e.data
    if isinstance(h, w.HandOverAsked):
        org, reason = code_or_other(h.to_org) if h.to_org else None, code_or_other(h.reason)
        return (Public("intake.hand_over.v1", HandOverSaid(h.case_id, h.request_id, "asked", org, h.to_district, reason)),)
    return (Public("intake.hand_over.v1", HandOverSaid(h.case_id, h.request_id, "accepted" if h.accepted else "declined")),)


def on_grievance(e: Envelope) -> tuple[Public, ...]:
    g = e.data
    outcome = g.outcome if isinstance(g, w.GrievanceAnswered) else None
    return (Public("intake.grievance.v1", GrievanceSaid(g.case_id, g.grievance_id, g.decision, outcome)),)


def on_provisional(e: Envelope) -> tuple[Public, ...]:
    state = _PROVISIONAL[type(e.data)]
    return (Public("intake.provisional_help.v1", ProvisionalHelp(e.data.case_id, state, getattr(e.data, "papers_due", None))),)


_CLOCKS: Mapping[type, str] = {
    k.ClockWarned: "intake.clock_warned.v1",
    k.ClockBreached: "intake.clock_breached.v1",
    k.ClockEscalated: "intake.clock_escalated.v1",
}
_PROVISIONAL: Mapping[type, str] = {w.ProvisionalHelpGiven: "given", w.PapersCompleted: "complete", w.ProvisionalHelpLapsed: "lapsed"}
CASEWORK_PUBLISH: Mapping[type, Callable[[Envelope], tuple[Public, ...]]] = {
    **dict.fromkeys(_CLOCKS, on_clock),
    w.NeedSet: on_need,
    w.HandOverAsked: on_hand_over,
    w.HandOverAnswered: on_hand_over,
    w.GrievanceRaised: on_grievance,
    w.GrievanceAnswered: on_grievance,
    w.ProvisionalHelpGiven: on_provisional,
    w.PapersCompleted: on_provisional,
    w.ProvisionalHelpLapsed: on_provisional,
}
CASEWORK_TYPES: Mapping[str, type] = {
    **dict.fromkeys(_CLOCKS.values(), ClockSaid),
    "intake.need_set.v1": NeedOutcome,
    "intake.hand_over.v1": HandOverSaid,
    "intake.grievance.v1": GrievanceSaid,
    "intake.provisional_help.v1": ProvisionalHelp,
}
