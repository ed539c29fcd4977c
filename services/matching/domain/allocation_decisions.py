"""Every yes and no about the places of a yearly quota.

Nobody who was published as admitted loses the place by somebody else's appeal: an upheld appeal that belongs within the quota gets a place
beyond it, and places given up are not passed on until the quota holds again. An appeal never makes anybody's own standing worse.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

from msgspec.structs import replace

from services.matching.domain.allocation import (
    ABSENT,
    COMMANDS,
    EVENTS,
    Allocation,
    AllocationClosed,
    AllocationFinished,
    AllocationOpened,
    AllocationPlanned,
    AppealDecided,
    AppealMade,
    ApplicationLeft,
    CloseAllocation,
    Counts,
    DecideAppeal,
    FinishAllocation,
    GiveUpPlace,
    LapsePlaces,
    MakeAppeal,
    Moved,
    NoteWithdrawal,
    OpenAllocation,
    PlaceGivenUp,
    PlaceTaken,
    Plan,
    PlanAllocation,
    RankAllocation,
    RankingPublished,
    TakeApplication,
    TakePlace,
    evolve,
)
from services.matching.domain.duplicates import duplicates
from services.matching.domain.ranking import Application, Ranked, ranked, standing
from shared.kernel import Decider, Rejected

_CHINA = timezone(timedelta(hours=8))
FAMILY = "family"  # the group of places of which a household has one
REASONS = ("points_miscounted", "proof_overlooked", "order_misapplied", "other")


class AllocationIsUnknown(Rejected):
    """There is no such allocation."""


class PlanIsPublished(Rejected):
    """Applications have opened: the plan binds and cannot be changed."""


class OrderIsNotTotal(Rejected):
    """The order must hold the points once and end with the application number, so that no two stand in one place."""


class DaysAreOutOfOrder(Rejected):
    """Applications close after they open, and points count as of a day that is not after the opening."""


class NotYetOpening(Rejected):
    """The published day of opening has not come."""


class ApplicationsAreNotOpen(Rejected):
    """Applications are not open."""


class ClosesLater(Rejected):
    """Applications stay open until the published instant."""


class NotClosedYet(Rejected):
    """Applications have not been closed."""


class NothingIsRanked(Rejected):
    """No ranking has been published."""


class AllocationIsFinal(Rejected):
    """The allocation is final."""


class NotInTheRanking(Rejected):
    """The published ranking holds no such application."""


class ReasonIsUnknown(Rejected):
    """This reason for an appeal is not on the list."""


class AppealsAreOver(Rejected):
    """The days of appeal are over."""


class AppealedAlready(Rejected):
    """An appeal of this application was made before."""


class AppealIsUnknown(Rejected):
    """There is no such appeal."""


class AppealIsDecided(Rejected):
    """This appeal has been decided otherwise."""


class OwnRanking(Rejected):
    """Whoever published a ranking does not decide appeals against it."""


class OwnAppeal(Rejected):
    """Whoever handed an appeal in does not decide it."""


class UpheldMustBetter(Rejected):
    """An appeal that is upheld puts the application higher, never lower and never where it was."""


class AppealsAreOpen(Rejected):
    """Appeals can still be made."""


class AppealsAreUndecided(Rejected):
    """Not every appeal has been decided."""


class RankingIsOutdated(Rejected):
    """An upheld appeal is not in the published ranking yet."""


class NotFinalYet(Rejected):
    """Places are taken once the allocation is final."""


class HoldsNoPlace(Rejected):
    """This application holds no place."""


class TimeToTakeIsOver(Rejected):
    """The time in which this place was to be taken is over; it goes to the next."""


def _planned(state: Allocation) -> Plan:
    if state.plan is None:
        raise AllocationIsUnknown
    return state.plan


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
    p = _planned(state)
    if state.status == "open":
        return ()
    if state.status != "planned":
        raise ApplicationsAreNotOpen(status=state.status)
    if command.at < p.opens_at:
        raise NotYetOpening(opens_at=p.opens_at.isoformat())
    return (AllocationOpened(p.allocation_id, command.at),)


def take_application(command: TakeApplication, state: Allocation) -> tuple[Any, ...]:
    """Only says whether: applications are kept by their own streams."""
    p = _planned(state)
    if state.status != "open" or command.at >= p.closes_at:
        raise ApplicationsAreNotOpen(status=state.status)
    return ()


def close(command: CloseAllocation, state: Allocation) -> tuple[Any, ...]:
    p = _planned(state)
    if state.status in ("closed", "ranked", "final"):
        return ()
    if state.status != "open":
        raise ApplicationsAreNotOpen(status=state.status)
    if command.at < p.closes_at:
        raise ClosesLater(closes_at=p.closes_at.isoformat())
    return (AllocationClosed(p.allocation_id, command.at),)


def rank(command: RankAllocation, state: Allocation) -> tuple[Any, ...]:
    p = _planned(state)
    if state.status == "final":
        raise AllocationIsFinal
    if state.status == "closed":
        return (_published(command, state, command.applications),)
    if state.status != "ranked":
        raise NotClosedYet(status=state.status)
    if not state.corrected:
        return ()
    return (_published(command, state, [_as_corrected(one.application, state, p) for one in state.entries.values()]),)


def _as_corrected(application: Application, state: Allocation, p: Plan) -> Application:
    items = state.corrected.get(application.number)
    return application if items is None else _slim(replace(application, points=sum(items.values()), items=items), p)


def _slim(application: Application, p: Plan) -> Application:
    """Without what the order never asks for: nobody learns more of an application than it was ranked by."""
    asked = {key.item for key in p.order if key.item}
    return replace(application, items={name: points for name, points in application.items.items() if name in asked})


def _published(command: RankAllocation, state: Allocation, applications: Any) -> RankingPublished:
    p = _planned(state)
    there = [one for one in applications if one.number not in state.gone]  # whoever has left meanwhile stands in nobody's way
    twice = duplicates(there, command.whose, by_home=p.group == FAMILY) if state.status == "closed" else ()
    out = state.gone | {one.number for one in twice}
    standing_now = [_slim(one, p) for one in there if one.number not in out]
    entries = ranked(standing_now, p.quota, p.order, p.minimum, state.holds, frozenset(state.corrected))
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
        return None
    held = "admitted" if number in state.holds else before.outcome
    if held == now.outcome and number not in state.corrected:
        return None
    return Moved(number, before.rank, now.rank, held, now.outcome)


def make_appeal(command: MakeAppeal, state: Allocation) -> tuple[Any, ...]:
    c, p = command, _planned(state)
    if state.status == "final":
        raise AllocationIsFinal
    if state.status != "ranked" or state.appeals_until is None:
        raise NothingIsRanked(status=state.status)
    if c.reason not in REASONS:
        raise ReasonIsUnknown(reason=c.reason)
    if c.number not in state.entries or c.number in state.gone:
        raise NotInTheRanking
    for one in state.appeals.values():
        if one.number == c.number:
            if one.reason == c.reason and one.upheld is None:
                return ()
            raise AppealedAlready
    if c.at > state.appeals_until:
        raise AppealsAreOver(until=state.appeals_until.isoformat())
    return (AppealMade(p.allocation_id, len(state.appeals) + 1, c.number, c.reason, c.by, c.at),)


def decide_appeal(command: DecideAppeal, state: Allocation) -> tuple[Any, ...]:
    c, p = command, _planned(state)
    one = state.appeals.get(c.appeal)
    if one is None:
        raise AppealIsUnknown
    items = dict(c.items) if c.upheld else {}
    if one.upheld is not None:
        if (one.upheld, dict(one.items)) == (c.upheld, items):
            return ()
        raise AppealIsDecided(upheld=one.upheld)
    if c.by in state.ranked_by:
        raise OwnRanking
    if c.by == one.made_by:
        raise OwnAppeal
    was = state.entries[one.number].application
    if not c.upheld:
        return (AppealDecided(p.allocation_id, c.appeal, one.number, False, was.points, {}, c.by, c.at),)
    points = sum(items.values())
    would_be = replace(was, points=points, items=items)
    if points < was.points or standing(would_be, p.order) >= standing(was, p.order):
        raise UpheldMustBetter(points=points, before=was.points)
    return (AppealDecided(p.allocation_id, c.appeal, one.number, True, points, items, c.by, c.at),)


def finish(command: FinishAllocation, state: Allocation) -> tuple[Any, ...]:
    p = _planned(state)
    if state.status == "final":
        return ()
    if state.status != "ranked" or state.appeals_until is None:
        raise NothingIsRanked(status=state.status)
    if command.at <= state.appeals_until:
        raise AppealsAreOpen(until=state.appeals_until.isoformat())
    undecided = sum(one.upheld is None for one in state.appeals.values())
    if undecided:
        raise AppealsAreUndecided(appeals=undecided)
    if state.corrected:
        raise RankingIsOutdated(appeals=len(state.corrected))
    return (AllocationFinished(p.allocation_id, command.at, command.take_until, p.take_days),)


def take_place(command: TakePlace, state: Allocation) -> tuple[Any, ...]:
    p = _planned(state)
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
    p = _planned(state)
    if command.number in state.gone:
        return ()
    if command.number not in state.holds:
        raise HoldsNoPlace
    return (_given_up(command.number, state, p, command, "given_up"),)


def _given_up(number: str, state: Allocation, p: Plan, by: GiveUpPlace | NoteWithdrawal | LapsePlaces, reason: str) -> PlaceGivenUp:
    """Before all is final nobody can take a place, so nobody's time runs."""
    until = by.take_until if state.status == "final" else None
    return PlaceGivenUp(p.allocation_id, number, _next(state, p), by.at, reason, until, 0 if until is None else p.take_days)


def lapse(command: LapsePlaces, state: Allocation) -> tuple[Any, ...]:
    """In the order of the ranking, so that the first place that lapses goes to the first who waits."""
    p, found = _planned(state), []
    for number in [one for one in state.entries if one in state.until and state.until[one] < command.at]:
        found.append(_given_up(number, state, p, command, "not_taken"))
        state = evolve(state, found[-1])
    return tuple(found)


def _next(state: Allocation, p: Plan) -> str | None:
    """Who moves up when one place is given up; the entries are in their order."""
    if len(state.holds) > p.quota:
        return None
    waiting = (number for number, one in state.entries.items() if one.outcome == "waiting")
    return next((number for number in waiting if number not in state.holds and number not in state.gone), None)


def note_withdrawal(command: NoteWithdrawal, state: Allocation) -> tuple[Any, ...]:
    """Before the close the application's own stream says enough."""
    p = _planned(state)
    if state.status in ("planned", "open") or command.number in state.gone:
        return ()
    if command.number in state.holds:
        return (_given_up(command.number, state, p, command, "withdrawn"),)
    return (ApplicationLeft(p.allocation_id, command.number, command.at),)


_BY_COMMAND: dict[type, Any] = {
    PlanAllocation: plan, OpenAllocation: open_, TakeApplication: take_application, CloseAllocation: close, RankAllocation: rank,
    MakeAppeal: make_appeal, DecideAppeal: decide_appeal, FinishAllocation: finish, TakePlace: take_place, GiveUpPlace: give_up,
    NoteWithdrawal: note_withdrawal, LapsePlaces: lapse,
}  # fmt: skip


def decide(command: Any, state: Allocation) -> tuple[Any, ...]:
    if type(command) not in _BY_COMMAND:
        raise AssertionError(f"{type(command).__name__} is no command to an allocation")
    happened: tuple[Any, ...] = _BY_COMMAND[type(command)](command, state)
    return happened


ALLOCATION = Decider("allocation", ABSENT, decide, evolve, COMMANDS, EVENTS)
