"""The places of one scheme in one year: planned, open, closed, ranked, final.

A plan may be corrected until applications open, then it binds. The first ranking opens the days of appeal; each later one tells what
it changed. Applications are streams of their own: this one holds the published order, who left, who moved up, and the appeals.
An application that counts as another's comes back when that one leaves, or when an appeal says that they are not the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from services.matching.domain.duplicates import Duplicate, Whose
from services.matching.domain.ranking import Application, Key, Outcome, Ranked

Group = Literal[
    "general", "private_school_teachers", "outstanding_workers", "outstanding_skilled_talents", "family", "single"
]  # whom places are for
GROUPS: tuple[Group, ...] = get_args(Group)
Status = Literal["absent", "planned", "open", "closed", "ranked", "final"]


class Plan(Struct, frozen=True):
    """What is published before anybody applies. `group` is whom the places are for; points count as of the day `points_on`.

    `order` ranks: it holds the points and ends with the number, so no two stand in one place. `appeal_days` and `take_days`, in which
    a place is to be taken (0: no end), are working days.
    """

    allocation_id: str
    scheme: str
    year: int
    district: str
    group: str
    quota: int
    minimum: int
    order: tuple[Key, ...]
    points_on: date
    opens_at: datetime
    closes_at: datetime
    appeal_days: int
    source: str
    take_days: int = 0


class Moved(Struct, frozen=True, gc=False):
    """What a later ranking changed for one application: whose appeal was upheld, or who stands on the other side of the line.

    Who had no rank because the application counted as another's has 0 as `rank_before`.
    """

    number: str
    rank_before: int
    rank: int
    outcome_before: Outcome | Literal["duplicate"]
    outcome: Outcome


class Counts(Struct, frozen=True, gc=False):
    """How a ranking ended; `over_quota` are places beyond the quota, for appeals that were upheld."""

    applications: int
    admitted: int
    waiting: int
    below_minimum: int
    over_quota: int


class PlanAllocation(Struct, frozen=True):
    plan: Plan
    at: datetime


class OpenAllocation(Struct, frozen=True):
    at: datetime


class TakeApplication(Struct, frozen=True):
    """Goes with an application: whether it comes in time."""

    number: str
    at: datetime


class CloseAllocation(Struct, frozen=True):
    at: datetime


class RankAllocation(Struct, frozen=True):
    """`applications` are those that stand, for the first ranking; later ones rest on the published order and the appeals.

    `whose` tells of those that may not be alone: of one person under several ids, or of a household.
    """

    applications: tuple[Application, ...]
    appeals_until: datetime
    by: str
    at: datetime
    whose: tuple[Whose, ...] = ()


class MakeAppeal(Struct, frozen=True):
    number: str
    reason: str
    by: str
    at: datetime


class DecideAppeal(Struct, frozen=True):
    """`items` are the points by item as they should have been counted, where the appeal is upheld; none where it was about who is who."""

    appeal: int
    upheld: bool
    items: Mapping[str, int]
    by: str
    at: datetime


class FinishAllocation(Struct, frozen=True):
    """`take_until`, here and below: when the time ends that whoever gets a place now has to take it."""

    at: datetime
    take_until: datetime | None = None


class TakePlace(Struct, frozen=True):
    number: str
    at: datetime


class GiveUpPlace(Struct, frozen=True):
    number: str
    at: datetime
    take_until: datetime | None = None


class LapsePlaces(Struct, frozen=True):
    """The time of some who hold a place may be over: those of them who have not taken it make room for the next."""

    at: datetime
    take_until: datetime


class NoteWithdrawal(Struct, frozen=True):
    """Goes with a withdrawal: whoever holds a place gives it up."""

    number: str
    at: datetime
    take_until: datetime | None = None


class AllocationPlanned(Struct, frozen=True):
    plan: Plan
    at: datetime


class AllocationOpened(Struct, frozen=True):
    allocation_id: str
    at: datetime


class AllocationClosed(Struct, frozen=True):
    allocation_id: str
    at: datetime


class RankingPublished(Struct, frozen=True):
    """`entries` in their order, each with the items that the order asks for and no others; `duplicates` are not among them."""

    plan: Plan
    publication: int
    entries: tuple[Ranked, ...]
    counts: Counts
    moved: tuple[Moved, ...]
    appeals_until: datetime
    by: str
    at: datetime
    duplicates: tuple[Duplicate, ...] = ()


class AppealMade(Struct, frozen=True):
    allocation_id: str
    appeal: int
    number: str
    reason: str
    by: str
    at: datetime


class AppealDecided(Struct, frozen=True):
    allocation_id: str
    appeal: int
    number: str
    upheld: bool
    points: int
    items: Mapping[str, int]
    by: str
    at: datetime


class ApplicationReturned(Struct, frozen=True):
    """The application that counted in its place leaves: this one counts now, and `others` count as this one.

    `outcome`: returned is into the next ranking; once all is final it stands at the end of the list, at `rank`, waiting or below the
    minimum. `missing` are points that it lacks for the minimum.
    """

    allocation_id: str
    number: str
    of: str
    others: tuple[str, ...]
    application: Application
    outcome: Literal["returned", "waiting", "below_minimum"]
    rank: int
    publication: int
    missing: int
    at: datetime


class ApplicationLeft(Struct, frozen=True):
    """Somebody without a place is no longer in the order."""

    allocation_id: str
    number: str
    at: datetime


class PlaceGivenUp(Struct, frozen=True):
    """`next` moves up from the waiting list; nobody where none waits, or places beyond the quota are to be saved first.

    `reason`: given_up, withdrawn, or not_taken in time (before places lapsed together); `take_until` and `take_days` are told where the
    next has an end to take it.
    """

    allocation_id: str
    number: str
    next: str | None
    at: datetime
    reason: str = "given_up"
    take_until: datetime | None = None
    take_days: int = 0


class Lapsed(Struct, frozen=True, gc=False, array_like=True):
    number: str
    next: str | None


class PlacesLapsed(Struct, frozen=True):
    """Places that were not taken in time, in the order of the ranking, each with who moves up; one end for all who move up."""

    allocation_id: str
    places: tuple[Lapsed, ...]
    at: datetime
    take_until: datetime
    take_days: int


class PlaceTaken(Struct, frozen=True):
    allocation_id: str
    number: str
    at: datetime


class AllocationFinished(Struct, frozen=True):
    allocation_id: str
    at: datetime
    take_until: datetime | None = None
    take_days: int = 0


class AnAppeal(Struct, frozen=True):
    """`upheld` is None while nobody has decided; `items` as they should have been counted, none where who is who was asked."""

    number: str
    reason: str
    made_by: str
    upheld: bool | None = None
    items: Mapping[str, int] = {}


class Allocation(Struct, frozen=True):
    """`corrected` are upheld appeals that no ranking has taken up yet; `holds` who has a place now; `gone` who left since the close;
    `until` when the time of those ends who have not taken their place; `doubles` count as another's, `back` count again and are in no
    ranking yet.
    """

    status: Status = "absent"
    plan: Plan | None = None
    publication: int = 0
    entries: Mapping[str, Ranked] = {}
    holds: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    appeals: Mapping[int, AnAppeal] = {}
    corrected: Mapping[str, Mapping[str, int]] = {}
    appeals_until: datetime | None = None
    ranked_by: frozenset[str] = frozenset()
    until: Mapping[str, datetime] = {}
    doubles: Mapping[str, Duplicate] = {}
    back: Mapping[str, Application] = {}

    def unranked(self) -> tuple[Application, ...]:
        """What the next ranking takes in: applications that came back, and doubles whose appeal was upheld."""
        upheld = [one.application for number, one in self.doubles.items() if number in self.corrected]
        return tuple([one for one in (*self.back.values(), *upheld) if one is not None and one.number not in self.gone])

    def application(self, number: str) -> Application | None:
        """As it is ranked, or would be."""
        if number in self.entries:
            return self.entries[number].application
        return self.back[number] if number in self.back else self.doubles[number].application if number in self.doubles else None


ABSENT = Allocation()
COMMANDS = (
    PlanAllocation, OpenAllocation, TakeApplication, CloseAllocation, RankAllocation, MakeAppeal, DecideAppeal, FinishAllocation, TakePlace,
    GiveUpPlace, NoteWithdrawal, LapsePlaces,
)  # fmt: skip
EVENTS = (
    AllocationPlanned, AllocationOpened, AllocationClosed, RankingPublished, AppealMade, AppealDecided, ApplicationReturned, ApplicationLeft,
    PlaceGivenUp, PlacesLapsed, PlaceTaken, AllocationFinished,
)  # fmt: skip


def _without(until: Mapping[str, datetime], number: str) -> dict[str, datetime]:
    return {key: end for key, end in until.items() if key != number}


def _returned(state: Allocation, event: ApplicationReturned) -> Allocation:
    doubles = {number: one for number, one in state.doubles.items() if number != event.number}
    doubles |= {number: replace(doubles[number], of=event.number) for number in event.others}
    if event.outcome == "returned":
        return replace(state, doubles=doubles, back={**state.back, event.number: event.application})
    last = Ranked(event.application, event.rank, event.outcome, 0, "returned", event.missing)
    return replace(state, doubles=doubles, entries={**state.entries, event.number: last})


def evolve(state: Allocation, event: Any) -> Allocation:
    s = state
    match event:
        case AllocationPlanned():
            return replace(s, status="planned", plan=event.plan)
        case AllocationOpened():
            return replace(s, status="open")
        case AllocationClosed():
            return replace(s, status="closed")
        case RankingPublished():
            entries = {one.application.number: one for one in event.entries}
            holds = frozenset([number for number, one in entries.items() if one.outcome == "admitted"])
            doubles = {number: one for number, one in s.doubles.items() if number not in entries}
            return replace(
                s, status="ranked", publication=event.publication, entries=entries, holds=holds, corrected={}, back={},
                appeals_until=event.appeals_until, ranked_by=s.ranked_by | {event.by},
                doubles=doubles | {one.number: one for one in event.duplicates},
            )  # fmt: skip
        case AppealMade():
            return replace(s, appeals={**s.appeals, event.appeal: AnAppeal(event.number, event.reason, event.by)})
        case AppealDecided():
            decided = replace(s.appeals[event.appeal], upheld=event.upheld, items=event.items)
            corrected = {**s.corrected, event.number: event.items} if event.upheld else s.corrected
            return replace(s, appeals={**s.appeals, event.appeal: decided}, corrected=corrected)
        case ApplicationReturned():
            return _returned(s, event)
        case ApplicationLeft():
            return replace(s, gone=s.gone | {event.number})
        case PlaceGivenUp():
            holds = s.holds - {event.number} | ({event.next} if event.next else set())
            until = _without(s.until, event.number)
            if event.next is not None and event.take_until is not None:
                until[event.next] = event.take_until
            return replace(s, holds=holds, gone=s.gone | {event.number}, taken=s.taken - {event.number}, until=until)
        case PlacesLapsed():
            lapsed, up = {one.number for one in event.places}, [one.next for one in event.places if one.next]
            until = {number: end for number, end in s.until.items() if number not in lapsed} | dict.fromkeys(up, event.take_until)
            return replace(s, holds=s.holds - lapsed | set(up), gone=s.gone | lapsed, taken=s.taken - lapsed, until=until)
        case PlaceTaken():
            return replace(s, taken=s.taken | {event.number}, until=_without(s.until, event.number))
        case AllocationFinished():
            until = {} if event.take_until is None else dict.fromkeys(s.holds, event.take_until)
            return replace(s, status="final", until=until)
    raise AssertionError(f"{type(event).__name__} is no event of an allocation")
