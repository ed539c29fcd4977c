"""A stream's history as changes: who made which value of what, and when; texts only for those who may read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from services.intake.domain.case import Case, evolve
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
_PERSONAL = ("told", "reporter", "note", "text", "facts")


def changes(history: Iterable[Envelope], *, full: bool) -> list[dict[str, Any]]:
    """One entry for each event: its name, author, time, version, and each value it changed with from and to."""
    state, entries = Case(), []
    for e in history:
        after = evolve(state, e.data)
        changed = [
            {"field": name, "from": _plain(getattr(state, name)), "to": _plain(getattr(after, name))}
            for name in _SHOWN
            if getattr(state, name) != getattr(after, name)
        ]
        entry = {
            "version": e.version, "event": type(e.data).__name__, "at": e.at.astimezone(SHANGHAI).isoformat(), "by": e.actor,
            "changes": changed, "data": _data(e.data, full=full),
        }  # fmt: skip
        entries.append(entry)
        state = after
    return entries


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
