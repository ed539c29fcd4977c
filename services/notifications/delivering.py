"""The loop that sends events to subscribers: each has its own place in the feed, its own retries, and holds up nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from services.notifications import views
from services.notifications.domain.retries import ATTEMPTS_MAX, Outcome, pause_seconds
from services.notifications.domain.subscription import DisableSubscription, Subscription, secrets_at
from services.notifications.outbound import Outbound
from services.notifications.sharing import noted
from services.notifications.tables import attempts, cursors, deliveries
from shared.errors import KapokError, NotNow
from shared.kernel import Rejected
from shared.room import Room
from shared.service import Change, Loop, Put, RowChange, To
from shared.signing import headers

log = structlog.get_logger(__name__)
_encode = msgspec.json.encode
_ACTOR = "delivering"
_AT_ONCE = 8  # open requests to one end point in one lane
_BATCH = 50
_WAITING_MAX = 100  # an end point that owes us this many answers gets nothing new until it answers again
_SKIPPED_MAX = 2_000  # events that concern nobody are not worth a write each: the place is written after so many
_LOOK_SECONDS = 1.0
_PAUSE_SECONDS = 0.1
_REST_SECONDS = 5.0


def body_of(event: dict[str, Any]) -> bytes:
    """What a subscriber gets: Standard Webhooks' `type`, `timestamp`, `data`, and where it stands in the feed."""
    return _encode({"type": event["type"], "timestamp": event["at"], "data": event["data"], "position": event["position"]})


async def attempted(outbound: Outbound, subscription: Subscription, event: dict[str, Any], now: datetime) -> Outcome:
    """One signed POST of one event."""
    signing = secrets_at(subscription, now)
    if not signing:
        return Outcome(0, "secret_destroyed")
    body = body_of(event)
    return await outbound.post(subscription.url, headers(signing, event["event_id"], now, body), body)


class Desk:
    """All lanes of one process: which are at work, how far each has read, who asked us to wait."""

    def __init__(self, room: Room, outbound: Outbound) -> None:
        self.room, self.outbound = room, outbound
        self._at_work: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._places: dict[tuple[str, int], int] = {}
        self._rest_until: dict[str, datetime] = {}

    async def look(self) -> None:
        """Start a lane wherever there is something to do and nobody is at it."""
        now = self.room.clock.now()
        ends = (await self.room.rows(views.feed_ends()))[0]
        newest = ends["newest"] or 0
        due = {row["subscription_id"] for row in await self.room.rows(views.subscriptions_with_due(now))}
        for row in await self.room.rows(views.active_subscriptions()):
            subscription, place = row["id"], max(row["position"], self._places.get((row["id"], row["round"]), 0))
            if self._rest_until.get(subscription, now) > now:
                continue
            if place < newest:
                self._start(subscription, "new", self._new(row, place, newest))
            if subscription in due:
                self._start(subscription, "again", self._again(row))

    def _start(self, subscription: str, kind: str, work: Any) -> None:
        key = (subscription, kind)
        if key in self._at_work:
            work.close()
            return
        task = asyncio.create_task(self._guarded(subscription, work))
        self._at_work[key] = task
        task.add_done_callback(lambda _: self._at_work.pop(key, None))

    async def _guarded(self, subscription: str, work: Any) -> None:
        try:
            await work
        except NotNow as away:
            self._rest(subscription, away.retry_after_seconds)
        except (Rejected, KapokError) as fault:
            log.warning("a lane stopped", subscription=subscription, fault=type(fault).__name__)
            self._rest(subscription, _REST_SECONDS)

    def _rest(self, subscription: str, seconds: float) -> None:
        self._rest_until[subscription] = self.room.clock.now() + timedelta(seconds=seconds)

    async def settled(self) -> None:
        """Until every lane that was started has ended."""
        while self._at_work:
            await asyncio.wait(list(self._at_work.values()))

    async def close(self) -> None:
        """Lanes finish what is on the wire; what they cannot finish is sent again after the restart."""
        if self._at_work:
            await asyncio.wait(list(self._at_work.values()), timeout=5.0)
        left = list(self._at_work.values())
        for task in left:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*left, return_exceptions=True)

    async def _new(self, row: dict[str, Any], place: int, newest: int) -> None:
        """What came since, for one subscription."""
        written = int(row["position"])
        while place < newest and not self.room.stop.is_set():
            state: Subscription = await self.room.state("subscription", row["id"])
            waiting = (await self.room.rows(views.waiting_count(row["id"])))[0]["waiting"]
            resting = self._rest_until.get(row["id"], self.room.clock.now()) > self.room.clock.now()
            if state.status != "active" or state.round != row["round"] or waiting >= _WAITING_MAX or resting:
                return
            found = await self.room.rows(views.feed_after(place, _BATCH, state.org_id, state.wanted, newest))
            place = int(found[-1]["position"]) if len(found) == _BATCH else newest
            events = await noted(self.room, state.org_id, found)
            rows = await self._sent(state, [(event, 0, self.room.clock.now()) for event in events])
            if rows or place - written > _SKIPPED_MAX:
                rows.append(Change(cursors, {"subscription_id": row["id"], "round": row["round"]}, {"position": place}))
                await self.room.execute(actor=_ACTOR, rows=rows)
                written = place
            self._places[(row["id"], row["round"])] = place

    async def _again(self, row: dict[str, Any]) -> None:
        """What is due to be tried again, for one subscription."""
        room = self.room
        due = await room.rows(views.due_deliveries(row["id"], room.clock.now(), _BATCH))
        state: Subscription = await room.state("subscription", row["id"])
        if state.status != "active" or not due:
            return
        found = await room.rows(views.feed_at([d["position"] for d in due], state.org_id))
        events = {e["position"]: e for e in await noted(room, state.org_id, found)}
        rows: list[RowChange] = [
            Change(deliveries, {"id": d["id"]}, {"status": "withheld", "due_at": None}) for d in due if d["position"] not in events
        ]
        todo = [(events[d["position"]], d["attempts"], d["first_at"]) for d in due if d["position"] in events]
        ids = {d["position"]: d["id"] for d in due}
        rows += await self._sent(state, todo, ids)
        await room.execute(actor=_ACTOR, rows=rows)

    async def _sent(
        self, state: Subscription, todo: Sequence[tuple[dict[str, Any], int, datetime]], ids: dict[int, str] | None = None
    ) -> list[RowChange]:
        """Each event attempted once; answers the rows that record it."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(event: dict[str, Any], before: int, first_at: datetime) -> list[RowChange]:
            async with turn:
                now = self.room.clock.now()
                outcome = await attempted(self.outbound, state, event, now)
            known = (ids or {}).get(event["position"])
            name = known or f"{state.subscription_id}.{state.round}.{event['position']}"
            return await self._recorded(state, name, event, before + 1, first_at, now, outcome)

        done = await asyncio.gather(*[one(*each) for each in todo])
        return [row for rows in done for row in rows]

    async def _recorded(
        self, state: Subscription, name: str, event: dict[str, Any], count: int, first_at: datetime, now: datetime, outcome: Outcome
    ) -> list[RowChange]:
        status, due_at = "delivered", None
        if not outcome.delivered:
            pause = None if outcome.gone else pause_seconds(count, outcome, secrets.randbelow(1000) / 1000)
            status = "failed" if pause is None else "waiting"
            due_at = None if pause is None else now + timedelta(seconds=pause)
            if outcome.throttled:
                self._rest(state.subscription_id, min(outcome.retry_after_seconds or 0, 3600))
            if pause is None:
                await self._end(state, outcome, count)
        return [
            Put(deliveries, {
                "id": name, "subscription_id": state.subscription_id, "position": event["position"], "event_id": event["event_id"],
                "type": event["type"], "status": status, "attempts": count, "outcome": outcome.words, "due_at": due_at,
                "first_at": first_at, "last_at": now,
            }),
            Put(attempts, attempt_row(state.subscription_id, name, event["type"], now, outcome)),
        ]  # fmt: skip

    async def _end(self, state: Subscription, outcome: Outcome, count: int) -> None:
        """410 says "never again"; a whole schedule without an answer says the same."""
        why = "gone" if outcome.gone else "unreachable"
        if outcome.gone or (count >= ATTEMPTS_MAX and outcome.status == 0):
            await self.room.execute(To("subscription", state.subscription_id, DisableSubscription(why)), actor=_ACTOR)


def attempt_row(subscription_id: str, delivery_id: str, kind: str, at: datetime, outcome: Outcome) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id, "at": at, "subscription_id": subscription_id, "type": kind, "outcome": outcome.words,
        "took_millis": outcome.took_millis,
    }  # fmt: skip


async def deliver_forever(room: Room) -> None:
    """Until the room is asked to stop."""
    async with Outbound(private_allowed=room.settings.webhook_private_allowed) as outbound:
        desk = Desk(room, outbound)
        try:
            while not room.stop.is_set():
                with contextlib.suppress(NotNow):  # the store is away: looked at again
                    await desk.look()
                await room.changed(_LOOK_SECONDS)
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            await desk.close()


DELIVERING = Loop("delivering", deliver_forever)
