"""A household's chain of help: what was granted to it, how much of each cap is used, and whose help counts with it.

nothing --GrantHelp--> helped (cut to what the caps leave) --ReleaseHelp--> the sum is free again

Each person's help is kept in a chain of their own for good. Persons found to be one, and people of one household, count
together as long as that holds: their chains tell each other what they used. Nothing is moved, so nothing has to be moved back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.matching.domain.asking import About, Grant
from services.matching.domain.counting import Group, kept, keys_alike, together
from services.matching.domain.rulebook import Limit


class GrantHelp(Struct, frozen=True, gc=False):
    """`limits` are the caps of the programme on the day of the event; `value_fen` is what goods count for."""

    about: About
    grant: Grant
    limits: tuple[Limit, ...]
    at: datetime
    value_fen: int = 0


class ReleaseHelp(Struct, frozen=True, gc=False):
    referral_id: str
    at: datetime


class CountTogether(Struct, frozen=True, gc=False):
    """These groups hold now (`household_id` is this chain). `source` is a chain that counts with it and has `used` so much.

    `onward`: those that counted with it before have to be told of the groups too.
    """

    household_id: str
    groups: tuple[Group, ...]
    at: datetime
    source: str | None = None
    used: Mapping[str, int] = {}
    onward: bool = True


class NoteHelp(Struct, frozen=True, gc=False):
    """Another chain that counts with this one has used so much more (or less) of these caps."""

    source: str
    caps: tuple[str, ...]
    fen: int
    at: datetime


class HelpGranted(Struct, frozen=True, gc=False):
    """`cut_by` names the cap that made the grant smaller than `asked_fen`; `counted_fen` is what it uses of each cap.

    `told` are the chains that count with this one.
    """

    about: About
    grant: Grant
    asked_fen: int
    counted_fen: int
    caps: tuple[str, ...]
    at: datetime
    cut_by: str | None = None
    told: tuple[str, ...] = ()


class HelpReleased(Struct, frozen=True, gc=False):
    referral_id: str
    counted_fen: int
    caps: tuple[str, ...]
    at: datetime
    household_id: str = ""
    told: tuple[str, ...] = ()


class CountedTogether(Struct, frozen=True, gc=False):
    """What is new about who counts with this chain: `joined` do from now on, `parted` no longer, `stay` did before and do.

    `known` are the groups that hold now and `own` what this chain has used itself: what those who joined must be told.
    """

    household_id: str
    groups: tuple[Group, ...]
    known: tuple[Group, ...]
    own: Mapping[str, int]
    joined: tuple[str, ...]
    parted: tuple[str, ...]
    stay: tuple[str, ...]
    at: datetime
    source: str | None = None
    used: Mapping[str, int] = {}
    onward: bool = True


class HelpNoted(Struct, frozen=True, gc=False):
    source: str
    caps: tuple[str, ...]
    fen: int
    at: datetime


class Household(Struct, frozen=True, gc=False):
    """`used` in fen by cap, `grants` by referral: of this chain alone. `elsewhere` is what the chains that count with it used."""

    used: Mapping[str, int]
    grants: Mapping[str, HelpGranted]
    groups: Mapping[str, Group] = {}
    elsewhere: Mapping[str, Mapping[str, int]] = {}

    def used_of(self, key: str) -> int:
        """What is used of a cap, by everybody whose help counts towards it."""
        alike = keys_alike(key, self.groups)
        return sum(used.get(one, 0) for used in (self.used, *self.elsewhere.values()) for one in alike)


ABSENT = Household({}, {})
COMMANDS = (GrantHelp, ReleaseHelp, CountTogether, NoteHelp)
EVENTS = (HelpGranted, HelpReleased, CountedTogether, HelpNoted)


def _used(used: Mapping[str, int], caps: tuple[str, ...], fen: int) -> dict[str, int]:
    now = dict(used)
    for cap in caps:
        now[cap] = now.get(cap, 0) + fen
    return now


def evolve(state: Household, event: Any) -> Household:
    match event:
        case HelpGranted():
            grants = {**state.grants, event.about.referral_id: event}
            return replace(state, used=_used(state.used, event.caps, event.counted_fen), grants=grants)
        case HelpReleased():
            rest = {key: grant for key, grant in state.grants.items() if key != event.referral_id}
            return replace(state, used=_used(state.used, event.caps, -event.counted_fen), grants=rest)
        case CountedTogether():
            return _counted(state, event)
        case HelpNoted():
            used = _used(state.elsewhere.get(event.source, {}), event.caps, event.fen)
            return replace(state, elsewhere={**state.elsewhere, event.source: used})
    raise AssertionError(f"{type(event).__name__} is no event of a household")


def _counted(state: Household, event: CountedTogether) -> Household:
    groups = kept(state.groups, event.groups, event.household_id)
    with_it = together(groups, event.household_id)
    elsewhere = dict(state.elsewhere)
    if event.source is not None:
        elsewhere[event.source] = event.used
    return replace(state, groups=groups, elsewhere={chain: used for chain, used in elsewhere.items() if chain in with_it})
