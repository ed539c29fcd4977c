"""A word from outside that payments of a case, a referral or a person must stop, kept as a fact before it is acted on."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from shared.kernel import Decider


class Stop(Struct, frozen=True, gc=False):
    """`about` is case, referral or person; `erase` destroys what is sealed for the person as well."""

    about: str
    id: str
    reason: str
    erase: bool = False


class StopAsked(Struct, frozen=True, gc=False):
    about: str
    id: str
    reason: str
    erase: bool


class Stopped(Struct, frozen=True, gc=False):
    times: int = 0


def decide(command: Stop, state: Stopped) -> tuple[StopAsked, ...]:
    """Each time anew: after a consent given again and withdrawn again there may be new payouts to stop."""
    return (StopAsked(command.about, command.id, command.reason, command.erase),)


def evolve(state: Stopped, event: Any) -> Stopped:
    return Stopped(state.times + 1)


STOPPING = Decider(noun="stop", absent=Stopped(), decide=decide, evolve=evolve, commands=(Stop,), events=(StopAsked,))
