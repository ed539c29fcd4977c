"""Relief rules side by side: on line against zen-engine and JSON logic, in columns against OpenFisca-core, a whole city, and other numbers."""

from __future__ import annotations

import gc
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import json_logic
import msgspec
import polars as pl
import zen

from bench import cases
from bench.fiscal import Fiscal
from bench.measure import Row, compared, in_turn
from bench.translated import ASKED, REFUSED, json_tree, number_of, zen_text
from services.matching import bulk
from services.matching.columns import ASKED as MORE
from services.matching.columns import ELIGIBLE, FEN, columnar, verdicts_of
from services.matching.domain.changing import Case, NewValue, changed, effects
from services.matching.domain.facts import known
from services.matching.rulebook import RULEBOOK

CASES, JSON_CASES = 4_000, 400
PEOPLE, CITY, CHANGED = 1_000_000, 14_000_000, 1_000_000
NEW_LINE = NewValue(None, "dibao_line_fen", date(2023, 1, 1), Fraction(128_000), "ASSUMPTION")
_PERIOD = RULEBOOK.at(cases.ON)
_CODES = tuple(one.code for one in RULEBOOK.programmes)


def rows(rounds: int) -> list[Row]:
    return [*_on_line(rounds), _in_columns(rounds), *_city(), _other_numbers(rounds)]


def _rate(work: Callable[[Any], Any], over: Sequence[Any]) -> Callable[[], float]:
    """Cases a second."""

    def run() -> float:
        gc.collect()
        start = time.perf_counter()
        for one in over:
            work(one)
        return len(over) / (time.perf_counter() - start)

    return run


def _on_line(rounds: int) -> list[Row]:
    """The same known facts for all three, ready in the form each of them reads; then from reported facts, with and without reasons."""
    told = cases.facts(CASES)
    ready = [known(one, cases.ON) for one in told]
    plain = [{**msgspec.structs.asdict(one), "certificates": None if one.certificates is None else list(one.certificates)} for one in ready]
    apart = [zen.compile_expression(zen_text(one)) for one in _PERIOD.in_force]
    expression = zen.compile_expression(f"[{', '.join(f'({zen_text(one)})' for one in _PERIOD.in_force)}]")
    trees = [json_tree(one) for one in _PERIOD.in_force]
    for number, (one, facts) in enumerate(zip(ready, plain, strict=True)):
        ours = [number_of(verdict) for verdict in _PERIOD.verdicts(one)]
        theirs = expression.evaluate(facts)
        assert ours == theirs, f"zen: {dict(zip(_CODES, zip(ours, theirs, strict=True), strict=True))} {facts}"
        assert ours == [one.evaluate(facts) for one in apart]
        theirs = json_logic.jsonLogic(trees, facts) if number < JSON_CASES else ours
        assert ours == theirs, f"JSON logic: {dict(zip(_CODES, zip(ours, theirs, strict=True), strict=True))} {facts}"
    for facts in told:
        short = [(v.programme, v.verdict, v.amount_fen) for v in RULEBOOK.verdicts(facts, cases.ON)]
        assert short == [(e.programme, e.verdict, e.amount_fen) for e in RULEBOOK.explain(facts, cases.ON)]
    results = in_turn(
        {
            "rules over known facts": _rate(_PERIOD.verdicts, ready),
            "zen-engine": _rate(lambda facts: [one.evaluate(facts) for one in apart], plain[: CASES // 4]),
            "zen-engine, one array": _rate(expression.evaluate, plain[: CASES // 4]),
            "json-logic": _rate(lambda facts: json_logic.jsonLogic(trees, facts), plain[:JSON_CASES]),
            "verdicts from reported facts": _rate(lambda facts: RULEBOOK.verdicts(facts, cases.ON), told),
            "full explanation from reported facts": _rate(lambda facts: RULEBOOK.explain(facts, cases.ON), told),
        },
        rounds,
    )
    name = f"relief rules on line, {len(_CODES)} programmes, identical verdicts"
    return [
        compared(name, "zen-engine, an expression each", results, "rules over known facts", "zen-engine", 10, 20, unit="cases per second"),
        compared(name, "zen-engine, all in one array", results, "rules over known facts", "zen-engine, one array", 5, 10, unit="cases per second"),
        compared(name, "json-logic", results, "rules over known facts", "json-logic", 50, 100, unit="cases per second"),
        compared(
            "full explanation, from reported facts", "plain verdicts", results, "full explanation from reported facts",
            "verdicts from reported facts", 0.2, 0.4, unit="cases per second",
        ),
    ]  # fmt: skip


def _in_columns(rounds: int) -> Row:
    """From columns of what was reported on both sides; what follows from it is worked out by both."""
    columns, frame = columnar(RULEBOOK), cases.people(0, PEOPLE)
    fiscal = Fiscal(_PERIOD.in_force, _CODES)
    arrays = fiscal.arrays(frame)
    told = verdicts_of(frame, columns, cases.ON)
    theirs = fiscal.numbers(fiscal.simulation(arrays, PEOPLE))
    for code in _CODES:
        word = pl.col(code)
        ours = told.select(pl.when(word == ELIGIBLE).then(pl.col(code + FEN)).when(word == MORE).then(ASKED).otherwise(REFUSED)).to_series()
        assert (ours.to_numpy() == theirs[code]).all(), code

    def ours_a_second() -> float:
        start = time.perf_counter()
        verdicts_of(frame, columns, cases.ON)
        return PEOPLE / (time.perf_counter() - start)

    def theirs_a_second() -> float:
        simulation = fiscal.simulation(arrays, PEOPLE)
        start = time.perf_counter()
        fiscal.numbers(simulation)
        return PEOPLE / (time.perf_counter() - start)

    results = in_turn({"columns": ours_a_second, "OpenFisca-core": theirs_a_second}, rounds)
    return compared(
        f"relief rules over {PEOPLE:,} people", "OpenFisca-core", results, "columns", "OpenFisca-core", 1, 2, unit="people per second"
    )


def _city() -> list[Row]:
    """A file of all residents answered by a process of its own: seconds from its start to its end, and its largest memory."""
    with tempfile.TemporaryDirectory(prefix="kapok-city-") as folder:
        file = Path(folder) / "city.parquet"
        _child("write", str(file))
        start = time.perf_counter()
        said = json.loads(_child("tally", str(file)))
        took = time.perf_counter() - start
    assert said["people"] == CITY, said
    name = f"{CITY:,} residents x all programmes, from a Parquet file"
    print(f"{name}: {took:.1f} s, {said['eligible']:,} entitlements, {said['mib']:,.0f} MiB", flush=True)
    return [
        Row(name, "-", took, 0, 60, 30, 1, "seconds", higher=False),
        Row(f"{name}: largest memory of the process", "-", said["mib"], 0, 4_000, 2_000, 1, "MiB", higher=False),
    ]


def _child(what: str, file: str) -> str:
    return subprocess.run([sys.executable, "-m", "bench.rules", what, file], check=True, capture_output=True, text=True).stdout


def _write(file: Path) -> None:
    folder = file.with_suffix(".parts")
    folder.mkdir()
    for number, portion in enumerate(cases.portions(CITY)):
        portion.write_parquet(folder / f"{number:06}.parquet")
    pl.scan_parquet(folder / "*.parquet").sink_parquet(file, row_group_size=cases.AT_ONCE)


def _tally(file: Path) -> None:
    looked_at = 0

    def counted() -> Any:
        nonlocal looked_at
        for portion in bulk.portions(file):
            looked_at += portion.height
            yield portion

    told = bulk.tallied(counted(), columnar(RULEBOOK), cases.ON)
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"people": looked_at, "eligible": sum(one.eligible for one in told.values()), "mib": mib}))


def _other_numbers(rounds: int) -> Row:
    """A new line over a million cases of eight years: the changed rulebook made and both compared; a sample is compared case by case."""
    portions = [cases.dated(portion) for portion in cases.portions(CHANGED)]
    before = columnar(RULEBOOK)
    sample = portions[0].head(5_000)
    found = bulk.differences([sample], before, columnar(changed(RULEBOOK, (NEW_LINE,))))
    told = [
        Case(str(n), row["district"], {k: v for k, v in row.items() if v is not None}, row["on"], row["seen_on"])
        for n, row in enumerate(sample.iter_rows(named=True))
    ]
    plain = list(effects(RULEBOOK, changed(RULEBOOK, (NEW_LINE,)), told))
    assert found.affected == len({one.case_id for one in plain}) > 0
    assert sum(one.after_fen for one in found.sums.values()) == sum(one.after_fen for one in plain)
    took = []
    for number in range(rounds):
        start = time.perf_counter()
        whole = bulk.differences(portions, before, columnar(changed(RULEBOOK, (NEW_LINE,))))
        took.append(time.perf_counter() - start)
        assert whole.cases == CHANGED
        print(f"  round {number + 1}: {CHANGED:,} cases under another line: {took[-1]:.2f} s, {whole.affected:,} affected", flush=True)
    name = f"another line over {CHANGED:,} cases of eight years"
    return Row(name, "-", statistics.median(took), 0, 30, 10, rounds, "seconds", False, (min(took), max(took)))


if __name__ == "__main__":
    {"write": _write, "tally": _tally}[sys.argv[1]](Path(sys.argv[2]))
