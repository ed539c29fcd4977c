"""A screening's people are put on a campaign's list by themselves: asked for in one click, taken up again wherever it was broken off."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from services.intake.campaigns.asked import PeopleIn
from services.intake.campaigns.people import Added, Wanted, add_people, listed_in
from services.intake.domain.campaign import ListAsked
from services.intake.domain.campaign_decisions import CampaignIsDone
from shared.http import Door
from shared.room import Room
from shared.security import Principal
from shared.service import WITHOUT_END, Answer, Effect, EffectCall

_US = Principal("effect:lists", frozenset())
_AGAIN_SECONDS = 1.0


class _Closing(Exception):
    """The room is being closed: the list goes on where the next process finds it."""


async def listed(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    return [await _list(call.envelope.data, call.envelope.correlation, room) for call in calls]


async def _list(asked: ListAsked, correlation: str, room: Room) -> Answer:
    door = Door(room, _US, correlation=correlation)
    people = listed_in(PeopleIn(screening_id=asked.screening_id, threshold=asked.threshold), door)
    try:
        await add_people(door, asked.campaign_id, _while_open(people, room), Added(), list_id=asked.list_id)
    except _Closing:
        return Answer(retry=True, delay_seconds=_AGAIN_SECONDS, why="closing")
    except CampaignIsDone:
        return Answer()  # whoever stopped it wants nobody rung
    return Answer()


async def _while_open(people: AsyncIterator[Wanted], room: Room) -> AsyncIterator[Wanted]:
    async for one in people:
        if room.stop.is_set():
            raise _Closing
        yield one


LISTING = Effect("lists", ListAsked, listed, batch_max=1, attempts_max=WITHOUT_END)  # somebody waits to be rung
