"""What holds of every ranking, whoever applies: a total order, no place too many, and no appeal that takes anything from anybody."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.matching.domain import allocation as al
from services.matching.domain.allocation_decisions import ALLOCATION
from services.matching.domain.ranking import Application, Key, Ranked, ranked
from shared.kernel import fold
from tests.matching.stories import AT
from tests.matching.test_allocation_decisions import CLOSED, LATE, OPENED, PLAN, UNTIL, application

_STEPS = (Key("item", "education"), Key("item", "skill"), Key("reached", "skill", 40), Key("applied_at"))
_NAMES = st.integers(0, 30).map(lambda n: f"N{n:02}")
_ONE = st.builds(application, _NAMES, st.sampled_from((0, 20, 40, 60)), st.sampled_from((0, 20, 40, 60)), st.integers(0, 2))
APPLICATIONS = st.lists(_ONE, max_size=14, unique_by=lambda one: one.number)
QUOTAS, MINIMA = st.integers(0, 8), st.sampled_from((0, 40, 100))
AFTER = st.lists(st.sampled_from(_STEPS), max_size=3, unique=True)
ORDERS = AFTER.map(lambda after: (Key("points"), *after, Key("number")))
ANY_ORDER = st.tuples(AFTER, ORDERS).map(lambda both: (*[key for key in both[0] if key not in both[1]], *both[1]))


def numbers(entries: Sequence[Ranked], *outcomes: str) -> list[str]:
    return [one.application.number for one in entries if not outcomes or one.outcome in outcomes]


@given(APPLICATIONS, QUOTAS, ANY_ORDER, MINIMA, st.randoms(use_true_random=False))
def test_the_order_is_total_and_the_same_whatever_comes_first(
    applications: list[Application], quota: int, order: tuple[Key, ...], minimum: int, chance: random.Random
) -> None:
    entries = ranked(applications, quota, order, minimum)
    shuffled = list(applications)
    chance.shuffle(shuffled)
    assert ranked(shuffled, quota, order, minimum) == entries
    assert sorted(numbers(entries)) == sorted(one.number for one in applications)
    assert [one.rank for one in entries] == list(range(1, len(entries) + 1))


@given(APPLICATIONS, QUOTAS, ANY_ORDER, MINIMA)
def test_no_place_too_many_and_none_left_while_somebody_waits(
    applications: list[Application], quota: int, order: tuple[Key, ...], minimum: int
) -> None:
    entries = ranked(applications, quota, order, minimum)
    able = sum(one.points >= minimum for one in applications)
    assert [one.outcome for one in entries] == (
        ["admitted"] * min(quota, able) + ["waiting"] * max(0, able - quota) + ["below_minimum"] * (len(entries) - able)
    )
    assert [one.position for one in entries if one.outcome == "waiting"] == list(range(1, max(0, able - quota) + 1))
    assert all(one.application.points < minimum for one in entries if one.outcome == "below_minimum")


@given(APPLICATIONS, QUOTAS, ORDERS, MINIMA)
def test_more_points_never_rank_lower(applications: list[Application], quota: int, order: tuple[Key, ...], minimum: int) -> None:
    points = [one.application.points for one in ranked(applications, quota, order, minimum)]
    assert points == sorted(points, reverse=True)


@given(APPLICATIONS, QUOTAS, ANY_ORDER, MINIMA)
def test_what_would_have_been_enough_is_enough_and_not_a_point_less(
    applications: list[Application], quota: int, order: tuple[Key, ...], minimum: int
) -> None:
    entries = ranked(applications, quota, order, minimum)
    for one in entries:
        if one.outcome == "admitted":
            assert one.missing == 0
            continue

        def with_more(points: int, of: Application = one.application) -> bool:
            more = [replace(each, points=each.points + points) if each is of else each for each in applications]
            return of.number in numbers(ranked(more, quota, order, minimum), "admitted")

        if one.missing is None:
            assert not with_more(1000)
        else:
            assert with_more(one.missing)
            assert not with_more(one.missing - 1)


@given(APPLICATIONS, QUOTAS, ANY_ORDER)
def test_what_decided_is_the_first_step_on_which_the_two_sides_of_the_line_differ(
    applications: list[Application], quota: int, order: tuple[Key, ...]
) -> None:
    entries = ranked(applications, quota, order)
    waits = next((one for one in entries if one.outcome == "waiting"), None)
    last = next((one for one in reversed(entries) if one.outcome == "admitted"), None)
    for one in entries:
        other = waits if one.outcome == "admitted" else last
        if other is None:
            assert one.decided_by == ("" if one.outcome == "admitted" else "quota")
            continue
        assert one.decided_by in [key.name for key in order]
        if one.application.points != other.application.points and order[0].by == "points":
            assert one.decided_by == "points"
        if one.decided_by == "number":
            assert one.application.points == other.application.points


def published(applications: Sequence[Application], quota: int, order: tuple[Key, ...], minimum: int = 0) -> tuple[Any, ...]:
    plan = replace(PLAN, quota=quota, order=order, minimum=minimum)
    history = (al.AllocationPlanned(plan, AT), OPENED, CLOSED)
    return then(history, al.RankAllocation(tuple(applications), UNTIL, "gov-1", LATE))


def then(history: tuple[Any, ...], command: Any) -> tuple[Any, ...]:
    return (*history, *ALLOCATION.decide(command, fold(ALLOCATION, history)))


@given(APPLICATIONS.filter(bool), QUOTAS, ANY_ORDER, st.data())
def test_a_withdrawal_moves_exactly_one_up(
    applications: list[Application], quota: int, order: tuple[Key, ...], data: st.DataObject
) -> None:
    history = published(applications, quota, order)
    before = fold(ALLOCATION, history)
    gone = data.draw(st.sampled_from([one.number for one in applications]))
    after = fold(ALLOCATION, then(history, al.NoteWithdrawal(gone, LATE)))
    waiting = [number for number in numbers(history[-1].entries, "waiting") if number != gone]
    if gone in before.holds and waiting:
        assert after.holds == before.holds - {gone} | {waiting[0]}
    else:
        assert after.holds == before.holds - {gone}


@given(APPLICATIONS.filter(bool), QUOTAS, ANY_ORDER, MINIMA, st.data())
def test_an_upheld_appeal_never_lowers_its_own_and_takes_no_place_from_anybody(
    applications: list[Application], quota: int, order: tuple[Key, ...], minimum: int, data: st.DataObject
) -> None:
    history = published(applications, quota, order, minimum)
    left = data.draw(st.lists(st.sampled_from([one.number for one in applications]), max_size=3, unique=True))
    appellants = data.draw(st.lists(st.sampled_from([one.number for one in applications]), max_size=3, unique=True))
    appellants = [number for number in appellants if number not in left]
    for n, number in enumerate(appellants, 1):
        history = then(history, al.MakeAppeal(number, "points_miscounted", "desk", UNTIL))
        of = next(one for one in applications if one.number == number)
        more = data.draw(st.integers(1, 60))
        items = {**of.items, "tax": more}
        history = then(history, al.DecideAppeal(n, True, items, "gov-2", LATE))
    for number in left:
        history = then(history, al.NoteWithdrawal(number, LATE))
    before = fold(ALLOCATION, history)
    history = then(history, al.RankAllocation((), UNTIL, "gov-1", LATE + timedelta(days=1)))
    after = fold(ALLOCATION, history)
    assert before.holds <= after.holds
    assert len(after.holds) <= max(quota, len(before.holds)) + len(appellants)
    if not appellants:
        assert after == before
        return
    rank_before = {number: n for n, number in enumerate([one for one in before.entries if one not in left])}
    rank_after = {number: n for n, number in enumerate(after.entries)}
    others = [number for number in rank_before if number not in appellants]
    assert sorted(others, key=rank_after.__getitem__) == others, "nobody else is turned round"
    if len(appellants) == 1:
        assert rank_after[appellants[0]] <= rank_before[appellants[0]]
    told = {one.number for one in history[-1].moved}
    assert set(appellants) <= told
    assert after.holds - before.holds <= told


_BY_POINTS = (Key("points"), Key("number"))


def test_reached_is_who_has_just_as_much() -> None:
    people = (application("A", 60, 20), application("B", 0, 40), application("C", 0, 39))
    assert numbers(ranked(people, 1, (Key("reached", "skill", 40), *_BY_POINTS))) == ["B", "A", "C"]


def test_a_place_that_was_published_is_kept_and_says_so() -> None:
    people = (application("A", 60), application("B", 50), application("C", 40), application("D", 30))
    entries = ranked(people, 2, _BY_POINTS, kept={"A", "C"})
    told = [(one.application.number, one.outcome, one.decided_by, one.missing) for one in entries]
    assert told == [
        ("A", "admitted", "points", 0), ("B", "waiting", "points", 11), ("C", "admitted", "place_kept", 0), ("D", "waiting", "points", 31),
    ]  # fmt: skip


def test_an_appeal_within_the_quota_takes_a_place_that_is_left_before_one_beyond_it() -> None:
    people = (application("A", 60), application("B", 50), application("C", 40))
    for corrected in (set[str](), {"A"}, {"B"}, {"A", "B"}, {"C"}):
        assert numbers(ranked(people, 2, _BY_POINTS, corrected=corrected), "admitted") == ["A", "B"]
    assert numbers(ranked(people, 2, _BY_POINTS, kept={"B", "C"}, corrected={"A"}), "admitted") == ["A", "B", "C"]


def test_twenty_thousand_applications_are_ranked() -> None:
    chance = random.Random(7)  # noqa: S311 - always the same people
    points = (0, 20, 40, 60)
    applications = [application(f"{n:05}", chance.choice(points), chance.choice(points), chance.randrange(40_000)) for n in range(20_000)]
    entries = ranked(applications, 6000, (Key("points"), Key("item", "skill"), Key("applied_at"), Key("number")))
    assert numbers(entries, "admitted") == numbers(entries)[:6000]
    assert entries[-1].position == 14_000


def test_a_kept_place_takes_one_place_and_the_others_go_on_by_the_order() -> None:
    four = [Application(name, points, {}, AT) for name, points in (("A", 90), ("B", 80), ("C", 70), ("D", 60))]
    assert numbers(ranked(four, 3, (Key("points"), Key("number")), kept={"C"}), "admitted") == ["A", "B", "C"]
    assert numbers(ranked(four, 3, (Key("points"), Key("number")), kept={"D"}), "admitted") == ["A", "B", "D"]
