"""What is answered to a case, whom it is shared with, and which help is sought."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from msgspec.structs import replace

from services.matching.domain import assessment as a
from services.matching.domain.asking import OPEN_MAX, Ask, asked_next
from services.matching.domain.assessment_decisions import CaseIsNotAssessed, CaseIsNotEligible, SharingStands, assessment, day_of_rules
from services.matching.domain.changing import NewValue, changed
from services.matching.domain.rulebook import rulebook
from services.matching.rulebook import RULEBOOK
from shared.kernel import SHREDDED
from shared.testing.given import Given
from tests.matching.stories import AT, DAY, ILL, LATER

ASSESSMENT = assessment(lambda _: RULEBOOK)
FACTS: dict[str, Any] = {**ILL, "local_hukou": False}
ASSESS = a.AssessCase("case-1", "p1", "h1", "440106", ("medical",), "normal", FACTS, DAY, AT, ("charity",))
ALONE = replace(ASSESS, recipients=None)
STOPPED = a.SharingStopped("case-1", "p1", "consent_withdrawn", LATER, ("case-1-medical",))
ENDED = a.SearchEnded("case-1", "medical", "no_service")


def assessed(command: a.AssessCase = ASSESS) -> a.CaseAssessed:
    (event,) = Given(ASSESSMENT).when(command).events
    assert isinstance(event, a.CaseAssessed)
    return event


def seeks(command: a.AssessCase = ASSESS, *history: Any) -> tuple[Ask, ...]:
    (event,) = Given(ASSESSMENT, *history).when(command).events
    return tuple(event.seeks)


def test_a_case_is_assessed_with_every_programme_in_order() -> None:
    event = assessed()
    assert [v.programme for v in event.verdicts] == [p.code for p in RULEBOOK.programmes]
    assert {v.programme: v.amount_fen for v in event.verdicts if v.verdict == "eligible"} == {"LOTTERY-RAIN": 800_000}
    assert (event.on, event.seen_on, event.rule_version, event.missing) == (DAY, DAY, RULEBOOK.version, ())


def test_help_is_sought_only_once_sharing_is_agreed_to() -> None:
    assert seeks(ALONE) == ()
    (asked,) = seeks()
    assert (asked.referral_id, asked.need, asked.recipients, asked.rounds) == ("case-1-medical", "medical", ("charity",), 1)
    assert [(c.programme, c.kind, c.amount_fen) for c in asked.candidates] == [("LOTTERY-RAIN", "cash", 800_000)]
    assert [limit.key for limit in asked.candidates[0].limits] == ["LOTTERY-RAIN:case-1"]


def test_a_programme_serves_one_need_of_a_case_and_other_needs_go_by_themselves() -> None:
    both = replace(ASSESS, needs=("emergency", "medical", "housing"))
    assert [(s.need, [c.programme for c in s.candidates]) for s in seeks(both)] == [
        ("emergency", ["LOTTERY-RAIN"]), ("medical", []), ("housing", []),
    ]  # fmt: skip


STUDENT = {**FACTS, "student": "college", "disability_grade": 2, "residence_permit": True}
HURRY = {"local_hukou": True, "accident": True, "event_on": "2026-11-20", "monthly_income_fen": 100_000, "household_size": 1,
         "necessary_spending_month_fen": 90_000, "property_within_limits": False}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "needs", "sought"),
    [
        (STUDENT, ("medical",), [["GOV-STUDENT", "CHARITY-MED", "LOTTERY-RAIN"]]),  # and not GOV-MEDICAL, which stands behind the first
        ({**STUDENT, "student": "none"}, ("medical",), [["GOV-MEDICAL", "LOTTERY-RAIN"]]),
        (HURRY, ("emergency", "education"), [["TEMP-URGENT"], []]),
        (HURRY, ("education",), [["TEMP-EXPENSE"]]),  # what serves no need of this case stands in nobody's way
    ],
)
def test_what_stands_behind_a_programme_that_is_sought_is_not_sought_beside_it(
    facts: dict[str, Any], needs: tuple[str, ...], sought: list[list[str]]
) -> None:
    assert [[c.programme for c in one.candidates] for one in seeks(replace(ASSESS, facts=facts, needs=needs))] == sought


def test_a_case_without_a_need_seeks_the_need_of_its_first_programme() -> None:
    assert [s.need for s in seeks(replace(ASSESS, needs=()))] == ["medical"]
    assert seeks(replace(ASSESS, needs=(), facts={})) == ()


@pytest.mark.parametrize(("urgency", "hours"), [("critical", 4), ("high", 24), ("normal", 72), ("none", 72), ("strange", 72)])
def test_urgency_sets_the_time_to_answer(urgency: str, hours: int) -> None:
    assert seeks(replace(ASSESS, urgency=urgency))[0].answer_hours == hours


def test_a_wish_travels_with_the_search() -> None:
    wish = {**FACTS, "wish_sku": "radio", "certificates": ["dibao"]}
    assert seeks(replace(ASSESS, facts=wish))[0].sku == "radio"
    assert seeks(replace(ASSESS, facts={**wish, "wish_sku": 7}))[0].sku is None


def test_special_circumstances_open_the_higher_cap() -> None:
    special = {**FACTS, "special_circumstances": True, "medical_self_paid_year_fen": 3_000_000}
    (candidate,) = seeks(replace(ASSESS, facts=special))[0].candidates
    assert (candidate.amount_fen, candidate.limits[0].cap_fen) == (2_000_000, 2_000_000)


def test_the_same_facts_are_assessed_once() -> None:
    Given(ASSESSMENT, assessed()).when(replace(ASSESS, at=LATER)).then()
    Given(ASSESSMENT, assessed()).when(replace(ALONE, at=LATER)).then()
    changes: tuple[dict[str, Any], ...] = (
        {"facts": {}}, {"needs": ("housing",)}, {"urgency": "high"}, {"district": "440103"}, {"household_id": "h2"},
    )  # fmt: skip
    for change in changes:
        (event,) = Given(ASSESSMENT, assessed()).when(replace(ASSESS, **change)).events
        assert isinstance(event, a.CaseAssessed), change


def test_the_same_facts_are_assessed_again_by_other_rules_and_after_an_erasure() -> None:
    three = rulebook(RULEBOOK.programmes[:3], RULEBOOK.city)
    fewer = assessment(lambda _: three)
    (event,) = Given(fewer, assessed()).when(ASSESS).events
    assert (len(event.verdicts), event.rule_version != RULEBOOK.version) == (3, True)
    assert len(Given(ASSESSMENT, replace(assessed(), facts=SHREDDED)).when(ASSESS).events) == 1


def test_new_facts_start_only_the_searches_that_have_ended() -> None:
    more = replace(ASSESS, facts={**FACTS, "age": 70})
    assert seeks(more, assessed()) == ()
    (again,) = seeks(more, assessed(), ENDED)
    assert (again.referral_id, again.rounds) == ("case-1-medical.2", 2)
    assert [s.need for s in seeks(replace(more, needs=("medical", "housing")), assessed())] == ["housing"]


def test_sharing_is_allowed_once_and_starts_the_search() -> None:
    allow = a.AllowSharing(("charity",), LATER)
    Given(ASSESSMENT).when(allow).refused(CaseIsNotAssessed)
    alone = assessed(ALONE)
    allowed = a.SharingAllowed("case-1", ("charity",), LATER, assessed().seeks, "p1", FACTS)
    assert Given(ASSESSMENT, alone).when(allow).then(allowed).recipients == ("charity",)
    Given(ASSESSMENT, alone, allowed).when(allow).then()
    wider = a.AllowSharing(("charity", "hospital"), LATER)
    Given(ASSESSMENT, alone, allowed).when(wider).then(a.SharingAllowed("case-1", ("charity", "hospital"), LATER))
    assert Given(ASSESSMENT, alone).when(replace(ASSESS, at=LATER)).events == (allowed,)


def test_nothing_is_sought_for_facts_that_are_destroyed() -> None:
    gone = replace(assessed(ALONE), facts=SHREDDED)
    Given(ASSESSMENT, gone).when(a.AllowSharing(("charity",), LATER)).then(a.SharingAllowed("case-1", ("charity",), LATER))
    assert a.facts_of(gone) is None


def test_a_withdrawal_names_what_may_be_open_and_is_said_once() -> None:
    stop = a.StopSharing("consent_withdrawn", LATER)
    assert Given(ASSESSMENT, assessed()).when(stop).then(STOPPED).recipients is None
    Given(ASSESSMENT, assessed(), STOPPED).when(stop).then()
    Given(ASSESSMENT).when(stop).then()
    Given(ASSESSMENT, assessed(ALONE)).when(stop).then()
    second = a.OfferNoted("case-1", "medical", "case-1-medical-2")
    both = replace(STOPPED, open=("case-1-medical", "case-1-medical-2"))
    Given(ASSESSMENT, assessed(), second).when(stop).then(both)
    Given(ASSESSMENT, assessed(), second, replace(ENDED, reason="revoked")).when(stop).then(both)


def test_a_search_that_found_help_before_a_withdrawal_is_not_begun_again() -> None:
    allow = a.AllowSharing(("charity",), LATER)
    Given(ASSESSMENT, assessed(), STOPPED).when(allow).then(a.SharingAllowed("case-1", ("charity",), LATER))
    revoked = replace(ENDED, reason="revoked")
    assert [s.rounds for s in Given(ASSESSMENT, assessed(), STOPPED, revoked).when(allow).events[0].seeks] == [2]


def test_an_erasure_is_always_passed_on() -> None:
    stop = a.StopSharing("subject_erased", LATER)
    Given(ASSESSMENT, assessed(), STOPPED).when(stop).then(replace(STOPPED, reason="subject_erased"))
    Given(ASSESSMENT, assessed(ALONE)).when(stop).then(replace(STOPPED, reason="subject_erased", open=()))


def test_a_search_rests_when_a_grant_fails_after_a_withdrawal() -> None:
    rest = a.RestSearch("medical")
    assert Given(ASSESSMENT, assessed()).when(rest).refused(SharingStands).facts == {"need": "medical"}
    Given(ASSESSMENT, assessed(), STOPPED).when(rest).then()
    Given(ASSESSMENT).when(rest).then()


def test_new_facts_after_a_withdrawal_seek_nothing() -> None:
    event = Given(ASSESSMENT, assessed(), STOPPED).when(replace(ALONE, facts={})).events[0]
    assert (event.recipients, event.seeks) == (None, ())


def test_the_search_is_noted_where_it_stands() -> None:
    second = a.OfferNoted("case-1", "medical", "case-1-medical-2")
    state = Given(ASSESSMENT, assessed()).when(a.NoteOffer("medical", "case-1-medical-2")).then(second)
    assert state.of("medical") == a.Sought("medical", 1, "case-1-medical-2", ("case-1-medical",))
    Given(ASSESSMENT, assessed(), second).when(a.NoteOffer("medical", "case-1-medical-2")).then()
    by_hand = Given(ASSESSMENT, assessed()).when(a.NoteOffer("housing", "x")).state
    assert by_hand.of("housing") == a.Sought("housing", 1, "x")
    Given(ASSESSMENT).when(a.NoteOffer("medical", "x")).then()


def test_what_a_search_remembers_is_bounded() -> None:
    noted = [a.OfferNoted("case-1", "medical", f"r{n}") for n in range(80)]
    assert len(Given(ASSESSMENT, assessed(), *noted).when(a.StopSharing("case_closed", LATER)).events[0].open) == OPEN_MAX + 1


def test_a_search_ends_once_and_only_where_it_stands() -> None:
    ended = a.NoteEnded("medical", "no_service")
    assert Given(ASSESSMENT, assessed()).when(ended).then(ENDED).of("medical") == a.Sought("medical", 1, None, ("case-1-medical",), True)
    Given(ASSESSMENT, assessed()).when(replace(ended, referral_id="case-1-medical")).then(ENDED)
    Given(ASSESSMENT, assessed()).when(replace(ended, referral_id="case-1-medical-2")).then()
    Given(ASSESSMENT, assessed(), ENDED).when(ended).then()
    Given(ASSESSMENT, assessed()).when(a.NoteEnded("housing", "no_service")).then()
    Given(ASSESSMENT).when(ended).then()


def test_an_end_without_help_says_where_and_after_how_many_the_need_is_nobodys() -> None:
    ended = a.NoteEnded("medical", "no_capacity", "case-1-medical", LATER)
    told = replace(ENDED, reason="no_capacity", district="440106", tried=1, unmet_at=LATER)
    assert Given(ASSESSMENT, assessed()).when(ended).then(told).of("medical").unmet
    by_hand = a.OfferNoted("case-1", "medical", "r2")
    Given(ASSESSMENT, assessed(), by_hand).when(ended).then()
    Given(ASSESSMENT, assessed(), by_hand).when(replace(ended, referral_id="r2")).then(replace(told, tried=2))
    revoked = replace(ENDED, reason="revoked")
    assert not Given(ASSESSMENT, assessed()).when(a.NoteEnded("medical", "revoked")).then(revoked).of("medical").unmet


def closed(outcome: str) -> a.StopSharing:
    return a.StopSharing("case_closed", LATER, outcome)


@pytest.mark.parametrize("outcome", ["could_not_contact", "not_eligible", "no_capacity", "could_not_get_help"])
def test_a_case_closed_without_help_leaves_its_needs_unmet(outcome: str) -> None:
    both = replace(ALONE, needs=("medical", "housing"))
    left = a.CaseEnded("case-1", "440106", outcome, LATER, ("medical", "housing"))
    state = Given(ASSESSMENT, assessed(both)).when(closed(outcome)).then(left)  # nobody agreed to sharing, so nothing is revoked
    assert state.sought == (a.Sought("medical", 1, None, (), True), a.Sought("housing", 1, None, (), True))
    Given(ASSESSMENT, assessed(both), left).when(closed(outcome)).then()
    again = Given(ASSESSMENT, assessed(both), left).when(a.AllowSharing(("charity",), LATER)).events[0].seeks
    assert [(one.need, one.rounds) for one in again] == [("medical", 2), ("housing", 2)]
    shared = replace(both, recipients=("charity",))
    stopped = replace(STOPPED, reason="case_closed", open=("case-1-medical", "case-1-housing"))
    # Whoever has an offer may have begun to help; what is taken back is nobody's from the close on.
    none = replace(left, unmet=())
    Given(ASSESSMENT, assessed(shared)).when(closed(outcome)).then(none, stopped)
    taken_back = a.SearchEnded("case-1", "medical", outcome, "440106", 1, LATER)
    for reason, at in (("revoked", None), ("refused_by_all", AT)):
        ended = a.NoteEnded("medical", reason, "case-1-medical", at)
        assert Given(ASSESSMENT, assessed(shared), none, stopped).when(ended).then(taken_back).of("medical").unmet
        opened = a.SharingAllowed("case-1", ("charity",), LATER)
        after = Given(ASSESSMENT, assessed(shared), none, stopped, opened).when(ended).events
        assert [one.reason for one in after] == [reason], "the case is open again"
    own_word = a.NoteEnded("medical", "no_longer_interested", "case-1-medical")
    Given(ASSESSMENT, assessed(shared), none, stopped).when(own_word).then(replace(ENDED, reason="no_longer_interested"))
    revoked, known = replace(ENDED, reason="revoked"), replace(ENDED, need="housing")
    state = Given(ASSESSMENT, assessed(shared), revoked, known).when(closed(outcome)).then(replace(left, unmet=("medical",)), stopped)
    assert all(one.unmet for one in state.sought)


@pytest.mark.parametrize("outcome", ["got_help", "referred_elsewhere", "no_longer_interested", "needs_met"])
def test_a_case_closed_with_help_waits_for_nobody(outcome: str) -> None:
    Given(ASSESSMENT, assessed(ALONE)).when(closed(outcome)).then()
    over = a.CaseEnded("case-1", "440106", outcome, LATER, (), ("medical",))
    stopped = replace(STOPPED, reason="case_closed")
    state = Given(ASSESSMENT, assessed(), ENDED).when(closed(outcome)).then(over, stopped)
    assert not state.of("medical").unmet
    Given(ASSESSMENT, assessed(), ENDED).when(closed("")).then(stopped)
    Given(ASSESSMENT).when(closed(outcome)).then()


def test_what_is_missing_is_asked_for_only_where_it_could_help() -> None:
    nothing_known = replace(ALONE, facts={})
    missing = assessed(nothing_known).missing
    assert {"student", "local_hukou", "medical_self_paid_year_fen"} <= set(missing)
    assert "has_supporter" not in missing, "special hardship is no answer to a medical need"
    assert assessed(replace(nothing_known, needs=("housing",))).missing == ()
    assert assessed(ALONE).missing == ()  # something is open already
    settled = {"local_hukou": False, "medical_self_paid_year_fen": 0, "age": 30, "wish_sku": "radio", "certificates": []}
    no = {"application_running": False, "accident": False, "serious_illness": False, "monthly_income_fen": 10**9, "household_size": 1}
    assert assessed(replace(ALONE, facts={**settled, **no})).missing == ()


def test_exactly_what_is_missing_is_asked_for() -> None:
    needy = {"local_hukou": True, "household_size": 2, "monthly_income_fen": 80_000, "application_running": False}
    no = {"accident": False, "serious_illness": False, "certificates": ["none"]}
    poor = replace(ALONE, needs=("education",), facts={**needy, **no, "wish_sku": None})
    assert assessed(poor).missing == ("necessary_spending_month_fen", "property_within_limits", "wish_sku")


def test_once_nothing_is_missing_any_more_that_is_said_once() -> None:
    asked = assessed(replace(ALONE, facts={}))
    told, nothing = Given(ASSESSMENT, asked).when(ALONE).events
    assert (asked.missing != (), told.missing, nothing) == (True, (), a.NothingMissing("case-1", AT))
    other = replace(ALONE, facts={**FACTS, "age": 70})
    assert len(Given(ASSESSMENT, asked, told, nothing).when(other).events) == 1


def test_a_programme_is_confirmed_only_by_an_eligible_verdict_of_the_latest_assessment() -> None:
    rain = a.ConfirmEligible("LOTTERY-RAIN")
    Given(ASSESSMENT, assessed()).when(rain).then()
    for programme in ("CHILD-ILL", "GOV-MEDICAL", "UNKNOWN"):
        refusal = Given(ASSESSMENT, assessed()).when(a.ConfirmEligible(programme)).refused(CaseIsNotEligible)
        assert refusal.facts == {"programme": programme}
    well = assessed(replace(ASSESS, facts={**FACTS, "serious_illness": False, "accident": False}))
    Given(ASSESSMENT, assessed(), well).when(rain).refused(CaseIsNotEligible)
    Given(ASSESSMENT).when(rain).refused(CaseIsNotAssessed)


@pytest.mark.parametrize(
    ("event_on", "expected"),
    [
        (None, DAY), ("2020-05-01", date(2020, 5, 1)), (date(2020, 5, 1), date(2020, 5, 1)), ("2020-05-01T10:00:00+08:00", date(2020, 5, 1)),
        ("2026-11-23", DAY), ("2026-11-24", DAY), ("someday", DAY), (5, DAY),
    ],
)  # fmt: skip
def test_the_rules_are_those_of_the_day_of_the_event(event_on: Any, expected: date) -> None:
    assert day_of_rules({"event_on": event_on}, DAY) == expected


HIGHER = changed(RULEBOOK, (NewValue(None, "dibao_line_fen", date(2024, 1, 1), Fraction(128_000), "ASSUMPTION"),))
BY_HIGHER = assessment(lambda _: HIGHER)
NEAR: dict[str, Any] = {"local_hukou": True, "household_size": 1, "property_within_limits": True, "monthly_income_fen": 125_000}
REFUSED = replace(ASSESS, facts=NEAR, needs=("livelihood",))
ASKED = a.Reassess("1", LATER)


def test_a_new_number_answers_those_anew_whom_it_reaches_and_seeks_their_help() -> None:
    before = assessed(REFUSED)
    found, *_ = Given(BY_HIGHER, before).when(ASKED).events
    assert found.rule_version == HIGHER.version != before.rule_version
    assert "DIBAO" in found.changed.gained
    assert (found.changed.reassessment, found.changed.after_fen - found.changed.before_fen) == ("1", 3_000)
    assert (found.facts, found.on, found.needs, found.at) == (before.facts, before.on, before.needs, LATER)
    ended = a.SearchEnded("case-1", "livelihood", "no_service")
    again, *_ = Given(BY_HIGHER, before, ended).when(ASKED).events
    assert [(ask.need, ask.rounds, ask.candidates[0].programme) for ask in again.seeks] == [("livelihood", 2, "DIBAO")]


def test_whom_a_new_number_does_not_reach_keeps_the_answer_as_it_was_given() -> None:
    far = assessed(replace(REFUSED, facts={**NEAR, "monthly_income_fen": 400_000}))
    Given(BY_HIGHER, far).when(ASKED).then()
    near = assessed(REFUSED)
    Given(ASSESSMENT, near).when(ASKED).then()
    Given(BY_HIGHER).when(ASKED).then()
    Given(BY_HIGHER, replace(near, facts=SHREDDED)).when(ASKED).then()


def test_who_loses_by_a_new_number_is_told_apart_from_who_gains() -> None:
    (above,) = Given(BY_HIGHER).when(REFUSED).events
    found, *_ = Given(ASSESSMENT, above).when(ASKED).events
    assert ("DIBAO" in found.changed.lost, found.changed.gained) == (True, ())


def test_a_reassessment_shares_with_nobody_who_was_not_agreed_to() -> None:
    found, *_ = Given(BY_HIGHER, assessed(replace(REFUSED, recipients=None))).when(ASKED).events
    assert (found.recipients, found.seeks) == (None, ())
    stopped = a.SharingStopped("case-1", "p1", "consent_withdrawn", LATER)
    found, *_ = Given(BY_HIGHER, assessed(REFUSED), stopped).when(ASKED).events
    assert (found.recipients, found.seeks) == (None, ())


def test_what_was_agreed_to_counts_again_when_a_closed_case_is_opened_again() -> None:
    closed = a.SharingStopped("case-1", "p1", "case_closed", LATER)
    found, *_ = Given(BY_HIGHER, assessed(REFUSED), closed).when(ASKED).events
    assert found.seeks == ()
    (allowed,) = (
        Given(BY_HIGHER, assessed(REFUSED), closed, a.SearchEnded("case-1", "livelihood", "no_service"), found)
        .when(a.ResumeSharing(LATER))
        .events
    )
    assert (allowed.recipients, [ask.need for ask in allowed.seeks]) == (("charity",), ["livelihood"])
    Given(BY_HIGHER, assessed(REFUSED), closed, allowed).when(a.ResumeSharing(LATER)).then()


def test_consent_that_was_taken_back_while_a_case_was_closed_does_not_come_back() -> None:
    closed = a.SharingStopped("case-1", "p1", "case_closed", LATER)
    (stopped,) = Given(ASSESSMENT, assessed(), closed).when(a.StopSharing("consent_withdrawn", LATER)).events
    Given(ASSESSMENT, assessed(), closed, stopped).when(a.ResumeSharing(LATER)).then()
    Given(ASSESSMENT, assessed(), closed).when(a.StopSharing("case_closed", LATER)).then()
    Given(ASSESSMENT, assessed(ALONE)).when(a.ResumeSharing(LATER)).then()
    Given(ASSESSMENT).when(a.ResumeSharing(LATER)).then()


def test_a_service_that_has_come_is_asked_alone_for_a_need_that_nobody_serves() -> None:
    again = a.SeekAgain("medical", "new-s", LATER)
    (event,) = Given(ASSESSMENT, assessed(), ENDED).when(again).events
    (ask,) = event.seeks
    assert (ask.among, ask.need, ask.rounds, ask.referral_id, event.facts) == ("new-s", "medical", 2, "case-1-medical.2", FACTS)
    assert asked_next(ask, "new-s") is None
    state = Given(ASSESSMENT, assessed(), ENDED, event).state.of("medical")
    assert (state.referral_id, state.unmet) == ("case-1-medical.2", False)
    nobody = replace(ENDED, reason="revoked")
    for history in ((), (assessed(ALONE),), (assessed(),), (assessed(), nobody), (assessed(), ENDED, STOPPED), (assessed(), ENDED, event)):
        Given(ASSESSMENT, *history).when(again).then()
    Given(ASSESSMENT, replace(assessed(), facts=SHREDDED), ENDED).when(again).then()
    Given(ASSESSMENT, assessed(), ENDED).when(replace(again, need="housing")).then()
