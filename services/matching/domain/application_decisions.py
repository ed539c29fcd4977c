"""What is taken as an application, and what becomes of it."""

from __future__ import annotations

from typing import Any

from services.matching.domain.application import (
    ABSENT,
    COMMANDS,
    EVENTS,
    ApplicationMade,
    ApplicationRecounted,
    ApplicationWithdrawn,
    Applied,
    Apply,
    RecountApplication,
    WithdrawApplication,
    evolve,
)
from shared.kernel import Decider, Rejected

_ENOUGH = ("eligible", "local")


class ConditionsAreNotMet(Rejected):
    """The conditions of this scheme are not met, or not all of them are known."""


class AppliedAlready(Rejected):
    """This person has an application here already; it can be withdrawn and made anew while applications are open."""


class ApplicationIsNotThere(Rejected):
    """There is no such application."""


def apply(command: Apply, state: Applied) -> tuple[Any, ...]:
    c = command
    if c.verdict not in _ENOUGH:
        raise ConditionsAreNotMet(verdict=c.verdict)
    if state.status == "applied":
        if (state.person_id, dict(state.items)) == (c.person_id, dict(c.items)):
            return ()
        raise AppliedAlready(number=c.number)
    return (ApplicationMade(c.allocation_id, c.number, c.person_id, c.points, c.items, c.at),)


def withdraw(command: WithdrawApplication, state: Applied) -> tuple[Any, ...]:
    if state.status == "absent":
        raise ApplicationIsNotThere
    return () if state.status == "withdrawn" else (ApplicationWithdrawn(state.allocation_id, state.number, command.at),)


def recount(command: RecountApplication, state: Applied) -> tuple[Any, ...]:
    c = command
    if state.status == "absent":
        raise ApplicationIsNotThere
    if dict(state.items) == dict(c.items):
        return ()
    return (ApplicationRecounted(state.allocation_id, state.number, c.points, c.items, c.appeal, c.at),)


def decide(command: Any, state: Applied) -> tuple[Any, ...]:
    match command:
        case Apply():
            return apply(command, state)
        case WithdrawApplication():
            return withdraw(command, state)
        case RecountApplication():
            return recount(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to an application")


APPLICATION = Decider("application", ABSENT, decide, evolve, COMMANDS, EVENTS)
