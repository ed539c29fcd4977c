"""Back-pressure for work that can wait: bulk loads come in no faster than the services behind the door work them off."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Mapping

from shared.bus import Behind
from shared.errors import NotNow
from shared.settings import SERVICES

_LOOK_SECONDS = 0.02
_STILL_SECONDS = 2.0
_UNREAD_MIN = 300  # allowed to the slowest too: with less under way every message would travel alone
_UNHEARD_MAX = 4000  # of our own messages may be unsent where nobody reads them: those are the relay's, and it has nobody to wait for
_WEIGHT = 0.2  # of the newest speed in the running mean
_MESSAGES_A_TURN = 8  # what one turn leads to along the way, about; more only means a smaller step next time


class _Group:
    """One reader as seen from look to look."""

    __slots__ = ("at", "read", "speed")

    def __init__(self, one: Behind, now: float) -> None:
        self.read, self.at, self.speed = one.read, now, 0.0

    def seen(self, one: Behind, now: float) -> None:
        """Messages a second while it had something to read; a pause for want of messages is no slowness.

        It reads in lumps: what it moved by is counted over the time since it moved before, not since the last look.
        """
        moved, seconds = one.read - self.read, now - self.at
        if moved and 0 < seconds < _STILL_SECONDS:
            self.speed += _WEIGHT * (moved / seconds - self.speed) if self.speed else moved / seconds
        if moved or not one.unread:
            self.read, self.at = one.read, now


class Pace:
    """One for a service in a process; whoever brings bulk work takes a turn for each piece of it.

    Turns are given while no group has more unread than it works off in `behind_seconds_max`, by the speed it showed.
    A group that has not moved for two seconds is down, not slow: it is not waited for, its messages wait on their topics.
    Only `groups` count: whoever else reads our topics must not be able to hold our callers back. The group `own` of the service
    that paces counts while it has something to read: without anybody else there is nobody who could be overrun.

    Nobody waits longer than `turn_seconds_max`; then one piece is let through. A refusal would come in the middle of an answer
    whose first lines are sent, and would take the answers of lines under way with it; and a connection without a byte is cut
    by whatever stands between. One piece each few seconds harms nobody, and the writer's own queue stays the last bound.
    """

    def __init__(
        self, behind: Callable[[Collection[str]], Awaitable[Mapping[str, Behind]]], unsent: Callable[[], Awaitable[int]], *,
        behind_seconds_max: float, turn_seconds_max: float = 5.0, groups: Collection[str] = SERVICES, own: str = "",
        now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._behind, self._unsent, self._seconds, self._now = behind, unsent, behind_seconds_max, now
        self._turn_seconds, self._ours, self._own = turn_seconds_max, groups, own
        self._turns, self._looking, self._looked_at = 0, asyncio.Lock(), float("-inf")
        self._groups: dict[str, _Group] = {}
        self.waited_seconds = 0.0

    async def turn(self) -> None:
        """Returns when one more piece may come in, or has waited long enough."""
        if self._turns > 0:
            self._turns -= 1
            return
        began = self._now()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._turn_seconds):
                await self._given()
        self.waited_seconds += self._now() - began

    async def _given(self) -> None:
        async with self._looking:
            while self._turns <= 0:
                await asyncio.sleep(self._looked_at + _LOOK_SECONDS - time.monotonic())  # what was let in must have time to show
                self._looked_at = time.monotonic()
                free = await self._free()
                if free > 0:
                    self._turns = max(1, free // _MESSAGES_A_TURN)
            self._turns -= 1

    async def _free(self) -> int:
        """How many more messages the slowest of those who still move may have before it."""
        try:
            unsent, groups = await self._unsent(), await self._behind(self._ours)
        except NotNow:
            return _UNREAD_MIN  # nobody can say: the writer's own queue is the bound
        now, free = self._now(), list[int]()
        for name, one in groups.items():
            known = self._groups.setdefault(name, _Group(one, now))
            known.seen(one, now)
            if now - known.at < _STILL_SECONDS and (name != self._own or one.unread):
                free.append(max(_UNREAD_MIN, int(known.speed * self._seconds)) - unsent - one.unread)
        return min(free, default=_UNHEARD_MAX - unsent)  # where nobody reads, what we have not sent ourselves still counts
