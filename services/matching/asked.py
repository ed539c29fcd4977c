"""What callers may say at the doors of matching."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, field_validator, model_validator

from services.matching.domain.fitting import Op
from services.matching.domain.goals import FigureName
from services.matching.domain.offering import Access, CostKind, Document, Weekday
from services.matching.domain.organization_decisions import Kind
from services.matching.domain.referral import ClosingReason, ContactChannel, ContactOutcome, DeclineReason
from services.matching.domain.rules import Need
from shared.asked import WHOLE, Day, DayOrInstant, Instant, Language, Value

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
Name = Annotated[str, Field(min_length=1, max_length=200), WHOLE]
Description = Annotated[str, Field(max_length=2000), WHOLE]
# As disbursement names funds and goods: both travel with a grant.
FundId = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
Sku = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
District = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="GB/T 2260 code.")]
Year = Annotated[int, Field(ge=1900, le=2200)]
Fen = Annotated[int, Field(ge=0, le=1_000_000_000_000)]
Places = Annotated[int, Field(ge=0, le=1_000_000)]
Age = Annotated[int, Field(ge=0, le=150)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="HH:MM in China.")]


_RULE_MAX = 1_000_000_000_000
_SHARE = r"^[0-9]{1,9}(\.[0-9]{1,9})?$"
_RuleNumber = Annotated[int, Field(ge=0, le=_RULE_MAX)] | Annotated[str, Field(pattern=_SHARE)]


def _of_a_rule(told: Any) -> int | str:
    # One function instead of a union, whose complaints would point below the field.
    if type(told) is int and 0 <= told <= _RULE_MAX:
        return told
    if type(told) is str and re.fullmatch(_SHARE, told, re.ASCII):
        return told
    raise ValueError(f"must be a whole number from 0 to {_RULE_MAX}, or decimal text such as 0.75")


OfARule = Annotated[int | str, PlainValidator(_of_a_rule, json_schema_input_type=_RuleNumber)]


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
    value: OfARule
    source: Annotated[str, Field(min_length=1, max_length=200), WHOLE]


class ParameterIn(Strict):
    """A new value of a number of the rules; it holds for events from `valid_from` on."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}(:[0-9]{6})?$")]
    valid_from: Day
    value: OfARule
    source: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S"), WHOLE]
    corrects: bool = Field(False, description="A value stands from this day already, and this one takes its place.")


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
    kind: Kind = "charity"
    description: Description = ""


class LocationIn(Strict):
    id: Code | None = None
    organization_id: Code
    name: Name
    place_code: str = Field(pattern=r"^([0-9]{6}|[0-9]{9}|[0-9]{12})$", description="District, street or community.")


class StandingIn(Strict):
    programme: Code
    fund_id: FundId
    max_fen: Fen | None = None


class OpeningIn(Strict):
    """HSDS schedule: every week on these days, as iCal writes BYDAY."""

    days: list[Weekday] = Field(min_length=1, max_length=7)
    opens_at: TimeOfDay
    closes_at: TimeOfDay


class CostIn(Strict):
    option: CostKind
    amount_fen: Fen = 0


class ConditionIn(Strict):
    """One fact of a case held against a value; a list for `in`."""

    fact: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    op: Op
    value: Value


class EligibilityIn(Strict):
    minimum_age: Age | None = None
    maximum_age: Age | None = None
    districts: list[District] = Field(default_factory=list, max_length=50, description="Where people live; none: anywhere.")
    conditions: list[ConditionIn] = Field(default_factory=list, max_length=50)


class ContractIn(Strict):
    """What the city bought of this service; outside of its days the service offers nothing to referrals."""

    contract_ref: Code
    valid_from: Day
    valid_to: Day
    places: Places | None = None
    price_fen: Fen | None = Field(None, description="For each person served.")


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
    schedule: list[OpeningIn] = Field(default_factory=list, max_length=50)
    languages: list[Language] = Field(default_factory=list, max_length=50, description="BCP 47.")
    required_documents: list[Document] = Field(default_factory=list, max_length=50)
    cost: list[CostIn] = Field(default_factory=list, max_length=20)
    accessibility: list[Access] = Field(default_factory=list, max_length=20)
    eligibility: EligibilityIn = EligibilityIn()
    contract: ContractIn | None = None


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
    reason: DeclineReason


class ScheduleIn(Strict):
    at: Instant = Field(description="Day and time of the appointment, with offset.")


class CloseIn(Strict):
    reason: ClosingReason


class RevokeIn(Strict):
    reason: Literal["caseworker", "consent_withdrawn", "case_closed", "mistake"] = "caseworker"


class ReferIn(Strict):
    """One service, or several of which the first to accept wins; `draft` prepares one without offering it."""

    service_id: Code | None = None
    service_ids: list[Code] = Field([], max_length=10, description="Two to ten different services, instead of `service_id`.")
    need: Need
    programme: Code | None = Field(None, description="Only with one service.")
    draft: bool = False

    @model_validator(mode="after")
    def _one_or_several(self) -> ReferIn:
        if (self.service_id is None) == (not self.service_ids):
            raise ValueError("either service_id or service_ids is expected")
        if self.service_ids and (len(set(self.service_ids)) < 2 or len(set(self.service_ids)) < len(self.service_ids)):
            raise ValueError("two to ten different services are expected in service_ids")
        if self.service_ids and (self.draft or self.programme is not None):
            raise ValueError("a draft, or a programme, is for one service")
        return self


class ContactIn(Strict):
    """A try to reach the person; no text, only how and what came of it."""

    channel: ContactChannel
    outcome: ContactOutcome


class TransferIn(Strict):
    """The work goes on in an outside system; without a word until `due_at` it comes back."""

    system: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{1,39}$")]
    reference: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$", description="Their number of it; nothing about a person.")
    ]
    due_at: Instant


class ReturnIn(Strict):
    outcome: Literal["done", "not_done"]


class CommunityIn(Strict):
    code: Annotated[str, Field(pattern=r"^4401[0-9]{8}$", description="Twelve digits; the first nine are the street or town.")]
    zh: Annotated[str, Field(min_length=1, max_length=60), WHOLE]
    en: Annotated[str, Field(min_length=1, max_length=60), WHOLE]
    kind: Literal["urban", "rural"]


class CommunitiesIn(Strict):
    communities: list[CommunityIn] = Field(min_length=1, max_length=500)

    @field_validator("communities")
    @classmethod
    def _once(cls, told: list[CommunityIn]) -> list[CommunityIn]:
        if len({one.code for one in told}) != len(told):
            raise ValueError("a community is told twice")
        return told


class FigureIn(Strict):
    """One figure of a year: a count, or fen for donations."""

    figure: FigureName
    value: Annotated[int, Field(ge=0, le=1_000_000_000_000_000)]
    source: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S"), WHOLE]
