"""The words of many reports weighed together by a process beside this one, where there is one; the answers are the same as here."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import msgspec

from services.intake.domain.triage import Triage
from shared.beside import Beside
from shared.room import Room

_FEW = 16  # texts are weighed sooner than they are sent
_triages = msgspec.msgpack.Decoder(list[Triage])
_beside: WeakKeyDictionary[Room, Beside] = WeakKeyDictionary()


async def weighed(room: Room, texts: Sequence[str]) -> Sequence[Triage | None]:
    """The triage of each text, in their order; None where whoever asks has to weigh for themselves."""
    if len(texts) <= _FEW:
        return [None] * len(texts)
    beside = _beside.get(room)
    if beside is None:
        beside = _beside[room] = Beside("services.intake.weigher", room.stop)
    told = await beside.answer(msgspec.msgpack.encode(texts))
    return [None] * len(texts) if told is None else _triages.decode(told)
