"""The process that screens one file: its order on standard input, what each part gave on standard output, a line of JSON each."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import polars as pl

from services.intake.domain.thresholds import Dated
from services.intake.screening.columns import Screened, head_of, named, read_block, screen
from services.intake.screening.parts import PART_BYTES, BadFile, Opened, blocks, opened
from services.intake.screening.said import Done, Failed, Heading, Order, PartSaid, Signals

_SIGNALS_A_LINE = 2_000
_FAULTS_A_PART = 2_000
_TABLE_ROWS = 100_000
_ADDRESS_SPACE = 6 * 2**30  # a file made to swell must break this process, not the machine


Step = Heading | tuple[int, int, Screened]


def screened(path: Path, as_of: date, thresholds: tuple[Dated, ...], scratch: Path, after: int = 0, rows_before: int = 0) -> Iterator[Step]:
    """What the file is, then (where the next part begins, of, outcome) for each part after `after`. Raises `BadFile`."""
    file = opened(path, scratch)
    if file.format == "parquet":
        yield from _table(file, as_of, thresholds, after)
    else:
        yield from _lines(file, as_of, thresholds, after, rows_before)


def _lines(file: Opened, as_of: date, thresholds: tuple[Dated, ...], after: int, rows_before: int) -> Iterator[Step]:
    with file.path.open("rb") as text:
        text.seek(file.start)
        first = text.readline(65_537)
        begins = text.tell()
    if len(first) > 65_536:
        raise BadFile("head_too_long")
    head = head_of(first, file.encoding)
    yield Heading("csv", file.encoding, head.unknown)
    of, row = file.path.stat().st_size, 2 + rows_before
    for block in blocks(file.path, max(begins, after), PART_BYTES):
        frame, faults, lines = read_block(block, head, file.encoding, row)
        found = screen(frame, thresholds, as_of)
        faulty = found.faulty + len(faults)
        row += lines
        yield block.to, of, msgspec.structs.replace(found, rows=lines, faulty=faulty, faults=[*faults, *found.faults])


def _table(file: Opened, as_of: date, thresholds: tuple[Dated, ...], after: int) -> Iterator[Step]:
    try:
        scan = pl.scan_parquet(file.path)
        heads = scan.collect_schema().names()
        of = int(scan.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as fault:
        raise BadFile("table_broken") from fault
    names, unknown = named(heads)
    yield Heading("parquet", "", unknown)
    texts = [pl.col(head).cast(pl.String).fill_null("").alias(name) for head, name in zip(heads, names, strict=True) if name]
    at = after
    while at < of:
        try:
            part = scan.slice(at, _TABLE_ROWS).select(texts).collect()
        except pl.exceptions.PolarsError as fault:
            raise BadFile("table_broken") from fault
        part = part.with_columns(row=pl.int_range(at + 1, at + 1 + part.height, dtype=pl.Int64))
        at += _TABLE_ROWS
        yield min(at, of), of, screen(part, thresholds, as_of)


def say(what: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """One order, obeyed."""
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    part = order.part
    try:
        for what in screened(Path(order.path), order.as_of, order.thresholds, Path(order.path).parent, order.after, order.rows):
            if isinstance(what, Heading):
                say(what)
                continue
            part += 1
            to, of, found = what
            for start in range(0, len(found.signals), _SIGNALS_A_LINE):
                say(Signals(found.signals[start : start + _SIGNALS_A_LINE]))
            said = PartSaid(part, to, of, found.rows, found.faulty, found.counts, found.steps, found.faults[:_FAULTS_A_PART])
            say(said)
        say(Done())
    except BadFile as bad:
        say(Failed(bad.reason, bad.field))
    except MemoryError:
        say(Failed("too_large_for_memory"))


if __name__ == "__main__":
    main()
