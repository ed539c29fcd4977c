"""The story of one case as a tree: each event under the one that led to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# What a node tells besides who and when: codes and amounts, never more.
_TOLD = ("state", "reason", "urgency", "needs", "need", "programme", "kind", "amount_fen", "items", "service_id", "referral_id",
         "payout_id", "template", "channel", "due", "grant", "district", "verdicts", "purposes", "recipients")  # fmt: skip


def _node(row: Mapping[str, Any]) -> dict[str, Any]:
    data = row["data"]
    return {
        "position": row["position"],
        "event_id": row["event_id"],
        "type": row["type"],
        "service": row["type"].split(".", 1)[0],
        "at": row["at"],
        "org_id": row["org_id"],
        "causation": row["causation"],
        "told": {name: data[name] for name in _TOLD if data.get(name) not in (None, "", [])},
        "then": [],
    }


def as_tree(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Roots first; an event whose cause was not public, or may not be seen here, is a root of its own."""
    nodes = [_node(row) for row in rows]
    by_id = {node["event_id"]: node for node in nodes}
    roots = []
    for node in nodes:
        cause = by_id.get(node["causation"])
        if cause is None or cause is node or _leads_to(node, cause, by_id):
            roots.append(node)
        else:
            cause["then"].append(node)
    return roots


def _leads_to(node: Mapping[str, Any], cause: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether hanging `node` under `cause` would close a circle; foreign ids are not ours to trust."""
    seen = {node["event_id"]}
    at: Mapping[str, Any] | None = cause
    while at is not None:
        if at["event_id"] in seen:
            return bool(at["event_id"] == node["event_id"])
        seen.add(at["event_id"])
        at = by_id.get(at["causation"])
    return False


def as_lines(tree: Iterable[Mapping[str, Any]], depth: int = 0) -> list[dict[str, Any]]:
    """The tree from top to bottom with its depth, for a page."""
    lines: list[dict[str, Any]] = []
    for node in tree:
        lines.append({**node, "depth": min(depth, 6)})
        lines += as_lines(node["then"], depth + 1)
    return lines
