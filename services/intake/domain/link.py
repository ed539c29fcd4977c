"""Two persons found to be one: nothing is moved, a link stands over both, and while it stands they are read as one.

    apart --LinkPersons--> linked --UndoLink--> apart;  apart --JudgeDifferent--> apart, and not suggested again

One stream for each pair, so that linking twice is linking once. What was told of either stays with that one; so after an
undo everything is what it would have been without the link, because nothing else was ever written.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace


class Pair(Struct, frozen=True, gc=False):
    """The person who is kept in front, and the other; each with the chain under which their help is counted."""

    person_id: str
    household_id: str
    linked_person_id: str
    linked_household_id: str


class LinkPersons(Struct, frozen=True, gc=False):
    """`reason` and `because` are codes: why a person decided so, and what the two have in common."""

    link_id: str
    pair: Pair
    reason: str
    at: datetime
    because: tuple[str, ...] = ()


class UndoLink(Struct, frozen=True, gc=False):
    reason: str
    at: datetime


class JudgeDifferent(Struct, frozen=True, gc=False):
    """Somebody looked, and they are two people."""

    link_id: str
    pair: Pair
    reason: str
    at: datetime


class PersonsLinked(Struct, frozen=True, gc=False):
    """`revision` counts the changes of this pair: the highest is the one that counts."""

    link_id: str
    revision: int
    pair: Pair
    reason: str
    at: datetime
    because: tuple[str, ...] = ()


class PersonsUnlinked(Struct, frozen=True, gc=False):
    link_id: str
    revision: int
    pair: Pair
    reason: str
    at: datetime


class JudgedDifferent(Struct, frozen=True, gc=False):
    link_id: str
    pair: Pair
    reason: str
    at: datetime


class Link(Struct, frozen=True, gc=False):
    """`linked` says whether it stands; `different` whether somebody found two people here."""

    link_id: str = ""
    pair: Pair | None = None
    linked: bool = False
    different: bool = False
    revision: int = 0


Event = PersonsLinked | PersonsUnlinked | JudgedDifferent


def evolve(state: Link, event: Event) -> Link:
    match event:
        case PersonsLinked():
            return Link(event.link_id, event.pair, True, False, event.revision)
        case PersonsUnlinked():
            return replace(state, linked=False, revision=event.revision)
        case JudgedDifferent():
            return replace(state, link_id=event.link_id, pair=event.pair, different=True)
