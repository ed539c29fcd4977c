"""What is said yes and no to about a referral, from the offer to its end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.matching.domain import referral as r
from services.matching.domain import referral_decisions as no
from services.matching.domain.asking import ATTEMPTS_MAX, Grant, Item
from shared.testing.given import Given
from tests.matching.stories import ABOUT, AT, CASH, DAY, GOODS, LATER, LIMIT, RAIN, WISH, ask

REFERRAL = no.REFERRAL
NEXT_DAY = DAY + timedelta(days=1)
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


def test_a_draft_is_offered_once_and_said_twice_is_said_once() -> None:
    drafted = r.ReferralDrafted(ABOUT, AT)
    Given(REFERRAL).when(r.DraftReferral(ABOUT, AT)).then(drafted)
    Given(REFERRAL, drafted).when(r.DraftReferral(ABOUT, LATER)).then()
    offered = Given(REFERRAL, drafted).when(r.OfferReferral(ABOUT, WISHES, LATER, AT, "cash", 800_000, (LIMIT,))).then(OFFERED)
    assert (offered.status, offered.drafted) == ("offered", None)
    after().when(r.DraftReferral(ABOUT, AT)).refused(no.ReferralAlreadyOffered)
    Given(REFERRAL, drafted).when(r.AcceptReferral(None, AT)).refused(no.ReferralIsUnknown)
    Given(REFERRAL, drafted).when(r.RevokeReferral("mistake", AT)).then(r.DraftDiscarded(ABOUT, "mistake", AT))
    gone = Given(REFERRAL, drafted, r.DraftDiscarded(ABOUT, "mistake", AT))
    assert (gone.state.status, gone.state.about) == ("revoked", None)
    gone.when(r.RevokeReferral("mistake", AT)).then()


def test_only_who_has_not_answered_is_reminded() -> None:
    after().when(r.RemindReferral(AT)).then(r.ReferralReminded(ABOUT, LATER, AT))
    for end in (ACCEPTED, *ENDS):
        after(end).when(r.RemindReferral(AT)).then()
    Given(REFERRAL).when(r.RemindReferral(AT)).then()


def tried(day: date, outcome: str = "no_answer", tries: int = 1) -> r.ContactNoted:
    return r.ContactNoted(ABOUT, "accepted", "telephone", outcome, tries, day, AT)


def test_tries_to_reach_somebody_are_counted_until_they_are_reached() -> None:
    try_again = r.NoteContact("telephone", "no_answer", DAY, AT)
    after(ACCEPTED).when(try_again).then(tried(DAY))
    after(ACCEPTED, tried(DAY)).when(try_again).then(tried(DAY, tries=2))
    after(ACCEPTED, tried(DAY)).when(replace(try_again, outcome="reached")).then(tried(DAY, "reached", 0))
    assert after(ACCEPTED, tried(DAY), tried(DAY, "reached", 0)).state.tried == ()
    after().when(try_again).refused(no.ReferralIsNotUnderWay)
    after(ACCEPTED).when(replace(try_again, outcome="sang")).refused(no.ReasonIsUnknown)
    after(ACCEPTED).when(replace(try_again, channel="pigeon")).refused(no.ReasonIsUnknown)


@pytest.mark.parametrize(
    ("tries", "enough"),
    [((), False), ((DAY, DAY, DAY), False), ((DAY, NEXT_DAY), False), ((DAY, DAY, NEXT_DAY), True), ((DAY, NEXT_DAY, NEXT_DAY), True)],
)
def test_three_tries_on_two_days_are_enough(tries: tuple[date, ...], enough: bool) -> None:
    said = after(ACCEPTED, *[tried(day) for day in tries]).when(r.CloseReferral("could_not_contact", AT))
    if enough:
        said.then(r.ReferralClosed(ABOUT, "could_not_contact", AT))
    else:
        assert said.refused(no.ContactNotTriedEnough).facts == {"tries": len(tries), "days": len(set(tries))}


def test_work_is_with_one_outside_system_at_a_time_and_comes_back() -> None:
    out = r.HandOut("elder-care", "EC-1", LATER, AT)
    handed = r.ReferralHandedOut(ABOUT, "accepted", "elder-care", "EC-1", LATER, AT)
    after(ACCEPTED).when(out).then(handed)
    after(ACCEPTED, handed).when(out).then()
    after(ACCEPTED, handed).when(replace(out, system="other")).refused(no.ReferralIsOutside)
    after().when(out).refused(no.ReferralIsNotUnderWay)
    after(ACCEPTED, handed).when(r.HandBack("done", AT)).then(r.ReferralHandedBack(ABOUT, "accepted", "elder-care", "done", AT))
    assert after(ACCEPTED, handed).state.outside == "elder-care"
    for end in (r.ReferralClosed(ABOUT, "got_help", AT), r.ReferralServed(ABOUT, AT, True), REVOKED):
        after(ACCEPTED, handed, end).when(r.HandBack("silent", AT)).then()  # what came of it stays as it was said
        after(ACCEPTED, handed, end).when(r.HandBack("done", AT)).refused(no.ReferralIsNotOutside)
    after(ACCEPTED).when(r.HandBack("done", AT)).refused(no.ReferralIsNotOutside)
    after(ACCEPTED).when(r.HandBack("silent", AT)).then()
    returned = r.ReferralHandedBack(ABOUT, "accepted", "elder-care", "silent", AT)
    assert after(ACCEPTED, handed, returned).state.outside is None


def test_only_what_ended_without_help_is_opened_again_and_once() -> None:
    again = r.ReopenReferral("new", AT)
    for end in (CLOSED, REVOKED):
        after(end).when(again).then(r.ReferralReopened(ABOUT, "new", AT))
        after(end, r.ReferralReopened(ABOUT, "new", AT)).when(again).refused(no.ReferralCannotBeReopened)
    for other in (
        (),
        (ACCEPTED,),
        (DECLINED,),
        (LAPSED,),
        (r.ReferralClosed(ABOUT, "got_help", AT),),
        (replace(REVOKED, reason="taken_by_another"),),
        (replace(REVOKED, reason="subject_erased"),),
    ):
        after(*other).when(again).refused(no.ReferralCannotBeReopened)


def test_an_answer_to_one_of_several_names_what_it_is_one_of() -> None:
    several = replace(OFFERED, ask=ask(group="g", only="mercy-s"))
    (accepted,) = Given(REFERRAL, several).when(r.AcceptReferral(None, AT)).events
    (declined,) = Given(REFERRAL, several).when(r.DeclineReferral("other", AT)).events
    (lapsed,) = Given(REFERRAL, several).when(r.LapseReferral(AT)).events
    (revoked,) = Given(REFERRAL, several).when(r.RevokeReferral("taken_by_another", AT)).events
    assert [one.group for one in (accepted, declined, lapsed, revoked)] == ["g"] * 4
    (later,) = Given(REFERRAL, several, accepted).when(r.RevokeReferral("caseworker", AT)).events
    assert later.group is None


def test_one_of_several_is_not_closed_before_it_is_taken() -> None:
    several = replace(OFFERED, ask=ask(group="g", only="mercy-s"))
    Given(REFERRAL, several).when(r.CloseReferral("got_help", AT)).refused(no.ReferralIsNotUnderWay)
    Given(REFERRAL, several, ACCEPTED).when(r.CloseReferral("got_help", AT)).then(r.ReferralClosed(ABOUT, "got_help", AT))
