"""Acts beyond rows and events: keys of those who are erased go, also where a process died, and failed help gets its time anew."""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.clockwork import rules_now
from services.intake.domain.case import ReporterForgotten
from services.intake.domain.casework import HelpFailed, SeekHelpAgain
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


async def shred_reporter(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    for call in calls:
        await room.shred(call.envelope.data.reporter_id)
    return [Answer() for _ in calls]


async def seek_again(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    """From the moment of failing on, by the working days as they are declared now."""
    rules = await rules_now(room)
    failed: list[HelpFailed] = [call.envelope.data for call in calls]
    return [Answer((To("case", one.case_id, SeekHelpAgain(one.need, rules, one.at)),)) for one in failed]


EFFECTS = (
    Effect("erasure", PersonErased, shred, _again, attempts_max=1_000_000),  # never given up: the key has to go
    Effect("reporter", ReporterForgotten, shred_reporter, _again, attempts_max=1_000_000),
    Effect("help_again", HelpFailed, seek_again, _again, attempts_max=1_000_000),  # nor a person whom nobody helps
)
