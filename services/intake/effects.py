"""Acts beyond rows and events: keys of those who are erased go, also where a process died, and failed help gets its time anew."""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.clockwork import rules_now
from services.intake.domain.case import ReporterForgotten
from services.intake.domain.case_commands import ReopenCase
from services.intake.domain.casework import HelpFailed, InReachNoted, SeekHelpAgain
from services.intake.domain.person import PersonErased
from shared.kernel import Rejected
from shared.room import Room
from shared.service import WITHOUT_END, Answer, Effect, EffectCall, To, shredding


def _erased(erased: PersonErased) -> str | None:
    """What the law wants kept keeps its key until the last day of that."""
    return erased.person_id if erased.kept_until is None else None


def _reporter(forgotten: ReporterForgotten) -> str:
    return forgotten.reporter_id


async def seek_again(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    """From the moment of failing on, by the working days as they are declared now."""
    rules = await rules_now(room)
    failed: list[HelpFailed] = [call.envelope.data for call in calls]
    return [Answer((To("case", one.case_id, SeekHelpAgain(one.need, rules, one.at)),)) for one in failed]


def _stays(_: Rejected) -> None:
    """Opened, withdrawn or erased meanwhile: it stays as it is."""


async def open_again(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    """A closed case that new numbers have brought into reach of a programme; its time for help runs anew."""
    rules = await rules_now(room)
    found: list[InReachNoted] = [call.envelope.data for call in calls]
    return [Answer((To("case", one.case_id, ReopenCase(one.at, "in_reach", rules), _stays),) if one.closed else ()) for one in found]


EFFECTS = (
    shredding("erasure", PersonErased, _erased),
    shredding("reporter", ReporterForgotten, _reporter),
    Effect("open_again", InReachNoted, open_again, attempts_max=WITHOUT_END),
    Effect("help_again", HelpFailed, seek_again, attempts_max=WITHOUT_END),
)
