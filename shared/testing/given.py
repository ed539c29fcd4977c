"""Given these events, when this command, then those events or that refusal: a decider's test in one line."""

from __future__ import annotations

from typing import Any

from shared.kernel import Decider, Rejected, fold


class Given:
    """`Given(CASE, *events).when(command).then(*events)`; `.refused(Class)` instead of `.then` for a no.

    `ground` is the state of the stream on which such a decider rests.
    """

    def __init__(self, decider: Decider[Any], *events: Any, ground: Any = None) -> None:
        self.decider, self.history, self.ground = decider, events, ground

    @property
    def state(self) -> Any:
        return fold(self.decider, self.history)

    def when(self, command: Any) -> When:
        try:
            ground = () if self.decider.rests_on is None else (self.ground,)
            return When(self, self.decider.decide(command, self.state, *ground), None)
        except Rejected as no:
            return When(self, (), no)


class When:
    """What the decider answered."""

    def __init__(self, given: Given, events: tuple[Any, ...], no: Rejected | None) -> None:
        self.given, self.events, self.no = given, events, no

    def then(self, *expected: Any) -> Any:
        """Assert these events and answer the state after them."""
        assert self.no is None, f"refused: {self.no!r} {self.no.facts if self.no else ''}"
        assert self.events == expected, f"{self.events} is not {expected}"
        return self.state

    def refused(self, why: type[Rejected]) -> Rejected:
        """Assert a refusal of exactly this class and answer it."""
        assert self.no is not None, f"not refused: {self.events}"
        assert type(self.no) is why, f"refused by {type(self.no).__name__}, not {why.__name__}"
        return self.no

    @property
    def state(self) -> Any:
        assert self.no is None, f"refused: {self.no!r}"
        return fold(self.given.decider, (*self.given.history, *self.events))
