"""Every reason for a no about the places of a yearly quota."""

from __future__ import annotations

from services.matching.domain.allocation import Allocation, Plan
from shared.kernel import Rejected


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


class ReasonDoesNotFit(Rejected):
    """Only of an application that counts as another's can be said that they are not the same, and nothing else can be."""


class PointsAreNotAsked(Rejected):
    """Whether two applications are of the same is decided without points."""


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


def planned(state: Allocation) -> Plan:
    """What was published; raises `AllocationIsUnknown`."""
    if state.plan is None:
        raise AllocationIsUnknown
    return state.plan
