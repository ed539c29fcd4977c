"""Every yes and no about appeals against a published order.

An appeal never makes anybody's own standing worse. Whoever ranked or handed it in does not decide it. An application that counts as
another's has one thing to say: that they are not the same; upheld, it comes into the next ranking with the points it has.
"""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from msgspec.structs import replace

from services.matching.domain.allocation import Allocation, AppealDecided, AppealMade, DecideAppeal, MakeAppeal
from services.matching.domain.allocation_refusals import (
    AllocationIsFinal,
    AppealedAlready,
    AppealIsDecided,
    AppealIsUnknown,
    AppealsAreOver,
    NothingIsRanked,
    NotInTheRanking,
    OwnAppeal,
    OwnRanking,
    PointsAreNotAsked,
    ReasonDoesNotFit,
    ReasonIsUnknown,
    UpheldMustBetter,
    planned,
)
from services.matching.domain.ranking import standing

NOT_THE_SAME: Final = "not_the_same"
Reason = Literal["points_miscounted", "proof_overlooked", "order_misapplied", "other", "not_the_same"]
REASONS: tuple[Reason, ...] = get_args(Reason)


def make(command: MakeAppeal, state: Allocation) -> tuple[Any, ...]:
    c, p = command, planned(state)
    if state.status == "final":
        raise AllocationIsFinal
    if state.status != "ranked" or state.appeals_until is None:
        raise NothingIsRanked(status=state.status)
    if c.reason not in REASONS:
        raise ReasonIsUnknown(reason=c.reason)
    double = state.doubles.get(c.number)
    known = c.number in state.entries if double is None else double.application is not None
    if not known or c.number in state.gone:
        raise NotInTheRanking
    if (c.reason == NOT_THE_SAME) is (double is None):
        raise ReasonDoesNotFit(reason=c.reason)
    for one in state.appeals.values():
        if one.number == c.number:
            if one.reason == c.reason and one.upheld is None:
                return ()
            raise AppealedAlready
    if c.at > state.appeals_until:
        raise AppealsAreOver(until=state.appeals_until.isoformat())
    return (AppealMade(p.allocation_id, len(state.appeals) + 1, c.number, c.reason, c.by, c.at),)


def decide(command: DecideAppeal, state: Allocation) -> tuple[Any, ...]:
    c, p = command, planned(state)
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
    was = state.application(one.number)
    if was is None:
        raise NotInTheRanking
    if one.reason == NOT_THE_SAME and items:
        raise PointsAreNotAsked
    if not c.upheld or one.reason == NOT_THE_SAME:
        return (AppealDecided(p.allocation_id, c.appeal, one.number, c.upheld, was.points, {}, c.by, c.at),)
    points = sum(items.values())
    would_be = replace(was, points=points, items=items)
    if points < was.points or standing(would_be, p.order) >= standing(was, p.order):
        raise UpheldMustBetter(points=points, before=was.points)
    return (AppealDecided(p.allocation_id, c.appeal, one.number, True, points, items, c.by, c.at),)
