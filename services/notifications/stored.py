"""How the events of this room are kept: which names, which versions, what is sealed."""

from __future__ import annotations

from services.notifications.domain.correspondence import MessageDue, MessageFailed, MessageSent, MessageUnknown, MessageWithheld
from services.notifications.domain.subscription import (
    ReplayAsked,
    SecretRotated,
    SubscriptionDeleted,
    SubscriptionDisabled,
    SubscriptionMade,
    SubscriptionPaused,
    SubscriptionResumed,
)
from services.notifications.domain.withdrawal import SubjectWithdrawn, WithdrawalNoted
from shared.codec import Codec, Stored

CODEC = Codec(
    Stored(SubscriptionMade, sealed={"secret": "subscription_id"}),
    Stored(SecretRotated, sealed={"secret": "subscription_id"}),
    Stored(SubscriptionPaused),
    Stored(SubscriptionResumed),
    Stored(SubscriptionDisabled),
    Stored(SubscriptionDeleted),
    Stored(ReplayAsked),
    Stored(WithdrawalNoted),
    Stored(SubjectWithdrawn),
    Stored(MessageDue),
    Stored(MessageSent),
    Stored(MessageFailed),
    Stored(MessageWithheld),
    Stored(MessageUnknown),
)
