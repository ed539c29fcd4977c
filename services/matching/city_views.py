"""What the city looks at: coverage of its communities, help that nobody could give, loops closed, what a served person costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, select

from services.matching.tables import city_figures, community_list, help_chain, location_list, organization_list, referral_list, unmet_needs
from shared.http import Door

_AIM = {"urban": "coverage_urban_min", "rural": "coverage_rural_min"}


def _present() -> Subquery:
    """How many organisations have a place in each community; a public office is none of them."""
    joined = location_list.join(organization_list, organization_list.c.id == location_list.c.organization_id)
    counted = (
        select(location_list.c.place_code.label("code"), func.count(func.distinct(location_list.c.organization_id)).label("present"))
        .select_from(joined)
        .where(organization_list.c.kind != "government")
        .group_by(location_list.c.place_code)
    )
    return counted.subquery("present")


def _coverage(aims: Mapping[str, int]) -> Select[Any]:
    there, c = _present(), community_list.c
    present = func.coalesce(there.c.present, 0)
    aim = case((c.kind == "urban", aims["urban"]), else_=aims["rural"])
    columns = (c.code, c.district, c.zh, c.en, c.kind, present.label("organisations"), aim.label("aim"), (present >= aim).label("met"))
    return select(*columns).select_from(community_list.outerjoin(there, there.c.code == c.code))


async def communities(door: Door, aims: Mapping[str, int], district: str | None, *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    """Each community with how many organisations are there and how many should be."""
    c = community_list.c
    statement = _coverage(aims) if district is None else _coverage(aims).where(c.district == district)
    return await door.page(statement, order=(c.code,), limit=limit, cursor=cursor)


async def coverage_by_district(door: Door, aims: Mapping[str, int]) -> list[dict[str, Any]]:
    """Per district and kind: communities, those that meet the aim, and how many organisations are lacking."""
    each = _coverage(aims).subquery("each")
    short = func.sum(func.greatest(each.c.aim - each.c.organisations, 0))
    met = func.count(case((each.c.met, 1)))
    statement = select(each.c.district, each.c.kind, func.count().label("communities"), met.label("met"), short.label("short"))
    rows = await door.rows(statement.group_by(each.c.district, each.c.kind).order_by(each.c.district, each.c.kind))
    return [{**row, "short": int(row["short"])} for row in rows]


def _counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


async def loops_by_district(door: Door) -> list[dict[str, Any]]:
    """Offers, those that came to an answer, and cases of which somebody got help, by district."""
    t = referral_list
    answered = t.c.state.in_(("served", "closed", "declined"))
    got = and_(t.c.state == "closed", t.c.reason == "got_help")
    statement = select(
        t.c.district, func.count().label("offered"), _counted(answered).label("loops_closed"),
        func.count(func.distinct(t.c.case_id)).label("cases"), func.count(func.distinct(case((got, t.c.case_id)))).label("cases_got_help"),
    )  # fmt: skip
    return await door.rows(statement.where(t.c.state != "drafted").group_by(t.c.district).order_by(t.c.district))


async def unmet_by_need(door: Door) -> list[dict[str, Any]]:
    t = unmet_needs.c
    return await door.rows(select(t.need, func.count().label("cases")).group_by(t.need).order_by(func.count().desc(), t.need))


async def cost_per_served(door: Door) -> list[dict[str, Any]]:
    """By organisation: cases that got help, what arrived in fen (goods at their value), and fen for each case, rounded down."""
    t = referral_list
    got = select(t.c.org_id, func.count(func.distinct(t.c.case_id)).label("served")).where(t.c.state == "closed", t.c.reason == "got_help")
    served = got.group_by(t.c.org_id).subquery("served")
    arrived = select(help_chain.c.org_id, func.sum(help_chain.c.amount_fen).label("fen")).where(help_chain.c.state == "arrived")
    given = arrived.group_by(help_chain.c.org_id).subquery("given")
    joined = served.outerjoin(given, given.c.org_id == served.c.org_id)
    fen = func.coalesce(given.c.fen, 0).label("arrived_fen")
    rows = await door.rows(
        select(served.c.org_id, served.c.served, fen).select_from(joined).order_by(served.c.served.desc(), served.c.org_id)
    )
    return [{**row, "arrived_fen": int(row["arrived_fen"]), "each_fen": int(row["arrived_fen"]) // row["served"]} for row in rows]


async def years_reported(door: Door) -> list[int]:
    """The years of which a figure is known, the newest first."""
    year = city_figures.c.year
    return [row["year"] for row in await door.rows(select(year).distinct().order_by(year.desc()).limit(20))]
