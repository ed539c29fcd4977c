"""The door to other numbers over a file of cases: who would gain and lose, and what it would cost; nothing of the file is kept."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request

from services.matching.api.hsds import whole
from services.matching.api.what_if import Planner
from services.matching.asked import ValueIn
from services.matching.bulk import differences
from services.matching.columns import NotInColumns, columnar
from services.matching.domain.changing import NewValue, changed
from services.matching.domain.rule_reading import RuleFault
from services.matching.sheets import Unreadable, frame_of
from services.matching.standing import rules as standing_rules
from shared.http import Invalid
from shared.problems import problem

PATH = "/matching/v1/what-if/file"
router = APIRouter(tags=["programmes"])
_BYTES_MAX, _FAULTS_MAX = 64 * 1024**2, 100
_TAKES = {"text/csv": {"schema": {"type": "string"}}}


@router.post(PATH, openapi_extra={"requestBody": {"content": _TAKES}})
async def what_if_file(request: Request, door: Planner, value: Annotated[ValueIn, Query()]) -> Any:
    """One changed number over a CSV file of facts, each row by the rules of its day `on`: sums by programme and district.

    A file with faults is not looked at; each fault names row, field and rule.
    """
    rules = await standing_rules(door)
    new = NewValue(value.programme, value.name, value.valid_from, Fraction(value.value), value.source)
    try:
        after = changed(rules, [new])
    except RuleFault:
        raise Invalid("/name", "is no number of the rules") from None
    data = await whole(request, _BYTES_MAX)
    try:
        frame, faults = await asyncio.to_thread(frame_of, data, _FAULTS_MAX)
        if faults:
            title = "The file has faults, so it was not looked at."
            return problem(422, "FileHasFaults", title, faults=[msgspec.to_builtins(one) for one in faults])
        told = await asyncio.to_thread(differences, [frame], columnar(rules), columnar(after))
    except Unreadable as why:
        raise Invalid("", str(why)) from None
    except NotInColumns as column:
        raise Invalid(f"/{column}", "holds what cannot be counted exactly") from None
    sums = [{"programme": code, "district": place, **msgspec.to_builtins(one)} for (code, place), one in sorted(told.sums.items())]
    return {
        "rule_version": rules.version, "changed_version": after.version, "cases": told.cases, "affected": told.affected, "sums": sums,
        "before_fen": sum(one["before_fen"] for one in sums), "after_fen": sum(one["after_fen"] for one in sums),
    }  # fmt: skip
