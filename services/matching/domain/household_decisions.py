"""How much a household may still get: a grant is cut to what its caps leave, and refused where nothing is left."""

from __future__ import annotations

from typing import Any

import msgspec

from services.matching.domain.counting import Group, kept, together
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
    OthersTold,
    ReleaseHelp,
    TellOthers,
    evolve,
)
from shared.kernel import Decider, Rejected


class CapIsUsedUp(Rejected):
    """This household or person has received all that this programme allows in the period."""


class CountingIsUnderWay(Rejected):
    """Who was found to belong together is being counted together just now; try again in a moment."""


class AnotherGrantStands(Rejected):
    """This referral has a grant already."""


_TOLD_MAX = 15  # chains that hear of a grant in its own unit, which has to hold what else follows from it
_PORTION, _PORTION_STEPS = 8, 12  # chains told by one unit later on, and what may follow from each


def grant(command: GrantHelp, state: Household) -> tuple[Any, ...]:
    wanted, about = command.grant, command.about
    before, asked = state.grants.get(about.referral_id), wanted.amount_fen or command.value_fen
    if before is not None:
        # It may have been cut, so the sums asked for are held against each other.
        if before.asked_fen == asked and msgspec.structs.replace(before.grant, amount_fen=wanted.amount_fen) == wanted:
            return ()
        raise AnotherGrantStands(referral_id=about.referral_id)
    if command.limits and state.unheard():
        raise CountingIsUnderWay
    left, cut_by = asked, None
    for limit in command.limits:
        rest = limit.cap_fen - state.used_of(limit.key)
        if rest < left:
            left, cut_by = rest, limit.key
    if cut_by is not None and (left <= 0 or wanted.kind == "goods"):
        raise CapIsUsedUp(cap=cut_by.split(":", 1)[0], left_fen=max(0, left))
    given = wanted if left == asked or wanted.kind == "goods" else msgspec.structs.replace(wanted, amount_fen=left)
    caps, told = tuple([limit.key for limit in command.limits]), sorted(state.with_it())
    return (HelpGranted(about, given, asked, left, caps, command.at, cut_by, tuple(told[:_TOLD_MAX]), tuple(told[_TOLD_MAX:])),)


def release(command: ReleaseHelp, state: Household) -> tuple[Any, ...]:
    before = state.grants.get(command.referral_id)
    if before is None:
        return ()
    chain, told = before.about.household_id, sorted(state.with_it())
    first, later = tuple(told[:_TOLD_MAX]), tuple(told[_TOLD_MAX:])
    return (HelpReleased(command.referral_id, before.counted_fen, before.caps, command.at, chain, first, later),)


def count_together(command: CountTogether, state: Household) -> tuple[Any, ...]:
    """Who joins is told everything by each; who was here before is told by the one who heard of it first."""
    chain = command.household_id
    told_of = [group for group in command.groups if state.is_news(group)]
    after = kept(state.groups, told_of, chain)
    new = tuple([g for g in told_of if not g.members or g.group_id in after or g.group_id in state.groups])
    then, now = together(state.groups, chain), together(after, chain)
    source = command.source if command.source and state.elsewhere.get(command.source) != command.used else None
    if not new and source is None:
        return ()
    joined, parted, stay = tuple(sorted(now - then)), tuple(sorted(then - now)), tuple(sorted((now & then) - {chain}))
    told = (*joined, *(parted + stay if command.onward and new else ()))
    room = len(told) <= command.steps
    return (
        CountedTogether(
            chain, new, tuple([g for g in after.values() if g.members]), state.used, joined, parted, stay, command.at, source,
            command.used if source else {}, command.onward, told if room else (), () if room else told,
            (command.steps - len(told)) // len(told) if told and room else 0,
        ),
    )  # fmt: skip


def tell_others(command: TellOthers, state: Household) -> tuple[Any, ...]:
    """Everything this chain knows by now, so that whatever happened since is told too; of what concerns it no more, only up to which
    revision nobody has to believe an older word: who is still concerned hears of it from those who are in it.
    """
    if not state.untold:
        return ()
    over = [Group(key, "", state.seen[key]) for key in state.news if key not in state.groups]
    groups = (*state.groups.values(), *over)
    told, left = state.untold[:_PORTION], state.untold[_PORTION:]
    return (OthersTold(state.chain, told, left, groups, state.used, _PORTION_STEPS, command.at),)


def note_help(command: NoteHelp, state: Household) -> tuple[Any, ...]:
    """Only of a chain that has told the whole before."""
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
        case TellOthers():
            return tell_others(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to a household")


HOUSEHOLD = Decider("household", ABSENT, decide, evolve, COMMANDS, EVENTS)
