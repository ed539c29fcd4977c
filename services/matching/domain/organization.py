"""An organisation and its places: registered, corrected, with locations added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct


class RegisterOrganization(Struct, frozen=True):
    organization_id: str
    name: str
    kind: str
    description: str
    at: datetime


class AddLocation(Struct, frozen=True):
    location_id: str
    organization_id: str
    name: str
    place_code: str
    at: datetime


class OrganizationRegistered(Struct, frozen=True):
    organization_id: str
    name: str
    kind: str
    description: str
    at: datetime


class LocationAdded(Struct, frozen=True):
    location_id: str
    organization_id: str
    name: str
    place_code: str
    at: datetime


class Organization(Struct, frozen=True):
    registered: OrganizationRegistered | None = None
    locations: tuple[LocationAdded, ...] = ()


ABSENT = Organization()
COMMANDS = (RegisterOrganization, AddLocation)
EVENTS = (OrganizationRegistered, LocationAdded)


def evolve(state: Organization, event: Any) -> Organization:
    match event:
        case OrganizationRegistered():
            return Organization(event, state.locations)
        case LocationAdded():
            others = tuple([one for one in state.locations if one.location_id != event.location_id])
            return Organization(state.registered, (*others, event))
    raise AssertionError(f"{type(event).__name__} is no event of an organisation")
