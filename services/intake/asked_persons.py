"""What may be said at the doors for persons, pairs of persons, households and consents; no rules beyond shape and size."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.intake.asked import Code, Id, PersonIn, Purpose
from shared.asked import WHOLE, Day


class _Said(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class ClaimsIn(PersonIn):
    """What was learnt about somebody later; `source` says by whom, `since` from which day it holds."""

    mailing_address: Annotated[str, Field(max_length=500), WHOLE] | None = None
    source: Code
    since: Day | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ClaimsIn:
        if not self.model_dump(exclude={"source", "since"}, exclude_defaults=True):
            raise ValueError("at least one claim is needed")
        return self


class LinkIn(_Said):
    """The other person; either name of the field is understood."""

    person_id: Id | None = None
    linked_person_id: Id | None = None
    reason: Code = "same_person"
    because: Annotated[list[Code], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _names_one(self) -> LinkIn:
        if (self.person_id is None) == (self.linked_person_id is None):
            raise ValueError("person_id of the other person is needed")
        return self

    @property
    def other(self) -> str:
        return self.person_id or self.linked_person_id or ""


class UndoIn(_Said):
    """`different`: they are two people, and are not to be suggested again."""

    reason: Code = "mistake"
    different: bool = False


class VerdictIn(_Said):
    person_id: Id
    verdict: Literal["same", "different"]
    reason: Code = "looked"


class MemberIn(_Said):
    person_id: Id
    role: Literal["head", "spouse", "child", "parent", "other"] = "other"
    since: Day | None = None


class HouseholdFormIn(_Said):
    """`others` are people of the household whose names nobody knows."""

    members: Annotated[list[MemberIn], Field(min_length=1, max_length=60)]
    others: Annotated[int, Field(ge=0, le=60)] = 0


class OthersIn(_Said):
    others: Annotated[int, Field(ge=0, le=60)]


class CarveOutIn(_Said):
    reason: Literal["single_person_dibao"] = "single_person_dibao"


class ConsentAskedIn(_Said):
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=10)]
    recipients: Annotated[list[Code], Field(min_length=1, max_length=20)]
    how: Code = "read_aloud"


class AnswerIn(_Said):
    """The answer to what was asked."""

    agreed: bool
    how: Code | None = None
    expires_on: Day | None = None


class EmergencyIn(_Said):
    """Why nobody could be asked, in words."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=2000), WHOLE]
    purposes: Annotated[list[Literal["referral", "contact"]], Field(min_length=1, max_length=2)] = ["referral"]
    recipients: Annotated[list[Code], Field(min_length=1, max_length=20)] = ["charity", "hospital"]


class ReviewIn(_Said):
    upheld: bool
