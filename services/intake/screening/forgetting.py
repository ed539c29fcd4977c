"""What data said of people is forgotten when its time is over."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from services.intake.domain.screening import SignalsForgotten
from services.intake.screening.tables import signal_list
from shared.room import Room
from shared.service import WITHOUT_END, Answer, Change, Effect, EffectCall

_AT_ONCE = 500
_WHO = "screening"


async def forget(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    """Begun again after a crash it goes on with what is left. Value, margin and outcome of a signal stay: they name nobody.

    No key is destroyed: a resident's id is drawn from their number, and with a destroyed key nothing could be kept of them when they
    report themselves.
    """
    for call in calls:
        forgotten: SignalsForgotten = call.envelope.data
        while await _some(room, forgotten.screening_id):
            pass
    return [Answer() for _ in calls]


async def _some(room: Room, screening_id: str) -> int:
    at = signal_list.c
    statement = select(at.signal_id).where(at.screening_id == screening_id, at.told.is_not(None)).limit(_AT_ONCE)
    rows = await room.rows(statement)
    if rows:
        gone = [Change(signal_list, {"signal_id": row["signal_id"]}, {"told": None}) for row in rows]
        await room.execute(actor=_WHO, rows=gone, patient=True)
    return len(rows)


SIGNALS_FORGOTTEN = Effect("forget_signals", SignalsForgotten, forget, attempts_max=WITHOUT_END)
