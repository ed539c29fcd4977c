"""Rounds in turn, medians with their spread, one table, one JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPORT = Path(__file__).parent / "report" / "latest.json"


@dataclass
class Row:
    """One line of the table: our median against a baseline's, and whether floor and goal are met.

    `higher` says whether more is better; for times less is better and the ratio is turned round.
    """

    name: str
    against: str
    ours: float
    baseline: float
    floor: float
    goal: float
    rounds: int
    unit: str = "per second"
    higher: bool = True
    spread: tuple[float, float] = (0.0, 0.0)
    ratios: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        if self.ratios:
            return statistics.median(self.ratios)
        return self.ours / self.baseline if self.baseline else self.ours

    @property
    def met(self) -> str:
        value = self.ratio if self.against != "-" else self.ours
        good, enough = (value >= self.goal, value >= self.floor) if self.higher else (value <= self.goal, value <= self.floor)
        return "goal" if good else "floor" if enough else "missed"

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name, "against": self.against, "ours": round(self.ours, 4), "baseline": round(self.baseline, 4), "ratio": round(self.ratio, 3),
            "floor": self.floor, "goal": self.goal, "met": self.met, "rounds": self.rounds, "unit": self.unit, "min": round(self.spread[0], 4),
            "max": round(self.spread[1], 4),
        }  # fmt: skip


def in_turn(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run every way once a round, round after round, so that a machine that drifts drifts for all."""
    results: dict[str, list[float]] = {name: [] for name in ways}
    for n in range(rounds):
        for name, way in ways.items():
            value = way()
            results[name].append(value)
            print(f"  round {n + 1}: {name}: {value:,.1f}", flush=True)
    return results


def compared(
    name: str,
    against: str,
    results: Mapping[str, list[float]],
    ours: str,
    baseline: str,
    floor: float,
    goal: float,
    *,
    unit: str = "per second",
    higher: bool = True,
) -> Row:
    """A row from two ways of one run; the ratio is the median of the rounds' own ratios."""
    mine, theirs = results[ours], results[baseline]
    pairs = [a / b for a, b in zip(mine, theirs, strict=True)]
    return Row(
        name,
        against,
        statistics.median(mine),
        statistics.median(theirs),
        floor,
        goal,
        len(mine),
        unit,
        higher,
        (min(mine), max(mine)),
        pairs,
    )


def fsync_micros(folder: Path, times: int = 200) -> float:
    """What one fdatasync costs here, in microseconds (median)."""
    path = folder / "fsync.probe"
    taken = []
    with path.open("wb") as out:
        for _ in range(times):
            out.write(b"x" * 512)
            out.flush()
            start = time.perf_counter()
            os.fdatasync(out.fileno())
            taken.append((time.perf_counter() - start) * 1e6)
    path.unlink()
    return statistics.median(taken)


def machine(folder: Path) -> dict[str, object]:
    return {
        "python": platform.python_version(), "cores": os.cpu_count(), "system": platform.system(), "fdatasync_us": round(fsync_micros(folder), 1),
    }  # fmt: skip


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def report(rows: list[Row], about: Mapping[str, object]) -> None:
    """Print the table, and put its rows into `bench/report/latest.json`: parts that were not measured keep the figures they have."""
    print(f"\n{dict(about)}\n")
    print(f"{'work':84s} {'against':34s} {'ours':>10s} {'baseline':>10s} {'ratio':>7s} {'floor':>7s} {'goal':>7s} met")
    for row in rows:
        print(
            f"{row.name[:84]:84s} {row.against[:34]:34s} {_short(row.ours):>10s} {_short(row.baseline):>10s} {row.ratio:7.2f} {row.floor:7g} {row.goal:7g} {row.met}"
        )
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    kept = {(row["name"], row["against"]): row for row in json.loads(REPORT.read_text("utf-8"))} if REPORT.exists() else {}
    kept |= {(row.name, row.against): dict(row.as_json()) for row in rows}
    REPORT.write_text(json.dumps(list(kept.values()), indent=1, ensure_ascii=False) + "\n", "utf-8")
