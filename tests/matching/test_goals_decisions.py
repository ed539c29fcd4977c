"""The yearly goals of the city: the figures of the seeds on both sides of each aim, and what is missing by name."""

from __future__ import annotations

from fractions import Fraction

import pytest
from msgspec.structs import replace

from services.matching.domain.goals import (
    FIGURES,
    GOALS,
    Figure,
    FigureHasNoSource,
    FigureIsNoCount,
    FigureIsUnknown,
    Figures,
    FigureSet,
    Goal,
    SetFigure,
    goals,
)
from shared.testing.given import Given
from tests.matching.stories import AT

SET = SetFigure(2016, "residents", 14_043_500, "S1", AT)


def figures(**known: int) -> Figures:
    return Figures({name: Figure(value, "S1") for name, value in known.items()})


def goal(name: str, of: Figures, before: Figures | None = None) -> Goal:
    (found,) = [one for one in goals(of, before or Figures()) if one.name == name]
    return found


def test_a_figure_is_reported_once_and_may_be_corrected() -> None:
    reported = FigureSet(2016, "residents", 14_043_500, "S1", AT)
    Given(GOALS).when(SET).then(reported)
    Given(GOALS, reported).when(SET).then()
    state = Given(GOALS, reported).when(replace(SET, value=14_043_501)).state
    assert state.known["residents"] == Figure(14_043_501, "S1")


def test_what_is_no_figure_is_refused() -> None:
    Given(GOALS).when(replace(SET, figure="happiness")).refused(FigureIsUnknown)
    Given(GOALS).when(replace(SET, value=-1)).refused(FigureIsNoCount)
    Given(GOALS).when(replace(SET, source=" ")).refused(FigureHasNoSource)


def test_the_goals_on_the_figures_of_2016_and_2017_as_the_seed_gives_them() -> None:
    """S1: 7,025 organisations and 1,808,227 volunteers among 14,043,500 residents: 5.0 of 8.5 for 10,000, 12.9 of 15 per cent."""
    of = figures(residents=14_043_500, organisations=7_025, volunteers=1_808_227)
    organisations, volunteers = goal("organisations_per_10000", of), goal("volunteers_share", of)
    assert (organisations.aim, volunteers.aim, organisations.met, volunteers.met) == (85, 1_500, False, False)
    assert organisations.is_now is not None
    assert volunteers.is_now is not None
    assert (round(organisations.is_now / 10, 1), round(volunteers.is_now / 100, 1)) == (Fraction(5), Fraction("12.9"))


@pytest.mark.parametrize(
    ("name", "below", "at"),
    [
        ("charity_plazas", {"charity_plazas": 200}, {"charity_plazas": 201}),  # S1: over 200
        ("volunteers_share", {"volunteers": 1_499, "residents": 10_000}, {"volunteers": 1_500, "residents": 10_000}),  # S1: 15 per cent
        (
            "organisations_per_10000",
            {"organisations": 849, "residents": 1_000_000},
            {"organisations": 850, "residents": 1_000_000},
        ),  # S1: 8.5
        ("staff_share", {"staff": 249, "active_people": 10_000}, {"staff": 250, "active_people": 10_000}),  # S1: 2.5 per cent
        (
            "publicity",
            {"facts_published": 9_999, "facts_due": 10_000},
            {"facts_published": 10_000, "facts_due": 10_000},
        ),  # S1: 100 per cent
    ],
)
def test_each_aim_on_both_sides(name: str, below: dict[str, int], at: dict[str, int]) -> None:
    assert goal(name, figures(**below)).met is False
    assert goal(name, figures(**at)).met is True


def test_donations_should_grow_by_five_per_cent_over_the_year_before() -> None:
    before = figures(donations_fen=100_000)
    assert goal("donations_growth", figures(donations_fen=104_999), before).met is False
    assert goal("donations_growth", figures(donations_fen=105_000), before).met is True
    assert goal("donations_growth", figures(donations_fen=105_000)).missing == ("donations_fen_before",)
    assert goal("donations_growth", Figures(), before).missing == ("donations_fen",)


def test_a_goal_whose_figures_are_missing_says_which_and_is_neither_reached_nor_missed() -> None:
    for one in goals(Figures(), Figures()):
        assert (one.is_now, one.met) == (None, None)
        assert one.missing
    assert goal("volunteers_share", figures(volunteers=5)).missing == ("residents",)
    assert goal("volunteers_share", figures(volunteers=5, residents=0)).missing == ("residents",)
    assert {name for one in goals(Figures(), Figures()) for name in one.missing} <= set(FIGURES)
