"""Each threshold at its edge and on its day, the columns against plain Python for any row, and what a moved limit would count."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.identity import IdentityNumber, read_identity_number
from services.intake.domain.rescoring import bounds, stricter
from services.intake.domain.screening import (
    KEPT,
    AskScreening,
    BeginScreening,
    FailScreening,
    FinishPart,
    FinishScreening,
    ForgetSignals,
    Screening,
    StopScreening,
)
from services.intake.domain.screening_decisions import (
    SCREENING,
    NoThresholdInForce,
    PartOutOfTurn,
    ScreeningIsOver,
    ScreeningIsUnknown,
    SignalsAreStillNeeded,
)
from services.intake.domain.thresholds import Dated, Resident, margin, measured, passes, signal
from services.intake.screening import book
from services.intake.screening.columns import head_of, read_block, screen
from services.intake.screening.parts import Block, blocks
from services.intake.screening.residents import residents
from shared.clock import local_day
from shared.kernel import fold
from shared.testing.alone import NOW

ON = date(2026, 11, 1)
EVERY = book.in_force(ON)
BY_CODE = {one.code: one for one in EVERY}

EDGES = [
    ("medical_tekun", "tekun", {"medical_self_paid_year_fen": 100_000}, {"medical_self_paid_year_fen": 100_001}),
    ("medical_dibao", "dibao", {"medical_self_paid_year_fen": 500_000}, {"medical_self_paid_year_fen": 500_001}),
    ("medical_edge", "edge", {"medical_self_paid_year_fen": 1_000_000}, {"medical_self_paid_year_fen": 1_000_001}),
    ("medical_other", "other", {"medical_self_paid_year_fen": 1_500_000}, {"medical_self_paid_year_fen": 1_500_001}),
    ("income_below_edge", "other", {"income_per_head_month_fen": 185_701}, {"income_per_head_month_fen": 185_700}),
    ("income_drop", "other", {"income_per_head_month_before_fen": 999_900, "income_per_head_month_fen": 500_000},
     {"income_per_head_month_before_fen": 1_000_000, "income_per_head_month_fen": 500_000}),
    ("income_unstable", "other", {"months_without_income": 3}, {"months_without_income": 4}),
    ("contact_lost_alone", "other", {"lives_alone": True, "last_contact_on": ON - timedelta(30)}, {"lives_alone": True, "last_contact_on": ON - timedelta(31)}),
    ("contact_lost", "other", {"last_contact_on": ON - timedelta(180)}, {"last_contact_on": ON - timedelta(181)}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "category", "inside", "beyond"), EDGES, ids=[e[0] for e in EDGES])
def test_each_threshold_at_its_edge(code: str, category: str, inside: dict[str, Any], beyond: dict[str, Any]) -> None:
    assert signal(BY_CODE[code], Resident(category, **inside), ON) is None
    assert signal(BY_CODE[code], Resident(category, **beyond), ON) is not None
    assert {e[0] for e in EDGES} == set(BY_CODE)


@pytest.mark.parametrize(("op", "value"), [("gt", 120), ("ge", 120), ("lt", 80), ("le", 80)])
def test_the_margin_is_how_far_beyond_the_limit_on_whichever_side(op: str, value: int) -> None:
    assert margin(op, value, 100) == 20


def test_a_threshold_is_about_its_own_people_only() -> None:
    rich = Resident("other", medical_self_paid_year_fen=1_200_000, last_contact_on=ON - timedelta(100))
    assert [t.code for t in EVERY if signal(t, rich, ON) is not None] == []
    assert [t.code for t in EVERY if signal(t, Resident(category="dibao", medical_self_paid_year_fen=1_200_000), ON) is not None] == [
        "medical_dibao"
    ]


@pytest.mark.parametrize(
    ("day", "limit"),
    [("2019-12-31", None), ("2020-01-01", 162_000), ("2021-01-01", 168_000), ("2022-12-31", 179_400), ("2023-01-01", 185_700)],
)
def test_the_limit_is_picked_by_the_day_of_the_data(day: str, limit: int | None) -> None:
    found = book.in_force(date.fromisoformat(day), ["income_below_edge"])
    assert [one.limit for one in found] == ([] if limit is None else [limit])


NEAR = st.one_of(
    st.none(), st.integers(0, 2_000_000), st.sampled_from([100_000, 100_001, 185_700, 185_701, 500_000, 500_001, 1_500_000, 1_500_001])
)
PEOPLE = st.builds(
    Resident, category=st.sampled_from(["tekun", "dibao", "edge", "other"]), lives_alone=st.booleans(), medical_self_paid_year_fen=NEAR,
    income_per_head_month_fen=NEAR, income_per_head_month_before_fen=NEAR, months_without_income=st.one_of(st.none(), st.integers(0, 12)),
    last_contact_on=st.one_of(st.none(), st.dates(date(2025, 1, 1), ON)),
)  # fmt: skip
FIELDS = Resident.__struct_fields__


def said(resident: Resident) -> str:
    values = [getattr(resident, name) for name in FIELDS]
    return ",".join("" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in values)


@settings(max_examples=60, deadline=None)
@given(st.lists(PEOPLE, min_size=1, max_size=30), st.booleans())
def test_the_columns_say_what_plain_python_says(people: list[Resident], quoted: bool) -> None:
    head = head_of(",".join(["person_ref", *FIELDS]).encode(), "utf-8")
    rows = [f'"r{n}",{said(one)}' if quoted else f"r{n},{said(one)}" for n, one in enumerate(people)]
    frame, faults, count = read_block(Block("\n".join(rows).encode() + b"\n", 0), head, "utf-8", 2)
    found = screen(frame, EVERY, ON)
    assert (faults, found.faults, count) == ([], [], len(people))
    expected = {(n + 2, t.code, value) for n, one in enumerate(people) for t in EVERY if (value := signal(t, one, ON)) is not None}
    assert {(row, code, value) for row, code, value, *_ in found.signals} == expected
    assert sum(found.counts.values()) == len(expected)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-50, 400), max_size=30), st.integers(1, 120), st.integers(-20, 300), st.sampled_from(["gt", "ge", "lt", "le"]))
def test_what_a_moved_limit_would_count_lies_between_its_bounds(values: list[int], used: int, moved: int, op: str) -> None:
    threshold = Dated("t", "months_without_income", op, "n", (), None, used, ON, "s")
    steps: dict[str, int] = {}
    for value in values:
        step = str(max(0, min(60, value * 20 // used)))
        steps[step] = steps.get(step, 0) + 1
    truth = sum(passes(op, value, moved) for value in values)
    least, most = bounds(steps, threshold, moved)
    assert least <= truth <= most
    if stricter(threshold, moved):
        assert all(passes(op, value, used) for value in values if passes(op, value, moved))


def test_made_up_residents_are_real_numbers_once_each_and_the_same_for_a_seed() -> None:
    first = residents(0, 3_000, 7)
    assert first.equals(pl.concat([residents(0, 1_000, 7), residents(1_000, 2_000, 7)]))
    assert not first.equals(residents(0, 3_000, 8))
    assert first["id_number"].n_unique() == 3_000
    numbers = [read_identity_number(text, local_day(NOW)) for text in first["id_number"]]
    assert all(isinstance(one, IdentityNumber) for one in numbers)
    found = screen(first.with_columns(pl.all().cast(pl.String).fill_null("")).with_columns(row=pl.int_range(3_000)), EVERY, ON)
    assert found.faulty == 0
    assert 0 < sum(found.counts.values()) < 600


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b" ")), max_size=20), st.integers(1, 64))
def test_parts_hold_every_line_once_however_small_they_are(tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], size: int) -> None:
    path = tmp_path_factory.mktemp("parts") / "f"
    path.write_bytes(b"".join(row + b"\n" for row in rows))
    found = list(blocks(path, 0, size))
    held = [line for one in found if not one.too_long for line in one.data.split(b"\n")[:-1]]
    assert held == [row for row in rows if len(row) < size]
    assert sum(one.too_long for one in found) == sum(len(row) >= size for row in rows)
    resumed = [one.data for one in found if one.to > found[0].to]
    assert [one.data for one in blocks(path, found[0].to, size)] == resumed if found else not rows


ASK = AskScreening("k", NOW, ON, "n", "f", 10, EVERY, "v")
PART = FinishPart(1, NOW, 5, 10, 3, 1, {"income_drop": 2}, {"income_drop": {"20": 2}})


def test_a_screening_lives_part_by_part_and_each_counts_once() -> None:
    state = Screening()
    steps: tuple[Any, ...] = (ASK, ASK, BeginScreening(NOW, "csv", "utf-8", ()), PART, PART, FinishScreening(NOW), FinishScreening(NOW))
    for command in steps:
        state = fold(SCREENING, SCREENING.decide(command, state), state)
    assert (state.status, state.parts, state.rows, state.faulty, dict(state.signals)) == ("done", 1, 3, 1, {"income_drop": 2})
    refused: tuple[Any, ...] = (StopScreening(NOW), FailScreening(NOW, "x"), PART)
    for command in refused:
        with pytest.raises(ScreeningIsOver):
            SCREENING.decide(command, state)


def test_what_a_screening_refuses() -> None:
    asked = fold(SCREENING, SCREENING.decide(ASK, Screening()))
    with pytest.raises(PartOutOfTurn):
        SCREENING.decide(FinishPart(2, NOW, 5, 10, 3, 1, {}, {}), asked)
    with pytest.raises(ScreeningIsUnknown):
        SCREENING.decide(PART, Screening())
    with pytest.raises(NoThresholdInForce):
        SCREENING.decide(AskScreening("k", NOW, ON, "n", "f", 10, (), "v"), Screening())


def test_what_a_screening_found_is_forgotten_after_its_time_and_once() -> None:
    state = Screening()
    for command in (ASK, BeginScreening(NOW, "csv", "utf-8", ()), FinishScreening(NOW)):
        state = fold(SCREENING, SCREENING.decide(command, state), state)
    with pytest.raises(SignalsAreStillNeeded):
        SCREENING.decide(ForgetSignals(NOW + KEPT - timedelta(seconds=1)), state)
    forgotten = SCREENING.decide(ForgetSignals(NOW + KEPT), state)
    assert len(forgotten) == 1
    assert SCREENING.decide(ForgetSignals(NOW + KEPT), fold(SCREENING, forgotten, state)) == ()


def test_a_drop_is_a_whole_per_cent_of_what_was_before() -> None:
    assert measured("income_drop_percent", Resident(income_per_head_month_before_fen=3, income_per_head_month_fen=2), ON) == 33
    assert measured("income_drop_percent", Resident(income_per_head_month_before_fen=0, income_per_head_month_fen=2), ON) is None
