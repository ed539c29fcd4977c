"""Editions by month: no number, no sum of numbers and no difference between two readings stands on fewer than five payments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import combinations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.disbursement.domain.editions import Edition, editions
from services.disbursement.domain.summary import K, Sum
from tests.disbursement.conftest import Desk

MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10", "2026-11")
rows = st.builds(
    Sum, st.one_of(st.integers(0, 4), st.integers(0, 12)), st.integers(-500, 10**9), st.sampled_from(MONTHS),
    st.sampled_from(["440103", "440104", "440106"]), st.sampled_from(["A", "B"]),
)  # fmt: skip
FOUND = st.lists(rows, max_size=24, unique_by=lambda s: (s.month, s.district, s.programme))
LINES: tuple[Callable[[Sum], str | None], ...] = (
    lambda s: s.district, lambda s: s.programme, lambda s: f"{s.district} {s.programme}", lambda _: "all",
)  # fmt: skip


def read(made: tuple[Edition, ...], line: Callable[[Sum], str | None]) -> Counter[str]:
    """What a reader adds up of all editions so far, by place, by programme, by both, or over all."""
    found: Counter[str] = Counter()
    for edition in made:
        for cell in edition.cells:
            found[line(cell) or ""] += cell.payouts
    return found


@given(FOUND)
@settings(max_examples=400)
@example([Sum(5, 50, "2026-07", "440103", "A"), Sum(1, 9, "2026-08", "440103", "A"), Sum(5, 50, "2026-08", "440104", "A")])
def test_no_difference_between_two_readings_leads_below_five(found: list[Sum]) -> None:
    made = editions(found, "2026-12")
    for line in LINES:
        readings = [read(made[:size], line) for size in range(len(made) + 1)]
        for earlier, later in combinations(readings, 2):
            for code in later:
                more = later[code] - earlier[code]
                assert more == 0 or more >= K, (code, more)


@given(FOUND)
@settings(max_examples=300)
def test_what_is_told_and_what_waits_is_everything_and_a_rest_of_some_is_no_number_about_a_few(found: list[Sum]) -> None:
    made = editions(found, "2026-12")
    for at, edition in enumerate(made, 1):
        so_far = [s for s in found if s.month is not None and s.month <= edition.month]
        told = [cell for one in made[:at] for cell in one.cells]
        assert sum(s.payouts for s in so_far) == sum(s.payouts for s in told) + edition.waiting.payouts
        assert sum(s.amount_fen for s in so_far) == sum(s.amount_fen for s in told) + edition.waiting.amount_fen
        assert all(cell.payouts >= K for cell in edition.cells)
        if edition.cells:
            assert edition.waiting.payouts >= K or edition.waiting == Sum(0, 0)


@given(FOUND, st.sampled_from(MONTHS))
@settings(max_examples=200)
def test_an_edition_is_never_told_anew(found: list[Sum], until: str) -> None:
    """What comes later, in whatever order it is read, changes no edition that was published."""
    whole, early = editions(found, "2026-12"), editions(found[::-1], until)
    assert whole[: len(early)] == early
    assert all(edition.month < until for edition in early)


def test_a_payment_waits_until_five_stand_with_it() -> None:
    found = [Sum(9, 900, "2026-07", "440103", "A"), Sum(2, 20, "2026-08", "440103", "A"), Sum(3, 30, "2026-09", "440103", "A")]
    first, second, third = editions(found, "2026-10")
    assert first.cells == (Sum(9, 900, district="440103", programme="A"),)
    assert (second.cells, second.waiting) == ((), Sum(2, 20))
    assert (third.cells, third.waiting) == ((Sum(5, 50, district="440103", programme="A"),), Sum(0, 0))


async def test_the_door_tells_a_month_when_it_is_over(desk: Desk) -> None:
    await desk.funded(10_000_000)
    for n in range(6):
        await desk.paid(f"case-{n}")
    assert (await desk.get("/public/editions", who=None)).json() == {"items": [], "next": None}
    desk.turn(days=9)  # the second of December: the first is left for what settles at midnight
    [edition] = (await desk.get("/public/editions", who=None)).json()["items"]
    cell = {"district": "440106", "programme": "TEMP-URGENT", "payouts": 6, "amount_fen": 600_000}
    assert edition == {"month": "2026-11", "cells": [cell], "waiting": {"payouts": 0, "amount_fen": 0}}
