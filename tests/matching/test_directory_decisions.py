"""Who is asked to help, and how places are held, released and used."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.matching.domain import directory as d
from services.matching.domain import directory_decisions as no
from services.matching.domain.asking import Ask
from services.matching.domain.fitting import Eligibility
from services.matching.domain.offering import Contract, Terms
from shared.testing.given import Given
from tests.matching.stories import AT, DAY, LATER, RAIN, WISH, ask, listed, listing

DIRECTORY = no.DIRECTORY


def requested(*history: Any, **more: Any) -> Any:
    """The one event that a wish leads to."""
    (event,) = Given(DIRECTORY, *history).when(d.RequestReferral(ask(**more), AT)).events
    return event


def held(held: int, used: int = 0, places: int | None = 1, *, turned: bool = False, asked: Ask | None = None) -> d.PlaceHeld:
    return d.PlaceHeld(asked or ask(), d.Count("mercy-s", "mercy", places, held, used, turned), AT)


def test_a_service_is_listed_once_and_anew_with_other_terms() -> None:
    Given(DIRECTORY).when(d.ListService(listing(), AT)).then(listed())
    Given(DIRECTORY, listed()).when(d.ListService(listing(), AT)).then()
    other = listing(needs=("housing",), places=3)
    state = Given(DIRECTORY, listed()).when(d.ListService(other, AT)).then(d.ServiceListed(other, AT))
    assert (state.by_wish, state.counts) == ({"medical ": (), "housing ": ("mercy-s",)}, {"mercy-s": (3, 0, 0)})


def test_a_service_listed_anew_keeps_its_people_and_ends_its_pause() -> None:
    pause = d.ServicePaused("mercy-s", "holiday", AT)
    history = (listed(places=2), held(1, places=2), pause)
    state = (
        Given(DIRECTORY, *history)
        .when(d.ListService(listing(places=2), AT))
        .then(d.ServiceListed(listing(places=2), AT, 1, 0, wider=False))
    )
    assert (state.paused, state.counts["mercy-s"]) == (frozenset(), (2, 1, 0))


def test_a_service_of_another_organisation_is_not_taken_over() -> None:
    foreign = listing(org_id="hope")
    refusal = Given(DIRECTORY, listed()).when(d.ListService(foreign, AT)).refused(no.ServiceBelongsToAnother)
    assert refusal.facts == {"service_id": "mercy-s"}


def test_places_are_set_counted_and_never_below_zero() -> None:
    three = d.PlacesSet(d.Count("mercy-s", "mercy", 3, 0, 1, True), AT)
    Given(DIRECTORY, listed()).when(d.SetPlaces("mercy-s", 3, AT, 1)).then(three)
    Given(DIRECTORY, listed(), three).when(d.SetPlaces("mercy-s", 3, AT)).then()
    Given(DIRECTORY, listed(), three).when(d.SetPlaces("mercy-s", 3, AT, 1)).then()
    for places, used in ((-1, None), (1, -1), (None, -1)):
        Given(DIRECTORY, listed()).when(d.SetPlaces("mercy-s", places, AT, used)).refused(no.PlacesBelowZero)
    Given(DIRECTORY).when(d.ListService(listing(places=-1), AT)).refused(no.PlacesBelowZero)
    Given(DIRECTORY).when(d.SetPlaces("mercy-s", 3, AT)).refused(no.ServiceIsUnknown)


def test_what_others_use_of_an_uncounted_service_is_said_once() -> None:
    said = d.PlacesSet(d.Count("mercy-s", "mercy", None, 0, 4, True), AT)
    state = Given(DIRECTORY, listed()).when(d.SetPlaces("mercy-s", None, AT, 4)).then(said)
    assert state.counts["mercy-s"] == (None, 0, 4)
    Given(DIRECTORY, listed(), said).when(d.SetPlaces("mercy-s", None, AT, 4)).then()


def test_a_paused_service_takes_nobody_until_it_resumes() -> None:
    paused, resumed = d.ServicePaused("mercy-s", "holiday", AT), d.ServiceResumed("mercy-s", AT)
    Given(DIRECTORY, listed()).when(d.PauseService("mercy-s", "holiday", AT)).then(paused)
    Given(DIRECTORY, listed(), paused).when(d.PauseService("mercy-s", "staff", AT)).then()
    Given(DIRECTORY, listed(), paused).when(d.ResumeService("mercy-s", AT)).then(resumed)
    Given(DIRECTORY, listed()).when(d.ResumeService("mercy-s", AT)).then()
    assert requested(listed(), paused).reason == "no_service"
    assert requested(listed(), paused, resumed).count.service_id == "mercy-s"
    Given(DIRECTORY).when(d.PauseService("mercy-s", "holiday", AT)).refused(no.ServiceIsUnknown)
    Given(DIRECTORY).when(d.ResumeService("mercy-s", AT)).refused(no.ServiceIsUnknown)


def test_a_place_is_held_released_and_used() -> None:
    last = held(1, turned=True)
    why = ("area:city", "language:yes", "record:new", "load:0", "turn:0", "among:1")
    Given(DIRECTORY, listed(places=1)).when(d.RequestReferral(ask(), AT)).then(replace(last, why=why))
    freed = d.PlaceReleased(d.Count("mercy-s", "mercy", 1, 0, 0, True), "case-1-medical")
    Given(DIRECTORY, listed(places=1), last).when(d.ReleasePlace("mercy-s", "case-1-medical")).then(freed)
    Given(DIRECTORY, listed(places=1), last, freed).when(d.ReleasePlace("mercy-s", "case-1-medical")).then()
    used = d.PlaceUsed(d.Count("mercy-s", "mercy", 1, 0, 1), "case-1-medical")
    state = Given(DIRECTORY, listed(places=1), last).when(d.UsePlace("mercy-s", "case-1-medical")).then(used)
    assert not state.free("mercy-s")


def test_open_offers_stay_counted_while_places_are_not() -> None:
    uncounted = d.Count("mercy-s", "mercy", None, 1, 0, kept=True)
    first = requested(listed())
    assert first.count == uncounted
    second = requested(listed(), first)
    assert second.count == replace(uncounted, held=2)
    freed, used = d.PlaceReleased(uncounted, "x"), d.PlaceUsed(uncounted, "x")
    Given(DIRECTORY, listed(), first, second).when(d.ReleasePlace("mercy-s", "x")).then(freed)
    Given(DIRECTORY, listed(), first, second).when(d.UsePlace("mercy-s", "x")).then(used)
    # Counted, uncounted and counted again, once by the number of places and once by the entry as a whole.
    two = (listed(places=3), held(2, places=3))
    for step in (d.SetPlaces("mercy-s", None, AT), d.ListService(listing(), AT)):
        (opened,) = Given(DIRECTORY, *two).when(step).events
        state = Given(DIRECTORY, *two, opened).when(d.ReleasePlace("mercy-s", "x")).then(freed)
        assert state.counts["mercy-s"] == (None, 1, 0)
        refusal = Given(DIRECTORY, *two, opened).when(d.SetPlaces("mercy-s", 1, AT)).refused(no.PlacesBelowHeld)
        assert refusal.facts == {"held": 2, "used": 0, "asked": 1}
        state = Given(DIRECTORY, *two, opened, freed).when(d.SetPlaces("mercy-s", 1, AT)).state
        assert (state.counts["mercy-s"], state.free("mercy-s")) == ((1, 1, 0), False)
    # What was stored before offers were counted reads as it did.
    before = (listed(), d.PlaceHeld(ask(), replace(uncounted, kept=False), AT))
    assert Given(DIRECTORY, *before).state.counts["mercy-s"] == (None, 0, 0)
    assert Given(DIRECTORY, *two, d.PlacesSet(d.Count("mercy-s", "mercy", None, 2, 0, True), AT)).state.counts["mercy-s"] == (None, 0, 0)


def test_unknown_services_and_offers_that_nobody_counted_need_no_word() -> None:
    for command in (d.ReleasePlace("mercy-s", "x"), d.UsePlace("mercy-s", "x")):
        Given(DIRECTORY).when(command).then()
    Given(DIRECTORY, listed()).when(d.ReleasePlace("mercy-s", "x")).then()
    used = d.PlaceUsed(d.Count("mercy-s", "mercy", None, 0, 0, kept=True), "x")  # it tells what came of the offer
    Given(DIRECTORY, listed()).when(d.UsePlace("mercy-s", "x")).then(used)
    assert Given(DIRECTORY, listed(), used).state.counts["mercy-s"] == (None, 0, 0)


def test_offers_and_what_came_of_them_are_remembered() -> None:
    offered = held(0, places=None)
    used = d.PlaceUsed(d.Count("mercy-s", "mercy", None, 0, 1), "x")
    assert Given(DIRECTORY, listed(), offered, offered, used).state.records == {"mercy-s": (2, 1)}
    assert Given(DIRECTORY, listed(), offered, used, listed(description="anew")).state.records == {"mercy-s": (1, 1)}


def test_those_who_are_alike_take_turns() -> None:
    told = [listed(name) for name in "abc"]
    asked = []
    for _ in range(6):
        found = requested(*told)
        asked.append(found.count.service_id)
        told = [*told, found]
    assert asked == ["a-s", "b-s", "c-s"] * 2


def test_the_first_programme_with_a_provider_wins_and_the_need_comes_last() -> None:
    rain, wish = listed("rain", needs=(), programmes=("RAIN",)), listed("wish", needs=(), programmes=("WISH",))
    both = (RAIN, WISH)
    assert requested(wish, rain, candidates=both).candidate == RAIN
    assert requested(wish, listed(), candidates=both).candidate == WISH
    by_need = requested(listed(), candidates=both)
    assert (by_need.candidate, by_need.count.service_id) == (None, "mercy-s")


def test_near_before_far_idle_before_busy_and_then_by_name() -> None:
    far, near = listed("a"), listed("b", districts=("440106",))
    assert requested(far, near).count.service_id == "b-s"
    busy = replace(held(1, places=2), count=d.Count("a-s", "a", 2, 1, 0))
    assert requested(listed("a", places=2), listed("b", places=2), busy).count.service_id == "b-s"
    assert requested(listed("b"), listed("a")).count.service_id == "a-s"
    assert requested(listed("a", districts=("440103",))).reason == "no_service"


def test_why_nobody_can_take_a_wish() -> None:
    assert requested().reason == "no_service"
    assert requested(listed(), tried=("mercy-s",)).reason == "refused_by_all"
    assert requested(listed(places=0)).reason == "full"
    assert requested(listed(places=0, needs=(), programmes=("RAIN",)), candidates=(RAIN,)).reason == "full"
    Given(DIRECTORY).when(d.RequestReferral(ask(), AT)).then(d.NoPlaceFound(ask(), "no_service", AT))


def test_consent_reaches_the_kinds_it_names_and_the_authority_that_decides() -> None:
    assert requested(listed(kind="charity"), recipients=("charity",)).count.service_id == "mercy-s"
    assert requested(listed(kind="government"), recipients=("charity",)).count.service_id == "mercy-s"
    assert requested(listed(kind="hospital"), recipients=()).count.service_id == "mercy-s"


def test_a_consent_that_reaches_nobody_who_could_help_is_named_as_the_reason() -> None:
    hospital, only = listed(kind="hospital"), ("charity",)
    assert requested(hospital, recipients=only).reason == "consent_does_not_cover"
    rain = listed("rain", kind="company", needs=(), programmes=("RAIN",))
    assert requested(rain, recipients=only, candidates=(RAIN,)).reason == "consent_does_not_cover"
    assert requested(hospital, listed("hope"), recipients=only, tried=("hope-s",)).reason == "consent_does_not_cover"
    assert requested(hospital, listed("hope", places=0), recipients=only).reason == "full"
    assert requested(hospital, recipients=only, tried=("mercy-s",)).reason == "refused_by_all"
    assert requested(listed(kind="hospital", needs=("housing",)), recipients=only).reason == "no_service"
    assert requested(hospital, d.ServicePaused("mercy-s", "staff", AT), recipients=only).reason == "no_service"


def test_a_provider_that_accepts_by_itself_names_its_fund_up_to_its_sum() -> None:
    terms: dict[str, Any] = {"needs": (), "programmes": ("RAIN",)}
    most = listed(**terms, standing=(d.Standing("WISH", "other"), d.Standing("RAIN", "fund", 800_000)))
    assert requested(most, candidates=(RAIN,)).fund_id == "fund"
    less = listed(**terms, standing=(d.Standing("RAIN", "fund", 799_999),))
    assert requested(less, candidates=(RAIN,)).fund_id is None
    any_sum = listed(**terms, standing=(d.Standing("RAIN", "fund"),))
    assert requested(any_sum, candidates=(RAIN,)).fund_id == "fund"


def test_a_fund_kept_for_a_programme_pays_for_no_help_outside_of_it() -> None:
    kept = listed(standing=(d.Standing("RAIN", "fund"),))
    Given(DIRECTORY, kept).when(d.ConfirmOwnFund("ours")).then()
    refusal = Given(DIRECTORY, kept, listed("hope")).when(d.ConfirmOwnFund("fund")).refused(no.FundIsForAProgramme)
    assert refusal.facts == {"fund_id": "fund", "programmes": ["RAIN"]}


def test_one_provider_is_chosen_by_hand() -> None:
    programme = listed(programmes=("RAIN",))
    assert requested(programme, only="mercy-s", candidates=(WISH, RAIN)).candidate == RAIN
    assert requested(programme, only="mercy-s", candidates=(WISH,)).candidate is None
    by_hand = d.RequestReferral(ask(only="mercy-s", recipients=("hospital",)), AT)
    refusal = Given(DIRECTORY, listed()).when(by_hand).refused(no.ConsentDoesNotReachThisProvider)
    assert refusal.facts == {"kind": "charity"}
    Given(DIRECTORY).when(by_hand).refused(no.ServiceIsUnknown)
    Given(DIRECTORY, listed(), d.ServicePaused("mercy-s", "staff", AT)).when(by_hand).refused(no.ServiceIsPaused)
    Given(DIRECTORY, listed(places=1), held(1)).when(by_hand).refused(no.ServiceIsFull)


def test_fewer_places_than_are_promised_are_refused_and_both_are_named() -> None:
    history = (listed(places=5), replace(held(2, places=5), count=d.Count("mercy-s", "mercy", 5, 2, 1)))
    refusal = Given(DIRECTORY, *history).when(d.SetPlaces("mercy-s", 2, AT)).refused(no.PlacesBelowHeld)
    assert refusal.facts == {"held": 2, "used": 1, "asked": 2}
    Given(DIRECTORY, *history).when(d.SetPlaces("mercy-s", 4, AT, 3)).refused(no.PlacesBelowHeld)
    Given(DIRECTORY, *history).when(d.ListService(listing(places=1), AT)).refused(no.PlacesBelowHeld)
    Given(DIRECTORY, *history).when(d.SetPlaces("mercy-s", 3, AT)).then(d.PlacesSet(d.Count("mercy-s", "mercy", 3, 2, 1, True), AT))
    Given(DIRECTORY, *history).when(d.SetPlaces("mercy-s", None, AT)).then(
        d.PlacesSet(d.Count("mercy-s", "mercy", None, 2, 1, True, True), AT)
    )
    nobody = (listed(places=5), d.PlacesSet(d.Count("mercy-s", "mercy", 5, 0, 4), AT))
    Given(DIRECTORY, *nobody).when(d.SetPlaces("mercy-s", 3, AT)).then(d.PlacesSet(d.Count("mercy-s", "mercy", 3, 0, 4, True), AT))


def bought(number: int | None = None, first: date = DAY, last: date = DAY, **more: Any) -> d.Listing:
    return listing(terms=Terms(contract=Contract("C", first, last, number)), **more)


def test_no_more_places_than_a_contract_buys() -> None:
    Given(DIRECTORY).when(d.ListService(bought(3, places=3), AT)).then(d.ServiceListed(bought(3, places=3), AT))
    refusal = Given(DIRECTORY).when(d.ListService(bought(3, places=4), AT)).refused(no.MorePlacesThanBought)
    assert refusal.facts == {"bought": 3, "asked": 4}
    Given(DIRECTORY).when(d.ListService(bought(3), AT)).refused(no.MorePlacesThanBought)
    three = d.ServiceListed(bought(3, places=3), AT)
    for places in (4, None):
        Given(DIRECTORY, three).when(d.SetPlaces("mercy-s", places, AT)).refused(no.MorePlacesThanBought)


def test_outside_its_contract_a_service_offers_nothing() -> None:
    day = timedelta(days=1)
    assert requested(d.ServiceListed(bought(), AT)).count.service_id == "mercy-s"
    for over in (bought(first=DAY + day, last=DAY + day), bought(first=DAY - day, last=DAY - day)):
        assert requested(d.ServiceListed(over, AT)).reason == "no_service"
        by_hand = d.RequestReferral(ask(only="mercy-s"), AT)
        Given(DIRECTORY, d.ServiceListed(over, AT)).when(by_hand).refused(no.ContractIsNotInForce)
    # The day is that of China: eight in the evening in London is the next morning there.
    late = d.RequestReferral(ask(), datetime(2026, 11, 23, 16, 30, tzinfo=UTC))
    (event,) = Given(DIRECTORY, d.ServiceListed(bought(), AT)).when(late).events
    assert event.reason == "no_service"


def test_an_entry_is_assured_once_a_day_and_by_listing() -> None:
    assured = d.ServiceAssured("mercy-s", LATER)
    state = Given(DIRECTORY, listed()).when(d.AssureService("mercy-s", LATER)).then(assured)
    assert state.assured == {"mercy-s": DAY + timedelta(days=3)}
    Given(DIRECTORY, listed(), assured).when(d.AssureService("mercy-s", LATER)).then()
    Given(DIRECTORY, listed()).when(d.AssureService("mercy-s", AT)).then()
    Given(DIRECTORY).when(d.AssureService("mercy-s", AT)).refused(no.ServiceIsUnknown)
    earlier = d.ServiceListed(listing(), AT, assured_on=date(2026, 1, 1))
    assert Given(DIRECTORY).when(d.ListService(listing(), AT, date(2026, 1, 1))).then(earlier).assured == {"mercy-s": date(2026, 1, 1)}
    Given(DIRECTORY, earlier).when(d.ListService(listing(), LATER)).then()


def for_the_old(name: str = "mercy", **more: Any) -> d.ServiceListed:
    return listed(name, eligibility=Eligibility(minimum_age=60), **more)


def asked_with(facts: dict[str, Any] | None, *history: Any, **more: Any) -> Any:
    (event,) = Given(DIRECTORY, *history).when(d.RequestReferral(ask(**more), AT, facts)).events
    return event


def test_a_case_is_offered_only_to_services_whose_conditions_it_meets() -> None:
    history = (for_the_old("a"), listed("b"))
    assert asked_with({"age": 60}, *history).count.service_id == "a-s"
    young = asked_with({"age": 59}, *history)
    assert (young.count.service_id, young.ask.unfit) == ("b-s", ("a-s",))
    assert asked_with({}, *history).count.service_id == "a-s"
    assert asked_with({"age": 59}, for_the_old("a")).reason == "does_not_fit"
    assert asked_with({"age": 59}, for_the_old("a"), tried=("b-s",)).reason == "refused_by_all"
    reached = {"recipients": ("charity",)}
    assert asked_with({"age": 59}, for_the_old("a"), listed("b", kind="hospital"), **reached).reason == "consent_does_not_cover"
    wish = {"candidates": (RAIN,)}
    assert asked_with({"age": 59}, for_the_old("a", needs=(), programmes=("RAIN",)), **wish).reason == "does_not_fit"


def test_whoever_is_asked_next_is_held_to_the_same_facts() -> None:
    history = (for_the_old("a"), listed("b"))
    assert asked_with(None, *history, tried=("b-s",), unfit=("a-s",)).reason == "refused_by_all"
    assert asked_with(None, *history, unfit=("a-s",)).count.service_id == "b-s"


def test_a_choice_by_hand_is_held_to_the_conditions_too() -> None:
    young = d.RequestReferral(ask(only="mercy-s"), AT, {"age": 59})
    refusal = Given(DIRECTORY, for_the_old()).when(young).refused(no.CaseDoesNotFit)
    assert refusal.facts == {"service_id": "mercy-s", "facts": ["age"]}
    assert asked_with({"age": 60}, for_the_old(), only="mercy-s").count.service_id == "mercy-s"


def test_what_is_not_counted_is_not_held_and_does_not_fill_a_service_later() -> None:
    history = (listed(places=2), held(2, places=2), d.ServiceListed(listing(), AT, 2, 0), listed(places=2))
    assert Given(DIRECTORY, *history).state.counts["mercy-s"] == (2, 0, 0)
    uncounted = d.PlacesSet(d.Count("mercy-s", "mercy", None, 2, 0, True), AT)
    assert Given(DIRECTORY, listed(places=2), held(2, places=2), uncounted).state.counts["mercy-s"] == (None, 0, 0)


def test_a_search_among_one_service_asks_no_other_and_says_nothing_new_where_it_cannot_help() -> None:
    here = (listed(), listed("new"))
    assert requested(*here, among="new-s").count.service_id == "new-s"
    for history in ((listed(),), (listed(), listed("new", places=0)), (listed(), listed("new", needs=("housing",)))):
        Given(DIRECTORY, *history).when(d.RequestReferral(ask(among="new-s"), AT)).refused(no.NoHelpFromThisService)


@pytest.mark.parametrize(
    ("change", "wider"),
    [
        ({"name": "Another"}, False), ({"description": "More words"}, False), ({"needs": ("medical", "housing")}, True), ({"needs": ()}, False),
        ({"districts": ("440106", "440103")}, True), ({"districts": ()}, True), ({"places": 3}, True),
        ({"places": 1}, False), ({"places": None}, True), ({"programmes": ("CHILD-ILL",)}, True), ({"place_code": "440106011"}, False),
        ({"eligibility": Eligibility(60)}, True),
    ],
)  # fmt: skip
def test_which_change_may_serve_somebody_new(change: dict[str, Any], wider: bool) -> None:
    before = listing(districts=("440106",), places=2)
    (told,) = Given(DIRECTORY, d.ServiceListed(before, AT)).when(d.ListService(replace(before, **change), AT)).events
    assert told.wider is wider


def test_what_is_offered_at_a_location_moves_with_it() -> None:
    there = listed(location_id="l1", place_code="440106011")
    other = d.ServiceListed(listing(service_id="other", location_id="l2", place_code="440106011"), AT)
    moved = d.ServicesMoved("l1", "440105", ("mercy-s",), LATER)
    state = Given(DIRECTORY, there, other).when(d.NoteLocation("l1", "440105", LATER)).then(moved)
    assert {key: one.place_code for key, one in state.listings.items()} == {"mercy-s": "440105", "other": "440106011"}
    Given(DIRECTORY, there, other, moved).when(d.NoteLocation("l1", "440105", LATER)).then()
    Given(DIRECTORY, other).when(d.NoteLocation("l1", "440105", LATER)).then()
    Given(DIRECTORY).when(d.NoteLocation("l1", "440105", LATER)).then()
