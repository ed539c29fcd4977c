"""From rows to answers: SELECT only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, exists, func, not_, or_, select

from services.intake.domain.urgency import LEVELS
from services.intake.lookup import LIVING
from services.intake.tables import (
    case_list,
    clock_list,
    consent_asked,
    consent_list,
    household_list,
    look_list,
    member_list,
    payout_list,
    progress_try,
    task_list,
)
from shared.http import Door

_cases = case_list.c


async def case_page(door: Door, filters: Mapping[str, Any], *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    """One page of cases, newest first."""
    # A first contact that was missed, or any other clock that ran out and still runs.
    at = clock_list.c
    late = or_(_cases.overdue, exists().where(at.case_id == _cases.case_id, at.stopped_at.is_(None), at.breached_at.is_not(None)))
    statement: Select[Any] = select(*[column for column in _cases if column.name != "overdue"], late.label("overdue"))
    for name in ("status", "urgency", "channel", "source"):
        if filters.get(name) is not None:
            statement = statement.where(_cases[name] == filters[name])
    if filters.get("person_ids") is not None:
        statement = statement.where(_cases.person_id.in_(filters["person_ids"]))
    if filters.get("district"):
        statement = statement.where(_cases.district == filters["district"][:6])
        if len(filters["district"]) == 9:
            statement = statement.where(_cases.residence_code == filters["district"])
    if filters.get("need"):
        statement = statement.where(_cases.needs.contains([filters["need"]]))
    if filters.get("overdue") is not None:
        statement = statement.where(late if filters["overdue"] else not_(late))
    return await door.page(statement, order=(_cases.received_at, _cases.case_id), limit=limit, cursor=cursor)


async def case_row(door: Door, case_id: str) -> dict[str, Any] | None:
    rows = await door.rows(select(case_list).where(_cases.case_id == case_id))
    return rows[0] if rows else None


async def cases_of_persons(door: Door, person_ids: Collection[str]) -> list[dict[str, Any]]:
    """The cases of one person under all their ids, newest first."""
    return await door.rows(select(case_list).where(_cases.person_id.in_(person_ids)).order_by(_cases.received_at.desc()).limit(200))


async def open_clocks(door: Door, operator: str | None, limit: int = 30) -> list[dict[str, Any]]:
    """Cases nobody has called back yet, the most urgent clock first; of one operator, or of all."""
    statement = select(case_list).where(_cases.contacted_at.is_(None), _cases.status.in_(LIVING))
    if operator is not None:
        statement = statement.where(_cases.operator == operator)
    return await door.rows(statement.order_by(_cases.first_contact_due).limit(limit))


async def call_backs(door: Door, operator: str, limit: int) -> list[dict[str, Any]]:
    """Calls that were promised on this operator's cases and not made yet, the next first."""
    at = task_list.c
    statement = (
        select(at.task_id, at.case_id, at.due_at, _cases.urgency, _cases.needs, _cases.district)
        .join(case_list, _cases.case_id == at.case_id)
        .where(at.kind == "call_back", at.done_at.is_(None), _cases.operator == operator, _cases.status.in_(LIVING))
    )
    return await door.rows(statement.order_by(at.due_at.nulls_first(), at.task_id).limit(limit))


async def living_cases(door: Door, limit: int) -> list[dict[str, Any]]:
    """Cases that can still be worked on, those nobody has spoken with first, then the newest."""
    living = select(case_list).where(_cases.status.in_(LIVING))
    waiting = living.where(_cases.contacted_at.is_(None)).order_by(_cases.first_contact_due, _cases.case_id)
    found = await door.rows(waiting.limit(limit))
    known = living.where(_cases.contacted_at.is_not(None)).order_by(_cases.received_at.desc(), _cases.case_id.desc())
    return found + (await door.rows(known.limit(limit - len(found))) if len(found) < limit else [])


def _open_tasks(statement: Select[Any], filters: Mapping[str, Any]) -> Select[Any]:
    """Of cases that can still be worked on; what was shared in an emergency is reviewed after that too."""
    at = task_list.c
    statement = statement.join(case_list, _cases.case_id == at.case_id).where(at.done_at.is_(None))
    statement = statement.where(or_(_cases.status.in_(LIVING), at.kind == "review_emergency"))
    for column, name in ((at.kind, "kind"), (_cases.district, "district"), (_cases.operator, "operator")):
        if filters.get(name):
            statement = statement.where(column == filters[name])
    return statement


async def open_tasks(door: Door, filters: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    """Tasks that wait for a hand, by kind, district and operator of the case: late ones first, then the most urgent, then the first to end."""
    at = task_list.c
    shown = select(
        at.task_id, at.case_id, at.kind, at.why, at.added_at, at.due_at, _cases.urgency, _cases.district, _cases.operator, _cases.org
    )
    late = case((at.due_at <= door.now, 0), else_=1)
    rank = case(*[(_cases.urgency == level, -place) for place, level in enumerate(LEVELS)], else_=1)
    order = (late, rank, at.due_at.nulls_last(), at.added_at, at.task_id)
    return await door.rows(_open_tasks(shown, filters).order_by(*order).limit(limit))


async def hand_overs(door: Door, org: str | None, district: str | None, limit: int, cursor: str | None) -> Mapping[str, Any]:
    """Requests to take a case over that wait for an answer, of this organisation, of this district with its streets, or of all."""
    at = task_list.c
    shown = _open_tasks(select(at.task_id, at.case_id, at.added_at, at.due_at), {"kind": "answer_hand_over"})
    if org is not None:
        shown = shown.where(at.why.contains([org]))
    if district is not None:
        shown = shown.where(func.array_to_string(at.why, " ").regexp_match(rf"(^| ){district}"))
    return await door.page(shown, order=(at.added_at, at.task_id), limit=limit, cursor=cursor)


async def task_counts(door: Door, filters: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """How many tasks of each kind wait, and how many of them are late; the most first."""
    at = task_list.c
    counted = select(at.kind, func.count().label("open"), func.count().filter(at.due_at <= now).label("late"))
    return await door.rows(_open_tasks(counted, filters).group_by(at.kind).order_by(func.count().desc(), at.kind))


async def tasks_of_case(door: Door, case_id: str) -> list[dict[str, Any]]:
    """The first contact as a task, then the tasks that were added, oldest first."""
    tasks = await door.rows(select(task_list).where(task_list.c.case_id == case_id).order_by(task_list.c.added_at, task_list.c.task_id))
    row = await case_row(door, case_id)
    if row is None:
        return tasks
    ended = row["contacted_at"] or (row["changed_at"] if row["status"] in ("closed", "withdrawn") else None)
    first = {
        "task_id": f"{case_id}:first_contact",
        "case_id": case_id,
        "person_id": row["person_id"],
        "kind": "first_contact",
        "why": [row["urgency"]],
        "text": None,
        "added_at": row["received_at"],
        "due_at": row["first_contact_due"],
        "done_at": ended,
    }
    return [first, *tasks]


async def consents_of_case(door: Door, case_id: str) -> list[dict[str, Any]]:
    at = consent_list.c
    return await door.rows(select(consent_list).where(at.case_id == case_id).order_by(at.given_at, at.consent_id))


async def progress_tries(door: Door, case_id: str, since: datetime) -> int:
    """How often four digits of this case were tried since then; those that were right do not count."""
    at = progress_try.c
    (row,) = await door.rows(select(func.count().label("n")).select_from(progress_try).where(at.case_id == case_id, at.at > since))
    return int(row["n"])


async def progress_tries_over(door: Door, case_id: str, until: datetime) -> list[str]:
    """Tries of this case that count no more."""
    at = progress_try.c
    return [row["try_id"] for row in await door.rows(select(at.try_id).where(at.case_id == case_id, at.at <= until).limit(100))]


async def consents_asked(door: Door, case_id: str) -> list[dict[str, Any]]:
    """What this case's person was asked to agree to and has not answered yet, first asked first."""
    at = consent_asked.c
    return await door.rows(select(consent_asked).where(at.case_id == case_id, at.answer.is_(None)).order_by(at.asked_at, at.consent_id))


async def consents_of_persons(door: Door, person_ids: Collection[str]) -> list[dict[str, Any]]:
    at = consent_list.c
    return await door.rows(select(consent_list).where(at.person_id.in_(person_ids)).order_by(at.given_at, at.consent_id))


async def emergency_page(door: Door, *, reviewed: bool | None, limit: int, cursor: str | None) -> Mapping[str, Any]:
    """What was shared without a consent, newest first."""
    at = consent_list.c
    statement: Select[Any] = select(consent_list).where(at.how == "emergency")
    if reviewed is not None:
        statement = statement.where(at.reviewed_at.is_not(None) if reviewed else at.reviewed_at.is_(None))
    return await door.page(statement, order=(at.given_at, at.consent_id), limit=limit, cursor=cursor)


async def look_page(door: Door, filters: Mapping[str, Any], *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    """Who looked at whose data, newest first."""
    at = look_list.c
    statement: Select[Any] = select(look_list)
    if filters.get("actor"):
        statement = statement.where(at.actor == filters["actor"])
    if filters.get("purpose"):
        statement = statement.where(at.purpose == filters["purpose"])
    if filters.get("person_ids"):
        statement = statement.where(at.person_ids.overlap(list(filters["person_ids"])))
    if filters.get("case_id"):
        statement = statement.where(at.case_ids.contains([filters["case_id"]]))
    if filters.get("since"):
        statement = statement.where(at.at >= filters["since"])
    return await door.page(statement, order=(at.at, at.look_id), limit=limit, cursor=cursor)


async def households_of(door: Door, person_ids: Collection[str]) -> list[dict[str, Any]]:
    """Where this person lives, under any of their ids."""
    statement = select(
        household_list.c.household_id, household_list.c.size, member_list.c.person_id, member_list.c.role, member_list.c.carved_out
    )
    joined = statement.join(member_list, member_list.c.household_id == household_list.c.household_id)
    return await door.rows(joined.where(member_list.c.person_id.in_(person_ids)).order_by(household_list.c.household_id))


async def living_cases_of(door: Door, person_ids: Collection[str]) -> list[tuple[str, str]]:
    """(person, case) of every case that is still worked on."""
    statement = select(_cases.person_id, _cases.case_id).where(_cases.person_id.in_(person_ids), _cases.status.in_(LIVING))
    return [(row["person_id"], row["case_id"]) for row in await door.rows(statement)]


async def agreed_cases(door: Door, case_ids: list[str], purpose: str, now: datetime) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The cases whose person agrees to this purpose now: case -> person and kinds of recipients."""
    at = consent_list.c
    statement = select(at.case_id, at.person_id, at.recipients).where(
        at.case_id.in_(case_ids),
        at.withdrawn_at.is_(None),
        or_(at.expires_at.is_(None), at.expires_at > now),
        at.purposes.contains([purpose]),
    )
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for row in await door.rows(statement):
        before = found.get(row["case_id"], ("", ()))[1]
        found[row["case_id"]] = (row["person_id"], tuple(dict.fromkeys((*before, *row["recipients"]))))
    return found


async def payouts_of_case(door: Door, case_id: str) -> list[dict[str, Any]]:
    return await door.rows(select(payout_list).where(payout_list.c.case_id == case_id).order_by(payout_list.c.at))
