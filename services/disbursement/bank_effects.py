"""Files to the bank and its own back: released ones are handed over under their number, what it leaves in the folder is read."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence

import structlog

from services.disbursement import bank_views
from services.disbursement.bank.adapter import bank_of
from services.disbursement.bank.folder import FolderBank
from services.disbursement.bank.xml import Unreadable
from services.disbursement.bank_words import take
from services.disbursement.domain.payment_file import FileDropped, FileReleased, FileSent, NoteFileSent
from services.disbursement.domain.work_item import RaiseItem
from services.disbursement.paying_by_file import subject_of
from shared.clock import local_day
from shared.errors import NotNow
from shared.kernel import Rejected
from shared.room import Room
from shared.service import WITHOUT_END, Answer, Effect, EffectCall, Loop, To, shredding

log = structlog.get_logger(__name__)
_LOOK_SECONDS = 0.5
_REFUSED = ".refused"


async def hand_over(calls: Sequence[EffectCall], room: Room) -> list[Answer]:
    """The bytes that were made when the file was built; after a crash the same bytes once more, which a bank takes as the same."""
    bank = bank_of(room)
    answers = []
    for call in calls:
        released: FileReleased = call.envelope.data
        rows = await room.rows(bank_views.content_of(released.file_id))
        if not rows:  # it was sent and forgotten, and only this call did not hear of it
            answers.append(Answer())
            continue
        content = str(rows[0]["content"]).encode()
        assert hashlib.sha256(content).hexdigest() == released.digest, "the file is not the one that was released"
        await bank.hand_over(released.file_id, content)
        answers.append(Answer((To("payment_file", released.file_id, NoteFileSent()),)))
    return answers


async def take_in(room: Room, bank: FolderBank, name: str) -> None:
    """One file of the bank: obeyed whole, or set aside with a work item that says so. It leaves in/ only afterwards."""
    content = await asyncio.to_thread(bank.content, name)
    mark = ""
    try:
        await take(room, content, "bank")
    except (Unreadable, Rejected) as no:
        mark = _REFUSED
        item = f"message-{hashlib.sha256(content).hexdigest()[:32]}"
        about = RaiseItem(item, "refused_message", "", 0, "", type(no).__name__, local_day(room.clock.now()).isoformat())
        await room.execute(To("work_item", item, about), actor="bank")
        log.warning("bank_message_refused", why=type(no).__name__)
    await asyncio.to_thread(bank.put_by, name, mark)


async def read_folder(room: Room) -> None:
    """Until stopped; where the bank has no folder there is nothing to do."""
    bank = bank_of(room)
    while not room.stop.is_set():
        if isinstance(bank, FolderBank):
            with contextlib.suppress(NotNow):  # the store is away: the files wait
                for name in await asyncio.to_thread(bank.brought):
                    await take_in(room, bank, name)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(room.stop.wait(), _LOOK_SECONDS)


BANK_EFFECTS = (
    Effect("hand_over_file", FileReleased, hand_over, batch_max=5, attempts_max=WITHOUT_END),
    shredding("forget_sent_file", FileSent, lambda sent: subject_of(sent.file_id)),
    shredding("forget_dropped_file", FileDropped, lambda dropped: subject_of(dropped.file_id)),
)
READING_FOLDER = Loop("bank_folder", read_folder)
