"""Lines out of bytes: every encoding of the country, every cut of the pieces, and nothing that is held for long."""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.files.lines import LINE_MAX, Line, Lines, Unreadable

_TEXT = "姓名,诉求\r\n陈大文,没饭吃，父亲住院\n李小明,“房东要我们搬走”\r\n"
_LINES = [line.encode() for line in _TEXT.replace("\r", "").splitlines()]


def read(pieces: Iterable[bytes], charset: str = "") -> list[Line]:
    lines = Lines(charset)
    found = [line for piece in pieces for line in lines.feed(piece)]
    return found + list(lines.end())


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    marks = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(marks)]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@given(places=st.lists(st.integers(0, 10_000), max_size=12))
def test_every_encoding_is_found_however_the_pieces_are_cut(codec: str, places: list[int]) -> None:
    found = read(cut(_TEXT.encode(codec), places))
    assert [(line.number, line.text, line.wrong) for line in found] == [(at, text, "") for at, text in enumerate(_LINES, 1)]


def test_a_table_in_utf_16_without_a_mark_is_found_by_its_zeros() -> None:
    for codec in ("utf-16-le", "utf-16-be"):
        assert [line.text for line in read([_TEXT.encode(codec)])] == _LINES


def test_one_broken_line_costs_itself_alone_and_is_not_taken_for_another_encoding() -> None:
    broken = _LINES[1][:-1]  # the last character is cut in its middle
    found = read([b"\n".join([_LINES[0], broken, _LINES[2]])])
    assert [(line.text, bool(line.wrong)) for line in found] == [(_LINES[0], False), (b"", True), (_LINES[2], False)]
    alone = read([broken + b"\n"])
    assert [line.wrong for line in alone] == ["is neither UTF-8 nor GB 18030"]


def test_a_broken_character_in_utf_16_costs_its_line() -> None:
    data = codecs.BOM_UTF16_LE + "一\n".encode("utf-16-le") + b"\x00\xd8" + "\n三\n".encode("utf-16-le")
    assert [(line.text.decode(), bool(line.wrong)) for line in read([data])] == [("一", False), ("", True), ("三", False)]


def test_a_named_charset_is_kept_to_and_an_unknown_one_refused() -> None:
    assert [line.text for line in read([_TEXT.encode("gbk")], "GBK")] == _LINES
    assert all(line.wrong for line in read([_TEXT.encode("gbk")], "utf-8"))
    for name in ("latin-1", "klingon", "x\0y"):
        with pytest.raises(Unreadable):
            Lines(name)


def test_a_line_of_ten_megabytes_is_named_and_never_held() -> None:
    lines, held = Lines(), 0
    numbers = []
    for piece in [b"a\n", *[b"x" * 65_536] * 160, b"\nb\n"]:
        numbers += [(line.number, line.wrong[:3]) for line in lines.feed(piece)]
        held = max(held, len(lines._rest))
    assert numbers == [(1, ""), (2, "a r"), (3, "")]
    assert held <= LINE_MAX + 65_536


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_whatever_comes_is_cut_into_lines_the_same_way(data: bytes, places: list[int]) -> None:
    whole = read([data])
    assert [line.number for line in whole] == list(range(1, len(whole) + 1))
    for line in read(cut(data, places)):
        line.text.decode()
