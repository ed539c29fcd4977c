"""What is special to a hospital, a school and a partner platform: said at the door, checked, and kept with the report."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.asked import WHOLE, Day
from shared.problems import Invalid

_FEN = Annotated[int, Field(ge=0, le=1_000_000_000_000, description="whole fen")]
_REF = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:/-]+$")]
# ICD-10: a chapter's letter and two places, then what the national versions add after the point (N18.5, S72.000, I63.900x).
_ICD10 = r"^[A-TV-Z][0-9][0-9A-Z](\.[0-9A-Zx]{1,7})?$"


class _Special(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class BillItemIn(_Special):
    """One line of a bill: the hospital's code for it, and what it costs."""

    code: _REF
    amount_fen: _FEN


class BillIn(_Special):
    """A hospital's bill; what was reimbursed and what the patient pays make up the total, and so do the items."""

    number: _REF
    issued_on: Day
    total_fen: _FEN
    reimbursed_fen: _FEN = 0
    self_paid_fen: _FEN | None = None
    items: Annotated[list[BillItemIn], Field(max_length=500)] = []


class HospitalIn(_Special):
    """Bills and diagnosis codes (ICD-10) as the hospital has them; both are medical data and never travel."""

    hospital_code: _REF | None = None
    bills: Annotated[list[BillIn], Field(max_length=50)] = []
    diagnoses: Annotated[list[Annotated[str, Field(pattern=_ICD10)]], Field(max_length=30)] = []


class SchoolIn(_Special):
    """The school by its ten-digit code, the stage and grade, what it costs in a year and what is owed."""

    school_code: Annotated[str, Field(pattern=r"^[0-9]{10}$")] | None = None
    stage: Literal["kindergarten", "primary", "junior", "senior", "vocational", "college"]
    grade: Annotated[int, Field(ge=1, le=9)] | None = None
    fees_year_fen: _FEN | None = None
    owed_fen: _FEN | None = None


class PartnerIn(_Special):
    """The partner's own number for the case; `progress` says that they want to hear of it (by a subscription of theirs)."""

    reference: Annotated[str, Field(min_length=1, max_length=200), WHOLE]
    progress: bool = False


def checked(
    channel: str, hospital: HospitalIn | None, school: SchoolIn | None, partner: PartnerIn | None
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The coded facts that follow, and what is kept as it was said.

    Raises `Invalid` naming the bill that does not add up, or a block in a report by another channel than these three.
    """
    facts: dict[str, Any] = {}
    said = {"hospital": hospital, "school": school, "partner": partner}
    strange = next((name for name, value in said.items() if value is not None), None)
    if strange is not None and channel not in said:  # what anybody may say of themselves is no bill and no school's word
        raise Invalid(f"/{strange}", f"is for reports by the channels {', '.join(said)}")
    if hospital is not None and hospital.bills:
        own = [_self_paid(number, bill) for number, bill in enumerate(hospital.bills)]
        facts["bill_total_fen"] = sum(bill.total_fen for bill in hospital.bills)
        facts["bill_reimbursed_fen"] = sum(bill.reimbursed_fen for bill in hospital.bills)
        facts["bill_self_paid_fen"] = sum(own)
    if hospital is not None and hospital.diagnoses:
        facts["diagnoses"] = list(dict.fromkeys(hospital.diagnoses))
    if school is not None:
        facts["student"] = school.stage if school.stage in ("vocational", "college") else "school"
        facts["school_stage"] = school.stage
        named = {"school_grade": school.grade, "school_fees_year_fen": school.fees_year_fen, "school_owed_fen": school.owed_fen}
        facts |= {key: value for key, value in named.items() if value is not None}
    kept = {key: value.model_dump(mode="json", exclude_none=True) for key, value in said.items() if value is not None}
    return facts, kept or None


def _self_paid(number: int, bill: BillIn) -> int:
    at = f"/hospital/bills/{number}"
    if bill.reimbursed_fen > bill.total_fen:
        raise Invalid(f"{at}/reimbursed_fen", "must not be more than the total")
    own = bill.total_fen - bill.reimbursed_fen
    if bill.self_paid_fen is not None and bill.self_paid_fen != own:
        raise Invalid(f"{at}/self_paid_fen", "must be the total less what was reimbursed")
    if bill.items and sum(item.amount_fen for item in bill.items) != bill.total_fen:
        raise Invalid(f"{at}/items", "must add up to the total")
    return own
