"""What the buttons of casework on a case's page stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.intake.api.cases import in_the_city
from services.intake.api.casework import receives, ringable
from services.intake.clockwork import rules_now
from services.intake.desk import text_in
from services.intake.domain import case_commands as ask
from services.intake.domain import casework as w
from services.intake.domain.casework import DECISIONS, OUTCOMES, PRIORITIES
from shared.service import To
from shared.web.frame import Page

REASONS = ("lives_there", "better_placed", "no_capacity")
_TEXT_MAX, _REACH_MAX, _ORG_MAX = 20_000, {"phone": 40, "address": 500}, 64


async def casework_step(page: Page, case_id: str, act: str, form: Mapping[str, str]) -> list[To]:
    """The commands of this button; none when something it needs is missing, or it is no button of ours. Raises `Invalid`, `TooLong`."""
    door, now = page.door, page.door.now
    command: Any = None
    match act:
        case "sign":
            command = w.SignCase(now)
        case "set_need":
            outcome, priority = form.get("outcome", ""), form.get("priority", "")
            if outcome in ("open", *OUTCOMES) and priority in PRIORITIES:
                command = w.SetNeed(form.get("need", ""), door.principal.id, now, priority, outcome)
        case "resolve":
            if form.get("field") and form.get("edit"):
                command = ask.ResolveConflict(form["field"], now, door.principal.id, door.new_id(), form["edit"])
        case "reach":
            said = {name: typed for name, most in _REACH_MAX.items() if (typed := text_in(form, name, most))}
            if "phone" in said:
                said["phone"] = ringable(said["phone"])
            if said:
                command = ask.ChangeFacts(now, {}, "caseworker", reach=said, author=door.principal.id, edit_id=door.new_id())
        case "ask_hand_over":
            org, district = text_in(form, "to_org", _ORG_MAX) or None, form.get("to_district") or None
            in_the_city(district)
            if (org or district) and form.get("reason") in REASONS:
                command = w.AskHandOver(door.new_id(), form["reason"], org, district, await rules_now(door.room), now)
        case "hand_over_accept":
            await receives(door, case_id, form.get("request", ""))
            command = w.AnswerHandOver(form.get("request", ""), True, "agreed", now)
        case "hand_over_decline" if form.get("reason") in REASONS:
            await receives(door, case_id, form.get("request", ""))
            command = w.AnswerHandOver(form.get("request", ""), False, form["reason"], now)
        case "give_provisional":
            command = w.GiveProvisionalHelp(await rules_now(door.room), now)
        case "papers_complete":
            command = w.CompletePapers(now)
        case "raise" if form.get("decision") in DECISIONS:
            text = text_in(form, "text", _TEXT_MAX, at="says") or None
            rules = await rules_now(door.room)
            command = w.RaiseGrievance(door.new_id(), form["decision"], case_id, rules, now, text, form.get("appeal_of") or None)
        case "reopen":
            command = ask.ReopenCase(now, "asked", await rules_now(door.room))
    return [] if command is None else [To("case", case_id, command)]
