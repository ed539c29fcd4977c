"""Screenings and their signals as they are read, and what became of each signal: report, case, outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import Select, and_, case, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from services.intake.campaigns.tables import call_list, campaign_list
from services.intake.domain.masking import masked_name, masked_number, masked_phone
from services.intake.domain.person import Person
from services.intake.domain.rescoring import bounds, precision, stricter
from services.intake.domain.screening import Screening
from services.intake.domain.thresholds import Dated
from services.intake.screening.tables import fault_list, screening_list, signal_list
from services.intake.showing import may_see_persons, record_look
from services.intake.tables import case_list, payout_list
from shared.http import Door, NotFound
from shared.room import Room

_HELPED = ("needs_met", "got_help")
_PAID = ("settled", "issued", "received", "delivered")
_MASKS = {"name": masked_name, "phone": masked_phone, "id_number": masked_number, "person_ref": masked_number}


class FoundPerson(Struct, frozen=True):
    """Somebody whom a screening found: what the data said of them (nothing after an erasure), and the case that a signal of theirs opened."""

    person_id: str
    told: Mapping[str, Any]
    case_id: str | None


async def known(door: Door, screening_id: str) -> Screening:
    state: Screening = await door.state("screening", screening_id)
    if state.asked is None:
        raise NotFound("screening")
    return state


async def screening_page(door: Door, *, limit: int, cursor: str | None) -> dict[str, Any]:
    at = screening_list.c
    found = await door.page(select(screening_list), order=(at.asked_at, at.screening_id), limit=limit, cursor=cursor)
    states = await door.states("screening", [row["screening_id"] for row in found["items"]])
    return {"items": [shown(states[row["screening_id"]], row) for row in found["items"]], "next": found["next"]}


def shown(state: Screening, row: Mapping[str, Any]) -> dict[str, Any]:
    """One screening with its progress and the thresholds as they counted."""
    assert state.asked is not None
    share = 1.0 if state.status == "done" else round(min(1.0, state.to / state.of), 4) if state.of and state.parts else 0.0
    return {
        "screening_id": state.asked.screening_id, "name": state.asked.name, "status": state.status, "as_of": state.asked.as_of,
        "asked_at": state.asked.at, "ended_at": row.get("ended_at"), "kept_until": state.kept_until, "forgotten": state.forgotten,
        "format": state.format or None, "encoding": state.encoding or None,
        "unknown_columns": list(state.unknown_columns),
        "progress": {"share": share, "parts": state.parts, "rows": state.rows, "faulty": state.faulty, "to": state.to, "of": state.of},
        "signals": dict(state.signals), "reason": state.reason or None, "field": row.get("field"), "version": state.asked.version,
        "thresholds": [
            {"code": t.code, "measure": t.measure, "op": t.op, "limit": t.limit, "valid_from": t.valid_from, "source": t.source,
             "categories": list(t.categories), "alone": t.alone} for t in state.asked.thresholds
        ],
    }  # fmt: skip


async def one(door: Door, screening_id: str) -> dict[str, Any]:
    state = await known(door, screening_id)
    rows = await door.rows(select(screening_list).where(screening_list.c.screening_id == screening_id))
    return shown(state, rows[0] if rows else {})


async def faults(door: Door, screening_id: str, *, limit: int, cursor: str | None) -> Mapping[str, Any]:
    """Rows that could not be read, the last first: row, field and rule."""
    at = fault_list.c
    statement = select(at.row, at.field, at.rule).where(at.screening_id == screening_id)
    return await door.page(statement, order=(at.row, at.field), limit=limit, cursor=cursor)


def _signals(screening_id: str, filters: Mapping[str, Any]) -> Select[Any]:
    at = signal_list.c
    statement = select(signal_list).where(at.screening_id == screening_id)
    for name in ("threshold", "district"):
        if filters.get(name) is not None:
            statement = statement.where(at[name] == filters[name])
    if filters.get("margin_min") is not None:
        statement = statement.where(at.margin >= filters["margin_min"])
    return statement


async def results(door: Door, screening_id: str, filters: Mapping[str, Any], *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Signals, the furthest beyond their limit first; persons masked, in full to those who may and say why, and then recorded."""
    await known(door, screening_id)
    at = signal_list.c
    found = await door.page(_signals(screening_id, filters), order=(at.margin, at.signal_id), limit=limit, cursor=cursor)
    full = may_see_persons(door)
    if full and found["items"]:
        await record_look(door, "screening", persons=tuple(dict.fromkeys(row["person_id"] for row in found["items"])))
    people: dict[str, Person] = await door.states("person", dict.fromkeys(row["person_id"] for row in found["items"])) if full else {}
    shut = {key for key, person in people.items() if person.status == "restricted"}
    items = [_shown_signal(row, full=full and row["person_id"] not in shut) for row in found["items"]]
    return {"items": items, "next": found["next"], "masked": not full}


def _shown_signal(row: Mapping[str, Any], *, full: bool) -> dict[str, Any]:
    told = row["told"]
    if isinstance(told, Mapping) and not full:
        told = {key: _MASKS[key](value) for key, value in told.items()}
    return {**{k: v for k, v in row.items() if k != "screening_id"}, "told": told}


async def people_found(room: Room, screening_id: str, threshold: str | None, after: str, limit: int) -> list[FoundPerson]:
    """Whom a screening found by their data, each once, some at a time in the order of their ids."""
    at, cases = signal_list.c, case_list.c
    statement = _signals(screening_id, {"threshold": threshold}).where(at.person_id > after)
    first = statement.ext(distinct_on(at.person_id)).order_by(at.person_id, at.margin.desc())
    rows = await room.rows(first.limit(limit))
    opened = await room.rows(select(cases.case_id).where(cases.case_id.in_([row["case_id"] for row in rows]))) if rows else []
    known = {row["case_id"] for row in opened}
    return [
        FoundPerson(
            row["person_id"],
            row["told"] if isinstance(row["told"], Mapping) else {},
            row["case_id"] if row["case_id"] in known else None,
        )
        for row in rows
    ]


async def campaigns_of(door: Door, screening_id: str) -> list[dict[str, Any]]:
    """The telephone campaigns that ring whom this screening found, newest first."""
    at = campaign_list.c
    statement = select(at.campaign_id, at.name, at.status, at.planned_at).where(at.screening_id == screening_id)
    return await door.rows(statement.order_by(at.planned_at.desc()))


async def unreported(door: Door, screening_id: str, filters: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    """Signals nobody has made a report of, the furthest beyond their limit first."""
    at, cases = signal_list.c, case_list.c
    reported = select(cases.case_id).where(cases.case_id == at.case_id).exists()
    statement = _signals(screening_id, filters).where(~reported).order_by(at.margin.desc(), at.signal_id).limit(limit)
    return await door.rows(statement)


def _followed(screening_id: str) -> Any:
    """Each signal with its case: the one its own report opened, else the first of the same person after it (a call led to it)."""
    s, c, own = signal_list.c, case_list.c, case_list.alias("own")
    first = select(c.case_id, c.status, c.reason, c.changed_at).where(c.person_id == s.person_id, c.received_at >= s.at)
    later = first.order_by(c.received_at).limit(1).lateral("later")
    found = {name: func.coalesce(own.c[name], later.c[name]) for name in ("case_id", "status", "reason", "changed_at")}
    p = payout_list.c
    paid = select(func.min(p.at).label("at")).where(p.case_id == found["case_id"], p.state.in_(_PAID)).lateral("paid")
    helped = or_(paid.c.at.is_not(None), and_(found["status"] == "closed", found["reason"].in_(_HELPED)))
    ended = or_(helped, found["status"].in_(("closed", "withdrawn")))
    call = call_list.c
    rung = exists().where(call.about == s.person_id, call.dialled_at >= s.at)
    spoke = exists().where(call.about == s.person_id, call.dialled_at >= s.at, call.status.in_(("answered", "opted_out")))
    joined = signal_list.outerjoin(own, own.c.case_id == s.case_id).outerjoin(later, true()).outerjoin(paid, true())
    return (
        select(
            s.threshold, s.value, s.at, rung.label("rung"), spoke.label("spoke"), found["case_id"].label("found"),
            func.coalesce(helped, False).label("helped"), func.coalesce(ended, False).label("ended"),
            func.coalesce(paid.c.at, found["changed_at"]).label("outcome_at"),
        )
        .select_from(joined)
        .where(s.screening_id == screening_id)
        .subquery("followed")
    )  # fmt: skip


def _counts(followed: Any) -> tuple[Any, ...]:
    f = followed.c
    delay = func.extract("epoch", f.outcome_at - f.at) / 86_400
    return (
        func.count().label("signals"), func.count().filter(f.rung).label("called"), func.count().filter(f.spoke).label("answered"),
        func.count().filter(or_(f.rung, f.found.is_not(None))).label("looked_at"), func.count(f.found).label("reported"),
        func.count().filter(f.ended).label("decided"), func.count().filter(f.helped).label("admitted"),
        func.avg(case((f.helped, delay))).label("delay_days"),
    )  # fmt: skip


async def lineage(door: Door, screening_id: str) -> dict[str, Any]:
    """What became of the signals, by threshold: precision, delay from signal to help, and what a signal and a help cost."""
    state = await known(door, screening_id)
    assert state.asked is not None
    followed = _followed(screening_id)
    rows = await door.rows(select(followed.c.threshold, *_counts(followed)).group_by(followed.c.threshold))
    by_code = {row["threshold"]: row for row in rows}
    total = sum(row["signals"] for row in rows)
    items = [_costed(t.code, by_code.get(t.code), state.asked.run_fen, state.asked.check_fen, total) for t in state.asked.thresholds]
    return {"screening_id": screening_id, "items": items}


def _costed(code: str, row: Mapping[str, Any] | None, run_fen: int, check_fen: int, total: int) -> dict[str, Any]:
    """The run's cost is shared by its signals, the look at one is paid where it was rung or reported; whole fen, rounded down."""
    if row is None:
        row = {"signals": 0, "called": 0, "answered": 0, "looked_at": 0, "reported": 0, "decided": 0, "admitted": 0, "delay_days": None}
    signals, admitted = row["signals"], row["admitted"]
    cost = (run_fen * signals // total if total else 0) + check_fen * row["looked_at"]
    return {
        "threshold": code, "signals": signals, "called": row["called"], "answered": row["answered"], "reported": row["reported"],
        "decided": row["decided"], "admitted": admitted,
        "precision": precision(admitted, row["decided"]), "yield": round(admitted / signals, 4) if signals else None,
        "delay_days": None if row["delay_days"] is None else round(float(row["delay_days"]), 2), "cost_fen": cost,
        "cost_per_signal_fen": cost // signals if signals else None, "cost_per_admitted_fen": cost // admitted if admitted else None,
    }  # fmt: skip


async def rescored(door: Door, screening_id: str, moved: Mapping[str, int]) -> dict[str, Any]:
    """What moved limits would have signalled, and the precision of the past beyond them; stores nothing."""
    state = await known(door, screening_id)
    assert state.asked is not None
    used = {one.code: one for one in state.asked.thresholds}
    followed = _followed(screening_id)
    items = [await _moved(door, state, used[code], limit, followed) for code, limit in moved.items() if code in used]
    return {"screening_id": screening_id, "items": items, "unknown": sorted(set(moved) - set(used))}


async def _moved(door: Door, state: Screening, threshold: Dated, limit: int, followed: Any) -> dict[str, Any]:
    value = followed.c.value
    passing = {"gt": value > limit, "ge": value >= limit, "lt": value < limit, "le": value <= limit}[threshold.op]
    (row,) = await door.rows(select(*_counts(followed)).where(followed.c.threshold == threshold.code, passing))
    exact = stricter(threshold, limit)
    least, most = (row["signals"], row["signals"]) if exact else bounds(state.steps.get(threshold.code, {}), threshold, limit)
    return {
        "threshold": threshold.code, "limit": limit, "limit_used": threshold.limit, "signals_used": state.signals.get(threshold.code, 0),
        "signals_at_least": max(least, row["signals"]), "signals_at_most": most, "exact": exact or least == most,
        "reported": row["reported"], "decided": row["decided"], "admitted": row["admitted"],
        "precision": precision(row["admitted"], row["decided"]),
        "precision_used": precision(*await _all(door, threshold.code, followed)),
    }  # fmt: skip


async def _all(door: Door, code: str, followed: Any) -> tuple[int, int]:
    (row,) = await door.rows(select(*_counts(followed)).where(followed.c.threshold == code))
    return row["admitted"], row["decided"]
