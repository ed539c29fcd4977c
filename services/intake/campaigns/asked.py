"""What may be said at the door for campaigns, field by field; no rules beyond shape and size."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.intake.asked import Code, Id, Long, NeedCode, Short
from shared.asked import WHOLE, Instant, Language

PurposeOfCampaign = Literal["needs", "benefit", "weather"]
Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", description="a time of the day in Asia/Shanghai")]
Lines = Annotated[int, Field(ge=1, le=1000, description="calls under way at once, at most")]
Phone = Annotated[str, Field(min_length=1, max_length=40), WHOLE]
Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]
_NAME = re.compile(r"[a-z_]{1,40}")


def minutes(clock: str) -> int:
    """`08:30` -> 510."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def clock(minute: int) -> str:
    """510 -> `08:30`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def first_fault(fault: ValidationError) -> tuple[str, str]:
    """Where it is wrong, as a pointer, and which rule says so; a name that was made up outside is not repeated."""
    found = fault.errors(include_input=False, include_url=False, include_context=False)[0]
    parts = [str(part) for part in found["loc"] if isinstance(part, int) or _NAME.fullmatch(part)]
    return "".join(f"/{part}" for part in parts), found["type"]


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class HoursIn(_Said):
    since: Annotated[Clock, Field(alias="from")] = "08:00"
    until: Clock = "21:00"

    @model_validator(mode="after")
    def _is_a_span(self) -> HoursIn:
        if minutes(self.since) >= minutes(self.until):
            raise ValueError("until must be later than from")
        return self


class ListedIn(_Said):
    """One line of a list: a number, or somebody who is known already."""

    phone: Phone | None = None
    name: Short | None = None
    person_id: Id | None = None
    case_id: Id | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _says_whom(self) -> ListedIn:
        if self.phone is None and self.person_id is None and self.case_id is None:
            raise ValueError("one of phone, person_id, case_id is needed")
        return self


class CampaignIn(_Said):
    """A campaign as it is planned; `ref` makes it the same one when it is sent again, `screening_id` names the screening it follows up."""

    name: Annotated[str, Field(min_length=1, max_length=120), WHOLE]
    purpose: PurposeOfCampaign = "needs"
    script: Code | None = None
    script_version: Annotated[int, Field(ge=1, le=10_000)] | None = None
    language: Literal["zh", "en"] = "zh"
    lines: Lines = 100
    hours: HoursIn = HoursIn()
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    retry_minutes: Annotated[int, Field(ge=1, le=10_080)] = 60
    ref: Annotated[str, Field(min_length=1, max_length=200), WHOLE] | None = None
    screening_id: Id | None = None
    people: Annotated[list[ListedIn], Field(max_length=5000)] = []


class PeopleIn(_Said):
    """People by reference: persons, cases, every case that came from a source, or those whom a screening found by their data.

    `threshold` narrows a screening to one kind of signal.
    """

    person_ids: Annotated[list[Id], Field(max_length=5000)] = []
    case_ids: Annotated[list[Id], Field(max_length=5000)] = []
    source: Id | None = None
    screening_id: Id | None = None
    threshold: Code | None = None
    people: Annotated[list[ListedIn], Field(max_length=5000)] = []

    @model_validator(mode="after")
    def _names_somebody(self) -> PeopleIn:
        if self.threshold is not None and self.screening_id is None:
            raise ValueError("a threshold needs the screening_id whose signals it narrows")
        if not (self.person_ids or self.case_ids or self.source or self.screening_id or self.people):
            raise ValueError("one of person_ids, case_ids, source, screening_id, people is needed")
        return self


class PaceIn(_Said):
    lines: Lines | None = None
    hours: HoursIn | None = None


class OutcomeIn(_Said):
    """What the provider tells of one try; `digits` are the keys pressed, by question."""

    call_id: Id
    attempt: Annotated[int, Field(ge=1, le=100)] = 1
    status: Literal["answered", "no_answer", "busy", "failed", "rejected", "opted_out"]
    at: Instant
    digits: Annotated[dict[Code, Key], Field(max_length=40)] = {}
    transcript: Long | None = None
    language: Language | None = None
    seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None


class CallBackIn(_Said):
    """What came of calling back; a case needs what the person said, or the needs."""

    outcome: Literal["case", "no_need", "could_not_contact"]
    narrative: Long | None = None
    needs: Annotated[list[NeedCode], Field(max_length=11)] = []

    @model_validator(mode="after")
    def _says_something(self) -> CallBackIn:
        if self.outcome == "case" and not (self.narrative or self.needs):
            raise ValueError("a case needs narrative or needs")
        return self


class DoNotCallIn(_Said):
    phones: Annotated[list[Phone], Field(min_length=1, max_length=1000)]
    reason: Code = "asked"


class OneNumberIn(_Said):
    phone: Phone
    reason: Code = "asked"
