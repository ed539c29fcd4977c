"""What a process published a moment ago, found again by its own readers."""

from __future__ import annotations

from shared.bus.fresh import Fresh
from shared.envelope import Message
from shared.testing.bus_suite import message

TOPIC = "bakery.events"


def _said(first: int, count: int) -> list[Message]:
    return [message(TOPIC, "k", n) for n in range(first, first + count)]


def test_messages_come_from_a_place_on_without_a_gap_and_no_more_than_asked() -> None:
    fresh, first, second = Fresh(), _said(10, 3), _said(13, 2)
    fresh.keep(TOPIC, 10, first)
    fresh.keep(TOPIC, 13, second)
    assert fresh.after(TOPIC, 11, 9) == [*first[1:], *second]
    assert fresh.after(TOPIC, 11, 3) == [*first[1:], second[0]]
    assert fresh.after(TOPIC, 15, 9) == []


def test_what_somebody_else_published_in_between_ends_the_run() -> None:
    fresh, first = Fresh(), _said(0, 2)
    fresh.keep(TOPIC, 0, first)
    fresh.keep(TOPIC, 5, _said(5, 2))
    assert fresh.after(TOPIC, 0, 9) == first
    assert fresh.after(TOPIC, 2, 9) == []
    assert fresh.after("other.events", 0, 9) == []


def test_the_oldest_are_forgotten() -> None:
    fresh = Fresh()
    for n in range(1000):
        fresh.keep(TOPIC, n, _said(n, 1))
    assert fresh.after(TOPIC, 0, 9) == []
    assert len(fresh.after(TOPIC, 999, 9)) == 1
