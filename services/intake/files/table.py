"""A table in CSV as reports in JSON: its rows found across lines, its cells read by their columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from services.intake.files.cells import WrongCell
from services.intake.files.columns import Column, column, columns_of
from services.intake.files.lines import LINE_MAX, TOO_LONG, Line, Unreadable

_DELIMITERS = ",;\t"
_WRONG_MAX = 20
_LINES_MAX = 500  # of one row
csv.field_size_limit(LINE_MAX)


class Wrong(Struct, frozen=True, gc=False):
    """What is wrong with a row: a JSON pointer into the report ("" for all of it), and the rule in plain words."""

    pointer: str
    detail: str


class Row(Struct, frozen=True, gc=False):
    """One row of a file: the line on which it begins, and the report in JSON, or what is wrong with it."""

    number: int
    body: bytes
    wrong: tuple[Wrong, ...] = ()


class Table:
    """Takes the lines of a table and gives its rows. The first row names the columns; raises `Unreadable` when it does not.

    Comma, semicolon or tab, whichever makes the first row name most fields. A cell in quotes may run over lines; one that is
    never closed costs its own row, and the lines after it are read anew.
    """

    def __init__(self) -> None:
        self._columns: list[Column | None] | None = None
        self._delimiter = ","
        self._held: list[Line] = []
        self._size = 0

    def feed(self, line: Line) -> Iterator[Row]:
        waiting = [line]
        while waiting:
            one = waiting.pop()
            if not one.wrong and (self._held or one.text.strip()):
                self._hold(one)
                if self._size <= LINE_MAX and len(self._held) <= _LINES_MAX:
                    yield from self._whole()
                    continue
            elif not one.wrong:
                continue
            if self._held:
                first, *rest = self._held
                self._held, self._size = [], 0
                yield self._refused(first.number, "a quote is opened in this row and never closed")
                waiting += [one, *reversed(rest)] if one.wrong else reversed(rest)
            else:
                yield self._refused(one.number, one.wrong or TOO_LONG)

    def end(self) -> Iterator[Row]:
        while self._held:
            first, *rest = self._held
            self._held, self._size = [], 0
            yield self._refused(first.number, "a quote is opened in this row and never closed")
            for line in rest:
                yield from self.feed(line)

    def _hold(self, line: Line) -> None:
        self._held.append(line)
        self._size += len(line.text) + 1

    def _refused(self, number: int, why: str) -> Row:
        if self._columns is None:
            raise Unreadable(f"the first row, which names the columns: {why}", number)
        return Row(number, b"", (Wrong("", why),))

    def _whole(self) -> Iterator[Row]:
        """The row that is held, if it has come to its end."""
        text = b"\n".join([line.text for line in self._held]).decode("utf-8", "replace")
        if '"' in text and _open(text, _DELIMITERS if self._columns is None else self._delimiter):
            return
        number, self._held, self._size = self._held[0].number, [], 0
        if self._columns is None:
            self._delimiter = _delimiter_of(text)
        try:
            cells = _cells(text, self._delimiter)
        except csv.Error:
            yield self._refused(number, "holds a return where none may be")
            return
        if self._columns is None:
            self._columns = columns_of(cells)
        elif any(cell.strip() for cell in cells):
            yield self._row(number, cells, self._columns)

    @staticmethod
    def _row(number: int, cells: list[str], columns: list[Column | None]) -> Row:
        report: dict[str, Any] = {}
        wrong: list[Wrong] = []
        for at, cell in enumerate(cells):
            said = cell.strip()
            if not said:
                continue
            one = columns[at] if at < len(columns) else None
            if one is None:
                wrong.append(Wrong("", f"column {at + 1} has no name in the first row, and a cell in this one"))
                continue
            try:
                _put(report, one.path, one.read(said))
            except WrongCell as fault:
                wrong.append(Wrong("/" + one.field.replace(".", "/"), str(fault)))
        return Row(number, b"", tuple(wrong[:_WRONG_MAX])) if wrong else Row(number, msgspec.json.encode(report))


def _put(report: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        report = report.setdefault(part, {})
    report[path[-1]] = value


def _cells(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([line + "\n" for line in text.split("\n")], delimiter=delimiter), [])


def _delimiter_of(text: str) -> str:
    """The one that makes most fields of the first row."""

    def fields(delimiter: str) -> int:
        try:
            return sum(column(cell) is not None for cell in _cells(text, delimiter))
        except csv.Error:
            return -1

    return max(_DELIMITERS, key=fields)


def _open(text: str, delimiters: str) -> bool:
    """Whether the text ends inside of quotes. They open only where a cell begins: an inch sign within one is a character."""
    quoted = re.compile(rf'(?:^|[{delimiters}\n])"((?:[^"]|"")*)("?)')
    return any(not found[2] for found in quoted.finditer(text))
