"""Every yes and no about a call; the provider's word may come twice, late and out of order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.intake.domain import call as c
from shared.kernel import Decider, Rejected, Shredded


class CallIsUnknown(Rejected):
    """There is no such call."""


class CallWasNotMade(Rejected):
    """This try of the call has not been made, so nothing can have come of it."""


class PersonOfCallIsErased(Rejected):
    """The data of this person have been erased; there is no number to ring."""


class CallIsForgotten(Rejected):
    """What this campaign knew of the number has been forgotten; no answer can be recorded under it any more."""


class NobodyCallsBack(Rejected):
    """Nobody has to call back here."""


def queue(command: c.QueueCall, state: c.Call) -> tuple[c.Event, ...]:
    """A number stands in a campaign once, however often it is on its lists."""
    return () if state.queued is not None else (command.call,)


def dial(command: c.DialCall, state: c.Call) -> tuple[c.Event, ...]:
    queued = _known(state)
    if state.status != "queued" or (state.due_at is not None and state.due_at > command.at):
        return ()
    if isinstance(queued.listed, Shredded):
        raise PersonOfCallIsErased
    return (c.CallDialled(queued.call_id, queued.campaign_id, state.attempt + 1, command.at),)


def _known(state: c.Call) -> c.CallQueued:
    if state.queued is None:
        raise CallIsUnknown
    return state.queued


def _made(state: c.Call, attempt: int) -> c.CallQueued:
    queued = _known(state)
    if not 1 <= attempt <= state.attempt:
        raise CallWasNotMade
    return queued


def answer(command: c.RecordAnswer, state: c.Call) -> tuple[c.Event, ...]:
    """The first answer counts, whenever it comes: it ends further tries, and is better than any silence noted before."""
    q = _made(state, command.attempt)
    if command.message_id in state.heard or state.status in ("answered", "opted_out"):
        return ()
    if state.forgotten:
        raise CallIsForgotten
    due = c.call_back_due(command.at) if command.result == "call_back" else None
    return (
        c.CallAnswered(
            q.call_id, q.campaign_id, q.person_id, q.purpose, command.attempt, command.at, command.message_id, command.result,
            command.because, command.answers, command.transcript, command.case_id, due,
        ),
    )  # fmt: skip


def no_answer(command: c.RecordNoAnswer, state: c.Call) -> tuple[c.Event, ...]:
    """Counts for the try that is under way; whatever is known better already stays."""
    q = _made(state, command.attempt)
    late = command.attempt != state.attempt or state.status not in ("ringing", "unknown")
    if late or command.message_id in state.heard:
        return ()
    more = command.attempt <= command.retries and command.why != "rejected" and state.status == "ringing"
    again = command.now + timedelta(minutes=command.retry_minutes) if more else None
    return (c.CallUnanswered(q.call_id, q.campaign_id, command.attempt, command.at, command.message_id, command.why, again),)


def opt_out(command: c.RecordOptOut, state: c.Call) -> tuple[c.Event, ...]:
    """Heard at any time, also after an answer: nobody may say no too late."""
    q = _made(state, command.attempt)
    if state.opted_out:
        return ()
    spoke = state.status == "answered"
    said = c.CallOptedOut(
        q.call_id, q.campaign_id, q.number_id, q.purpose, command.attempt, command.at, command.message_id, command.how, spoke
    )
    return (said,)


def lose(command: c.LoseCall, state: c.Call) -> tuple[c.Event, ...]:
    q = _made(state, command.attempt)
    if state.status != "ringing" or command.attempt != state.attempt:
        return ()
    return (c.CallLost(q.call_id, q.campaign_id, command.attempt, command.at, c.call_back_due(command.at)),)


def defer(command: c.DeferCall, state: c.Call) -> tuple[c.Event, ...]:
    q = _made(state, command.attempt)
    if state.status != "ringing" or command.attempt != state.attempt:
        return ()
    return (c.CallDeferred(q.call_id, q.campaign_id, command.attempt, command.at),)


def skip(command: c.SkipCall, state: c.Call) -> tuple[c.Event, ...]:
    q = _known(state)
    untold = state.status == "queued" or (state.status == "ringing" and command.attempt == state.attempt)
    return (c.CallSkipped(q.call_id, q.campaign_id, command.at, command.why),) if untold else ()


def finish_call_back(command: c.FinishCallBack, state: c.Call) -> tuple[c.Event, ...]:
    q = _known(state)
    if not state.call_back:
        raise NobodyCallsBack
    return () if state.call_back == "done" else (c.CallBackDone(q.call_id, q.campaign_id, command.at, command.outcome, command.case_id),)


def forget(command: c.ForgetCall, state: c.Call) -> tuple[c.Event, ...]:
    """Whoever was known before is not the list's to forget, and whoever waits to be called back is called back first, unless they ask."""
    q = _known(state)
    if state.forgotten or q.known or (state.call_back == "due" and not command.asked):
        return ()
    return (c.CallForgotten(q.call_id, q.campaign_id, q.person_id, command.at),)


_OBEY: dict[type, Callable[[Any, c.Call], tuple[c.Event, ...]]] = {
    c.QueueCall: queue,
    c.DialCall: dial,
    c.RecordAnswer: answer,
    c.RecordNoAnswer: no_answer,
    c.RecordOptOut: opt_out,
    c.LoseCall: lose,
    c.DeferCall: defer,
    c.SkipCall: skip,
    c.FinishCallBack: finish_call_back,
    c.ForgetCall: forget,
}


def decide(command: Any, state: c.Call) -> tuple[c.Event, ...]:
    return _OBEY[type(command)](command, state)


CALL = Decider(
    noun="call", absent=c.Call(), decide=decide, evolve=c.evolve, commands=tuple(_OBEY),
    events=(
        c.CallQueued, c.CallDialled, c.CallAnswered, c.CallUnanswered, c.CallOptedOut, c.CallLost, c.CallDeferred, c.CallSkipped,
        c.CallBackDone, c.CallForgotten,
    ),
)  # fmt: skip
