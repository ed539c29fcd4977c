"""All programmes of a period as columnar expressions: the answers of the compiled function, for whole populations at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import ceil, floor, isfinite
from typing import Any

import polars as pl
from msgspec import Struct

from services.matching.domain.facts import KINDS, MONTHS_A_YEAR, day_of
from services.matching.domain.rulebook import Rulebook
from services.matching.domain.rules import InForce, Rule, Rules

WORDS = ("ineligible", "needs_information", "eligible")
INELIGIBLE, ASKED, ELIGIBLE = range(3)
FEN = ":fen"
NUMBER_MAX = 10**12  # fen or months; with these bounds no product of a rule leaves 64 bits
HEADS_MAX = 10**6
_PRODUCT_MAX, _SHARE_MAX = NUMBER_MAX * HEADS_MAX, 1000
_CODES, _NUMBER, _FLAG, _CODE, _DAY = pl.List(pl.String), pl.Int64, pl.Boolean, pl.String, pl.Date
_OF_KIND: Mapping[str, Any] = {"number": _NUMBER, "flag": _FLAG, "code": _CODE, "codes": _CODES}
_DERIVED = {
    "event_months_ago", "settled_here_months", "per_head_income_month_fen", "per_head_income_year_fen", "per_head_left_month_fen",
    "actual_spending_year_fen", "unable_to_pay", "rural_district",
}  # fmt: skip
REPORTED: Mapping[str, Any] = {
    **{name: _OF_KIND[kind] for name, kind in KINDS.items() if name not in _DERIVED},
    **dict.fromkeys(("medical_total_year_fen", "medical_reimbursed_year_fen", "lived_here_months"), _NUMBER),
    **dict.fromkeys(("cannot_pay", "rural_hukou"), _FLAG), "hukou_district": _CODE, "event_on": _DAY,
}  # fmt: skip


class NotInColumns(Exception):
    """Data or rules that columns of 64 bits cannot hold exactly; says which column or programme, never a value of a person."""


class Answers(Struct, frozen=True):
    """What one programme's answer is made of: a code (an index of `WORDS`) and a sum in fen that counts where it is eligible."""

    code: pl.Expr
    fen: pl.Expr


class Sheet(Struct, frozen=True):
    """All programmes of one period: the conditions that some of them share, found once, and each one's answers.

    Two sheets answer alike for a programme where what it `rests_on` is equal.
    """

    conditions: Mapping[str, pl.Expr]
    answers: tuple[Answers, ...]
    rests_on: tuple[object, ...]


class Columnar(Struct, frozen=True):
    """A rulebook for columns; `sheets` belong to the periods that begin on `days`."""

    version: str
    codes: tuple[str, ...]
    days: tuple[date, ...]
    sheets: tuple[Sheet, ...]

    def on(self, day: date) -> Sheet:
        """The sheet of the period that holds this day."""
        return self.sheets[bisect_right(self.days, day) - 1]


def _whole(value: Any) -> int | None:
    return value if type(value) is int else int(value) if type(value) is float and isfinite(value) else None


def frame_of(facts: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Reported facts as typed columns, one row for each report; a value of the wrong kind is not known.

    Raises `NotInColumns` with the fact of a number beyond `NUMBER_MAX`.
    """
    columns = []
    for name, kind in REPORTED.items():
        values = [one.get(name) for one in facts]
        if kind == _NUMBER:
            values = [_whole(value) for value in values]
            if any(value is not None and not -NUMBER_MAX <= value <= NUMBER_MAX for value in values):
                raise NotInColumns(name)
        elif kind == _FLAG:
            values = [value if value is True or value is False else None for value in values]
        elif kind == _CODE:
            values = [value if type(value) is str else None for value in values]
        elif kind == _CODES:
            values = [list(v) if isinstance(v, list | tuple) and all(type(one) is str for one in v) else None for v in values]
        else:
            values = [None if value is None else day_of(value) for value in values]
        columns.append(pl.Series(name, values, dtype=kind))
    return pl.DataFrame(columns)


def _fact(name: str) -> pl.Expr:
    return pl.col(f"k.{name}")


def _most(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """The larger, or the one that is known."""
    return pl.when(other.is_null() | (one > other)).then(one).otherwise(other)


def _derived(seen_on: pl.Expr) -> list[pl.Expr]:
    """What follows from reported facts; the same as `facts.known`, which says why."""
    get = pl.col
    event, income, spent = get("event_on"), get("monthly_income_fen"), get("necessary_spending_month_fen")
    size = pl.when(get("household_size") > 0).then(get("household_size"))
    total, back = get("medical_total_year_fen"), get("medical_reimbursed_year_fen")
    paid = pl.coalesce(get("medical_self_paid_year_fen"), (total - back).clip(lower_bound=0))
    head = income // size
    months = (seen_on.dt.year() - event.dt.year()).cast(_NUMBER) * MONTHS_A_YEAR + seen_on.dt.month().cast(_NUMBER) - event.dt.month()
    beyond = get("cannot_pay").is_null() & (paid > income * MONTHS_A_YEAR)
    found = {
        "household_size": size,
        "medical_self_paid_year_fen": paid,
        "event_months_ago": months + (seen_on.dt.day() > event.dt.day()).cast(_NUMBER),
        "settled_here_months": _most(get("lived_here_months"), get("works_here_months")),
        "per_head_income_month_fen": head,
        "per_head_income_year_fen": head * MONTHS_A_YEAR,
        "per_head_left_month_fen": (income - spent) // size,
        "actual_spending_year_fen": _most(spent * MONTHS_A_YEAR, paid),
        "unable_to_pay": pl.when(beyond).then(True).otherwise(get("cannot_pay")),
        "rural_district": pl.when(get("rural_hukou")).then(get("hukou_district")),
    }
    return [found.get(name, get(name)).alias(f"k.{name}") for name in KINDS]


class _Making:
    """One period being written; conditions of the same fact and threshold share a column."""

    def __init__(self) -> None:
        self.conditions: dict[str, pl.Expr] = {}

    def rule(self, rule: Rule | Rules) -> pl.Expr:
        """True, false or null (not known): `&` and `|` settle nulls as the compiled function settles None."""
        if isinstance(rule, Rules):
            return _joined(rule.mode, [self.rule(member) for member in rule.members])
        name = f"c.{rule.fact} {rule.comparison} {rule.threshold!r}"
        if name not in self.conditions:
            self.conditions[name] = _held(rule, _fact(rule.fact))
        return pl.col(name)


def _joined(mode: str, members: Sequence[pl.Expr]) -> pl.Expr:
    joined = members[0]
    for one in members[1:]:
        joined = joined | one if mode == "any" else joined & one
    return joined


def _held(rule: Rule, x: pl.Expr) -> pl.Expr:
    match rule.comparison:
        case "is_true":
            return x
        case "is_false":
            return ~x
        case "known":
            return pl.when(x.is_not_null()).then(True)
        case "among":
            return _joined("any", [x == one for one in rule.threshold])
        case "has_any":
            return _hits(x, rule.threshold) > 0
        case "has_none":
            return _hits(x, rule.threshold) == 0
        case _:
            return _counted(rule.comparison, x, Fraction(rule.threshold))


def _hits(x: pl.Expr, among: Sequence[str]) -> pl.Expr:
    """How many codes of a list are among these; a sum costs half of asking each list for any."""
    return x.list.eval(_joined("any", [pl.element() == one for one in among]).cast(_NUMBER)).list.sum()


def _counted(comparison: str, x: pl.Expr, limit: Fraction) -> pl.Expr:
    """A whole number against a limit that may be none: the nearest whole number on the right side says the same exactly."""
    down, up = (max(-_PRODUCT_MAX, min(_PRODUCT_MAX, n)) for n in (floor(limit), ceil(limit)))
    match comparison:
        case "at_most":
            return x <= down
        case "under":
            return x < up
        case "at_least":
            return x >= up
        case "over":
            return x > down
        case _:
            return (x == down) if down == limit else pl.when(x.is_not_null()).then(False)


def _small(one: InForce) -> None:
    """Raises `NotInColumns` where sums of this programme could leave 64 bits."""
    sums = (one.floor_fen, one.cap_fen, one.special_cap_fen, *one.cap_at.values())
    if max(sums) > NUMBER_MAX or not 0 <= one.share <= _SHARE_MAX or one.share.numerator * one.share.denominator > _PRODUCT_MAX:
        raise NotInColumns(one.programme.code)


def _answers(making: _Making, one: InForce) -> Answers:
    _small(one)
    amount = one.programme.amount
    held = _joined("all", [making.rule(rule) for rule in one.rules]) if one.rules else pl.lit(True)
    code = (held.cast(pl.UInt8) * ELIGIBLE).fill_null(ASKED)
    cap = pl.lit(one.cap_fen, _NUMBER)
    if amount.form == "nothing":
        return Answers(code, pl.lit(0, _NUMBER))
    if amount.form == "difference":
        lacking = cap * _fact("household_size") - _fact("monthly_income_fen")
        return Answers(_unless(lacking.is_null(), code), pl.when(lacking > 0).then(lacking).otherwise(cap))
    if one.cap_at:
        most = cap
        for place, there in one.cap_at.items():
            most = pl.when(_fact("rural_district") == place).then(pl.lit(max(one.cap_fen, there), _NUMBER)).otherwise(most)
        return Answers(code, most)
    most = cap
    if one.special_cap_fen != one.cap_fen:
        most = pl.when(_fact(amount.special_when)).then(pl.lit(one.special_cap_fen, _NUMBER)).otherwise(cap)
    if amount.form == "flat":
        return Answers(code, most)
    x, share, least = _fact(amount.fact), one.share, pl.lit(one.floor_fen, _NUMBER)
    a = _part(x, share)
    given = pl.when(a < least).then(least).when(a > most).then(most).otherwise(a)
    if amount.unless_unknown:
        return Answers(code, pl.when(x.is_null()).then(cap).otherwise(given))
    return Answers(_unless(x.is_null(), code), given)


def _part(x: pl.Expr, share: Fraction) -> pl.Expr:
    """A share of a whole number, rounded down; where the product could leave 64 bits, first of the wholes and then of the rest."""
    over, under = share.numerator, share.denominator
    if share == 1:
        return x
    if over * NUMBER_MAX * MONTHS_A_YEAR < 2**63:
        return x * over // under
    return x // under * over + x % under * over // under


def _unless(unknown: pl.Expr, code: pl.Expr) -> pl.Expr:
    return pl.when((code == ELIGIBLE) & unknown).then(pl.lit(ASKED, pl.UInt8)).otherwise(code)


def sheet(standing: Sequence[InForce | None]) -> Sheet:
    """The expressions of one period; what is not in force is ineligible."""
    making, no = _Making(), Answers(pl.lit(INELIGIBLE, pl.UInt8), pl.lit(0, _NUMBER))
    answers = tuple([no if one is None else _answers(making, one) for one in standing])
    return Sheet(making.conditions, answers, tuple([_rests_on(one) for one in standing]))


def _rests_on(one: InForce | None) -> object:
    if one is None:
        return None
    amount = one.programme.amount
    sums = (one.share, one.floor_fen, one.cap_fen, one.special_cap_fen, tuple(sorted(one.cap_at.items())))
    return tuple([_asked(rule) for rule in one.rules]), amount.form, amount.fact, amount.unless_unknown, amount.special_when, sums


def _asked(rule: Rule | Rules) -> object:
    if isinstance(rule, Rules):
        return rule.mode, tuple([_asked(member) for member in rule.members])
    return rule.fact, rule.comparison, rule.threshold


def columnar(book: Rulebook) -> Columnar:
    """A rulebook for columns. Raises `NotInColumns` with a programme whose sums need more than 64 bits."""
    codes = tuple(one.code for one in book.programmes)
    return Columnar(book.version, codes, book.days, tuple([sheet(period.in_force) for period in book.periods]))


def readable(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every reported fact as a column of its kind, null where nobody was asked.

    Raises `NotInColumns` with a column that is of another kind, or holds a number beyond `NUMBER_MAX` or `HEADS_MAX`.
    """
    for name, kind in REPORTED.items():
        given = frame.schema.get(name)
        if given is not None and not _fits(given, kind):
            raise NotInColumns(name)
    missing = [pl.lit(None, kind).alias(name) for name, kind in REPORTED.items() if frame.schema.get(name, pl.Null) == pl.Null]
    narrow = [pl.col(name).cast(_NUMBER) for name, kind in REPORTED.items() if kind == _NUMBER and name in frame.columns]
    found = frame.with_columns(narrow).with_columns(missing)
    checked = [_beyond(pl.col(name), name, kind) for name, kind in REPORTED.items() if name in frame.columns and kind in (_NUMBER, _CODES)]
    wrong = [name for name, bad in found.select(checked).row(0, named=True).items() if bad] if checked else []
    if wrong:
        raise NotInColumns(wrong[0])
    return found


def _fits(given: pl.DataType, kind: Any) -> bool:
    """Whole numbers of any width, and codes as texts or categories."""
    if given in (kind, pl.Null):
        return True
    if kind == _CODES:
        return isinstance(given, pl.List) and given.inner == pl.Categorical
    return given.is_integer() if kind == _NUMBER else kind == _CODE and given == pl.Categorical


def _beyond(x: pl.Expr, name: str, kind: Any) -> pl.Expr:
    if kind == _CODES:
        return (x.list.agg(pl.element().null_count()).max() > 0).alias(name)
    most = HEADS_MAX if name == "household_size" else NUMBER_MAX
    return (~x.is_between(-most, most).all()).alias(name)


def verdicts_of(frame: pl.DataFrame, columns: Columnar, on: date, *, seen_on: date | None = None) -> pl.DataFrame:
    """Every programme's answer to every row by the rules of `on`: a column of its code (an index of `WORDS`) and `<code>:fen`.

    Columns are reported facts by name (`REPORTED`); one that is missing is not known. Raises `NotInColumns` as `readable` does.
    """
    told = answers_in(known_in(readable(frame).lazy(), pl.lit(seen_on or on)), columns.codes, columns.on(on))
    return told.select([name for code in columns.codes for name in (code, code + FEN)]).collect()


def known_in(facts: pl.LazyFrame, seen_on: pl.Expr) -> pl.LazyFrame:
    """Readable facts with what is known of each row beside them, spans counted up to `seen_on`."""
    return facts.with_columns(_derived(seen_on))


def answers_in(known: pl.LazyFrame, codes: Sequence[str], by: Sheet, mark: str = "") -> pl.LazyFrame:
    """What is known with the answers of one period beside it; `mark` ends the names of their columns."""
    held = known.with_columns([one.alias(name) for name, one in by.conditions.items()])
    pairs = list(zip(codes, by.answers, strict=True))
    told = held.with_columns([a.code.alias(code + mark) for code, a in pairs])
    sums = [pl.when(pl.col(code + mark) == ELIGIBLE).then(a.fen).otherwise(0).alias(code + FEN + mark) for code, a in pairs]
    return told.with_columns(sums)
