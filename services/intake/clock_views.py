"""Clocks as they are read: those of a case, those that are late, and those that a change of rules has left behind."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, exists, func, or_, select

from services.intake.clock_projections import EVERYWHERE
from services.intake.tables import case_list, clock_change_list, clock_list, clock_mark
from shared.http import Door
from shared.room import Room

_at, _case, _change = clock_list.c, case_list.c, clock_change_list.c


async def running_clocks(door: Door, filters: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """Clocks that run, the first to end first, by light, clock and district."""
    statement = select(clock_list, _case.district, _case.urgency, _case.operator, _case.org)
    statement = statement.join(case_list, _case.case_id == _at.case_id).where(_at.stopped_at.is_(None))
    for name in ("light", "clock"):
        if filters.get(name):
            statement = statement.where(_at[name] == filters[name])
    if filters.get("district"):
        statement = statement.where(_case.district == filters["district"][:6])
    return await door.rows(statement.order_by(_at.due_at, _at.case_id, _at.clock).limit(limit))


async def clock_counts(door: Door, district: str) -> dict[str, dict[str, int]]:
    """How many clocks run, by clock and light; of one district or, with an empty text, of the city."""
    statement = select(_at.clock, _at.light, func.count().label("n")).where(_at.stopped_at.is_(None)).group_by(_at.clock, _at.light)
    if district:
        statement = statement.join(case_list, _case.case_id == _at.case_id).where(_case.district == district)
    counted: dict[str, dict[str, int]] = {}
    for row in await door.rows(statement):
        counted.setdefault(row["clock"], {})[row["light"]] = row["n"]
    return counted


async def overdue_ages(door: Door, clock: str, district: str, now: datetime) -> dict[str, int]:
    """Overdue clocks by how long they have been: up to a day, three days, a week, longer."""
    late = case(
        *[(_at.due_at > now - timedelta(days=days), name) for name, days in (("day", 1), ("three_days", 3), ("week", 7))], else_="longer"
    ).label("late")
    statement = select(late, func.count().label("n")).where(_at.stopped_at.is_(None), _at.due_at <= now).group_by(late)
    if clock:
        statement = statement.where(_at.clock == clock)
    if district:
        statement = statement.join(case_list, _case.case_id == _at.case_id).where(_case.district == district)
    found = {row["late"]: row["n"] for row in await door.rows(statement)}
    return {name: found.get(name, 0) for name in ("day", "three_days", "week", "longer")}


async def running_in(door: Door, districts: Collection[str]) -> int:
    """How many clocks run in these districts; none named: in the city."""
    statement = select(func.count().label("n")).select_from(clock_list).where(_at.stopped_at.is_(None))
    if districts:
        statement = statement.join(case_list, _case.case_id == _at.case_id).where(_case.district.in_(list(districts)))
    (row,) = await door.rows(statement)
    return int(row["n"])


async def left_behind(room: Room, limit: int) -> list[str]:
    """Cases with a clock that runs by rules older than a change that concerns its district."""
    concerns = exists().where(
        _change.version > _at.rules, or_(_change.district == EVERYWHERE, _change.district == _case.district)
    )  # fmt: skip
    statement = select(_at.case_id).join(case_list, _case.case_id == _at.case_id).where(_at.stopped_at.is_(None), concerns)
    return [row["case_id"] for row in await room.rows(statement.distinct().limit(limit))]


async def last_change(room: Room) -> str:
    """The kind of the newest change; empty when there was none."""
    rows = await room.rows(select(clock_change_list).order_by(_change.version.desc()).limit(1))
    return str(rows[0]["kind"]) if rows else ""


async def mark_before(room: Room) -> str | None:
    """The digest of the clocks' data that the last program worked by; None where there was none."""
    rows = await room.rows(select(clock_mark.c.mark))
    return str(rows[0]["mark"]) if rows else None
