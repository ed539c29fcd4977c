"""Residents' rows held against thresholds column by column; a row that cannot be read is named, the others are screened."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import polars as pl
from msgspec import Struct

from services.intake.domain.identity import WEIGHTS
from services.intake.domain.thresholds import Dated
from services.intake.screening.parts import BadFile, Block

NUMBERS = ("medical_self_paid_year_fen", "income_per_head_month_fen", "income_per_head_month_before_fen", "months_without_income")
TEXTS = {"person_ref": 64, "name": 200, "phone": 40}
KNOWN = ("id_number", *TEXTS, "category", "residence_code", "lives_alone", *NUMBERS, "last_contact_on")
CATEGORIES = ("tekun", "dibao", "edge", "other")
_HEADS = {
    "身份证号": "id_number", "公民身份号码": "id_number", "姓名": "name", "电话": "phone", "手机": "phone", "类别": "category",
    "区划代码": "residence_code", "独居": "lives_alone", "年度自付医疗费用_分": "medical_self_paid_year_fen",
    "人均月收入_分": "income_per_head_month_fen", "上期人均月收入_分": "income_per_head_month_before_fen",
    "无收入月数": "months_without_income", "最后联系日期": "last_contact_on",
}  # fmt: skip
_YES, _NO = ("1", "true", "yes", "是"), ("0", "false", "no", "否", "")
_NUMBER_MAX = 10**12
_LINE_MAX = 65_536
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MARK = "\x1f"
STEPS, STEPS_MAX = 20, 60  # values are counted in twentieths of their limit, up to three times the limit
Fault = tuple[int, str, str]


class Head(Struct, frozen=True):
    """The columns of a text in their order, None where a column is not known to us."""

    names: tuple[str | None, ...]
    unknown: tuple[str, ...]
    separator: str = ","


class Screened(Struct, frozen=True):
    """One part's outcome; a signal is (row, threshold, value, id number, reference, name, phone, place)."""

    rows: int
    faulty: int
    faults: list[Fault]
    signals: list[tuple[Any, ...]]
    counts: dict[str, int]
    steps: dict[str, dict[str, int]]


def named(heads: Sequence[str]) -> tuple[tuple[str | None, ...], tuple[str, ...]]:
    """Which of our columns these are. Raises `BadFile` when nobody could be told apart or a column stands twice."""
    plain = [head.strip().strip('"').strip() for head in heads]
    names = tuple(name if (name := _HEADS.get(head, head.lower())) in KNOWN else None for head in plain)
    for name in KNOWN:
        if names.count(name) > 1:
            raise BadFile("column_twice", name)
    if "id_number" not in names and "person_ref" not in names:
        raise BadFile("column_missing", "id_number")
    if not set(names) & {*NUMBERS, "last_contact_on"}:
        raise BadFile("nothing_to_screen")
    return names, tuple(head[:60] for head, name in zip(plain, names, strict=True) if name is None)[:100]


def head_of(line: bytes, encoding: str) -> Head:
    try:
        text = line.decode("gb18030" if encoding == "gb18030" else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise BadFile("head_unreadable") from None
    separator = next((one for one in (",", "\t", ";") if one in text), ",")
    return Head(*named(text.split(separator)), separator)


def read_block(block: Block, head: Head, encoding: str, first: int) -> tuple[pl.DataFrame, list[Fault], int]:
    """The rows of a part as texts with their numbers from `first` on, what could not be read, and how many lines there were."""
    if block.too_long:
        return _frame(head, [], []), [(first, "", "line_too_long")], 1
    data = block.data.replace(b"\r\n", b"\n").removesuffix(b"\n")
    lines = data.count(b"\n") + 1
    plain = (
        bool(data) and b'"' not in data and b"\r" not in data and not _CONTROLS.search(data) and b"\n\n" not in data and data[:1] != b"\n"
    )
    if plain and (text := _decoded(data, encoding)) is not None:
        frame = _fast(text, head, first)
        if frame is not None:
            return frame, [], lines
    return *_slow(data, head, encoding, first), lines


def _decoded(data: bytes, encoding: str) -> bytes | None:
    try:
        text = data.decode("gb18030" if encoding == "gb18030" else "utf-8")
    except UnicodeDecodeError:
        return None
    return text.encode() if encoding == "gb18030" else data


def _fast(data: bytes, head: Head, first: int) -> pl.DataFrame | None:
    """All lines at once, when every line has as many fields as the head; None otherwise."""
    width = len(head.names)
    if data.count(head.separator.encode()) != (width - 1) * (data.count(b"\n") + 1):
        return None
    whole = pl.read_csv(data, has_header=False, separator=_MARK, quote_char=None, infer_schema=False)
    fields = whole.to_series().str.count_matches(head.separator, literal=True)
    if fields.min() != width - 1 or fields.max() != width - 1 or int(whole.to_series().str.len_bytes().max() or 0) > _LINE_MAX:  # type: ignore[arg-type]
        return None
    wanted = [number for number, name in enumerate(head.names) if name is not None]
    texts = pl.read_csv(
        data, has_header=False, separator=head.separator, quote_char=None, infer_schema=False, empty_string_is_null=False, columns=wanted
    )
    texts.columns = [name for name in head.names if name is not None]
    if texts.height != whole.height:
        return None
    return texts.with_columns(row=pl.int_range(first, first + texts.height, dtype=pl.Int64))


def _slow(data: bytes, head: Head, encoding: str, first: int) -> tuple[pl.DataFrame, list[Fault]]:
    """Line by line: a quoted field ends on its line, so that one forgotten quote costs one row and not the rest of the file."""
    rows: list[list[str]] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    wanted = [i for i, name in enumerate(head.names) if name is not None]
    for number, line in enumerate(data.split(b"\n"), first):
        if not line.strip():
            continue
        if len(line) > _LINE_MAX:
            faults.append((number, "", "line_too_long"))
            continue
        fields, wrong = _fields(line, head, encoding)
        if wrong:
            faults.append((number, "", wrong))
        else:
            rows.append([fields[i] for i in wanted])
            numbers.append(number)
    return _frame(head, rows, numbers), faults


def _fields(line: bytes, head: Head, encoding: str) -> tuple[list[str], str]:
    try:
        text = line.decode("gb18030" if encoding == "gb18030" else "utf-8").rstrip("\r")
    except UnicodeDecodeError:
        return [], "encoding"
    if _CONTROLS.search(line) or "\r" in text:
        return [], "control_character"
    try:
        fields = next(csv.reader([text], delimiter=head.separator, strict=True))
    except (csv.Error, StopIteration):
        return [], "quotes"
    return (fields, "") if len(fields) == len(head.names) else ([], "number_of_fields")


def _frame(head: Head, rows: list[list[str]], numbers: list[int]) -> pl.DataFrame:
    schema = dict.fromkeys([n for n in head.names if n is not None], pl.String)
    frame = pl.DataFrame(rows, schema=schema, orient="row") if rows else pl.DataFrame(schema=schema)
    return frame.with_columns(row=pl.Series(numbers, dtype=pl.Int64))


def screen(frame: pl.DataFrame, thresholds: Sequence[Dated], on: date) -> Screened:
    """Every row of texts against every threshold; rows with a wrong field are named and not screened."""
    height = frame.height
    given = set(frame.columns)
    frame = frame.with_columns([pl.lit("").alias(name) for name in KNOWN if name not in given])
    read = frame.lazy().with_columns(_read(given)).with_columns(_wrong(given, on)).collect()
    flags = [name for name in read.columns if name.startswith("!")]
    bad = read.filter(pl.any_horizontal(flags)) if flags else read.clear()
    good = read.filter(~pl.any_horizontal(flags)) if bad.height else read
    faults = list(_faults(bad, flags))
    good = good.with_columns(
        pl.when(pl.col("income_per_head_month_before_fen") > 0)
        .then((pl.col("income_per_head_month_before_fen") - pl.col("income_per_head_month_fen")) * 100 // pl.col("income_per_head_month_before_fen"))
        .alias("income_drop_percent"),
        (pl.lit(on) - pl.col("last_contact_on")).dt.total_days().alias("days_without_contact"),
    )  # fmt: skip
    signals: list[tuple[Any, ...]] = []
    counts, steps = {}, {}
    for one in thresholds:
        scoped, passing = _against(good, one)
        steps[one.code] = _steps(scoped, one)
        counts[one.code] = passing.height
        signals += passing.rows()
    return Screened(height, bad.height, faults, signals, counts, steps)


def _read(given: Iterable[str]) -> list[pl.Expr]:
    """Texts to values; beside each the text it came from stays, to tell nothing said from nothing understood."""
    text = {name: pl.col(name).str.strip_chars() for name in KNOWN}
    found = [text[name].cast(pl.Int64, strict=False).alias(name) for name in NUMBERS]
    found += [pl.col(name).alias(f"@{name}") for name in (*NUMBERS, "last_contact_on") if name in given]
    found.append(text["last_contact_on"].str.to_date("%Y-%m-%d", strict=False).alias("last_contact_on"))
    found.append(text["id_number"].str.to_uppercase().alias("id_number"))
    found.append(pl.when(text["category"] == "").then(pl.lit("other")).otherwise(text["category"]).alias("category"))
    found += [text[name].alias(name) for name in ("residence_code", *TEXTS)]
    found.append(text["lives_alone"].str.to_lowercase().alias("lives_alone"))
    return found


def _wrong(given: Iterable[str], on: date) -> list[pl.Expr]:
    """For each given field whether it is wrong, as `!<field>:<rule>`."""
    said = set(given)
    wrong: list[pl.Expr] = []

    def note(field: str, rule: str, expression: pl.Expr) -> None:
        if field in said:
            wrong.append(expression.fill_null(False).alias(f"!{field}:{rule}"))

    for name in NUMBERS:
        value = pl.col(name)
        note(
            name, "whole_number", (pl.col(f"@{name}") != "") & (value.is_null() | (value < 0) | (value > _NUMBER_MAX))
        ) if name in said else None
    day = pl.col("last_contact_on")
    if "last_contact_on" in said:
        note("last_contact_on", "day", (pl.col("@last_contact_on") != "") & day.is_null())
        note("last_contact_on", "in_future", day > pl.lit(on))
    note("category", "category", ~pl.col("category").is_in(CATEGORIES))
    place = pl.col("residence_code")
    note("residence_code", "place_code", (place != "") & ~place.str.contains(r"^[0-9]{6}([0-9]{3})?$"))
    note("lives_alone", "yes_or_no", ~pl.col("lives_alone").is_in((*_YES, *_NO)))
    note("id_number", "id_number", (pl.col("id_number") != "") & ~good_number())
    for name, most in TEXTS.items():
        note(name, "too_long", pl.col(name).str.len_chars() > most)
    nobody = (pl.col("id_number") == "") & (pl.col("person_ref") == "")
    wrong.append(nobody.alias("!id_number:missing"))
    return wrong


def good_number() -> pl.Expr:
    """GB 11643: 17 digits with a day that exists and the check character, or 15 old digits with such a day."""
    text = pl.col("id_number")
    number = text.str.slice(0, 17).cast(pl.Int64, strict=False)
    total = pl.sum_horizontal([(number // 10 ** (16 - i) % 10) * weight for i, weight in enumerate(WEIGHTS)]) % 11
    last = text.str.slice(17, 1)
    fits = pl.when(last == "X").then(10).otherwise(last.cast(pl.Int64, strict=False)) == (12 - total) % 11
    born = text.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    # to_date takes shorter texts too; the pattern holds the length
    long = text.str.contains(r"^[0-9]{17}[0-9X]$") & born.is_not_null() & fits.fill_null(False)
    old_day = pl.concat_str([pl.lit("19"), text.str.slice(6, 6)]).str.to_date("%Y%m%d", strict=False)
    return long | (text.str.contains(r"^[0-9]{15}$") & old_day.is_not_null())


def _faults(bad: pl.DataFrame, flags: Sequence[str]) -> Iterable[Fault]:
    """Row, field and rule; what was written there is not repeated."""
    for flag in flags:
        field, _, rule = flag[1:].partition(":")
        for row in bad.filter(pl.col(flag))["row"].to_list():
            yield row, field, rule


def _against(good: pl.DataFrame, one: Dated) -> tuple[pl.Series, pl.DataFrame]:
    """The values of everybody whom this threshold is about, and the rows that pass it."""
    scope = pl.col(one.measure).is_not_null()
    if one.categories:
        scope &= pl.col("category").is_in(one.categories)
    if one.alone is not None:
        alone = pl.col("lives_alone").is_in(_YES)
        scope &= alone if one.alone else ~alone
    value = pl.col(one.measure)
    passing = {"gt": value > one.limit, "ge": value >= one.limit, "lt": value < one.limit, "le": value <= one.limit}[one.op]
    scoped = good.filter(scope)
    told = ("id_number", "person_ref", "name", "phone", "residence_code")
    return scoped[one.measure], scoped.filter(passing).select("row", pl.lit(one.code).alias("code"), value.alias("value"), *told)


def _steps(values: pl.Series, one: Dated) -> dict[str, int]:
    """How many values lie from each twentieth of the limit on; what is beyond three times the limit stands in the last."""
    if not values.len() or one.limit <= 0:
        return {}
    counted = (values * STEPS // one.limit).clip(0, STEPS_MAX).value_counts()
    return {str(step): count for step, count in counted.rows()}
