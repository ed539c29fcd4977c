"""Every yes and every no about a subscription."""

from __future__ import annotations

from typing import assert_never

from services.notifications.domain.subscription import (
    ABSENT,
    DeleteSubscription,
    DisableSubscription,
    Event,
    PauseSubscription,
    ReplayAsked,
    ReplayFrom,
    ResumeSubscription,
    RotateSecret,
    SecretRotated,
    Subscribe,
    Subscription,
    SubscriptionDeleted,
    SubscriptionDisabled,
    SubscriptionMade,
    SubscriptionPaused,
    SubscriptionResumed,
    evolve,
)
from shared.kernel import Decider, Rejected

Command = Subscribe | RotateSecret | PauseSubscription | ResumeSubscription | DisableSubscription | DeleteSubscription | ReplayFrom


class SubscriptionNotFound(Rejected):
    """There is no such subscription."""


class SubscriptionAlreadyMade(Rejected):
    """This subscription was made before, with other words."""


class SubscriptionIsDeleted(Rejected):
    """This subscription was deleted; make a new one."""


class SubscriptionIsDisabled(Rejected):
    """This subscription is disabled; resume it first."""


def subscribe(command: Subscribe, state: Subscription) -> tuple[Event, ...]:
    if state.status == "absent":
        return (
            SubscriptionMade(
                command.subscription_id,
                command.owner,
                command.org_id,
                command.url,
                command.wanted,
                command.position,
                command.secret,
                command.at,
            ),
        )
    if (state.owner, state.url, state.wanted) == (command.owner, command.url, command.wanted) and state.status != "deleted":
        return ()
    raise SubscriptionAlreadyMade


def _there(state: Subscription) -> None:
    if state.status == "absent":
        raise SubscriptionNotFound
    if state.status == "deleted":
        raise SubscriptionIsDeleted


def rotate(command: RotateSecret, state: Subscription) -> tuple[Event, ...]:
    _there(state)
    if state.secret == command.secret:
        return ()
    return (SecretRotated(state.subscription_id, command.secret, command.old_until),)


def pause(state: Subscription) -> tuple[Event, ...]:
    _there(state)
    if state.status == "disabled":
        raise SubscriptionIsDisabled
    return () if state.status == "paused" else (SubscriptionPaused(state.subscription_id),)


def resume(state: Subscription) -> tuple[Event, ...]:
    _there(state)
    return () if state.status == "active" else (SubscriptionResumed(state.subscription_id),)


def disable(command: DisableSubscription, state: Subscription) -> tuple[Event, ...]:
    if state.status == "absent":
        raise SubscriptionNotFound
    if state.status in {"disabled", "deleted"}:
        return ()
    return (SubscriptionDisabled(state.subscription_id, state.org_id, command.why),)


def delete(state: Subscription) -> tuple[Event, ...]:
    if state.status == "absent":
        raise SubscriptionNotFound
    return () if state.status == "deleted" else (SubscriptionDeleted(state.subscription_id),)


def replay(command: ReplayFrom, state: Subscription) -> tuple[Event, ...]:
    _there(state)
    if state.status == "disabled":
        raise SubscriptionIsDisabled
    return (ReplayAsked(state.subscription_id, state.round + 1, command.position),)


def decide(command: Command, state: Subscription) -> tuple[Event, ...]:
    match command:
        case Subscribe():
            return subscribe(command, state)
        case RotateSecret():
            return rotate(command, state)
        case PauseSubscription():
            return pause(state)
        case ResumeSubscription():
            return resume(state)
        case DisableSubscription():
            return disable(command, state)
        case DeleteSubscription():
            return delete(state)
        case ReplayFrom():
            return replay(command, state)
    assert_never(command)


SUBSCRIPTION = Decider(
    noun="subscription",
    absent=ABSENT,
    decide=decide,
    evolve=evolve,
    commands=(Subscribe, RotateSecret, PauseSubscription, ResumeSubscription, DisableSubscription, DeleteSubscription, ReplayFrom),
    events=(
        SubscriptionMade,
        SecretRotated,
        SubscriptionPaused,
        SubscriptionResumed,
        SubscriptionDisabled,
        SubscriptionDeleted,
        ReplayAsked,
    ),
)
