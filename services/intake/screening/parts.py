"""From an uploaded file to parts of whole lines: format and encoding found, archives unpacked within bounds, every line numbered."""

from __future__ import annotations

import codecs
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

PART_BYTES = 8 * 2**20
EXPANDED_MAX = 8 * 2**30
RATIO_MAX = 200  # data of residents shrink to a tenth, never to a two-hundredth
_SAMPLE = 4 * 2**20
_CHUNK = 2**20


class BadFile(Exception):
    """The file as a whole cannot be screened; `reason` is a code, `field` the column it is about."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


class Opened(Struct, frozen=True):
    """What the file is: `text` (lines in `encoding` from byte `start` on) or `parquet`."""

    path: Path
    format: str
    encoding: str = ""
    start: int = 0


class Block(Struct, frozen=True):
    """Whole lines from `at` to `to`; `too_long` tells of one line that was too long to be held and was skipped."""

    data: bytes
    to: int
    too_long: bool = False


def opened(path: Path, scratch: Path) -> Opened:
    """Find out what this is by its first bytes, never by its name; what must be unpacked lies in `scratch`. Raises `BadFile`."""
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise BadFile("empty")
    if head.startswith(b"PAR1"):
        return Opened(path, "parquet")
    if head.startswith(b"PK\x03\x04"):
        path = _expanded(path, _unzipped(path), scratch)
    elif head.startswith(b"\x1f\x8b"):
        path = _expanded(path, _inflated(path), scratch)
    return _text(path, scratch)


def _expanded(path: Path, chunks: Iterator[bytes], scratch: Path) -> Path:
    """The unpacked text; a bomb is refused as soon as it is one, and what it left is removed."""
    target, most, written = scratch / f"{path.stem}.text", max(path.stat().st_size * RATIO_MAX, _CHUNK), 0
    try:
        with target.open("wb") as out:
            target.chmod(0o600)
            for chunk in chunks:
                written += len(chunk)
                if written > min(most, EXPANDED_MAX):
                    raise BadFile("expands_too_much")
                out.write(chunk)
    except (zlib.error, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as fault:
        target.unlink(missing_ok=True)
        raise BadFile("archive_broken") from fault
    except BadFile:
        target.unlink(missing_ok=True)
        raise
    return target


def _unzipped(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        names = [one for one in archive.infolist() if not one.is_dir()]
        if len(names) != 1:
            raise BadFile("archive_needs_one_file")
        if names[0].flag_bits & 1:
            raise BadFile("archive_locked")
        with archive.open(names[0]) as inner:
            while chunk := inner.read(_CHUNK):
                yield chunk


def _inflated(path: Path) -> Iterator[bytes]:
    """A gzip stream piece by piece, never more of it in memory than one piece."""
    with path.open("rb") as file:
        machine, within = zlib.decompressobj(31), False
        while packed := file.read(65_536):
            while packed:
                within = True
                yield machine.decompress(packed, _CHUNK)
                packed = machine.unconsumed_tail
                if machine.eof:
                    packed, machine, within = machine.unused_data, zlib.decompressobj(31), False
                    if packed and not packed.startswith(b"\x1f\x8b"):
                        raise EOFError
        if within:
            yield machine.flush()
            if not machine.eof:
                raise EOFError


def _text(path: Path, scratch: Path) -> Opened:
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Opened(_from_utf16(path, scratch), "csv", "utf-16")
    if sample.startswith(codecs.BOM_UTF8):
        return Opened(path, "csv", "utf-8", len(codecs.BOM_UTF8))
    if b"\0" in sample:
        raise BadFile("not_text")
    for encoding in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(sample, final=len(sample) < _SAMPLE)
        except UnicodeDecodeError:
            continue
        return Opened(path, "csv", encoding)
    return Opened(path, "csv", "utf-8")  # lines that are none are named one by one


def _from_utf16(path: Path, scratch: Path) -> Path:
    """The same text in UTF-8; half a character becomes the replacement mark, which no field accepts."""
    target = scratch / f"{path.stem}.utf8"
    decode = codecs.getincrementaldecoder("utf-16")(errors="replace").decode
    with path.open("rb") as file, target.open("wb") as out:
        target.chmod(0o600)
        while chunk := file.read(_CHUNK):
            out.write(decode(chunk).encode())
        out.write(decode(b"", final=True).encode())
    return target


def blocks(path: Path, start: int, part_bytes: int = PART_BYTES) -> Iterator[Block]:
    """Parts of whole lines from byte `start` on; memory holds one part."""
    with path.open("rb") as file:
        file.seek(start)
        at = start
        while data := file.read(part_bytes):
            cut = data.rfind(b"\n") + 1
            if len(data) < part_bytes:
                cut = len(data)
            if cut:
                file.seek(at + cut)
                at += cut
                yield Block(data[:cut], at)
            else:
                at = _next_line(file)
                yield Block(b"", at, too_long=True)


def _next_line(file: BinaryIO) -> int:
    while chunk := file.read(_CHUNK):
        end = chunk.find(b"\n")
        if end >= 0:
            file.seek(end + 1 - len(chunk), 1)
            break
    return file.tell()
