"""The list of communities: each once, urban or rural, of this city."""

from __future__ import annotations

from msgspec.structs import replace

from services.matching.domain.community import (
    COMMUNITY,
    CommunityIsElsewhere,
    CommunityIsUnknown,
    CommunityKindIsUnknown,
    CommunityListed,
    CommunityRemoved,
    ListCommunity,
    RemoveCommunity,
)
from shared.testing.given import Given
from tests.matching.stories import AT

LIST = ListCommunity("440104003001", "盐运西社区", "Yanyunxi", "urban", AT)
LISTED = CommunityListed("440104003001", "盐运西社区", "Yanyunxi", "urban", AT)


def test_a_community_is_listed_once_and_may_be_corrected() -> None:
    Given(COMMUNITY).when(LIST).then(LISTED)
    Given(COMMUNITY, LISTED).when(LIST).then()
    Given(COMMUNITY, LISTED).when(replace(LIST, kind="rural")).then(replace(LISTED, kind="rural"))


def test_it_is_taken_off_the_list_and_may_come_back() -> None:
    removed = CommunityRemoved("440104003001", AT)
    Given(COMMUNITY, LISTED).when(RemoveCommunity(AT)).then(removed)
    Given(COMMUNITY, LISTED, removed).when(LIST).then(LISTED)
    Given(COMMUNITY, LISTED, removed).when(RemoveCommunity(AT)).refused(CommunityIsUnknown)


def test_what_is_no_community_of_this_city_is_refused() -> None:
    Given(COMMUNITY).when(replace(LIST, kind="suburban")).refused(CommunityKindIsUnknown)
    for code in ("440104003", "110101001001", "44010400300x"):
        Given(COMMUNITY).when(replace(LIST, code=code)).refused(CommunityIsElsewhere)
