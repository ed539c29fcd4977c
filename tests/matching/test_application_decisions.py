"""What becomes of one application."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from services.matching.domain import application as ap
from services.matching.domain import application_decisions as no
from shared.testing.given import Given
from tests.matching.stories import AT, LATER

APPLICATION = no.APPLICATION
ITEMS = {"education": 60, "skill": 20}
APPLY = ap.Apply("a1", "N1", "p1", 80, ITEMS, "eligible", AT)
MADE = ap.ApplicationMade("a1", "N1", "p1", 80, ITEMS, AT)
WITHDRAWN = ap.ApplicationWithdrawn("a1", "N1", LATER)


def test_an_application_is_made_once() -> None:
    state = Given(APPLICATION).when(APPLY).then(MADE)
    assert (state.status, state.points, state.applied_at) == ("applied", 80, AT)
    Given(APPLICATION, MADE).when(replace(APPLY, at=LATER)).then()


def test_other_points_need_another_application_which_comes_later() -> None:
    other = replace(APPLY, points=100, items={"education": 60, "skill": 40}, at=LATER)
    assert Given(APPLICATION, MADE).when(other).refused(no.AppliedAlready).facts == {"number": "N1"}
    again = replace(MADE, points=100, items=other.items, at=LATER)
    assert Given(APPLICATION, MADE, WITHDRAWN).when(other).then(again).applied_at == LATER


@pytest.mark.parametrize("verdict", ["ineligible", "needs_information", "not_in_table"])
def test_who_does_not_meet_the_conditions_is_refused(verdict: str) -> None:
    assert Given(APPLICATION).when(replace(APPLY, verdict=verdict)).refused(no.ConditionsAreNotMet).facts == {"verdict": verdict}
    Given(APPLICATION).when(replace(APPLY, verdict="local")).then(MADE)


def test_an_application_is_withdrawn_once() -> None:
    Given(APPLICATION).when(ap.WithdrawApplication(LATER)).refused(no.ApplicationIsNotThere)
    assert Given(APPLICATION, MADE).when(ap.WithdrawApplication(LATER)).then(WITHDRAWN).status == "withdrawn"
    Given(APPLICATION, MADE, WITHDRAWN).when(ap.WithdrawApplication(LATER)).then()


def test_an_appeal_corrects_what_was_counted() -> None:
    recount = ap.RecountApplication(100, {"education": 60, "skill": 40}, 1, LATER)
    recounted = ap.ApplicationRecounted("a1", "N1", 100, {"education": 60, "skill": 40}, 1, LATER)
    state = Given(APPLICATION, MADE).when(recount).then(recounted)
    assert (state.points, state.items["skill"], state.applied_at, state.status) == (100, 40, AT, "applied")
    Given(APPLICATION, MADE, recounted).when(recount).then()
    Given(APPLICATION).when(recount).refused(no.ApplicationIsNotThere)
