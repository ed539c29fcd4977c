"""The questions that matching answers from its tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, case, func, or_, select, tuple_

from services.matching.tables import (
    assessment_list,
    help_chain,
    location_list,
    organization_list,
    reassessment_counts,
    reassessment_list,
    referral_list,
    service_list,
    service_served,
    unmet_needs,
)
from shared.http import Door
from shared.room import Room

_SETTLED = ("served", "closed")
_DRAFTED = "drafted"


def _filtered(statement: Select[Any], table: Table, filters: Mapping[str, Any]) -> Select[Any]:
    return statement.where(*[table.c[name] == value for name, value in filters.items() if value is not None])


async def referral_page(
    door: Door, filters: Mapping[str, Any], *, limit: int, cursor: str | None, drafts: bool = False
) -> Mapping[str, Any]:
    """Drafts are for those who prepare them only."""
    statement = _filtered(select(referral_list), referral_list, filters)
    if not drafts:
        statement = statement.where(referral_list.c.state != _DRAFTED)
    return await door.page(statement, order=(referral_list.c.offered_at, referral_list.c.referral_id), limit=limit, cursor=cursor)


def _of_organisation(org_id: str) -> Select[Any]:
    return select(referral_list).where(referral_list.c.org_id == org_id)


async def referrals_to_answer(door: Door, org_id: str, limit: int) -> list[dict[str, Any]]:
    """What is offered to an organisation however long ago, whose time ends first first."""
    t = referral_list.c
    return await door.rows(_of_organisation(org_id).where(t.state == "offered").order_by(t.due_at, t.referral_id).limit(limit))


async def referrals_under_way(door: Door, org_id: str, states: Collection[str], limit: int) -> list[dict[str, Any]]:
    """What an organisation has taken and not ended, the oldest first."""
    t = referral_list.c
    return await door.rows(_of_organisation(org_id).where(t.state.in_(states)).order_by(t.offered_at, t.referral_id).limit(limit))


async def referrals_over(door: Door, org_id: str, open_states: Collection[str], limit: int) -> list[dict[str, Any]]:
    """What ended last for an organisation; a draft was never told to it."""
    t = referral_list.c
    ended = _of_organisation(org_id).where(t.state.not_in((*open_states, _DRAFTED)))
    return await door.rows(ended.order_by(t.changed_at.desc(), t.referral_id).limit(limit))


async def referral_row(door: Door, referral_id: str) -> dict[str, Any] | None:
    rows = await door.rows(select(referral_list).where(referral_list.c.referral_id == referral_id))
    return rows[0] if rows else None


async def referrals_of_case(door: Door, case_id: str) -> list[dict[str, Any]]:
    return await door.rows(select(referral_list).where(referral_list.c.case_id == case_id).order_by(referral_list.c.offered_at))


async def chain_of_help(door: Door, chains: Collection[str]) -> list[dict[str, Any]]:
    """All help of these chains, oldest first."""
    return await door.rows(select(help_chain).where(help_chain.c.household_id.in_(sorted(chains))).order_by(help_chain.c.granted_at))


async def cases_of_households(door: Door, chains: Collection[str]) -> list[str]:
    """The assessed cases of these households, by id."""
    t = assessment_list.c
    return [row["case_id"] for row in await door.rows(select(t.case_id).where(t.household_id.in_(chains)).order_by(t.case_id).limit(200))]


async def referrals_of_cases(door: Door, case_ids: Collection[str]) -> list[dict[str, Any]]:
    t = referral_list.c
    return await door.rows(select(referral_list).where(t.case_id.in_(case_ids)).order_by(t.offered_at, t.referral_id))


async def unmet_of_cases(door: Door, case_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Why which need of these cases has nobody, by case and need."""
    found: dict[str, dict[str, str]] = {}
    for row in await door.rows(select(unmet_needs).where(unmet_needs.c.case_id.in_(case_ids))):
        found.setdefault(row["case_id"], {})[row["need"]] = row["reason"]
    return found


FIRST_WAITING = (datetime(1970, 1, 1, tzinfo=UTC), "", "")


async def waiting_for(
    room: Room, needs: Collection[str], districts: Collection[str], after: tuple[datetime, str, str], limit: int
) -> list[tuple[datetime, str, str]]:
    """Needs that nobody serves, with since when and of which case, the longest waiting first, those after one; no districts: the whole city."""
    t = unmet_needs.c
    place = tuple_(t.since, t.case_id, t.need)
    statement = (
        select(t.since, t.case_id, t.need)
        .where(t.need.in_(needs), place > tuple_(*after))
        .order_by(t.since, t.case_id, t.need)
        .limit(limit)
    )
    rows = await room.rows(statement.where(t.district.in_(districts)) if districts else statement)
    return [(row["since"], row["case_id"], row["need"]) for row in rows]


async def organization_kinds(door: Door, ids: Collection[str]) -> dict[str, str]:
    """Of which kind these organisations are."""
    t = organization_list.c
    return {row["id"]: row["kind"] for row in await door.rows(select(t.id, t.kind).where(t.id.in_(sorted(set(ids)))))} if ids else {}


async def unmet_page(door: Door, filters: Mapping[str, Any], *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    statement = _filtered(select(unmet_needs), unmet_needs, filters)
    return await door.page(statement, order=(unmet_needs.c.since, unmet_needs.c.case_id, unmet_needs.c.need), limit=limit, cursor=cursor)


async def unmet_by_place(door: Door) -> list[dict[str, Any]]:
    t = unmet_needs
    grouped = select(t.c.district, t.c.need, t.c.reason, func.count().label("cases")).group_by(t.c.district, t.c.need, t.c.reason)
    return await door.rows(grouped.order_by(func.count().desc(), t.c.district, t.c.need, t.c.reason))


async def assessed_page(door: Door, filters: Mapping[str, Any], *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    statement = _filtered(select(assessment_list), assessment_list, filters)
    return await door.page(statement, order=(assessment_list.c.at, assessment_list.c.case_id), limit=limit, cursor=cursor)


async def assessed_after(door: Door, case_id: str, district: str | None, limit: int) -> list[str]:
    """The next assessed cases in the order of their ids, which does not move while they are read."""
    t = assessment_list.c
    statement = _filtered(select(t.case_id).where(t.case_id > case_id), assessment_list, {"district": district})
    return [row["case_id"] for row in await door.rows(statement.order_by(t.case_id).limit(limit))]


async def assessed_on(room: Room, after: str, since: date, until: date | None, limit: int) -> list[str]:
    """The next cases, by id, that are decided by the rules of a day in [`since`, `until`)."""
    t = assessment_list.c
    days = [t.rules_on >= since] if until is None else [t.rules_on >= since, t.rules_on < until]
    statement = select(t.case_id).where(t.case_id > after, *days).order_by(t.case_id).limit(limit)
    return [row["case_id"] for row in await room.rows(statement)]


def _reassessments() -> Select[Any]:
    counts = [func.coalesce(column, 0).label(column.name) for column in reassessment_counts.c if column.name != "id"]
    both = reassessment_list.outerjoin(reassessment_counts, reassessment_counts.c.id == reassessment_list.c.id)
    return select(reassessment_list, *counts).select_from(both)


async def reassessment_page(door: Door, *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    """With how many cases gained or lost by each."""
    return await door.page(_reassessments(), order=(reassessment_list.c.begun_at, reassessment_list.c.id), limit=limit, cursor=cursor)


async def reassessment_row(door: Door, key: str) -> dict[str, Any] | None:
    rows = await door.rows(_reassessments().where(reassessment_list.c.id == key))
    return rows[0] if rows else None


async def eligible_programmes(door: Door, case_ids: Collection[str]) -> dict[str, list[str]]:
    """What the latest assessment of these cases found, by case."""
    chosen = select(assessment_list.c.case_id, assessment_list.c.eligible).where(assessment_list.c.case_id.in_(case_ids))
    return {row["case_id"]: row["eligible"] for row in await door.rows(chosen)} if case_ids else {}


async def directory_page(door: Door, table: Table, filters: Mapping[str, Any], *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    statement = _filtered(select(table), table, filters)
    return await door.page(statement, order=(table.c.id,), limit=limit, cursor=cursor)


async def all_rows(door: Door, table: Table) -> list[dict[str, Any]]:
    """Every row of a table of the directory, in no order."""
    return await door.rows(select(table))


async def keys(door: Door, table: Table) -> list[tuple[str, str]]:
    """The id of every row of a table of the directory, and whose it is (an organisation is its own), in the order of the ids."""
    whose = table.c.id if table is ORGANIZATIONS else table.c.organization_id
    return sorted([(row["id"], row["whose"]) for row in await door.rows(select(table.c.id, whose.label("whose")))])


async def rows_of(door: Door, table: Table, column: str, values: Collection[str]) -> list[dict[str, Any]]:
    """The rows of a table of the directory with one of these values, in no order."""
    return await door.rows(select(table).where(table.c[column].in_(values))) if values else []


async def by_id(door: Door, table: Table, key: str) -> dict[str, Any] | None:
    rows = await door.rows(select(table).where(table.c.id == key))
    return rows[0] if rows else None


async def served_by_month(door: Door, service_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """How many people each of these services served, by month as YYYY-MM."""
    found: dict[str, dict[str, int]] = {}
    if service_ids:
        t = service_served.c
        chosen = select(service_served).where(t.service_id.in_(sorted(service_ids))).order_by(t.service_id, t.month)
        for row in await door.rows(chosen):
            found.setdefault(row["service_id"], {})[row["month"]] = row["served"]
    return found


async def organization_names(door: Door, ids: Collection[str]) -> dict[str, str]:
    """What these organisations are called."""
    t = organization_list.c
    return {row["id"]: row["name"] for row in await door.rows(select(t.id, t.name).where(t.id.in_(sorted(set(ids)))))} if ids else {}


async def services_found(door: Door, need: str, district: str, language: str, limit: int, after: int) -> tuple[int, list[dict[str, Any]]]:
    """Services that serve this need, in this district or the whole city, and speak this language; empty: any. How many there are in all,
    and `limit` of them, in the order of their names, after the first `after`."""
    t = service_list.c
    statement = select(service_list)
    if need:
        statement = statement.where(t.needs.contains([need]))
    if district:
        statement = statement.where(or_(t.districts == [], t.districts.contains([district])))
    if language:
        statement = statement.where(t.languages.contains([language]))
    total = (await door.rows(select(func.count().label("count")).select_from(statement.subquery())))[0]["count"]
    return int(total), await door.rows(statement.order_by(t.name, t.id).limit(limit).offset(after))


def _counted(condition: ColumnElement[bool]) -> Any:
    return func.count(case((condition, 1)))


async def outcomes(door: Door, district: str | None = None, need: str | None = None) -> dict[str, Any]:
    """How many offers there were, how they ended, and what came of them."""
    t = referral_list
    got = and_(t.c.state == "closed", t.c.reason == "got_help")
    # A loop is closed when an answer came from the provider and is final: declined, served, or closed with a reason.
    answered = t.c.state.in_((*_SETTLED, "declined"))
    statement = select(
        func.count().label("offered"),
        _counted(t.c.state == "declined").label("declined"),
        _counted(t.c.state == "lapsed").label("lapsed"),
        _counted(t.c.state == "revoked").label("revoked"),
        _counted(t.c.state.in_(_SETTLED)).label("completed"),
        _counted(answered).label("loops_closed"),
        _counted(got).label("got_help"),
        func.count(func.distinct(t.c.case_id)).label("cases"),
        func.count(func.distinct(case((got, t.c.case_id)))).label("cases_got_help"),
    )
    return (await door.rows(_filtered(statement.where(t.c.state != _DRAFTED), t, {"district": district, "need": need})))[0]


ORGANIZATIONS, SERVICES, LOCATIONS = organization_list, service_list, location_list
