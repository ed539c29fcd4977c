"""`kapok screen` and `kapok residents`: a file screened without a service, and a made-up city; a process of its own for the columns."""

from __future__ import annotations

import csv
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.intake.domain.thresholds import Dated, margin
from services.intake.screening import book
from services.intake.screening.columns import Screened
from services.intake.screening.parts import BadFile
from services.intake.screening.residents import write
from services.intake.screening.said import Heading
from services.intake.screening.worker import screened

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
_SIGNAL = ("row", "threshold", "value", "limit", "margin", "source", "valid_from", "residence_code")


def stop(sentence: str) -> NoReturn:
    """One clear sentence, exit code 2."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(2)


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), transient=False)


@app.command()
def screen(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet, either packed as zip or gzip.")],
    as_of: Annotated[str, typer.Option(help="Day of the data, such as 2026-11-01.")],
    out: Annotated[Path, typer.Option(help="Folder for signals.csv, faults.csv and summary.json.")],
) -> None:
    """Hold residents against the limits of a day; what comes out names rows and places, never persons."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", as_of):
        stop(f"--as-of {as_of} is not a day, such as 2026-11-01.")
    try:
        on = date.fromisoformat(as_of)
    except ValueError:
        stop(f"--as-of {as_of} is not a day that exists.")
    used = book.in_force(on)
    if not used:
        stop(f"No threshold was in force on {as_of}.")
    if not file.is_file():
        stop(f"There is no file {file}.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="kapok-screen-") as scratch:
            _screen(file, on, out, Path(scratch))
    except BadFile as bad:
        stop(f"{file} cannot be screened: {bad.reason.replace('_', ' ')}{' (' + bad.field + ')' if bad.field else ''}.")
    except OSError as wrong:
        stop(f"{out} cannot be written ({type(wrong).__name__}).")


def _screen(file: Path, on: date, out: Path, scratch: Path) -> None:
    used = {one.code: one for one in book.in_force(on)}
    total: dict[str, int] = dict.fromkeys(used, 0)
    rows = faulty = 0
    with _progress() as progress, (out / "signals.csv").open("w", newline="") as kept, (out / "faults.csv").open("w", newline="") as wrong:
        task = progress.add_task(file.name, total=None)
        signals, faults = csv.writer(kept), csv.writer(wrong)
        signals.writerow(_SIGNAL)
        faults.writerow(("row", "field", "rule"))
        for what in screened(file, on, tuple(used.values()), scratch):
            if isinstance(what, Heading):
                continue
            to, of, found = what
            signals.writerows(_lines(found, used))
            faults.writerows(found.faults)
            rows, faulty = rows + found.rows, faulty + found.faulty
            total = {code: total[code] + found.counts.get(code, 0) for code in total}
            progress.update(task, completed=to, total=of)
    summary = {"as_of": on.isoformat(), "version": book.version(), "rows": rows, "faulty": faulty, "signals": total}
    (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", "utf-8")
    print(f"{rows:,} rows, {faulty:,} of them not usable (faults.csv); {sum(total.values()):,} signals in {out / 'signals.csv'}.")


def _lines(found: Screened, used: Mapping[str, Dated]) -> Iterator[tuple[object, ...]]:
    for row, code, value, *_, where in found.signals:
        one = used[code]
        yield row, code, value, one.limit, margin(one.op, value, one.limit), one.source, one.valid_from, where


@app.command()
def residents(
    count: Annotated[int, typer.Option(min=1, max=25_000_000, help="How many.")],
    out: Annotated[Path, typer.Option(help="A .csv or .parquet file.")],
    seed: Annotated[int, typer.Option(min=0, max=1_000_000, help="The same seed makes the same city.")] = 0,
) -> None:
    """Made-up residents with the spread of a real city; the numbers are valid and nobody's."""
    if out.suffix not in (".csv", ".parquet"):
        stop("--out ends in .csv or .parquet.")
    try:
        with _progress() as progress:
            task = progress.add_task(out.name, total=count)
            write(count, out, seed, lambda done: progress.update(task, completed=done))
    except OSError as wrong:
        stop(f"{out} cannot be written ({type(wrong).__name__}).")


if __name__ == "__main__":
    app(prog_name="kapok")
