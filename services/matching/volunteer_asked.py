"""What callers may say about volunteers, engagements and hours."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from services.matching.asked import Code, Strict
from services.matching.domain.engagement import CloseReason, CorrectionReason, DeclineReason
from services.matching.domain.rules import Need
from services.matching.domain.volunteering import Skill, Spoken
from shared.asked import Day

_OF_A_PERSON = re.compile(r"(86)?1[3-9][0-9]{9}|[0-9]{17}[0-9Xx]|[0-9]{15}")


def _no_number_of_a_person(told: str) -> str:
    if _OF_A_PERSON.fullmatch(told):
        raise ValueError("must be the platform's own id, not a telephone or identity number")
    return told


# A reference is a code of the platform: letters and digits, no words and nothing that could be a name.
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{2,63}$"), AfterValidator(_no_number_of_a_person)]
CityDistrict = Annotated[str, Field(pattern=r"^4401[0-9]{2}$", description="GB/T 2260 code of a district of Guangzhou.")]
Time = Annotated[
    str, Field(pattern=r"^(mon|tue|wed|thu|fri|sat|sun)_(morning|afternoon|evening|night)$", description="A part of a weekday.")
]


def _once(told: list[str]) -> list[str]:
    """Said twice is said once; in one order, so that the same words are the same registration."""
    return sorted(set(told))


class VolunteerIn(Strict):
    external_ref: Reference = Field(
        description="The id that the volunteering platform gave; never a name. Sent again, it is the same volunteer."
    )
    skills: list[Skill] = Field(min_length=1, max_length=18)
    districts: list[CityDistrict] = Field([], max_length=20, description="None: the whole city.")
    times: list[Time] = Field([], max_length=28)
    languages: list[Spoken] = Field(min_length=1, max_length=15)

    _each = field_validator("skills", "districts", "times", "languages")(_once)


class LeaveIn(Strict):
    """`erased`: the person asks to be forgotten; the reference of their platform cannot be read again."""

    reason: Literal["moved", "no_time", "other", "erased"] = "other"


class EngagementIn(Strict):
    """A task of a host; sent again with an id of its own it replaces the terms."""

    id: Code | None = Field(None, description="Ours when left out.")
    org_id: Code
    need: Need
    skills: list[Skill] = Field([], max_length=18)
    district: CityDistrict
    times: list[Time] = Field([], max_length=28)
    languages: list[Spoken] = Field([], max_length=15)
    wanted: Annotated[int, Field(ge=1, le=1000)]
    first_day: Day
    last_day: Day
    referral_id: Code | None = None
    case_id: Code | None = None

    _each = field_validator("skills", "times", "languages")(_once)


class WhoIn(Strict):
    volunteer_id: Code


class NoIn(Strict):
    volunteer_id: Code
    reason: DeclineReason = "other"


class EndIn(Strict):
    reason: CloseReason = "done"


class VerifyIn(Strict):
    """The minutes of a volunteer on a day; a correction is told with its reason, and may bring them to 0."""

    volunteer_id: Code
    day: Day
    minutes: Annotated[int, Field(ge=0, le=1440)]
    reason: CorrectionReason | None = None
