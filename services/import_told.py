"""How an import is told on a terminal: a bar while it runs, plain lines where nobody watches, and a table at its end."""

from __future__ import annotations

import asyncio
import gc
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from services.importing import Counts, Heard, Import, seconds_since
from services.sending import Sender
from shared.errors import KapokError

_EACH_SECONDS = 5.0
_TIMEOUT_SECONDS = 120.0


class Interrupted(KapokError):
    """Whoever started it ended it."""


def imported(
    file: Path, rejects: Path, url: str, *, token: str, client: str, secret: str, encoding: str, resume: bool, dry_run: bool
) -> bool:
    """Send (or only check) a file and say how it goes; answers whether rows were refused.

    Raises `Unreadable`, `NotSent`, `FileChanged` and `Interrupted`.
    """
    console = Console(stderr=True)
    work, began = Import(file, rejects, charset=encoding, resume=resume), time.perf_counter()
    if work.counts.rows:
        console.print(f"Going on after line {work.counts.line:,}: {work.counts.rows:,} rows were answered before.")
    before = work.counts.rows

    async def sent(heard: Heard) -> None:
        gc.freeze()  # what is loaded stays: then the collector looks often enough at requests that are done, each half a megabyte
        async with httpx.AsyncClient(trust_env=False, timeout=_TIMEOUT_SECONDS) as http:
            await work.send(Sender(http, url, token=token, client=client, secret=secret), heard)

    try:
        with _progress(console, work, began, before) as heard:
            if dry_run:
                work.check(heard)
            else:
                asyncio.run(sent(heard))
    except KeyboardInterrupt:
        raise Interrupted from None
    finally:
        _print_summary(console, work, seconds_since(began), before, dry_run=dry_run)
    return work.counts.refused > 0


@contextmanager
def _progress(console: Console, work: Import, began: float, before: int) -> Iterator[Heard]:
    def rate(counts: Counts) -> str:
        return f"{(counts.rows - before) / seconds_since(began):,.0f}"

    if not console.is_terminal:
        said = began

        def plainly(counts: Counts, at: int) -> None:
            nonlocal said
            if seconds_since(said) >= _EACH_SECONDS:
                said = time.perf_counter()
                share = at / max(1, work.size)
                console.print(f"{share:.0%}: {counts.rows:,} rows, {rate(counts)} a second, {counts.refused:,} refused", highlight=False)

        yield plainly
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]} rows"),
        TextColumn("{task.fields[rate]}/s"), TextColumn("{task.fields[refused]} refused"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(work.path.name, total=max(1, work.size), rows="0", rate="0", refused="0")

        def drawn(counts: Counts, at: int) -> None:
            bar.update(task, completed=at, rows=f"{counts.rows:,}", rate=rate(counts), refused=f"{counts.refused:,}")

        yield drawn


def _print_summary(console: Console, work: Import, seconds: float, before: int, *, dry_run: bool) -> None:
    counts = work.counts
    table = Table("rows", "good" if dry_run else "recorded", "there already", "refused", "seconds", "rows a second", "peak memory, MB")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = (counts.rows, counts.recorded, counts.already, counts.refused)
    table.add_row(*[f"{n:,}" for n in told], f"{seconds:,.1f}", f"{(counts.rows - before) / seconds:,.0f}", f"{memory:,.0f}")
    console.print(table)
    if counts.refused:
        console.print(f"The refused rows are in {work.rejects}: line, field and rule.", soft_wrap=True, highlight=False)
