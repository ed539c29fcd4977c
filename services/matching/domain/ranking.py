"""Who gets one of the places: a total order of all applications by a rule that is data, and for each why it stands where it stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

Outcome = Literal["admitted", "waiting", "below_minimum"]


Step = Literal["points", "item", "reached", "applied_at", "number"]


class Key(Struct, frozen=True):
    """One step of the order. `points`: more first; `item`: more points of that item first; `reached`: who has `at_least` points of that
    item first; `applied_at`: earlier first; `number`: by the letters of the application number.
    """

    by: Step
    item: str = ""
    at_least: int = 0

    @property
    def name(self) -> str:
        return f"{self.by}:{self.item}" if self.item else self.by


class Application(Struct, frozen=True, gc=False):
    """What is ranked: points in all and by item, and the instant of the application; `number` is nobody else's."""

    number: str
    points: int
    items: Mapping[str, int]
    applied_at: datetime


class Ranked(Struct, frozen=True, gc=False, array_like=True):
    """One application in its place. `position` counts the waiting list from 1, 0 for whoever does not wait.

    `decided_by` is the name of the first step of the order that parts it from the other side of the line, or `minimum`, `quota` (there
    are no places at all), `place_kept` (published before), or nothing where nobody is on the other side. `missing` are the points of no
    item in particular that would have been enough; None where points cannot be enough.
    """

    application: Application
    rank: int
    outcome: Outcome
    position: int
    decided_by: str
    missing: int | None


def standing(application: Application, order: Sequence[Key]) -> tuple[Any, ...]:
    """What is compared, step by step; the smaller comes first."""
    a = application
    found: list[Any] = []
    for key in order:
        match key.by:
            case "points":
                found.append(-a.points)
            case "item":
                found.append(-a.items.get(key.item, 0))
            case "reached":
                found.append(a.items.get(key.item, 0) < key.at_least)
            case "applied_at":
                found.append(a.applied_at)
            case "number":
                found.append(a.number)
    return tuple(found)


def ranked(
    applications: Collection[Application], quota: int, order: Sequence[Key], minimum: int = 0,
    kept: Collection[str] = frozenset(), corrected: Collection[str] = frozenset(),
) -> tuple[Ranked, ...]:  # fmt: skip
    """All applications in their order, those below the minimum last; the same whatever order they come in.

    Whoever is `kept` holds a place that was published before and keeps it. The places that are left go by the order; whoever was
    `corrected` and now stands within the quota is admitted even when no place is left, over the quota.
    """
    in_order = sorted([(one.points < minimum, standing(one, order), one) for one in applications], key=lambda found: found[:2])
    able = [(place, one) for below, place, one in in_order if not below]
    free = quota - sum(one.number in kept for _, one in able)
    admitted: set[str] = set()
    for rank, (_, one) in enumerate(able, 1):
        if one.number in kept or (one.number in corrected and rank <= quota):
            admitted.add(one.number)
            free -= one.number not in kept
    for _, one in able:
        if free > 0 and one.number not in admitted:
            admitted.add(one.number)
            free -= 1
    first_waiting = next((n for n, (_, one) in enumerate(able) if one.number not in admitted), len(able))
    last = able[first_waiting - 1] if first_waiting else None
    waits = able[first_waiting] if first_waiting < len(able) else None
    full = waits is not None or len(admitted) >= quota
    found: list[Ranked] = []
    position = 0
    for n, (below, place, one) in enumerate(in_order):
        if below:
            missing = _enough(one, place, last if full else None, order, minimum) if quota and (last or not full) else None
            found.append(Ranked(one, n + 1, "below_minimum", 0, "minimum", missing))
        elif one.number in admitted:
            why = "place_kept" if n > first_waiting else _parting(place, waits[0], order) if waits else ""
            found.append(Ranked(one, n + 1, "admitted", 0, why, 0))
        else:
            position += 1
            why = _parting(place, last[0], order) if last else "quota"
            found.append(Ranked(one, n + 1, "waiting", position, why, _enough(one, place, last, order, minimum) if last else None))
    return tuple(found)


def _parting(one: tuple[Any, ...], other: tuple[Any, ...], order: Sequence[Key]) -> str:
    """The first step on which the two differ."""
    return next((key.name for key, mine, theirs in zip(order, one, other, strict=True) if mine != theirs), "")


def _enough(
    one: Application, place: tuple[Any, ...], last: tuple[tuple[Any, ...], Application] | None, order: Sequence[Key], minimum: int
) -> int | None:
    """How many points more would have stood before the last admitted one (None: no number of points), and reached the minimum."""
    least = max(0, minimum - one.points)
    if last is None:
        return least
    theirs, other = last
    at = next(n for n, key in enumerate(order) if key.by == "points")
    if place[:at] != theirs[:at]:
        return None if place[:at] > theirs[:at] else least
    return other.points - one.points + (place[at + 1 :] > theirs[at + 1 :])
