"""From what happened here to rows: subscriptions, withdrawals, messages."""

from __future__ import annotations

from collections.abc import Iterable

from services.notifications.domain.correspondence import MessageDue, MessageFailed, MessageSent, MessageUnknown, MessageWithheld
from services.notifications.domain.subscription import (
    ReplayAsked,
    SubscriptionDeleted,
    SubscriptionDisabled,
    SubscriptionMade,
    SubscriptionPaused,
    SubscriptionResumed,
)
from services.notifications.domain.withdrawal import WithdrawalNoted
from services.notifications.tables import cursors, messages, preferences, subscriptions, withdrawals
from shared.envelope import Envelope
from shared.service import Change, Drop, Projection, Put, RowChange


def made(e: Envelope) -> Iterable[RowChange]:
    d: SubscriptionMade = e.data
    yield Put(subscriptions, {
        "id": d.subscription_id, "owner": d.owner, "org_id": d.org_id, "url": d.url, "event_types": d.wanted.event_types,
        "districts": d.wanted.districts, "needs": d.wanted.needs, "status": "active", "why": None, "round": 0, "made_at": d.at,
    })  # fmt: skip
    yield Put(cursors, {"subscription_id": d.subscription_id, "round": 0, "position": d.position})


def paused(e: Envelope) -> Iterable[RowChange]:
    yield Change(subscriptions, {"id": e.key}, {"status": "paused"})


def resumed(e: Envelope) -> Iterable[RowChange]:
    yield Change(subscriptions, {"id": e.key}, {"status": "active", "why": None})


def disabled(e: Envelope) -> Iterable[RowChange]:
    yield Change(subscriptions, {"id": e.key}, {"status": "disabled", "why": e.data.why})


def deleted(e: Envelope) -> Iterable[RowChange]:
    yield Change(subscriptions, {"id": e.key}, {"status": "deleted"})


def replayed(e: Envelope) -> Iterable[RowChange]:
    d: ReplayAsked = e.data
    yield Change(subscriptions, {"id": d.subscription_id}, {"round": d.round})
    yield Put(cursors, {"subscription_id": d.subscription_id, "round": d.round, "position": d.position})


def withdrawn(e: Envelope) -> Iterable[RowChange]:
    d: WithdrawalNoted = e.data
    subjects = (*d.case_ids, d.person_id) if d.erased else d.case_ids
    for subject in subjects:
        yield Put(withdrawals, {"subject": subject, "person_id": d.person_id, "erased": d.erased, "at": d.at})
    if d.erased:
        yield Drop(preferences, {"person_id": d.person_id})


def due(e: Envelope) -> Iterable[RowChange]:
    d: MessageDue = e.data
    yield Put(messages, {
        "message_id": d.message_id, "case_id": d.case_id, "person_id": d.person_id, "template": d.template, "channel": d.channel,
        "language": d.language, "status": "due", "why": None, "due_at": d.at, "done_at": None,
    })  # fmt: skip


def sent(e: Envelope) -> Iterable[RowChange]:
    yield Change(messages, {"message_id": e.data.message_id}, {"status": "sent", "channel": e.data.channel, "done_at": e.at})


def failed(e: Envelope) -> Iterable[RowChange]:
    yield Change(messages, {"message_id": e.data.message_id}, {"status": "failed", "why": e.data.why, "done_at": e.at})


def withheld(e: Envelope) -> Iterable[RowChange]:
    yield Change(messages, {"message_id": e.data.message_id}, {"status": "withheld", "why": e.data.why, "done_at": e.at})


def unknown(e: Envelope) -> Iterable[RowChange]:
    yield Change(messages, {"message_id": e.data.message_id}, {"status": "unknown", "done_at": e.at})


SUBSCRIPTION_LIST = Projection(
    "subscription_list",
    (subscriptions,),  # a place in the feed is the worker's: a rebuild must not move it
    {
        SubscriptionMade: made,
        SubscriptionPaused: paused,
        SubscriptionResumed: resumed,
        SubscriptionDisabled: disabled,
        SubscriptionDeleted: deleted,
        ReplayAsked: replayed,
    },
)
WITHDRAWN_SUBJECTS = Projection("withdrawn_subjects", (withdrawals,), {WithdrawalNoted: withdrawn})
MESSAGE_LIST = Projection(
    "message_list",
    (messages,),
    {MessageDue: due, MessageSent: sent, MessageFailed: failed, MessageWithheld: withheld, MessageUnknown: unknown},
)
