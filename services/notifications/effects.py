"""The door outwards for messages to people, and the look at who must hear of a withdrawal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from msgspec import Struct

from services.notifications import views
from services.notifications.domain.correspondence import (
    MessageDue,
    RecordFailed,
    RecordSent,
    RecordUnknown,
    RecordWithheld,
)
from services.notifications.domain.withdrawal import TellRecipients, WithdrawalNoted
from services.notifications.letters import letter
from shared.errors import NotNow
from shared.room import Room
from shared.service import WITHOUT_END, Answer, Effect, EffectCall, To

log = structlog.get_logger(__name__)


class Outgoing(Struct, frozen=True, gc=False):
    """One message as a carrier gets it; the carrier looks up the address itself and takes `message_id` as its idempotency key."""

    message_id: str
    person_id: str
    channel: str
    template: str
    language: str


# A carrier returns when the message is out, raises `NotNow` when that is not known or not possible now.
Carrier = Callable[[Outgoing], Awaitable[None]]


async def logged(message: Outgoing) -> None:
    """Writes code and message id to the log, never who or where: the carrier where no provider is set."""
    log.debug("message out", template=message.template, message_id=message.message_id, channel=message.channel)


CARRIERS: Mapping[str, Carrier] = {"sms": logged, "phone": logged, "wechat": logged, "email": logged, "letter": logged, "visit": logged}


async def send(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    """Each due message by the channel its person prefers now."""
    people = {c.envelope.data.person_id for c in calls}
    wished = {row["person_id"]: row for row in await room.rows(views.preferences_of(people))}
    return [await _sent(call.envelope.data, wished) for call in calls]


async def _sent(due: MessageDue, wished: Mapping[str, Mapping[str, str]]) -> Answer:
    wish = wished.get(due.person_id)
    channel, language = (wish["channel"], wish["language"]) if wish else (due.channel, due.language)
    if channel == "none":
        return Answer((To("message", due.case_id, RecordWithheld(due.message_id, "contact_none")),))
    carrier = CARRIERS.get(channel)
    if carrier is None:
        return Answer((To("message", due.case_id, RecordFailed(due.message_id, channel, "channel_unknown")),))
    if letter(due.template, language) is None:
        return Answer((To("message", due.case_id, RecordFailed(due.message_id, channel, "template_unknown")),))
    try:
        await carrier(Outgoing(due.message_id, due.person_id, channel, due.template, language))
    except NotNow as away:
        return Answer(retry=True, delay_seconds=away.retry_after_seconds, why="carrier away")
    return Answer((To("message", due.case_id, RecordSent(due.message_id, channel)),))


def nobody_knows(call: EffectCall) -> tuple[To, ...]:
    return (To("message", call.envelope.data.case_id, RecordUnknown(call.envelope.data.message_id)),)


async def tell_recipients(calls: Sequence[EffectCall], room: Room) -> Sequence[Answer]:
    """Every organisation that may have received the person is told; `seen` is written before anything is handed out."""
    answers = []
    for call in calls:
        noted: WithdrawalNoted = call.envelope.data
        rows = await room.rows(views.recipients_of(noted.case_ids, noted.person_id if noted.erased else None))
        orgs = tuple(row["org_id"] for row in rows)
        answers.append(Answer((To("withdrawal", call.envelope.key, TellRecipients(orgs)),)))
    return answers


def not_told(call: EffectCall) -> tuple[To, ...]:
    """The store was away for all attempts: an alert is due, no command can say whom to tell."""
    log.error("recipients of a withdrawal could not be told", withdrawal=call.envelope.key)
    return ()


EFFECTS = (
    Effect("send_message", MessageDue, send, nobody_knows),
    Effect("tell_recipients", WithdrawalNoted, tell_recipients, not_told, attempts_max=WITHOUT_END),
)
