"""What this process published a moment ago on the embedded bus: its readers need not fetch it back from the database."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from shared.envelope import Message

_RUNS_MAX = 256
_MESSAGES_MAX = 8_000


class Fresh:
    """Durable messages by topic and place; bounded, the oldest go first. Nothing is here that a reader could not find in the database."""

    def __init__(self) -> None:
        self._firsts: dict[str, list[int]] = {}
        self._runs: dict[str, list[Sequence[Message]]] = {}

    def keep(self, topic: str, first: int, messages: Sequence[Message]) -> None:
        """These messages are durable at the places from `first` on."""
        firsts, runs = self._firsts.setdefault(topic, []), self._runs.setdefault(topic, [])
        firsts.append(first)
        runs.append(messages)
        if len(firsts) > _RUNS_MAX or firsts[-1] - firsts[0] > _MESSAGES_MAX:
            half = len(firsts) // 2
            del firsts[:half], runs[:half]

    def end(self, topic: str) -> int:
        """The place after the last that is known here; 0 where nothing is."""
        firsts = self._firsts.get(topic)
        return firsts[-1] + len(self._runs[topic][-1]) if firsts else 0

    def after(self, topic: str, place: int, limit: int) -> list[Message]:
        """At most `limit` messages from this place on without a gap; empty where the first of them is not known here."""
        firsts = self._firsts.get(topic)
        if not firsts:
            return []
        found: list[Message] = []
        at = bisect_right(firsts, place) - 1
        while 0 <= at < len(firsts) and len(found) < limit:
            run, start = self._runs[topic][at], place - firsts[at]
            if not 0 <= start < len(run):
                break
            found += run[start : start + limit - len(found)]
            place, at = firsts[at] + len(run), at + 1
        return found[:limit]
