"""What may be said at intake's door, field by field; no rules beyond shape and size."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.intake.domain.facts import BILL, above_the_bill, wrong_fact
from services.intake.special import HospitalIn, PartnerIn, SchoolIn
from shared.asked import WHOLE, Day, Instant, Language, Value

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Short = Annotated[str, Field(min_length=1, max_length=200), WHOLE]
Long = Annotated[str, Field(max_length=20_000), WHOLE]
Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
PlaceCode = Annotated[str, Field(pattern=r"^[0-9]{6}([0-9]{3})?$", description="GB/T 2260, 6 digits, or a street, 9")]
Fen = Annotated[int, Field(ge=0, le=1_000_000_000_000, description="whole fen")]
Channel = Literal["hotline", "mobile_gov", "workstation", "web", "visit", "hospital", "school", "data_signal", "ai_call", "partner"]
NeedCode = Literal[
    "medical", "emergency", "livelihood", "employment", "education", "housing", "disability", "elderly_care", "child_welfare",
    "mental_health", "integration",
]  # fmt: skip
Urgency = Literal["none", "normal", "high", "critical"]
Purpose = Literal["referral", "payment", "contact", "statistics", "publication"]


def _of_their_kind(facts: dict[str, Any]) -> dict[str, Any]:
    """Raises `ValueError` naming the fact and the rule of its kind; null takes a fact away."""
    for key, value in facts.items():
        rule = wrong_fact(key, value) if value is not None else None
        if rule is not None:
            raise ValueError(f"{key} {rule}")
    part = above_the_bill(facts)
    if part is not None:
        raise ValueError(f"{part} must not be more than {BILL}")
    return facts


Facts = Annotated[
    dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")], Value], Field(max_length=120), AfterValidator(_of_their_kind)
]


class Said(BaseModel):
    """Strict: what is not asked for is refused, and nothing is taken for something else."""

    model_config = ConfigDict(strict=True, extra="forbid")


class ElementsIn(Said):
    """The hotline's five elements."""

    place: Long | None = None
    time: Long | None = None
    persons: Long | None = None
    event: Long | None = None
    demand: Long | None = None


class ReporterIn(Said):
    relation: Code | None = None
    name: Short | None = None
    phone: Short | None = None
    anonymous: bool = False


class AccountIn(Said):
    """Where money may be paid to."""

    bank: Short
    number: Annotated[str, Field(min_length=4, max_length=40), WHOLE]


class PersonIn(Said):
    name: Short | None = None
    id_type: Code | None = None
    id_number: (
        Annotated[str, Field(min_length=1, max_length=120, description="or both lines of a passport's machine-readable zone"), WHOLE] | None
    ) = None
    id_country: Annotated[str, Field(pattern=r"^[A-Z]{1,3}$", description="of a passport: ISO 3166-1, three letters")] | None = None
    birth_date: Day | None = None
    sex: Literal["male", "female", "other", "unknown"] | None = None
    phone: Annotated[str, Field(min_length=1, max_length=40), WHOLE] | None = None
    hukou_code: PlaceCode | None = None
    residence_code: PlaceCode | None = None
    address: Annotated[str, Field(max_length=500), WHOLE] | None = None
    languages: Annotated[list[Language], Field(max_length=20)] = []
    account: AccountIn | None = None


class MemberIn(Said):
    relation: Code | None = None
    birth_date: Day | None = None
    facts: Facts = {}


class HouseholdIn(Said):
    size: Annotated[int, Field(ge=1, le=60)] | None = None
    members: Annotated[list[MemberIn], Field(max_length=60)] = []
    monthly_income_fen: Fen | None = None


class ConsentIn(Said):
    share: bool
    how: Code = "read_aloud"
    at: Instant | None = None
    purposes: Annotated[list[Purpose], Field(max_length=10)] = []
    recipients: Annotated[list[Code], Field(max_length=20)] = []
    expires_on: Day | None = None


class ContactIn(Said):
    by: Code | None = None
    language: Language | None = None


class ReportIn(Said):
    """A hardship report; a caller may know almost nothing."""

    channel: Channel
    source: Id | None = None
    source_ref: Annotated[str, Field(min_length=1, max_length=200), WHOLE] | None = None
    received_at: Instant
    narrative: Long | None = None
    language: Language | None = None
    elements: ElementsIn | None = None
    reporter: ReporterIn | None = None
    person: PersonIn | None = None
    household: HouseholdIn | None = None
    facts: Facts | None = None
    needs: Annotated[list[NeedCode], Field(max_length=11)] | None = None
    danger_now: bool = False
    consent: ConsentIn | None = None
    contact: ContactIn | None = None
    hospital: HospitalIn | None = None
    school: SchoolIn | None = None
    partner: PartnerIn | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ReportIn:
        told = (self.narrative, self.elements, self.needs, self.facts, self.hospital, self.school)
        if all(one is None for one in told):
            raise ValueError("one of narrative, elements, needs, facts is needed")
        return self


class TextIn(Said):
    text: Long
    language: Language | None = None


class VerifyIn(Said):
    method: Literal["visit", "documents", "phone", "data", "community"] = "visit"
    at: Instant | None = None


class ContactMadeIn(Said):
    how: Literal["phone", "visit", "message"] = "phone"
    at: Instant | None = None


class VisitIn(Said):
    at: Instant | None = None
    outcome: Code = "seen"
    note: Long | None = None


class NoteIn(Said):
    at: Instant | None = None
    text: Annotated[str, Field(min_length=1, max_length=20_000), WHOLE]


class EditIn(Said):
    """What an edit that was made off line, or on an older view, says of itself: when it happened, and the version it was based on."""

    happened_at: Instant | None = None
    base_version: Annotated[int, Field(ge=1, le=2**31)] | None = None


class NeedsIn(EditIn):
    add: Annotated[list[NeedCode], Field(max_length=11)] = []
    remove: Annotated[list[NeedCode], Field(max_length=11)] = []


class FactsIn(EditIn):
    """A fact set to null is taken away."""

    facts: Facts = {}
    source: Code = "caseworker"
    residence_code: PlaceCode | None = None
    hukou_code: PlaceCode | None = None


class TaskIn(Said):
    kind: Code
    due_at: Instant | None = None
    why: Annotated[list[Code], Field(max_length=20)] = []
    text: Annotated[str, Field(max_length=2000), WHOLE] | None = None


class TransferIn(Said):
    reason: Code
    to_org: Id | None = None
    to_district: PlaceCode | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> TransferIn:
        if self.to_org is None and self.to_district is None:
            raise ValueError("to_org or to_district is needed")
        return self


class CloseIn(Said):
    reason: Literal[
        "got_help", "referred_elsewhere", "could_not_contact", "not_eligible", "no_capacity", "could_not_get_help",
        "no_longer_interested", "needs_met", "duplicate", "moved_away", "died", "no_need",
    ]  # fmt: skip


class ReasonIn(Said):
    reason: Code = "asked"


class ConsentGivenIn(Said):
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=10)]
    recipients: Annotated[list[Code], Field(min_length=1, max_length=20)]
    how: Code = "read_aloud"
    at: Instant | None = None
    expires_on: Day | None = None


class SearchIn(Said):
    """By id number, by phone, or by name with birth date; a reason is given in X-Access-Reason or here."""

    id_number: Annotated[str, Field(min_length=1, max_length=40), WHOLE] | None = None
    phone: Annotated[str, Field(min_length=1, max_length=40), WHOLE] | None = None
    name: Short | None = None
    birth_date: Day | None = None
    reason: Short | None = None


class ErasureIn(Said):
    """With `kept_until` it is restricted until the end of that day, as a law may want, and destroyed then."""

    reason: Code = "asked"
    kept_until: Day | None = None


class ContactsIn(Said):
    purpose: Purpose
    case_ids: Annotated[list[Id], Field(min_length=1, max_length=500)]
