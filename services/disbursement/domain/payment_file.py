"""One file of payments for the bank: built and looked at, released by a person, sent, acknowledged or refused.

    built -> released -> sent -> acknowledged | rejected      built -> dropped

Its bytes are made once, when it is built; whatever crashes afterwards, the same bytes go out under the same number.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Decider, Rejected


class Payment(Struct, frozen=True, gc=False):
    """One payout in a file; whom it is for stands in the file alone."""

    payout_id: str
    end_to_end_id: str
    amount_fen: int


# Asked


class BuildFile(Struct, frozen=True, gc=False):
    """`digest` is SHA-256 over the bytes; `made_at` and `execute_on` are what the file says of itself."""

    file_id: str
    payments: tuple[Payment, ...]
    digest: str
    made_at: str
    execute_on: str
    by: str


class ReleaseFile(Struct, frozen=True, gc=False):
    by: str
    answer_by: str


class NoteFileSent(Struct, frozen=True, gc=False):
    pass


class DropFile(Struct, frozen=True, gc=False):
    by: str


class NoteFileStatus(Struct, frozen=True, gc=False):
    """What the bank says of the file as a whole: accepted or rejected, with its code."""

    status: str
    reason: str


class NoteFileShown(Struct, frozen=True, gc=False):
    """Somebody looked at the payees in it."""

    by: str


class NoteSilence(Struct, frozen=True, gc=False):
    """The bank has had its time."""


# Happened


class FileBuilt(Struct, frozen=True, gc=False):
    file_id: str
    payments: tuple[Payment, ...]
    total_fen: int
    digest: str
    made_at: str
    execute_on: str
    by: str


class FileReleased(Struct, frozen=True, gc=False):
    """From here on the bank may have it. `answer_by` is when its silence becomes a matter for people."""

    file_id: str
    digest: str
    by: str
    answer_by: str


class FileSent(Struct, frozen=True, gc=False):
    file_id: str


class FileDropped(Struct, frozen=True, gc=False):
    file_id: str
    payout_ids: tuple[str, ...]
    by: str


class FileAcknowledged(Struct, frozen=True, gc=False):
    file_id: str


class FileRejected(Struct, frozen=True, gc=False):
    file_id: str
    reason: str


class FileShown(Struct, frozen=True, gc=False):
    file_id: str
    by: str


class FileStayedSilent(Struct, frozen=True, gc=False):
    file_id: str
    payout_ids: tuple[str, ...]


# True


class PaymentFile(Struct, frozen=True, gc=False):
    status: str = "absent"
    file_id: str = ""
    payments: tuple[Payment, ...] = ()
    digest: str = ""
    by: str = ""
    silent: bool = False


class FileAbsent(Rejected):
    """There is no such payment file."""


class FileDiffersFromFirst(Rejected):
    """This payment file was built before with other payments."""


class FileOnItsWay(Rejected):
    """The file was released; the bank may have it, so it can no longer be dropped."""


class FileWasDropped(Rejected):
    """The file was dropped before it was sent; build a new one."""


def decide(command: Any, state: PaymentFile) -> tuple[Any, ...]:
    ids = tuple(p.payout_id for p in state.payments)
    match command:
        case BuildFile():
            return build(command, state)
        case _ if state.status == "absent":
            raise FileAbsent
        case ReleaseFile():
            if state.status == "dropped":
                raise FileWasDropped
            return (FileReleased(state.file_id, state.digest, command.by, command.answer_by),) if state.status == "built" else ()
        case NoteFileSent():
            return (FileSent(state.file_id),) if state.status == "released" else ()
        case DropFile():
            if state.status == "dropped":
                return ()
            if state.status != "built":
                raise FileOnItsWay(status=state.status)
            return (FileDropped(state.file_id, ids, command.by),)
        case NoteFileStatus():
            return status_noted(command, state)
        case NoteFileShown():
            return (FileShown(state.file_id, command.by),)
        case NoteSilence():
            return (
                (FileStayedSilent(state.file_id, ids),) if state.status in {"released", "sent", "acknowledged"} and not state.silent else ()
            )
    raise AssertionError(type(command).__name__)


def build(command: BuildFile, state: PaymentFile) -> tuple[FileBuilt, ...]:
    if state.status != "absent":
        if state.digest == command.digest:
            return ()
        raise FileDiffersFromFirst(file_id=command.file_id)
    total = sum(p.amount_fen for p in command.payments)
    return (FileBuilt(command.file_id, command.payments, total, command.digest, command.made_at, command.execute_on, command.by),)


def status_noted(command: NoteFileStatus, state: PaymentFile) -> tuple[Any, ...]:
    """The bank's first word about the whole file stands; a word about a file that it cannot have is no word about it."""
    if state.status not in {"released", "sent"}:
        return ()
    if command.status == "rejected":
        return (FileRejected(state.file_id, command.reason),)
    return (FileAcknowledged(state.file_id),)


_STATUS: dict[type, str] = {
    FileReleased: "released",
    FileSent: "sent",
    FileDropped: "dropped",
    FileAcknowledged: "acknowledged",
    FileRejected: "rejected",
}


def evolve(state: PaymentFile, event: Any) -> PaymentFile:
    match event:
        case FileBuilt():
            return PaymentFile("built", event.file_id, event.payments, event.digest, event.by)
        case FileStayedSilent():
            return replace(state, silent=True)
        case FileShown():
            return state
    return replace(state, status=_STATUS[type(event)])


PAYMENT_FILE = Decider(
    noun="payment_file",
    absent=PaymentFile(),
    decide=decide,
    evolve=evolve,
    commands=(BuildFile, ReleaseFile, NoteFileSent, DropFile, NoteFileStatus, NoteFileShown, NoteSilence),
    events=(FileBuilt, FileReleased, FileSent, FileDropped, FileAcknowledged, FileRejected, FileShown, FileStayedSilent),
)
