"""How clocks, needs as units, conflicts and the rest of casework are shown: codes to everybody who sees the case, texts by the mask."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.intake.domain.case import Case
from services.intake.domain.casework import unit_of
from services.intake.domain.clocks import Running
from services.intake.domain.edits import Heads, agreed, conflicts
from services.intake.domain.facts import travelling
from services.intake.domain.masking import masked_phone, masked_text
from shared.clock import SHANGHAI
from shared.kernel import Shredded

_MASKED = {"phone": masked_phone, "address": masked_text}


def local(instant: datetime | None) -> str | None:
    return instant.astimezone(SHANGHAI).isoformat() if instant else None


def light_of(running: Running, now: datetime) -> str:
    """green, yellow or red as the clock stands at this moment, told or not; `stopped` when it runs no more."""
    if running.stopped_at is not None:
        return "stopped"
    passed = {mark.kind for mark in running.marks if mark.at <= now}
    return "red" if "red" in passed else "yellow" if "yellow" in passed else "green"


def shown_clocks(state: Case, now: datetime) -> list[dict[str, Any]]:
    """Clocks that run, the first to end first, then those that have stopped."""
    order = sorted(state.clocks, key=lambda one: (one.stopped_at is not None, one.due, one.name))
    return [
        {
            "clock": one.name, "light": light_of(one, now), "started_at": local(one.started_at), "due_at": local(one.due),
            "yellow_at": local(next((mark.at for mark in one.marks if mark.kind == "yellow"), None)), "stopped_at": local(one.stopped_at),
            "kept": None if one.stopped_at is None else one.stopped_at <= one.due, "told": [told.partition(":")[2] for told in one.told],
            "rules": one.rules,
        }
        for one in order
    ]  # fmt: skip


def shown_unit(state: Case, code: str) -> dict[str, Any]:
    unit = unit_of(state.work, code)
    return {"priority": unit.priority, "state": unit.state, "outcome": unit.outcome, "by": unit.by or None, "at": local(unit.at)}


def shown_conflicts(state: Case, *, full: bool) -> list[dict[str, Any]]:
    """Each field about which people differ, with everybody's word, author and time; never one of them in the others' place."""
    return [{"field": name, "values": _values(name, heads, full)} for name, heads in sorted(conflicts(state.fields).items())]


def _values(name: str, heads: Heads, full: bool) -> list[dict[str, Any]]:
    key = name.removeprefix("facts.")
    mask = None if full else _MASKED.get(name)
    if not full and key != name and not all(travelling({key: head.value}) for head in heads if not isinstance(head.value, Shredded)):
        mask = masked_text
    return [
        {
            "edit_id": head.edit_id, "value": _said(head.value, mask), "author": head.author, "happened_at": local(head.happened_at),
            "recorded_at": local(head.recorded_at),
        }
        for head in heads
    ]  # fmt: skip


def _said(value: Any, mask: Any) -> Any:
    if isinstance(value, Shredded):
        return "erased"
    return mask(value) if mask is not None and isinstance(value, str) else value


def shown_work(state: Case, *, full: bool) -> dict[str, Any]:
    """Hand-overs, grievances, help before papers, papers, and how the person is reached by what was edited in the case."""
    work = state.work
    reach = {name: _said(agreed(state.fields, name, None), None if full else mask) for name, mask in _MASKED.items()}
    return {
        "org": state.org,
        "hand_overs": [
            {"request_id": h.request_id, "reason": h.reason, "to_org": h.to_org, "to_district": h.to_district, "at": local(h.at),
             "state": h.answer or "asked", "why": h.why or None}
            for h in work.hand_overs
        ],
        "grievances": [
            {"grievance_id": g.grievance_id, "decision": g.decision, "reference": g.reference, "at": local(g.at),
             "appeal_of": g.appeal_of, "outcome": g.outcome or None}
            for g in work.grievances
        ],
        "provisional": None if work.provisional is None else {
            "state": work.provisional.state, "given_at": local(work.provisional.given_at), "papers_due": local(work.provisional.papers_due),
        },
        "papers": list(work.papers),
        "reach": {"contact_by": state.contact_by, "language": state.language, **reach},
        "conflicts": shown_conflicts(state, full=full),
    }  # fmt: skip
