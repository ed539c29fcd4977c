"""What data said of people is forgotten when its time is over: the words at once, and the keys of those who are known for nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from services.intake.campaigns.tables import call_list
from services.intake.domain.screening import SignalsForgotten
from services.intake.screening.tables import signal_list
from services.intake.tables import person_list
from shared.room import Room
from shared.service import Answer, Change, Effect, EffectCall, To

_AT_ONCE = 500
_WHO = "screening"


async def forget(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    """Begun again after a crash it goes on with what is left. Value, margin and outcome of a signal stay: they name nobody."""
    for call in calls:
        forgotten: SignalsForgotten = call.envelope.data
        while await _some(room, forgotten.screening_id):
            pass
    return [Answer() for _ in calls]


async def _some(room: Room, screening_id: str) -> int:
    at = signal_list.c
    statement = select(at.signal_id, at.person_id).where(at.screening_id == screening_id, at.told.is_not(None)).limit(_AT_ONCE)
    rows = await room.rows(statement)
    people = {row["person_id"] for row in rows}
    for person_id in people - await _known(room, screening_id, people):
        await room.shred(person_id)
    await room.execute(
        actor=_WHO, rows=[Change(signal_list, {"signal_id": row["signal_id"]}, {"told": None}) for row in rows], patient=True
    )
    return len(rows)


async def _known(room: Room, screening_id: str, people: set[str]) -> set[str]:
    """Who of these has a case, was rung, or is told of by a signal of another screening: their key is needed for that."""
    at, kept = signal_list.c, set[str]()
    for statement in (
        select(person_list.c.person_id).where(person_list.c.person_id.in_(people)),
        select(call_list.c.person_id).where(call_list.c.person_id.in_(people)),
        select(at.person_id).where(at.person_id.in_(people), at.screening_id != screening_id, at.told.is_not(None)),
    ):
        kept |= {row["person_id"] for row in await room.rows(statement)}
    return kept


def _again(_: EffectCall) -> tuple[To, ...]:
    return ()


SIGNALS_FORGOTTEN = Effect("forget_signals", SignalsForgotten, forget, _again)
