"""How many may confirm, and which hours a host may verify."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.matching.domain import engagement as g
from services.matching.domain import engagement_decisions as no
from shared.testing.given import Given
from tests.matching.stories import AT, DAY, LATER

ENGAGEMENT = no.ENGAGEMENT
FIRST, LAST = DAY - timedelta(days=7), DAY + timedelta(days=7)
TERMS = g.Terms("e1", "mercy", "education", ("tutoring",), "440106", ("sat_morning",), ("zh-yue",), 2, FIRST, LAST)
OPENED = g.EngagementOpened(TERMS, AT)
VERIFY = g.VerifyHours("v1", DAY, 120, DAY, AT)


def invited(who: str) -> g.VolunteerInvited:
    return g.VolunteerInvited("e1", who, AT)


def confirmed(who: str, count: int) -> g.EngagementConfirmed:
    return g.EngagementConfirmed("e1", who, "mercy", "440106", "education", count, 2, AT)


def declined(who: str, count: int) -> g.EngagementDeclined:
    return g.EngagementDeclined("e1", who, "ill", count, AT)


def verified(minutes: int = 120, entry: int = 1, reason: str | None = None, day: date = DAY) -> g.HoursVerified:
    return g.HoursVerified("e1", "v1", "mercy", "440106", day, minutes, entry, AT, reason)


FULL = (OPENED, *[invited(who) for who in ("v1", "v2", "v3")], confirmed("v1", 1), confirmed("v2", 2))
CLOSED = g.EngagementClosed("e1", "done", AT)


def test_an_engagement_is_opened_once_and_its_terms_replaced() -> None:
    assert Given(ENGAGEMENT).when(g.OpenEngagement(TERMS, AT)).then(OPENED).terms == TERMS
    Given(ENGAGEMENT, OPENED).when(g.OpenEngagement(TERMS, LATER)).then()
    more = replace(TERMS, wanted=3)
    state = Given(ENGAGEMENT, *FULL).when(g.OpenEngagement(more, AT)).then(g.EngagementOpened(more, AT, 2))
    assert (state.terms, state.confirmed) == (more, 2)


def test_terms_that_cannot_be() -> None:
    turned = replace(TERMS, last_day=FIRST - timedelta(days=1))
    Given(ENGAGEMENT).when(g.OpenEngagement(turned, AT)).refused(no.DaysAreTurned)
    other = g.OpenEngagement(replace(TERMS, org_id="hope"), AT)
    Given(ENGAGEMENT, OPENED).when(other).refused(no.EngagementBelongsToAnother)
    fewer = g.OpenEngagement(replace(TERMS, wanted=1), AT)
    assert Given(ENGAGEMENT, *FULL).when(fewer).refused(no.FewerThanConfirmed).facts == {"confirmed": 2}
    Given(ENGAGEMENT, OPENED, CLOSED).when(fewer).refused(no.EngagementIsClosed)
    Given(ENGAGEMENT, OPENED, CLOSED).when(g.OpenEngagement(TERMS, LATER)).then()


def test_a_volunteer_is_invited_once_and_again_after_a_no() -> None:
    assert Given(ENGAGEMENT, OPENED).when(g.InviteVolunteer("v1", AT)).then(invited("v1")).members == {"v1": g.Member("invited")}
    Given(ENGAGEMENT, OPENED, invited("v1")).when(g.InviteVolunteer("v1", LATER)).then()
    Given(ENGAGEMENT, *FULL).when(g.InviteVolunteer("v1", LATER)).then()
    Given(ENGAGEMENT, OPENED, invited("v1"), declined("v1", 0)).when(g.InviteVolunteer("v1", AT)).then(invited("v1"))


def test_never_more_confirm_than_are_wanted() -> None:
    two = (OPENED, invited("v1"), invited("v2"), confirmed("v1", 1))
    assert Given(ENGAGEMENT, *two).when(g.ConfirmEngagement("v2", AT)).then(confirmed("v2", 2)).confirmed == 2
    assert Given(ENGAGEMENT, *FULL).when(g.ConfirmEngagement("v3", AT)).refused(no.EngagementIsFull).facts == {"wanted": 2}
    Given(ENGAGEMENT, *FULL).when(g.ConfirmEngagement("v1", LATER)).then()
    free = (*FULL, declined("v1", 1))
    Given(ENGAGEMENT, *free).when(g.ConfirmEngagement("v3", AT)).then(confirmed("v3", 2))


def test_only_who_is_invited_confirms_or_declines() -> None:
    for events in ((OPENED,), (OPENED, invited("v1"), declined("v1", 0))):
        Given(ENGAGEMENT, *events).when(g.ConfirmEngagement("v1", AT)).refused(no.VolunteerIsNotInvited)
    Given(ENGAGEMENT, OPENED).when(g.DeclineEngagement("v1", "ill", AT)).refused(no.VolunteerIsNotInvited)
    Given(ENGAGEMENT, OPENED, invited("v1")).when(g.DeclineEngagement("v1", "ill", AT)).then(declined("v1", 0))
    Given(ENGAGEMENT, *FULL).when(g.DeclineEngagement("v1", "ill", AT)).then(declined("v1", 1))
    Given(ENGAGEMENT, *FULL, declined("v1", 1)).when(g.DeclineEngagement("v1", "other", AT)).then()


def test_after_the_close_nobody_is_asked_but_hours_are_verified() -> None:
    assert Given(ENGAGEMENT, *FULL).when(g.CloseEngagement("done", AT)).then(CLOSED).closed
    over = Given(ENGAGEMENT, *FULL, CLOSED)
    over.when(g.CloseEngagement("mistake", AT)).then()
    for command in (g.InviteVolunteer("v9", AT), g.ConfirmEngagement("v3", AT)):
        over.when(command).refused(no.EngagementIsClosed)
    over.when(VERIFY).then(verified())


@pytest.mark.parametrize(
    "command",
    [
        g.InviteVolunteer("v1", AT),
        g.ConfirmEngagement("v1", AT),
        g.DeclineEngagement("v1", "ill", AT),
        g.CloseEngagement("done", AT),
        VERIFY,
    ],
)
def test_nothing_is_said_of_what_was_not_opened(command: Any) -> None:
    Given(ENGAGEMENT).when(command).refused(no.EngagementIsUnknown)


def test_hours_are_verified_once_and_corrected_with_a_reason() -> None:
    assert Given(ENGAGEMENT, *FULL).when(VERIFY).then(verified()).hours == {("v1", DAY): (120, 1)}
    known = Given(ENGAGEMENT, *FULL, verified())
    known.when(replace(VERIFY, at=LATER)).then()
    assert known.when(replace(VERIFY, minutes=90)).refused(no.HoursAlreadyVerified).facts == {"day": "2026-11-23", "minutes": 120}
    corrected = verified(90, 2, "miscounted")
    assert known.when(replace(VERIFY, minutes=90, reason="miscounted")).then(corrected).hours == {("v1", DAY): (90, 2)}
    known.when(replace(VERIFY, minutes=0, reason="was_absent")).then(verified(0, 2, "was_absent"))
    Given(ENGAGEMENT, *FULL, verified(), corrected).when(replace(VERIFY, minutes=90)).then()
    Given(ENGAGEMENT, *FULL, verified(), corrected).when(VERIFY).refused(no.HoursAlreadyVerified)


def test_hours_are_of_those_who_confirmed() -> None:
    for who in ("v3", "v9"):
        Given(ENGAGEMENT, *FULL).when(replace(VERIFY, volunteer_id=who)).refused(no.VolunteerDidNotConfirm)
    # Who had confirmed and could not go on has the hours of the days before, and still has them when invited again.
    for events in ((declined("v1", 1),), (declined("v1", 1), invited("v1"))):
        Given(ENGAGEMENT, *FULL, *events).when(VERIFY).then(verified())


def test_hours_are_of_days_that_have_come_and_of_the_engagement() -> None:
    given, tomorrow = Given(ENGAGEMENT, *FULL), DAY + timedelta(days=1)
    assert given.when(replace(VERIFY, day=tomorrow)).refused(no.DayHasNotCome).facts == {"day": "2026-11-24"}
    for outside, today in ((FIRST - timedelta(days=1), DAY), (LAST + timedelta(days=1), LAST + timedelta(days=1))):
        given.when(replace(VERIFY, day=outside, today=today)).refused(no.DayIsOutside)
    for day in (FIRST, LAST):
        given.when(replace(VERIFY, day=day, today=LAST)).then(verified(day=day))
    # What was verified can be corrected whatever the days of the terms are now.
    moved = g.EngagementOpened(replace(TERMS, first_day=tomorrow), AT, 2)
    Given(ENGAGEMENT, *FULL, verified(), moved).when(replace(VERIFY, minutes=60, reason="miscounted")).then(verified(60, 2, "miscounted"))


@pytest.mark.parametrize(("minutes", "allowed"), [(-1, False), (0, False), (1, True), (1440, True), (1441, False)])
def test_a_day_has_up_to_1440_minutes(minutes: int, allowed: bool) -> None:
    said = Given(ENGAGEMENT, *FULL).when(replace(VERIFY, minutes=minutes))
    if allowed:
        said.then(verified(minutes))
    else:
        said.refused(no.MinutesAreNone)
    if minutes < 0 or minutes > 1440:
        Given(ENGAGEMENT, *FULL, verified()).when(replace(VERIFY, minutes=minutes, reason="other")).refused(no.MinutesAreNone)
