"""A household: who lives on one purse, in which role, and who of them applies alone.

    absent --FormHousehold--> formed --JoinHousehold/LeaveHousehold/CarveOut/TakeBack/CountOthers--> formed

Its size follows from its members and from those whose names nobody knows. Somebody who applies for the minimum living
allowance as a single person is carved out: they stay a member, and neither counts for the others nor they for them.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

ROLES = ("head", "spouse", "child", "parent", "other")
MEMBERS_MAX = 16


class Member(Struct, frozen=True, gc=False):
    """`chain` is what their help is counted under (`household_id` of their cases); `carved_out` a code, or empty."""

    person_id: str
    chain: str
    role: str
    since: date | None = None
    carved_out: str = ""


class FormHousehold(Struct, frozen=True, gc=False):
    """`others` are people of the household who are not known by name."""

    household_id: str
    members: tuple[Member, ...]
    others: int
    at: datetime


class JoinHousehold(Struct, frozen=True, gc=False):
    member: Member
    at: datetime


class LeaveHousehold(Struct, frozen=True, gc=False):
    person_id: str
    reason: str
    at: datetime


class CarveOut(Struct, frozen=True, gc=False):
    person_id: str
    reason: str
    at: datetime


class TakeBack(Struct, frozen=True, gc=False):
    """Whoever applied alone belongs to the others again."""

    person_id: str
    at: datetime


class CountOthers(Struct, frozen=True, gc=False):
    others: int
    at: datetime


class HouseholdChanged(Struct, frozen=True, gc=False):
    """The household as it is now, complete. `change` is formed, joined, left, carved_out, taken_back or others."""

    household_id: str
    change: str
    members: tuple[Member, ...]
    others: int
    at: datetime
    entered: tuple[str, ...] = ()
    left: tuple[Member, ...] = ()
    reason: str = ""


class Household(Struct, frozen=True, gc=False):
    household_id: str = ""
    members: tuple[Member, ...] = ()
    others: int = 0

    def member(self, person_id: str) -> Member | None:
        return next((member for member in self.members if member.person_id == person_id), None)

    def size(self) -> int:
        """Those who live on one purse, whoever was carved out left out."""
        return sum(not member.carved_out for member in self.members) + self.others


def evolve(state: Household, event: HouseholdChanged) -> Household:
    return Household(event.household_id, event.members, event.others)
