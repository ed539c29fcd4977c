"""Who may be meant by a number, a telephone, a name: look-ups that arrive together ask the database once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from msgspec import Struct
from sqlalchemy import ColumnElement, LargeBinary, Select, bindparam, cast, func, literal, select, true, union_all
from sqlalchemy import column as sql_column
from sqlalchemy.dialects.postgresql import ARRAY

from services.intake.tables import case_list, person_list
from shared.http import Door
from shared.room import Room

LIVING = ("open", "verified", "in_service")
_PEOPLE_MAX = 40  # of one telephone: a hostel's number must not bring the whole hostel
_CASES_MAX = 5
EXACT = ("id_number", "phone", "name_birth")
SIMILAR = ("sound_year", "sound_place", "born_surname")
_SIMILAR_MAX = 8  # of one mark: each may be opened and compared, and a common name must not open a hundred people
_KINDS = (*EXACT, *SIMILAR)


class Found(Struct, frozen=True, gc=False):
    """Somebody who may be meant: what is equal, and their living cases, newest first."""

    person_id: str
    household_id: str
    same: tuple[str, ...]
    cases: tuple[tuple[str, datetime], ...]


def _of_kind(kind: str) -> Select[Any]:
    array = cast(bindparam(kind), ARRAY(LargeBinary))
    marks = func.unnest(array).table_valued(sql_column("mark", LargeBinary), name=f"{kind}_marks").render_derived()
    p, column, most = person_list.c, person_list.c[kind], _SIMILAR_MAX if kind in SIMILAR else _PEOPLE_MAX
    people = select(p.person_id, p.household_id).where(column == marks.c.mark).limit(most).lateral(f"{kind}_people")
    at = case_list.c
    living: ColumnElement[bool] = at.status.in_([literal(status, literal_execute=True) for status in LIVING])
    cases = (
        select(at.case_id, at.received_at)
        .where(at.person_id == people.c.person_id, living)
        .order_by(at.received_at.desc())
        .limit(_CASES_MAX)
        .lateral(f"{kind}_cases")
    )
    return (
        select(literal(kind).label("kind"), marks.c.mark, people.c.person_id, people.c.household_id, cases.c.case_id, cases.c.received_at)
        .select_from(marks)
        .join(people, true())
        .join(cases, true(), isouter=True)
    )


# A load asks for equal people only; its question is not made longer by what it does not ask.
_EXACTLY = select(union_all(*[_of_kind(kind) for kind in EXACT]).subquery())
_ALL = select(union_all(*[_of_kind(kind) for kind in _KINDS]).subquery())


_ByMark = Mapping[tuple[str, bytes], Sequence[Mapping[str, Any]]]


class _Counter:
    """The look-ups of one room: while one question is under way, the next one gathers everybody who comes."""

    def __init__(self, room: Room) -> None:
        self._room, self._turn = room, asyncio.Lock()
        self._gathering: list[Mapping[str, bytes]] | None = None
        self._asked: asyncio.Task[_ByMark] | None = None

    async def ask(self, marks: Mapping[str, bytes]) -> list[Found]:
        if self._gathering is None or self._asked is None:
            self._gathering = []
            self._asked = asyncio.create_task(self._ask(self._gathering))
        self._gathering.append(marks)
        return _found(marks, await asyncio.shield(self._asked))

    async def _ask(self, together: list[Mapping[str, bytes]]) -> _ByMark:
        async with self._turn:
            self._gathering = None
            return await _asked(self._room, together)


async def _asked(room: Room, together: Sequence[Mapping[str, bytes]]) -> _ByMark:
    similar = any(kind in marks for marks in together for kind in SIMILAR)
    wanted = {kind: list({marks[kind] for marks in together if kind in marks}) for kind in (_KINDS if similar else EXACT)}
    by_mark: dict[tuple[str, bytes], list[Mapping[str, Any]]] = {}
    for row in await room.rows(_ALL if similar else _EXACTLY, wanted):
        by_mark.setdefault((row["kind"], row["mark"]), []).append(row)
    return by_mark


def _found(marks: Mapping[str, bytes], by_mark: _ByMark) -> list[Found]:
    people: dict[str, tuple[str, dict[str, None], dict[str, datetime]]] = {}
    for kind, mark in marks.items():
        for row in by_mark.get((kind, mark), ()):
            _, same, cases = people.setdefault(row["person_id"], (row["household_id"], {}, {}))
            same[kind] = None
            if row["case_id"] is not None:
                cases[row["case_id"]] = row["received_at"]
    return [Found(person_id, household, tuple(same), tuple(cases.items())) for person_id, (household, same, cases) in people.items()]


_counters: WeakKeyDictionary[Room, _Counter] = WeakKeyDictionary()


async def people_like(
    door: Door, *, id_number: str | None, phone: str | None, name_birth: str | None, similar: Mapping[str, str] | None = None
) -> list[Found]:
    """Everybody with one of these; `similar` are marks of what only sounds alike. No question at all when nothing is known."""
    marks = marks_of(door, {"id_number": id_number, "phone": phone, "name_birth": name_birth, **(similar or {})})
    if not marks:
        return []
    counter = _counters.get(door.room)
    if counter is None:
        counter = _counters[door.room] = _Counter(door.room)
    return await counter.ask(marks)


def marks_of(door: Door, known_by: Mapping[str, str | None]) -> dict[str, bytes]:
    """The blind marks of whatever is known of a person."""
    return {kind: door.blind(kind, text) for kind, text in known_by.items() if text}


async def people_like_each(door: Door, wanted: Sequence[Mapping[str, bytes]]) -> list[list[Found]]:
    """For each of these marks everybody with one of them, by one question for all."""
    if not any(wanted):
        return [[] for _ in wanted]
    by_mark = await _asked(door.room, wanted)
    return [_found(marks, by_mark) for marks in wanted]
