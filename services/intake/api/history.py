"""A stream's history as changes: who made which value of what, and when; texts only for those who may read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from services.intake.domain.case import Case, CaseVerified, FirstContactMade, NoteAdded, VisitRecorded, evolve
from services.intake.domain.casework import PaperNoted, unit_of
from services.intake.domain.facts import travelling
from shared.clock import SHANGHAI
from shared.envelope import Envelope
from shared.kernel import Shredded

_SHOWN = (
    "status",
    "urgency",
    "needs",
    "met",
    "residence_code",
    "hukou_code",
    "contacted_at",
    "missed",
    "org",
    "serving",
    "payouts",
    "tasks",
)
_PERSONAL = ("told", "reporter", "note", "text", "facts", "values")
_SENT_LATE = (FirstContactMade, CaseVerified, VisitRecorded, NoteAdded, PaperNoted)


def changes(history: Iterable[Envelope], *, full: bool) -> list[dict[str, Any]]:
    """One entry for each event: its name, author, time, version, and each value it changed with from and to.

    In the order in which things happened: what was sent late stands where it belongs. `at` is when it was recorded, and the
    values are those of the order of recording, in which the case came to be as it is.
    """
    state, entries = Case(), []
    for e in history:
        after = evolve(state, e.data)
        changed = [
            {"field": name, "from": _plain(getattr(state, name)), "to": _plain(getattr(after, name))}
            for name in _SHOWN
            if getattr(state, name) != getattr(after, name)
        ]
        changed += _facts_changed(state.facts, after.facts, full=full) + _needs_changed(state, after)
        entry = {
            "version": e.version, "event": type(e.data).__name__, "at": e.at.astimezone(SHANGHAI).isoformat(), "by": e.actor,
            "recorded_at": e.at.astimezone(SHANGHAI).isoformat(), "happened_at": _happened(e).astimezone(SHANGHAI).isoformat(),
            "changes": changed, "data": _data(e.data, full=full),
        }  # fmt: skip
        entries.append(entry)
        state = after
    return sorted(entries, key=lambda entry: (entry["happened_at"], entry["version"]))


def _facts_changed(before: Any, after: Any, *, full: bool) -> list[dict[str, Any]]:
    """Each fact with from and to; what may not travel is masked for whoever may not see the person."""
    if before is after or not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return []
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    return [{"field": f"facts.{name}", "from": _fact(name, before, full), "to": _fact(name, after, full)} for name in names]


def _fact(name: str, facts: Mapping[str, Any], full: bool) -> Any:
    value = facts.get(name)
    return _plain(value) if full or value is None or travelling({name: value}) else "***"


def _needs_changed(before: Case, after: Case) -> list[dict[str, Any]]:
    """What became of each need, and how pressing it is."""
    if before.work.units == after.work.units:
        return []
    changed = []
    for unit in after.work.units:
        was = unit_of(before.work, unit.code)
        for name in ("priority", "outcome"):
            if getattr(was, name) != getattr(unit, name):
                changed.append({"field": f"needs.{unit.code}.{name}", "from": getattr(was, name), "to": getattr(unit, name)})
    return changed


def _happened(e: Envelope) -> datetime:
    """When it happened: never after it was recorded."""
    edit = getattr(e.data, "edit", None)
    said = edit.happened_at if edit is not None else getattr(e.data, "at", None) if isinstance(e.data, _SENT_LATE) else None
    return min(said, e.at) if said is not None else e.at


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _data(event: Any, *, full: bool) -> dict[str, Any]:
    shown = {}
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if value is None:
            continue
        if isinstance(value, Shredded):
            shown[name] = "erased"
        elif name in _PERSONAL and not full:
            shown[name] = "***"
        elif name != "mark":
            shown[name] = _plain(value)
    return shown
