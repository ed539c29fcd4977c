"""Who is asked first: each step on both sides, turns among equals, newcomers with a chance, and reasons that say what was compared."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.matching.domain.preference import NEW, Offer, Record, after_help, after_offer, order, why
from tests.matching.stories import ask

OFFER = Offer("b", True, (), None, 0, (10, 5))
RECORDS = st.tuples(st.integers(0, 64), st.integers(0, 64)).map(lambda both: (max(both), min(both)))
OFFERS = st.builds(
    Offer, st.text("abc", min_size=1, max_size=3), st.booleans(), st.sampled_from(((), ("zh",), ("yue",), ("en",), ("zh-HK", "en"))),
    st.none() | st.integers(1, 50), st.integers(0, 60), RECORDS,
)  # fmt: skip


def first(*offers: Offer, language: str = "zh") -> str:
    return min(offers, key=lambda one: order(one, ask(language=language))).service_id


def test_the_district_comes_before_everything_else() -> None:
    far = replace(OFFER, service_id="a", local=False, record=(10, 10))
    assert first(far, replace(OFFER, languages=("fr",), record=(10, 0), places=1, taken=1)) == "b"


def test_the_own_street_comes_before_a_turn_and_after_what_says_that_help_will_come() -> None:
    home = ask(language="zh", street="440106011")
    near = replace(OFFER, service_id="z", record=(20, 10), place_code="440106011003")
    far = replace(OFFER, service_id="a", place_code="440106012")

    def sooner(*offers: Offer) -> str:
        return min(offers, key=lambda one: order(one, home)).service_id

    assert sooner(far, near) == "z"
    assert sooner(far, replace(near, record=(10, 2))) == "a", "of whom little came does not come first for being near"
    assert sooner(far, replace(near, languages=("fr",))) == "a"
    assert sooner(far, replace(near, places=4, taken=2), replace(OFFER, service_id="b", places=4)) == "a"
    assert sooner(replace(far, record=(3, 2)), replace(near, place_code="440106")) == "a", "a district says nothing of a street"
    assert why(near, home, 2)[0] == "area:street"
    assert why(far, home, 2)[0] == "area:district"
    assert why(replace(far, local=False), home, 2)[0] == "area:district", "it works from there, whatever it says it serves"
    assert why(replace(far, local=False, place_code="440103001"), home, 2)[0] == "area:city"
    assert why(near, ask(language="zh"), 2)[0] == "area:district", "of whom no street is known nobody is near"


def test_who_speaks_the_language_comes_before_who_may_and_who_does_not() -> None:
    speaks, silent, other = (
        replace(OFFER, languages=("en",)),
        replace(OFFER, service_id="c"),
        replace(OFFER, service_id="a", languages=("fr",)),
    )
    assert first(silent, other, speaks, language="en") == "b"
    assert first(silent, other, language="en") == "c"
    cantonese = replace(OFFER, service_id="d", languages=("yue",))
    assert first(other, cantonese, language="zh") == "d"
    assert first(replace(OFFER, service_id="d"), other, language="zh") == "d"
    assert first(other, cantonese, language="") == "a"  # of whom no language is known all are alike


def test_what_came_of_offers_counts_in_thirds_and_whoever_is_new_has_a_chance() -> None:
    high, middle, low = (
        replace(OFFER, service_id=name, record=record) for name, record in (("c", (10, 7)), ("b", (10, 5)), ("a", (10, 2)))
    )
    assert first(high, middle, low) == "c"
    assert first(middle, low) == "b"
    new = replace(OFFER, service_id="z", record=(2, 0))
    assert first(high, new) == "z"
    assert first(high, replace(new, record=(3, 0))) == "c"


def test_loads_are_alike_within_a_quarter_and_then_turns_are_taken() -> None:
    idle, busy = replace(OFFER, service_id="b", places=100, taken=24), replace(OFFER, service_id="a", places=100, taken=25)
    assert first(idle, busy) == "b"
    assert first(replace(idle, record=(12, 6)), replace(busy, taken=24, record=(11, 6))) == "a"
    assert first(replace(idle, service_id="z"), replace(idle, service_id="y")) == "y"


def test_the_reasons_say_what_was_compared() -> None:
    told = why(replace(OFFER, places=8, taken=3, languages=("en",)), ask(language="en"), 4)
    assert told == ("area:district", "language:yes", "record:middle", "load:37", "turn:10", "among:4")
    assert why(replace(OFFER, local=False, record=NEW), ask(language="en"), 1)[:3] == ("area:city", "language:unknown", "record:new")


@given(st.lists(OFFERS, min_size=1, max_size=8, unique_by=lambda one: one.service_id), st.sampled_from(("", "zh", "en")), st.randoms())
def test_the_order_is_total_and_does_not_depend_on_how_they_come(offers: list[Offer], language: str, chance: Random) -> None:
    asked, mixed = ask(language=language), list(offers)
    chance.shuffle(mixed)
    assert sorted(offers, key=lambda one: order(one, asked)) == sorted(mixed, key=lambda one: order(one, asked))
    for one in offers:
        assert all(step.count(":") == 1 for step in why(one, asked, len(offers)))


@given(st.lists(st.sampled_from((after_offer, after_help)), max_size=300))
def test_a_record_never_has_more_help_than_offers_and_stays_small(steps: list[object]) -> None:
    record: Record = NEW
    for step in steps:
        record = step(record)  # type: ignore[operator]
        assert 0 <= record[1] <= record[0] <= 64
