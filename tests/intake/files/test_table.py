"""Rows out of lines: quotes over lines, three delimiters, and one broken row that costs no other."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.intake.files.lines import Unreadable
from services.intake.files.reading import Reading, form_of
from services.intake.files.table import Row

_HEAD = "source_ref,channel,narrative\n"


def rows(text: str | bytes) -> list[Row]:
    return list(Reading("csv").all([text.encode() if isinstance(text, str) else text]))


def told(row: Row) -> dict[str, Any]:
    return dict(json.loads(row.body))


_cell = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1, max_size=30).map(str.strip).filter(bool)


@given(st.lists(st.tuples(_cell, _cell), max_size=8), st.sampled_from(",;\t"))
def test_what_a_program_writes_is_read_as_it_was(cells: list[tuple[str, str]], delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([("source_ref", "narrative"), *cells])
    found = [told(row) for row in rows(out.getvalue())]
    assert [(one["source_ref"], one["narrative"]) for one in found] == [(a.strip(), b.strip()) for a, b in cells]


def test_a_row_is_numbered_by_the_line_on_which_it_begins() -> None:
    found = rows(_HEAD + 'a,web,"一\n二\n三"\n\nb,web,四\n')
    assert [(row.number, told(row)["narrative"]) for row in found] == [(2, "一\n二\n三"), (6, "四")]


def test_a_quote_within_a_cell_is_a_character() -> None:
    found = rows(_HEAD + 'a,web,5" pipe\nb,web,"say ""no"""\n')
    assert [told(row)["narrative"] for row in found] == ['5" pipe', 'say "no"']


def test_a_quote_that_is_never_closed_costs_its_own_row() -> None:
    found = rows(_HEAD + 'a,web,fine\nb,web,"open\nc,web,fine\nd,web,fine\n')
    assert [(row.number, bool(row.wrong)) for row in found] == [(2, False), (3, True), (4, False), (5, False)]
    many = rows(_HEAD + 'b,web,"open\n' + "c,web,fine\n" * 30_000)
    assert (len(many), sum(bool(row.wrong) for row in many), many[0].number) == (30_001, 1, 2)


def test_more_cells_than_columns_and_a_return_in_a_cell_are_refused_and_fewer_cells_are_not() -> None:
    found = rows(_HEAD + "a,web,b,c\nb,web\rx,c\nc,web\n,,\n")
    assert [(row.number, [one.pointer for one in row.wrong]) for row in found] == [(2, [""]), (3, [""]), (4, [])]


def test_a_row_that_is_too_long_is_refused() -> None:
    found = rows(_HEAD + f"a,web,{'x' * 300_000}\nb,web,fine\n")
    assert [(row.number, bool(row.wrong)) for row in found] == [(2, True), (3, False)]


@pytest.mark.parametrize("text", ["", "\n\n", "陈大文,13800138000\n", '"channel\n' + "x\n" * 600, "channel," + "x" * 300_000 + "\n"])
def test_a_table_without_a_head_cannot_be_read(text: str) -> None:
    if not text.strip():
        assert rows(text) == []
        return
    with pytest.raises(Unreadable):
        rows(text)


@given(st.binary(max_size=300))
@example(b"\x1c")  # no mark, and no blank to everybody
def test_whatever_follows_the_head_is_rows_or_faults(data: bytes) -> None:
    for row in rows(_HEAD.encode() + data):
        assert row.wrong or told(row)


def test_the_form_of_a_file_is_told_by_its_name_or_its_beginning() -> None:
    assert [form_of(name, b"{}") for name in ("a.csv", "a.ndjson.gz", "A.CSV.ZIP", "a")] == ["csv", "ndjson", "csv", "ndjson"]
    assert [form_of("a", head) for head in (b"\xef\xbb\xbf{", "﻿{".encode("utf-16-le"), b"channel")] == ["ndjson", "ndjson", "csv"]
