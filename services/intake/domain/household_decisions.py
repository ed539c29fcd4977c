"""Every yes and no about a household."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from services.intake.domain import household as h
from services.intake.domain.household import Household, HouseholdChanged, Member
from shared.kernel import Decider, Rejected


class HouseholdIsUnknown(Rejected):
    """There is no such household."""


class HouseholdHasAHead(Rejected):
    """A household has one head; this one has another."""


class HouseholdIsTooLarge(Rejected):
    """So many people do not fit into one household."""


class PersonIsNoMember(Rejected):
    """This person is no member of this household."""


def form(command: h.FormHousehold, state: Household) -> tuple[HouseholdChanged, ...]:
    if state.household_id:
        return ()
    members = tuple({member.person_id: member for member in command.members}.values())
    _fits(members)
    entered = tuple([member.person_id for member in members])
    return (HouseholdChanged(command.household_id, "formed", members, command.others, command.at, entered),)


def _fits(members: tuple[Member, ...]) -> None:
    if sum(member.role == "head" for member in members) > 1:
        raise HouseholdHasAHead
    if len(members) > h.MEMBERS_MAX:
        raise HouseholdIsTooLarge(members_max=h.MEMBERS_MAX)


def _changed(state: Household, change: str, members: tuple[Member, ...], command: Any, **more: Any) -> tuple[HouseholdChanged, ...]:
    _fits(members)
    others = more.pop("others", state.others)
    return (HouseholdChanged(state.household_id, change, members, others, command.at, **more),)


def _known(state: Household) -> Household:
    if not state.household_id:
        raise HouseholdIsUnknown
    return state


def _member(state: Household, person_id: str) -> Member:
    member = _known(state).member(person_id)
    if member is None:
        raise PersonIsNoMember
    return member


def join(command: h.JoinHousehold, state: Household) -> tuple[HouseholdChanged, ...]:
    """Joining again in another role changes the role."""
    before = _known(state).member(command.member.person_id)
    if before is not None and before.role == command.member.role:
        return ()
    if before is not None:
        members = tuple([replace(m, role=command.member.role) if m is before else m for m in state.members])
        return _changed(state, "role", members, command)
    return _changed(state, "joined", (*state.members, command.member), command, entered=(command.member.person_id,))


def leave(command: h.LeaveHousehold, state: Household) -> tuple[HouseholdChanged, ...]:
    gone = _known(state).member(command.person_id)
    if gone is None:
        return ()
    rest = tuple([member for member in state.members if member is not gone])
    return _changed(state, "left", rest, command, left=(gone,), reason=command.reason)


def carve_out(command: h.CarveOut, state: Household) -> tuple[HouseholdChanged, ...]:
    return _carved(state, command, command.person_id, command.reason, "carved_out")


def take_back(command: h.TakeBack, state: Household) -> tuple[HouseholdChanged, ...]:
    return _carved(state, command, command.person_id, "", "taken_back")


def _carved(state: Household, command: Any, person_id: str, reason: str, change: str) -> tuple[HouseholdChanged, ...]:
    one = _member(state, person_id)
    if one.carved_out == reason:
        return ()
    members = tuple([replace(member, carved_out=reason) if member is one else member for member in state.members])
    return _changed(state, change, members, command, reason=reason)


def count_others(command: h.CountOthers, state: Household) -> tuple[HouseholdChanged, ...]:
    if _known(state).others == command.others:
        return ()
    return _changed(state, "others", state.members, command, others=command.others)


_OBEY: dict[type, Any] = {
    h.FormHousehold: form,
    h.JoinHousehold: join,
    h.LeaveHousehold: leave,
    h.CarveOut: carve_out,
    h.TakeBack: take_back,
    h.CountOthers: count_others,
}


def decide(command: Any, state: Household) -> tuple[HouseholdChanged, ...]:
    events: tuple[HouseholdChanged, ...] = _OBEY[type(command)](command, state)
    return events


HOUSEHOLD = Decider(noun="household", absent=Household(), decide=decide, evolve=h.evolve, commands=tuple(_OBEY), events=(HouseholdChanged,))
