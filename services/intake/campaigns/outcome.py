"""What the provider tells of a call becomes an answer, another try, a no for ever, a case, a task, or a call back; once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.intake.asked import ConsentIn, ContactIn, PersonIn, ReporterIn, ReportIn
from services.intake.campaigns.asked import OutcomeIn
from services.intake.campaigns.scripts import script as script_of
from services.intake.domain import call as c
from services.intake.domain.call_decisions import CallIsUnknown, CallWasNotMade
from services.intake.domain.campaign import Campaign, CampaignPlanned
from services.intake.domain.case import Case
from services.intake.domain.case_commands import AddTask
from services.intake.domain.case_decisions import PersonOfCaseIsErased, ReportDiffersFromFirst
from services.intake.domain.script import Conclusion, Script, conclude
from services.intake.taking import case_id_of, take
from services.intake.weights import triage
from shared.http import Door
from shared.kernel import Shredded
from shared.security import Principal
from shared.service import To

PROVIDER = Principal("telephony", frozenset({"telephony"}), None)
_SPOKE = ("answered", "opted_out")


async def record_outcome(door: Door, said: OutcomeIn, message_id: str) -> dict[str, Any]:
    """Take the provider's word. Told twice, late or out of order, it is worked through once and answered the same.

    Raises `CallIsUnknown`, and `CallWasNotMade` for a try that we did not make.
    """
    call: c.Call = await door.state("call", said.call_id)
    if call.queued is None:
        raise CallIsUnknown
    if not 1 <= said.attempt <= call.attempt:
        raise CallWasNotMade
    campaign: Campaign = await door.state("campaign", call.queued.campaign_id)
    assert campaign.plan is not None, "a call without its campaign"
    ended_at = max(call.queued.at, min(said.at, door.now))  # the provider's clock is not ours
    if said.status in _SPOKE:
        await _spoke(door, said, message_id, call.queued, campaign.plan, ended_at)
    else:
        plan = campaign.plan
        silence = c.RecordNoAnswer(said.attempt, ended_at, message_id, said.status, plan.retries, plan.retry_minutes, door.now)
        await door.execute(To("call", said.call_id, silence))
    return told(said.call_id, await door.state("call", said.call_id))


def told(call_id: str, call: c.Call) -> dict[str, Any]:
    """A call in codes: what the provider is answered, and what staff read."""
    return {"call_id": call_id, "status": call.status, "attempt": call.attempt, "result": call.result or None, "case_id": call.case_id}


async def _spoke(door: Door, said: OutcomeIn, message_id: str, q: c.CallQueued, plan: CampaignPlanned, at: datetime) -> None:
    script = script_of(plan.script, plan.script_version)
    assert script is not None, f"script {plan.script}, version {plan.script_version} is gone"
    text = said.transcript or ""
    found = conclude(script, said.digits, text, triage(text))
    opt_out = found.opt_out or ("key" if said.status == "opted_out" else "")
    stop = [To("call", q.call_id, c.RecordOptOut(said.attempt, at, message_id, opt_out))] if opt_out else []
    if opt_out and found.result != "case":  # nothing was asked for but to be left alone
        await door.execute(*stop)
        return
    try:
        await _concluded(door, said, message_id, q, script, found, at, stop)
    except ReportDiffersFromFirst:
        return  # another word about the same call was first, and counts


async def _concluded(
    door: Door, said: OutcomeIn, message_id: str, q: c.CallQueued, script: Script, found: Conclusion, at: datetime, more: list[To]
) -> None:
    """The call's end and what it leads to, as one unit."""

    def end(result: str, because: tuple[str, ...], case_id: str | None) -> To:
        words = said.transcript or None
        return To("call", q.call_id, c.RecordAnswer(said.attempt, at, message_id, result, because, found.answers, words, case_id))

    if found.result == "case":
        if (await door.state("call", q.call_id)).status in ("answered", "opted_out"):
            return
        body = _report(said, q, script, found, at)
        case_id = case_id_of(door, body)
        await take(door, body, who=c.whose(q), also=[end("case", found.because, case_id), *more])
        return
    if found.result == "task" and q.case_id is not None:
        case: Case = await door.state("case", q.case_id)
        if case.report is not None:
            due = c.call_back_due(at)
            task = AddTask(f"{q.case_id}:{script.purpose}:{q.call_id}", f"{script.purpose}_missing", at, due, tuple(found.because))
            try:
                await door.execute(end("task", found.because, q.case_id), To("case", q.case_id, task), *more)
            except PersonOfCaseIsErased:
                await door.execute(end("call_back", found.because, None), *more)
            return
    result = "call_back" if found.result == "task" else found.result  # there is no case to put a task on
    await door.execute(end(result, found.because, None), *more)


def _report(said: OutcomeIn, q: c.CallQueued, script: Script, found: Conclusion, at: datetime) -> ReportIn:
    """What was said as a report like any other; its reference is the call, so it is recorded once."""
    listed = None if isinstance(q.listed, Shredded) else q.listed
    consent = None
    if found.consent is not None:
        asked_for = {"purposes": list(script.purposes), "recipients": list(script.recipients)} if found.consent else {}
        consent = ConsentIn.model_validate({"share": found.consent, "how": "recorded", "at": at, **asked_for})
    return ReportIn(
        channel="ai_call",
        source=q.campaign_id,
        source_ref=q.call_id,
        received_at=at,
        narrative=said.transcript or None,
        language=said.language or q.language,
        reporter=ReporterIn(relation="self"),
        person=PersonIn(name=None if q.known else listed.name, phone=listed.number) if listed is not None else None,
        needs=list(found.needs),  # type: ignore[arg-type]  # codes of the script, checked when it was read
        consent=consent,
        contact=ContactIn(by="phone", language=q.language),
    )
