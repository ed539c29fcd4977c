"""Who may be the same person: found by keyed marks, a bounded number of them opened, compared and told with score and reasons."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec import Struct

from services.intake.domain.likeness import SUGGESTED, Likeness, likeness
from services.intake.domain.person import Claims, Person
from services.intake.lookup import EXACT, Found, people_like
from services.intake.projections import name_birth
from services.intake.sounding import marks_of, profile_of
from shared.http import Door

_OPENED_MAX = 20  # people whose sealed data are opened for one comparison


class Alike(Struct, frozen=True, gc=False):
    """Somebody who may be the same person; `found` says by what they were found and which cases they have."""

    found: Found
    likeness: Likeness


async def found_for(door: Door, claims: Claims, *, similar: bool) -> list[Found]:
    """By number, telephone, name and birth date; with `similar` also by what only sounds alike."""
    return await people_like(
        door, id_number=claims.id_number, phone=claims.phone, name_birth=name_birth(claims.name, claims.birth_date),
        similar=marks_of(claims) if similar else None,
    )  # fmt: skip


def only_similar(found: Found) -> bool:
    return not set(found.same) & set(EXACT)


async def compared(door: Door, claims: Claims, found: Collection[Found], *, not_these: Collection[str] = ()) -> list[Alike]:
    """Those among them who are likely enough to be the same, likeliest first. Reads whom it compares; shows nothing of them."""
    wanted = [one for one in found if one.person_id not in not_these][:_OPENED_MAX]
    if not wanted:
        return []
    people: dict[str, Person] = await door.states("person", [one.person_id for one in wanted])
    own, alike = profile_of(claims), list[Alike]()
    for one in wanted:
        theirs: Any = people[one.person_id].claims
        if isinstance(theirs, Claims):
            likely = likeness(own, profile_of(theirs))
            if likely.score >= SUGGESTED:
                alike.append(Alike(one, likely))
    return sorted(alike, key=lambda a: (-a.likeness.score, a.found.person_id))
