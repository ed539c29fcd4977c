"""How much a household may still get: a grant is cut to what its caps leave, and refused where nothing is left."""

from __future__ import annotations

from typing import Any

import msgspec

from services.matching.domain.household import (
    ABSENT,
    COMMANDS,
    EVENTS,
    GrantHelp,
    HelpGranted,
    HelpReleased,
    Household,
    ReleaseHelp,
    evolve,
)
from shared.kernel import Decider, Rejected


class CapIsUsedUp(Rejected):
    """This household or person has received all that this programme allows in the period."""


class AnotherGrantStands(Rejected):
    """This referral has a grant already."""


def grant(command: GrantHelp, state: Household) -> tuple[Any, ...]:
    wanted, about = command.grant, command.about
    before, asked = state.grants.get(about.referral_id), wanted.amount_fen or command.value_fen
    if before is not None:
        # It may have been cut, so the sums asked for are held against each other.
        if before.asked_fen == asked and msgspec.structs.replace(before.grant, amount_fen=wanted.amount_fen) == wanted:
            return ()
        raise AnotherGrantStands(referral_id=about.referral_id)
    left, cut_by = asked, None
    for limit in command.limits:
        rest = limit.cap_fen - state.used.get(limit.key, 0)
        if rest < left:
            left, cut_by = rest, limit.key
    if cut_by is not None and (left <= 0 or wanted.kind == "goods"):
        raise CapIsUsedUp(cap=cut_by.split(":", 1)[0], left_fen=max(0, left))
    given = wanted if left == asked or wanted.kind == "goods" else msgspec.structs.replace(wanted, amount_fen=left)
    return (HelpGranted(about, given, asked, left, tuple([limit.key for limit in command.limits]), command.at, cut_by),)


def release(command: ReleaseHelp, state: Household) -> tuple[Any, ...]:
    before = state.grants.get(command.referral_id)
    if before is None:
        return ()
    return (HelpReleased(command.referral_id, before.counted_fen, before.caps, command.at),)


def decide(command: Any, state: Household) -> tuple[Any, ...]:
    match command:
        case GrantHelp():
            return grant(command, state)
        case ReleaseHelp():
            return release(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to a household")


HOUSEHOLD = Decider("household", ABSENT, decide, evolve, COMMANDS, EVENTS)
