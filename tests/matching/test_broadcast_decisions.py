"""What is offered to several at once has one winner, and fails only when nobody is left."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.broadcast import (
    BROADCAST,
    BroadcastFailed,
    BroadcastIsUnknown,
    BroadcastJoined,
    BroadcastMissed,
    BroadcastTaken,
    JoinBroadcast,
    MissBroadcast,
    OfferTakenByAnother,
    TakeBroadcast,
)
from shared.kernel import Rejected, fold
from shared.testing.given import Given
from tests.matching.stories import AT, LATER


def joined(*keys: str) -> tuple[BroadcastJoined, ...]:
    return tuple([BroadcastJoined("c1", "medical", key, AT) for key in keys])


def test_the_first_to_accept_has_it_and_the_others_are_told() -> None:
    Given(BROADCAST).when(JoinBroadcast("c1", "medical", "a", AT)).then(*joined("a"))
    Given(BROADCAST, *joined("a")).when(JoinBroadcast("c1", "medical", "a", AT)).then()
    three = joined("a", "b", "c")
    Given(BROADCAST, *three).when(TakeBroadcast("b", LATER)).then(BroadcastTaken("c1", "medical", "b", ("a", "c"), LATER))
    Given(BROADCAST, *three, BroadcastMissed("a", AT)).when(TakeBroadcast("b", LATER)).then(
        BroadcastTaken("c1", "medical", "b", ("c",), LATER)
    )


def test_nobody_has_it_twice() -> None:
    taken = (*joined("a", "b"), BroadcastTaken("c1", "medical", "b", ("a",), AT))
    Given(BROADCAST, *taken).when(TakeBroadcast("a", LATER)).refused(OfferTakenByAnother)
    Given(BROADCAST, *taken).when(TakeBroadcast("b", LATER)).then()
    Given(BROADCAST, *taken).when(TakeBroadcast("z", LATER)).refused(BroadcastIsUnknown)
    Given(BROADCAST, *taken).when(MissBroadcast("a", LATER)).then()


def test_it_fails_when_the_last_says_no() -> None:
    two = joined("a", "b")
    Given(BROADCAST, *two).when(MissBroadcast("b", LATER)).then(BroadcastMissed("b", LATER))
    Given(BROADCAST, *two, BroadcastMissed("b", AT)).when(MissBroadcast("b", LATER)).then()
    Given(BROADCAST, *two, BroadcastMissed("b", AT)).when(MissBroadcast("a", LATER)).then(
        BroadcastMissed("a", LATER), BroadcastFailed("c1", "medical", "b", LATER)
    )
    Given(BROADCAST).when(MissBroadcast("a", LATER)).refused(BroadcastIsUnknown)


@given(st.lists(st.tuples(st.sampled_from(("take", "miss")), st.sampled_from("abc")), max_size=12))
def test_whatever_comes_there_is_at_most_one_winner_and_never_both_ends(said: list[tuple[str, str]]) -> None:
    events = list(joined("a", "b", "c"))
    for verb, key in said:
        command = TakeBroadcast(key, AT) if verb == "take" else MissBroadcast(key, AT)
        try:
            events.extend(BROADCAST.decide(command, fold(BROADCAST, events)))
        except Rejected:
            continue
    ends = [type(event).__name__ for event in events if isinstance(event, BroadcastTaken | BroadcastFailed)]
    assert len(ends) <= 1 or ends[0] == "BroadcastFailed"
    assert ends.count("BroadcastTaken") <= 1
    assert ends.count("BroadcastFailed") <= 1
