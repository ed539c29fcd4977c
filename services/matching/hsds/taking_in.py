"""What was read from an HSDS file as commands: only what differs from the directory, organisations before what they offer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from services.matching.domain.directory import CITY, ListService, PauseService, ResumeService
from services.matching.domain.organization import AddLocation, RegisterOrganization
from services.matching.hsds.reading import Entry, Here, Reading
from shared.service import To


def commands(
    reading: Reading, here: Here, organizations: Mapping[str, Any], locations: Mapping[str, Any], paused: Collection[str],
    assured: Mapping[str, date], at: datetime,
) -> list[To]:  # fmt: skip
    """`organizations` and `locations` are the rows that stand now, by id; `paused` and `assured` as the directory has them."""
    found: list[To] = []
    for org in reading.organizations.values():
        old = organizations.get(org.code)
        if old is None or (old["name"], old["kind"], old["description"]) != (org.name, org.kind, org.description):
            found.append(To("organization", org.code, RegisterOrganization(org.code, org.name, org.kind, org.description, at)))
    for place in reading.locations.values():
        old = locations.get(place.code)
        if old is None or (old["name"], old["place_code"]) != (place.name, place.place_code):
            found.append(To("organization", place.org, AddLocation(place.code, place.org, place.name, place.place_code, at)))
    for code, entry in reading.services.items():
        found += [To("directory", CITY, command) for command in _listed(code, entry, here, code in paused, assured.get(code), at)]
    return found


def _listed(code: str, entry: Entry, here: Here, paused: bool, assured: date | None, at: datetime) -> Iterable[Any]:
    same = here.listings.get(code) == entry.listing and entry.assured_on in (None, assured)
    if not same:
        yield ListService(entry.listing, at, entry.assured_on)
        paused = False  # listing ends a pause
    if entry.paused and not paused:
        yield PauseService(code, "other", at)
    if paused and not entry.paused:
        yield ResumeService(code, at)
