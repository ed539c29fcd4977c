"""A household's chain of help: what was granted to it, how much of each cap is used, and whose help counts with it.

nothing --GrantHelp--> helped (cut to what the caps leave) --ReleaseHelp--> the sum is free again

Each person's help is kept in a chain of their own for good. Persons found to be one, and people of one household, count
together as long as that holds: their chains tell each other what they used. Nothing is moved, so nothing has to be moved back.
Whom one unit has no room to tell is told by portions afterwards (`TellOthers`), and until everybody has been heard nothing is granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.matching.domain.asking import About, Grant
from services.matching.domain.counting import Group, circles, kept, kept_within_reach, keys_alike, together, within_reach
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

    `onward`: those that counted with it before have to be told of the groups too. `steps` is how many commands may follow from it
    in the same unit; whom that leaves no room for is told later.
    """

    household_id: str
    groups: tuple[Group, ...]
    at: datetime
    source: str | None = None
    used: Mapping[str, int] = {}
    onward: bool = True
    steps: int = 0


class TellOthers(Struct, frozen=True, gc=False):
    """Go on with the next portion of those who have still to be told."""

    at: datetime


class NoteHelp(Struct, frozen=True, gc=False):
    """Another chain that counts with this one has used so much more (or less) of these caps."""

    source: str
    caps: tuple[str, ...]
    fen: int
    at: datetime


class HelpGranted(Struct, frozen=True, gc=False):
    """`cut_by` names the cap that made the grant smaller than `asked_fen`; `counted_fen` is what it uses of each cap.

    `told` are the chains that count with this one, `later` those of them that hear of it afterwards.
    """

    about: About
    grant: Grant
    asked_fen: int
    counted_fen: int
    caps: tuple[str, ...]
    at: datetime
    cut_by: str | None = None
    told: tuple[str, ...] = ()
    later: tuple[str, ...] = ()


class HelpReleased(Struct, frozen=True, gc=False):
    referral_id: str
    counted_fen: int
    caps: tuple[str, ...]
    at: datetime
    household_id: str = ""
    told: tuple[str, ...] = ()
    later: tuple[str, ...] = ()


class CountedTogether(Struct, frozen=True, gc=False):
    """What is new about who counts with this chain: `joined` do from now on, `parted` no longer, `stay` did before and do.

    `known` are the groups that hold now and `own` what this chain has used itself: what those who joined must be told.
    `told` hear of it in this unit, each with room for `steps` more, and `later` afterwards. `wide`: decided when everybody within
    reach counted together, not each household by itself.
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
    told: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    steps: int = 0
    wide: bool = False


class OthersTold(Struct, frozen=True, gc=False):
    """A portion of those who had still to be told: they hear which `groups` there are and what this chain has used; `left` have not yet."""

    household_id: str
    told: tuple[str, ...]
    left: tuple[str, ...]
    groups: tuple[Group, ...]
    own: Mapping[str, int]
    steps: int
    at: datetime


class HelpNoted(Struct, frozen=True, gc=False):
    source: str
    caps: tuple[str, ...]
    fen: int
    at: datetime


class Household(Struct, frozen=True, gc=False):
    """`used` in fen by cap, `grants` by referral: of this chain alone. `elsewhere` is what other chains said that they used.

    `seen` is the latest revision of every group that this chain ever had to do with, so that no old word revives one. `untold` have
    still to hear of the groups `news` and of what this chain has used.
    """

    used: Mapping[str, int]
    grants: Mapping[str, HelpGranted]
    groups: Mapping[str, Group] = {}
    elsewhere: Mapping[str, Mapping[str, int]] = {}
    chain: str = ""
    seen: Mapping[str, int] = {}
    untold: tuple[str, ...] = ()
    news: tuple[str, ...] = ()

    def used_of(self, key: str) -> int:
        """What is used of a cap by everybody whose help counts towards it: in the household that has used most of it."""
        alike = keys_alike(key, self.groups)
        everybody = {**self.elsewhere, self.chain: self.used}
        return max(
            sum(everybody.get(chain, {}).get(one, 0) for chain in circle for one in alike) for circle in circles(self.groups, self.chain)
        )

    def is_news(self, group: Group) -> bool:
        seen = self.seen.get(group.group_id, 0)
        return seen < group.revision or (seen == group.revision and group.members != () and group.group_id not in self.groups)

    def with_it(self) -> frozenset[str]:
        """The other chains that count with this one."""
        return together(self.groups, self.chain) - {self.chain} if self.groups else frozenset()

    def unheard(self) -> frozenset[str]:
        """Those of them that have not said yet what they used."""
        return self.with_it() - self.elsewhere.keys()


ABSENT = Household({}, {})
COMMANDS = (GrantHelp, ReleaseHelp, CountTogether, NoteHelp, TellOthers)
EVENTS = (HelpGranted, HelpReleased, CountedTogether, HelpNoted, OthersTold)


def _used(used: Mapping[str, int], caps: tuple[str, ...], fen: int) -> dict[str, int]:
    now = dict(used)
    for cap in caps:
        now[cap] = now.get(cap, 0) + fen
    return now


def evolve(state: Household, event: Any) -> Household:
    match event:
        case HelpGranted():
            grants = {**state.grants, event.about.referral_id: event}
            used = _used(state.used, event.caps, event.counted_fen)
            return replace(state, used=used, grants=grants, untold=_also(state, event.later))
        case HelpReleased():
            rest = {key: grant for key, grant in state.grants.items() if key != event.referral_id}
            used = _used(state.used, event.caps, -event.counted_fen)
            return replace(state, used=used, grants=rest, untold=_also(state, event.later))
        case CountedTogether():
            return _counted(state, event)
        case HelpNoted():
            used = _used(state.elsewhere.get(event.source, {}), event.caps, event.fen)
            return replace(state, elsewhere={**state.elsewhere, event.source: used})
        case OthersTold():
            return replace(state, untold=event.left, news=state.news if event.left else ())
    raise AssertionError(f"{type(event).__name__} is no event of a household")


def _also(state: Household, later: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*state.untold, *later)))


def _counted(state: Household, event: CountedTogether) -> Household:
    """What others said is kept when they part: they go on telling until they have heard of it themselves."""
    chain = event.household_id
    groups = (kept_within_reach if event.wide else kept)(state.groups, event.groups, chain)
    elsewhere = dict(state.elsewhere)
    if event.source is not None:
        elsewhere[event.source] = event.used
    if event.wide:  # whoever parted then was forgotten, and told everything when they joined again
        near = within_reach(groups, chain)
        elsewhere = {one: used for one, used in elsewhere.items() if one in near}
    untold = _also(state, event.later)
    news = tuple(dict.fromkeys((*state.news, *[group.group_id for group in event.groups]))) if untold else ()
    seen = {**state.seen, **{group.group_id: group.revision for group in event.groups}}
    return replace(state, groups=groups, elsewhere=elsewhere, chain=chain, seen=seen, untold=untold, news=news)
