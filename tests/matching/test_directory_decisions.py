"""Who is asked to help, and how places are held, released and used."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from services.matching.domain import directory as d
from services.matching.domain import directory_decisions as no
from services.matching.domain.asking import Ask
from shared.testing.given import Given
from tests.matching.stories import AT, RAIN, WISH, ask, listed, listing

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
    state = Given(DIRECTORY, *history).when(d.ListService(listing(places=2), AT)).then(d.ServiceListed(listing(places=2), AT, 1, 0))
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
    Given(DIRECTORY, listed(places=1)).when(d.RequestReferral(ask(), AT)).then(last)
    freed = d.PlaceReleased(d.Count("mercy-s", "mercy", 1, 0, 0, True), "case-1-medical")
    Given(DIRECTORY, listed(places=1), last).when(d.ReleasePlace("mercy-s", "case-1-medical")).then(freed)
    Given(DIRECTORY, listed(places=1), last, freed).when(d.ReleasePlace("mercy-s", "case-1-medical")).then()
    used = d.PlaceUsed(d.Count("mercy-s", "mercy", 1, 0, 1), "case-1-medical")
    state = Given(DIRECTORY, listed(places=1), last).when(d.UsePlace("mercy-s", "case-1-medical")).then(used)
    assert not state.free("mercy-s")


def test_uncounted_places_and_unknown_services_need_no_word() -> None:
    for command in (d.ReleasePlace("mercy-s", "x"), d.UsePlace("mercy-s", "x")):
        Given(DIRECTORY, listed()).when(command).then()
        Given(DIRECTORY).when(command).then()


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
