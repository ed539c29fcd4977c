"""What is recorded of an organisation and its places."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from services.matching.domain import organization as o
from services.matching.domain import organization_decisions as no
from shared.testing.given import Given
from tests.matching.stories import AT, LATER

ORGANIZATION = no.ORGANIZATION
REGISTER = o.RegisterOrganization("mercy", "Mercy", "charity", "helps", AT)
REGISTERED = o.OrganizationRegistered("mercy", "Mercy", "charity", "helps", AT)
ADD = o.AddLocation("l1", "mercy", "Tianhe", "440106", AT)
ADDED = o.LocationAdded("l1", "mercy", "Tianhe", "440106", AT)


def test_an_organisation_is_registered_once_and_corrected() -> None:
    assert Given(ORGANIZATION).when(REGISTER).then(REGISTERED).registered == REGISTERED
    Given(ORGANIZATION, REGISTERED).when(replace(REGISTER, at=LATER)).then()
    for change in ({"name": "Hope"}, {"kind": "hospital"}, {"description": ""}):
        other = replace(REGISTERED, **change)
        assert Given(ORGANIZATION, REGISTERED, ADDED).when(replace(REGISTER, **change)).then(other).locations == (ADDED,)


@pytest.mark.parametrize("kind", no.KINDS)
def test_every_kind_on_the_list_is_accepted(kind: str) -> None:
    assert Given(ORGANIZATION).when(replace(REGISTER, kind=kind)).state.registered.kind == kind


def test_a_kind_that_is_not_on_the_list_is_refused() -> None:
    assert Given(ORGANIZATION).when(replace(REGISTER, kind="club")).refused(no.KindIsUnknown).facts == {"kind": "club"}


def test_a_place_is_added_once_and_corrected() -> None:
    assert Given(ORGANIZATION, REGISTERED).when(ADD).then(ADDED).locations == (ADDED,)
    Given(ORGANIZATION, REGISTERED, ADDED).when(replace(ADD, at=LATER)).then()
    moved = replace(ADDED, place_code="440103")
    assert Given(ORGANIZATION, REGISTERED, ADDED).when(replace(ADD, place_code="440103")).then(moved).locations == (moved,)
    second = replace(ADDED, location_id="l2")
    assert Given(ORGANIZATION, REGISTERED, ADDED).when(replace(ADD, location_id="l2")).then(second).locations == (ADDED, second)


def test_nobody_has_places_before_being_known() -> None:
    Given(ORGANIZATION).when(ADD).refused(no.OrganizationIsUnknown)
