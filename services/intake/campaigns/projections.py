"""From what happened in campaigns to rows that are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.intake.campaigns.tables import answer_list, call_list, campaign_list, number_list
from services.intake.domain import call as c
from services.intake.domain import campaign as k
from services.intake.domain import number as n
from shared.envelope import Envelope
from shared.service import Add, Change, Projection, Put, RowChange


def _planned(e: Envelope) -> Iterable[RowChange]:
    p: k.CampaignPlanned = e.data
    yield Put(
        campaign_list,
        {
            "campaign_id": p.campaign_id, "name": p.name, "purpose": p.purpose, "script": p.script, "script_version": p.script_version,
            "language": p.language, "status": "planned", "reason": None, "lines": p.lines, "since": p.since, "until": p.until,
            "retries": p.retries, "retry_minutes": p.retry_minutes, "planned_by": e.actor, "planned_at": p.at, "started_at": None,
            "ended_at": None, "screening_id": p.screening_id, "rests_since": p.at, "forgotten_at": None,
        },
    )  # fmt: skip


def _campaign(e: Envelope, **values: Any) -> Change:
    return Change(campaign_list, {"campaign_id": e.data.campaign_id}, values)


def _started(e: Envelope) -> Iterable[RowChange]:
    yield _campaign(e, status="running", started_at=e.data.at, rests_since=None)


def _paused(e: Envelope) -> Iterable[RowChange]:
    yield _campaign(e, status="paused", rests_since=e.data.at)


def _resumed(e: Envelope) -> Iterable[RowChange]:
    yield _campaign(e, status="running", rests_since=None)


def _paced(e: Envelope) -> Iterable[RowChange]:
    yield _campaign(e, lines=e.data.lines, since=e.data.since, until=e.data.until)


def _ended(e: Envelope) -> Iterable[RowChange]:
    yield _campaign(e, status="done", reason=e.data.reason, ended_at=e.data.at, rests_since=None)


def _numbers_forgotten(e: Envelope) -> Iterable[RowChange]:
    yield _campaign(e, forgotten_at=e.data.at)


def _queued(e: Envelope) -> Iterable[RowChange]:
    q: c.CallQueued = e.data
    yield Put(
        call_list,
        {
            "call_id": q.call_id, "campaign_id": q.campaign_id, "number_id": q.number_id, "person_id": q.person_id, "about": q.about,
            "purpose": q.purpose,
            "language": q.language, "status": "queued", "attempt": 0, "due_at": q.at, "dialled_at": None, "ended_at": None, "why": None,
            "result": None, "case_id": q.case_id, "call_back_due": None, "call_back_at": None, "known": q.known,
            "forgotten_at": None,
        },
    )  # fmt: skip


def _call(e: Envelope, **values: Any) -> Change:
    return Change(call_list, {"call_id": e.data.call_id}, values)


def _dialled(e: Envelope) -> Iterable[RowChange]:
    yield _call(e, status="ringing", attempt=e.data.attempt, dialled_at=e.data.at)


def _answered(e: Envelope) -> Iterable[RowChange]:
    a: c.CallAnswered = e.data
    case = {"case_id": a.case_id} if a.case_id else {}
    yield _call(e, status="answered", result=a.result, ended_at=a.at, due_at=None, why=None, call_back_due=a.call_back_due, **case)
    for question, answer in a.answers.items():
        yield Add(answer_list, {"campaign_id": a.campaign_id, "question": question, "answer": answer}, {"count": 1})


def _unanswered(e: Envelope) -> Iterable[RowChange]:
    u: c.CallUnanswered = e.data
    status = "queued" if u.again_at is not None else "no_answer"
    yield _call(e, status=status, why=u.why, due_at=u.again_at, ended_at=None if u.again_at else u.at)


def _opted_out(e: Envelope) -> Iterable[RowChange]:
    if not e.data.spoke:
        yield _call(e, status="opted_out", ended_at=e.data.at, due_at=None, call_back_due=None)


def _lost(e: Envelope) -> Iterable[RowChange]:
    yield _call(e, status="unknown", ended_at=e.data.at, call_back_due=e.data.call_back_due)


def _deferred(e: Envelope) -> Iterable[RowChange]:
    yield _call(e, status="queued", attempt=e.data.attempt - 1, due_at=e.data.at)


def _skipped(e: Envelope) -> Iterable[RowChange]:
    yield _call(e, status="skipped", why=e.data.why, ended_at=e.data.at, due_at=None)


def _called_back(e: Envelope) -> Iterable[RowChange]:
    b: c.CallBackDone = e.data
    yield _call(e, call_back_at=b.at, **({"case_id": b.case_id} if b.case_id else {}))


def _forgotten(e: Envelope) -> Iterable[RowChange]:
    yield _call(e, forgotten_at=e.data.at, call_back_due=None)


def _number(e: Envelope) -> Iterable[RowChange]:
    said: n.NumberOptedOut | n.NumberBlocked | n.NumberUnblocked = e.data
    blocked = said.blocked if isinstance(said, n.NumberOptedOut) else isinstance(said, n.NumberBlocked)
    reason = None if isinstance(said, n.NumberOptedOut) else said.reason
    yield Put(
        number_list,
        {
            "number_id": said.number_id, "blocked": blocked, "refused": list(said.refused), "reason": reason, "changed_at": said.at,
            "changed_by": e.actor,
        },
    )  # fmt: skip


CAMPAIGNS = Projection(
    "campaigns",
    (campaign_list,),
    {
        k.CampaignPlanned: _planned,
        k.CampaignStarted: _started,
        k.CampaignPaused: _paused,
        k.CampaignResumed: _resumed,
        k.CampaignPaced: _paced,
        k.CampaignEnded: _ended,
        k.NumbersForgotten: _numbers_forgotten,
    },
)
CALLS = Projection(
    "calls",
    (call_list, answer_list),
    {
        c.CallQueued: _queued,
        c.CallDialled: _dialled,
        c.CallAnswered: _answered,
        c.CallUnanswered: _unanswered,
        c.CallOptedOut: _opted_out,
        c.CallLost: _lost,
        c.CallDeferred: _deferred,
        c.CallSkipped: _skipped,
        c.CallBackDone: _called_back,
        c.CallForgotten: _forgotten,
    },
)
NUMBERS = Projection("numbers", (number_list,), {n.NumberOptedOut: _number, n.NumberBlocked: _number, n.NumberUnblocked: _number})
