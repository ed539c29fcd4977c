"""The rules that clocks run by, as this process knows them, and the work of computing clocks anew when the rules change."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from pathlib import Path
from weakref import WeakKeyDictionary

import yaml
from msgspec import convert
from msgspec.structs import replace

from services.intake.clock_views import last_change, left_behind, mark_before
from services.intake.domain.clocks import ClockRule, RecomputeClocks, Rules, Running, started
from services.intake.domain.working_time import CITY, AdoptClocks, Declared
from services.intake.tables import clock_mark
from shared.errors import NotNow
from shared.leader import rested
from shared.room import Room
from shared.service import Loop, Put, To

_FILE = Path(__file__).parent / "clocks.yaml"
_TEXT = _FILE.read_text("utf-8")
MARK = hashlib.sha256(_TEXT.encode()).hexdigest()[:16]
CLOCKS = {rule.name: rule for rule in convert(yaml.safe_load(_TEXT), tuple[ClockRule, ...])}
PRINTED = Rules(0, CLOCKS)

_KNOWN_SECONDS = 2.0  # how long a process may go by rules that another has changed; what was computed by them is computed anew
_BATCH = 500
_PAUSE_SECONDS, _PAUSE_MAX_SECONDS = 2.0, 60.0
# Whoever takes a call has signed for the case; what comes from outside has still to be signed for.
_SIGNED_CHANNELS = frozenset(("hotline", "workstation", "visit"))

_known: WeakKeyDictionary[Room, tuple[float, Rules]] = WeakKeyDictionary()


async def rules_now(room: Room, *, fresh: bool = False) -> Rules:
    """Clocks and working time as declared; asked of the store at most every two seconds."""
    now = asyncio.get_running_loop().time()
    known = _known.get(room)
    if known is None or fresh or now - known[0] > _KNOWN_SECONDS:
        declared: Declared = await room.state("calendar", CITY)
        known = _known[room] = (now, replace(PRINTED, version=declared.version, time=declared.time))
    return known[1]


def clocks_of_report(rules: Rules, channel: str, level: str, district: str | None, *, asks: bool, at: datetime) -> tuple[Running, ...]:
    """The clocks that start when a report is taken: first contact, its answer, and the signature where nobody of ours took it."""
    names = ["first_contact", "consult" if asks else "help"] + ["sign"] * (channel not in _SIGNED_CHANNELS)
    return tuple([started(rules, name, level, district, at) for name in names])


async def recompute_some(room: Room) -> int:
    """One batch of clocks that run by older rules, computed anew; answers how many cases that were."""
    cases = await left_behind(room, _BATCH)
    if not cases:
        return 0
    rules = await rules_now(room, fresh=True)
    command = RecomputeClocks(rules, await last_change(room), room.clock.now())
    await asyncio.gather(*[room.execute(To("case", case_id, command), actor="clocks", patient=True) for case_id in cases])
    return len(cases)


async def adopt(room: Room) -> None:
    """Take note of the lengths this program came with; other ones than the last program's are a change of the rules."""
    before = await mark_before(room)
    if before == MARK:
        return
    change = () if before is None else (To("calendar", CITY, AdoptClocks(MARK, room.clock.now())),)
    await room.execute(*change, actor="clocks", rows=(Put(clock_mark, {"name": "clocks", "mark": MARK}),), patient=True)


async def recompute_forever(room: Room) -> None:
    """Adopt the lengths this program came with, then follow every change; rarer looks while nothing changes."""
    adopted, pause, version, next_look = False, _PAUSE_SECONDS, -1, 0.0
    loop = asyncio.get_running_loop()
    while not room.stop.is_set():
        try:
            if not adopted:
                await adopt(room)
                adopted = True
            now_version = (await rules_now(room, fresh=True)).version
            if now_version != version:
                version, pause, next_look = now_version, _PAUSE_SECONDS, 0.0
            if loop.time() >= next_look:
                if await recompute_some(room):
                    continue
                next_look, pause = loop.time() + pause, min(_PAUSE_MAX_SECONDS, pause * 2)
        except NotNow:
            pass  # the store is away or busy: what is left behind is found at the next look
        await rested(room.stop, _PAUSE_SECONDS)


CLOCKWORK = Loop("clocks", recompute_forever)
