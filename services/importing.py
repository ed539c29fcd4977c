"""A file of reports sent through the door by portions: what is refused is written down, what is interrupted goes on where it stopped."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Self

import msgspec
from msgspec import UNSET, Struct

from services.intake.files.lines import Unreadable
from services.intake.files.packed import PIECE, unpacked
from services.intake.files.reading import Reading, form_of
from services.intake.files.rejects import HEAD, csv_line, reject_lines
from services.intake.portions import Marking, Numbered, fault_of
from services.sending import Answer, Sender
from shared.clock import utc_now
from shared.errors import KapokError

_ROWS, _BYTES = 500, 524_288  # of one portion
_UNDER_WAY = 4  # portions sent and not answered yet


class FileChanged(KapokError):
    """The file is not the one that was begun."""


class Counts(Struct):
    """How far an import is: the last line of which all before are answered, and what became of them."""

    line: int = 0
    recorded: int = 0
    already: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        return self.recorded + self.already + self.refused


def position_of(path: Path) -> Path:
    """The file beside a file of reports that says how far its import is."""
    return path.with_name(path.name + ".position.json")


class _Position(Struct):
    """What the position file says; bytes of the rejects file belong to it, so that nothing is written there twice."""

    file: str
    counts: Counts
    rejects: int


class _Named(Struct):
    """All that is looked at in a row before it is sent."""

    source_ref: Any = UNSET


Heard = Callable[[Counts, int], None]


class Rejects:
    """The refused rows in a file: line, field, rule; never what stood in the field. CSV, or NDJSON by its name."""

    def __init__(self, path: Path, keep_bytes: int = 0) -> None:
        self._path, self._is_csv = path, path.suffix.lower() == ".csv"
        self._out: BinaryIO | None = None
        if keep_bytes:
            self._out = path.open("r+b")
            self._out.truncate(keep_bytes)
            self._out.seek(keep_bytes)
        else:
            path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._out is not None:
            self._out.close()

    def add(self, answer: Answer) -> None:
        for line in reject_lines(answer):
            self._write(line)

    def _write(self, line: dict[str, Any]) -> None:
        if self._out is None:
            self._out = self._path.open("wb")
            self._out.write(HEAD if self._is_csv else b"")
        self._out.write(csv_line(line) if self._is_csv else msgspec.json.encode(line) + b"\n")

    def kept(self) -> int:
        """Bytes that are safely in the file."""
        if self._out is None:
            return 0
        self._out.flush()
        os.fsync(self._out.fileno())
        return self._out.tell()


class Import:
    """One file on its way in.

    `position` is the file beside it that says how far it is; with `resume` it is gone on from there. A row that has no
    reference of its own gets the one that the door would give it, so that the file may be sent as often and in as many ways as one likes.
    """

    def __init__(self, path: Path, rejects: Path, *, charset: str = "", resume: bool = False) -> None:
        self.path, self.rejects, self._charset = path, rejects, charset
        self.position = position_of(path)
        self.size = path.stat().st_size
        self.counts, self._kept = Counts(), 0
        with path.open("rb") as file:
            self.hash = hashlib.file_digest(file, "sha256").hexdigest()
        if resume and self.position.exists():
            self._go_on()

    def _go_on(self) -> None:
        try:
            known = msgspec.json.decode(self.position.read_bytes(), type=_Position)
        except msgspec.MsgspecError:
            raise FileChanged(f"{self.position} is not a position file; remove it to begin anew.") from None
        if known.file != self.hash:
            raise FileChanged(f"{self.path} has changed since it was begun; without --resume it is sent from its first row.")
        at_hand = self.rejects.stat().st_size if self.rejects.exists() else 0
        if at_hand >= known.rejects:
            self.counts, self._kept = known.counts, known.rejects

    async def send(self, sender: Sender, heard: Heard) -> Counts:
        """Send everything that is not answered yet; `heard` is told of every answered portion and of the bytes read.

        Raises `Unreadable` (what was read before it is sent and answered) and what the sender raises.
        """
        broke: Unreadable | None = None
        under_way: deque[tuple[Sequence[Numbered], asyncio.Task[list[Answer]], int]] = deque()
        with self.path.open("rb") as file, Rejects(self.rejects, self._kept) as rejects, closing(self._portions(file)) as portions:
            try:
                while True:
                    try:
                        portion = next(portions, None)
                    except Unreadable as fault:
                        broke, portion = fault, None
                    if portion is not None:
                        under_way.append((portion, asyncio.create_task(self._answers(sender, portion)), file.tell()))
                    if under_way and (portion is None or len(under_way) >= _UNDER_WAY):
                        sent, answers, at = under_way[0]
                        self._note(sent, await answers, rejects)
                        under_way.popleft()
                        heard(self.counts, at)
                    if portion is None and not under_way:
                        break
            finally:
                for _, task, _ in under_way:
                    task.cancel()
                await asyncio.gather(*[task for _, task, _ in under_way], return_exceptions=True)
        if broke is not None:
            raise broke
        self.position.unlink(missing_ok=True)
        return self.counts

    def check(self, heard: Heard) -> Counts:
        """The same without sending: what can be told without the store. Raises `Unreadable`."""
        now = utc_now()
        with self.path.open("rb") as file, Rejects(self.rejects) as rejects:
            for portion in self._portions(file):
                for row in [one.row for one in portion]:
                    why = fault_of(row, now)
                    if why is None:
                        self.counts.recorded += 1
                    else:
                        self.counts.refused += 1
                        rejects.add({"line": row.number, "problem": why})
                    self.counts.line = row.number
                heard(self.counts, file.tell())
        return self.counts

    def _portions(self, file: BinaryIO) -> Generator[list[Numbered], None, None]:
        portion: list[Numbered] = []
        size, done, marking = 0, self.counts.line, Marking()
        head = next(unpacked(file), b"")[:PIECE]
        try:
            for row in Reading(form_of(self.path.name, head), self._charset).all(unpacked(file)):
                marked = marking.marked(row)  # what was answered before too: it names what follows
                if row.number <= done:
                    continue
                portion.append(marked)
                size += len(row.body)
                if len(portion) >= _ROWS or size >= _BYTES:
                    yield portion
                    portion, size = [], 0
        except Unreadable:
            if portion:
                yield portion
            raise
        if portion:
            yield portion

    async def _answers(self, sender: Sender, portion: Sequence[Numbered]) -> list[Answer]:
        """An answer for each row, by the lines of the file."""
        rows = [one.row for one in portion]
        good = [one for one in portion if not one.row.wrong]
        told = await sender.sent([_with_reference(one) for one in good]) if good else []
        answers = {one.row.number: {**answer, "line": one.row.number} for one, answer in zip(good, told, strict=True)}
        for row in rows:
            if row.wrong:
                answers[row.number] = {"line": row.number, "status": "refused", "problem": fault_of(row, utc_now())}
        return [answers[row.number] for row in rows]

    def _note(self, portion: Sequence[Numbered], answers: Sequence[Answer], rejects: Rejects) -> None:
        for answer in answers:
            if answer["status"] == "refused":
                rejects.add(answer)
                self.counts.refused += 1
            elif answer["status"] == "already":
                self.counts.already += 1
            else:
                self.counts.recorded += 1
        self.counts.line = portion[-1].row.number
        said = msgspec.json.encode(_Position(self.hash, self.counts, rejects.kept()))
        half = self.position.with_name(self.position.name + ".new")
        with half.open("wb") as out:
            out.write(said)
            out.flush()
            os.fsync(out.fileno())
        half.replace(self.position)


def _with_reference(one: Numbered) -> bytes:
    """The row with a reference; spliced in, so that the door sees everything else as it was written."""
    row = one.row
    try:
        named = msgspec.json.decode(row.body, type=_Named)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return row.body  # no object: the door says what is wrong with it
    body = row.body.strip()
    if named.source_ref is UNSET:
        return body[:-1] + (b"" if body[1:-1].strip() == b"" else b",") + b'"source_ref":"%s"}' % one.reference.encode()
    if named.source_ref is None:
        return msgspec.json.encode({**msgspec.json.decode(body), "source_ref": one.reference})
    return body


def seconds_since(began: float) -> float:
    """At least a thousandth, so that a rate can be told."""
    return max(0.001, time.perf_counter() - began)
