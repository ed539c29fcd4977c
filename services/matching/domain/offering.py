"""On which terms a service is offered: when, in which languages, against which papers, at what cost, under which contract."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Literal, get_args

from msgspec import Struct

Weekday = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
DAYS: tuple[str, ...] = get_args(Weekday)
Document = Literal[
    "identity_card", "household_register", "residence_permit", "income_proof", "medical_record", "medical_bill", "disability_card",
    "minimum_living_certificate", "student_card", "work_contract", "bank_card", "application_form", "photograph",
]  # fmt: skip
DOCUMENTS: tuple[str, ...] = get_args(Document)
CostKind = Literal["free", "per_visit", "per_hour", "per_day", "per_month", "deposit", "own_share", "donation"]
COSTS: tuple[str, ...] = get_args(CostKind)
Access = Literal["wheelchair", "lift", "accessible_toilet", "sign_language", "large_print", "home_visit", "online", "telephone"]
ACCESS: tuple[str, ...] = get_args(Access)
_CHINA = timezone(timedelta(hours=8))


class Opening(Struct, frozen=True, gc=False):
    """Every week on these days (as iCal writes BYDAY), from `opens_at` to `closes_at`: HH:MM in China."""

    days: tuple[str, ...]
    opens_at: str
    closes_at: str


class CostOption(Struct, frozen=True, gc=False):
    """What the person pays, in fen; `option` is one of `COSTS`."""

    option: str
    amount_fen: int = 0


class Contract(Struct, frozen=True, gc=False):
    """What the city bought: this many places from a day to a day, both included, at a price in fen for each person served."""

    contract_ref: str
    valid_from: date
    valid_to: date
    places: int | None = None
    price_fen: int | None = None


class Terms(Struct, frozen=True):
    """All of it together; what is empty was not told."""

    schedule: tuple[Opening, ...] = ()
    languages: tuple[str, ...] = ()
    required_documents: tuple[str, ...] = ()
    cost: tuple[CostOption, ...] = ()
    accessibility: tuple[str, ...] = ()
    contract: Contract | None = None


PLAIN = Terms()


def day_in_china(at: datetime) -> date:
    return at.astimezone(_CHINA).date()


def in_force(contract: Contract | None, on: date) -> bool:
    """Whether a service may be offered on this day: always without a contract."""
    return contract is None or contract.valid_from <= on <= contract.valid_to


def cost_of(contract: Contract | None, served_by_month: dict[str, int]) -> int | None:
    """What those served (by month, as YYYY-MM) cost in fen; None where no contract says the price. Only its own months count."""
    if contract is None or contract.price_fen is None:
        return None
    first, last = f"{contract.valid_from:%Y-%m}", f"{contract.valid_to:%Y-%m}"
    return contract.price_fen * sum(number for month, number in served_by_month.items() if first <= month <= last)
