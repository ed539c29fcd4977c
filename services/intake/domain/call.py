"""A call of a campaign: queued -> ringing -> answered | queued again | no_answer | opted_out | unknown; or skipped.

    absent --QueueCall--> queued --DialCall--> ringing --RecordAnswer--> answered
    ringing --RecordNoAnswer--> queued (another try is due later) | no_answer;  ringing --RecordOptOut--> opted_out
    ringing --LoseCall--> unknown: the provider never said, so nobody is rung again by itself and a person calls back
    ringing --DeferCall--> queued: the provider never heard of it; the same try under the same id, later
    queued --SkipCall--> skipped: the number may not be called
    any of them --ForgetCall--> the same, and whom it rang is forgotten: what stays is what became of it

There is one call for each number of a campaign; a try is an `attempt`, counted from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from shared.kernel import Shredded

CALL_BACK_HOURS = 24


class Listed(Struct, frozen=True, gc=False):
    """Whom a list names. Personal, always sealed under the person."""

    number: str
    name: str | None = None


class CallQueued(Struct, frozen=True, gc=False):
    """`number_id` stands for the number without telling it; `known` says that the person was known before the campaign.

    `about` is whom data pointed to. What a list told is sealed for `person_id`, which is nobody else's while they are not known, so
    that it can be forgotten without the key that is theirs for good.
    """

    call_id: str
    campaign_id: str
    person_id: str
    household_id: str
    number_id: str
    purpose: str
    language: str
    at: datetime
    listed: Listed | Shredded
    case_id: str | None = None
    known: bool = False
    about: str | None = None


def whose(call: CallQueued) -> tuple[str, str]:
    """Person and household of the case that an answer opens."""
    if call.about is not None and not call.known:
        return call.about, call.about
    return call.person_id, call.household_id


class CallDialled(Struct, frozen=True, gc=False):
    """From now on this try is under way: it is told to the provider under its own id, however often that has to be said."""

    call_id: str
    campaign_id: str
    attempt: int
    at: datetime


class CallAnswered(Struct, frozen=True, gc=False):
    """Somebody spoke. `answers` are codes by question; `result` is case, task, call_back or no_need, `because` the rules behind it."""

    call_id: str
    campaign_id: str
    person_id: str
    purpose: str
    attempt: int
    at: datetime
    message_id: str
    result: str
    because: tuple[str, ...] = ()
    answers: Mapping[str, str] = {}
    transcript: str | Shredded | None = None
    case_id: str | None = None
    call_back_due: datetime | None = None


class CallUnanswered(Struct, frozen=True, gc=False):
    """`why` is no_answer, busy, failed or rejected; `again_at` is when it is tried again, None: no more."""

    call_id: str
    campaign_id: str
    attempt: int
    at: datetime
    message_id: str
    why: str
    again_at: datetime | None = None


class CallOptedOut(Struct, frozen=True, gc=False):
    """This number is never to be called again for this purpose; `how` is key or words, `spoke` says that an answer stands beside it."""

    call_id: str
    campaign_id: str
    number_id: str
    purpose: str
    attempt: int
    at: datetime
    message_id: str
    how: str
    spoke: bool = False


class CallLost(Struct, frozen=True, gc=False):
    """What became of this try is not known and will not be; a person calls back."""

    call_id: str
    campaign_id: str
    attempt: int
    at: datetime
    call_back_due: datetime


class CallDeferred(Struct, frozen=True, gc=False):
    """The provider never heard of this try; it is made later, under the same id."""

    call_id: str
    campaign_id: str
    attempt: int
    at: datetime


class CallSkipped(Struct, frozen=True, gc=False):
    """`why` is do_not_call, opted_out, called_elsewhere or erased."""

    call_id: str
    campaign_id: str
    at: datetime
    why: str


class CallBackDone(Struct, frozen=True, gc=False):
    """A person has called back: `outcome` is case, no_need or could_not_contact."""

    call_id: str
    campaign_id: str
    at: datetime
    outcome: str
    case_id: str | None = None


class CallForgotten(Struct, frozen=True, gc=False):
    """The list's word about this number is kept no longer: the key that number, name and words are sealed under is to be destroyed."""

    call_id: str
    campaign_id: str
    person_id: str
    at: datetime


class QueueCall(Struct, frozen=True, gc=False):
    call: CallQueued


class DialCall(Struct, frozen=True, gc=False):
    at: datetime


class RecordAnswer(Struct, frozen=True, gc=False):
    """What the provider tells of a try, judged already by the script."""

    attempt: int
    at: datetime
    message_id: str
    result: str
    because: tuple[str, ...] = ()
    answers: Mapping[str, str] = {}
    transcript: str | None = None
    case_id: str | None = None


class RecordNoAnswer(Struct, frozen=True, gc=False):
    """`retries` and `retry_minutes` are the campaign's; another try is counted from `now`."""

    attempt: int
    at: datetime
    message_id: str
    why: str
    retries: int
    retry_minutes: int
    now: datetime


class RecordOptOut(Struct, frozen=True, gc=False):
    attempt: int
    at: datetime
    message_id: str
    how: str


class LoseCall(Struct, frozen=True, gc=False):
    attempt: int
    at: datetime


class DeferCall(Struct, frozen=True, gc=False):
    attempt: int
    at: datetime


class SkipCall(Struct, frozen=True, gc=False):
    """Nobody rings this number: before it is dialled, or (with its `attempt`) before the provider has been told of it."""

    at: datetime
    why: str
    attempt: int = 0


class FinishCallBack(Struct, frozen=True, gc=False):
    at: datetime
    outcome: str
    case_id: str | None = None


class ForgetCall(Struct, frozen=True, gc=False):
    """The time for which number, name and words of this call are kept is over, or (`asked`) whoever it rang wants them gone now."""

    at: datetime
    asked: bool = False


class Call(Struct, frozen=True, gc=False):
    """`heard` are the provider's messages that were worked through; `call_back` is empty, due or done."""

    status: str = "absent"
    queued: CallQueued | None = None
    attempt: int = 0
    due_at: datetime | None = None
    result: str = ""
    case_id: str | None = None
    transcript: str | Shredded | None = None
    call_back: str = ""
    opted_out: bool = False
    heard: tuple[str, ...] = ()
    forgotten: bool = False


Event = (
    CallQueued | CallDialled | CallAnswered | CallUnanswered | CallOptedOut | CallLost | CallDeferred | CallSkipped | CallBackDone
    | CallForgotten
)  # fmt: skip
_HEARD_MAX = 20


def call_back_due(at: datetime) -> datetime:
    """Until when a person should have called back: a day, as for every answer that is promised."""
    return at + timedelta(hours=CALL_BACK_HOURS)


def evolve(state: Call, event: Event) -> Call:
    match event:
        case CallQueued():
            return Call("queued", event, due_at=event.at)
        case CallDialled():
            return replace(state, status="ringing", attempt=event.attempt)
        case CallAnswered():
            back = "due" if event.result == "call_back" else ""
            now = replace(state, status="answered", result=event.result, case_id=event.case_id, transcript=event.transcript, call_back=back)
            return _heard(now, event.message_id)
        case CallUnanswered():
            status = "queued" if event.again_at is not None else "no_answer"
            return _heard(replace(state, status=status, due_at=event.again_at), event.message_id)
        case CallOptedOut():
            status = "answered" if event.spoke else "opted_out"
            return _heard(replace(state, status=status, opted_out=True), event.message_id)
        case CallLost():
            return replace(state, status="unknown", call_back="due")
        case CallDeferred():
            return replace(state, status="queued", attempt=event.attempt - 1, due_at=event.at)
        case CallSkipped():
            return replace(state, status="skipped", result=event.why)
        case CallBackDone():
            return replace(state, call_back="done", case_id=event.case_id or state.case_id)
        case CallForgotten():
            return replace(state, forgotten=True, call_back="")


def _heard(state: Call, message_id: str) -> Call:
    return state if message_id in state.heard else replace(state, heard=(*state.heard[-_HEARD_MAX:], message_id))
