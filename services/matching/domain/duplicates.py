"""Applications for one place that are one: of one person under two ids, or, where places are for families, of one household."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from services.matching.domain.counting import HOUSEHOLD, Group, Groups, merge, same_person
from services.matching.domain.ranking import Application


class Whose(Struct, frozen=True):
    """Whom an application is for: the person under all their ids, and the households they live in."""

    number: str
    persons: frozenset[str]
    homes: frozenset[str] = frozenset()


class Duplicate(Struct, frozen=True, gc=False):
    """`of` is the application that counts; `application` what would be ranked if this one counted (not told by the first of these)."""

    number: str
    of: str
    reason: Literal["one_person", "one_household"]
    application: Application | None = None


def known_of(chains: Iterable[Groups]) -> Groups:
    """What several chains of one person know together; whatever order they come in, the highest revision of a group counts."""
    found: dict[str, Group] = {}
    for one in chains:
        found = merge(found, one.values())
    return found


def whose(number: str, person_id: str, groups: Groups) -> Whose:
    """Whom this application is for, as far as these groups tell."""
    persons = same_person(groups, person_id)
    homes = [key for key, one in groups.items() if one.kind == HOUSEHOLD and any(m.person_id in persons for m in one.members)]
    return Whose(number, persons, frozenset(homes))


def duplicates(applications: Iterable[Application], known: Iterable[Whose], *, by_home: bool) -> tuple[Duplicate, ...]:
    """Every application beside an earlier one of the same: whoever came first counts, and of two at once the lower number."""
    told, persons, homes, found = {one.number: one for one in known}, dict[str, str](), dict[str, str](), []
    for application in sorted(applications, key=lambda one: (one.applied_at, one.number)):
        one = told.get(application.number)
        if one is None:
            continue
        same = _first(persons, one.persons)
        of = same or (_first(homes, one.homes) if by_home else None)
        if of is None:
            persons |= dict.fromkeys(one.persons, application.number)
            homes |= dict.fromkeys(one.homes, application.number)
        else:
            found.append(Duplicate(application.number, of, "one_person" if same else "one_household", application))
    return tuple(found)


def _first(claimed: Mapping[str, str], keys: Iterable[str]) -> str | None:
    return min((claimed[key] for key in keys if key in claimed), default=None)
