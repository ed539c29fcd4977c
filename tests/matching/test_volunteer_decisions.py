"""Who can be asked to volunteer, and how verified minutes are credited."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.matching.domain import volunteer as v
from services.matching.domain import volunteer_decisions as no
from shared.kernel import SHREDDED
from shared.testing.given import Given
from tests.matching.stories import AT, DAY, LATER

VOLUNTEER = no.VOLUNTEER
REGISTER = v.RegisterVolunteer("v1", "iv-1", ("tutoring",), ("440106",), ("sat_morning",), ("en", "zh-yue"), AT)
REGISTERED = v.VolunteerRegistered("v1", "iv-1", ("tutoring",), ("440106",), ("sat_morning",), ("en", "zh-yue"), "active", AT)
PAUSED, RESUMED = v.VolunteerPaused("v1", AT), v.VolunteerResumed("v1", AT)
LEFT, ERASED = v.VolunteerLeft("v1", "moved", AT), v.VolunteerLeft("v1", "erased", AT)
CREDIT = v.CreditHours("e1", "mercy", "440106", DAY, 120, 1, AT)


def credited(engagement: str = "e1", day: date = DAY, minutes: int = 120, entry: int = 1) -> v.HoursCredited:
    return v.HoursCredited("v1", engagement, "mercy", "440106", day, minutes, entry, AT)


def test_a_volunteer_is_registered_once_and_told_anew() -> None:
    assert Given(VOLUNTEER).when(REGISTER).then(REGISTERED).status == "active"
    Given(VOLUNTEER, REGISTERED).when(replace(REGISTER, at=LATER)).then()
    for change in ({"skills": ("driving",)}, {"districts": ()}, {"times": ()}, {"languages": ("zh-cmn",)}):
        Given(VOLUNTEER, REGISTERED).when(replace(REGISTER, **change)).then(replace(REGISTERED, **change))


def test_who_is_told_anew_keeps_the_hours_and_the_pause() -> None:
    paused = replace(REGISTERED, districts=(), status="paused")
    state = Given(VOLUNTEER, REGISTERED, credited(), PAUSED).when(replace(REGISTER, districts=())).then(paused)
    assert (state.status, state.minutes) == ("paused", {("e1", DAY): 120})


def test_a_pause_ends() -> None:
    assert Given(VOLUNTEER, REGISTERED).when(v.PauseVolunteer(AT)).then(PAUSED).status == "paused"
    Given(VOLUNTEER, REGISTERED, PAUSED).when(v.PauseVolunteer(AT)).then()
    assert Given(VOLUNTEER, REGISTERED, PAUSED).when(v.ResumeVolunteer(AT)).then(RESUMED).status == "active"
    Given(VOLUNTEER, REGISTERED).when(v.ResumeVolunteer(AT)).then()


def test_who_left_comes_back_by_registering() -> None:
    assert Given(VOLUNTEER, REGISTERED, PAUSED).when(v.LeaveVolunteer("moved", AT)).then(LEFT).status == "left"
    gone = Given(VOLUNTEER, REGISTERED, LEFT)
    gone.when(v.LeaveVolunteer("no_time", AT)).then()
    for command in (v.PauseVolunteer(AT), v.ResumeVolunteer(AT)):
        gone.when(command).refused(no.VolunteerHasLeft)
    assert gone.when(REGISTER).then(REGISTERED).status == "active"


def test_who_asked_to_be_forgotten_stays_so() -> None:
    for given in (Given(VOLUNTEER, REGISTERED), Given(VOLUNTEER, REGISTERED, LEFT)):
        assert given.when(v.LeaveVolunteer("erased", AT)).then(ERASED).status == "erased"
    forgotten = Given(VOLUNTEER, replace(REGISTERED, external_ref=SHREDDED), ERASED)
    forgotten.when(v.LeaveVolunteer("erased", AT)).then()
    forgotten.when(REGISTER).refused(no.VolunteerWasErased)
    forgotten.when(CREDIT).then(credited())  # what was done before still counts


def test_only_who_is_active_can_be_asked() -> None:
    Given(VOLUNTEER, REGISTERED).when(v.ConfirmActive()).then()
    for events in ((PAUSED,), (LEFT,), (ERASED,)):
        Given(VOLUNTEER, REGISTERED, *events).when(v.ConfirmActive()).refused(no.VolunteerIsNotActive)


@pytest.mark.parametrize("command", [v.PauseVolunteer(AT), v.ResumeVolunteer(AT), v.LeaveVolunteer("moved", AT), v.ConfirmActive(), CREDIT])
def test_nobody_is_told_anything_before_being_registered(command: Any) -> None:
    Given(VOLUNTEER).when(command).refused(no.VolunteerIsUnknown)


def test_minutes_of_a_day_are_credited_once_and_replaced_by_a_correction() -> None:
    assert Given(VOLUNTEER, REGISTERED).when(CREDIT).then(credited()).minutes == {("e1", DAY): 120}
    Given(VOLUNTEER, REGISTERED, credited()).when(replace(CREDIT, at=LATER)).then()
    corrected = replace(CREDIT, minutes=90, entry=2)
    state = Given(VOLUNTEER, REGISTERED, credited()).when(corrected).then(credited(minutes=90, entry=2))
    assert state.minutes == {("e1", DAY): 90}


def test_no_day_has_more_than_24_hours_over_all_engagements() -> None:
    busy = Given(VOLUNTEER, REGISTERED, credited(minutes=1000), credited("e2", minutes=400))
    full = replace(CREDIT, engagement_id="e3", minutes=40)
    busy.when(full).then(credited("e3", minutes=40))
    assert busy.when(replace(full, minutes=41)).refused(no.DayHasNoMoreHours).facts == {"day": "2026-11-23"}
    tomorrow = DAY + timedelta(days=1)
    busy.when(replace(full, day=tomorrow, minutes=1440)).then(credited("e3", tomorrow, 1440))
    busy.when(replace(CREDIT, minutes=1040, entry=2)).then(credited(minutes=1040, entry=2))  # its own minutes do not count twice
    busy.when(replace(CREDIT, minutes=1041, entry=2)).refused(no.DayHasNoMoreHours)


def test_hours_of_a_year_are_whole_and_of_days_that_have_been() -> None:
    last, first = date(2025, 12, 31), date(2026, 1, 1)
    events = (credited(day=last, minutes=59), credited("e2", last, 60), credited(day=first, minutes=61), credited(day=DAY, minutes=59))
    state = Given(VOLUNTEER, REGISTERED, *events).state
    assert v.hours_by_year(state, DAY) == {2025: 1, 2026: 2}
    assert v.hours_by_year(state, DAY - timedelta(days=1)) == {2025: 1, 2026: 1}
    assert v.hours_by_year(state, last - timedelta(days=1)) == {}
