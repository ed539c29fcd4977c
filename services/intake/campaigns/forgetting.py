"""What lists brought and nobody needs any more is forgotten by itself: numbers, names and words of people who are known for nothing else."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from services.intake.campaigns import views
from services.intake.domain import call as c
from services.intake.domain.campaign import ForgetNumbers, StopCampaign
from services.intake.domain.person import ConfirmUnknown
from services.intake.domain.person_decisions import PersonIsKnown
from shared.errors import NotNow
from shared.leader import rested
from shared.room import Room
from shared.service import Loop, To, shredding

log = structlog.get_logger(__name__)
_ACTOR = "loop:forget"
_TOGETHER = 200
_BREATH_SECONDS = 0.05  # between two batches: whoever answers callers comes first
_LOOK_SECONDS = 600.0  # what is kept for days is not due to the minute
_AGAIN_SECONDS = 5.0  # while the store is away
# Whoever has not begun a list for a quarter, or has not gone on with it, does not need it: it ends, and is kept as long as any other.
_AT_REST = timedelta(days=90)


def kept_until(room: Room, ended_at: datetime) -> datetime:
    """When the numbers, names and words of a campaign that ended then are forgotten."""
    return ended_at + timedelta(days=room.settings.campaign_keep_days)


async def forget_due(room: Room) -> int:
    """One look: end what rests for good, and forget what is due; answers how many calls were forgotten.

    Each call says for itself that it is forgotten, in one unit with the word that its person is known for nothing else. Broken
    off anywhere, the next look goes on with those that have not said so.
    """
    now = room.clock.now()
    for campaign_id in await views.at_rest_since(room, now - _AT_REST):
        await room.execute(To("campaign", campaign_id, StopCampaign(now)), actor=_ACTOR, patient=True)
    total = 0
    for campaign_id in await views.ended_before(room, now - timedelta(days=room.settings.campaign_keep_days)):
        if room.stop.is_set():
            break
        total += await _campaign(room, campaign_id, now)
    return total


async def _campaign(room: Room, campaign_id: str, now: datetime) -> int:
    total, waiting, after = 0, False, ""
    while rows := await views.still_known(room, campaign_id, after, _TOGETHER):
        done = await asyncio.gather(*[_call(room, row["call_id"], row["about"] or row["person_id"], now) for row in rows])
        total, after = total + done.count("forgotten"), rows[-1]["call_id"]
        waiting = waiting or any(row["waits"] and said == "kept" for row, said in zip(rows, done, strict=True))
        if room.stop.is_set() or not await rested(room.stop, _BREATH_SECONDS):
            return total
    if not waiting:  # else somebody is still to be called back: there is another look
        kept, forgotten = await views.kept_and_forgotten(room, campaign_id)
        await room.execute(To("campaign", campaign_id, ForgetNumbers(now, forgotten, kept)), actor=_ACTOR, patient=True)
        log.info("numbers_forgotten", campaign=campaign_id, forgotten=forgotten, kept=kept)
    return total


async def _call(room: Room, call_id: str, person_id: str, now: datetime) -> str:
    """forgotten, kept (as long as a call back is due, or known before), or known (for something else)."""
    unit = To("call", call_id, c.ForgetCall(now)), To("person", person_id, ConfirmUnknown())
    try:
        done = await room.execute(*unit, actor=_ACTOR, patient=True)
    except PersonIsKnown:
        return "known"
    return "forgotten" if done.events else "kept"


async def forget(room: Room) -> None:
    """Until the room is closed; the first look is at the start."""
    while not room.stop.is_set():
        pause = _LOOK_SECONDS
        try:
            await forget_due(room)
        except NotNow:
            pause = _AGAIN_SECONDS
        await rested(room.stop, pause)


def _listed(forgotten: c.CallForgotten) -> str:
    return forgotten.person_id


FORGETTING = Loop("forget", forget)
SHREDDING = shredding("forgetting", c.CallForgotten, _listed)
