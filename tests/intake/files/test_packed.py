"""Packed files: what is in them, and an end to those that would never end."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping

import pytest

from services.intake.files.lines import Unreadable
from services.intake.files.packed import PIECE, Gunzip, unpacked

_TEXT = b"channel,needs\n" + b"web,medical\n" * 20_000


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "packed",
    [_TEXT, gzip.compress(_TEXT), zipped({"a.csv": _TEXT}), gzip.compress(_TEXT) + b"\0" * 512],
    ids=["plain", "gzip", "zip", "padded"],
)
def test_a_file_is_read_whichever_way_it_is_packed_and_by_small_pieces(packed: bytes) -> None:
    pieces = list(unpacked(io.BytesIO(packed)))
    assert b"".join(pieces) == _TEXT
    assert max(map(len, pieces)) <= PIECE


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (gzip.compress(b"\0" * 80_000_000), "unpacks to more than"),
        (zipped({"a.csv": b"\0" * 80_000_000}), "unpacks to more than"),
        (gzip.compress(gzip.compress(b"x")) + gzip.compress(b"y"), "more than one file"),
        (gzip.compress(b"x") + b"behind", "more than one file"),
        (gzip.compress(_TEXT)[:-20], "ends in the middle"),
        (gzip.compress(_TEXT)[:40] + b"\xff" * 40, "damaged"),
        (zipped({"a.csv": b"1", "b.csv": b"2"}), "exactly one file"),
        (zipped({"[Content_Types].xml": b"1", "xl/workbook.xml": b"2"}), "save it as CSV"),
        (zipped({"a.csv": _TEXT})[:200], "damaged"),
    ],
    ids=["gzip bomb", "zip bomb", "twice", "behind", "half", "broken", "two files", "a book", "cut zip"],
)
def test_what_is_packed_badly_is_said(packed: bytes, why: str) -> None:
    with pytest.raises(Unreadable) as broke:
        for piece in unpacked(io.BytesIO(packed)):
            assert len(piece) <= PIECE
    assert why in str(broke.value)


def test_a_stream_is_unpacked_byte_by_byte() -> None:
    gunzip, out = Gunzip(), bytearray()
    for byte in gzip.compress(_TEXT[:2000]):
        for piece in gunzip.feed(bytes([byte])):
            out += piece
    gunzip.end()
    assert bytes(out) == _TEXT[:2000]
