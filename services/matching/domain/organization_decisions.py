"""What is recorded of an organisation."""

from __future__ import annotations

from typing import Any, Literal, get_args

from services.matching.domain.organization import (
    ABSENT,
    COMMANDS,
    EVENTS,
    AddLocation,
    LocationAdded,
    Organization,
    OrganizationRegistered,
    RegisterOrganization,
    evolve,
)
from shared.kernel import Decider, Rejected

Kind = Literal[
    "government", "charity", "hospital", "company", "social_work_station", "community", "volunteer_group", "family_service_centre",
    "elderly_care_platform",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)


class OrganizationIsUnknown(Rejected):
    """There is no such organisation in the directory."""


class KindIsUnknown(Rejected):
    """This kind of organisation is not on the list."""


def register(command: RegisterOrganization, state: Organization) -> tuple[Any, ...]:
    c = command
    if c.kind not in KINDS:
        raise KindIsUnknown(kind=c.kind)
    r = state.registered
    if r is not None and (r.name, r.kind, r.description) == (c.name, c.kind, c.description):
        return ()
    return (OrganizationRegistered(c.organization_id, c.name, c.kind, c.description, c.at),)


def add_location(command: AddLocation, state: Organization) -> tuple[Any, ...]:
    c = command
    if state.registered is None:
        raise OrganizationIsUnknown
    if any((one.location_id, one.name, one.place_code) == (c.location_id, c.name, c.place_code) for one in state.locations):
        return ()
    return (LocationAdded(c.location_id, c.organization_id, c.name, c.place_code, c.at),)


def decide(command: Any, state: Organization) -> tuple[Any, ...]:
    match command:
        case RegisterOrganization():
            return register(command, state)
        case AddLocation():
            return add_location(command, state)
    raise AssertionError(f"{type(command).__name__} is no command to an organisation")


ORGANIZATION = Decider("organization", ABSENT, decide, evolve, COMMANDS, EVENTS)
