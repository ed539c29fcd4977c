"""The messages to the person of one case: each template and cause at most once.

silent --NoteContact--> told how to write (by, language); with NoteContact the first message falls due
each message: due --> sent | failed | withheld (the person wants none) | unknown (nobody can say whether it went out)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace


class NoteContact(Struct, frozen=True, gc=False):
    """The case was opened and says how the person wants to hear from us."""

    case_id: str
    person_id: str
    channel: str
    language: str
    at: datetime


class WriteMessage(Struct, frozen=True, gc=False):
    """Something happened that the person should hear; `cause` names it (a referral, a payout)."""

    template: str
    cause: str
    at: datetime


class RecordSent(Struct, frozen=True, gc=False):
    message_id: str
    channel: str


class RecordFailed(Struct, frozen=True, gc=False):
    message_id: str
    channel: str
    why: str


class RecordWithheld(Struct, frozen=True, gc=False):
    message_id: str
    why: str


class RecordUnknown(Struct, frozen=True, gc=False):
    message_id: str


class MessageDue(Struct, frozen=True, gc=False):
    message_id: str
    case_id: str
    person_id: str
    template: str
    channel: str
    language: str
    at: datetime


class MessageSent(Struct, frozen=True, gc=False):
    message_id: str
    case_id: str
    person_id: str
    template: str
    channel: str


class MessageFailed(Struct, frozen=True, gc=False):
    message_id: str
    case_id: str
    person_id: str
    template: str
    channel: str
    why: str


class MessageWithheld(Struct, frozen=True, gc=False):
    message_id: str
    why: str


class MessageUnknown(Struct, frozen=True, gc=False):
    message_id: str


Event = MessageDue | MessageSent | MessageFailed | MessageWithheld | MessageUnknown


class Letter(Struct, frozen=True, gc=False):
    """One message of the case: its template and how far it came."""

    template: str
    channel: str
    status: str


class Correspondence(Struct, frozen=True, gc=False):
    """Who is written to about this case and how, and every message by its id."""

    case_id: str = ""
    person_id: str = ""
    channel: str = ""
    language: str = "zh"
    letters: Mapping[str, Letter] = field(default_factory=dict)


SILENT = Correspondence()


def _marked(state: Correspondence, message_id: str, status: str) -> Correspondence:
    return replace(state, letters={**state.letters, message_id: replace(state.letters[message_id], status=status)})


def evolve(state: Correspondence, event: Event) -> Correspondence:
    match event:
        case MessageDue(message_id, case_id, person_id, template, channel, language, _):
            letters = {**state.letters, message_id: Letter(template, channel, "due")}
            return Correspondence(case_id, person_id, channel, language, letters)
        case MessageSent(message_id):
            return _marked(state, message_id, "sent")
        case MessageFailed(message_id):
            return _marked(state, message_id, "failed")
        case MessageWithheld(message_id):
            return _marked(state, message_id, "withheld")
        case MessageUnknown(message_id):
            return _marked(state, message_id, "unknown")
