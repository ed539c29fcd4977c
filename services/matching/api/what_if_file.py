"""The door to other numbers over a file of cases: who would gain and lose, and what it would cost; nothing of the file is kept."""

from __future__ import annotations

import asyncio
import sys
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request

from services.matching.api.hsds import whole
from services.matching.api.what_if import Planner
from services.matching.asked import ValueIn
from services.matching.domain.changing import NewValue, changed
from services.matching.domain.parameters import CITY, Parameters
from services.matching.domain.rule_reading import RuleFault
from services.matching.file_order import Order, Reply, told
from services.matching.standing import rules as standing_rules
from shared.errors import NotNow
from shared.http import Invalid
from shared.problems import problem

PATH = "/matching/v1/what-if/file"
router = APIRouter(tags=["programmes"])
_BYTES_MAX, _SECONDS = 64 * 1024**2, 120
_TAKES = {"text/csv": {"schema": {"type": "string"}}}
_ROOT = Path(__file__).parents[3]
_one_at_a_time = asyncio.Semaphore(1)  # a file may take both cores


async def _counted(order: Order, data: bytes) -> Reply:
    """What the process that has the columns answers; raises `NotNow` when it dies or takes too long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.matching.file_reader", cwd=_ROOT, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(msgspec.json.encode(order) + b"\n" + data), _SECONDS)
    except TimeoutError:
        raise NotNow("the file took too long") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise NotNow("the file could not be counted")
    return msgspec.json.decode(said, type=Reply)


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
    parameters: Parameters = await door.state("parameters", CITY)
    data = await whole(request, _BYTES_MAX)
    async with _one_at_a_time:
        found = await _counted(Order(tuple([told(one) for one in parameters.values]), (told(new),)), data)
    if found.unreadable:
        raise Invalid("", found.unreadable)
    if found.faults:
        title = "The file has faults, so it was not looked at."
        return problem(422, "FileHasFaults", title, faults=[msgspec.to_builtins(one) for one in found.faults])
    sums = [{"programme": one.programme, "district": one.district, **msgspec.to_builtins(one.sums)} for one in found.sums]
    return {
        "rule_version": rules.version, "changed_version": after.version, "cases": found.cases, "affected": found.affected, "sums": sums,
        "before_fen": sum(one["before_fen"] for one in sums), "after_fen": sum(one["after_fen"] for one in sums),
    }  # fmt: skip
