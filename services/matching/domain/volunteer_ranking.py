"""Who fits an engagement, and why: a published order in which every step is said.

1. skill: who has more of the skills that are asked for; 2. place: who named the district, before those of the whole city;
3. time: who is free at more of the times; 4. language: who speaks more of the languages; 5. load: who gave fewer minutes in the last
90 days; 6. the smaller id. Not in the list at all: who is not active, serves other districts only, or has none of the skills asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from services.matching.domain.engagement import Terms

RECENT_DAYS = 90
ORDER = ("skill", "place", "time", "language", "load", "id")


class Able(Struct, frozen=True):
    """A volunteer as the ranking sees them; `recent_minutes` were verified for the last `RECENT_DAYS` days."""

    volunteer_id: str
    skills: tuple[str, ...]
    districts: tuple[str, ...]
    times: tuple[str, ...]
    languages: tuple[str, ...]
    recent_minutes: int = 0
    active: bool = True


class Why(Struct, frozen=True):
    """One step of the order: codes that were asked for and are there, and those that are missing; for load the minutes."""

    step: str
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    minutes: int = 0


class Fit(Struct, frozen=True):
    """`fits` when nothing that is asked for is missing; one of the times is enough."""

    volunteer_id: str
    rank: int
    fits: bool
    why: tuple[Why, ...]


def _split(step: str, asked: tuple[str, ...], there: tuple[str, ...]) -> Why:
    return Why(step, tuple([one for one in asked if one in there]), tuple([one for one in asked if one not in there]))


def _why(terms: Terms, one: Able) -> tuple[Why, ...]:
    return (
        _split("skill", terms.skills, one.skills),
        Why("place", (terms.district,) if terms.district in one.districts else ("city",)),
        _split("time", terms.times, one.times),
        _split("language", terms.languages, one.languages),
        Why("load", minutes=one.recent_minutes),
    )


def _suits(terms: Terms, one: Able) -> bool:
    placed = not one.districts or terms.district in one.districts
    return one.active and placed and (not terms.skills or not set(terms.skills).isdisjoint(one.skills))


def _key(terms: Terms, one: Able, why: tuple[Why, ...]) -> tuple[int, bool, int, int, int, str]:
    skill, _, time, language, _ = why
    return (-len(skill.has), terms.district not in one.districts, -len(time.has), -len(language.has), one.recent_minutes, one.volunteer_id)


def ranked(terms: Terms, able: Iterable[Able]) -> tuple[Fit, ...]:
    """Everybody who could be asked, the best first; the same people in whatever order give the same list."""
    found = sorted([(_key(terms, one, why), one, why) for one in able if _suits(terms, one) for why in (_why(terms, one),)])
    return tuple([Fit(one.volunteer_id, place, _fits(terms, why), why) for place, (_, one, why) in enumerate(found, 1)])


def _fits(terms: Terms, why: tuple[Why, ...]) -> bool:
    skill, _, time, language, _ = why
    return not skill.lacks and not language.lacks and (not terms.times or bool(time.has))
