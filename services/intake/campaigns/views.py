"""From rows of campaigns to answers: SELECT only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, tuple_

from services.intake.campaigns.tables import answer_list, call_list, campaign_list, number_list
from services.intake.tables import case_list
from shared.http import Door
from shared.room import Room

_campaigns, _calls = campaign_list.c, call_list.c
UNENDED = ("planned", "running", "paused")


async def campaign_page(door: Door, status: str | None, *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    statement = select(campaign_list)
    if status is not None:
        statement = statement.where(_campaigns.status == status)
    return await door.page(statement, order=(_campaigns.planned_at, _campaigns.campaign_id), limit=limit, cursor=cursor)


async def campaign_row(room: Room, campaign_id: str) -> dict[str, Any] | None:
    rows = await room.rows(select(campaign_list).where(_campaigns.campaign_id == campaign_id))
    return rows[0] if rows else None


async def running(room: Room) -> list[dict[str, Any]]:
    """Campaigns in which people may be rung, the oldest first."""
    return await room.rows(
        select(campaign_list).where(_campaigns.status == "running").order_by(_campaigns.started_at, _campaigns.campaign_id)
    )


async def living(room: Room, purpose: str) -> list[str]:
    """Campaigns of this purpose that have not ended."""
    statement = select(_campaigns.campaign_id).where(_campaigns.purpose == purpose, _campaigns.status.in_(UNENDED))
    return [row["campaign_id"] for row in await room.rows(statement)]


async def counts(room: Room, campaign_id: str) -> dict[tuple[str, str | None], int]:
    """Calls by status and result."""
    statement = select(_calls.status, _calls.result, func.count().label("count")).where(_calls.campaign_id == campaign_id)
    return {(row["status"], row["result"]): row["count"] for row in await room.rows(statement.group_by(_calls.status, _calls.result))}


async def skipped(room: Room, campaign_id: str) -> dict[str, int]:
    """Calls that were not made, by why."""
    statement = select(_calls.why, func.count().label("count")).where(_calls.campaign_id == campaign_id, _calls.status == "skipped")
    return {row["why"]: row["count"] for row in await room.rows(statement.group_by(_calls.why))}


async def answers(room: Room, campaign_id: str) -> dict[str, dict[str, int]]:
    """How often each answer was given, by question."""
    found: dict[str, dict[str, int]] = {}
    for row in await room.rows(select(answer_list).where(answer_list.c.campaign_id == campaign_id)):
        found.setdefault(row["question"], {})[row["answer"]] = row["count"]
    return found


async def under_way(room: Room, campaign_id: str) -> int:
    statement = select(func.count().label("count")).where(_calls.campaign_id == campaign_id, _calls.status == "ringing")
    return int((await room.rows(statement))[0]["count"])


async def due_calls(room: Room, campaign_id: str, now: datetime, limit: int) -> list[dict[str, Any]]:
    """Who is to be rung next, in the order of the list."""
    statement = select(_calls.call_id, _calls.number_id, _calls.person_id, _calls.about).where(
        _calls.campaign_id == campaign_id, _calls.status == "queued", _calls.due_at <= now
    )
    return await room.rows(statement.order_by(_calls.due_at, _calls.call_id).limit(limit))


async def is_worked_off(room: Room, campaign_id: str) -> bool:
    """Whether there were calls and none is left to make or under way."""
    any_call = select(_calls.call_id).where(_calls.campaign_id == campaign_id)
    left = await room.rows(any_call.where(_calls.status.in_(("queued", "ringing"))).limit(1))
    return not left and bool(await room.rows(any_call.limit(1)))


async def silent(room: Room, before: datetime, limit: int, after: tuple[datetime, str] | None = None) -> list[dict[str, Any]]:
    """Calls that have been under way since before, the longest first, from behind this one on."""
    statement = select(_calls.call_id, _calls.campaign_id, _calls.attempt, _calls.dialled_at)
    statement = statement.where(_calls.status == "ringing", _calls.dialled_at < before)
    if after is not None:
        statement = statement.where(tuple_(_calls.dialled_at, _calls.call_id) > after)
    return await room.rows(statement.order_by(_calls.dialled_at, _calls.call_id).limit(limit))


async def call_page(door: Door, campaign_id: str, status: str | None, *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    statement = select(call_list).where(_calls.campaign_id == campaign_id)
    if status is not None:
        statement = statement.where(_calls.status == status)
    return await door.page(statement, order=(_calls.call_id,), limit=limit, cursor=cursor)


async def call_backs(room: Room, limit: int) -> list[dict[str, Any]]:
    """Whom a person has promised to call back, the first clock first."""
    statement = select(call_list).where(_calls.call_back_due.is_not(None), _calls.call_back_at.is_(None))
    return await room.rows(statement.order_by(_calls.call_back_due, _calls.call_id).limit(limit))


async def ended_before(room: Room, before: datetime) -> list[str]:
    """Campaigns that ended before and still know whom they rang, the first to end first."""
    statement = select(_campaigns.campaign_id).where(
        _campaigns.status == "done", _campaigns.ended_at <= before, _campaigns.forgotten_at.is_(None)
    )
    return [row["campaign_id"] for row in await room.rows(statement.order_by(_campaigns.ended_at, _campaigns.campaign_id))]


async def at_rest_since(room: Room, before: datetime) -> list[str]:
    """Campaigns that nobody has started or let go on since before."""
    return [row["campaign_id"] for row in await room.rows(select(_campaigns.campaign_id).where(_campaigns.rests_since <= before))]


async def still_known(room: Room, campaign_id: str, after: str, limit: int) -> list[dict[str, Any]]:
    """Calls of a list whose number, name and words have not been forgotten, some at a time; those of persons known before are not among them."""
    waits = and_(_calls.call_back_due.is_not(None), _calls.call_back_at.is_(None)).label("waits")
    statement = select(_calls.call_id, _calls.person_id, _calls.about, waits).where(
        _calls.campaign_id == campaign_id, _calls.forgotten_at.is_(None), _calls.known.is_not(True), _calls.call_id > after
    )
    return await room.rows(statement.order_by(_calls.call_id).limit(limit))


async def kept_and_forgotten(room: Room, campaign_id: str) -> tuple[int, int]:
    """How many calls still name somebody, and how many do not any more."""
    counted = select(_calls.campaign_id, func.count().label("all"), func.count(_calls.forgotten_at).label("forgotten"))
    rows = await room.rows(counted.where(_calls.campaign_id == campaign_id).group_by(_calls.campaign_id))
    return (rows[0]["all"] - rows[0]["forgotten"], rows[0]["forgotten"]) if rows else (0, 0)


async def listed_under(room: Room, number_id: str) -> list[dict[str, Any]]:
    """Every call of this number in any campaign, with the person it was queued for and the one a screening meant."""
    statement = select(_calls.call_id, _calls.person_id, _calls.about, _calls.forgotten_at).where(_calls.number_id == number_id)
    return await room.rows(statement.order_by(_calls.call_id).limit(10_000))


async def do_not_call_page(door: Door, *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    at = number_list.c
    return await door.page(select(number_list), order=(at.changed_at, at.number_id), limit=limit, cursor=cursor)


async def cases_of_source(room: Room, source: str, after: str, limit: int) -> Sequence[str]:
    """Cases that came from this source, some at a time."""
    statement = select(case_list.c.case_id).where(case_list.c.source == source, case_list.c.case_id > after)
    return [row["case_id"] for row in await room.rows(statement.order_by(case_list.c.case_id).limit(limit))]
