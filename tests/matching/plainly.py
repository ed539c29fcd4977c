"""Verdicts and reasons by walking the rules, condition by condition: slow, plain, and what the generated functions must agree with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from services.matching.domain.compiling import Verdict
from services.matching.domain.explaining import Told, outcome, together
from services.matching.domain.facts import Known, known, to_ask
from services.matching.domain.rulebook import Rulebook
from services.matching.domain.rules import InForce, Programme
from services.matching.domain.telling import BILLS, Explained, absent, own_cap


def explained(one: InForce, known: Known) -> Told:
    """Every condition of a programme in force, and what is missing to decide or to count the amount."""

    def value_of(fact: str) -> Any:
        return getattr(known, fact)

    def ask(fact: str) -> tuple[str, ...]:
        return to_ask(fact, known)

    told = together("all", [outcome(rule, value_of, ask) for rule in one.rules]) if one.rules else Told(True, (), ())
    amount = one.programme.amount
    if told.held and amount.form == "share" and not amount.unless_unknown and getattr(known, amount.fact) is None:
        return Told(None, told.because, to_ask(amount.fact, known))
    if told.held and amount.form == "difference" and known.per_head_income_month_fen is None:
        return Told(None, told.because, to_ask("per_head_income_month_fen", known))
    return told


def verdict(one: InForce | None, code: str, what: Known) -> Verdict:
    """The answer and the sum of one programme, as its file reads."""
    if one is None:
        return Verdict(code, "ineligible")
    told = explained(one, what)
    if not told.held:
        return Verdict(code, "needs_information" if told.held is None else "ineligible")
    return Verdict(code, "eligible", _sum(one, what))


def _cap(one: InForce, what: Known) -> int:
    return one.special_cap_fen if getattr(what, one.programme.amount.special_when) else one.cap_fen


def _sum(one: InForce, what: Known) -> int:
    amount = one.programme.amount
    match amount.form:
        case "nothing":
            return 0
        case "difference":
            assert what.household_size is not None
            assert what.monthly_income_fen is not None
            lacking = one.cap_fen * what.household_size - what.monthly_income_fen
            return lacking if lacking > 0 else one.cap_fen
        case "flat":
            return max(_cap(one, what), one.cap_at.get(what.rural_district or "", 0))
    value, cap = getattr(what, amount.fact), _cap(one, what)
    if value is None:
        return one.cap_fen
    share = int(Fraction(value) * one.share // 1)
    return one.floor_fen if share < one.floor_fen else min(share, cap)


def explain(book: Rulebook, facts: Mapping[str, Any], on: date, seen_on: date, used: Mapping[str, int]) -> tuple[Explained, ...]:
    """What `Rulebook.explain` must tell."""
    period, what = book.at(on), known(facts, seen_on)
    pairs = list(zip(period.in_force, book.programmes, strict=True))
    verdicts = {programme.code: verdict(one, programme.code, what) for one, programme in pairs}
    found: list[Explained] = []
    bills = getattr(what, BILLS)
    for one, programme in pairs:
        own = verdicts[programme.code]
        taken = tuple([code for code in programme.excludes if verdicts[code].verdict == "eligible"])
        if one is None:
            found.append(absent(programme, on, taken))
            continue
        amount, left = _left(one, programme, own, what, used.get(programme.code, 0))
        after = amount
        if programme.amount.fact == BILLS and own.verdict == "eligible" and bills is not None:
            after = min(amount, bills)
            bills -= after
        told = explained(one, what)
        found.append(Explained(programme.code, own.verdict, amount, left, told.because, told.missing, after, taken))
    return tuple(found)


def _left(one: InForce, programme: Programme, own: Verdict, what: Known, used: int) -> tuple[int, int | None]:
    if programme.kind == "status" or (own_cap(one) and own.verdict != "eligible"):
        return 0, None
    cap = own.amount_fen if own_cap(one) else _cap(one, what)
    left = max(0, cap - used)
    return min(own.amount_fen, left), left
