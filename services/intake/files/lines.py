"""From bytes in any of the country's encodings to numbered lines in UTF-8, in bounded memory."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence

from msgspec import Struct

from shared.errors import KapokError

LINE_MAX = 262_144  # bytes
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_KNOWN = {
    "utf-8": "utf-8", "ascii": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "gb18030": "gb18030", "utf-16": "utf-16", "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be", "utf-32": "utf-32",
}  # fmt: skip
_BY_LINE = ("utf-8", "gb18030")  # no character of these holds the byte of a line's end: each line is decoded alone
_SAMPLE = 4096
_ZEROS = 20  # one byte in so many is zero in a table in UTF-16; in any other text none is
_ORDINARY = 0.8  # of the characters of a Chinese text are in GB 2312; UTF-8 read as GB 18030 has far fewer

TOO_LONG = f"a row has at most {LINE_MAX} bytes"
_UNREADABLE = "is neither UTF-8 nor GB 18030"


class Unreadable(KapokError):
    """The whole file cannot be read, or not beyond this line; `args[0]` says why, in plain words, and never repeats its text."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.line = line


class Line(Struct, frozen=True, gc=False):
    """A line without its end, in UTF-8; `wrong` says what is the matter with it as a whole, and then there is no text."""

    number: int
    text: bytes
    wrong: str = ""


class Lines:
    """Takes pieces of a file and gives its lines.

    An order mark tells the encoding; without one it is UTF-16 where zeros stand in every other place, UTF-8 where most lines
    are, and else GB 18030. A line that is not what the file is gets its own fault, and those after it are read. A line that is
    too long is skipped to its end and never held whole. `charset` is what the sender says; raises `Unreadable` for one we do
    not know.
    """

    def __init__(self, charset: str = "") -> None:
        self._codec = _named(charset) if charset else ""
        self._wide: codecs.IncrementalDecoder | None = None
        self._begun, self._first, self._rest, self._skipping, self._number = False, b"", b"", False, 0

    def feed(self, piece: bytes) -> Iterator[Line]:
        if not self._begun:
            self._first += piece
            if len(self._first) < _SAMPLE and b"\n" not in self._first:
                return
            piece = self._begin()
        yield from self._cut(self._narrow(piece))

    def end(self) -> Iterator[Line]:
        """The last line, which need not end like the others."""
        if not self._begun:
            yield from self._cut(self._narrow(self._begin()))
        if self._wide is not None:
            yield from self._cut(self._wide.decode(b"", final=True).encode())
        rest, self._rest = self._rest, b""
        if rest.strip() and not self._skipping:
            self._number += 1
            yield from self._read([(self._number, rest)])

    def _begin(self) -> bytes:
        """What the first bytes say of the rest; answers them without an order mark."""
        self._begun, first = True, self._first
        self._first = b""
        for mark, codec in _MARKS:
            if first.startswith(mark):
                self._codec, first = codec, first[len(mark) :]
                break
        else:
            self._codec = self._codec or _without_mark(first[:_SAMPLE])
        if self._codec and self._codec not in _BY_LINE:
            self._wide = codecs.getincrementaldecoder(self._codec)(errors="replace")
        return first

    def _narrow(self, piece: bytes) -> bytes:
        return piece if self._wide is None else self._wide.decode(piece).encode()

    def _cut(self, piece: bytes) -> Iterator[Line]:
        *whole, self._rest = (self._rest + piece).split(b"\n")
        ready: list[tuple[int, bytes]] = []
        for line in whole:
            if self._skipping:
                self._skipping = False
            else:
                self._number += 1
                ready.append((self._number, line))
        yield from self._read(ready)
        if len(self._rest) > LINE_MAX:
            if not self._skipping:
                self._number += 1
                yield Line(self._number, b"", TOO_LONG)
            self._rest, self._skipping = b"", True

    def _read(self, lines: Sequence[tuple[int, bytes]]) -> Iterator[Line]:
        if not self._codec:
            self._codec = _most([line for _, line in lines if not line.isascii()])
        for number, line in lines:
            text = line[:-1] if line.endswith(b"\r") else line
            yield Line(number, b"", TOO_LONG) if len(text) > LINE_MAX else self._line(number, text)

    def _line(self, number: int, text: bytes) -> Line:
        if text.isascii():
            return Line(number, text)
        if self._wide is not None:
            lost = "\N{REPLACEMENT CHARACTER}".encode() in text
            return Line(number, b"", f"is not {self._codec.upper()} throughout") if lost else Line(number, text)
        try:
            plain = text.decode(self._codec or "utf-8")
        except UnicodeDecodeError:
            return Line(number, b"", f"is not {self._codec.upper()} throughout" if self._codec else _UNREADABLE)
        return Line(number, text if self._codec != "gb18030" else plain.encode())


def _named(charset: str) -> str:
    try:
        return _KNOWN[codecs.lookup(charset).name]
    except (LookupError, ValueError):  # a name with a zero character is a ValueError
        raise Unreadable("its encoding is not one of UTF-8, GB 18030 (GBK, GB 2312), UTF-16 and UTF-32") from None


def _without_mark(sample: bytes) -> str:
    """UTF-16 by its zeros, or nothing yet."""
    zeros = sample.count(0)
    if not zeros or zeros * _ZEROS < len(sample):
        return ""
    return "utf-16-le" if sample[1::2].count(0) >= sample[0::2].count(0) else "utf-16-be"


def _most(lines: Sequence[bytes]) -> str:
    """What most of these lines are; nothing when none of them tells."""
    if not lines:
        return ""
    unicode = sum(_decodes(line, "utf-8") for line in lines)
    if unicode * 2 >= len(lines):
        return "utf-8"
    return "gb18030" if sum(map(_chinese, lines)) * 2 > len(lines) - unicode else ""


def _decodes(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _chinese(line: bytes) -> bool:
    """Whether this is GB 18030 with mostly ordinary characters; a broken line of UTF-8 has others."""
    try:
        far = [c for c in line.decode("gb18030") if not c.isascii()]
    except UnicodeDecodeError:
        return False
    return sum(len(c.encode("gb2312", "ignore")) == 2 for c in far) >= _ORDINARY * len(far)
