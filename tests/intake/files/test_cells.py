"""Cells as values: exact money, real days, the time in Guangzhou, and nothing that is run because of how it looks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from services.intake.asked import ReportIn
from services.intake.files.cells import WrongCell
from services.intake.files.columns import KINDS, column, columns_of, known_names
from services.intake.files.lines import Unreadable


def said(header: str, cell: str) -> Any:
    one = column(header)
    assert one is not None, header
    return one.read(cell)


@given(st.integers(0, 10**11))
def test_yuan_are_exactly_fen(fen: int) -> None:
    yuan = Decimal(fen) / 100
    for text in (str(yuan), f"{yuan:,.2f}", f"{yuan:.2f}".translate(str.maketrans("0123456789.", "０１２３４５６７８９．"))):
        assert said("household.monthly_income_yuan", text) == fen


@pytest.mark.parametrize("cell", ["1.005", "-1", "1e5", "1_000", "NaN", "Infinity", "一千", "1,00", "", " ", "￥5", "=1+1", "9" * 40])
def test_what_is_no_sum_is_refused_without_being_repeated(cell: str) -> None:
    with pytest.raises(WrongCell) as refused:
        said("facts.medical_self_paid_year_yuan", cell)
    assert str(refused.value) == "must be a sum in yuan with two decimals at most"


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("1955-12-24", "1955-12-24"),
        ("1955/2/4", "1955-02-04"),
        ("1955年12月24日", "1955-12-24"),
        ("19551224", "1955-12-24"),
        ("2024-02-29", "2024-02-29"),
    ],
)
def test_a_day_as_people_write_it(cell: str, day: str) -> None:
    assert said("出生日期", cell) == day


@pytest.mark.parametrize("cell", ["2023-02-29", "03/04/2026", "45987", "1955-13-01", "昨天", "1955-12-24T00:00"])
def test_what_is_no_day_is_refused(cell: str) -> None:
    with pytest.raises(WrongCell):
        said("person.birth_date", cell)


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        ("2026-11-23 09:12", "2026-11-23T09:12:00+08:00"), ("2026/11/3 9:02:07", "2026-11-03T09:02:07+08:00"),
        ("2026年11月23日 09:12", "2026-11-23T09:12:00+08:00"), ("2026-11-23T01:12:00Z", "2026-11-23T01:12:00Z"),
    ],
)  # fmt: skip
def test_an_instant_without_an_offset_is_the_time_in_guangzhou(cell: str, instant: str) -> None:
    assert said("受理时间", cell) == instant


@pytest.mark.parametrize("cell", ["2026-11-23", "2026-11-23 25:00", "2026-02-30 09:00", "45987.38", "昨天 9:00"])
def test_what_is_no_instant_is_refused(cell: str) -> None:
    with pytest.raises(WrongCell):
        said("received_at", cell)


def test_codes_flags_lists_and_facts_in_the_words_of_the_country() -> None:
    assert said("渠道", "热线") == "hotline"
    assert said("渠道", "鸽子") == "鸽子"  # the report's own rule names the field
    assert (said("是否无力支付", "是"), said("danger_now", "否")) == (True, False)
    assert said("需求", "医疗、住房|education") == ["medical", "housing", "education"]
    assert said("facts.certificates", "低保") == ["minimum_living_allowance"]
    assert said("残疾等级", "2") == 2
    assert [said("facts.anything", cell) for cell in ("12", "0.5", "是", "007", "1", "=1+1")] == [12, 0.5, True, "007", 1, "=1+1"]
    with pytest.raises(WrongCell):
        said("danger_now", "也许")


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+8613800138000", "-1", "@SUM(A1)", "<script>"])
def test_what_looks_like_a_formula_is_a_text(cell: str) -> None:
    assert said("narrative", cell) == said("电话", cell) == cell


def test_a_number_that_a_spreadsheet_shortened_is_refused() -> None:
    for header in ("身份证号", "电话", "person.account.number"):
        with pytest.raises(WrongCell):
            said(header, "4.40106E+17")


def _leaves(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        inner = next((a for a in getattr(field.annotation, "__args__", ()) if isinstance(a, type) and issubclass(a, BaseModel)), None)
        found |= _leaves(inner, f"{prefix}{name}.") if inner else {prefix + name}
    return found


def test_every_field_of_a_report_has_a_column_and_every_column_a_field() -> None:
    assert set(KINDS) == {
        leaf for leaf in _leaves(ReportIn) if leaf != "facts" and not leaf.startswith(("household.members.", "hospital.bills."))
    }
    for field, names in known_names().items():
        for name in (field, *names):
            one = column(name)
            assert one is not None, name
            assert one.field == field, name


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        (["陈大文", "13800138000"], "names no field"), (["channel", "张三"], "that we do not know: number 2"), (["channel", "渠道"], "columns 1 and 2 are the same field"),
        (["channel"] * 201, "more than 200 columns"), ([], "names no field"),
    ],
)  # fmt: skip
def test_headers_that_mean_nothing_are_named_by_their_place(headers: list[str], why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        columns_of(headers)
    assert why in str(refused.value)
    assert not [header for header in headers if header in ("陈大文", "张三") and header in str(refused.value)]
