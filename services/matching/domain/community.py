"""A community of the city: the lowest level of places, urban or rural, in which social organisations should be present.

absent --ListCommunity--> listed --RemoveCommunity--> removed --ListCommunity--> listed
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from shared.kernel import Decider, Rejected

KINDS = ("urban", "rural")


class ListCommunity(Struct, frozen=True, gc=False):
    """`code` has twelve digits, of which the first nine are the street or town."""

    code: str
    zh: str
    en: str
    kind: str
    at: datetime


class RemoveCommunity(Struct, frozen=True, gc=False):
    at: datetime


class CommunityListed(Struct, frozen=True, gc=False):
    code: str
    zh: str
    en: str
    kind: str
    at: datetime


class CommunityRemoved(Struct, frozen=True, gc=False):
    code: str
    at: datetime


class CommunityIsUnknown(Rejected):
    """There is no such community."""


class CommunityKindIsUnknown(Rejected):
    """A community is urban or rural."""


class CommunityIsElsewhere(Rejected):
    """The code of a community of this city has twelve digits and begins with 4401."""


COMMANDS = (ListCommunity, RemoveCommunity)
EVENTS = (CommunityListed, CommunityRemoved)


class Community(Struct, frozen=True, gc=False):
    listed: CommunityListed | None = None


ABSENT = Community()


def evolve(state: Community, event: Any) -> Community:
    match event:
        case CommunityListed():
            return Community(event)
        case CommunityRemoved():
            return ABSENT
    raise AssertionError(f"{type(event).__name__} is no event of a community")


def list_community(command: ListCommunity, state: Community) -> tuple[Any, ...]:
    c, known = command, state.listed
    if c.kind not in KINDS:
        raise CommunityKindIsUnknown(kind=c.kind)
    if len(c.code) != 12 or not c.code.isdigit() or not c.code.startswith("4401"):
        raise CommunityIsElsewhere
    if known is not None and (known.zh, known.en, known.kind) == (c.zh, c.en, c.kind):
        return ()
    return (CommunityListed(c.code, c.zh, c.en, c.kind, c.at),)


def decide(command: Any, state: Community) -> tuple[Any, ...]:
    match command:
        case ListCommunity():
            return list_community(command, state)
        case RemoveCommunity():
            if state.listed is None:
                raise CommunityIsUnknown
            return (CommunityRemoved(state.listed.code, command.at),)
    raise AssertionError(f"{type(command).__name__} is no command to a community")


COMMUNITY = Decider("community", ABSENT, decide, evolve, COMMANDS, EVENTS)
