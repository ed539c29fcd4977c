"""A subscription: where an organisation wants its events sent, how it looks from asking to the end.

absent --Subscribe--> active <--Pause / Resume--> paused
active, paused --Disable (410, or unreachable for the whole schedule)--> disabled --Resume--> active
any --Delete--> deleted (final)
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Shredded


class Wanted(Struct, frozen=True, gc=False):
    """What is asked for; an empty list asks for everything. `event_types` are exact or end in `*`."""

    event_types: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class Subscribe(Struct, frozen=True, gc=False):
    """`org_id` is None for those who may see every event; `position` is the last feed position that is not wanted."""

    subscription_id: str
    owner: str
    org_id: str | None
    url: str
    wanted: Wanted
    position: int
    secret: str
    at: datetime


class RotateSecret(Struct, frozen=True, gc=False):
    secret: str
    old_until: datetime


class PauseSubscription(Struct, frozen=True, gc=False):
    pass


class ResumeSubscription(Struct, frozen=True, gc=False):
    pass


class DisableSubscription(Struct, frozen=True, gc=False):
    why: str


class DeleteSubscription(Struct, frozen=True, gc=False):
    pass


class ReplayFrom(Struct, frozen=True, gc=False):
    """Send again everything after `position`, under the same event ids."""

    position: int


class SubscriptionMade(Struct, frozen=True, gc=False):
    subscription_id: str
    owner: str
    org_id: str | None
    url: str
    wanted: Wanted
    position: int
    secret: str | Shredded
    at: datetime


class SecretRotated(Struct, frozen=True, gc=False):
    subscription_id: str
    secret: str | Shredded
    old_until: datetime


class SubscriptionPaused(Struct, frozen=True, gc=False):
    subscription_id: str


class SubscriptionResumed(Struct, frozen=True, gc=False):
    subscription_id: str


class SubscriptionDisabled(Struct, frozen=True, gc=False):
    subscription_id: str
    org_id: str | None
    why: str


class SubscriptionDeleted(Struct, frozen=True, gc=False):
    subscription_id: str


class ReplayAsked(Struct, frozen=True, gc=False):
    """`round` counts replays: a worker that still writes the place of an earlier round cannot undo this one."""

    subscription_id: str
    round: int
    position: int


Event = (
    SubscriptionMade | SecretRotated | SubscriptionPaused | SubscriptionResumed | SubscriptionDisabled | SubscriptionDeleted | ReplayAsked
)


class Subscription(Struct, frozen=True, gc=False):
    """What is true of one subscription."""

    status: str = "absent"
    subscription_id: str = ""
    owner: str = ""
    org_id: str | None = None
    url: str = ""
    wanted: Wanted = Wanted()
    secret: str | Shredded = ""
    old_secret: str | Shredded = ""
    old_until: datetime | None = None
    round: int = 0
    position: int = 0
    why: str = ""


ABSENT = Subscription()


def secrets_at(state: Subscription, now: datetime) -> tuple[str, ...]:
    """The secrets that sign now, newest first; none when they were destroyed."""
    found = [state.secret]
    if state.old_until is not None and now < state.old_until:
        found.append(state.old_secret)
    return tuple(s for s in found if isinstance(s, str) and s)


def evolve(state: Subscription, event: Event) -> Subscription:
    match event:
        case SubscriptionMade(subscription_id, owner, org_id, url, wanted, position, secret, _):
            return Subscription("active", subscription_id, owner, org_id, url, wanted, secret, position=position)
        case SecretRotated(_, secret, old_until):
            return replace(state, secret=secret, old_secret=state.secret, old_until=old_until)
        case SubscriptionPaused():
            return replace(state, status="paused")
        case SubscriptionResumed():
            return replace(state, status="active", why="")
        case SubscriptionDisabled(_, _, why):
            return replace(state, status="disabled", why=why)
        case SubscriptionDeleted():
            return replace(state, status="deleted", secret="", old_secret="", old_until=None)
        case ReplayAsked(_, number, position):
            return replace(state, round=number, position=position)
