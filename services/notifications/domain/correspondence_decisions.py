"""Every yes and every no about messages to the person of a case."""

from __future__ import annotations

from typing import assert_never

from services.notifications.domain.correspondence import (
    SILENT,
    Correspondence,
    Event,
    Letter,
    MessageDue,
    MessageFailed,
    MessageSent,
    MessageUnknown,
    MessageWithheld,
    NoteContact,
    RecordFailed,
    RecordSent,
    RecordUnknown,
    RecordWithheld,
    WriteMessage,
    evolve,
)
from shared.kernel import Decider, Rejected

Command = NoteContact | WriteMessage | RecordSent | RecordFailed | RecordWithheld | RecordUnknown


class MessageNotKnown(Rejected):
    """There is no such message for this case."""


def note_contact(command: NoteContact, state: Correspondence) -> tuple[Event, ...]:
    message_id = f"received-{command.case_id}"
    if message_id in state.letters:
        return ()
    return (MessageDue(message_id, command.case_id, command.person_id, "received", command.channel, command.language, command.at),)


def write_message(command: WriteMessage, state: Correspondence) -> tuple[Event, ...]:
    """A person who never said how to be reached is not written to."""
    message_id = f"{command.template}-{command.cause}"
    if not state.channel or message_id in state.letters:
        return ()
    return (MessageDue(message_id, state.case_id, state.person_id, command.template, state.channel, state.language, command.at),)


def _open(message_id: str, state: Correspondence) -> Letter | None:
    letter = state.letters.get(message_id)
    if letter is None:
        raise MessageNotKnown
    return letter if letter.status == "due" else None


def record_sent(command: RecordSent, state: Correspondence) -> tuple[Event, ...]:
    letter = _open(command.message_id, state)
    if letter is None:
        return ()
    return (MessageSent(command.message_id, state.case_id, state.person_id, letter.template, command.channel),)


def record_failed(command: RecordFailed, state: Correspondence) -> tuple[Event, ...]:
    letter = _open(command.message_id, state)
    if letter is None:
        return ()
    return (MessageFailed(command.message_id, state.case_id, state.person_id, letter.template, command.channel, command.why),)


def record_withheld(command: RecordWithheld, state: Correspondence) -> tuple[Event, ...]:
    return (MessageWithheld(command.message_id, command.why),) if _open(command.message_id, state) else ()


def record_unknown(command: RecordUnknown, state: Correspondence) -> tuple[Event, ...]:
    return (MessageUnknown(command.message_id),) if _open(command.message_id, state) else ()


def decide(command: Command, state: Correspondence) -> tuple[Event, ...]:
    match command:
        case NoteContact():
            return note_contact(command, state)
        case WriteMessage():
            return write_message(command, state)
        case RecordSent():
            return record_sent(command, state)
        case RecordFailed():
            return record_failed(command, state)
        case RecordWithheld():
            return record_withheld(command, state)
        case RecordUnknown():
            return record_unknown(command, state)
    assert_never(command)


CORRESPONDENCE = Decider(
    noun="message",
    absent=SILENT,
    decide=decide,
    evolve=evolve,
    commands=(NoteContact, WriteMessage, RecordSent, RecordFailed, RecordWithheld, RecordUnknown),
    events=(MessageDue, MessageSent, MessageFailed, MessageWithheld, MessageUnknown),
)
