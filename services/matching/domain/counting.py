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


def one_person(groups: Groups, chain: str) -> frozenset[str]:
    """The chains of one person: this one, and those under which they are known besides."""
    return _reached(chain, _people(groups))


def circles(groups: Groups, chain: str) -> tuple[frozenset[str], ...]:
    """Over whom a cap of a household is counted: for each household that this person lives in everybody of it, each under all
    their ids; the person alone where there is none. Two households that share a person stay two.
    """
    own, people = one_person(groups, chain), _people(groups)
    homes = [group.chains() for group in groups.values() if group.kind == HOUSEHOLD]
    return tuple([_all(own, home, people) for home in homes if not own.isdisjoint(home)]) or (own,)


def _all(own: frozenset[str], home: set[str], people: list[set[str]]) -> frozenset[str]:
    return own.union(*[_reached(member, people) for member in home])


def _people(groups: Groups) -> list[set[str]]:
    return [group.chains() for group in groups.values() if group.kind == PERSON]


def together(groups: Groups, chain: str) -> frozenset[str]:
    """This chain and all that count with it."""
    return frozenset().union(*circles(groups, chain))


def within_reach(groups: Groups, chain: str) -> frozenset[str]:
    """This chain and whatever is reached from it over groups of both kinds."""
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


def kept(groups: Groups, new: Iterable[Group], chain: str) -> dict[str, Group]:
    """The groups that a chain has to know: those by which others count with it."""
    merged = merge(groups, new)
    own, reached = one_person(merged, chain), together(merged, chain)
    return {key: group for key, group in merged.items() if not group.chains().isdisjoint(own if group.kind == HOUSEHOLD else reached)}


def kept_within_reach(groups: Groups, new: Iterable[Group], chain: str) -> dict[str, Group]:
    """The same for what was decided when everybody within reach was counted together."""
    merged = merge(groups, new)
    reached = within_reach(merged, chain)
    return {key: group for key, group in merged.items() if not group.chains().isdisjoint(reached)}


def merge(groups: Groups, new: Iterable[Group]) -> dict[str, Group]:
    """The highest revision of each."""
    found = dict(groups)
    for group in new:
        before = found.get(group.group_id)
        if before is None or before.revision < group.revision:
            found[group.group_id] = group
    return found


def keys_alike(key: str, groups: Groups) -> tuple[str, ...]:
    """All keys that a cap's key (`PROGRAMME:whose:year`) stands for: those of one person under other ids are the same cap."""
    programme, _, rest = key.partition(":")
    whose, _, year = rest.rpartition(":")
    if not whose or whose == HOUSEHOLD:
        return (key,)
    return tuple([f"{programme}:{person}:{year}" for person in sorted(same_person(groups, whose))])
