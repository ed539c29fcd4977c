"""A look at personal data: who, at whom, for what purpose and why; recorded once and never changed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.kernel import Decider, Shredded


class RecordLook(Struct, frozen=True, gc=False):
    """`actor` is the one who looks; `reason` is their own words."""

    look_id: str
    actor: str
    purpose: str
    at: datetime
    person_ids: tuple[str, ...] = ()
    case_ids: tuple[str, ...] = ()
    reason: str | None = None


class PersonalDataShown(Struct, frozen=True, gc=False):
    look_id: str
    actor: str
    purpose: str
    at: datetime
    person_ids: tuple[str, ...] = ()
    case_ids: tuple[str, ...] = ()
    reason: str | Shredded | None = None


class Look(Struct, frozen=True, gc=False):
    recorded: bool = False


def evolve(state: Look, event: PersonalDataShown) -> Look:
    return Look(True)


def decide(command: RecordLook, state: Look) -> tuple[PersonalDataShown, ...]:
    if state.recorded:
        return ()
    look = command
    return (PersonalDataShown(look.look_id, look.actor, look.purpose, look.at, look.person_ids, look.case_ids, look.reason),)


LOOK = Decider(noun="look", absent=Look(), decide=decide, evolve=evolve, commands=(RecordLook,), events=(PersonalDataShown,))
