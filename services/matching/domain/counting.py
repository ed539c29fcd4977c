"""Whose help counts together: persons found to be one, and people of one household; each group with a revision of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

PERSON, HOUSEHOLD = "person", "household"


class Member(Struct, frozen=True, gc=False):
    """A person, and the chain under which their help is kept (`household_id` of their cases)."""

    person_id: str
    household_id: str


class Group(Struct, frozen=True, gc=False):
    """`kind` person: all of them are one; household: they live on one purse. The highest `revision` counts; nobody in it: it has ended."""

    group_id: str
    kind: str
    revision: int
    members: tuple[Member, ...] = ()

    def chains(self) -> set[str]:
        return {member.household_id for member in self.members}


Groups = Mapping[str, Group]


def together(groups: Groups, chain: str) -> frozenset[str]:
    """This chain and all that count with it, over groups of both kinds."""
    return _reached(chain, [group.chains() for group in groups.values()])


def same_person(groups: Groups, person_id: str) -> frozenset[str]:
    """This person under all the ids by which they are known."""
    return _reached(person_id, [{m.person_id for m in g.members} for g in groups.values() if g.kind == PERSON])


def _reached(start: str, sets: list[set[str]]) -> frozenset[str]:
    found, before = {start}, 0
    while len(found) != before:
        before = len(found)
        for one in sets:
            if not one.isdisjoint(found):
                found |= one
    return frozenset(found)


def newer(groups: Groups, told: Iterable[Group]) -> tuple[Group, ...]:
    """What of this is not known yet, the highest revision of each."""
    found: dict[str, Group] = {}
    for group in told:
        before = found.get(group.group_id) or groups.get(group.group_id)
        if before is None or before.revision < group.revision:
            found[group.group_id] = group
    return tuple(found.values())


def kept(groups: Groups, new: Iterable[Group], chain: str) -> dict[str, Group]:
    """The groups that a chain has to know: those that reach it, and the end of those it was in, so that no old word revives them."""
    merged = {**groups, **{group.group_id: group for group in new}}
    reached = together(merged, chain)
    ended = {
        key
        for key, group in merged.items()
        if not group.members and (key not in groups or groups[key].members == () or _in(groups[key], chain))
    }
    return {key: group for key, group in merged.items() if key in ended or not group.chains().isdisjoint(reached)}


def _in(group: Group, chain: str) -> bool:
    return chain in group.chains()


def keys_alike(key: str, groups: Groups) -> tuple[str, ...]:
    """All keys that a cap's key (`PROGRAMME:whose:year`) stands for: those of one person under other ids are the same cap."""
    programme, _, rest = key.partition(":")
    whose, _, year = rest.rpartition(":")
    if not whose or whose == HOUSEHOLD:
        return (key,)
    return tuple([f"{programme}:{person}:{year}" for person in sorted(same_person(groups, whose))])
