"""Every yes and no about the places of a yearly quota.

Nobody who was published as admitted loses the place by somebody else's appeal: an upheld appeal that belongs within the quota gets a place
beyond it, and places given up are not passed on until the quota holds again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from msgspec.structs import replace

from services.matching.domain import appeal_decisions
from services.matching.domain.allocation import (
    ABSENT,
    COMMANDS,
    EVENTS,
    Allocation,
    AllocationClosed,
    AllocationFinished,
    AllocationOpened,
    AllocationPlanned,
    ApplicationLeft,
    ApplicationReturned,
    CloseAllocation,
    Counts,
    DecideAppeal,
    FinishAllocation,
    GiveUpPlace,
    Lapsed,
    LapsePlaces,
    MakeAppeal,
    Moved,
    NoteWithdrawal,
    OpenAllocation,
    PlaceGivenUp,
    PlacesLapsed,
    PlaceTaken,
    Plan,
    PlanAllocation,
    RankAllocation,
    RankingPublished,
    TakeApplication,
    TakePlace,
    evolve,
)
from services.matching.domain.allocation_refusals import (
    AllocationIsFinal,
    AppealsAreOpen,
    AppealsAreUndecided,
    ApplicationsAreNotOpen,
    ClosesLater,
    DaysAreOutOfOrder,
    HoldsNoPlace,
    NotClosedYet,
    NotFinalYet,
    NothingIsRanked,
    NotYetOpening,
    OrderIsNotTotal,
    PlanIsPublished,
    RankingIsOutdated,
    TimeToTakeIsOver,
    planned,
)
from services.matching.domain.duplicates import duplicates
from services.matching.domain.ranking import Application, Ranked, ranked
from shared.kernel import Decider

_CHINA = timezone(timedelta(hours=8))
FAMILY = "family"  # the group of places of which a household has one


def plan(command: PlanAllocation, state: Allocation) -> tuple[Any, ...]:
    p = command.plan
    if p == state.plan:
        return ()
    if state.status not in ("absent", "planned"):
        raise PlanIsPublished(status=state.status)
    steps = [key.by for key in p.order]
    if not steps or steps[-1] != "number" or steps.count("points") != 1 or len(set(p.order)) != len(p.order):
        raise OrderIsNotTotal
    if p.closes_at <= p.opens_at or p.points_on > p.opens_at.astimezone(_CHINA).date():
        raise DaysAreOutOfOrder
    return (AllocationPlanned(p, command.at),)


def open_(command: OpenAllocation, state: Allocation) -> tuple[Any, ...]:
    p = planned(state)
    if state.status == "open":
        return ()
    if state.status != "planned":
        raise ApplicationsAreNotOpen(status=state.status)
    if command.at < p.opens_at:
        raise NotYetOpening(opens_at=p.opens_at.isoformat())
    return (AllocationOpened(p.allocation_id, command.at),)


def take_application(command: TakeApplication, state: Allocation) -> tuple[Any, ...]:
    """Only says whether: applications are kept by their own streams."""
    p = planned(state)
    if state.status != "open" or command.at >= p.closes_at:
        raise ApplicationsAreNotOpen(status=state.status)
    return ()


def close(command: CloseAllocation, state: Allocation) -> tuple[Any, ...]:
    p = planned(state)
    if state.status in ("closed", "ranked", "final"):
        return ()
    if state.status != "open":
        raise ApplicationsAreNotOpen(status=state.status)
    if command.at < p.closes_at:
        raise ClosesLater(closes_at=p.closes_at.isoformat())
    return (AllocationClosed(p.allocation_id, command.at),)


def rank(command: RankAllocation, state: Allocation) -> tuple[Any, ...]:
    p = planned(state)
    if state.status == "final":
        raise AllocationIsFinal
    if state.status == "closed":
        return (_published(command, state, command.applications),)
    if state.status != "ranked":
        raise NotClosedYet(status=state.status)
    new = state.unranked()
    if not state.corrected and not new:
        return ()
    return (_published(command, state, [_as_corrected(one.application, state, p) for one in state.entries.values()] + list(new)),)


def _as_corrected(application: Application, state: Allocation, p: Plan) -> Application:
    items = state.corrected.get(application.number)
    return application if not items else _slim(replace(application, points=sum(items.values()), items=items), p)


def _slim(application: Application, p: Plan) -> Application:
    """Without what the order never asks for: nobody learns more of an application than it was ranked by."""
    asked = {key.item for key in p.order if key.item}
    return replace(application, items={name: points for name, points in application.items.items() if name in asked})


def _published(command: RankAllocation, state: Allocation, applications: Any) -> RankingPublished:
    p = planned(state)
    there = [_slim(one, p) for one in applications if one.number not in state.gone]  # whoever has left meanwhile stands in nobody's way
    twice = duplicates(there, command.whose, by_home=p.group == FAMILY) if state.status == "closed" else ()
    out = {one.number for one in twice}
    entries = ranked([one for one in there if one.number not in out], p.quota, p.order, p.minimum, state.holds, frozenset(state.corrected))
    outcomes = [one.outcome for one in entries]
    admitted = outcomes.count("admitted")
    counts = Counts(
        len(entries), admitted, outcomes.count("waiting"), outcomes.count("below_minimum"), max(0, admitted - p.quota)
    )  # fmt: skip
    until = state.appeals_until or command.appeals_until
    moved = tuple([one for one in (_moved(now, state) for now in entries) if one is not None])
    return RankingPublished(p, state.publication + 1, entries, counts, moved, until, command.by, command.at, twice)


def _moved(now: Ranked, state: Allocation) -> Moved | None:
    number = now.application.number
    before = state.entries.get(number)
    if before is None:
        return Moved(number, 0, now.rank, "duplicate", now.outcome) if state.publication else None
    held = "admitted" if number in state.holds else before.outcome
    if held == now.outcome and number not in state.corrected:
        return None
    return Moved(number, before.rank, now.rank, held, now.outcome)


def finish(command: FinishAllocation, state: Allocation) -> tuple[Any, ...]:
    p = planned(state)
    if state.status == "final":
        return ()
    if state.status != "ranked" or state.appeals_until is None:
        raise NothingIsRanked(status=state.status)
    if command.at <= state.appeals_until:
        raise AppealsAreOpen(until=state.appeals_until.isoformat())
    undecided = sum(one.upheld is None for one in state.appeals.values())
    if undecided:
        raise AppealsAreUndecided(appeals=undecided)
    if state.corrected or state.unranked():
        raise RankingIsOutdated(applications=len(state.corrected.keys() | {one.number for one in state.unranked()}))
    return (AllocationFinished(p.allocation_id, command.at, command.take_until, p.take_days),)


def take_place(command: TakePlace, state: Allocation) -> tuple[Any, ...]:
    p = planned(state)
    if state.status != "final":
        raise NotFinalYet(status=state.status)
    if command.number not in state.holds:
        raise HoldsNoPlace
    if command.number in state.taken:
        return ()
    end = state.until.get(command.number)
    if end is not None and command.at > end:
        raise TimeToTakeIsOver(until=end.isoformat())
    return (PlaceTaken(p.allocation_id, command.number, command.at),)


def give_up(command: GiveUpPlace, state: Allocation) -> tuple[Any, ...]:
    p = planned(state)
    if command.number in state.gone:
        return ()
    if command.number not in state.holds:
        raise HoldsNoPlace
    return _given_up(command.number, state, p, command, "given_up")


def _given_up(number: str, state: Allocation, p: Plan, by: GiveUpPlace | NoteWithdrawal, reason: str) -> tuple[Any, ...]:
    """Before all is final nobody can take a place, so nobody's time runs."""
    until = by.take_until if state.status == "final" else None
    back = _back(number, state, p, by.at)
    for one in back:  # it may be the only one that waits
        state = evolve(state, one)
    up = None if len(state.holds) > p.quota else next(_waiting(state), None)
    return (*back, PlaceGivenUp(p.allocation_id, number, up, by.at, reason, until, 0 if until is None else p.take_days))


def _back(number: str, state: Allocation, p: Plan, at: datetime) -> tuple[ApplicationReturned, ...]:
    """The first of those that count as this one, once it leaves: into the next ranking or, when all is final, at the end of the list."""
    same = [one.application for one in state.doubles.values() if one.of == number and one.number not in state.gone]
    doubles = sorted([one for one in same if one is not None], key=lambda one: (one.applied_at, one.number))
    if not doubles:
        return ()
    first, others = doubles[0], tuple([one.number for one in doubles[1:]])
    missing = max(0, p.minimum - first.points)
    if state.status != "final":
        return (ApplicationReturned(p.allocation_id, first.number, number, others, first, "returned", 0, state.publication, missing, at),)
    outcome: Literal["below_minimum", "waiting"] = "below_minimum" if missing else "waiting"
    rank = len(state.entries) + 1
    return (ApplicationReturned(p.allocation_id, first.number, number, others, first, outcome, rank, state.publication, missing, at),)


def lapse(command: LapsePlaces, state: Allocation) -> tuple[Any, ...]:
    """In the order of the ranking, so that the first place that lapses goes to the first who waits; what counts as one of them stays out."""
    p = planned(state)
    over = [number for number in state.entries if number in state.until and state.until[number] < command.at]
    if not over:
        return ()
    too_many, waiting = len(state.holds) - p.quota, _waiting(state)
    places = [Lapsed(number, None if n < too_many else next(waiting, None)) for n, number in enumerate(over)]
    return (PlacesLapsed(p.allocation_id, tuple(places), command.at, command.take_until, p.take_days),)


def _waiting(state: Allocation) -> Iterator[str]:
    """Who may move up, the next first; the entries are in their order."""
    waiting = (number for number, one in state.entries.items() if one.outcome == "waiting")
    return (number for number in waiting if number not in state.holds and number not in state.gone)


def note_withdrawal(command: NoteWithdrawal, state: Allocation) -> tuple[Any, ...]:
    """Before the close the application's own stream says enough."""
    p = planned(state)
    if state.status in ("planned", "open") or command.number in state.gone:
        return ()
    if command.number in state.holds:
        return _given_up(command.number, state, p, command, "withdrawn")
    return (ApplicationLeft(p.allocation_id, command.number, command.at), *_back(command.number, state, p, command.at))


_BY_COMMAND: dict[type, Any] = {
    PlanAllocation: plan, OpenAllocation: open_, TakeApplication: take_application, CloseAllocation: close, RankAllocation: rank,
    MakeAppeal: appeal_decisions.make, DecideAppeal: appeal_decisions.decide, FinishAllocation: finish, TakePlace: take_place, GiveUpPlace: give_up,
    NoteWithdrawal: note_withdrawal, LapsePlaces: lapse,
}  # fmt: skip


def decide(command: Any, state: Allocation) -> tuple[Any, ...]:
    if type(command) not in _BY_COMMAND:
        raise AssertionError(f"{type(command).__name__} is no command to an allocation")
    happened: tuple[Any, ...] = _BY_COMMAND[type(command)](command, state)
    return happened


ALLOCATION = Decider("allocation", ABSENT, decide, evolve, COMMANDS, EVENTS)
