"""The loop that works off screenings: one process for each, what it says recorded part by part, resumed after the last recorded one."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog
from sqlalchemy import select

from services.intake.domain import screening as s
from services.intake.domain.screening_decisions import ScreeningIsOver
from services.intake.domain.thresholds import Dated, margin
from services.intake.screening import spool
from services.intake.screening.said import Done, Failed, Heading, Order, PartSaid, Said, Signals
from services.intake.screening.tables import fault_list, screening_list, signal_list
from services.intake.tables import person_list
from shared.clock import named_id
from shared.errors import NotNow
from shared.room import Room
from shared.sealing import canonical
from shared.service import Loop, Put, To

log = structlog.get_logger(__name__)
_ROOT = Path(__file__).parents[3]
_LOOK_SECONDS = 1.0
_LINE_MAX = 64 * 2**20
_DEATHS_MAX = 3  # in a row without a part between them: then it is the file, not the weather
_WHO = "screening"


class ProcessDied(Exception):
    """The process ended before it had said that it was done."""


async def screen_forever(room: Room) -> None:
    """Until the room is asked to stop; a run that is broken off goes on where its last recorded part ended."""
    home = room.settings.home
    at = screening_list.c
    while not room.stop.is_set():
        with contextlib.suppress(NotNow):  # the store is away: looked at again
            waiting = await room.rows(select(at.screening_id, at.file).where(at.status.in_(("asked", "running"))).order_by(at.asked_at))
            spool.sweep(home, [row["file"] for row in waiting])
            for row in waiting:
                await _run(room, row["screening_id"])
        await room.changed(_LOOK_SECONDS)


async def _run(room: Room, key: str) -> None:
    deaths, parts = 0, -1
    while not room.stop.is_set():
        state: s.Screening = await room.state("screening", key)
        if state.asked is None or state.status not in ("asked", "running"):
            break
        deaths, parts = (0 if state.parts > parts else deaths), state.parts
        try:
            await _Run(room, key, state).work()
        except ScreeningIsOver:
            break
        except ProcessDied:
            deaths += 1
            log.warning("screening_process_died", screening=key, deaths=deaths)
            if deaths >= _DEATHS_MAX:
                await _ended(room, key, s.FailScreening(room.clock.now(), "process_died"))
    state = await room.state("screening", key)
    if state.asked is not None and state.status in ("done", "failed", "stopped"):
        spool.remove(room.settings.home, state.asked.file)


async def _ended(room: Room, key: str, command: s.FinishScreening | s.FailScreening) -> None:
    with contextlib.suppress(ScreeningIsOver):
        await room.execute(To("screening", key, command), actor=_WHO, patient=True)


class _Run:
    """One life of one process."""

    def __init__(self, room: Room, key: str, state: s.Screening) -> None:
        assert state.asked is not None
        self.room, self.key, self.state, self.asked = room, key, state, state.asked
        self._thresholds: dict[str, Dated] = {one.code: one for one in state.asked.thresholds}

    async def work(self) -> None:
        path = spool.place(self.room.settings.home) / self.asked.file
        if not path.exists():
            await _ended(self.room, self.key, s.FailScreening(self.room.clock.now(), "file_gone"))
            return
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.intake.screening.worker", cwd=_ROOT, limit=_LINE_MAX,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        stopping = asyncio.create_task(self._killed_at_stop(process))
        try:
            await self._heard(process, path)
        finally:
            stopping.cancel()
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()

    async def _killed_at_stop(self, process: asyncio.subprocess.Process) -> None:
        await self.room.stop.wait()
        with contextlib.suppress(ProcessLookupError):
            process.kill()

    async def _heard(self, process: asyncio.subprocess.Process, path: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        state = self.state
        order = Order(str(path), self.asked.as_of, self.asked.thresholds, state.to, state.rows, state.parts)
        with contextlib.suppress(ConnectionError):  # it died before it read: its silence says so
            process.stdin.write(msgspec.json.encode(order) + b"\n")
            await process.stdin.drain()
        decode = msgspec.json.Decoder(Said).decode
        while line := await process.stdout.readline():
            if not line.endswith(b"\n"):
                break  # half a word of somebody who died
            if await self._note(decode(line)):
                return
        if not self.room.stop.is_set():
            raise ProcessDied

    async def _note(self, said: Said) -> bool:
        """Record what was said; answers whether it was the last."""
        now = self.room.clock.now()
        match said:
            case Heading():
                begin = s.BeginScreening(now, said.format, said.encoding, tuple(said.unknown))
                await self._obey(begin)
            case Signals():
                await self.room.execute(actor=_WHO, rows=await self._rows(said.signals), patient=True)
            case PartSaid():
                rows = [
                    Put(fault_list, {"screening_id": self.key, "row": row, "field": field, "rule": rule, "part": said.part})
                    for row, field, rule in said.faults
                ]
                part = s.FinishPart(said.part, now, said.to, said.of, said.rows, said.faulty, said.counts, said.steps)
                await self._obey(part, rows)
            case Done() | Failed():
                end = s.FinishScreening(now) if isinstance(said, Done) else s.FailScreening(now, said.reason, said.field)
                await _ended(self.room, self.key, end)
                return True
        return False

    async def _obey(self, command: Any, rows: Sequence[Put] = ()) -> None:
        await self.room.execute(To("screening", self.key, command), actor=_WHO, rows=rows, patient=True)

    def _named(self, *parts: str) -> str:
        return named_id(self.room.store.ring.naming_key, self.room.service.name, *parts)

    async def _rows(self, signals: Sequence[tuple[int, str, int, str, str, str, str, str]]) -> list[Put]:
        """Rows of signals; the same signal told twice is the same row, so a part done again after a crash adds nothing."""
        numbers = {number: canonical("id_number", number) for _, _, _, number, *_ in signals if number}
        known = await self._known(numbers.values())
        now, found = self.room.clock.now(), []
        for row, code, value, number, reference, name, phone, where in signals:
            one = self._thresholds[code]
            plain = numbers.get(number, "")
            person = known.get(plain) or (
                self._named("person", "id_number", plain) if plain else self._named("person", "reference", reference)
            )
            signal_id = self._named("signal", self.key, str(row), code)
            told = {"id_number": plain, "person_ref": reference, "name": name, "phone": phone}
            values = {
                "signal_id": signal_id, "screening_id": self.key, "row": row, "threshold": code, "value": value, "limit": one.limit,
                "margin": margin(one.op, value, one.limit), "source": one.source, "valid_from": one.valid_from,
                "residence_code": where or None, "district": where[:6] or None, "person_id": person,
                "told": {k: v for k, v in told.items() if v}, "case_id": self._named("report", _WHO, signal_id), "at": now,
            }  # fmt: skip
            found.append(Put(signal_list, values))
        return found

    async def _known(self, numbers: Any) -> dict[str, str]:
        """Who of these is known here already, by number."""
        marks = {self.room.blind("id_number", number): number for number in numbers}
        at = person_list.c
        rows = await self.room.rows(select(at.id_number, at.person_id).where(at.id_number.in_(list(marks)))) if marks else []
        return {marks[bytes(row["id_number"])]: row["person_id"] for row in rows}


SCREENING_LOOP = Loop("screening", screen_forever)
