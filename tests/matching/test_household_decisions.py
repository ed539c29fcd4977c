"""How much a household may still get: grants are cut to the caps, refused where nothing is left, given back when not kept."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.matching.domain import household as h
from services.matching.domain import household_decisions as no
from services.matching.domain.asking import About, Grant, Item
from services.matching.domain.counting import Group, Member
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
    released = h.HelpReleased("case-1-medical", 800_000, ("RAIN:case-1",), AT, "h1")
    state = Given(HOUSEHOLD, GIVEN).when(h.ReleaseHelp("case-1-medical", AT)).then(released)
    assert (state.used, state.grants) == ({"RAIN:case-1": 0}, {})
    Given(HOUSEHOLD, GIVEN, released).when(h.ReleaseHelp("case-1-medical", AT)).then()
    Given(HOUSEHOLD, GIVEN, released).when(grant(800_000, OWN, about=ABOUT)).then(GIVEN)


ONE = Group("l1", "person", 1, (Member("p1", "h1"), Member("p2", "h2")))
FAMILY = Group("f1", "household", 1, (Member("p2", "h2"), Member("p3", "h3")))
PERSONAL, COMMON = "ILL:p1:2026", "WISH:household:2026"


def joined(chain: str, *groups: Group, **more: Any) -> h.CountedTogether:
    (event,) = Given(HOUSEHOLD).when(h.CountTogether(chain, groups, AT, **more)).events
    assert isinstance(event, h.CountedTogether)
    return event


def test_chains_that_count_together_use_one_cap_and_the_same_person_under_another_id_too() -> None:
    event = joined("h1", ONE, source="h2", used={"ILL:p2:2026": 700_000, COMMON: 10_000})
    assert (event.joined, event.parted, event.stay, event.known) == (("h2",), (), (), (ONE,))
    given = Given(HOUSEHOLD, event)
    assert (given.state.used_of(PERSONAL), given.state.used_of(COMMON)) == (700_000, 10_000)
    assert given.state.used_of("ILL:p9:2026") == 0
    (granted,) = given.when(grant(800_000, Limit(PERSONAL, 1_000_000))).events
    assert (granted.counted_fen, granted.cut_by, granted.told) == (300_000, PERSONAL, ("h2",))
    given.when(h.CountTogether("h1", (ONE,), AT)).then()


def test_a_family_shares_the_caps_of_the_household_and_not_those_of_a_person() -> None:
    state = Given(HOUSEHOLD, joined("h2", FAMILY, source="h3", used={"ILL:p3:2026": 9, COMMON: 7})).state
    assert (state.used_of("ILL:p2:2026"), state.used_of(COMMON)) == (0, 7)


def test_what_another_chain_uses_later_is_noted_and_counts_no_longer_once_they_part() -> None:
    given = Given(HOUSEHOLD, joined("h1", ONE, source="h2", used={}))
    noted = given.when(h.NoteHelp("h2", (COMMON,), 30, AT)).then(h.HelpNoted("h2", (COMMON,), 30, AT))
    assert noted is not None
    given.when(h.NoteHelp("h8", (COMMON,), 30, AT)).then()
    more = Given(HOUSEHOLD, *given.history, h.HelpNoted("h2", (COMMON,), 30, AT))
    assert more.state.used_of(COMMON) == 30
    after = more.when(h.CountTogether("h1", (replace(ONE, revision=2, members=()),), AT))
    assert (after.events[0].parted, after.state.with_it(), after.state.used_of(COMMON)) == (("h2",), frozenset(), 0)
    again = Given(HOUSEHOLD, *more.history, *after.events)
    again.when(h.CountTogether("h1", (ONE,), AT)).then()
    told = again.when(h.CountTogether("h1", (), AT, source="h2", used={COMMON: 40}))
    assert told.state.used_of(COMMON) == 0


def test_what_is_given_back_is_told_to_those_who_count_with_it() -> None:
    event = joined("h1", ONE)
    released = Given(HOUSEHOLD, event, GIVEN).when(h.ReleaseHelp("case-1-medical", AT)).events[0]
    assert (released.household_id, released.told) == ("h1", ("h2",))


def test_a_person_in_two_households_counts_in_each_and_the_two_do_not_count_for_each_other() -> None:
    """p2 lives with p3; as p1, who they are besides, with p4."""
    second = Group("f2", "household", 1, (Member("p1", "h1"), Member("p4", "h4")))
    told = [("h2", 10), ("h3", 200), ("h4", 500)]
    history: list[Any] = [joined("h1", ONE, FAMILY, second)]
    for source, fen in told:
        history += Given(HOUSEHOLD, *history).when(h.CountTogether("h1", (), AT, source=source, used={COMMON: fen})).events
    own = replace(GIVEN, caps=(COMMON,), counted_fen=40)
    assert Given(HOUSEHOLD, *history, own).state.used_of(COMMON) == 40 + 10 + 500
    other = joined("h3", ONE, FAMILY, second, source="h4", used={COMMON: 500})
    assert (other.joined, Given(HOUSEHOLD, other).state.used_of(COMMON)) == (("h1", "h2"), 0)


def test_while_somebody_has_not_said_what_they_used_nothing_is_granted() -> None:
    given = Given(HOUSEHOLD, joined("h1", ONE))
    given.when(grant(1, Limit(COMMON, 10))).refused(no.CountingIsUnderWay)
    assert given.when(grant(1)).events[0].counted_fen == 1  # nothing counts towards a cap
    given.when(h.CountTogether("h1", (), AT, source="h2", used={}))
    heard = Given(HOUSEHOLD, *given.history, *given.when(h.CountTogether("h1", (), AT, source="h2", used={})).events)
    assert heard.when(grant(1, Limit(COMMON, 10))).events[0].counted_fen == 1


def test_who_finds_no_room_in_a_unit_is_told_by_portions() -> None:
    many = Group("f3", "household", 1, tuple([Member(f"p{n}", f"h{n}") for n in range(1, 13)]))
    (event,) = Given(HOUSEHOLD).when(h.CountTogether("h1", (many,), AT, steps=10)).events
    assert (event.told, len(event.later)) == ((), 11)
    given = Given(HOUSEHOLD, event)
    (first,) = given.when(h.TellOthers(AT)).events
    assert (len(first.told), len(first.left), first.groups) == (8, 3, (many,))
    (last,) = Given(HOUSEHOLD, event, first).when(h.TellOthers(AT)).events
    assert {*first.told, *last.told} == {f"h{n}" for n in range(2, 13)}
    assert Given(HOUSEHOLD, event, first, last).when(h.TellOthers(AT)).events == ()
    (at_once,) = Given(HOUSEHOLD).when(h.CountTogether("h1", (many,), AT, steps=22)).events
    assert (len(at_once.told), at_once.later, at_once.steps) == (11, (), 1)
