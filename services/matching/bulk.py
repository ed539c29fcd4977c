"""Files and streams of facts answered portion by portion: what every programme says and costs, and what other numbers would change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import polars as pl
from msgspec import Struct
from msgspec.structs import replace

from services.matching.columns import (
    ASKED,
    ELIGIBLE,
    FEN,
    REPORTED,
    Columnar,
    NotInColumns,
    Sheet,
    answers_in,
    known_in,
    readable,
    verdicts_of,
)
from services.matching.domain.changing import Sums

AT_ONCE = 250_000
_BEFORE, _AFTER = "<", ">"
_WORDS = ("gain", "lose", "more", "less", "asked")


class Tally(Struct, frozen=True, gc=False):
    """Of one programme: how many are eligible or asked for more, and what the eligible could get, in fen."""

    eligible: int = 0
    needs_information: int = 0
    amount_fen: int = 0


class Changed(Struct, frozen=True):
    """How many cases were looked at, how many get another answer, and the sums by (programme, district)."""

    cases: int
    affected: int
    sums: dict[tuple[str, str], Sums]


def portions(path: Path, rows: int = AT_ONCE) -> Iterator[pl.DataFrame]:
    """The rows of a Parquet or CSV file (by its name), `rows` at a time; in a CSV codes of one field are joined by `|`."""
    if path.suffix == ".parquet":
        scan = pl.scan_parquet(path)
        of = int(scan.select(pl.len()).collect().item())
        for at in range(0, of, rows):
            yield scan.slice(at, rows).collect()
        return
    kinds = {name: pl.String if kind == pl.List(pl.String) else kind for name, kind in REPORTED.items()}
    kinds |= {"district": pl.String, "on": pl.Date, "seen_on": pl.Date}
    for frame in pl.scan_csv(path, schema_overrides=kinds).collect_batches(chunk_size=rows, maintain_order=True):
        yield frame.with_columns(pl.col("certificates").str.split("|")) if "certificates" in frame.columns else frame


def tallied(frames: Iterable[pl.DataFrame], columns: Columnar, on: date, *, seen_on: date | None = None) -> dict[str, Tally]:
    """What every programme says to all rows by the rules of one day; memory holds one frame. Raises `NotInColumns`."""
    found = {code: Tally() for code in columns.codes}
    for frame in frames:
        told = verdicts_of(frame, columns, on, seen_on=seen_on)
        sums = told.select(
            [one for c in columns.codes for one in (
                (pl.col(c) == ELIGIBLE).sum().alias(c), (pl.col(c) == ASKED).sum().alias(c + "?"), pl.col(c + FEN).sum(),
            )]
        ).row(0, named=True)  # fmt: skip
        for code, sofar in found.items():
            found[code] = Tally(
                sofar.eligible + sums[code], sofar.needs_information + sums[code + "?"], sofar.amount_fen + sums[code + FEN]
            )
    return found


def differences(frames: Iterable[pl.DataFrame], before: Columnar, after: Columnar) -> Changed:
    """What the numbers of `after` would change for cases; a row has its facts, `district`, the day of its rules `on`, and may have `seen_on`.

    The same as `changing.effects` summed up; programmes that rest on the same numbers in both are not asked. Raises `NotInColumns`
    with a column that is missing or holds what columns cannot.
    """
    days = sorted({*before.days, *after.days})
    cases = affected = 0
    sums: dict[tuple[str, str], Sums] = {}
    for frame in frames:
        cases += frame.height
        for day, part in _by_period(_dated(frame), days):
            touched, found = _compared(part, before.codes, before.on(day), after.on(day))
            affected += touched
            for code, place, one in found:
                sums[code, place] = _together(sums.get((code, place), Sums()), one)
    return Changed(cases, affected, sums)


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    if "seen_on" not in frame.columns and "on" in frame.columns:
        frame = frame.with_columns(seen_on=pl.col("on"))
    for name, kind in (("district", pl.String), ("on", pl.Date), ("seen_on", pl.Date)):
        if frame.schema.get(name) != kind or frame[name].has_nulls():
            raise NotInColumns(name)
    return readable(frame)


def _by_period(frame: pl.DataFrame, days: list[date]) -> Iterator[tuple[date, pl.DataFrame]]:
    """The rows of each period of these days, with its first day."""
    for begins, ends in zip(days, [*days[1:], None], strict=True):
        inside = pl.col("on") >= begins if ends is None else (pl.col("on") >= begins) & (pl.col("on") < ends)
        part = frame.filter(inside)
        if part.height:
            yield begins, part


def _compared(part: pl.DataFrame, codes: tuple[str, ...], old: Sheet, new: Sheet) -> tuple[int, list[tuple[str, str, Sums]]]:
    moved = [n for n, (was, now) in enumerate(zip(old.rests_on, new.rests_on, strict=True)) if was != now]
    if not moved:
        return 0, []
    names = [codes[n] for n in moved]
    known = known_in(part.lazy(), pl.col("seen_on"))
    for by, mark in ((old, _BEFORE), (new, _AFTER)):
        known = answers_in(known, names, Sheet(by.conditions, tuple([by.answers[n] for n in moved]), ()), mark)
    told = known.select(
        "district", *[pl.col(name + end + mark) for name in names for end in ("", FEN) for mark in (_BEFORE, _AFTER)]
    ).collect()  # fmt: skip
    turned = [_turned(name) for name in names]
    touched = told.filter(pl.any_horizontal(turned))
    found: list[tuple[str, str, Sums]] = []
    for name in names:
        grouped = touched.filter(_turned(name)).group_by("district").agg(*_counts(name))
        found += [(name, row.pop("district"), Sums(**row)) for row in grouped.rows(named=True)]
    return touched.height, found


def _turned(name: str) -> pl.Expr:
    return (pl.col(name + _BEFORE) != pl.col(name + _AFTER)) | (pl.col(name + FEN + _BEFORE) != pl.col(name + FEN + _AFTER))


def _counts(name: str) -> list[pl.Expr]:
    """The words of `changing.word_of`, counted over rows that turned, and both sums."""
    was, now, was_fen, now_fen = (pl.col(name + end + mark) for end in ("", FEN) for mark in (_BEFORE, _AFTER))
    same, gets, got = was == now, now == ELIGIBLE, was == ELIGIBLE
    words = (gets & ~got, got & ~gets, same & (now_fen > was_fen), same & (now_fen < was_fen), ~same & ~gets & ~got)
    counted = [word.sum().alias(said) for said, word in zip(_WORDS, words, strict=True)]
    return [*counted, was_fen.sum().alias("before_fen"), now_fen.sum().alias("after_fen")]


def _together(one: Sums, other: Sums) -> Sums:
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in one.__struct_fields__})
