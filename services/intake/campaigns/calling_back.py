"""A person calls back where a machine was not sure: what was said is shown to them, and what came of it is recorded once."""

from __future__ import annotations

from typing import Any

from services.intake.asked import ContactIn, PersonIn, ReporterIn, ReportIn
from services.intake.campaigns.asked import CallBackIn
from services.intake.campaigns.outcome import told
from services.intake.domain import call as c
from services.intake.domain.call_decisions import CallIsUnknown, NobodyCallsBack
from services.intake.domain.masking import masked_name, masked_phone, masked_text
from services.intake.showing import may_open, record_look
from services.intake.taking import case_id_of, take
from shared.http import Door
from shared.service import To


async def called_back(door: Door, call_id: str, body: CallBackIn) -> dict[str, Any]:
    """Record it; a case comes by the same way as every report. Raises `CallIsUnknown` and `NobodyCallsBack`."""
    call: c.Call = await door.state("call", call_id)
    if call.queued is None:
        raise CallIsUnknown
    if call.call_back != "due" or body.outcome != "case":
        await door.execute(To("call", call_id, c.FinishCallBack(door.now, body.outcome)))
        return told(call_id, await door.state("call", call_id))
    report = _report(door, call.queued, body)
    case_id = case_id_of(door, report)
    done = To("call", call_id, c.FinishCallBack(door.now, "case", case_id))
    answered, _ = await take(door, report, who=c.whose(call.queued), also=[done])
    return {**told(call_id, await door.state("call", call_id)), "urgency": answered["urgency"], "needs": answered["needs"]}


def _report(door: Door, q: c.CallQueued, body: CallBackIn) -> ReportIn:
    listed = q.listed if isinstance(q.listed, c.Listed) else None
    return ReportIn(
        channel="ai_call",
        source=q.campaign_id,
        source_ref=q.call_id,
        received_at=door.now,
        narrative=body.narrative,
        language=q.language,
        reporter=ReporterIn(relation="self"),
        person=PersonIn(name=None if q.known else listed.name, phone=listed.number) if listed is not None else None,
        needs=list(body.needs),
        contact=ContactIn(by="phone", language=q.language),
    )


async def shown_call(door: Door, call_id: str) -> dict[str, Any]:
    """One call to be called back: masked, or in full to those who may see it and say why, and then the look is recorded."""
    call: c.Call = await door.state("call", call_id)
    if call.queued is None:
        raise CallIsUnknown
    if not call.call_back:
        raise NobodyCallsBack
    q = call.queued
    full = await may_open(door, q.person_id)
    if full:
        await record_look(door, "call_back", persons=(q.person_id,), cases=(call.case_id,) if call.case_id else ())
    listed = q.listed if isinstance(q.listed, c.Listed) else None
    words = call.transcript if isinstance(call.transcript, str) else ""
    name, number = (listed.name or "", listed.number) if listed is not None else ("", "")
    return {
        **told(call_id, call),
        "campaign_id": q.campaign_id,
        "purpose": q.purpose,
        "language": q.language,
        "call_back": call.call_back,
        "masked": not full,
        "erased": listed is None,
        "name": name if full else masked_name(name),
        "phone": number if full else masked_phone(number),
        "transcript": words if full else masked_text(words),
    }
