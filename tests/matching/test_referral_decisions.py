"""What is said yes and no to about a referral, from the offer to its end."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.matching.domain import referral as r
from services.matching.domain import referral_decisions as no
from services.matching.domain.asking import ATTEMPTS_MAX, Grant, Item
from shared.testing.given import Given
from tests.matching.stories import ABOUT, AT, CASH, GOODS, LATER, LIMIT, RAIN, WISH, ask

REFERRAL = no.REFERRAL
WISHES = ask(candidates=(RAIN, WISH))
OFFERED = r.ReferralOffered(ABOUT, WISHES, LATER, AT, "cash", 800_000, (LIMIT,))
ACCEPTED = r.ReferralAccepted(ABOUT, None, AT)
GRANTED = r.ReferralAccepted(ABOUT, CASH, AT)
SCHEDULED = r.ReferralScheduled(ABOUT, LATER, AT)
CAME, STAYED_AWAY = r.ReferralAttended(ABOUT, True, AT), r.ReferralAttended(ABOUT, False, AT)
STARTED, SERVED = r.ServiceStarted(ABOUT, AT), r.ReferralServed(ABOUT, AT)
NEXT = ask(candidates=(RAIN, WISH), attempt=2, tried=("mercy-s",))
DECLINED = r.ReferralDeclined(ABOUT, "no_capacity", AT, NEXT)
LAPSED = r.ReferralLapsed(ABOUT, LATER, NEXT)
REVOKED = r.ReferralRevoked(ABOUT, "caseworker", AT)
CLOSED = r.ReferralClosed(ABOUT, "no_capacity", AT)
NOT_KEPT = r.GrantNotKept(ABOUT, "bank", AT, ask(candidates=(WISH,), attempt=2))
ENDS = (DECLINED, LAPSED, REVOKED, CLOSED)


def after(*history: Any) -> Given:
    return Given(REFERRAL, OFFERED, *history)


def test_a_referral_is_offered_once() -> None:
    offer = r.OfferReferral(ABOUT, WISHES, LATER, AT, "cash", 800_000, (LIMIT,))
    state = Given(REFERRAL).when(offer).then(OFFERED)
    assert (state.status, state.offer, state.grant) == ("offered", OFFERED, None)
    after().when(offer).refused(no.ReferralAlreadyOffered)
    after(DECLINED).when(offer).refused(no.ReferralAlreadyOffered)


@pytest.mark.parametrize(
    "command",
    [
        r.AcceptReferral(None, AT), r.DeclineReferral("other", AT), r.ScheduleReferral(LATER, AT), r.AttendReferral(True, AT),
        r.StartService(AT), r.ServeReferral(AT), r.CloseReferral("got_help", AT),
    ],
)  # fmt: skip
def test_nothing_is_said_of_a_referral_that_is_unknown(command: Any) -> None:
    Given(REFERRAL).when(command).refused(no.ReferralIsUnknown)


def test_consequences_for_an_unknown_referral_are_nothing() -> None:
    for command in (r.LapseReferral(LATER), r.RevokeReferral("caseworker", AT), r.FailGrant("bank", AT)):
        Given(REFERRAL).when(command).then()


def test_an_open_offer_is_accepted_with_or_without_a_grant() -> None:
    assert after().when(r.AcceptReferral(None, AT)).then(ACCEPTED).status == "accepted"
    assert after().when(r.AcceptReferral(CASH, AT)).then(GRANTED).grant == CASH
    assert after().when(r.AcceptReferral(GOODS, AT)).then(r.ReferralAccepted(ABOUT, GOODS, AT)).grant == GOODS
    after(GRANTED).when(r.AcceptReferral(CASH, AT)).then()
    after(GRANTED).when(r.AcceptReferral(None, AT)).then()
    other = replace(CASH, amount_fen=1)
    assert after(GRANTED).when(r.AcceptReferral(other, AT)).refused(no.ReferralIsNotOpenToAnswers).facts == {"state": "accepted"}


def test_a_grant_comes_later_for_a_referral_that_has_none() -> None:
    again = r.ReferralAccepted(ABOUT, CASH, AT, True)
    assert after(ACCEPTED).when(r.AcceptReferral(CASH, AT)).then(again).status == "in_service"
    state = after(GRANTED, NOT_KEPT).when(r.AcceptReferral(CASH, AT)).then(again)
    assert (state.grant, state.grant_failed) == (CASH, None)


@pytest.mark.parametrize(
    "grant", [Grant("cash"), Grant("cash", -1), Grant("goods"), Grant("goods", 5), Grant("goods", 0, None, None, (Item("x", 0),))]
)
def test_a_grant_of_nothing_is_no_grant(grant: Grant) -> None:
    after().when(r.AcceptReferral(grant, AT)).refused(no.GrantIsEmpty)


@pytest.mark.parametrize("end", ENDS)
def test_after_its_end_a_referral_is_not_revived(end: Any) -> None:
    status = after(end).state.status
    assert after(end).when(r.AcceptReferral(None, AT)).refused(no.ReferralIsNotOpenToAnswers).facts == {"state": status}
    after(end).when(r.DeclineReferral("other", AT)).refused(no.ReferralIsNotOpenToAnswers)
    for command in (r.ScheduleReferral(LATER, AT), r.AttendReferral(True, AT), r.StartService(AT)):
        assert after(end).when(command).refused(no.ReferralIsNotUnderWay).facts == {"state": status}
    after(end).when(r.CloseReferral("could_not_contact", AT)).refused(no.ReferralIsOver)
    for consequence in (r.LapseReferral(LATER), r.RevokeReferral("mistake", AT), r.FailGrant("bank", AT)):
        after(end).when(consequence).then()


def test_a_late_word_of_help_changes_no_end_and_serves_no_open_offer() -> None:
    for end in (DECLINED, LAPSED, REVOKED):
        after(end).when(r.ServeReferral(AT, True)).refused(no.ReferralIsNotUnderWay)
    after(CLOSED).when(r.ServeReferral(AT, True)).then()
    after().when(r.ServeReferral(AT)).refused(no.ReferralIsNotUnderWay)


def test_declining_asks_the_next_provider_and_names_a_reason_on_the_list() -> None:
    after().when(r.DeclineReferral("no_capacity", AT)).then(DECLINED)
    after(DECLINED).when(r.DeclineReferral("no_capacity", AT)).then()
    assert after().when(r.DeclineReferral("dislike", AT)).refused(no.ReasonIsUnknown).facts == {"reason": "dislike"}
    after(ACCEPTED).when(r.DeclineReferral("other", AT)).refused(no.ReferralIsNotOpenToAnswers)
    for reason in r.DECLINE_REASONS:
        assert after().when(r.DeclineReferral(reason, AT)).state.reason == reason


def test_an_offer_lapses_only_while_nobody_has_answered() -> None:
    after().when(r.LapseReferral(LATER)).then(LAPSED)
    for history in ((ACCEPTED,), (LAPSED,), (SERVED,), (ACCEPTED, STARTED)):
        after(*history).when(r.LapseReferral(LATER)).then()


def test_nobody_is_asked_after_a_choice_by_hand_or_too_many() -> None:
    for last in (ask(only="mercy-s"), ask(attempt=ATTEMPTS_MAX)):
        offered = replace(OFFERED, ask=last)
        for command in (r.DeclineReferral("other", AT), r.LapseReferral(LATER)):
            (event,) = Given(REFERRAL, offered).when(command).events
            assert event.next is None
    one_more = replace(OFFERED, ask=ask(attempt=ATTEMPTS_MAX - 1))
    assert Given(REFERRAL, one_more).when(r.LapseReferral(LATER)).events[0].next.attempt == ATTEMPTS_MAX


def test_what_has_been_granted_is_not_taken_back() -> None:
    assert after().when(r.RevokeReferral("caseworker", AT)).then(REVOKED).reason == "caseworker"
    for history in ((ACCEPTED,), (ACCEPTED, SCHEDULED), (ACCEPTED, STARTED), (GRANTED, NOT_KEPT)):
        after(*history).when(r.RevokeReferral("caseworker", AT)).then(REVOKED)
    for further in ((GRANTED,), (GRANTED, STARTED), (ACCEPTED, SERVED), (REVOKED,)):
        after(*further).when(r.RevokeReferral("caseworker", AT)).then()


def test_the_steps_of_help_and_each_of_them_once() -> None:
    steps = (
        (r.ScheduleReferral(LATER, AT), SCHEDULED, "scheduled"), (r.AttendReferral(False, AT), STAYED_AWAY, "unattended"),
        (r.AttendReferral(True, AT), CAME, "attended"), (r.StartService(AT), STARTED, "in_service"), (r.ServeReferral(AT), SERVED, "served"),
    )  # fmt: skip
    history: tuple[Any, ...] = (ACCEPTED,)
    for command, event, status in steps:
        assert after(*history).when(command).then(event).status == status
        history = (*history, event)
        after(*history).when(command).then()
        after().when(command).refused(no.ReferralIsNotUnderWay)
    other_day = r.ScheduleReferral(AT, AT)
    assert after(ACCEPTED, SCHEDULED).when(other_day).state.appointment_at == AT
    for command, _, _ in steps[:-1]:
        after(*history).when(command).refused(no.ReferralIsNotUnderWay)


def test_help_that_arrived_ends_the_referral() -> None:
    arrived = r.ServeReferral(AT, True)
    state = after(GRANTED).when(arrived).then(r.ReferralServed(ABOUT, AT, True))
    assert (state.status, state.reason) == ("closed", "got_help")
    after(GRANTED, SERVED).when(arrived).then(r.ReferralClosed(ABOUT, "got_help", AT, True))


def test_a_referral_is_closed_with_what_came_of_it() -> None:
    close = r.CloseReferral("no_capacity", AT)
    after(ACCEPTED).when(close).then(CLOSED)
    after().when(close).then(CLOSED)
    after(CLOSED).when(close).then()
    after(GRANTED).when(close).then(r.ReferralClosed(ABOUT, "no_capacity", AT, False, True))
    after(GRANTED, SERVED).when(close).then(r.ReferralClosed(ABOUT, "no_capacity", AT, True, False))
    after(ACCEPTED).when(r.CloseReferral("bored", AT)).refused(no.ReasonIsUnknown)
    assert after(CLOSED).when(r.CloseReferral("got_help", AT)).refused(no.ReferralIsOver).facts == {"state": "closed"}


def test_a_grant_that_is_not_kept_goes_back_and_the_next_programme_is_tried() -> None:
    state = after(GRANTED).when(r.FailGrant("bank", AT)).then(NOT_KEPT)
    assert (state.status, state.grant, state.grant_failed) == ("in_service", None, "bank")
    after(GRANTED, NOT_KEPT).when(r.FailGrant("bank", AT)).then()
    for history in ((), (ACCEPTED,), (GRANTED, SERVED)):
        after(*history).when(r.FailGrant("bank", AT)).then()
    only = replace(OFFERED, ask=ask(candidates=(RAIN,)))
    assert Given(REFERRAL, only, GRANTED).when(r.FailGrant("bank", AT)).events[0].next is None
    late = replace(OFFERED, ask=ask(candidates=(RAIN, WISH), attempt=ATTEMPTS_MAX))
    assert Given(REFERRAL, late, GRANTED).when(r.FailGrant("bank", AT)).events[0].next is None
