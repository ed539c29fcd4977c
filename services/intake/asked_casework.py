"""What may be said of casework and clocks at intake's door, field by field."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from services.intake.asked import Code, EditIn, Id, Long, PlaceCode, Said, Short
from shared.asked import WHOLE, Day, Instant, Language, Value

Outcome = Literal[
    "open", "got_help", "referred_elsewhere", "could_not_contact", "not_eligible", "no_capacity", "could_not_get_help",
    "no_longer_interested",
]  # fmt: skip
_DAYS_MAX = 400


class NeedIn(Said):
    """How pressing a need is, what became of it; `open` takes an outcome back."""

    priority: Literal["low", "normal", "high", "urgent"] | None = None
    outcome: Outcome | None = None

    @model_validator(mode="after")
    def _says_something(self) -> NeedIn:
        if self.priority is None and self.outcome is None:
            raise ValueError("priority or outcome is needed")
        return self


class HandOverIn(Said):
    reason: Code
    to_org: Id | None = None
    to_district: PlaceCode | None = None

    @model_validator(mode="after")
    def _goes_somewhere(self) -> HandOverIn:
        if self.to_org is None and self.to_district is None:
            raise ValueError("to_org or to_district is needed")
        return self


class HandOverAnswerIn(Said):
    reason: Code = "agreed"


class GrievanceIn(Said):
    """About a decision: its kind and its number (a referral, a programme, the case itself); an appeal names the grievance."""

    decision: Literal["verdict", "refusal", "closing", "withholding"]
    reference: Id | None = None
    text: Long | None = None
    appeal_of: Id | None = None


class GrievanceAnswerIn(Said):
    outcome: Literal["upheld", "partly", "rejected"]
    text: Long | None = None


class ReachIn(EditIn):
    """Where and how the person is reached from now on."""

    phone: Annotated[str, Field(min_length=1, max_length=40), WHOLE] | None = None
    address: Annotated[str, Field(min_length=1, max_length=500), WHOLE] | None = None
    contact_by: Code | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ReachIn:
        if not self.model_dump(include={"phone", "address", "contact_by", "language"}, exclude_none=True):
            raise ValueError("one of phone, address, contact_by, language is needed")
        return self


class ResolveIn(Said):
    """Which value holds: that of an edit in the conflict, or another one."""

    edit_id: Id | None = None
    value: Value = None


class StopIn(Said):
    """Work stops on these days, both included, in these districts; none named: in the whole city."""

    stop_id: Id
    first: Day
    last: Day
    districts: Annotated[list[Annotated[str, Field(pattern=r"^4401[0-9]{2}$")]], Field(max_length=30)] = []  # noqa: RUF012 - pydantic copies it
    reason: Code = "typhoon"
    source: Short


class LiftIn(Said):
    """The last day on which work stopped; before the first day: it never did."""

    last: Day


class DaysIn(Said):
    """Days that are worked or free otherwise than the printed calendar says, with the notice they come from."""

    worked: Annotated[list[Day], Field(max_length=_DAYS_MAX)] = []  # noqa: RUF012 - pydantic copies it
    free: Annotated[list[Day], Field(max_length=_DAYS_MAX)] = []  # noqa: RUF012 - pydantic copies it
    source: Short

    @model_validator(mode="after")
    def _one_way(self) -> DaysIn:
        if set(self.worked) & set(self.free):
            raise ValueError("a day is either worked or free")
        return self

    def days(self) -> dict[date, bool]:
        return {**dict.fromkeys(self.worked, True), **dict.fromkeys(self.free, False)}


class PaperIn(Said):
    """A photograph or page as base64; what it is, is read from its own bytes."""

    kind: Code = "other"
    content: Annotated[str, Field(min_length=8, max_length=980_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]
    at: Instant | None = None
