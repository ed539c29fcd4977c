"""What is asked about volunteers and engagements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import Integer, case, desc, func, literal, or_, select

from services.matching.domain.engagement import Terms
from services.matching.domain.volunteer_ranking import RECENT_DAYS, Able
from services.matching.tables import engagement_list, engagement_members, volunteer_hours, volunteer_list
from shared.http import Door

_V, _G, _M, _H = volunteer_list.c, engagement_list.c, engagement_members.c, volunteer_hours.c


async def volunteer_page(
    door: Door, district: str | None, skill: str | None, language: str | None, active: bool | None, *, limit: int, cursor: str | None
) -> Mapping[str, Any]:
    """Who serves the whole city serves each district of it."""
    statement = select(volunteer_list)
    if district is not None:
        statement = statement.where(or_(_V.districts.contains([district]), func.cardinality(_V.districts) == 0))
    for column, code in ((_V.skills, skill), (_V.languages, language)):
        if code is not None:
            statement = statement.where(column.contains([code]))
    if active is not None:
        statement = statement.where((_V.status == "active") == active)
    return await door.page(statement, order=(_V.registered_at, _V.volunteer_id), limit=limit, cursor=cursor)


async def volunteer_row(door: Door, volunteer_id: str) -> dict[str, Any] | None:
    rows = await door.rows(select(volunteer_list).where(_V.volunteer_id == volunteer_id))
    return rows[0] if rows else None


async def engagements_of(door: Door, volunteer_id: str) -> list[dict[str, Any]]:
    """Where somebody was invited, how they answered, and the minutes verified there; the newest first."""
    minutes = select(_H.engagement_id, func.sum(_H.minutes).label("minutes")).where(_H.volunteer_id == volunteer_id)
    summed = minutes.group_by(_H.engagement_id).subquery()
    statement = (
        select(
            _M.engagement_id, _G.org_id, _G.need, _G.district, _M.status, _M.reason, _M.changed_at,
            func.coalesce(summed.c.minutes, 0).label("minutes"),
        )
        .join(engagement_list, _G.engagement_id == _M.engagement_id)
        .join(summed, summed.c.engagement_id == _M.engagement_id, isouter=True)
        .where(_M.volunteer_id == volunteer_id)
        .order_by(_M.changed_at.desc(), _M.engagement_id)
    )  # fmt: skip
    return await door.rows(statement)


async def open_places(door: Door, volunteer_id: str) -> list[str]:
    """Open engagements to which somebody is invited or has said yes."""
    statement = (
        select(_M.engagement_id)
        .join(engagement_list, _G.engagement_id == _M.engagement_id)
        .where(_M.volunteer_id == volunteer_id, _M.status.in_(("invited", "confirmed")), _G.status == "open")
        .order_by(_M.engagement_id)
    )
    return [row["engagement_id"] for row in await door.rows(statement)]


async def engagement_page(door: Door, filters: Mapping[str, Any], *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    chosen = [engagement_list.c[name] == value for name, value in filters.items() if value is not None]
    statement = select(engagement_list).where(*chosen)
    return await door.page(statement, order=(_G.opened_at, _G.engagement_id), limit=limit, cursor=cursor)


async def engagement_row(door: Door, engagement_id: str) -> dict[str, Any] | None:
    rows = await door.rows(select(engagement_list).where(_G.engagement_id == engagement_id))
    return rows[0] if rows else None


async def members_of(door: Door, engagement_id: str) -> list[dict[str, Any]]:
    """Who was invited and what they answered; the reference of their platform of those alone whose yes did not come from the host."""
    statement = (
        select(_M.volunteer_id, _M.status, _M.reason, _M.vouched, _M.changed_at, volunteer_list.c.external_ref)
        .join(volunteer_list, _V.volunteer_id == _M.volunteer_id)
        .where(_M.engagement_id == engagement_id)
        .order_by(_M.changed_at, _M.volunteer_id)
    )
    rows = await door.rows(statement)
    return [row if row["status"] == "confirmed" and row["vouched"] else {**row, "external_ref": None} for row in rows]


async def hours_of(door: Door, engagement_id: str) -> list[dict[str, Any]]:
    """What counts now, the newest day first."""
    statement = select(_H.volunteer_id, _H.day, _H.minutes, _H.entry, _H.verified_at).where(_H.engagement_id == engagement_id)
    return await door.rows(statement.order_by(_H.day.desc(), _H.volunteer_id).limit(1000))


def _shared(column: Any, asked: Sequence[str]) -> Any:
    """How many of the codes that are asked for stand in this column."""
    return sum([case((column.contains([code]), 1), else_=0) for code in asked], start=literal(0))


async def able(door: Door, terms: Terms, on: date, limit: int) -> list[Able]:
    """The first of those who could be asked, by the steps of `volunteer_ranking`, so that the ranking of these is that of all."""
    since, named = on - timedelta(days=RECENT_DAYS), _V.districts.contains([terms.district])
    recent = (
        select(func.coalesce(func.sum(_H.minutes), 0).cast(Integer))
        .where(_H.volunteer_id == _V.volunteer_id, _H.day > since, _H.day <= on)
        .scalar_subquery()
        .label("recent_minutes")
    )
    asked = select(_M.volunteer_id).where(_M.engagement_id == terms.engagement_id)
    statement = (
        select(_V.volunteer_id, _V.skills, _V.districts, _V.times, _V.languages, recent)
        .where(_V.status == "active", or_(named, func.cardinality(_V.districts) == 0), _V.volunteer_id.not_in(asked))
        .order_by(
            desc(_shared(_V.skills, terms.skills)), desc(named), desc(_shared(_V.times, terms.times)),
            desc(_shared(_V.languages, terms.languages)), recent, _V.volunteer_id.collate("C"),
        )
        .limit(limit)
    )  # fmt: skip
    if terms.skills:
        statement = statement.where(_V.skills.overlap(list(terms.skills)))
    return msgspec.convert(await door.rows(statement), list[Able])


async def summary(door: Door) -> dict[str, Any]:
    """The city in numbers: how many are registered and active, and the verified minutes by year and district."""
    of_status = await door.rows(select(_V.status, func.count().label("volunteers")).group_by(_V.status))
    known = {row["status"]: row["volunteers"] for row in of_status}
    year = func.extract("year", _H.day).cast(Integer).label("year")
    by_place = (
        select(
            year, _H.district, func.sum(_H.minutes).label("minutes"), func.count(func.distinct(_H.volunteer_id)).label("volunteers")
        )
        .where(_H.minutes > 0)
        .group_by(year, _H.district)
        .order_by(year.desc(), _H.district)
    )  # fmt: skip
    rows = await door.rows(by_place)
    return {
        "registered": sum(known.values()) - known.get("left", 0) - known.get("erased", 0), "active": known.get("active", 0),
        "paused": known.get("paused", 0), "left": known.get("left", 0) + known.get("erased", 0),
        "hours": [{**row, "minutes": int(row["minutes"]), "hours": int(row["minutes"]) // 60} for row in rows],
    }  # fmt: skip
