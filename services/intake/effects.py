"""The one act beyond rows and events: when a person is erased, their key is destroyed, also where a process died in between."""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.domain.person import PersonErased
from shared.room import Room
from shared.service import Answer, Effect, EffectCall, To


async def shred(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    """What the law wants kept keeps its key until the last day of that."""
    for call in calls:
        erased: PersonErased = call.envelope.data
        if erased.kept_until is None:
            await room.shred(erased.person_id)
    return [Answer() for _ in calls]


def _again(_: EffectCall) -> tuple[To, ...]:
    return ()


EFFECTS = (Effect("erasure", PersonErased, shred, _again, attempts_max=1_000_000),)  # never given up: the key has to go
