"""A story becomes a tree, whatever the causes say."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.timeline import as_lines, as_tree


def row(name: int, cause: int | None) -> dict[str, Any]:
    causation = None if cause is None else str(cause)
    return {
        "position": name,
        "event_id": str(name),
        "type": "intake.case_opened.v1",
        "at": None,
        "org_id": None,
        "causation": causation,
        "data": {},
    }


def test_an_event_stands_under_its_cause_and_a_foreign_cause_makes_a_root() -> None:
    tree = as_tree([row(1, None), row(2, 1), row(3, 99), row(4, 2)])
    assert [(line["event_id"], line["depth"]) for line in as_lines(tree)] == [("1", 0), ("2", 1), ("4", 2), ("3", 0)]


@given(st.lists(st.one_of(st.none(), st.integers(0, 12)), max_size=12))
def test_no_event_is_lost_or_doubled_even_when_causes_go_in_circles(causes: list[int | None]) -> None:
    rows = [row(n, cause) for n, cause in enumerate(causes)]
    shown = [line["event_id"] for line in as_lines(as_tree(rows))]
    assert sorted(shown, key=int) == [r["event_id"] for r in rows]
