"""How much a household may still get: grants are cut to the caps, refused where nothing is left, given back when not kept."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.matching.domain import household as h
from services.matching.domain import household_decisions as no
from services.matching.domain.asking import About, Grant, Item
from services.matching.domain.rulebook import Limit
from shared.testing.given import Given
from tests.matching.stories import ABOUT, AT, CASH, GOODS

HOUSEHOLD = no.HOUSEHOLD
OWN, SHARED = Limit("RAIN:case-1", 1_000_000), Limit("temporary:household:2026", 1_200_000)
GIVEN = h.HelpGranted(ABOUT, CASH, 800_000, 800_000, ("RAIN:case-1",), AT)
OTHER = About("case-1-livelihood", "case-1", "p1", "h1", "mercy", "mercy-s", "livelihood", "RAIN", "440106")


def grant(fen: int = 800_000, *limits: Limit, about: About = OTHER, **more: Any) -> h.GrantHelp:
    return h.GrantHelp(about, replace(CASH, amount_fen=fen, **more), limits, AT)


def test_a_grant_within_the_cap_stands_in_full_and_once() -> None:
    asked = grant(800_000, OWN, about=ABOUT)
    state = Given(HOUSEHOLD).when(asked).then(GIVEN)
    assert (state.used, state.grants) == ({"RAIN:case-1": 800_000}, {"case-1-medical": GIVEN})
    Given(HOUSEHOLD, GIVEN).when(asked).then()


@pytest.mark.parametrize("change", [{"fen": 1}, {"fund_id": "other"}, {"programme": "WISH"}])
def test_another_grant_for_the_same_referral_is_refused(change: dict[str, Any]) -> None:
    refusal = Given(HOUSEHOLD, GIVEN).when(grant(**{"fen": 800_000, **change}, about=ABOUT)).refused(no.AnotherGrantStands)
    assert refusal.facts == {"referral_id": "case-1-medical"}
    Given(HOUSEHOLD, GIVEN).when(h.GrantHelp(ABOUT, GOODS, (), AT, 800_000)).refused(no.AnotherGrantStands)


def test_a_grant_is_cut_to_what_the_cap_leaves() -> None:
    cut = h.HelpGranted(OTHER, replace(CASH, amount_fen=200_000), 800_000, 200_000, ("RAIN:case-1",), AT, "RAIN:case-1")
    state = Given(HOUSEHOLD, GIVEN).when(grant(800_000, OWN)).then(cut)
    assert state.used == {"RAIN:case-1": 1_000_000}
    exact = Given(HOUSEHOLD, GIVEN).when(grant(200_000, OWN)).events[0]
    assert (exact.grant.amount_fen, exact.cut_by) == (200_000, None)
    assert Given(HOUSEHOLD, GIVEN, cut).when(grant(800_000, OWN)).events == ()


def test_the_tightest_of_several_caps_cuts_and_all_of_them_are_used() -> None:
    before = replace(GIVEN, caps=("temporary:household:2026",))
    (given,) = Given(HOUSEHOLD, before).when(grant(800_000, OWN, SHARED)).events
    assert (given.counted_fen, given.cut_by, given.caps) == (
        400_000,
        "temporary:household:2026",
        ("RAIN:case-1", "temporary:household:2026"),
    )
    assert Given(HOUSEHOLD, before, given).state.used == {"temporary:household:2026": 1_200_000, "RAIN:case-1": 400_000}


def test_nothing_is_granted_when_nothing_is_left() -> None:
    full = replace(GIVEN, counted_fen=1_000_000)
    refusal = Given(HOUSEHOLD, full).when(grant(1, OWN)).refused(no.CapIsUsedUp)
    assert refusal.facts == {"cap": "RAIN", "left_fen": 0}
    over = replace(GIVEN, counted_fen=1_000_001)
    assert Given(HOUSEHOLD, over).when(grant(1, OWN)).refused(no.CapIsUsedUp).facts["left_fen"] == 0
    one_left = replace(GIVEN, counted_fen=999_999)
    assert Given(HOUSEHOLD, one_left).when(grant(5, OWN)).events[0].grant.amount_fen == 1


def test_goods_are_not_cut_in_pieces() -> None:
    wish = Limit("WISH:household:2026", 50_000)
    radio = h.GrantHelp(OTHER, GOODS, (wish,), AT, 50_000)
    given = h.HelpGranted(OTHER, GOODS, 50_000, 50_000, ("WISH:household:2026",), AT)
    Given(HOUSEHOLD).when(radio).then(given)
    Given(HOUSEHOLD, given).when(radio).then()
    two = replace(radio, grant=Grant("goods", 0, "WISH", None, (Item("radio", 2),)))
    Given(HOUSEHOLD, given).when(two).refused(no.AnotherGrantStands)
    again = replace(radio, about=ABOUT)
    assert Given(HOUSEHOLD, given).when(again).refused(no.CapIsUsedUp).facts == {"cap": "WISH", "left_fen": 0}
    dear = replace(radio, value_fen=50_001)
    assert Given(HOUSEHOLD).when(dear).refused(no.CapIsUsedUp).facts == {"cap": "WISH", "left_fen": 50_000}


def test_what_was_not_kept_is_free_again() -> None:
    released = h.HelpReleased("case-1-medical", 800_000, ("RAIN:case-1",), AT)
    state = Given(HOUSEHOLD, GIVEN).when(h.ReleaseHelp("case-1-medical", AT)).then(released)
    assert (state.used, state.grants) == ({"RAIN:case-1": 0}, {})
    Given(HOUSEHOLD, GIVEN, released).when(h.ReleaseHelp("case-1-medical", AT)).then()
    Given(HOUSEHOLD, GIVEN, released).when(grant(800_000, OWN, about=ABOUT)).then(GIVEN)
