"""The player's part with places by points: one quota is applied for, ranked and appealed against, another stays open for applications."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from rich.progress import Progress

from deploy.sample.city import City
from deploy.sample.doors import Doors
from shared.clock import SHANGHAI

_AT = "/matching/v1/allocations"
_OPEN_SECONDS = 5
"""So long the quota that is to be ranked takes applications; there is no way to close one before its published instant."""
_OPEN_DAYS = 30


async def allocate(doors: Doors, city: City, case_ids: Iterable[str], progress: Progress) -> None:
    """Each quota of the sample, applied for by the people of these cases; one that is there already stays as it is."""
    task = progress.add_task("places", total=len(city.allocations))
    known = {row["id"] async for row in doors.pages("gov", _AT)}
    new = [one for one in city.allocations if one["plan"]["id"] not in known]
    people = await _people(doors, case_ids, max([len(one["applicants"]) for one in new], default=0))
    for one in new:
        await _lived(doors, one, people)
    progress.update(task, completed=len(city.allocations))


async def _people(doors: Doors, case_ids: Iterable[str], count: int) -> list[str]:
    """The first so many people of these cases, each once."""
    found: dict[str, None] = {}
    for case_id in case_ids:
        if len(found) == count:
            break
        found[(await doors.read("caseworker", f"/intake/v1/cases/{case_id}"))["person_id"]] = None
    return list(found)


async def _lived(doors: Doors, one: dict[str, Any], people: list[str]) -> None:
    plan, now = one["plan"], datetime.now(SHANGHAI)
    at = f"{_AT}/{plan['id']}"
    closes = now + (timedelta(seconds=_OPEN_SECONDS) if one["ranked"] else timedelta(days=_OPEN_DAYS))
    days = {"year": now.year, "opens_at": now.isoformat(), "closes_at": closes.isoformat()}
    await doors.told("gov", _AT, {**plan, **days})
    await doors.told("gov", f"{at}/open", None)
    numbers = []
    for person, shown in zip(people, one["applicants"], strict=False):
        numbers.append((await doors.told("operator", f"{at}/applications", {"person_id": person, "shown": shown}))["number"])
    if one["ranked"]:
        await asyncio.sleep(max(0.0, (closes - datetime.now(SHANGHAI)).total_seconds()) + 0.2)
        await doors.told("gov", f"{at}/close", None)
        await doors.told("gov", f"{at}/rank", None)
        await _appealed(doors, at, one["appeals"], numbers)


async def _appealed(doors: Doors, at: str, appeals: list[dict[str, Any]], numbers: list[str]) -> None:
    """Handed in by a caseworker, decided by somebody who did not rank, and published anew."""
    for one in appeals:
        made = await doors.told("caseworker", f"{at}/appeals", {"number": numbers[one["of"]], "reason": one["reason"]})
        if "upheld" in one:
            await doors.told("admin", f"{at}/appeals/{made['appeal']}/decide", {"upheld": True, "shown": one["upheld"]})
    await doors.told("gov", f"{at}/rank", None)
