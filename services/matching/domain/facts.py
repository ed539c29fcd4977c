"""Coded facts of a case as the rules read them: checked for kind, with what follows from them on a given day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any

from msgspec import Struct

MONTHS_A_YEAR = 12


class Known(Struct, frozen=True, gc=False):
    """What is known on a day; None is not known. Money in fen, spans in whole months."""

    age: int | None = None
    student: str | None = None
    certificates: tuple[str, ...] | None = None
    disability_grade: int | None = None
    serious_illness: bool | None = None
    accident: bool | None = None
    event_months_ago: int | None = None
    medical_self_paid_year_fen: int | None = None
    works_here_months: int | None = None
    pension_months: int | None = None
    settled_here_months: int | None = None
    local_hukou: bool | None = None
    residence_permit: bool | None = None
    parent_works_here: bool | None = None
    parent_lived_here_months: int | None = None
    lives_with_parents: bool | None = None
    per_head_income_month_fen: int | None = None
    per_head_income_year_fen: int | None = None
    per_head_left_month_fen: int | None = None
    actual_spending_year_fen: int | None = None
    unable_to_pay: bool | None = None
    special_circumstances: bool | None = None
    application_running: bool | None = None
    basic_life_threatened: bool | None = None
    wish_sku: str | None = None
    monthly_income_fen: int | None = None
    household_size: int | None = None
    necessary_spending_month_fen: int | None = None
    property_within_limits: bool | None = None
    disability_kind: str | None = None
    has_supporter: bool | None = None
    rural_district: str | None = None
    papers_missing: bool | None = None
    hmt_permit: bool | None = None


KINDS: Mapping[str, str] = {
    field: "flag" if "bool" in str(kind) else "codes" if "tuple" in str(kind) else "code" if "str" in str(kind) else "number"
    for field, kind in Known.__annotations__.items()
}
# What a fact is worked out of that people can be asked for.
_ASKED_FOR: Mapping[str, tuple[str, ...]] = {
    "event_months_ago": ("event_on",),
    "settled_here_months": ("lived_here_months",),
    "per_head_income_month_fen": ("monthly_income_fen", "household_size"),
    "per_head_income_year_fen": ("monthly_income_fen", "household_size"),
    "per_head_left_month_fen": ("monthly_income_fen", "household_size", "necessary_spending_month_fen"),
    "actual_spending_year_fen": ("necessary_spending_month_fen",),
    "unable_to_pay": ("cannot_pay",),
    "rural_district": ("rural_hukou",),
}


def asked_for(fact: str) -> tuple[str, ...]:
    """What people can be asked for so that this fact becomes known."""
    return _ASKED_FOR.get(fact, (fact,))


def to_ask(fact: str, known: Known) -> tuple[str, ...]:
    """What people must still tell before this fact is known: of what it is worked out of only what nobody told."""
    return tuple([one for one in asked_for(fact) if getattr(known, one, None) is None])


def with_places(facts: Mapping[str, Any], hukou_code: str | None) -> Mapping[str, Any]:
    """The facts with what follows from where somebody is registered (a GB/T 2260 code); what was said in so many words stays."""
    if not hukou_code:
        return facts
    return {"local_hukou": hukou_code.startswith("4401"), "hukou_district": hukou_code[:6], **facts}


def _number(value: Any) -> int | None:
    # A yes or no is no number, though the language thinks so.
    return value if type(value) is int else int(value) if type(value) is float and isfinite(value) else None


def _flag(value: Any) -> bool | None:
    return value if value is True or value is False else None


def _code(value: Any) -> str | None:
    return value if type(value) is str else None


def _codes(value: Any) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list | tuple) and all(type(one) is str for one in value) else None


def day_of(value: Any) -> date | None:
    """A day given as such or as ISO text; None for anything else."""
    if isinstance(value, date):
        return value
    if type(value) is not str:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def months_since(event: date, on: date) -> int:
    """Months begun since the event: the same day of the next month is one, a day later two."""
    return (on.year - event.year) * MONTHS_A_YEAR + on.month - event.month + (1 if on.day > event.day else 0)


_COUNTED = frozenset(
    [name for name, kind in KINDS.items() if kind == "number" and name not in _ASKED_FOR]
    + ["lived_here_months", "medical_total_year_fen", "medical_reimbursed_year_fen"]
)
_OF_THE_BILL = ("medical_reimbursed_year_fen", "medical_self_paid_year_fen")


def contradictions(facts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Facts that cannot be so, each with the rule that it breaks: `below_zero`, `nobody` in a household, `above_the_bill`."""
    told = {name: number for name in sorted(_COUNTED & facts.keys()) if (number := _number(facts[name])) is not None}
    found = [(name, "below_zero") for name, number in told.items() if number < 0]
    if told.get("household_size") == 0:
        found.append(("household_size", "nobody"))
    bill = told.get("medical_total_year_fen")
    found += [(name, "above_the_bill") for name in _OF_THE_BILL if bill is not None and 0 <= bill < told.get(name, 0)]
    return tuple(found)


def _self_paid(get: Any) -> int | None:
    paid = _number(get("medical_self_paid_year_fen"))
    if paid is not None:
        return paid
    total, back = _number(get("medical_total_year_fen")), _number(get("medical_reimbursed_year_fen"))
    return None if total is None or back is None else max(0, total - back)


def _unable(get: Any, self_paid: int | None, income: int | None) -> bool | None:
    said = _flag(get("cannot_pay"))
    if said is not None or self_paid is None or income is None:
        return said
    # Not said: bills above a year's income of the household are taken as beyond its means (assumption).
    return True if self_paid > income * MONTHS_A_YEAR else None


def _most(*values: int | None) -> int | None:
    known = [v for v in values if v is not None]
    return max(known) if known else None


def known(facts: Mapping[str, Any], on: date) -> Known:
    """The facts of a report as they count on a day; a value of the wrong kind is not known."""
    get = facts.get
    event = get("event_on")
    event = None if event is None else day_of(event)
    paid = _self_paid(get)
    income, size, spent = _number(get("monthly_income_fen")), _number(get("household_size")), _number(get("necessary_spending_month_fen"))
    size = size if size is not None and size > 0 else None
    head = income // size if income is not None and size is not None else None
    left = (income - spent) // size if income is not None and size is not None and spent is not None else None
    works = _number(get("works_here_months"))
    return Known(
        _number(get("age")),
        _code(get("student")),
        _codes(get("certificates")),
        _number(get("disability_grade")),
        _flag(get("serious_illness")),
        _flag(get("accident")),
        None if event is None else months_since(event, on),
        paid,
        works,
        _number(get("pension_months")),
        _most(_number(get("lived_here_months")), works),
        _flag(get("local_hukou")),
        _flag(get("residence_permit")),
        _flag(get("parent_works_here")),
        _number(get("parent_lived_here_months")),
        _flag(get("lives_with_parents")),
        head,
        None if head is None else head * MONTHS_A_YEAR,
        left,
        _most(None if spent is None else spent * MONTHS_A_YEAR, paid),
        _unable(get, paid, income),
        _flag(get("special_circumstances")),
        _flag(get("application_running")),
        _flag(get("basic_life_threatened")),
        _code(get("wish_sku")),
        income,
        size,
        spent,
        _flag(get("property_within_limits")),
        _code(get("disability_kind")),
        _flag(get("has_supporter")),
        _code(get("hukou_district")) if get("rural_hukou") is True else None,
        _flag(get("papers_missing")),
        _flag(get("hmt_permit")),
    )
