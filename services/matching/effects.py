"""The one act beyond rows and events: when a person is erased, the key of their facts is destroyed here too."""

from __future__ import annotations

from collections.abc import Sequence

from services.matching.domain.assessment import SharingStopped
from shared.room import Room
from shared.service import Answer, Effect, EffectCall, To


async def shred(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    for call in calls:
        if call.envelope.data.reason == "subject_erased":
            await room.shred(call.envelope.data.person_id)
    return [Answer() for _ in calls]


def _again(_: EffectCall) -> tuple[To, ...]:
    return ()


EFFECTS = (Effect("erasure", SharingStopped, shred, _again),)
