"""What a subscription says yes and no to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.notifications.domain.subscription import (
    DeleteSubscription,
    DisableSubscription,
    PauseSubscription,
    ReplayAsked,
    ReplayFrom,
    ResumeSubscription,
    RotateSecret,
    SecretRotated,
    Subscribe,
    SubscriptionDeleted,
    SubscriptionDisabled,
    SubscriptionMade,
    SubscriptionPaused,
    SubscriptionResumed,
    Wanted,
    secrets_at,
)
from services.notifications.domain.subscription_decisions import (
    SUBSCRIPTION,
    SubscriptionAlreadyMade,
    SubscriptionIsDeleted,
    SubscriptionIsDisabled,
    SubscriptionNotFound,
)
from shared.kernel import SHREDDED, fold
from shared.testing.given import Given

AT = datetime(2026, 11, 23, tzinfo=UTC)
ASK = Subscribe("s", "mercy", "mercy", "https://mercy.example/hook", Wanted(("matching.*",)), 7, "whsec_a", AT)
MADE = SubscriptionMade("s", "mercy", "mercy", "https://mercy.example/hook", Wanted(("matching.*",)), 7, "whsec_a", AT)
PAUSED, RESUMED = SubscriptionPaused("s"), SubscriptionResumed("s")
DISABLED, DELETED = SubscriptionDisabled("s", "mercy", "gone"), SubscriptionDeleted("s")


def test_subscribing_makes_an_active_subscription() -> None:
    state = Given(SUBSCRIPTION).when(ASK).then(MADE)
    assert (state.status, state.position, state.round) == ("active", 7, 0)


def test_subscribing_twice_in_the_same_words_is_once() -> None:
    Given(SUBSCRIPTION, MADE).when(ASK).then()


def test_the_same_id_with_other_words_is_refused() -> None:
    other = Subscribe("s", "mercy", "mercy", "https://other.example", Wanted(), 7, "whsec_b", AT)
    Given(SUBSCRIPTION, MADE).when(other).refused(SubscriptionAlreadyMade)


def test_pause_and_resume_go_back_and_forth() -> None:
    Given(SUBSCRIPTION, MADE).when(PauseSubscription()).then(PAUSED)
    Given(SUBSCRIPTION, MADE, PAUSED).when(PauseSubscription()).then()
    Given(SUBSCRIPTION, MADE, PAUSED).when(ResumeSubscription()).then(RESUMED)
    Given(SUBSCRIPTION, MADE).when(ResumeSubscription()).then()


def test_a_disabled_subscription_is_only_resumed_by_hand() -> None:
    Given(SUBSCRIPTION, MADE).when(DisableSubscription("gone")).then(DISABLED)
    Given(SUBSCRIPTION, MADE, DISABLED).when(DisableSubscription("unreachable")).then()
    Given(SUBSCRIPTION, MADE, DISABLED).when(PauseSubscription()).refused(SubscriptionIsDisabled)
    Given(SUBSCRIPTION, MADE, DISABLED).when(ReplayFrom(0)).refused(SubscriptionIsDisabled)
    assert Given(SUBSCRIPTION, MADE, DISABLED).when(ResumeSubscription()).then(RESUMED).status == "active"


def test_a_deleted_subscription_stays_deleted_and_forgets_its_secrets() -> None:
    state = Given(SUBSCRIPTION, MADE).when(DeleteSubscription()).then(DELETED)
    assert secrets_at(state, AT) == ()
    Given(SUBSCRIPTION, MADE, DELETED).when(DeleteSubscription()).then()
    Given(SUBSCRIPTION, MADE, DELETED).when(DisableSubscription("gone")).then()
    for command in (PauseSubscription(), ResumeSubscription(), RotateSecret("x", AT), ReplayFrom(0)):
        Given(SUBSCRIPTION, MADE, DELETED).when(command).refused(SubscriptionIsDeleted)
    Given(SUBSCRIPTION, MADE, DELETED).when(ASK).refused(SubscriptionAlreadyMade)


def test_what_was_never_made_cannot_be_changed() -> None:
    asked = (PauseSubscription(), ResumeSubscription(), RotateSecret("x", AT), ReplayFrom(0), DisableSubscription("gone"))
    for command in (*asked, DeleteSubscription()):
        Given(SUBSCRIPTION).when(command).refused(SubscriptionNotFound)


def test_after_rotation_both_secrets_sign_until_the_old_one_ends() -> None:
    until = AT + timedelta(hours=24)
    state = Given(SUBSCRIPTION, MADE).when(RotateSecret("whsec_b", until)).then(SecretRotated("s", "whsec_b", until))
    assert secrets_at(state, until - timedelta(seconds=1)) == ("whsec_b", "whsec_a")
    assert secrets_at(state, until) == ("whsec_b",)


def test_a_destroyed_secret_signs_nothing() -> None:
    made = SubscriptionMade("s", "mercy", "mercy", "https://mercy.example", Wanted(), 0, SHREDDED, AT)
    assert secrets_at(fold(SUBSCRIPTION, (made,)), AT) == ()


def test_each_replay_is_a_new_round() -> None:
    Given(SUBSCRIPTION, MADE).when(ReplayFrom(0)).then(ReplayAsked("s", 1, 0))
    state = Given(SUBSCRIPTION, MADE, ReplayAsked("s", 1, 0)).when(ReplayFrom(3)).then(ReplayAsked("s", 2, 3))
    assert (state.round, state.position) == (2, 3)
