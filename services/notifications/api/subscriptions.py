"""The door for those who want events sent to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from services.notifications import views
from services.notifications.audience import READERS, organisation_of, owner_of
from services.notifications.delivering import attempt_row, attempted
from services.notifications.domain.subscription import (
    DeleteSubscription,
    PauseSubscription,
    ReplayFrom,
    ResumeSubscription,
    RotateSecret,
    Subscribe,
    Subscription,
    Wanted,
)
from services.notifications.outbound import Outbound
from services.notifications.tables import attempts, deliveries, subscriptions
from shared.asked import Position
from shared.http import Door, Invalid, NotFound, door_for
from shared.service import Change, Put, To
from shared.signing import new_secret

router = APIRouter(prefix="/notifications/v1/subscriptions", tags=["subscriptions"])
OLD_SECRET_HOURS = 24
TEST_SECONDS = 10.0
_EVENT_TYPE = r"^(\*|[a-z_]+\.[a-z0-9_.]*\*?)$"
_PLACE = r"^[0-9]{6}$"
_CODE = r"^[a-z0-9_]{1,40}$"
Reader = Annotated[Door, Depends(door_for(*READERS))]


class SubscriptionIn(BaseModel):
    """Where to send what."""

    model_config = ConfigDict(strict=True, extra="forbid", populate_by_name=True)
    url: str = Field(min_length=8, max_length=500, description="https address that takes POST; no user name, no fragment.")
    event_types: list[Annotated[str, Field(pattern=_EVENT_TYPE, max_length=100)]] = Field(
        default_factory=list, max_length=50, description="Exact types, or a beginning with `*`; none: all."
    )
    districts: list[Annotated[str, Field(pattern=_PLACE)]] = Field(
        default_factory=list, max_length=50, description="GB/T 2260 codes; none: all."
    )
    needs: list[Annotated[str, Field(pattern=_CODE)]] = Field(default_factory=list, max_length=20, description="Need codes; none: all.")
    begin: Literal["now", "beginning"] | Position = Field(
        "now", alias="from", description="`now`, `beginning`, or the last position of the feed that is already known."
    )


class ReplayIn(BaseModel):
    """From where to send again."""

    model_config = ConfigDict(strict=True, extra="forbid", populate_by_name=True)
    begin: Literal["beginning"] | Position = Field("beginning", alias="from", description="Position after which to begin.")


def checked_url(url: str, *, private_allowed: bool) -> str:
    """The url when it may be called; raises `Invalid`. Where it leads is looked at again with each call."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as wrong:
        raise Invalid("/url", "is not a URL") from wrong
    if parts.scheme != "https" and not (private_allowed and parts.scheme == "http"):
        raise Invalid("/url", "must begin with https://")
    if not parts.hostname or parts.username or parts.password or parts.fragment or port == 0 or not url.isascii() or not url.isprintable():
        raise Invalid("/url", "needs a host, and no user name, password or fragment")
    if " " in url:
        raise Invalid("/url", "must not hold a space")
    return url


async def position_of(door: Door, begin: str | int) -> int:
    """The last position that is not wanted."""
    if isinstance(begin, int):
        return begin
    return 0 if begin == "beginning" else (await door.rows(views.feed_ends()))[0]["newest"] or 0


async def own(door: Door, subscription_id: str) -> Subscription:
    """A subscription the caller may touch; for others there is none."""
    state: Subscription = await door.state("subscription", subscription_id)
    if state.status in {"absent", "deleted"} or (state.owner != owner_of(door.principal) and not door.may("ops", "admin")):
        raise NotFound("subscription")
    return state


async def subscribed(door: Door, body: SubscriptionIn) -> tuple[str, str]:
    """A new subscription's id and its secret, which is shown this once."""
    url = checked_url(body.url, private_allowed=door.room.settings.webhook_private_allowed)
    wanted = Wanted(tuple(body.event_types), tuple(body.districts), tuple(body.needs))
    subscription_id, secret = door.new_id(), new_secret()
    position = await position_of(door, body.begin)
    owner, org = owner_of(door.principal), organisation_of(door.principal)
    await door.execute(To("subscription", subscription_id, Subscribe(subscription_id, owner, org, url, wanted, position, secret, door.now)))
    return subscription_id, secret


@router.post("", status_code=201)
async def subscribe(body: SubscriptionIn, door: Reader) -> dict[str, Any]:
    """Begin to be sent events; the secret is shown only in this answer."""
    subscription_id, secret = await subscribed(door, body)
    return {"id": subscription_id, "secret": secret, "status": "active"}


@router.get("")
async def listed(door: Reader, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None) -> dict[str, Any]:
    """The caller's own subscriptions (ops and admin: all)."""
    owner = None if door.may("ops", "admin") else owner_of(door.principal)
    page = await door.page(views.subscriptions_of(owner), order=(subscriptions.c.made_at, subscriptions.c.id), limit=limit, cursor=cursor)
    return dict(page)


@router.get("/{subscription_id}")
async def one(subscription_id: str, door: Reader) -> dict[str, Any]:
    """One subscription and how far it has come."""
    await own(door, subscription_id)
    rows = await door.rows(views.subscription_by_id(subscription_id))
    if not rows:
        raise NotFound("subscription")
    return rows[0]


@router.post("/{subscription_id}/rotate")
async def rotate(subscription_id: str, door: Reader) -> dict[str, Any]:
    """A new secret, shown once; the old one signs beside it for 24 hours."""
    await own(door, subscription_id)
    secret, until = new_secret(), door.now + timedelta(hours=OLD_SECRET_HOURS)
    await door.execute(To("subscription", subscription_id, RotateSecret(secret, until)))
    return {"id": subscription_id, "secret": secret, "old_secret_until": until}


@router.post("/{subscription_id}/pause")
async def pause(subscription_id: str, door: Reader) -> dict[str, Any]:
    """Nothing is sent until it is resumed; nothing is lost."""
    await own(door, subscription_id)
    done = await door.execute(To("subscription", subscription_id, PauseSubscription()))
    return {"id": subscription_id, "status": "paused", "version": done.version}


@router.post("/{subscription_id}/resume")
async def resume(subscription_id: str, door: Reader) -> dict[str, Any]:
    """Go on from where it stopped."""
    await own(door, subscription_id)
    done = await door.execute(To("subscription", subscription_id, ResumeSubscription()))
    return {"id": subscription_id, "status": "active", "version": done.version}


@router.delete("/{subscription_id}", status_code=204)
async def delete(subscription_id: str, door: Reader) -> None:
    """The end; its secret is destroyed."""
    await own(door, subscription_id)
    await door.execute(To("subscription", subscription_id, DeleteSubscription()))
    await door.shred(subscription_id)


async def tested(door: Door, subscription: Subscription) -> dict[str, Any]:
    """One signed test event now; the answer says what came back."""
    event = {
        "event_id": door.new_id(), "type": "notifications.test.v1", "at": door.now, "position": 0,
        "data": {"subscription_id": subscription.subscription_id},
    }  # fmt: skip
    private = door.room.settings.webhook_private_allowed
    async with Outbound(private_allowed=private, connections_max=1, seconds_max=TEST_SECONDS) as outbound:
        outcome = await attempted(outbound, subscription, event, door.now)
    name = f"{subscription.subscription_id}.test.{event['event_id']}"
    await door.record(Put(attempts, attempt_row(subscription.subscription_id, name, str(event["type"]), door.now, outcome)))
    return {"event_id": event["event_id"], "delivered": outcome.delivered, "outcome": outcome.words, "took_millis": outcome.took_millis}


@router.post("/{subscription_id}/test")
async def test(subscription_id: str, door: Reader) -> dict[str, Any]:
    """Send one `notifications.test.v1` now and say what came back."""
    return await tested(door, await own(door, subscription_id))


@router.post("/{subscription_id}/replay")
async def replay(subscription_id: str, body: ReplayIn, door: Reader) -> dict[str, Any]:
    """Send again what the caller may see today, under the same event ids."""
    await own(door, subscription_id)
    position = await position_of(door, body.begin)
    done = await door.execute(To("subscription", subscription_id, ReplayFrom(position)))
    return {"id": subscription_id, "from": position, "version": done.version}


@router.get("/{subscription_id}/deliveries")
async def delivered(
    subscription_id: str, door: Reader, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None
) -> dict[str, Any]:
    """What was tried, newest first, each with its attempts."""
    await own(door, subscription_id)
    page = await door.page(views.deliveries_of(subscription_id), order=(deliveries.c.last_at, deliveries.c.id), limit=limit, cursor=cursor)
    tries: dict[str, list[dict[str, Any]]] = {row["id"]: [] for row in page["items"]}
    for row in await door.rows(views.attempts_of_deliveries(list(tries))):
        tries[row["delivery_id"]].append({"at": row["at"], "outcome": row["outcome"], "took_millis": row["took_millis"]})
    return {
        "items": [{**row, "attempts": tries[row["id"]], "attempt_count": row["attempts"]} for row in page["items"]],
        "next": page["next"],
    }


@router.post("/{subscription_id}/deliveries/{delivery_id}/redeliver", status_code=202)
async def redeliver(subscription_id: str, delivery_id: str, door: Reader) -> dict[str, Any]:
    """Send this one again now, under the same event id."""
    await own(door, subscription_id)
    if not await door.rows(views.delivery_by_id(subscription_id, delivery_id)):
        raise NotFound("delivery")
    await door.record(Change(deliveries, {"id": delivery_id}, {"status": "waiting", "due_at": door.now, "attempts": 0}))
    return {"id": delivery_id, "status": "waiting"}
