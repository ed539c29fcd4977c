"""Every yes and no about what people say of a case's facts, needs, places and contact, on line or sent later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.intake.domain import case as c
from services.intake.domain import case_commands as ask
from services.intake.domain.edits import Edit, Heads, agreed, conflicts, taken
from services.intake.domain.facts import BILL, PARTS, above_the_bill
from services.intake.domain.standing import PersonOfCaseIsErased, living
from shared.kernel import Rejected, Shredded

FACT, NEED = "facts.", "needs."
PLACES = ("residence_code", "hukou_code")
REACH = ("phone", "address", "contact_by", "language")


class ConflictIsUnknown(Rejected):
    """There is no conflict about this field."""


class EditIsUnknown(Rejected):
    """None of the values in conflict comes from this edit."""


class PartIsAboveTheBill(Rejected):
    """What was reimbursed or paid by the person cannot be more than the medical bills of the year come to."""


def change_needs(command: ask.ChangeNeeds, state: c.Case) -> tuple[c.Event, ...]:
    said = {NEED + code: False for code in command.remove} | {NEED + code: True for code in command.add}
    return _said(command, state, said, "caseworker")


def change_facts(command: ask.ChangeFacts, state: c.Case) -> tuple[c.Event, ...]:
    said = {FACT + name: value for name, value in command.facts.items()}
    said |= {name: value for name in PLACES if (value := getattr(command, name)) is not None}
    return _said(command, state, {**said, **command.reach}, command.source)


def resolve(command: ask.ResolveConflict, state: c.Case) -> tuple[c.Event, ...]:
    known = living(state)
    if command.edit_id in state.seen:
        return ()
    heads = conflicts(state.fields).get(command.field)
    if heads is None:
        raise ConflictIsUnknown(field=command.field)
    value = command.value
    if command.chosen is not None:
        head = next((one for one in heads if one.edit_id == command.chosen), None)
        if head is None:
            raise EditIsUnknown(field=command.field)
        value = head.value
    edit = Edit(command.edit_id, command.author, command.at, command.at, None, True)
    return _edited(known, state, edit, {command.field: value}, "resolution")


def _said(command: ask.ChangeNeeds | ask.ChangeFacts, state: c.Case, said: Mapping[str, Any], source: str) -> tuple[c.Event, ...]:
    known = living(state)
    if isinstance(state.facts, Shredded) or (isinstance(known.told, Shredded) and not all(name.startswith(NEED) for name in said)):
        raise PersonOfCaseIsErased
    if command.edit_id and command.edit_id in state.seen:
        return ()
    on_line = command.happened_at is None and command.base is None
    edit = Edit(command.edit_id, command.author, command.happened_at or command.at, command.at, command.base, on_line)
    return _edited(known, state, edit, said, source)


def _edited(known: c.CaseReported, state: c.Case, edit: Edit, said: Mapping[str, Any], source: str) -> tuple[c.Event, ...]:
    """One event for everything that was said at once; nothing when it is what was known, and nobody said otherwise."""
    fields = taken(state.fields, edit, said, tuple(said), state.version + 1)
    facts = _facts(state, fields, said)
    needs = _needs(state, fields, said)
    places = {name: agreed(fields, name, getattr(state, name)) for name in PLACES}
    if places["hukou_code"] != state.hukou_code and FACT + "local_hukou" not in said:
        facts.pop("local_hukou", None)
        if places["hukou_code"]:
            facts["local_hukou"] = places["hukou_code"].startswith("4401")
    before = state.facts if isinstance(state.facts, Mapping) else {}
    changed = [name.removeprefix(FACT) for name in said if name.startswith(FACT) and _differ(facts, before, name.removeprefix(FACT))]
    # What stood so before stops nobody who speaks of something else; what was said off line ends the same in any order of arrival.
    part = above_the_bill(facts) if edit.knows_all and not {BILL, *PARTS}.isdisjoint(changed) else None
    if part is not None:
        raise PartIsAboveTheBill(fact=part, bill=BILL)
    changed += ["needs"] * (needs != state.needs)
    changed += [name for name in PLACES if places[name] != getattr(state, name)]
    # Where and how to reach somebody changes only where one value holds.
    changed += [name for name in REACH if name in said and _holds(fields[name], edit) and _reached(state, name) != said[name]]
    if not changed and (edit.knows_all or fields == state.fields):
        return ()
    urgency = "normal" if needs and state.urgency == "none" else state.urgency
    return (
        c.CaseFactsChanged(
            known.case_id, known.person_id, known.household_id, edit.recorded_at, source, tuple(changed), needs, urgency, facts, **places,
            received_at=known.received_at, contact_by=agreed(fields, "contact_by", state.contact_by) or state.contact_by,
            language=agreed(fields, "language", state.language) or state.language, consent=holding(state),
            edit=edit, named=tuple(said), values=dict(said),
        ),
    )  # fmt: skip


def _differ(one: Mapping[str, Any], other: Mapping[str, Any], name: str) -> bool:
    return (name in one, one.get(name)) != (name in other, other.get(name))


def _reached(state: c.Case, name: str) -> Any:
    return getattr(state, name) if name in ("contact_by", "language") else agreed(state.fields, name, None)


def _holds(heads: Heads, edit: Edit) -> bool:
    return len(heads) == 1 and heads[0].edit_id == edit.edit_id


def _facts(state: c.Case, fields: Mapping[str, Heads], said: Mapping[str, Any]) -> dict[str, Any]:
    """The facts after this; nobody knows a fact about which two people differ."""
    facts = dict(state.facts) if isinstance(state.facts, Mapping) else {}
    for name in said:
        if name.startswith(FACT):
            value = agreed(fields, name, None)
            facts[name.removeprefix(FACT)] = value
    return {name: value for name, value in facts.items() if value is not None and not isinstance(value, Shredded)}


def _needs(state: c.Case, fields: Mapping[str, Heads], said: Mapping[str, Any]) -> tuple[str, ...]:
    """The needs after this; one about which two people differ stays, so that nobody goes without help for it."""
    wanted = {name.removeprefix(NEED): any(head.value is True for head in fields[name]) for name in said if name.startswith(NEED)}
    kept = [code for code in state.needs if wanted.get(code, True)]
    return tuple(kept + [code for code, there in wanted.items() if there and code not in kept])


def holding(state: c.Case) -> c.ConsentSummary | None:
    """What the person agrees to now, over all consents that hold; None where there is none."""
    if not state.consents:
        return None
    newest = state.consents[-1]
    purposes = tuple(dict.fromkeys([purpose for k in state.consents for purpose in k.purposes]))
    recipients = tuple(dict.fromkeys([recipient for k in state.consents for recipient in k.recipients]))
    return c.ConsentSummary(newest.consent_id, True, newest.how, newest.at, purposes, recipients)
