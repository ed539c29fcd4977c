"""What callers may say about allocations, applications and appeals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.matching.asked import Code, District, PointsIn, Strict, Year
from services.matching.domain.allocation import Group
from services.matching.domain.appeal_decisions import Reason
from services.matching.domain.ranking import Step
from shared.asked import WHOLE, Day, Instant

# How an application number looks: four groups of four letters and digits.
Number = Annotated[str, Field(pattern=r"^[0-9A-F]{4}(-[0-9A-F]{4}){3}$", description="Application number, such as 0A1B-2C3D-4E5F-6071.")]
Quota = Annotated[int, Field(ge=0, le=1_000_000)]


class KeyIn(Strict):
    """A step of the order: more points, more points of an item, an item reached, earlier, or the number."""

    by: Step
    item: Code | None = None
    at_least: Annotated[int, Field(ge=1, le=1000)] | None = None


class AllocationIn(Strict):
    """What is published before anybody applies."""

    id: Code | None = Field(None, description="Ours when left out; the same id again corrects the plan until applications open.")
    scheme: Literal["residence-permit", "public-rental"]
    year: Year
    district: District = "440100"
    group: Group = "general"
    quota: Quota
    minimum: Annotated[int, Field(ge=0, le=1000)] = 0
    order: list[KeyIn] | None = Field(
        None, min_length=1, max_length=12,
        description="Holds the points once and ends with the number. Left out: points, then who came earlier; for flats skilled people first.",
    )  # fmt: skip
    points_on: Day | None = Field(None, description="The day as of which points count; the day of opening when left out.")
    opens_at: Instant
    closes_at: Instant
    appeal_days: Annotated[int, Field(ge=1, le=60, description="Working days.")] = 5
    take_days: Annotated[int, Field(ge=0, le=60, description="Working days to take a place once all is final; 0: no end.")] = 10
    source: Annotated[str, Field(min_length=1, max_length=200), WHOLE]


class ApplicationIn(Strict):
    """`shown` as for `POST /matching/v1/points`, without a day: points count as of the published one."""

    person_id: Code
    shown: PointsIn


class AppealIn(Strict):
    number: Number
    reason: Reason


class AppealDecisionIn(Strict):
    """`shown` is what should have been counted, where the appeal is upheld; nothing where it says that two are not the same."""

    upheld: bool
    shown: PointsIn | None = None
