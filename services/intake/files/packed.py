"""Packed files, unpacked piece by piece and never further than is sane."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from services.intake.files.lines import Unreadable

PIECE = 65_536  # bytes
RATIO_MAX = 100  # text packs to a tenth, equal rows to a fiftieth, a bomb to a thousandth
_FREE = 4_194_304  # bytes that are let through whatever the ratio: a short file of equal rows packs well
TOTAL_MAX = 8 * 1024**3  # bytes
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_BOMB = f"unpacks to more than {RATIO_MAX} times its size, or to more than {TOTAL_MAX // 1024**3} GB"
_WINDOW = 16 + zlib.MAX_WBITS  # with the head and the sum of gzip


class Gunzip:
    """Takes pieces of a gzip file and gives pieces of what is in it; raises `Unreadable`. One member and nothing behind it."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_WINDOW)
        self._came = self._went = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        self._came += len(piece)
        if self._stream.eof:
            self._nothing_more(piece)
            return
        while piece and not self._stream.eof:
            try:
                out = self._stream.decompress(piece, PIECE)
            except zlib.error:
                raise Unreadable("the gzip file is damaged") from None
            self._went = bounded(self._came, self._went + len(out))
            piece = self._stream.unconsumed_tail
            if out:
                yield out
        self._nothing_more(self._stream.unused_data)

    def end(self) -> None:
        """Raises `Unreadable` when the file stops in the middle."""
        if not self._stream.eof:
            raise Unreadable("the gzip file ends in the middle")

    @staticmethod
    def _nothing_more(behind: bytes) -> None:
        if behind.strip(b"\0"):
            raise Unreadable("the gzip file holds more than one file")


def bounded(came: int, went: int) -> int:
    """`went`, the bytes unpacked from `came` bytes so far; raises `Unreadable` when they are too many."""
    if went > TOTAL_MAX or went > _FREE + RATIO_MAX * came:
        raise Unreadable(_BOMB)
    return went


def unpacked(file: BinaryIO) -> Iterator[bytes]:
    """The pieces of a file that can be read from anywhere: plain, gzip, or the one file in a zip. Raises `Unreadable`."""
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    if head.startswith(_ZIP):
        yield from _unzipped(file)
        return
    gunzip = Gunzip() if head.startswith(_GZIP) else None
    while piece := file.read(PIECE):
        if gunzip is None:
            yield piece
        else:
            yield from gunzip.feed(piece)
    if gunzip is not None:
        gunzip.end()


def _unzipped(file: BinaryIO) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(file) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            if any(one.filename == "[Content_Types].xml" for one in files):
                raise Unreadable("this is a workbook; save it as CSV (UTF-8) and send that")
            if len(files) != 1:
                raise Unreadable("a zip file must hold exactly one file")
            if files[0].flag_bits & 1:
                raise Unreadable("the zip file is locked with a password")
            bounded(files[0].compress_size, files[0].file_size)
            went = 0
            with archive.open(files[0]) as inside:
                while piece := inside.read(PIECE):
                    went = bounded(files[0].compress_size, went + len(piece))
                    yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError):
        raise Unreadable("the zip file is damaged, or packed in a way we do not read") from None
