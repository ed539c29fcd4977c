"""Whatever the provider says, however often and in whatever order: a call is answered once, tried no more than planned, and a no is a no."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import call as c
from services.intake.domain import campaign as k
from services.intake.domain import number as n
from services.intake.domain.call_decisions import CALL, CallIsUnknown, CallWasNotMade, NobodyCallsBack, PersonOfCallIsErased
from services.intake.domain.campaign import PURPOSES
from services.intake.domain.campaign_decisions import (
    CAMPAIGN,
    CampaignIsDone,
    CampaignIsNotRunning,
    CampaignIsNotStarted,
    CampaignIsPaused,
    CampaignIsUnknown,
    OutsideCallingHours,
)
from services.intake.domain.number_decisions import NUMBER, NumberIsBlocked, NumberIsCalledElsewhere, NumberOptedOutBefore
from shared.kernel import SHREDDED, Decider, Rejected, fold

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
RETRIES = 2
QUEUED = c.CallQueued("call", "campaign", "person", "house", "number", "needs", "zh", NOW, c.Listed("13800138000"))
PLANNED = k.CampaignPlanned("campaign", "摸排", "needs", "needs", 1, "zh", 100, 480, 1260, RETRIES, 60, NOW)


def obeyed(decider: Decider[Any], commands: list[Any], state: Any = None) -> tuple[list[Any], Any]:
    """Every event that these commands led to, refusals passed over, and the state after them."""
    happened: list[Any] = []
    state = decider.absent if state is None else state
    for command in commands:
        try:
            events = decider.decide(command, state)
        except Rejected:
            continue
        state = fold(decider, events, state)
        happened += events
    return happened, state


def _no_answer(attempt: int, message: str, why: str = "no_answer", retries: int = RETRIES) -> c.RecordNoAnswer:
    return c.RecordNoAnswer(attempt, NOW, message, why, retries, 60, NOW)


_attempts = st.sampled_from([1, 1, 1, 2, 2, 3, 4])
_messages = st.sampled_from("abcdef")
_late = c.DialCall(NOW + timedelta(days=30))  # whatever is queued is due by then
_BEGUN = (c.QueueCall(QUEUED), _late)
_words = st.one_of(
    st.just(_late),
    st.just(_late),
    st.builds(c.DialCall, st.integers(0, 3).map(lambda hours: NOW + timedelta(hours=hours))),
    st.builds(_no_answer, _attempts, _messages, st.sampled_from(["no_answer", "busy"])),
    st.builds(c.RecordAnswer, _attempts, st.just(NOW), _messages, st.sampled_from(["case", "task", "call_back", "no_need"])),
    st.builds(_no_answer, _attempts, _messages, st.sampled_from(["no_answer", "busy", "failed", "rejected"])),
    st.builds(c.RecordOptOut, _attempts, st.just(NOW), _messages, st.sampled_from(["key", "words"])),
    st.builds(c.LoseCall, _attempts, st.just(NOW)),
    st.builds(c.DeferCall, _attempts, st.just(NOW)),
    st.builds(c.SkipCall, st.just(NOW), st.just("do_not_call")),
    st.builds(c.FinishCallBack, st.just(NOW), st.just("no_need")),
)


@given(st.lists(_words, max_size=40))
def test_a_call_is_answered_once_and_tried_no_more_than_planned(words: list[Any]) -> None:
    happened, state = obeyed(CALL, [*_BEGUN, *words])
    dialled = [e for e in happened if isinstance(e, c.CallDialled)]
    deferred = sum(isinstance(e, c.CallDeferred) for e in happened)
    assert sum(isinstance(e, c.CallAnswered) for e in happened) <= 1
    assert sum(isinstance(e, c.CallOptedOut) for e in happened) <= 1
    assert len(dialled) - deferred <= RETRIES + 1
    ended = False
    for event in happened:
        assert not (ended and isinstance(event, c.CallDialled)), "rung after an answer, a no or a loss"
        ended = ended or isinstance(event, c.CallAnswered | c.CallOptedOut | c.CallLost | c.CallSkipped)
    assert state.attempt <= RETRIES + 1


@given(st.lists(_words, max_size=25))
def test_a_word_that_comes_twice_changes_nothing(words: list[Any]) -> None:
    once, _ = obeyed(CALL, [*_BEGUN, *words])
    twice, _ = obeyed(CALL, [*_BEGUN, *[word for word in words for _ in range(2)]])
    assert once == twice


@given(st.lists(_words, max_size=25))
def test_a_try_that_the_provider_never_heard_of_keeps_its_number(words: list[Any]) -> None:
    """Then the same try has the same id, and the provider itself would not ring twice."""
    _, state = obeyed(CALL, [*_BEGUN, *words])
    if state.status == "ringing":
        _, state_after = obeyed(CALL, [c.DeferCall(state.attempt, NOW), c.DialCall(NOW + timedelta(days=30))], state)
        assert state_after.attempt == state.attempt


def test_a_call_that_was_not_made_cannot_have_been_answered() -> None:
    with pytest.raises(CallIsUnknown):
        CALL.decide(c.RecordAnswer(1, NOW, "a", "case"), CALL.absent)
    _, queued = obeyed(CALL, [c.QueueCall(QUEUED)])
    for word in (c.RecordAnswer(1, NOW, "a", "case"), _no_answer(1, "a"), c.RecordOptOut(1, NOW, "a", "key"), c.LoseCall(1, NOW)):
        with pytest.raises(CallWasNotMade):
            CALL.decide(word, queued)
    with pytest.raises(NobodyCallsBack):
        CALL.decide(c.FinishCallBack(NOW, "no_need"), queued)


def test_it_is_tried_again_when_it_is_due_and_not_before() -> None:
    _, state = obeyed(CALL, [c.QueueCall(QUEUED), c.DialCall(NOW), _no_answer(1, "a")])
    assert CALL.decide(c.DialCall(NOW + timedelta(minutes=59)), state) == ()
    assert CALL.decide(c.DialCall(NOW + timedelta(minutes=60)), state)[0].attempt == 2


def test_it_is_tried_as_often_as_planned_and_then_no_more() -> None:
    words = [word for attempt in range(1, 9) for word in (_late, _no_answer(attempt, f"m{attempt}"))]
    happened, state = obeyed(CALL, [c.QueueCall(QUEUED), *words])
    assert [e.attempt for e in happened if isinstance(e, c.CallDialled)] == [1, 2, 3]
    assert state.status == "no_answer"


def test_a_number_that_does_not_exist_is_not_tried_again() -> None:
    _, state = obeyed(CALL, [c.QueueCall(QUEUED), c.DialCall(NOW), _no_answer(1, "a", "rejected")])
    assert state.status == "no_answer"


def test_a_no_after_an_answer_stays_beside_it_and_a_no_ends_further_tries() -> None:
    _, state = obeyed(
        CALL, [c.QueueCall(QUEUED), c.DialCall(NOW), c.RecordAnswer(1, NOW, "a", "case"), c.RecordOptOut(1, NOW, "b", "words")]
    )
    assert (state.status, state.opted_out) == ("answered", True)
    _, state = obeyed(CALL, [c.QueueCall(QUEUED), c.DialCall(NOW), _no_answer(1, "a"), c.RecordOptOut(1, NOW, "b", "key")])
    assert state.status == "opted_out"


def test_whoever_was_erased_has_no_number_to_ring() -> None:
    _, state = obeyed(CALL, [c.QueueCall(c.CallQueued("call", "c", "p", "h", "n", "needs", "zh", NOW, SHREDDED))])
    with pytest.raises(PersonOfCallIsErased):
        CALL.decide(c.DialCall(NOW), state)


def test_a_campaign_lives_through_its_states_and_ends_once() -> None:
    plan, start, pause = k.PlanCampaign(PLANNED), k.StartCampaign(NOW), k.PauseCampaign(NOW)
    _, planned = obeyed(CAMPAIGN, [plan])
    with pytest.raises(CampaignIsNotStarted):
        CAMPAIGN.decide(pause, planned)
    _, paused = obeyed(CAMPAIGN, [start, pause], planned)
    with pytest.raises(CampaignIsPaused):
        CAMPAIGN.decide(start, paused)
    assert CAMPAIGN.decide(k.FinishCampaign(NOW), paused) == (), "a pause is a person's word"
    ended, done = obeyed(CAMPAIGN, [k.ResumeCampaign(NOW), k.FinishCampaign(NOW), k.StopCampaign(NOW)], paused)
    assert [type(e) for e in ended] == [k.CampaignResumed, k.CampaignEnded]
    for command in (start, pause, k.Admit(), k.PaceCampaign(NOW, 5)):
        with pytest.raises(CampaignIsDone):
            CAMPAIGN.decide(command, done)
    with pytest.raises(CampaignIsUnknown):
        CAMPAIGN.decide(start, CAMPAIGN.absent)


@given(st.integers(0, 1439))
def test_somebody_is_rung_within_the_hours_only(minute: int) -> None:
    _, running = obeyed(CAMPAIGN, [k.PlanCampaign(PLANNED), k.StartCampaign(NOW)])
    if 480 <= minute < 1260:
        assert CAMPAIGN.decide(k.Permit(minute), running) == ()
    else:
        with pytest.raises(OutsideCallingHours):
            CAMPAIGN.decide(k.Permit(minute), running)
    _, paused = obeyed(CAMPAIGN, [k.PauseCampaign(NOW)], running)
    with pytest.raises(CampaignIsNotRunning):
        CAMPAIGN.decide(k.Permit(600), paused)


_numbers = st.one_of(
    st.builds(
        n.ClaimNumber, st.just("n"), st.sampled_from(["needs", "weather"]), st.sampled_from(["one", "two"]), st.sampled_from("xyz"),
        st.sampled_from([("one",), ("two",), ("one", "two"), ()]), st.just(NOW),
    ),
    st.builds(n.OptOut, st.just("n"), st.sampled_from(["needs", "weather"]), st.just("key"), st.just(NOW)),
    st.builds(n.BlockNumber, st.just("n"), st.just("asked"), st.just(NOW)),
    st.builds(n.UnblockNumber, st.just("n"), st.just("asked"), st.just(NOW)),
)  # fmt: skip


@given(st.lists(_numbers, max_size=30))
def test_a_number_is_never_claimed_after_a_no_and_not_by_two_living_campaigns(commands: list[Any]) -> None:
    state, refused, blocked = NUMBER.absent, set[str](), False
    for command in commands:
        before = dict(state.held)
        events, state = obeyed(NUMBER, [command], state)
        for event in events:
            if isinstance(event, n.NumberClaimed):
                assert not blocked
                assert event.purpose not in refused
                assert before.get(event.purpose, ("", ""))[0] not in command.living
            blocked = isinstance(event, n.NumberBlocked) or (blocked and not isinstance(event, n.NumberUnblocked))
            if isinstance(event, n.NumberOptedOut):
                refused.add(event.purpose)
    assert set(state.refused) == refused


def test_why_a_number_is_not_called_has_a_name() -> None:
    claim = n.ClaimNumber("n", "needs", "one", "x", ("one", "two"), NOW)
    for commands, refusal in (
        ([n.BlockNumber("n", "asked", NOW)], NumberIsBlocked),
        ([n.OptOut("n", "needs", "key", NOW), n.BlockNumber("n", "asked", NOW), n.UnblockNumber("n", "asked", NOW)], NumberOptedOutBefore),
        ([n.ClaimNumber("n", "needs", "two", "y", ("two",), NOW)], NumberIsCalledElsewhere),
    ):
        _, state = obeyed(NUMBER, commands)
        with pytest.raises(refusal):
            NUMBER.decide(claim, state)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_who_refuses_one_purpose_is_rung_for_the_others(purpose: str) -> None:
    _, refused = obeyed(NUMBER, [n.OptOut("n", purpose, "key", NOW)])
    for other in PURPOSES:
        claim = n.ClaimNumber("n", other, "one", "x", ("one",), NOW)
        if other == purpose:
            with pytest.raises(NumberOptedOutBefore):
                NUMBER.decide(claim, refused)
        else:
            assert NUMBER.decide(claim, refused)


def test_a_call_that_is_under_way_is_not_begun_again() -> None:
    _, ringing = obeyed(CALL, [c.QueueCall(QUEUED), c.DialCall(NOW)])
    assert CALL.decide(c.DialCall(NOW + timedelta(days=1)), ringing) == ()
