"""Whom a service is for, as conditions that a program can read, and which of them a case does not meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from msgspec import Struct

Op = Literal["at_least", "at_most", "is", "in", "has"]
OPS: tuple[str, ...] = get_args(Op)
UNKNOWN_PLACE = "440100"  # the city stands where nobody told the district
Told = bool | int | str
_TEXT_MAX, _NUMBER_MAX, _VALUES_MAX = 80, 1_000_000_000_000, 50


class Condition(Struct, frozen=True, gc=False):
    """One fact held against one value: `at_least` and `at_most` for numbers, `is` for any, `in` for one of `values`, `has` for lists."""

    fact: str
    op: str
    values: tuple[Told, ...]


class Eligibility(Struct, frozen=True, gc=False):
    """Ages in whole years, both included; no districts: lives anywhere."""

    minimum_age: int | None = None
    maximum_age: int | None = None
    districts: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


EVERYBODY = Eligibility()


def _number(value: Any) -> bool:
    # A yes or no is no number, though the language thinks so.
    return type(value) is int or type(value) is float


def _holds(condition: Condition, told: Any) -> bool:
    first = condition.values[0]
    match condition.op:
        case "at_least":
            return not _number(told) or told >= first
        case "at_most":
            return not _number(told) or told <= first
        case "has":
            return not isinstance(told, list | tuple) or first in told
        case _:
            alike = [one for one in condition.values if type(one) is type(told)]
            return not alike or told in alike


def unmet(eligibility: Eligibility, facts: Mapping[str, Any], district: str) -> tuple[str, ...]:
    """The facts by which a case is not for this service; what is not known, or told in another kind than compared, speaks against nobody."""
    found = []
    age: Any = facts.get("age")
    if _number(age):
        too_young = eligibility.minimum_age is not None and age < eligibility.minimum_age
        too_old = eligibility.maximum_age is not None and age > eligibility.maximum_age
        if too_young or too_old:
            found.append("age")
    if eligibility.districts and district not in (*eligibility.districts, "", UNKNOWN_PLACE):
        found.append("district")
    found += [one.fact for one in eligibility.conditions if facts.get(one.fact) is not None and not _holds(one, facts[one.fact])]
    return tuple(dict.fromkeys(found))


def fault_of(condition: Condition) -> str:
    """What is wrong with a condition as it is written; empty when nothing is."""
    if condition.op not in OPS:
        return "op"
    if not condition.values or (condition.op != "in" and len(condition.values) != 1):
        return "value"
    if condition.op in ("at_least", "at_most") and not _number(condition.values[0]):
        return "value"
    return ""


def sound(condition: Condition) -> bool:
    """Whether its values are of a size that can be kept: short texts, whole numbers that a sum in fen may have, not too many."""
    kept = [
        0 < len(value) <= _TEXT_MAX and "\0" not in value
        if isinstance(value, str)
        else type(value) in (int, bool) and 0 <= value <= _NUMBER_MAX
        for value in condition.values
    ]
    return all(kept) and len(kept) <= _VALUES_MAX
