"""Fourteen million residents against every threshold: seconds of the command people use, and its largest memory."""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from bench.measure import Row
from services.intake.domain.thresholds import Resident, signal
from services.intake.screening import book

RESIDENTS = 14_000_000
SAMPLE = 200_000
_ON = date(2026, 11, 1)
_NUMBERS = ("medical_self_paid_year_fen", "income_per_head_month_fen", "income_per_head_month_before_fen", "months_without_income")


def _kapok(*words: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "services.cli", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def _row_by_row(path: Path) -> float:
    """The plain reference: every row read and decided in Python; seconds, and its signals must be ours."""
    used, found = book.in_force(_ON), 0
    start = time.perf_counter()
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            numbers = {name: int(row[name]) if row[name] else None for name in _NUMBERS}
            last = date.fromisoformat(row["last_contact_on"]) if row["last_contact_on"] else None
            one = Resident(row["category"], row["lives_alone"] == "1", **numbers, last_contact_on=last)
            found += sum(signal(threshold, one, _ON) is not None for threshold in used)
    took = time.perf_counter() - start
    with tempfile.TemporaryDirectory(dir=path.parent) as out:
        _kapok("screen", str(path), "--as-of", _ON.isoformat(), "--out", out)
        ours = (Path(out) / "signals.csv").read_text().count("\n") - 1
    assert ours == found, f"{ours} signals in columns, {found} row by row"
    return took


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="kapok-screening-") as folder:
        home = Path(folder)
        _kapok("residents", "--count", str(SAMPLE), "--out", str(home / "sample.csv"))
        plain = _row_by_row(home / "sample.csv") * RESIDENTS / SAMPLE
        found = []
        for kind in ("parquet", "csv"):
            file = home / f"city.{kind}"
            _kapok("residents", "--count", str(RESIDENTS), "--out", str(file))
            took = _kapok("screen", str(file), "--as-of", _ON.isoformat(), "--out", str(home / "out"))
            file.unlink()
            name = f"14 million residents x all thresholds, {kind}"
            found.append(Row(name, f"row by row in Python (of {SAMPLE:,})", took, plain, 1, 5, 1, "seconds", higher=False))
            print(f"{name}: {took:.1f} s; row by row {plain:.0f} s, extrapolated")
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        found.append(Row("14 million residents x all thresholds: largest memory (MiB)", "-", most, 0, 4_000, 2_000, 1, "MiB", higher=False))
    return found
