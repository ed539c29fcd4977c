"""How much a household may still get: a grant is cut to what its caps leave, and refused where nothing is left."""

from __future__ import annotations

from typing import Any

import msgspec

from services.matching.domain.counting import kept, newer, together
from services.matching.domain.household import (
    ABSENT,
    COMMANDS,
    EVENTS,
    CountedTogether,
    CountTogether,
    GrantHelp,
    HelpGranted,
    HelpNoted,
    HelpReleased,
    Household,
    NoteHelp,
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
        rest = limit.cap_fen - state.used_of(limit.key)
        if rest < left:
            left, cut_by = rest, limit.key
    if cut_by is not None and (left <= 0 or wanted.kind == "goods"):
        raise CapIsUsedUp(cap=cut_by.split(":", 1)[0], left_fen=max(0, left))
    given = wanted if left == asked or wanted.kind == "goods" else msgspec.structs.replace(wanted, amount_fen=left)
    caps, told = tuple([limit.key for limit in command.limits]), _with_it(state, about.household_id)
    return (HelpGranted(about, given, asked, left, caps, command.at, cut_by, told),)


def release(command: ReleaseHelp, state: Household) -> tuple[Any, ...]:
    before = state.grants.get(command.referral_id)
    if before is None:
        return ()
    chain = before.about.household_id
    return (HelpReleased(command.referral_id, before.counted_fen, before.caps, command.at, chain, _with_it(state, chain)),)


def _with_it(state: Household, chain: str) -> tuple[str, ...]:
    """The other chains that count with this one."""
    return tuple(sorted(together(state.groups, chain) - {chain})) if state.groups else ()


def count_together(command: CountTogether, state: Household) -> tuple[Any, ...]:
    """Who joins is told everything by each; who was here before is told by the one who heard of it first."""
    chain, new = command.household_id, newer(state.groups, command.groups)
    after = kept(state.groups, new, chain)
    then, now = together(state.groups, chain), together(after, chain)
    source = command.source if command.source in now and state.elsewhere.get(command.source or "") != command.used else None
    if not new and source is None:
        return ()
    return (
        CountedTogether(
            chain, new, tuple([g for g in after.values() if g.members]), state.used, tuple(sorted(now - then)), tuple(sorted(then - now)),
            tuple(sorted((now & then) - {chain})), command.at, source, command.used if source else {}, command.onward,
        ),
    )  # fmt: skip


def note_help(command: NoteHelp, state: Household) -> tuple[Any, ...]:
    """Only of a chain that counts with this one; whoever joins later is told the whole."""
    if command.source not in state.elsewhere:
        return ()
    return (HelpNoted(command.source, command.caps, command.fen, command.at),)


def decide(command: Any, state: Household) -> tuple[Any, ...]:
    match command:
        case GrantHelp():
            return grant(command, state)
        case ReleaseHelp():
            return release(command, state)
        case CountTogether():
            return count_together(command, state)
        case NoteHelp():
            return note_help(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to a household")


HOUSEHOLD = Decider("household", ABSENT, decide, evolve, COMMANDS, EVENTS)
