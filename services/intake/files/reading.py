"""A file of reports in either form, piece by piece: its rows as JSON, in their order, with what is wrong where it is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from services.intake.files.lines import Line, Lines
from services.intake.files.table import Row, Table, Wrong

Form = Literal["ndjson", "csv"]


class Reading:
    """Takes the pieces of a file and gives its rows; memory is that of a few rows. Raises `Unreadable`."""

    def __init__(self, form: Form, charset: str = "") -> None:
        self._lines, self._table = Lines(charset), Table() if form == "csv" else None

    def feed(self, piece: bytes) -> Iterator[Row]:
        for line in self._lines.feed(piece):
            yield from self._rows(line)

    def end(self) -> Iterator[Row]:
        for line in self._lines.end():
            yield from self._rows(line)
        if self._table is not None:
            yield from self._table.end()

    def _rows(self, line: Line) -> Iterator[Row]:
        if self._table is not None:
            yield from self._table.feed(line)
        elif line.wrong:
            yield Row(line.number, b"", (Wrong("", line.wrong),))
        elif line.text.strip():
            yield Row(line.number, line.text)

    def all(self, pieces: Iterable[bytes]) -> Iterator[Row]:
        """Every row of a file that is at hand."""
        for piece in pieces:
            yield from self.feed(piece)
        yield from self.end()


def form_of(name: str, head: bytes) -> Form:
    """NDJSON or CSV, by the name and else by the first character that is none of an order mark, a zero or a space."""
    plain = name.lower().removesuffix(".gz").removesuffix(".zip")
    if plain.endswith((".ndjson", ".jsonl", ".json")):
        return "ndjson"
    if plain.endswith((".csv", ".tsv", ".txt")):
        return "csv"
    return "ndjson" if head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"{") else "csv"
