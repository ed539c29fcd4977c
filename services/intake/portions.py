"""Rows of a file recorded by portions: one look-up for all of a portion, one unit for each row, an answer for each."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from msgspec import Struct

from services.intake.checking import Refused, checked, problem
from services.intake.clockwork import rules_now
from services.intake.domain.case import CaseReported
from services.intake.domain.clocks import Rules
from services.intake.domain.person_decisions import PersonIsErased
from services.intake.files.table import Row, Wrong
from services.intake.lookup import Found, marks_of, people_like_each
from services.intake.taking import Ready, commands_of, examined, ready, take, text_of
from services.intake.weighing import weighed
from shared.errors import Malformed, NotNow
from shared.execute import Done
from shared.http import Door, Invalid
from shared.kernel import Rejected
from shared.room import Room

log = structlog.get_logger(__name__)
PORTION_ROWS, PORTION_BYTES = 256, 1_048_576
_PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)  # seconds before a row is tried again when the writer is busy
_ALIKE_MAX = 5  # rows that are named to a later one
_LATELY_MAX = 4096  # rows; far more than may be under way

Answer = dict[str, Any]


class Numbered(Struct, frozen=True, gc=False):
    """A row, and the reference it gets when it brings none of its own."""

    row: Row
    reference: str


class Marking:
    """Names the rows of a file by everything up to them: the same file names them the same whichever way it comes, and no two share a name.

    By what was read and not by its bytes: packed or not, in whatever encoding, at the door, from the command or on the page.
    """

    def __init__(self) -> None:
        self._so_far = hashlib.sha256()

    def marked(self, row: Row) -> Numbered:
        self._so_far.update(b"%d:" % len(row.body))
        self._so_far.update(row.body)
        return Numbered(row, f"{self._so_far.hexdigest()[:32]}-{row.number}")


def fault_of(row: Row, now: datetime) -> Answer | None:
    """What is wrong with a row as far as it can be told without the store: a problem, or None."""
    try:
        examined(checked(row), now)
    except Refused as no:
        return no.problem()
    except Invalid as fault:
        return problem("InvalidRequest", "Some fields are wrong.", [Wrong(fault.pointer, fault.detail)])
    return None


class _Lately:
    """Whom the latest rows told of: a file that names somebody twice must show it, and the store does not know them yet.

    Bounded; whatever is older is committed, and found there.
    """

    def __init__(self) -> None:
        self.turn = asyncio.Lock()  # look up, decide, hand in: one portion after the other, while commits of those before run
        self._rows: OrderedDict[str, tuple[dict[str, bytes], str, str, datetime]] = OrderedDict()
        self._by_mark: dict[tuple[str, bytes], list[str]] = {}

    def found(self, marks: dict[str, bytes]) -> list[Found]:
        alike: dict[str, list[str]] = {}
        for kind, mark in marks.items():
            for case_id in self._by_mark.get((kind, mark), ()):
                alike.setdefault(case_id, []).append(kind)
        found = []
        for case_id, same in alike.items():
            _, person_id, household_id, at = self._rows[case_id]
            found.append(Found(person_id, household_id, tuple(same), ((case_id, at),)))
        return found

    def add(self, marks: dict[str, bytes], report: CaseReported) -> None:
        if not marks or report.case_id in self._rows:
            return
        self._rows[report.case_id] = (marks, report.person_id, report.household_id, report.received_at)
        for kind, mark in marks.items():
            self._by_mark[kind, mark] = [*self._by_mark.get((kind, mark), ())[1 - _ALIKE_MAX :], report.case_id]
        if len(self._rows) > _LATELY_MAX:
            self.drop(next(iter(self._rows)))

    def drop(self, case_id: str) -> None:
        """Forget a row: it is old, or it was not recorded after all."""
        row = self._rows.pop(case_id, None)
        for kind, mark in row[0].items() if row else ():
            left = [one for one in self._by_mark.pop((kind, mark), ()) if one != case_id]
            if left:
                self._by_mark[kind, mark] = left


class _Turn:
    """A place in the order in which portions came, taken before anything is waited for: no portion overtakes the one before it."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock, self._got = lock, asyncio.ensure_future(lock.acquire())

    async def comes(self) -> None:
        await asyncio.shield(self._got)

    def over(self) -> None:
        if self._got.done() and not self._got.cancelled():
            self._lock.release()
        else:
            self._got.cancel()


_lately: WeakKeyDictionary[Room, _Lately] = WeakKeyDictionary()


async def recorded(door: Door, portion: Sequence[Numbered]) -> list[Answer]:
    """Every row's answer, in their order; the good ones are recorded. Whatever breaks becomes the answer of its row alone."""
    answers: list[Answer | None] = [None] * len(portion)
    left = list(range(len(portion)))
    doors = [_own(door) for _ in portion]
    for pause in (*_PATIENCE, None):
        left = await _tried(doors, portion, left, answers)
        if not left:
            break
        if pause is not None:
            await asyncio.sleep(pause)
    for at in left:
        answers[at] = _refused(portion[at].row.number, problem("NotNow", "The service was too busy; send this line again."))
    return [answer for answer in answers if answer is not None]


def _own(door: Door) -> Door:
    """A door for one row: every report is a story of its own."""
    return Door(door.room, door.principal, correlation=door.room.clock.new_id(), language=door.language, reason=door.reason)


async def _tried(doors: Sequence[Door], portion: Sequence[Numbered], left: list[int], answers: list[Answer | None]) -> list[int]:
    """Answers what can be answered now; which rows must be tried again."""
    lately = _lately.setdefault(doors[0].room, _Lately())
    turn = _Turn(lately.turn)
    try:
        under_way = await _handed_in(doors, portion, left, answers, lately, turn)
    except NotNow:
        return [at for at in left if answers[at] is None]
    finally:
        turn.over()
    again = []
    told = await asyncio.gather(*[done for _, _, done in under_way], return_exceptions=True)
    for (at, one, _), done in zip(under_way, told, strict=True):
        answers[at] = answer = await _answer(doors[at], portion[at].row.number, one, done)
        if answer is None or answer["status"] == "refused":
            lately.drop(one.case_id)
        if answer is None:
            again.append(at)
    return again


async def _handed_in(
    doors: Sequence[Door], portion: Sequence[Numbered], left: list[int], answers: list[Answer | None], lately: _Lately, turn: _Turn
) -> list[tuple[int, Ready, asyncio.Future[Done]]]:
    """What the writer has now; rows that are wrong are answered. Raises `NotNow` before anything was handed in."""
    known: list[tuple[int, Ready, dict[str, bytes]]] = []
    room = doors[0].room
    rules = await rules_now(room)
    for at in left:
        try:
            one = _ready(doors[at], portion[at], rules)
            known.append((at, one, marks_of(doors[at], one.known_by)))
        except Exception as fault:  # whatever it is, it is this row's alone
            answers[at] = _no(portion[at].row.number, fault)
    under_way = list[tuple[int, Ready, asyncio.Future[Done]]]()
    if not known:
        return under_way
    words = await weighed(room, [text_of(one.body) for _, one, _ in known])
    await turn.comes()
    found = await people_like_each(doors[0], [marks for _, _, marks in known])
    for (at, one, marks), alike, meant in zip(known, found, words, strict=True):
        try:
            commands = commands_of(doors[at], one, [*alike, *lately.found(marks)], meant)
        except Exception as fault:  # as above
            answers[at] = _no(portion[at].row.number, fault)
            continue
        lately.add(marks, commands[0].command.report)
        await doors[at].paced()  # each row when its turn comes: what is refused takes none
        under_way.append((at, one, doors[at].submit(*commands)))
    return under_way


def _ready(door: Door, numbered: Numbered, rules: Rules) -> Ready:
    body = checked(numbered.row)
    if body.source_ref is None:
        body = body.model_copy(update={"source_ref": numbered.reference})
    return ready(door, body, rules)


async def _answer(door: Door, number: int, one: Ready, done: Done | BaseException) -> Answer | None:
    """None when it must be tried again."""
    match done:
        case Done():
            return _recorded(number, bool(done.events), done.state.report.case_id, done.state.report.urgency)
        case NotNow():
            return None
        case PersonIsErased():  # whoever was erased begins anew, as at the door for one
            try:
                answered, new = await take(door, one.body)
            except NotNow:
                return None
            except Exception as fault:
                return _no(number, fault)
            return _recorded(number, new, answered["case_id"], answered["urgency"]["level"])
        case Exception():
            return _no(number, done)
    raise done


def _recorded(number: int, new: bool, case_id: str, urgency: str) -> Answer:
    return {"line": number, "status": "recorded" if new else "already", "case_id": case_id, "urgency": urgency}


def _no(number: int, fault: Exception) -> Answer:
    match fault:
        case Refused():
            return _refused(number, fault.problem())
        case Invalid():
            return _refused(number, problem("InvalidRequest", "Some fields are wrong.", [Wrong(fault.pointer, fault.detail)]))
        case Malformed():
            return _refused(number, {**problem("InvalidRequest", "Some fields are missing or wrong."), "detail": str(fault)})
        case Rejected():
            return _refused(number, problem(fault.code, fault.sentence))
    log.error("line_failed", error=type(fault).__name__, line=number, exc_info=fault)
    return _refused(number, problem("OurFault", "Something broke on our side; send this line again."))


def _refused(number: int, why: Answer) -> Answer:
    return {"line": number, "status": "refused", "problem": why}
