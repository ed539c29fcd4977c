"""What callers may say at the doors of matching."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared.asked import WHOLE, Day, DayOrInstant, Instant, Value

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
Name = Annotated[str, Field(min_length=1, max_length=200), WHOLE]
Description = Annotated[str, Field(max_length=2000), WHOLE]
# As disbursement names funds and goods: both travel with a grant.
FundId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
Sku = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
District = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="GB/T 2260 code.")]
Need = Literal[
    "medical", "emergency", "livelihood", "employment", "education", "housing", "disability", "elderly_care", "child_welfare",
    "mental_health", "integration",
]  # fmt: skip
Reason = Literal[
    "no_capacity", "not_eligible", "out_of_area", "missing_document", "lack_of_resources", "additional_assessment_required", "other"
]
Closing = Literal[
    "got_help", "referred_elsewhere", "could_not_contact", "not_eligible", "no_capacity", "could_not_get_help", "no_longer_interested"
]
Year = Annotated[int, Field(ge=1900, le=2200)]
Fen = Annotated[int, Field(ge=0, le=1_000_000_000_000)]
Places = Annotated[int, Field(ge=0, le=1_000_000)]


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class AssessmentIn(Strict):
    facts: dict[Annotated[str, Field(max_length=40), WHOLE], Value] = Field(max_length=200, description="Coded facts as intake sends them.")
    as_of: DayOrInstant | None = Field(None, description="Day or instant; the rules are those of `facts.event_on`, else of this day.")
    residence_code: str | None = Field(None, pattern=r"^[0-9]{6,12}$")
    hukou_code: str | None = Field(None, pattern=r"^[0-9]{6,12}$")
    used_fen: dict[Code, Fen] | None = Field(None, description="What programmes gave already in the period, by programme code.")


class HoursIn(Strict):
    year: Year
    hours: Annotated[int, Field(ge=0, le=8784)]


class TaxIn(Strict):
    year: Year
    fen: Fen


class PointsIn(Strict):
    """What is shown for a scheme: the rows of the table of points, or facts for a scheme of conditions. Each year is told once."""

    as_of: DayOrInstant | None = None
    district: District | None = None
    facts: dict[Annotated[str, Field(max_length=60), WHOLE], Value] = Field({}, max_length=100)
    education: Annotated[str, Field(max_length=60), WHOLE] | None = None
    skill: Annotated[str, Field(max_length=60), WHOLE] | None = None
    listed_occupation: bool | None = None
    blood_donated_on: list[Day] = Field([], max_length=200)
    volunteer_hours: list[HoursIn] = Field([], max_length=60)
    income_tax: list[TaxIn] = Field([], max_length=60)
    volunteer_id: Code | None = Field(None, description="Instead of `volunteer_hours`: those that hosts verified of this volunteer.")

    @field_validator("volunteer_hours", "income_tax")
    @classmethod
    def _once(cls, told: list[Any]) -> list[Any]:
        if len({one.year for one in told}) != len(told):
            raise ValueError("a year is told twice")
        return told


class ValueIn(Strict):
    """A parameter as it would be; whole numbers as such, shares as decimal text."""

    programme: Code | None = None
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}(:[0-9]{6})?$")]
    valid_from: Day
    value: Annotated[int, Field(ge=0, le=1_000_000_000_000)] | Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")]
    source: Annotated[str, Field(min_length=1, max_length=200), WHOLE]


class FactsIn(Strict):
    """One made-up or exported case; nothing of it is kept."""

    facts: Annotated[dict[Annotated[str, Field(max_length=40), WHOLE], Value], Field(max_length=200)]
    as_of: DayOrInstant
    district: District = "440100"
    hukou_code: str | None = Field(None, pattern=r"^[0-9]{6,12}$")


class WhatIfIn(Strict):
    values: list[ValueIn] = Field(min_length=1, max_length=50)
    cases: list[FactsIn] | None = Field(None, max_length=5000, description="Left out: the stored cases.")
    district: District | None = Field(None, description="Only stored cases of this district.")


class OrganizationIn(Strict):
    id: Code | None = Field(None, description="Ours when left out.")
    name: Name
    kind: Literal["government", "charity", "hospital", "company", "social_work_station", "community", "volunteer_group"] = "charity"
    description: Description = ""


class LocationIn(Strict):
    id: Code | None = None
    organization_id: Code
    name: Name
    place_code: str = Field(pattern=r"^([0-9]{6}|[0-9]{9})$", description="District or street.")


class StandingIn(Strict):
    programme: Code
    fund_id: FundId
    max_fen: Fen | None = None


class ServiceIn(Strict):
    id: Code | None = None
    organization_id: Code
    name: Name
    description: Description = ""
    needs: list[Need] = Field(default_factory=list, max_length=11, description="Needs it serves without a programme.")
    programmes: list[Code] = Field(default_factory=list, max_length=50)
    districts: list[District] = Field(default_factory=list, max_length=50, description="None: the whole city.")
    places: Places | None = Field(None, description="None: as many as come.")
    standing: list[StandingIn] = Field(default_factory=list, max_length=50)
    location_id: Code | None = None


class CapacityIn(Strict):
    """HSDS service_capacity: `maximum` places in all, `used` taken by others than those we sent."""

    places: Places | None
    used: Places | None = None


class PauseIn(Strict):
    reason: Literal["full", "holiday", "staff", "no_funds", "other"] = "other"


class ItemIn(Strict):
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=100_000)]


class GrantIn(Strict):
    """Cash: amount_fen, programme and fund_id; goods: items, and fund_id where one is meant."""

    kind: Literal["cash", "goods"]
    amount_fen: Fen = 0
    programme: Code | None = None
    fund_id: FundId | None = None
    items: list[ItemIn] = Field(default_factory=list, max_length=100)


class AcceptIn(Strict):
    grant: GrantIn | None = None


class DeclineIn(Strict):
    reason: Reason


class ScheduleIn(Strict):
    at: Instant = Field(description="Day and time of the appointment, with offset.")


class CloseIn(Strict):
    reason: Closing


class RevokeIn(Strict):
    reason: Literal["caseworker", "consent_withdrawn", "case_closed", "mistake"] = "caseworker"


class ReferIn(Strict):
    service_id: Code
    need: Need
    programme: Code | None = None
