"""What notifications tells the others: ids and codes only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from services.notifications.domain import correspondence, subscription, withdrawal
from shared.envelope import Envelope, Public


class MessageSent(Struct, frozen=True, gc=False):
    message_id: str
    case_id: str
    person_id: str
    template: str
    channel: str


class MessageFailed(Struct, frozen=True, gc=False):
    message_id: str
    case_id: str
    person_id: str
    template: str
    channel: str
    reason: str


class SubscriptionDisabled(Struct, frozen=True, gc=False):
    subscription_id: str
    org_id: str | None
    reason: str


class SubjectWithdrawn(Struct, frozen=True, gc=False):
    """To one past recipient: forget this person in these cases. `case_id` is set when it is about one case."""

    org_id: str
    person_id: str
    case_id: str | None
    case_ids: tuple[str, ...]
    erased: bool


def message_sent(e: Envelope) -> tuple[Public, ...]:
    d: correspondence.MessageSent = e.data
    return (Public("notifications.message_sent.v1", MessageSent(d.message_id, d.case_id, d.person_id, d.template, d.channel)),)


def message_failed(e: Envelope) -> tuple[Public, ...]:
    d: correspondence.MessageFailed = e.data
    return (Public("notifications.message_failed.v1", MessageFailed(d.message_id, d.case_id, d.person_id, d.template, d.channel, d.why)),)


def subscription_disabled(e: Envelope) -> tuple[Public, ...]:
    d: subscription.SubscriptionDisabled = e.data
    return (Public("notifications.subscription_disabled.v1", SubscriptionDisabled(d.subscription_id, d.org_id, d.why)),)


def subject_withdrawn(e: Envelope) -> tuple[Public, ...]:
    d: withdrawal.SubjectWithdrawn = e.data
    only = d.case_ids[0] if len(d.case_ids) == 1 else None
    return (Public("notifications.subject_withdrawn.v1", SubjectWithdrawn(d.org_id, d.person_id, only, d.case_ids, d.erased)),)


PUBLISH: Mapping[type, Callable[[Envelope], tuple[Public, ...]]] = {
    correspondence.MessageSent: message_sent,
    correspondence.MessageFailed: message_failed,
    subscription.SubscriptionDisabled: subscription_disabled,
    withdrawal.SubjectWithdrawn: subject_withdrawn,
}
PUBLIC_TYPES: Mapping[str, type] = {
    "notifications.message_sent.v1": MessageSent,
    "notifications.message_failed.v1": MessageFailed,
    "notifications.subscription_disabled.v1": SubscriptionDisabled,
    "notifications.subject_withdrawn.v1": SubjectWithdrawn,
}
